// Mark to reference, to the cent: what was forced wrongly is undone in the actual world, and no book is replayed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORDER_KIND } from '../../src/engine/flags.ts';
import { RULE } from '../../src/engine/rules.ts';
import { INSURANCE_FUND } from '../../src/engine/state.ts';
import { all, only } from '../../src/engine/venue.fixture.ts';
import { cents, IncidentForTest } from './remedy-venue.fixture.ts';
import { good, lacks, moved, roundWorlds } from './round-case.fixture.ts';

function venueAt(price: number, changes = {}): { venue: IncidentForTest; market: number } {
  const venue = new IncidentForTest();
  const market = venue.market({ INITIAL_MARGIN: 20_000, MAINTENANCE_FACTOR: 500_000, PRICE_BAND: 100_000, ...changes });
  venue.setRule(RULE.liquidation_step, 1_000_000);
  venue.price(market, price);
  return { venue, market };
}

test('a long that was sold by force at 3,050 is valued at 3,240 again, and has its penalty back; the house pays', () => {
  const { venue, market } = venueAt(3_200, { INITIAL_MARGIN: 60_000 });
  const [long, short] = [venue.trader(2_000), venue.trader(100_000)];
  venue.setRule(RULE.liquidation_fee, 244_809);
  venue.trade(long, short, market, 1_000, 3_200);
  venue.price(market, 3_198);
  const from = good(venue);
  assert.equal(only(venue.wrongPrice(market, 3_050, 3_195), 'liquidated').account, long);
  venue.price(market, 3_240);
  const worlds = roundWorlds(venue, from, 'reference', new Map([[market, 3_240]]));
  assert.equal(lacks(worlds, long), '2124.00');
  assert.equal(moved(worlds, long, 'liquidation_price'), '1900.00');
  assert.equal(moved(worlds, long, 'penalty_and_fees'), '224.00');
  assert.equal(lacks(worlds, INSURANCE_FUND), '-2124.00');
  assert.equal(lacks(worlds, short), '0.00');
});

test('a liquidation that was due all the same is taken at the true price; what was given back ends when it is due', () => {
  const { venue, market } = venueAt(3_200, { INITIAL_MARGIN: 60_000 });
  const [thin, fat, short] = [venue.trader(2_000), venue.trader(4_000), venue.trader(100_000)];
  venue.setRule(RULE.liquidation_fee, 244_809);
  for (const account of [thin, fat]) venue.trade(account, short, market, 1_000, 3_200);
  const from = good(venue);
  // At 3,090 an equity of 900 is below a maintenance margin of 927: thin is due in truth, fat is not.
  const taken = all(venue.wrongPrice(market, 2_850, 3_090), 'liquidated').map(({ account }) => account);
  assert.deepEqual(new Set(taken), new Set([thin, fat]));
  venue.price(market, 2_000);
  venue.price(market, 3_240);
  const worlds = roundWorlds(venue, from, 'reference', new Map([[market, 3_240]]));
  assert.equal(moved(worlds, thin, 'liquidated_anyway'), '2400.00');
  // 24.4809 % of 927 in place of nothing, which was all that it had left.
  assert.equal(moved(worlds, thin, 'penalty_and_fees'), '-226.94');
  assert.equal(moved(worlds, fat, 'liquidated_anyway'), '-8500.00');
  assert.equal(lacks(worlds, short), '0.00');
});

test('a liquidation at the true price stands, whatever else was false', () => {
  const { venue, market } = venueAt(3_200, { INITIAL_MARGIN: 60_000 });
  const other = venue.market({ INITIAL_MARGIN: 60_000 });
  venue.price(other, 100);
  const [thin, short] = [venue.trader(2_000), venue.trader(100_000)];
  venue.trade(thin, short, market, 1_000, 3_200);
  const from = good(venue);
  venue.wrongPrice(other, 90, 100);
  assert.equal(only(venue.price(market, 3_050), 'liquidated').account, thin);
  const worlds = roundWorlds(venue, from, 'reference', new Map([[market, 3_240]]));
  assert.equal(lacks(worlds, thin), '0.00');
  assert.deepEqual(
    worlds.moves.filter(({ account }) => account === thin),
    [],
  );
});

test('a long that was closed wrongly at 88,000 and would have been at 87,200: what it was given back ends there', () => {
  const { venue, market } = venueAt(90_000);
  const [long, short] = [venue.trader(14_300), venue.trader(1_000_000)];
  venue.setRule(RULE.liquidation_fee, 70_454);
  venue.trade(long, short, market, 500, 90_000);
  const from = good(venue);
  assert.equal(cents(BigInt(only(venue.wrongPrice(market, 88_000, 90_000), 'liquidated').penalty)), '310.00');
  venue.price(market, 87_200);
  venue.price(market, 91_000);
  const worlds = roundWorlds(venue, from, 'reference', new Map([[market, 91_000]]));
  assert.equal(moved(worlds, long, 'liquidated_anyway'), '-4000.00');
  assert.equal(lacks(worlds, long), '-3990.00');
});

test('a stop that fired at a false mark is undone; one whose price came later ends at that price', () => {
  const { venue, market } = venueAt(100);
  const [long, other, maker] = [venue.trader(10_000), venue.trader(10_000), venue.trader(1_000_000)];
  for (const account of [long, other]) venue.trade(account, maker, market, 100, 100);
  const stop = (trigger: number) => ({ kind: ORDER_KIND.STOP_LOSS_MARKET, sell: true, size: 100, trigger });
  venue.place(long, market, stop(90));
  venue.place(other, market, stop(95));
  venue.place(maker, market, { price: 92, size: 1_000 });
  const from = good(venue);
  const fired = all(venue.wrongPrice(market, 89, 100), 'orderTriggered').map(({ account }) => account);
  assert.deepEqual(new Set(fired), new Set([long, other]));
  venue.price(market, 94);
  venue.price(market, 110);
  const worlds = roundWorlds(venue, from, 'reference', new Map([[market, 110]]));
  assert.equal(moved(worlds, long, 'trigger'), lacks(worlds, long));
  assert.equal(lacks(worlds, long), '18.00');
  assert.equal(lacks(worlds, other), '2.00');
  assert.equal(lacks(worlds, maker), '0.00');
});

test('funding by a false index that was settled is charged again by the true one; who did not settle lacks nothing', () => {
  const { venue, market } = venueAt(92_000, { SIZE_STEP: 1e9 });
  const [long, short, third] = [venue.trader(50_000), venue.trader(50_000), venue.trader(500_000)];
  venue.trade(long, short, market, 2_000, 92_000);
  const from = good(venue);
  const value = -Math.round(5_213.4 * 1e5 * 1e6);
  venue.deviate([{ table: 'market', row: market, column: 'fundingIndex', index: 0, value }]);
  venue.trade(long, third, market, 1, 92_000);
  const worlds = roundWorlds(venue, from, 'reference', new Map([[market, 92_000]]));
  assert.equal(lacks(worlds, long), '-10426.80');
  assert.equal(moved(worlds, long, 'funding'), '-10426.80');
  assert.equal(moved(worlds, INSURANCE_FUND, 'funding'), '10426.80');
  assert.equal(lacks(worlds, short), '0.00');
  assert.equal(lacks(worlds, third), '0.00');
});
