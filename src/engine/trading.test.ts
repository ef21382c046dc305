// What orders do, case by case: limit, immediate, post-only, market, reduce-only, self-trades, client ids, cancels, batches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRecord } from './event.ts';
import { INSTRUCTION, ORDER_KIND, SELF_TRADE } from './flags.ts';
import { CLOSE_REASONS, REFUSALS } from './refusal.ts';
import { RULE } from './rules.ts';
import { FEE_ACCOUNT } from './state.ts';
import { MARKET, POSITION } from './tables.ts';
import { all, only, type OrderTerms, USDC, VenueForTest, writeOrder } from './venue.fixture.ts';

interface Trading {
  readonly venue: VenueForTest;
  readonly market: number;
  readonly one: number;
  readonly two: number;
  readonly three: number;
}

function at100(): Trading {
  const venue = new VenueForTest();
  const market = venue.market();
  const [one, two, three] = [1, 2, 3].map(() => venue.trader(1_000_000)) as [number, number, number];
  venue.price(market, 100);
  return { venue, market, one, two, three };
}

/** Trades as [maker order, price, size], and ends as [order, reason, remaining]. */
function told(events: readonly EventRecord[]): { fills: number[][]; ends: (string | number)[][] } {
  return {
    fills: all(events, 'filled').map(({ makerOrder, price, size }) => [makerOrder, price, size]),
    ends: all(events, 'orderClosed').map(({ order, reason, remaining }) => [
      order,
      CLOSE_REASONS[reason] as string,
      remaining,
    ]),
  };
}

const openBuys = ({ venue, market, one }: Trading): number => {
  const row = venue.state.index.positions.find(venue.state.position, one, market);
  return venue.state.position.f64[row * 16 + POSITION.BUY_SIZE] as number;
};

test('a limit order trades at the makers’ prices, best first and oldest first, and rests with what is left', () => {
  const { venue, market, one, two, three } = at100();
  const far = venue.order(two, market, { sell: true, price: 102, size: 5 });
  const first = venue.order(two, market, { sell: true, price: 101, size: 3 });
  const second = venue.order(three, market, { sell: true, price: 101, size: 4 });
  const events = venue.place(one, market, { price: 102, size: 20 });
  const { order } = only(events, 'orderAccepted');
  assert.deepEqual(told(events), {
    fills: [
      [first, 101, 3],
      [second, 101, 4],
      [far, 102, 5],
    ],
    ends: [
      [first, 'FILLED', 0],
      [second, 'FILLED', 0],
      [far, 'FILLED', 0],
    ],
  });
  assert.deepEqual(told(venue.place(two, market, { sell: true, price: 102, size: 8 })).fills, [[order, 102, 8]]);
});

test('a partly filled maker keeps its place', () => {
  const { venue, market, one, two, three } = at100();
  const first = venue.order(one, market, { price: 99, size: 10 });
  const second = venue.order(two, market, { price: 99, size: 10 });
  const sell = (size: number): number[][] => told(venue.place(three, market, { sell: true, price: 99, size })).fills;
  assert.deepEqual(sell(4), [[first, 99, 4]]);
  assert.deepEqual(sell(8), [
    [first, 99, 6],
    [second, 99, 2],
  ]);
});

test('what an immediate order does not trade is cancelled', () => {
  const { venue, market, one, two } = at100();
  venue.order(two, market, { sell: true, price: 101, size: 3 });
  const events = venue.place(one, market, { price: 101, size: 5, instruction: INSTRUCTION.IOC });
  const { order } = only(events, 'orderAccepted');
  assert.deepEqual(told(events).ends.at(-1), [order, 'REMAINING_IOC_CANCEL', 2]);
});

test('a market order trades up to the band edge and never rests', () => {
  const { venue, market, one, two } = at100();
  const inside = venue.order(two, market, { sell: true, price: 105, size: 3 });
  venue.order(two, market, { sell: true, price: 106, size: 3 });
  const events = venue.place(one, market, { kind: ORDER_KIND.MARKET, size: 5 });
  const { order } = only(events, 'orderAccepted');
  assert.deepEqual(told(events), {
    fills: [[inside, 105, 3]],
    ends: [
      [inside, 'FILLED', 0],
      [order, 'REMAINING_IOC_CANCEL', 2],
    ],
  });
});

test('a post-only order makes or is refused', () => {
  const { venue, market, one, two } = at100();
  venue.order(two, market, { sell: true, price: 101, size: 3 });
  const post = { size: 1, instruction: INSTRUCTION.POST_ONLY };
  assert.equal(venue.tryPlace(one, market, { ...post, price: 101 }), 'post_only_would_cross');
  assert.equal(venue.tryPlace(one, market, { ...post, price: 100 }), 'none');
});

/** A taker of 10 against another's 2, its own 3, another's 4, all at 101. */
function selfTradeCase(selfTrade: number): { told: ReturnType<typeof told>; ids: number[]; left: number } {
  const trading = at100();
  const { venue, market, one, two, three } = trading;
  const ids = [
    venue.order(two, market, { sell: true, price: 101, size: 2 }),
    venue.order(one, market, { sell: true, price: 101, size: 3 }),
    venue.order(three, market, { sell: true, price: 101, size: 4 }),
  ];
  const events = venue.place(one, market, { price: 101, size: 10, selfTrade });
  ids.push(only(events, 'orderAccepted').order);
  return { told: told(events), ids, left: openBuys(trading) };
}

test('self-trade prevention: the taker expires', () => {
  const { told: result, ids, left } = selfTradeCase(SELF_TRADE.EXPIRE_TAKER);
  assert.deepEqual(result, {
    fills: [[ids[0], 101, 2]],
    ends: [
      [ids[0], 'FILLED', 0],
      [ids[3], 'SELF_TRADE', 8],
    ],
  });
  assert.equal(left, 0);
});

test('self-trade prevention: the maker expires and the taker goes on', () => {
  const { told: result, ids, left } = selfTradeCase(SELF_TRADE.EXPIRE_MAKER);
  assert.deepEqual(result, {
    fills: [
      [ids[0], 101, 2],
      [ids[2], 101, 4],
    ],
    ends: [
      [ids[0], 'FILLED', 0],
      [ids[1], 'SELF_TRADE', 3],
      [ids[2], 'FILLED', 0],
    ],
  });
  assert.equal(left, 4);
});

test('self-trade prevention: both expire', () => {
  const { told: result, ids, left } = selfTradeCase(SELF_TRADE.EXPIRE_BOTH);
  assert.deepEqual(result, {
    fills: [[ids[0], 101, 2]],
    ends: [
      [ids[0], 'FILLED', 0],
      [ids[1], 'SELF_TRADE', 3],
      [ids[3], 'SELF_TRADE', 8],
    ],
  });
  assert.equal(left, 0);
});

/** Long 100 lots with reduce-only sells of 50 at 104 and 50 at 106: the example of Paradex's order instructions. */
function reduceOnlyExample(): Trading & { near: number; far: number } {
  const trading = at100();
  const { venue, market, one, two } = trading;
  venue.trade(one, two, market, 100, 100);
  const near = venue.order(one, market, { sell: true, price: 104, size: 50, reduceOnly: true });
  const far = venue.order(one, market, { sell: true, price: 106, size: 50, reduceOnly: true });
  return { ...trading, near, far };
}

test('reduce-only: a more aggressive order that uses up the position ends the least aggressive one', () => {
  const { venue, market, one, far } = reduceOnlyExample();
  const { ends } = told(venue.place(one, market, { sell: true, price: 103, size: 1 }));
  assert.deepEqual(ends, [[far, 'REDUCE_ONLY_WILL_INCREASE', 50]]);
});

test('reduce-only: a less aggressive order ends none', () => {
  const { venue, market, one } = reduceOnlyExample();
  assert.deepEqual(told(venue.place(one, market, { sell: true, price: 107, size: 1 })).ends, []);
});

test('reduce-only: one beyond the position is refused', () => {
  const { venue, market, one, two } = reduceOnlyExample();
  const try_ = (account: number, terms: OrderTerms): string =>
    venue.tryPlace(account, market, { ...terms, reduceOnly: true });
  assert.equal(try_(one, { sell: true, price: 107, size: 1 }), 'reduce_only_would_increase');
  assert.equal(try_(one, { price: 99, size: 1 }), 'reduce_only_would_increase');
  assert.equal(try_(two, { sell: true, price: 101, size: 1 }), 'reduce_only_would_increase');
  assert.equal(try_(two, { price: 99, size: 101 }), 'reduce_only_would_increase');
  assert.equal(try_(two, { price: 99, size: 100 }), 'none');
});

test('reduce-only: when the position shrinks, those that no longer fit end; when it grows, they stay', () => {
  const { venue, market, one, two, far } = reduceOnlyExample();
  venue.order(two, market, { sell: true, price: 100, size: 10 });
  assert.deepEqual(told(venue.place(one, market, { price: 100, size: 10 })).ends.length, 2);
  venue.order(two, market, { price: 100, size: 11 });
  const { ends } = told(venue.place(one, market, { sell: true, price: 100, size: 11 }));
  assert.deepEqual(ends.at(-1), [far, 'REDUCE_ONLY_WILL_INCREASE', 50]);
});

test('reduce-only: a maker whose position shrank by a fill loses what no longer fits', () => {
  const { venue, market, one, two, far } = reduceOnlyExample();
  venue.order(one, market, { sell: true, price: 107, size: 10 });
  const { ends } = told(venue.place(two, market, { price: 105, size: 50 }));
  assert.equal(ends.length, 2);
  const more = told(venue.place(two, market, { price: 104, size: 1 }));
  assert.deepEqual([more.fills, venue.size(one, market)], [[], 50]);
  assert.equal(venue.tryPlace(one, market, { sell: true, price: 103, size: 1 }), 'none');
  assert.equal(
    venue.refusalOf((buffer, timeMs) => buffer.cancelOrder(timeMs, one, far)),
    'order_unknown',
  );
});

test('reduce-only may be below the minimum notional when it closes the whole position', () => {
  const { venue, market, one, two } = at100();
  venue.trade(one, two, market, 5, 100);
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, market, 'MINIMUM_NOTIONAL', 10 * USDC));
  const sell = { sell: true, price: 101, reduceOnly: true };
  assert.equal(venue.tryPlace(one, market, { ...sell, size: 4 }), 'notional_below_minimum');
  assert.equal(venue.tryPlace(one, market, { ...sell, size: 5 }), 'none');
  assert.equal(venue.tryPlace(two, market, { price: 99, size: 5 }), 'notional_below_minimum');
});

test('the position limit counts open orders of the same side and the position', () => {
  const { venue, market, one, two } = at100();
  venue.trade(two, one, market, 900, 100);
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, market, 'POSITION_LIMIT', 1_000));
  // The example: a limit of 1,000, short 900.
  assert.equal(venue.tryPlace(one, market, { sell: true, price: 101, size: 101 }), 'position_limit_exceeded');
  assert.equal(venue.tryPlace(one, market, { sell: true, price: 101, size: 100 }), 'none');
  assert.equal(venue.tryPlace(one, market, { sell: true, price: 101, size: 1 }), 'position_limit_exceeded');
  assert.equal(venue.tryPlace(one, market, { price: 99, size: 1_901 }), 'position_limit_exceeded');
  assert.equal(venue.tryPlace(one, market, { price: 99, size: 1_900 }), 'none');
});

test('a client id names one live order of its account, and is free again when that ends', () => {
  const { venue, market, one, two } = at100();
  const place = (account: number): string => venue.tryPlace(account, market, { price: 90, size: 1, clientId: 'mine' });
  assert.deepEqual([place(one), place(one), place(two)], ['none', 'client_id_in_use', 'none']);
  const cancel = (account: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.cancelByClientId(timeMs, account, 'mine'));
  assert.deepEqual([cancel(one), cancel(one), place(one), cancel(two)], ['none', 'order_unknown', 'none', 'none']);
});

test('an account cancels its own orders only', () => {
  const { venue, market, one, two } = at100();
  const order = venue.order(one, market, { price: 90, size: 1 });
  const cancel = (account: number): string =>
    venue.refusalOf((buffer, timeMs) => buffer.cancelOrder(timeMs, account, order));
  assert.deepEqual([cancel(two), cancel(one), cancel(one)], ['order_unknown', 'none', 'order_unknown']);
});

test('cancel-all ends the orders of a market or of all, newest first, waiting ones too, and keeps those that are paused', () => {
  const { venue, market, one, two } = at100();
  const second = venue.market();
  venue.price(second, 100);
  const here = [90, 91].map((price) => venue.order(one, market, { price, size: 1 }));
  const waiting = venue.order(one, market, { kind: ORDER_KIND.STOP_MARKET, size: 1, trigger: 110 });
  const there = venue.order(one, second, { price: 90, size: 1 });
  const others = venue.order(two, market, { price: 90, size: 1 });
  const cancelAll = (in_: number): number[] =>
    all(
      venue.apply((buffer, timeMs) => buffer.cancelAll(timeMs, one, in_)),
      'orderClosed',
    ).map(({ order }) => order);
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, second, 0, 2));
  assert.deepEqual(cancelAll(0), [waiting, here[1], here[0]]);
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, second, 0, 0));
  assert.deepEqual(cancelAll(market), []);
  assert.deepEqual(cancelAll(second), [there]);
  assert.equal(
    venue.refusalOf((buffer, timeMs) => buffer.cancelOrder(timeMs, two, others)),
    'none',
  );
});

test('each order of a batch is judged alone, and its refusal names its place', () => {
  const { venue, market, one } = at100();
  const batch = (prices: readonly number[]): EventRecord[] =>
    venue.apply((buffer, timeMs) => {
      buffer.placeBatch(timeMs, one, prices.length);
      for (const price of prices) {
        const instruction = INSTRUCTION.POST_ONLY;
        writeOrder(buffer, timeMs, one, market, { price, size: 1, instruction, clientId: `at ${price}` });
      }
      buffer.endBatch(0);
    });
  const events = batch([90, 200, 91, 90]);
  assert.deepEqual(
    all(events, 'orderAccepted').map(({ price }) => price),
    [90, 91],
  );
  assert.deepEqual(
    all(events, 'refused').map(({ refusal, account, item }) => [REFUSALS[refusal], account, item]),
    [
      ['price_outside_band', one, 2],
      ['client_id_in_use', one, 4],
    ],
  );
  // One that is not well formed for its market refuses all.
  const none = batch([92, 0, 93]);
  assert.deepEqual(
    none.map(({ kind }) => kind),
    ['refused'],
  );
  assert.deepEqual([only(none, 'refused').item, REFUSALS[only(none, 'refused').refusal]], [0, 'price_not_positive']);
});

test('fees are rounded against the payer, rebates towards zero; retail traders and the fund have their own', () => {
  const { venue, market, one, two } = at100();
  venue.setRule(RULE.maker_fee, -30);
  const retail = venue.trader(1_000, 1);
  // One lot at 100 is 1 USDC: a taker pays 450e-6, a maker gets 30e-6.
  venue.order(two, market, { sell: true, price: 100, size: 1 });
  const fill = only(venue.place(one, market, { price: 100, size: 1 }), 'filled');
  assert.deepEqual([fill.takerFee, fill.makerFee], [45_000, -3_000]);
  assert.equal(venue.balance(FEE_ACCOUNT), 42_000 / USDC);
  venue.order(two, market, { sell: true, price: 100, size: 1 });
  assert.equal(only(venue.place(retail, market, { price: 100, size: 1 }), 'filled').takerFee, 0);
  venue.order(two, market, { sell: true, price: 100, size: 1 });
  assert.equal(only(venue.place(1, market, { price: 100, size: 1 }), 'filled').takerFee, 0);
});

test('the funding index keeps what its divisions leave', () => {
  const venue = new VenueForTest();
  // 1e-12 × 7 of 1e6 price units is 7e-6 a period: far less than one unit of the index in a second.
  const market = venue.market({ INTEREST_RATE: 7_000_000, CLAMP_RATE: 1e12, fundingPeriodS: 3_600 });
  venue.price(market, 1);
  const at = market * 128;
  const column = (offset: number): number => venue.state.market.f64[at + offset] as number;
  const premium = column(MARKET.FUNDING_PREMIUM);
  assert.equal(premium, 7_000_000);
  for (let second = 1; second <= 3_600; second++) venue.price(market, 1);
  assert.deepEqual([column(MARKET.FUNDING_INDEX), column(MARKET.FUNDING_REMAINDER)], [premium, 0]);
  venue.price(market, 1, 1);
  assert.equal(column(MARKET.FUNDING_INDEX), premium + Math.floor(premium / 3_600_000));
  assert.equal(column(MARKET.FUNDING_REMAINDER), premium % 3_600_000);
});
