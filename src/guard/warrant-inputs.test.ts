import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { RULE, RULES } from '../engine/rules.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { all, USDC } from '../engine/venue.fixture.ts';
import { type ScreenedScene, screenedScene } from './screened-venue.fixture.ts';

interface Warrant {
  readonly account: number;
  readonly action: { readonly kind: string };
  readonly limit: readonly { readonly market: number; readonly lots: string }[];
  readonly accountHash: string;
  readonly rules: { readonly hash: string };
  readonly markets: readonly { readonly oracles: readonly object[]; readonly venues: readonly object[] }[];
}

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** The sources say a price; returns the warrants that came of it, and the events. */
function say({ venue, market, other }: ScreenedScene, price: number) {
  const before = venue.warrants.length;
  const events = venue.say(
    new Map([
      [market, [price, price + 1, price + 2, price + 3]],
      [other, [3_000, 3_000, 3_000, 3_000]],
    ]),
  );
  return { events, warrants: venue.warrants.slice(before).map((line) => JSON.parse(line) as Warrant) };
}

test('a liquidation says how many lots of each market it may take, and takes no more', () => {
  const at = screenedScene();
  const { events, warrants } = say(at, 8_790);
  assert.deepEqual(
    warrants.map(({ action }) => action.kind),
    ['liquidate'],
  );
  const taken = all(events, 'positionTaken').map(({ market, size }) => ({
    market,
    lots: String(Math.abs(size)),
  }));
  assert.deepEqual(warrants[0]?.limit, taken);
});

test('a trigger says how many lots are left of its order', () => {
  const at = screenedScene();
  const { venue, market, short } = at;
  const stop = orderFlags(SIDE.BUY, ORDER_KIND.STOP_MARKET, INSTRUCTION.IOC, true);
  venue.apply((buffer, timeMs) => buffer.placeOrder(timeMs, short, market, 0, 30, stop, 10_100));
  const { warrants } = say(at, 10_150);
  assert.deepEqual(
    warrants.map(({ action, limit }) => [action.kind, limit]),
    [['fireTrigger', [{ market, lots: '30' }]]],
  );
});

test('a warrant names the account as it stood and all rules by hashes that anyone can make', () => {
  const at = screenedScene();
  const { venue, market, long } = at;
  const [warrant] = say(at, 8_790).warrants;
  assert.ok(warrant);
  // It holds 100 lots, bought at 10,000, and paid a fee.
  const rules = RULES.map(({ name }, number) => [name, String(venue.state.rule.f64[64 + number])]);
  assert.equal(warrant.rules.hash, hash(rules));
  const position = [market, '100', String(10_000 * USDC), '0', '0'];
  const balance = 1_600 * USDC - (10_000 * USDC * (venue.state.rule.f64[64 + RULE.taker_fee] as number)) / 1e6;
  assert.equal(warrant.accountHash, hash([long, 1, 0, String(balance), [position]]));
  assert.notEqual(warrant.accountHash, hash([long, 1, 0, String(balance + 1), [position]]));
});

test('a warrant names every sample that its price rests on: those of oracles and those of venues', () => {
  const at = screenedScene();
  const [warrant] = say(at, 8_790).warrants;
  const { timeMs } = at.venue;
  const { oracles, venues } = warrant?.markets[0] ?? assert.fail('no warrant');
  assert.deepEqual(venues, [
    { venue: 0, index: 8_792e6, mark: 8_792e6, timeMs },
    { venue: 1, index: 8_793e6, mark: 8_793e6, timeMs },
  ]);
  assert.deepEqual(
    oracles.map((oracle) => ({ ...oracle, sequence: 0 })),
    [0, 1].map((source) => ({ source, price: (8_790 + source) * 1e6, timeMs, sequence: 0 })),
  );
});
