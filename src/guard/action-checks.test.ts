// What an engine that has gone wrong may propose: each fact of a forced action that does not hold is found by its own name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT, type EventBuffer } from '../engine/event.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { computeMargin, Margin } from '../engine/margin.ts';
import { CLOSE } from '../engine/refusal.ts';
import { findPosition } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { ACCOUNT, POSITION } from '../engine/tables.ts';
import { all } from '../engine/venue.fixture.ts';
import { type ScreenedScene, screenedScene } from './screened-venue.fixture.ts';

const [PRICE, UNITS] = [10_000, 1e6];
const MARK = PRICE * UNITS;

/** The scene with a stop of the short above the price and a bid of the long below it. */
interface Ordered extends ScreenedScene {
  readonly stop: number;
  readonly bid: number;
}

function ordered(): Ordered {
  const at = screenedScene();
  const { venue, market, long, short } = at;
  const stopFlags = orderFlags(SIDE.BUY, ORDER_KIND.STOP_MARKET, INSTRUCTION.IOC, true);
  const [stop] = all(
    venue.apply((buffer, timeMs) => buffer.placeOrder(timeMs, short, market, 0, 30, stopFlags, 10_400)),
    'orderAccepted',
  );
  const bid = venue.order(long, market, { price: 9_990, size: 1 });
  return { ...at, stop: stop?.order ?? assert.fail('no stop'), bid };
}

/** Proposes to liquidate an account by a share, its margin as the engine computes it and `more` on top. */
function liquidation(account: number, share: number, more = { equity: 0, maintenance: 0 }) {
  return (events: EventBuffer, { venue }: Ordered): void => {
    const margin = new Margin();
    computeMargin(venue.state, account, margin);
    const { equity, maintenance } = margin;
    const [equityLow, maintenanceLow] = [equity.low + more.equity, maintenance.low + more.maintenance];
    events.emit(EVENT.liquidationDue, account, share, equity.high, equityLow, maintenance.high, maintenanceLow);
  };
}

type Propose = (events: EventBuffer, at: Ordered) => void;

const trigger =
  (of: (at: Ordered) => readonly [order: number, account: number, market: number, mark: number]): Propose =>
  (events, at) =>
    events.emit(EVENT.triggerDue, ...of(at));

const cancel =
  (of: (at: Ordered) => readonly [order: number, account: number, market: number, reason: number]): Propose =>
  (events, at) =>
    events.emit(EVENT.cancelDue, ...of(at));

const settlement =
  (of: (at: Ordered) => readonly [account: number, market: number, size: number, mark: number]): Propose =>
  (events, at) =>
    events.emit(EVENT.settlementDue, ...of(at));

/** Corrupts the long's row in place of an honest proposal. */
const corrupted =
  (corrupt: (at: Ordered) => void): Propose =>
  (events, at) => {
    liquidation(at.long, 1_000_000)(events, at);
    corrupt(at);
  };

/** The checks that held something; what else rests on the account waits with it. */
function heldBy({ venue }: ScreenedScene): (string | undefined)[] {
  const held = venue.verdicts.filter(({ kind, check }) => kind === 'hold' && check?.name !== 'quarantine');
  return held.map(({ check }) => check?.name);
}

const LONG = (at: Ordered): number => at.long;

for (const [check, says, propose, price = PRICE] of [
  ['equity', 'another equity', (e, at) => liquidation(LONG(at), 1e6, { equity: 1, maintenance: 0 })(e, at)],
  ['maintenance_margin', 'another margin', (e, at) => liquidation(LONG(at), 1e6, { equity: 0, maintenance: 1 })(e, at)],
  ['unhealthy', 'a healthy account, every number of it right', (e, at) => liquidation(LONG(at), 1e6)(e, at)],
  ['liquidation_share', 'more than the account needs', (e, at) => liquidation(LONG(at), 1e6)(e, at), 8_790],
  ['holds_position', 'an account that holds nothing', (e, at) => liquidation(at.venue.trader(0), 1e6)(e, at)],
  [
    'trigger_reached',
    'a trigger that no mark reached',
    trigger(({ stop, short, market }) => [stop, short, market, MARK]),
  ],
  ['mark', 'a trigger at another mark', trigger(({ stop, short, market }) => [stop, short, market, MARK * 1.05])],
  ['order_owner', 'a trigger of someone else', trigger(({ stop, long, market }) => [stop, long, market, MARK])],
  ['order_market', 'a trigger of another market', trigger(({ stop, short, other }) => [stop, short, other, MARK])],
  ['order_owner', 'an order that never was', trigger(({ short, market }) => [2 ** 40, short, market, MARK])],
  ['waits_for_trigger', 'an order that waits for none', trigger(({ bid, long, market }) => [bid, long, market, MARK])],
  [
    'below_initial_margin',
    'a cancel for margin that is there',
    cancel(({ bid, long, market }) => [bid, long, market, CLOSE.DELEVERAGE]),
  ],
  [
    'not_liquidatable',
    'a cancel where a liquidation is due',
    cancel(({ bid, long, market }) => [bid, long, market, CLOSE.DELEVERAGE]),
    8_790,
  ],
  [
    'restricted_mode',
    'a cancel for a band that is not in force',
    cancel(({ bid, long, market }) => [bid, long, market, CLOSE.PRICE_OUTSIDE_BANDS]),
  ],
  [
    'cancel_reason',
    'a cancel for no reason of the guard',
    cancel(({ bid, long, market }) => [bid, long, market, CLOSE.IN_SETTLEMENT]),
  ],
  ['delisted', 'a settlement of a market that goes on', settlement(({ long, market }) => [long, market, 100, MARK])],
  [
    'account_class',
    'an account of another fee class',
    corrupted(({ venue, long }) =>
      venue.state.account.i32.fill(1, long * 16 + ACCOUNT.FEE_CLASS, long * 16 + ACCOUNT.FEE_CLASS + 1),
    ),
  ],
  [
    'position_leverage',
    'an account with another leverage',
    corrupted(({ venue, long, market }) =>
      venue.state.position.i32.fill(
        9,
        findPosition(venue.state, long, market) * 32 + POSITION.INITIAL_MARGIN,
        findPosition(venue.state, long, market) * 32 + POSITION.INITIAL_MARGIN + 1,
      ),
    ),
  ],
  [
    'position_list',
    'an account whose list runs in a circle',
    corrupted(({ venue, long, market }) => {
      const row = findPosition(venue.state, long, market);
      venue.state.position.i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] = row;
    }),
  ],
] as readonly (readonly [check: string, says: string, propose: Propose, price?: number])[]) {
  test(`${says}: held for ${check}`, () => {
    const at = ordered();
    const { venue, market, other } = at;
    venue.verdicts.length = 0;
    venue.propose = (events) => propose(events, at);
    venue.say(
      new Map([
        [market, [price, price, price, price]],
        [other, [3_000, 3_000, 3_000, 3_000]],
      ]),
    );
    const held = heldBy(at);
    assert.deepEqual(held, [check]);
  });
}

test('an order inside the band of a restricted mode is not cancelled for being outside', () => {
  const at = ordered();
  const { venue, market, short } = at;
  const near = venue.order(short, market, { sell: true, price: 10_001, size: 1 });
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.POST_ONLY, 0));
  venue.verdicts.length = 0;
  venue.propose = (events) => events.emit(EVENT.cancelDue, near, short, market, CLOSE.PRICE_OUTSIDE_BANDS);
  venue.say(new Map([[market, [PRICE, PRICE, PRICE, PRICE]]]));
  const told = venue.verdicts.map(({ kind, account, check }) => [kind, account, check?.name]);
  assert.deepEqual(told, [['hold', short, 'outside_band']]);
});

test('a settlement of another size than is held, or at another mark, is held', () => {
  for (const [size, mark, check] of [
    [99, MARK, 'settled_size'],
    [100, MARK + 1, 'mark'],
  ] as const) {
    const at = ordered();
    const { venue, market, long } = at;
    venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.SETTLEMENT, 0));
    venue.verdicts.length = 0;
    venue.propose = (events) => events.emit(EVENT.settlementDue, long, market, size, mark);
    venue.say(new Map([[market, [PRICE, PRICE, PRICE, PRICE]]]));
    const held = heldBy(at);
    assert.deepEqual(held, [check]);
  }
});
