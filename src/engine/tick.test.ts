// Pauses of funding: what stops it, what is told, what the index does meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULE } from './rules.ts';
import { OPERATION } from './status.ts';
import { MARKET } from './tables.ts';
import { FUNDING_PAUSE } from './tick.ts';
import { all, VenueForTest } from './venue.fixture.ts';

interface Inputs {
  readonly collateral?: boolean;
  readonly spot?: boolean;
  readonly quote?: boolean;
  readonly elapsedMs?: number;
}

class Funded {
  readonly venue = new VenueForTest();
  readonly market: number;

  constructor() {
    // The baseline is the rate: 10 % a period, so that every second shows.
    this.market = this.venue.market({ INTEREST_RATE: 1e11, CLAMP_RATE: 1e12, MAXIMUM_FUNDING_RATE: 1e12 });
    this.tick({});
  }

  /** Gives what is said, ticks, and returns the pauses told: [cause, since]. */
  tick({ collateral = true, spot = true, quote = true, elapsedMs = 1_000 }: Inputs): number[][] {
    const { venue, market } = this;
    venue.timeMs += elapsedMs;
    venue.apply((buffer, timeMs) => {
      if (collateral) buffer.collateralPrice(timeMs, 1e8, timeMs);
      if (spot) buffer.oraclePrice(timeMs, market, 0, 100e6, timeMs);
      if (quote) buffer.venueQuote(timeMs, market, 0, 3, timeMs, 100e6, 100e6, 0, 0);
    });
    const events = venue.apply((buffer, timeMs) => buffer.tick(timeMs));
    return all(events, 'fundingPaused').map(({ cause, sinceMs }) => [cause, sinceMs]);
  }

  get index(): number {
    return this.venue.state.market.f64[this.market * 128 + MARKET.FUNDING_INDEX] as number;
  }
}

/** The index after one second: 10 % of 100 price units × 1e6 / 28,800, in 1e-6 price units. */
const STEP = (0.1 * 100e6 * 1e6) / 28_800;

test('the index moves by the premium of the tick before, from the second tick on', () => {
  const funded = new Funded();
  assert.equal(funded.index, 0);
  assert.deepEqual(funded.tick({}), []);
  assert.equal(funded.index, Math.floor(STEP));
  funded.tick({});
  assert.equal(funded.index, Math.floor(2 * STEP));
});

test('the first tick that accrues tells that funding begins', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  assert.deepEqual(
    all(venue.price(market, 100), 'fundingPaused').map(({ cause, sinceMs }) => [cause, sinceMs]),
    [[FUNDING_PAUSE.NONE, 0]],
  );
});

test('a gap above the rule accrues nothing and is told; the next second accrues again', () => {
  const funded = new Funded();
  const start = funded.venue.timeMs;
  assert.deepEqual(funded.tick({ elapsedMs: 30_000 }), []);
  assert.equal(funded.index, Math.floor(30 * STEP));
  const before = funded.index;
  assert.deepEqual(funded.tick({ elapsedMs: 30_001 }), [[FUNDING_PAUSE.GAP, start]]);
  assert.equal(funded.index, before);
  assert.deepEqual(funded.tick({}), [[FUNDING_PAUSE.NONE, start + 60_001]]);
  assert.equal(funded.index, Math.floor(31 * STEP));
});

test('the longest gap is a rule', () => {
  const funded = new Funded();
  funded.venue.setRule(RULE.funding_gap, 60_000);
  assert.deepEqual(funded.tick({ elapsedMs: 60_000 }), []);
  assert.equal(funded.index, Math.floor(60 * STEP));
});

test('silent oracles stop funding once their prices are too old; the mark stays', () => {
  const funded = new Funded();
  for (let second = 0; second < 30; second++) assert.deepEqual(funded.tick({ spot: false }), []);
  const mark = funded.venue.state.market.f64[funded.market * 128 + MARKET.MARK];
  const before = funded.index;
  const since = funded.venue.timeMs - 30_000;
  assert.deepEqual(funded.tick({ spot: false }), [[FUNDING_PAUSE.NO_SPOT, since]]);
  assert.deepEqual(funded.tick({ spot: false }), []);
  assert.equal(funded.index, before);
  assert.equal(funded.venue.state.market.f64[funded.market * 128 + MARKET.MARK], mark);
  assert.equal(funded.tick({}).length, 1);
});

test('funding stops without a price of USDC, without any premium, and when it is paused', () => {
  const cases: [number, (funded: Funded) => Inputs][] = [
    [FUNDING_PAUSE.NO_COLLATERAL, () => ({ collateral: false })],
    [FUNDING_PAUSE.NO_PREMIUM, () => ({ quote: false })],
    [
      FUNDING_PAUSE.PAUSED,
      ({ venue, market }) => {
        venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, 0, OPERATION.FUNDING));
        return {};
      },
    ],
  ];
  for (const [cause, prepare] of cases) {
    const funded = new Funded();
    const inputs = prepare(funded);
    const told: number[] = [];
    for (let second = 0; second < 32; second++) told.push(...funded.tick(inputs).map(([first]) => first as number));
    assert.deepEqual(told, [cause]);
    const before = funded.index;
    funded.tick(inputs);
    assert.equal(funded.index, before);
  }
});

test('an index at the end of its range stays there, and funding pauses', () => {
  const funded = new Funded();
  const { state } = funded.venue;
  const end = 2 ** 52;
  state.market.f64[funded.market * 128 + MARKET.FUNDING_INDEX] = end - Math.floor(2.5 * STEP);
  state.index.fundingIndexes[funded.market] = end - Math.floor(2.5 * STEP);
  const causes = [1, 2, 3, 4].map(() => funded.tick({}).map(([cause]) => cause));
  assert.deepEqual(causes, [[], [], [FUNDING_PAUSE.RANGE], []]);
  assert.ok(funded.index <= end && funded.index > end - STEP);
});

test('triggers and health are checked in their intervals, and proposals come until they are acted on', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const other = venue.trader(100_000);
  const weak = venue.trader(110);
  venue.price(market, 100);
  venue.trade(weak, other, market, 1_000, 100);
  const due = Array.from({ length: 12 }, () => all(venue.price(market, 90), 'liquidationDue').length);
  assert.deepEqual(
    due.reduce((sum, each) => sum + each, 0),
    2,
  );
  // Every five seconds.
  assert.equal(due.indexOf(1, due.indexOf(1) + 1) - due.indexOf(1), 5);
});
