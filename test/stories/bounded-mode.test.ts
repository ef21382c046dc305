// Bounded: the replay once with and once without the orders of those who may have reacted to the falsehood.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTRUCTION } from '../../src/engine/flags.ts';
import { findPosition, INSURANCE_FUND, type State } from '../../src/engine/state.ts';
import { POSITION } from '../../src/engine/tables.ts';
import { all } from '../../src/engine/venue.fixture.ts';
import type { IncidentWorlds } from '../../src/remedy/incident-worlds.ts';
import { equities } from '../../src/remedy/valuation.ts';
import { cents, IncidentForTest } from './remedy-venue.fixture.ts';
import { good, lacks, roundWorlds } from './round-case.fixture.ts';

const MARKET = { INITIAL_MARGIN: 20_000, MAINTENANCE_FACTOR: 500_000, PRICE_BAND: 200_000 };

function sizeOf(state: State, account: number, market: number): number {
  const row = findPosition(state, account, market);
  return row === 0 ? 0 : (state.position.f64[row * 16 + POSITION.SIZE] as number);
}

/** What an account lacks by the world without reactive orders. */
function lacksWithout({ actual, dropped, valuation, settledInActual }: IncidentWorlds, account: number): string {
  assert.ok(dropped !== undefined);
  const there = equities(dropped.state, valuation, dropped.settled)[account] as bigint;
  return cents(there - (equities(actual, valuation, settledInActual)[account] as bigint));
}

test('who was liquidated, and who trades a market whose price is visibly false, may have reacted; nobody else', () => {
  const venue = new IncidentForTest();
  const [falsified, calm] = [venue.market(MARKET), venue.market(MARKET)];
  for (const market of [falsified, calm]) venue.price(market, 100);
  const [victim, maker, seer, bystander] = [
    venue.trader(50),
    venue.trader(1_000_000),
    venue.trader(1_000),
    venue.trader(1_000),
  ] as const;
  venue.trade(victim, maker, falsified, 1_000, 100);
  const from = good(venue);
  const taken = all(venue.wrongPrice(falsified, 94, 100), 'liquidated').map(({ account }) => account);
  assert.deepEqual(taken, [victim]);
  const offer = (market: number, price: number): void => {
    venue.place(maker, market, { sell: true, price, size: 100 });
  };
  const buy = (account: number, market: number, price: number): void => {
    venue.place(account, market, { price, size: 100, instruction: INSTRUCTION.IOC });
  };
  // The maker holds the falsified market, so it may have reacted too.
  offer(falsified, 95);
  buy(seer, falsified, 95);
  venue.price(falsified, 100);
  venue.place(bystander, calm, { price: 99, size: 50 });
  // Whose rows differ may have reacted anywhere.
  venue.place(victim, calm, { price: 99, size: 10 });
  const worlds = roundWorlds(venue, from, 'bounded', new Map([[falsified, 100]]));
  const { dropped, other, reactive } = worlds;
  assert.ok(dropped !== undefined);
  assert.equal(sizeOf(other, seer, falsified), 100);
  assert.equal(sizeOf(dropped.state, seer, falsified), 0);
  // The maker's offer, the seer's order, the victim's, and no more.
  assert.deepEqual(reactive, { commands: 3, accounts: 3 });
  assert.equal(sizeOf(dropped.state, victim, falsified), 1_000);
  assert.equal(lacks(worlds, seer), '0.00');
  assert.equal(lacksWithout(worlds, seer), '-5.00');
});

test('an order of who may have reacted that is changed is taken out; one that is cancelled stays cancelled', () => {
  const venue = new IncidentForTest();
  const market = venue.market(MARKET);
  venue.price(market, 100);
  const [victim, maker] = [venue.trader(50), venue.trader(1_000_000)];
  venue.trade(victim, maker, market, 1_000, 100);
  const placed = [99, 98].map((price) => {
    const events = venue.place(maker, market, { price, size: 10 });
    return all(events, 'orderAccepted')[0]?.order ?? 0;
  });
  const [first, second] = placed as [number, number];
  const from = good(venue);
  venue.wrongPrice(market, 94, 100);
  venue.submit((buffer, timeMs) => buffer.amendOrder(timeMs, maker, first, 97, 10, 0));
  venue.submit((buffer, timeMs) => buffer.cancelOrder(timeMs, maker, second));
  const { other, dropped } = roundWorlds(venue, from, 'bounded', new Map());
  const bids = (state: State): number =>
    state.position.f64[findPosition(state, maker, market) * 16 + POSITION.BUY_SIZE] as number;
  assert.equal(bids(other), 10);
  assert.equal(bids(dropped?.state as State), 0);
});

test('who was spared by a false price is liquidated in the other world, and the fund works off there what it took', () => {
  const venue = new IncidentForTest();
  const market = venue.market(MARKET);
  venue.price(market, 100);
  const [spared, maker] = [venue.trader(50), venue.trader(1_000_000)];
  venue.trade(spared, maker, market, 1_000, 100);
  venue.place(maker, market, { price: 95, size: 600 });
  const from = good(venue);
  assert.deepEqual(all(venue.wrongPrice(market, 100, 95), 'liquidated'), []);
  venue.price(market, 100);
  venue.price(market, 100);
  const { actual, other } = roundWorlds(venue, from, 'replay', new Map());
  assert.deepEqual([sizeOf(actual, spared, market), sizeOf(actual, INSURANCE_FUND, market)], [1_000, 0]);
  assert.equal(sizeOf(other, spared, market), 0);
  const held = sizeOf(other, INSURANCE_FUND, market);
  assert.ok(held > 0 && held < 1_000, `${held} lots are left`);
  assert.equal(sizeOf(other, maker, market), -held);
});
