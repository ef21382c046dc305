// Each invariant is shown to be seen when it is broken; the random flows in test/ show that none is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditState, conservationResidual } from './audit.ts';
import type { Book } from './book.ts';
import { ORDER_KIND } from './flags.ts';
import { findPosition, INSURANCE_FUND, type State } from './state.ts';
import { ACCOUNT, CLIENT_ID, MARKET, ORDER, POSITION, VENUE } from './tables.ts';
import { USDC, VenueForTest } from './venue.fixture.ts';

interface Sound {
  readonly state: State;
  readonly market: number;
  readonly one: number;
  /** Row of the position of `one`. */
  readonly position: number;
  /** Rows of three bids at one price, first to last, the first with a client id. */
  readonly bids: readonly [number, number, number];
}

/** A venue with a bit of everything: fills, funding, a withdrawal, waiting orders, an ended order, a released client id. */
function soundVenue(): Sound {
  const venue = new VenueForTest();
  const market = venue.market();
  const [one, other] = [venue.trader(10_000), venue.trader(10_000)] as const;
  venue.deposit(INSURANCE_FUND, 100);
  venue.price(market, 100);
  venue.trade(one, other, market, 100, 100);
  const bid = (account: number, clientId = ''): number =>
    venue.order(account, market, { price: 99, size: 5, clientId }) % 2 ** 24;
  const bids = [bid(one, 'first'), bid(other), bid(one)] as const;
  const gone = venue.order(one, market, { price: 98, size: 5, clientId: 'gone' });
  venue.apply((buffer, timeMs) => buffer.cancelOrder(timeMs, one, gone));
  for (const trigger of [90, 90, 110]) venue.order(one, market, { kind: ORDER_KIND.STOP_MARKET, size: 1, trigger });
  venue.order(one, market, { sell: true, price: 101, size: 5, reduceOnly: true });
  for (let tick = 0; tick < 3; tick++) venue.price(market, 101);
  venue.trade(other, one, market, 1, 101);
  venue.apply((buffer, timeMs) => buffer.requestWithdrawal(timeMs, other, 5 * USDC));
  return { state: venue.state, market, one, position: findPosition(venue.state, one, market), bids };
}

test('a sound state has no findings and a residual of 0', () => {
  const { state } = soundVenue();
  assert.deepEqual(auditState(state), []);
  assert.equal(conservationResidual(state), '0');
});

test('a market whose step is stated beyond 2^53 is sound', () => {
  const venue = new VenueForTest();
  venue.market({ TICK_SIZE: 1, SIZE_STEP: 1e16 });
  assert.deepEqual(auditState(venue.state), []);
  venue.state.market.f64[128 + MARKET.SIZE_STEP] = 1e16 / 3;
  assert.deepEqual(
    auditState(venue.state).map(({ column }) => column),
    ['SIZE_STEP'],
  );
});

/** What is broken by hand, and the place that the first finding of that invariant names. */
const BROKEN: readonly [string, string, (sound: Sound) => void][] = [
  ['positions_sum_to_zero', 'market 1 NET_SIZE', ({ state, position }) => bump(state.position.f64, position * 16, 1)],
  ['positions_sum_to_zero', 'market 1 NET_SIZE', ({ state }) => bump(state.market.f64, 128 + MARKET.NET_SIZE, 1)],
  ['open_interest', 'market 1 OPEN_INTEREST', ({ state }) => bump(state.market.f64, 128 + MARKET.OPEN_INTEREST, 1)],
  [
    'funding_settled',
    'market 1 FUNDING_SETTLED_HIGH',
    ({ state, position }) => bump(state.position.f64, position * 16 + POSITION.FUNDING_INDEX, 1),
  ],
  [
    'money_conserved',
    'venue 1 DEPOSITED_HIGH',
    ({ state, one }) => bump(state.account.f64, one * 8 + ACCOUNT.BALANCE_LOW, 1),
  ],
  ['pending', 'account 4 PENDING_HIGH', ({ state }) => bump(state.account.f64, 4 * 8 + ACCOUNT.PENDING_LOW, 1)],
  [
    'position_cost',
    'position 2 COST_HIGH',
    ({ state, position }) => {
      state.position.f64[position * 16 + POSITION.COST_HIGH] = -1;
    },
  ],
  [
    'own_orders',
    'position 2 BUY_SIZE',
    ({ state, position }) => bump(state.position.f64, position * 16 + POSITION.BUY_SIZE, 1),
  ],
  [
    'own_orders',
    'position 2 SELL_SIZE',
    ({ state, position }) => bump(state.position.f64, position * 16 + POSITION.SELL_SIZE, 1),
  ],
  [
    'own_orders',
    'position 2 ORDER_COUNT',
    ({ state, position }) => bump(state.position.i32, position * 32 + POSITION.ORDER_COUNT, 1),
  ],
  [
    'own_orders',
    'position 2 REDUCE_ONLY_COUNT',
    ({ state, position }) => bump(state.position.i32, position * 32 + POSITION.REDUCE_ONLY_COUNT, 1),
  ],
  [
    'own_orders',
    'position 2 HIGHEST_BUY',
    ({ state, position }) => bump(state.position.i32, position * 32 + POSITION.HIGHEST_BUY, -1),
  ],
  [
    'own_orders',
    'position 2 LOWEST_SELL',
    ({ state, position }) => bump(state.position.i32, position * 32 + POSITION.LOWEST_SELL, 1),
  ],
  [
    'own_orders',
    'order 2 PREVIOUS_OWN',
    ({ state, bids }) => bump(state.order.i32, bids[0] * 16 + ORDER.PREVIOUS_OWN, 9),
  ],
  [
    'own_orders',
    'position 0 FIRST_ORDER',
    ({ state, bids }) => {
      state.order.i32[bids[2] * 16 + ORDER.NEXT_OWN] = 0;
    },
  ],
  [
    'own_positions',
    'account 0 FIRST_POSITION',
    ({ state, one }) => {
      state.account.i32[one * 16 + ACCOUNT.FIRST_POSITION] = 0;
    },
  ],
  ['queue', 'order 1 NEXT', ({ state, bids }) => bump(state.order.i32, bids[1] * 16 + ORDER.NEXT, -1)],
  ['queue', 'order 1 NEXT', ({ state, bids }) => bump(state.order.i32, bids[2] * 16 + ORDER.PREVIOUS, -1)],
  ['queue', 'order 1 NEXT', ({ state, bids }) => bump(state.order.i32, bids[2] * 16 + ORDER.PRICE, 1)],
  [
    'order',
    'order 2 REMAINING',
    ({ state, bids }) => {
      state.order.i32[bids[0] * 16 + ORDER.REMAINING] = 0;
    },
  ],
  ['order', 'order 2 CLIENT_ID', ({ state }) => bump(state.clientId.i32, 32 + CLIENT_ID.ORDER, 1)],
  ['derived_index', 'market 1 best bid', ({ state, market }) => bumpBook(state, market)],
  ['derived_index', 'market 1 top of the band', ({ state, market }) => bump(state.index.bands, market * 2 + 1, 1)],
  ['derived_index', 'market 1 FUNDING_INDEX', ({ state, market }) => bump(state.index.fundingIndexes, market, 1)],
  [
    'derived_index',
    'market 1 occupied tick',
    ({ state, market, bids }) => state.index.books[market]?.ladder.occupy(50, bids[0]),
  ],
  [
    'derived_index',
    'market 1 head',
    ({ state, market, bids }) => state.index.books[market]?.ladder.setHead(99, bids[1]),
  ],
  [
    'derived_index',
    'market 1 tail',
    ({ state, market, bids }) => state.index.books[market]?.ladder.setTail(99, bids[1]),
  ],
  [
    'derived_index',
    'market 1 triggers',
    ({ state, market, bids }) => {
      state.order.i32[bids[0] * 16 + ORDER.TRIGGER] = 77;
      state.index.triggers[market]?.insert(state.order, bids[0], true);
      state.order.i32[bids[0] * 16 + ORDER.NEXT] = bids[1];
    },
  ],
  ['crossed_book', 'market 1 PRICE', ({ state }) => cross(state)],
  [
    'unique',
    'position 2 ACCOUNT',
    ({ state }) => {
      state.index.positions.clear();
      state.index.positions.add(state.position, 1);
    },
  ],
  ['unique', 'clientId 1 TEXT', ({ state }) => state.index.clientIds.clear()],
  ['unique', 'accountKey 3 KEY', ({ state }) => state.index.accountKeys.clear()],
  ['exact_integer', 'venue 1 TIME_MS', ({ state }) => put(state.venue.f64, 64 + VENUE.TIME_MS, -0)],
  ['exact_integer', 'venue 1 TIME_MS', ({ state }) => put(state.venue.f64, 64 + VENUE.TIME_MS, Number.NaN)],
  ['exact_integer', 'venue 1 TIME_MS', ({ state }) => put(state.venue.f64, 64 + VENUE.TIME_MS, 0.5)],
  ['exact_integer', 'account 3 BALANCE_LOW', ({ state }) => put(state.account.f64, 24 + ACCOUNT.BALANCE_LOW, 2 ** 50)],
  ['exact_integer', 'account 3 BALANCE_LOW', ({ state }) => put(state.account.f64, 24 + ACCOUNT.BALANCE_LOW, -1)],
  ['exact_integer', 'order 0 PRICE', ({ state }) => put(state.order.i32, ORDER.PRICE, 1)],
  ['free_list', 'order 0 free', (sound) => withFree(sound.state, 0)],
  ['free_list', 'order 1 SIZE', (sound) => withFree(sound.state, 1)],
  ['free_list', 'order 99 free', (sound) => withFree(sound.state, 99)],
  [
    'free_list',
    'order 0 live',
    ({ state }) => {
      state.order.live++;
    },
  ],
];

function bump(values: { [at: number]: number }, at: number, by: number): void {
  values[at] = (values[at] as number) + by;
}

function put(values: { [at: number]: number }, at: number, value: number): void {
  values[at] = value;
}

function bumpBook(state: State, market: number): void {
  (state.index.books[market] as Book).bestBid--;
}

function withFree(state: State, row: number): void {
  state.order.free = row;
}

/** Moves the only ask below the bids, consistently. */
function cross(state: State): void {
  for (let row = 1; row < state.order.rows; row++) {
    const at = row * 16;
    if (state.order.i32[at + ORDER.PRICE] !== 101 || state.order.i32[at + ORDER.SIZE] === 0) continue;
    state.order.i32[at + ORDER.PRICE] = 98;
    state.position.i32[(state.order.i32[at + ORDER.POSITION] as number) * 32 + POSITION.LOWEST_SELL] = 98;
  }
  state.index.restore(state);
}

for (const [invariant, place, breakIt] of BROKEN) {
  test(`seen when broken: ${invariant} (${place})`, () => {
    const sound = soundVenue();
    breakIt(sound);
    const found = auditState(sound.state).filter((finding) => finding.invariant === invariant);
    const places = found.map(({ table, row, column }) => `${table} ${row} ${column}`);
    assert.ok(places.includes(place), `${JSON.stringify(auditState(sound.state))}`);
  });
}

test('a free list that runs in a circle is seen, and the audit ends', () => {
  const { state } = soundVenue();
  const free = state.order.free;
  assert.notEqual(free, 0);
  state.order.i32[free * 16] = free;
  assert.ok(auditState(state).some(({ invariant, row }) => invariant === 'free_list' && row === free));
});

test('the residual is exact beyond what floats hold', () => {
  const { state } = soundVenue();
  bump(state.account.f64, 24 + ACCOUNT.BALANCE_HIGH, 2 ** 20);
  bump(state.account.f64, 24 + ACCOUNT.BALANCE_LOW, 1);
  assert.equal(conservationResidual(state), (2n ** 70n + 1n).toString());
  bump(state.account.f64, 24 + ACCOUNT.BALANCE_HIGH, -(2 ** 21));
  assert.equal(conservationResidual(state), (1n - 2n ** 70n).toString());
});
