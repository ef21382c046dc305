import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCommand } from './apply.ts';
import { applyCommands, applyUntilTick } from './batch.ts';
import { CommandBuffer } from './command-buffer.ts';
import { orderFlags } from './flags.ts';
import { genesis, type State } from './state.ts';
import { ROUND_MARKET } from './venue.fixture.ts';

/** A run of commands that refers to rows that are there, that are not there yet, and that are none at all. */
function someCommands(): CommandBuffer {
  const buffer = new CommandBuffer();
  buffer.defineMarket(1, ROUND_MARKET);
  buffer.collateralPrice(1, 1e8, 1);
  buffer.oraclePrice(1, 1, 0, 100e6, 1);
  buffer.tick(1);
  for (let account = 3; account < 40; account++) {
    buffer.defineAccount(2, new Uint8Array(32).fill(account), 1, 0);
    buffer.deposit(2, account, 1e13, account);
  }
  for (let order = 0; order < 200; order++) {
    const sell = order % 2;
    const price = sell === 0 ? 99 + (order % 5) : 103 - (order % 5);
    buffer.placeOrder(
      3,
      3 + (order % 37),
      order % 11 === 0 ? 7 : 1,
      price,
      1 + (order % 9),
      orderFlags(sell, 0, 0, false),
    );
    if (order % 3 === 0) buffer.cancelOrder(3, 3 + (order % 37), order % 13 === 0 ? Number.NaN : order);
    if (order % 7 === 0) buffer.amendOrder(3, 3 + (order % 37), order + 0.5, 100, 1);
    if (order % 17 === 0) buffer.placeOrder(3, 2 ** 31 - 1, -5, 2 ** 31 - 1, 1, 0);
    if (order % 50 === 0) buffer.tick(3);
  }
  return buffer;
}

const bytesOf = (state: State): string[] =>
  state.tables().map(([name, table]) => {
    const used = table.bytes.subarray(0, table.rows * table.schema.rowBytes);
    return `${name} ${table.rows} ${table.free} ${Buffer.from(used).toString('base64')}`;
  });

test('commands applied in a run do what they do one by one', () => {
  const buffer = someCommands();
  const one = genesis();
  let commands = 0;
  for (let row = 0; row < buffer.rows; commands++) row += applyCommand(one, buffer.i32, buffer.f64, row, buffer.rows);
  const run = genesis();
  assert.equal(applyCommands(run, buffer.i32, buffer.f64, buffer.rows), commands);
  assert.equal(commands, buffer.commands);
  assert.deepEqual(bytesOf(run), bytesOf(one));
  assert.deepEqual(run.events.all(), one.events.all());
});

test('a run stops behind its first tick', () => {
  const buffer = someCommands();
  const state = genesis();
  const first = applyUntilTick(state, buffer.i32, buffer.f64, 0, buffer.rows);
  // Three rows of a market, a price of USDC, a price, a tick.
  assert.equal(first, 6);
  assert.equal(state.events.all().at(-1)?.kind, 'marked');
  let row = first;
  while (row < buffer.rows) row = applyUntilTick(state, buffer.i32, buffer.f64, row, buffer.rows);
  assert.equal(row, buffer.rows);
});

test('a command that claims rows beyond the run is malformed, whatever the memory behind it holds', () => {
  const buffer = new CommandBuffer();
  buffer.defineMarket(1, ROUND_MARKET);
  const state = genesis();
  assert.equal(applyCommands(state, buffer.i32, buffer.f64, 1), 1);
  assert.equal(state.market.rows, 1);
});
