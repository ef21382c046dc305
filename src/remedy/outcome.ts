/** What came of a command: read from the events that it caused, compared between worlds. */
import { COMMAND } from '../engine/command.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';

/** A run of events in a buffer, the last excluded: those of one command. */
export interface EventRun {
  readonly values: Float64Array;
  readonly from: number;
  readonly to: number;
}

/** What came of an order command: why it was refused, how many lots it traded and for what (lots × ticks), what it changed or ended. */
interface Outcome {
  refusal: number;
  lots: number;
  value: number;
  amended: number;
  ended: number;
  /** The market that its events name first; 0 where none does. */
  market: number;
}

const CANCELS: ReadonlySet<number> = new Set([COMMAND.cancelOrder, COMMAND.cancelByClientId, COMMAND.cancelAll]);
const OF_ORDERS: ReadonlySet<number> = new Set([
  COMMAND.placeOrder,
  COMMAND.placeBatch,
  COMMAND.amendOrder,
  ...CANCELS,
]);

/** True for commands that ask something of a book. */
export function isOfOrders(kind: number): boolean {
  return OF_ORDERS.has(kind);
}

/** Slot of the market in the events that an outcome is made of; 0 for all others. */
const MARKET_AT = new Uint8Array(256);
MARKET_AT[EVENT.refused] = 5;
MARKET_AT[EVENT.filled] = 2;
MARKET_AT[EVENT.orderAccepted] = 4;
MARKET_AT[EVENT.orderAmended] = 4;
MARKET_AT[EVENT.orderClosed] = 4;

const here: Outcome = { refusal: 0, lots: 0, value: 0, amended: 0, ended: 0, market: 0 };
const there: Outcome = { refusal: 0, lots: 0, value: 0, amended: 0, ended: 0, market: 0 };

function read(kind: number, { values, from, to }: EventRun, outcome: Outcome): void {
  outcome.refusal = outcome.lots = outcome.value = outcome.amended = outcome.ended = outcome.market = 0;
  for (let at = from * EVENT_FLOATS; at < to * EVENT_FLOATS; at += EVENT_FLOATS) {
    const event = values[at] as number;
    const place = MARKET_AT[event] as number;
    if (place === 0) continue;
    if (outcome.market === 0) outcome.market = values[at + place] as number;
    if (event === EVENT.refused) outcome.refusal = outcome.refusal * 1024 + (values[at + 3] as number);
    else if (event === EVENT.orderAmended) outcome.amended++;
    else if (event === EVENT.filled) {
      outcome.lots += values[at + 8] as number;
      outcome.value += (values[at + 7] as number) * (values[at + 8] as number);
    } else if (event === EVENT.orderClosed && CANCELS.has(kind)) outcome.ended += 1 + (values[at + 6] as number);
  }
}

/** A command in both worlds: the market it was about (0: none), whether the same came of it, and what it traded in each, lots. */
export interface Compared {
  market: number;
  isSame: boolean;
  lots: number;
  otherLots: number;
}

const compared: Compared = { market: 0, isSame: true, lots: 0, otherLots: 0 };

/** Compares what came of an order command in two worlds. What it returns is valid until the next call. */
export function compareOutcomes(kind: number, actual: EventRun, other: EventRun): Readonly<Compared> {
  read(kind, actual, here);
  read(kind, other, there);
  compared.market = here.market === 0 ? there.market : here.market;
  compared.lots = here.lots;
  compared.otherLots = there.lots;
  compared.isSame =
    here.refusal === there.refusal &&
    here.lots === there.lots &&
    here.value === there.value &&
    here.amended === there.amended &&
    here.ended === there.ended;
  return compared;
}
