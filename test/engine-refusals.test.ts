// The order of precedence, walked from top to bottom: where two reasons hold, the one that stands first is reported.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandBuffer } from '../src/engine/command-buffer.ts';
import { CLOSE, type Refusal, REFUSALS } from '../src/engine/refusal.ts';
import { RULE } from '../src/engine/rules.ts';
import { INSURANCE_FUND, FEE_ACCOUNT, ACCOUNT_KIND } from '../src/engine/state.ts';
import { OPERATION, STATUS } from '../src/engine/status.ts';
import { INSTRUCTION, ORDER_KIND } from '../src/engine/flags.ts';
import { only, ROUND_MARKET, USDC, VenueForTest, writeOrder, type OrderTerms } from '../src/engine/venue.fixture.ts';

type Write = (buffer: CommandBuffer, timeMs: number) => void;

interface Case {
  readonly refusal: Refusal;
  /** A reason that stands later and holds too; `none` when no command that can be refused so has a later one. */
  readonly later: Refusal;
  /** Meets both. */
  readonly both: (venue: VenueForTest) => Write;
  /** Meets the later one alone: shows that it holds. */
  readonly alone?: (venue: VenueForTest) => Write;
}

const RICH = 3;
const OTHER = 4;
const POOR = 5;
const LIVE_CLIENT_ID = 'taken';

/** A market at 100 with two rich traders and one who has 1 USDC; the first has an order at 90. */
function venueAt100(changes: Parameters<VenueForTest['market']>[0] = {}): VenueForTest {
  const venue = new VenueForTest();
  venue.market(changes);
  for (const usdc of [1_000_000, 1_000_000, 1]) venue.trader(usdc);
  venue.price(1, 100);
  return venue;
}

const place =
  (account: number, terms: OrderTerms, market = 1): Write =>
  (buffer, timeMs) =>
    writeOrder(buffer, timeMs, account, market, terms);

const status = (venue: VenueForTest, market: number, mode: number, paused = 0): void => {
  assert.deepEqual(
    only(
      venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, mode, paused)),
      'statusSet',
    ),
    {
      kind: 'statusSet',
      sequence: venue.state.events.sequence,
      market,
      status: mode,
      paused,
    },
  );
};

const ORDER: OrderTerms = { price: 90, size: 1 };

/** An account that holds 10 of base bought at 100 with 20 USDC of its own, at a mark of 98.5: to be liquidated. */
function underWater(venue: VenueForTest): number {
  const account = venue.trader(120);
  venue.setRule(RULE.health_interval, 0);
  venue.trade(account, RICH, 1, 1_000, 100);
  return account;
}

function liquidationOf(venue: VenueForTest): {
  account: number;
  write: (changes: { share?: number; low?: number }) => Write;
} {
  const account = underWater(venue);
  const due = only(venue.price(1, 92), 'liquidationDue');
  const write =
    ({ share = due.share, low = due.equityLow }): Write =>
    (buffer, timeMs) =>
      buffer.liquidate(timeMs, account, share, due.equityHigh, low, due.maintenanceHigh, due.maintenanceLow);
  return { account, write };
}

const CASES: readonly Case[] = [
  {
    refusal: 'command_unknown',
    later: 'command_malformed',
    both: () => (buffer, timeMs) => {
      buffer.tick(timeMs);
      buffer.i32[0] = 99;
      buffer.i32[1] = 2;
    },
    alone: () => (buffer, timeMs) => {
      buffer.tick(timeMs);
      buffer.i32[1] = 2;
    },
  },
  {
    refusal: 'command_malformed',
    later: 'time_runs_backwards',
    both: () => (buffer) => {
      buffer.tick(0);
      buffer.i32[1] = 2;
    },
    alone: () => (buffer) => buffer.tick(0),
  },
  {
    refusal: 'time_runs_backwards',
    later: 'market_unknown',
    both: () => (buffer) => buffer.setStatus(0, 9, 0, 0),
    alone: () => (buffer, timeMs) => buffer.setStatus(timeMs, 9, 0, 0),
  },
  {
    refusal: 'market_unknown',
    later: 'account_unknown',
    both: () => place(99, ORDER, 9),
    alone: () => place(99, ORDER),
  },
  {
    refusal: 'market_unknown',
    later: 'account_unknown',
    both: () => (buffer, timeMs) => buffer.cancelAll(timeMs, 99, 9),
    alone: () => (buffer, timeMs) => buffer.cancelAll(timeMs, 99, 1),
  },
  {
    refusal: 'account_unknown',
    later: 'order_unknown',
    both: () => (buffer, timeMs) => buffer.cancelOrder(timeMs, 99, 12345),
    alone: () => (buffer, timeMs) => buffer.cancelOrder(timeMs, RICH, 12345),
  },
  {
    refusal: 'account_unknown',
    later: 'order_unknown',
    both: () => (buffer, timeMs) => buffer.amendOrder(timeMs, 99, 12345, 1, 1),
    alone: () => (buffer, timeMs) => buffer.amendOrder(timeMs, RICH, 12345, 1, 1),
  },
  {
    refusal: 'account_unknown',
    later: 'order_unknown',
    both: () => (buffer, timeMs) => buffer.cancelByClientId(timeMs, 99, 'x'),
    alone: () => (buffer, timeMs) => buffer.cancelByClientId(timeMs, RICH, 'x'),
  },
  {
    refusal: 'account_unknown',
    later: 'account_is_not_a_trader',
    both: () => (buffer, timeMs) => buffer.transfer(timeMs, FEE_ACCOUNT, 99, 1),
    alone: () => (buffer, timeMs) => buffer.transfer(timeMs, FEE_ACCOUNT, RICH, 1),
  },
  {
    refusal: 'order_unknown',
    later: 'size_not_positive',
    both: () => (buffer, timeMs) => buffer.amendOrder(timeMs, RICH, 12345, 1, 0),
    alone: (venue) => {
      const order = venue.order(RICH, 1, ORDER);
      return (buffer, timeMs) => buffer.amendOrder(timeMs, RICH, order, 1, 0);
    },
  },
  {
    refusal: 'withdrawal_unknown',
    later: 'none',
    both: () => (buffer, timeMs) => buffer.settleWithdrawal(timeMs, 7, true),
  },
  {
    refusal: 'rule_unknown',
    later: 'value_out_of_range',
    both: () => (buffer, timeMs) => buffer.setRule(timeMs, 63, Number.NaN),
    alone: () => (buffer, timeMs) => buffer.setRule(timeMs, 0, Number.NaN),
  },
  {
    refusal: 'source_unknown',
    later: 'value_out_of_range',
    both: () => (buffer, timeMs) => buffer.oraclePrice(timeMs, 1, 4, -1, timeMs),
    alone: () => (buffer, timeMs) => buffer.oraclePrice(timeMs, 1, 3, -1, timeMs),
  },
  {
    refusal: 'account_is_not_a_trader',
    later: 'operation_paused',
    both: (venue) => {
      status(venue, 0, STATUS.OK, OPERATION.WITHDRAWALS);
      return (buffer, timeMs) => buffer.requestWithdrawal(timeMs, INSURANCE_FUND, 1);
    },
    alone: (venue) => {
      status(venue, 0, STATUS.OK, OPERATION.WITHDRAWALS);
      return (buffer, timeMs) => buffer.requestWithdrawal(timeMs, RICH, 1);
    },
  },
  {
    refusal: 'account_already_exists',
    later: 'value_out_of_range',
    both: () => (buffer, timeMs) => buffer.defineAccount(timeMs, new Uint8Array(32).fill(3), ACCOUNT_KIND.TRADER, 7),
    alone: () => (buffer, timeMs) => buffer.defineAccount(timeMs, new Uint8Array(32).fill(99), ACCOUNT_KIND.TRADER, 7),
  },
  {
    refusal: 'market_already_exists',
    later: 'parameter_invalid',
    both: () => (buffer, timeMs) =>
      buffer.defineMarket(timeMs, { ...ROUND_MARKET, name: 'ROUND1-USD-PERP', INITIAL_MARGIN: 0 }),
    alone: () => (buffer, timeMs) => buffer.defineMarket(timeMs, { ...ROUND_MARKET, INITIAL_MARGIN: 0 }),
  },
  {
    refusal: 'refund_unknown',
    later: 'none',
    both: () => (buffer, timeMs) => buffer.postRefund(timeMs, refundId(1)),
  },
  {
    refusal: 'refund_exists',
    later: 'amount_not_positive',
    both: (venue) => {
      reserved(venue);
      return (buffer, timeMs) => buffer.reserveRefund(timeMs, RICH, 0, refundId(1));
    },
    alone: () => (buffer, timeMs) => buffer.reserveRefund(timeMs, RICH, 0, refundId(1)),
  },
  {
    refusal: 'refund_not_pending',
    later: 'none',
    both: (venue) => {
      reserved(venue);
      venue.apply((buffer, timeMs) => buffer.postRefund(timeMs, refundId(1)));
      return (buffer, timeMs) => buffer.voidRefund(timeMs, refundId(1));
    },
  },
  {
    refusal: 'venue_in_maintenance',
    later: 'market_in_maintenance',
    both: (venue) => {
      status(venue, 0, STATUS.MAINTENANCE);
      status(venue, 1, STATUS.MAINTENANCE);
      return place(RICH, ORDER);
    },
    alone: (venue) => {
      status(venue, 1, STATUS.MAINTENANCE);
      return place(RICH, ORDER);
    },
  },
  ...(
    [
      ['market_in_maintenance', STATUS.MAINTENANCE],
      ['market_in_settlement', STATUS.SETTLEMENT],
      ['market_cancel_only', STATUS.CANCEL_ONLY],
      ['market_post_only', STATUS.POST_ONLY],
    ] as const
  ).map(
    ([refusal, mode]): Case => ({
      refusal,
      later: 'operation_paused',
      both: (venue) => {
        status(venue, 1, mode, OPERATION.ORDERS);
        return place(RICH, ORDER);
      },
      alone: (venue) => {
        status(venue, 1, STATUS.OK, OPERATION.ORDERS);
        return place(RICH, ORDER);
      },
    }),
  ),
  {
    refusal: 'operation_paused',
    later: 'order_kind_invalid',
    both: (venue) => {
      status(venue, 0, STATUS.OK, OPERATION.ORDERS);
      return place(RICH, { ...ORDER, instruction: 3 });
    },
    alone: () => place(RICH, { ...ORDER, instruction: 3 }),
  },
  {
    refusal: 'order_kind_invalid',
    later: 'size_not_positive',
    both: () => place(RICH, { price: 90, size: 0, selfTrade: 3 }),
    alone: () => place(RICH, { price: 90, size: 0 }),
  },
  {
    refusal: 'order_kind_invalid',
    later: 'size_not_positive',
    both: () => place(RICH, { size: -1, kind: ORDER_KIND.MARKET, instruction: INSTRUCTION.POST_ONLY }),
    alone: () => place(RICH, { size: -1, kind: ORDER_KIND.MARKET, instruction: INSTRUCTION.IOC }),
  },
  {
    refusal: 'size_not_positive',
    later: 'price_not_positive',
    both: () => place(RICH, { price: 0, size: 0 }),
    alone: () => place(RICH, { price: 0, size: 1 }),
  },
  {
    refusal: 'size_above_maximum',
    later: 'price_not_positive',
    both: () => place(RICH, { price: -1, size: 1_000_001 }),
    alone: () => place(RICH, { price: 2 ** 30, size: 1_000_000 }),
  },
  {
    refusal: 'price_not_positive',
    later: 'trigger_not_positive',
    both: () => place(RICH, { price: 0, size: 1, trigger: 5 }),
    alone: () => place(RICH, { price: 90, size: 1, trigger: 5 }),
  },
  {
    refusal: 'trigger_not_positive',
    later: 'notional_too_large',
    both: () => place(RICH, { price: 2 ** 29, size: 1_000_000, kind: ORDER_KIND.STOP_LIMIT }),
    alone: () => place(RICH, { price: 2 ** 29, size: 1_000_000, kind: ORDER_KIND.STOP_LIMIT, trigger: 5 }),
  },
  {
    refusal: 'notional_too_large',
    later: 'mark_price_unavailable',
    both: (venue) => place(RICH, { price: 2 ** 29, size: 1_000_000 }, venue.market()),
    alone: (venue) => place(RICH, ORDER, venue.market()),
  },
  {
    refusal: 'size_not_above_filled',
    later: 'notional_below_minimum',
    both: (venue) => amendHalfFilled(venue, 50),
    alone: (venue) => amendHalfFilled(venue, 51),
  },
  {
    refusal: 'order_expired',
    later: 'price_outside_band',
    both: (venue) => place(RICH, { ...ORDER, price: 200, notAfterMs: venue.timeMs - 1 }),
    alone: (venue) => place(RICH, { ...ORDER, price: 200, notAfterMs: venue.timeMs }),
  },
  {
    refusal: 'mark_price_unavailable',
    later: 'notional_below_minimum',
    both: (venue) => place(RICH, ORDER, venue.market({ MINIMUM_NOTIONAL: 1_000 * USDC })),
    alone: (venue) => {
      venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'MINIMUM_NOTIONAL', 1_000 * USDC));
      return place(RICH, ORDER);
    },
  },
  {
    // In a restricted mode the external fair price is needed too.
    refusal: 'mark_price_unavailable',
    later: 'price_outside_band',
    both: (venue) => place(RICH, { price: 500, size: 1, instruction: INSTRUCTION.POST_ONLY }, quotedByNobody(venue)),
    alone: (venue) => {
      status(venue, 1, STATUS.POST_ONLY);
      return place(RICH, { price: 500, size: 1, instruction: INSTRUCTION.POST_ONLY });
    },
  },
  {
    refusal: 'notional_below_minimum',
    later: 'price_outside_band',
    both: (venue) => {
      venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'MINIMUM_NOTIONAL', 1_000 * USDC));
      return place(RICH, { price: 106, size: 1 });
    },
    alone: () => place(RICH, { price: 106, size: 1 }),
  },
  {
    refusal: 'price_outside_band',
    later: 'price_outside_restricted_band',
    both: (venue) => {
      status(venue, 1, STATUS.POST_ONLY);
      return place(RICH, { price: 106, size: 1, instruction: INSTRUCTION.POST_ONLY });
    },
    alone: (venue) => {
      status(venue, 1, STATUS.POST_ONLY);
      return place(RICH, { price: 104, size: 1, instruction: INSTRUCTION.POST_ONLY });
    },
  },
  {
    refusal: 'price_outside_restricted_band',
    later: 'client_id_in_use',
    both: (venue) => {
      venue.order(RICH, 1, { ...ORDER, clientId: LIVE_CLIENT_ID });
      status(venue, 1, STATUS.POST_ONLY);
      return place(RICH, { price: 101, size: 1, instruction: INSTRUCTION.POST_ONLY, clientId: LIVE_CLIENT_ID });
    },
    alone: (venue) => {
      venue.order(RICH, 1, { ...ORDER, clientId: LIVE_CLIENT_ID });
      status(venue, 1, STATUS.POST_ONLY);
      return place(RICH, { price: 100, size: 1, instruction: INSTRUCTION.POST_ONLY, clientId: LIVE_CLIENT_ID });
    },
  },
  {
    refusal: 'client_id_in_use',
    later: 'too_many_open_orders',
    both: (venue) => fullOfOrders(venue, { ...ORDER, clientId: LIVE_CLIENT_ID }),
    alone: (venue) => fullOfOrders(venue, { ...ORDER, clientId: 'another' }),
  },
  {
    refusal: 'too_many_open_orders',
    later: 'position_limit_exceeded',
    both: (venue) => {
      venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'POSITION_LIMIT', 1));
      return fullOfOrders(venue, { price: 90, size: 2 });
    },
    alone: (venue) => {
      venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'POSITION_LIMIT', 1));
      return place(RICH, { price: 90, size: 2 });
    },
  },
  {
    refusal: 'position_limit_exceeded',
    later: 'reduce_only_would_increase',
    both: (venue) => {
      venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'POSITION_LIMIT', 1));
      return place(RICH, { price: 90, size: 2, reduceOnly: true });
    },
    alone: () => place(RICH, { price: 90, size: 2, reduceOnly: true }),
  },
  {
    refusal: 'reduce_only_would_increase',
    later: 'post_only_would_cross',
    both: (venue) => {
      venue.order(OTHER, 1, { sell: true, price: 100, size: 1 });
      return place(RICH, { price: 100, size: 1, reduceOnly: true, instruction: INSTRUCTION.POST_ONLY });
    },
    alone: (venue) => {
      venue.order(OTHER, 1, { sell: true, price: 100, size: 1 });
      return place(RICH, { price: 100, size: 1, instruction: INSTRUCTION.POST_ONLY });
    },
  },
  {
    refusal: 'post_only_would_cross',
    later: 'insufficient_margin',
    both: (venue) => {
      venue.order(OTHER, 1, { sell: true, price: 100, size: 1 });
      return place(POOR, { price: 100, size: 1_000, instruction: INSTRUCTION.POST_ONLY });
    },
    alone: () => place(POOR, { price: 100, size: 1_000, instruction: INSTRUCTION.POST_ONLY }),
  },
  {
    refusal: 'leverage_out_of_range',
    later: 'insufficient_margin',
    both: (venue) => {
      const account = underWater(venue);
      return (buffer, timeMs) => buffer.setLeverage(timeMs, account, 1, 0);
    },
    alone: (venue) => {
      const account = underWater(venue);
      return (buffer, timeMs) => buffer.setLeverage(timeMs, account, 1, 1);
    },
  },
  {
    refusal: 'amount_not_positive',
    later: 'deposit_already_credited',
    both: () => (buffer, timeMs) => buffer.deposit(timeMs, RICH, 0, 1),
    alone: () => (buffer, timeMs) => buffer.deposit(timeMs, RICH, 1, 1),
  },
  {
    refusal: 'amount_too_large',
    later: 'deposit_already_credited',
    both: () => (buffer, timeMs) => buffer.deposit(timeMs, RICH, 2 ** 51 + 1, 1),
    alone: () => (buffer, timeMs) => buffer.deposit(timeMs, RICH, 2 ** 51, 1),
  },
  {
    refusal: 'deposit_already_credited',
    later: 'value_out_of_range',
    both: () => (buffer, timeMs) => buffer.deposit(timeMs, RICH, 1, 0.5),
    alone: () => (buffer, timeMs) => buffer.deposit(timeMs, RICH, 1, 1e6 + 0.5),
  },
  {
    refusal: 'withdrawal_already_carried',
    later: 'receivable_too_large',
    both: (venue) => {
      owing(venue, 2 ** 51, 2 ** 51);
      return (buffer, timeMs) => buffer.carryWithdrawal(timeMs, POOR, 2 ** 51, 2);
    },
    alone: (venue) => {
      owing(venue, 2 ** 51, 2 ** 51);
      return (buffer, timeMs) => buffer.carryWithdrawal(timeMs, POOR, 2 ** 51, 3);
    },
  },
  {
    refusal: 'receivable_too_large',
    later: 'value_out_of_range',
    both: (venue) => {
      owing(venue, 2 ** 51, 2 ** 51);
      return (buffer, timeMs) => buffer.carryWithdrawal(timeMs, POOR, 2 ** 51, 1e9);
    },
    alone: () => (buffer, timeMs) => buffer.carryWithdrawal(timeMs, POOR, 2 ** 51, 1e9),
  },
  {
    refusal: 'receivable_exceeded',
    later: 'insufficient_free_collateral',
    both: (venue) => {
      owing(venue, 100 * USDC);
      return (buffer, timeMs) => buffer.repayReceivable(timeMs, POOR, 100 * USDC);
    },
    alone: (venue) => {
      owing(venue, 100 * USDC);
      return (buffer, timeMs) => buffer.repayReceivable(timeMs, POOR, 50 * USDC);
    },
  },
  {
    refusal: 'receivable_outstanding',
    later: 'insufficient_free_collateral',
    both: (venue) => {
      owing(venue, 100 * USDC);
      return (buffer, timeMs) => buffer.requestWithdrawal(timeMs, POOR, 5 * USDC);
    },
    alone: () => (buffer, timeMs) => buffer.requestWithdrawal(timeMs, POOR, 5 * USDC),
  },
  {
    refusal: 'insufficient_free_collateral',
    later: 'none',
    both: () => (buffer, timeMs) => buffer.requestWithdrawal(timeMs, POOR, 2 * USDC),
  },
  {
    refusal: 'fund_insufficient',
    later: 'none',
    both: () => (buffer, timeMs) => buffer.reserveRefund(timeMs, RICH, 1, refundId(1)),
  },
  { refusal: 'insufficient_margin', later: 'none', both: () => place(POOR, { price: 100, size: 1_000 }) },
  {
    refusal: 'parameter_invalid',
    later: 'value_out_of_range',
    both: () => (buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'TICK_SIZE', -1),
    alone: () => (buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'INITIAL_MARGIN', -1),
  },
  {
    refusal: 'value_out_of_range',
    later: 'sample_not_newer',
    both: () => (buffer, timeMs) => buffer.oraclePrice(timeMs, 1, 0, -1, 1),
    alone: () => (buffer, timeMs) => buffer.oraclePrice(timeMs, 1, 0, 1, 1),
  },
  {
    refusal: 'sample_not_newer',
    later: 'none',
    both: () => (buffer, timeMs) => buffer.collateralPrice(timeMs, 1e8, 1),
  },
  {
    refusal: 'account_is_healthy',
    later: 'forced_action_paused',
    both: (venue) => {
      status(venue, 0, STATUS.OK, OPERATION.LIQUIDATIONS);
      return (buffer, timeMs) => buffer.liquidate(timeMs, RICH, 1, 0, 0, 0, 0);
    },
    alone: (venue) => {
      const { write } = liquidationOf(venue);
      status(venue, 0, STATUS.OK, OPERATION.LIQUIDATIONS);
      return write({});
    },
  },
  {
    refusal: 'settlement_not_due',
    later: 'forced_action_paused',
    both: (venue) => {
      venue.trade(RICH, OTHER, 1, 10, 100);
      status(venue, 1, STATUS.CANCEL_ONLY, OPERATION.LIQUIDATIONS);
      return (buffer, timeMs) => buffer.settlePosition(timeMs, RICH, 1, 10, 100e6);
    },
    alone: (venue) => {
      venue.trade(RICH, OTHER, 1, 10, 100);
      status(venue, 1, STATUS.SETTLEMENT, OPERATION.LIQUIDATIONS);
      return (buffer, timeMs) => buffer.settlePosition(timeMs, RICH, 1, 10, 100e6);
    },
  },
  {
    refusal: 'forced_action_paused',
    later: 'liquidation_share_differs',
    both: (venue) => {
      const { write } = liquidationOf(venue);
      status(venue, 1, STATUS.POST_ONLY);
      return write({ share: 1 });
    },
    alone: (venue) => liquidationOf(venue).write({ share: 1 }),
  },
  {
    refusal: 'liquidation_share_differs',
    later: 'margin_facts_differ',
    both: (venue) => liquidationOf(venue).write({ share: 1, low: 7 }),
    alone: (venue) => liquidationOf(venue).write({ low: 7 }),
  },
  {
    refusal: 'margin_facts_differ',
    later: 'trigger_not_reached',
    both: (venue) => fireStop(venue, 99e6),
    alone: (venue) => fireStop(venue, 100e6),
  },
  { refusal: 'trigger_not_reached', later: 'none', both: (venue) => fireStop(venue, 100e6) },
  {
    refusal: 'cancel_not_due',
    later: 'none',
    both: (venue) => {
      const order = venue.order(RICH, 1, ORDER);
      return (buffer, timeMs) => buffer.forceCancel(timeMs, order, CLOSE.DELEVERAGE);
    },
  },
];

function refundId(number: number): Uint8Array {
  return new Uint8Array(16).fill(number);
}

/** A refund of 1 USDC is reserved under the first id. */
function reserved(venue: VenueForTest): void {
  venue.deposit(INSURANCE_FUND, 10);
  venue.apply((buffer, timeMs) => buffer.reserveRefund(timeMs, RICH, USDC, refundId(1)));
}

/** Who has 1 USDC withdrew these amounts on a branch that is dead. */
function owing(venue: VenueForTest, ...amounts: number[]): void {
  amounts.forEach((amount, place) =>
    venue.apply((buffer, timeMs) => buffer.carryWithdrawal(timeMs, POOR, amount, place + 1)),
  );
}

/** Amends an order of 100 lots, of which 50 are filled, to a new total, where 1,000 USDC are the least. */
function amendHalfFilled(venue: VenueForTest, size: number): Write {
  const order = venue.order(RICH, 1, { price: 100, size: 100 });
  venue.place(OTHER, 1, { sell: true, price: 100, size: 50 });
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'MINIMUM_NOTIONAL', 1_000 * USDC));
  return (buffer, timeMs) => buffer.amendOrder(timeMs, RICH, order, 100, size);
}

/** A market in POST_ONLY that has a spot and so a mark, but that no external venue quotes. */
function quotedByNobody(venue: VenueForTest): number {
  const market = venue.market({ venues: 0 });
  venue.price(market, 100);
  status(venue, market, STATUS.POST_ONLY);
  return market;
}

/** An order beside another of the same account in a market that lets it have one. */
function fullOfOrders(venue: VenueForTest, terms: OrderTerms): Write {
  venue.order(RICH, 1, { ...ORDER, clientId: LIVE_CLIENT_ID });
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, 1, 'MAXIMUM_OPEN_ORDERS', 1));
  return place(RICH, terms);
}

/** Fires a stop at 110 with the mark at 100. */
function fireStop(venue: VenueForTest, mark: number): Write {
  const order = venue.order(RICH, 1, { kind: ORDER_KIND.STOP_MARKET, size: 1, trigger: 110 });
  return (buffer, timeMs) => buffer.fireTrigger(timeMs, order, mark);
}

for (const { refusal, later, both, alone } of CASES) {
  test(`${refusal} is told${later === 'none' ? '' : ` before ${later}`}`, () => {
    const venue = venueAt100();
    assert.equal(venue.refusalOf(both(venue)), refusal);
    if (alone === undefined) return assert.equal(later, 'none');
    const other = venueAt100();
    assert.equal(other.refusalOf(alone(other)), later);
    assert.ok(REFUSALS.indexOf(later) > REFUSALS.indexOf(refusal));
  });
}

test('every refusal is in the walk, in its order', () => {
  const walked = [...new Set(CASES.map(({ refusal }) => refusal))];
  assert.deepEqual(walked, REFUSALS.slice(1));
});
