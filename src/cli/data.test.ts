import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataFormats } from './data-formats.ts';
import { exitCodes } from './errors.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

test('data lists every format for people, on stderr alone', async () => {
  const streams = memoryStreams();
  assert.equal(await runProgram(['data'], streams), exitCodes.ok);
  for (const { name } of dataFormats) assert.match(streams.stderr.text, new RegExp(`^${name} `, 'm'));
  assert.equal(streams.stdout.text, '');
});

test('data FORMAT prints the header line and the steps of that format alone', async () => {
  const streams = memoryStreams();
  assert.equal(await runProgram(['data', 'bitmex_bins'], streams), exitCodes.ok);
  assert.match(streams.stderr.text, /^ {2}timestamp,open,high,low,close,trades,volume_usd,vwap,homeNotional_xbt$/m);
  assert.match(streams.stderr.text, /^ {2}3\. a minute without trades has an empty vwap/m);
  assert.doesNotMatch(streams.stderr.text, /binance/i);
});

test('data --json prints the formats in full and nothing else', async () => {
  const streams = memoryStreams();
  assert.equal(await runProgram(['data', '--json'], streams), exitCodes.ok);
  assert.deepEqual(JSON.parse(streams.stdout.text), { formats: dataFormats });
  assert.equal(streams.stderr.text, '');
});

test('an unknown format is refused, and the message lists the formats', async () => {
  const streams = memoryStreams();
  assert.equal(await runProgram(['data', 'parquet'], streams), exitCodes.badInput);
  assert.match(streams.stderr.text, /^makewhole: unknown_format: .*binance_klines, bitmex_bins/);
});

test('the header line tells the formats apart', () => {
  assert.equal(new Set(dataFormats.map(({ columns }) => columns)).size, dataFormats.length);
});
