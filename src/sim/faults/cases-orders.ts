/** Cases C49 to C56 of the corruption matrix: orders and the engine. C52 and C54 wait for signatures and clients (`cases.ts`). */
import type { CommandRecord } from '../../chain/command-value.ts';
import { FLAG } from '../../engine/flags.ts';
import { unlinkOrder } from '../../engine/order-list.ts';
import type { State } from '../../engine/state.ts';
import { alter, get, oracles, price, put, quotes, reload, Remembered, rowsOf, scaled } from './cases-writing.ts';
import type { Fault, FaultScene } from './fault.ts';

/** How far a bad mark is off: stops are hit, few accounts are lost. */
const SPIKE = 0.955;
/** Orders wait so many ticks in a queue, and are sent with a time to live of so much. */
const BACKLOG_TICKS = 10;
const LIVES_MS = 20_000;
/** How far a book of long ago is from today's, ppm. */
const FAR_PPM = 30_000;

const ORDERS: ReadonlySet<CommandRecord['kind']> = new Set([
  'placeOrder',
  'placeBatch',
  'amendOrder',
  'cancelOrder',
  'cancelByClientId',
  'cancelAll',
]);

/** Rows of live orders of a market: those that wait for a trigger, or those in the book. */
function ordersOf(state: State, market: number, isUntriggered: boolean): number[] {
  return rowsOf(state, 'order').filter(
    (row) =>
      get(state, 'order', row, 'SIZE') !== 0 &&
      get(state, 'order', row, 'MARKET') === market &&
      ((get(state, 'order', row, 'FLAGS') & FLAG.UNTRIGGERED) !== 0) === isUntriggered,
  );
}

/**
 * Conditional orders are stored apart, by direction: one of the two tables is lost, the other one is read as if it were the first.
 * What was to sell far below sells now.
 */
function restoreOneTable({ state, market }: FaultScene): void {
  for (const row of ordersOf(state, market, true)) {
    if ((get(state, 'order', row, 'FLAGS') & FLAG.TRIGGER_ABOVE) === 0) {
      alter(state, 'order', row, 'FLAGS', (flags) => flags | FLAG.TRIGGER_ABOVE);
      continue;
    }
    unlinkOrder(state, row);
    put(state, 'order', row, 'SIZE', 0);
  }
  reload(state);
}

/** The resting orders of a market lie where they lay long ago, when they were far from a price that has come to them: asks are below it, bids above. */
function oldBook({ state, market }: FaultScene): void {
  const mark = get(state, 'market', market, 'MARK') / get(state, 'market', market, 'TICK_UNITS');
  const away = Math.floor((mark * FAR_PPM) / 1e6);
  for (const row of ordersOf(state, market, false)) {
    const isSell = (get(state, 'order', row, 'FLAGS') & FLAG.SELL) !== 0;
    alter(state, 'order', row, 'PRICE', (ticks) => Math.max(1, isSell ? ticks - away : ticks + away));
  }
  for (const row of rowsOf(state, 'position')) {
    if (get(state, 'position', row, 'MARKET') !== market) continue;
    alter(state, 'position', row, 'HIGHEST_BUY', (ticks) => ticks + away);
    alter(state, 'position', row, 'LOWEST_SELL', (ticks) => ticks - away);
  }
  reload(state);
}

/**
 * The order of a queue depends on the order of a map: where two orders wait at a price, the second one is first. Each of two
 * replays is one of the two worlds.
 */
function swapQueues({ state }: FaultScene): void {
  const swapped = new Set<number>();
  for (const first of rowsOf(state, 'order')) {
    const second = get(state, 'order', first, 'NEXT');
    if (get(state, 'order', first, 'SIZE') === 0 || second === 0) continue;
    if (get(state, 'order', first, 'PREVIOUS') !== 0 || swapped.has(first)) continue;
    const third = get(state, 'order', second, 'NEXT');
    put(state, 'order', second, 'PREVIOUS', 0);
    put(state, 'order', second, 'NEXT', first);
    put(state, 'order', first, 'PREVIOUS', second);
    put(state, 'order', first, 'NEXT', third);
    if (third !== 0) put(state, 'order', third, 'PREVIOUS', first);
    for (const row of [first, second]) swapped.add(row);
  }
  reload(state);
}

const backlog = new Remembered<CommandRecord[]>();

/** Orders pile up before the venue; when it comes back they are all executed, with the stamps of then. */
function release(inputs: readonly CommandRecord[], scene: FaultScene): readonly CommandRecord[] {
  const waiting = backlog.of(scene, () => []);
  if (scene.ticks < BACKLOG_TICKS) {
    waiting.push(...inputs.filter(({ kind }) => ORDERS.has(kind)));
    return inputs.filter(({ kind }) => !ORDERS.has(kind));
  }
  const timeMs = scene.timeMs - 4_900;
  const late = waiting.splice(0).map((record) => withLife({ ...record, timeMs }, record.timeMs as number));
  return [...late, ...inputs];
}

/** An order says until when it is meant, where orders can. */
function withLife(record: CommandRecord, sentMs: number): CommandRecord {
  return 'notAfterMs' in record ? { ...record, notAfterMs: sentMs + LIVES_MS } : record;
}

export const ORDER_CASES: readonly Fault[] = [
  {
    id: 'C49',
    name: 'of the stop-losses and take-profits one table is lost, the other one is read the wrong way round',
    class: 'II',
    harm: ['forced', 'missed', 'money'],
    loaded: restoreOneTable,
  },
  {
    id: 'C50',
    name: 'a bad mark fires stops',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 3,
    inputs: (inputs, scene) => {
      const feed = quotes(
        inputs,
        scene,
        scene.market,
        (prices) => scaled(prices, SPIKE),
        (venue) => venue === 0,
      );
      return oracles(feed, scene, scene.market, (value) => price(value * SPIKE));
    },
  },
  {
    id: 'C51',
    name: 'orders that waited for most of a minute are executed all at once',
    class: 'II',
    harm: ['trade', 'money'],
    lastsTicks: BACKLOG_TICKS + 1,
    inputs: release,
  },
  {
    id: 'C53',
    name: 'resting orders of long ago are in the book again: asks below today’s price, bids above',
    class: 'II',
    harm: ['trade', 'money'],
    loaded: oldBook,
  },
  {
    id: 'C55',
    name: 'the order of a queue depends on the order of a map: a second replay differs',
    class: 'I',
    harmless: { 'thin upgrade': 'no queue of two orders is traded' },
    harm: ['trade', 'money'],
    lastsTicks: 1000,
    memory: swapQueues,
  },
  {
    id: 'C56',
    name: 'the whole open interest was closed in a branch that is never taken: the sum of sizes is left at one lot',
    class: 'I',
    harm: ['stopped'],
    loaded: ({ state, market }) => {
      put(state, 'market', market, 'NET_SIZE', 1);
      reload(state);
    },
  },
];
