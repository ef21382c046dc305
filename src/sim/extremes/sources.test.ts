import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUOTE_KNOWN_ALL } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { Sources } from './sources.ts';

/** Takes in one tick: two oracles in USD, a venue's index and its mark in USDC. */
function say(sources: Sources, timeMs: number, oracles: readonly number[], index: number, mark = index): void {
  const buffer = new CommandBuffer();
  oracles.forEach((price, source) => buffer.oraclePrice(timeMs, 1, source, price, timeMs));
  buffer.venueQuote(timeMs, 1, 0, QUOTE_KNOWN_ALL, timeMs, mark, index, mark, mark);
  sources.take(buffer, timeMs);
}

test('sources within a hundredth of each other agree; one beyond disagrees, and for as long as a sample is young', () => {
  const sources = new Sources();
  say(sources, 1_000, [10_000, 10_090], 10_050);
  assert.equal(sources.disagree(1, 1_000), false);
  say(sources, 6_000, [10_000, 10_050], 10_200);
  assert.equal(sources.disagree(1, 6_000), true);
  say(sources, 11_000, [10_000, 10_050], 10_050);
  assert.equal(sources.disagree(1, 36_000), true);
  assert.equal(sources.disagree(1, 36_001), false);
  assert.equal(sources.disagree(2, 6_000), false);
});

test('a silent source says nothing after half a minute', () => {
  const sources = new Sources();
  say(sources, 1_000, [10_000, 9_000], 10_000);
  const buffer = new CommandBuffer();
  buffer.oraclePrice(62_000, 1, 0, 10_000, 62_000);
  sources.take(buffer, 62_000);
  assert.equal(sources.disagree(1, 62_000), false);
});

test('oracles quote USD and venues USDC: with USDC at 0.88 they agree where the venue is higher by as much', () => {
  const sources = new Sources();
  const buffer = new CommandBuffer();
  buffer.collateralPrice(1_000, 0.88e8, 1_000);
  sources.take(buffer, 1_000);
  say(sources, 1_000, [8_800, 8_800], 10_000);
  assert.equal(sources.disagree(1, 1_000), false);
  say(sources, 40_000, [8_800, 8_800], 8_800);
  assert.equal(sources.disagree(1, 40_000), true);
});
