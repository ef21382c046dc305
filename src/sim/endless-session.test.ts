import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { genesis, type State } from '../engine/state.ts';
import { applyCommands } from '../engine/batch.ts';
import { EndlessSession } from './endless-session.ts';
import { modelledMarketDay } from './modelled-market-day.ts';

const DAY_MS = 86_400_000;
const FIRST = 20_000;
const levels = [
  ['BTC-USD-PERP', '92500', 170, 900],
  ['ETH-USD-PERP', '3205', 240, 500],
] as const;

function endless(): EndlessSession {
  return new EndlessSession({ day: modelledMarketDay({ seed: 3, tickMs: 5000, levels }), seed: 3, accounts: 20 });
}

/** The prices of the first oracle of each market in a step's commands, by market; and how many commands are of traders. */
function stepOf(session: EndlessSession, state: State, timeMs: number, hasTraders: boolean) {
  const buffer = new CommandBuffer(4096);
  session.step(timeMs, state, buffer, hasTraders);
  const prices = new Map<number, number>();
  let trading = 0;
  let ticks = 0;
  for (let row = 0; row < buffer.rows; row += buffer.i32[row * 16 + 1] as number) {
    const kind = buffer.i32[row * 16] as number;
    if (kind === COMMAND.oraclePrice && buffer.i32[row * 16 + 5] === 0) {
      prices.set(buffer.i32[row * 16 + 4] as number, buffer.f64[row * 8 + 3] as number);
    }
    if (kind === COMMAND.tick) {
      ticks++;
      assert.equal(buffer.f64[row * 8 + 1], timeMs);
    }
    if (kind === COMMAND.placeOrder || kind === COMMAND.placeBatch || kind === COMMAND.amendOrder) trading++;
  }
  assert.equal(ticks, 1);
  applyCommands(state, buffer.i32, buffer.f64, buffer.rows);
  state.events.clear();
  return { prices, trading };
}

for (const [name, day] of [
  ['forwards to back', FIRST],
  ['back to forwards', FIRST + 1],
] as const) {
  test(`it opens at any time of a day and goes on over midnight, ${name}: each market goes on where it was`, () => {
    const session = endless();
    const state = genesis();
    const buffer = new CommandBuffer(4096);
    const startMs = (day + 1) * DAY_MS - 60_000;
    session.opening(startMs, state, buffer);
    applyCommands(state, buffer.i32, buffer.f64, buffer.rows);
    state.events.clear();
    let trading = 0;
    const seen = new Map<number, number>();
    for (let timeMs = startMs + 5000; timeMs <= startMs + 180_000; timeMs += 5000) {
      const { prices, trading: now } = stepOf(session, state, timeMs, true);
      trading += now;
      assert.equal(prices.size, 2);
      for (const [market, price] of prices) {
        const before = seen.get(market) ?? price;
        assert.ok(
          Math.abs(price - before) < before * 0.01,
          `market ${market} goes from ${before} to ${price} at ${timeMs}`,
        );
        seen.set(market, price);
      }
    }
    assert.ok(trading > 10, `${trading}`);
  });
}

test('without traders the world goes on alone', () => {
  const session = endless();
  const state = genesis();
  const buffer = new CommandBuffer(4096);
  session.opening(FIRST * DAY_MS, state, buffer);
  applyCommands(state, buffer.i32, buffer.f64, buffer.rows);
  const { prices, trading } = stepOf(session, state, FIRST * DAY_MS + 5000, false);
  assert.equal(trading, 0);
  assert.equal(prices.size, 2);
});
