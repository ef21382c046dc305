import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTRUCTION, ORDER_KIND } from '../engine/flags.ts';
import { InvariantBroken } from '../engine/invariant-broken.ts';
import { orderRow } from '../engine/order-id.ts';
import { RULE } from '../engine/rules.ts';
import { findPosition } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { ACCOUNT, MARKET, ORDER, POSITION, QUOTE, VENUE } from '../engine/tables.ts';
import { only, USDC } from '../engine/venue.fixture.ts';
import { componentName } from './finding.ts';
import { Guard } from './guard.ts';
import { GuardedVenue, type Scene, scene } from './guarded-venue.fixture.ts';

interface Fault {
  readonly name: string;
  /** What is found, and of which component; the first account of the scene is 4, the market 1. */
  readonly finding: readonly [component: string, check: string];
  /** Brings the corruption about and lets happen what it leads to; returns who was liquidated. */
  readonly strike: (scene: Scene) => number[];
  /** Without the guard it does harm. */
  readonly harms: boolean;
}

/** Lets time pass and the clock tick without samples; returns who was liquidated. */
function tickAlone(venue: GuardedVenue): number[] {
  venue.timeMs += 5_000;
  // As after a restart: what was derived before says nothing any more.
  venue.state.index.bounds.reset(venue.state.account.rows);
  return GuardedVenue.liquidated(venue.apply((buffer, timeMs) => buffer.tick(timeMs)));
}

function orderColumn(venue: GuardedVenue, order: number, column: number): number {
  return orderRow(venue.state, order) * 16 + column;
}

const faults: readonly Fault[] = [
  {
    name: 'the price of an oracle is half',
    finding: ['market 1', 'input_continuity'],
    harms: true,
    strike: ({ venue, market }) => {
      venue.state.oracle.f64[market * 16 + 1] = 5_000e6;
      return tickAlone(venue);
    },
  },
  {
    name: 'a sample of an oracle was never taken, by its time',
    finding: ['market 1', 'input_continuity'],
    harms: false,
    strike: ({ venue, market }) => {
      venue.state.oracle.f64[market * 16 + 2] = venue.timeMs + 60_000;
      return GuardedVenue.liquidated(venue.price(market, 10_000, 5_000));
    },
  },
  {
    name: 'the mark of a venue is half',
    finding: ['market 1', 'input_continuity'],
    harms: true,
    strike: ({ venue, market }) => {
      venue.state.quote.f64[market * 64 + QUOTE.MARK] = 5_000e6;
      return tickAlone(venue);
    },
  },
  {
    name: 'the smoothed basis of a venue is −60 %',
    finding: ['market 1', 'derived_continuity'],
    harms: true,
    strike: ({ venue, market }) => {
      venue.state.quote.f64[market * 64 + QUOTE.BASIS] = -6e11;
      return tickAlone(venue);
    },
  },
  {
    name: 'the weight of the own book is full where it is never liquid',
    finding: ['market 1', 'derived_continuity'],
    harms: true,
    strike: ({ venue, market }) => {
      const { f64 } = venue.state.market;
      f64[market * 128 + MARKET.LIQUIDITY_WEIGHT] = 1e6;
      f64[market * 128 + MARKET.ASK_BASIS] = 9e11;
      f64[market * 128 + MARKET.TRADE_BASIS] = 9e11;
      return tickAlone(venue);
    },
  },
  {
    name: 'the price of the collateral is half',
    finding: ['venue', 'input_continuity'],
    harms: true,
    strike: ({ venue }) => {
      venue.state.venue.f64[64 + VENUE.COLLATERAL_PRICE] = 5e7;
      return tickAlone(venue);
    },
  },
  {
    name: 'the last trade is at three times the price, in a book that is liquid',
    finding: ['market 1', 'derived_continuity'],
    harms: false,
    strike: ({ venue, market }) => {
      venue.state.market.f64[market * 128 + MARKET.LAST_TRADE] = 30_000;
      return tickAlone(venue);
    },
  },
  {
    name: 'a market that is post-only by command is open by its row',
    finding: ['market 1', 'input_continuity'],
    harms: true,
    strike: ({ venue, market }) => {
      venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.POST_ONLY, 0));
      venue.state.market.i32[market * 256 + MARKET.STATUS] = STATUS.OK;
      return GuardedVenue.liquidated(venue.price(market, 8_800, 5_000));
    },
  },
  {
    name: 'an order of one lot has two hundred left',
    finding: ['market 1', 'fill_within_order'],
    harms: true,
    strike: ({ venue, market, long, short }) => {
      const order = venue.order(long, market, { price: 9_990, size: 1 });
      venue.state.order.i32[orderColumn(venue, order, ORDER.REMAINING)] = 200;
      const maker = short - 2;
      venue.place(maker, market, { sell: true, price: 9_990, size: 200, instruction: INSTRUCTION.IOC });
      return GuardedVenue.liquidated(venue.price(market, 9_500, 5_000));
    },
  },
  {
    name: 'an order is of another account',
    finding: ['market 1', 'fill_within_order'],
    harms: false,
    strike: ({ venue, market, long, short }) => {
      const maker = short - 2;
      const order = venue.order(maker, market, { price: 9_990, size: 100 });
      venue.state.order.i32[orderColumn(venue, order, ORDER.ACCOUNT)] = long;
      venue.place(short, market, { sell: true, price: 9_990, size: 1, instruction: INSTRUCTION.IOC });
      return GuardedVenue.liquidated(venue.price(market, 9_900, 5_000));
    },
  },
  {
    name: 'a pending withdrawal is forgotten',
    finding: ['account 4', 'account_continuity'],
    harms: false,
    strike: ({ venue, long }) => {
      venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, long, 5 * USDC));
      venue.state.account.f64[long * 8 + ACCOUNT.PENDING_LOW] = 0;
      venue.seal();
      return [];
    },
  },
  {
    name: 'the cost of a position is wrong while it trades, so that a wrong profit is told, and right again when the block ends',
    finding: ['account 4', 'told_amounts'],
    harms: false,
    strike: ({ venue, market, long, short }) => {
      const { f64 } = venue.state.position;
      const column = findPosition(venue.state, long, market) * 16 + POSITION.COST_LOW;
      f64[column] = (f64[column] as number) - 1_000 * USDC;
      venue.trade(short, long, market, 50, 10_000);
      f64[column] = (f64[column] as number) + 500 * USDC;
      const { f64: balances } = venue.state.account;
      balances[long * 8 + ACCOUNT.BALANCE_LOW] = (balances[long * 8 + ACCOUNT.BALANCE_LOW] as number) - 500 * USDC;
      venue.seal();
      return [];
    },
  },
];

for (const { name, finding, strike, harms } of faults) {
  test(`${name}: found, contained, and nobody is forced out`, () => {
    const at = scene(true, RULE.funding_gap);
    assert.deepEqual(strike(at), []);
    const found = at.venue.guard?.quarantine.all ?? [];
    const all = found.map(({ component, check }) => [componentName(component), check.name]);
    assert.ok(
      all.some(([component, check]) => component === finding[0] && check === finding[1]),
      JSON.stringify(all),
    );
    if (finding[0] !== 'venue') assert.ok(!all.some(([component]) => component === 'venue'), JSON.stringify(all));
    // What is found stays held, however the price goes.
    if (finding[0] === 'market 1') {
      assert.deepEqual(GuardedVenue.liquidated(at.venue.price(at.market, 8_000, 5_000)), []);
    }
  });
  if (harms) {
    test(`${name}: without the guard someone is`, () => {
      assert.ok(strike(scene(false, RULE.funding_gap)).length > 0);
    });
  }
}

test('an account in quarantine is held, and another account of the same market is not', () => {
  const { venue, market, long, short } = scene(true, RULE.funding_gap);
  venue.state.account.f64[short * 8 + ACCOUNT.PENDING_LOW] = 7;
  venue.seal();
  assert.deepEqual(
    venue.guard?.quarantine.all.map(({ component }) => componentName(component)),
    [`account ${short}`],
  );
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 8_800, 5_000)), [long]);
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 12_900, 5_000)), []);
});

test('a guard that begins with a state in which money or lots are missing holds the venue or the market', () => {
  const { venue, market, long } = scene(false, RULE.funding_gap);
  const { account, position } = venue.state;
  const findings = (): string[] => {
    const guard = new Guard();
    guard.seal(venue.state);
    return guard.quarantine.all.map(({ component, check }) => `${componentName(component)}: ${check.name}`);
  };
  assert.deepEqual(findings(), []);
  account.f64[long * 8 + ACCOUNT.BALANCE_LOW] = (account.f64[long * 8 + ACCOUNT.BALANCE_LOW] as number) - 1;
  assert.deepEqual(findings(), ['venue: money_conserved']);
  position.f64[findPosition(venue.state, long, market) * 16 + POSITION.SIZE] = 99;
  assert.deepEqual(findings(), ['market 1: positions_sum_to_zero', 'venue: money_conserved']);
});

/** A take-profit and a stop-loss of the long, far from the mark; returns the stop-loss. */
function stopped({ venue, market, long }: Scene): number {
  const kind = ORDER_KIND.STOP_LOSS_MARKET;
  const [accepted] = venue.place(long, market, { sell: true, size: 100, kind, trigger: 9_000 });
  return only([accepted as NonNullable<typeof accepted>], 'orderAccepted').order;
}

for (const isGuarded of [true, false]) {
  test(`a trigger that its row alone has reached ${isGuarded ? 'is held' : 'fires without a guard'}`, () => {
    const at = scene(isGuarded, RULE.funding_gap);
    const { venue, market } = at;
    const order = stopped(at);
    venue.state.order.i32[orderColumn(venue, order, ORDER.TRIGGER)] = 10_500;
    // As after a restart: the rows are all there is.
    venue.state.index.restore(venue.state);
    const events = venue.price(market, 10_000, 5_000);
    assert.equal(
      events.some(({ kind }) => kind === 'orderTriggered'),
      !isGuarded,
    );
    if (isGuarded) assert.ok(venue.verdicts.some(({ check }) => check?.name === 'order_continuity'));
  });
}

test('a trigger that the mark has reached fires', () => {
  const at = scene(true, RULE.funding_gap);
  const order = stopped(at);
  const events = at.venue.price(at.market, 8_990, 5_000);
  assert.equal(only(events, 'orderTriggered').order, order);
});

test('a block over a sound venue finds nothing, after trades, liquidations, deposits, amends, triggers and statuses', () => {
  const at = scene(true, RULE.funding_gap);
  const { venue, market, long, short } = at;
  stopped(at);
  const resting = venue.order(short, market, { price: 9_000, size: 3 });
  venue.apply((buffer, timeMs) => buffer.amendOrder(timeMs, short, resting, 9_100, 5));
  venue.deposit(long, 20);
  venue.trade(long, short, market, 10, 10_000);
  venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, short, 1 * USDC));
  venue.price(market, 8_800, 5_000);
  venue.seal();
  venue.price(market, 8_000, 5_000);
  venue.market();
  const other = venue.trader(500);
  venue.order(other, market, { price: 7_990, size: 1 });
  venue.seal();
  venue.price(market, 12_900, 5_000);
  venue.seal();
  assert.deepEqual(venue.guard?.quarantine.all, []);
});

for (const [name, corrupt] of [
  [
    'a funding period',
    ({ venue, market }) => void (venue.state.market.i32[market * 256 + MARKET.FUNDING_PERIOD_S] = -1),
  ],
  ['a liquidation step', ({ venue }) => void (venue.state.rule.f64[64 + RULE.liquidation_step] = 0)],
] as const satisfies readonly (readonly [string, (scene: Scene) => void])[]) {
  test(`${name} that would never end stops the engine, after the guard has found it`, () => {
    const at = scene(true, RULE.funding_gap);
    corrupt(at);
    assert.throws(() => at.venue.price(at.market, 8_800, 5_000), InvariantBroken);
    assert.equal(at.venue.guard?.quarantine.all.length, 1);
  });
}
