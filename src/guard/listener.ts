/** Takes in what events tell: into the log what a judgement may ask for, into the images what moves them. */
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { takeTick } from './derived-image.ts';
import { isProposal } from './forced-command.ts';
import type { Known } from './known.ts';

const { orderAccepted, orderAmended, orderTriggered, orderClosed, filled, accountDefined, marketDefined } = EVENT;
const ACCEPTED = orderAccepted;
const AMENDED = orderAmended;
const TRIGGERED = orderTriggered;
const CLOSED = orderClosed;
const FILLED = filled;

/** Floats of the events whose orders are read ahead together. */
const AHEAD = 32 * EVENT_FLOATS;
const ROWS = 2 ** 24;
const ROWS_INVERSE = 2 ** -24;
/** What was read ahead: stored, so that the reading is not optimised away. */
const ahead = { sum: 0 };
/** Reads the image's rows that fills lead to, so that the machine fetches them side by side. */
function readAhead({ orders: { i32 }, image }: Known, values: Float64Array, from: number, to: number): number {
  const positions = image.position.f64;
  const accounts = image.account.f64;
  let sum = 0;
  for (let at = from; at < to; at += EVENT_FLOATS) {
    if (values[at] !== FILLED) continue;
    const order = values[at + 3] as number;
    const rows = values[at + 15] as number;
    const maker = Math.floor(rows * ROWS_INVERSE);
    sum += i32[(order - Math.floor(order * ROWS_INVERSE) * ROWS) * 8] as number;
    sum += (positions[maker * 8] as number) + (positions[(rows - maker * ROWS) * 8] as number);
    sum += (accounts[(values[at + 5] as number) * 8] as number) + (accounts[(values[at + 6] as number) * 8] as number);
  }
  return sum;
}

/**
 * Takes in the events from number `from` on; the state is as they left it. `isPart`: more follow before the tick that was read, so
 * what a tick and the end of a run of commands bring waits.
 */
export function hearEvents(known: Known, state: State, from: number, isPart: boolean): void {
  const { values, count } = state.events;
  if (!known.image.isThere) return hearBefore(known, values, from, count);
  known.image.linkPositions(state);
  hearRun(known, state, values, from, count);
  if (!isPart) endRun(known, state);
}

/** What a tick and the end of a run bring. */
export function endRun({ inputs }: Known, state: State): void {
  inputs.forgetEarly();
  if (!inputs.isTicked) return;
  inputs.isTicked = false;
  takeTick(inputs, state);
}

/** Takes in events `from` up to `to`, whose positions are linked. Without a state they must be plain (`plainTo`). */
export function hearRun(known: Known, state: State | undefined, values: Float64Array, from: number, to: number): void {
  const { log, orders, inputs, advance } = known;
  for (let at = from * EVENT_FLOATS, read = at; at < to * EVENT_FLOATS; at += EVENT_FLOATS) {
    if (at === read) {
      read = Math.min(at + AHEAD, to * EVENT_FLOATS);
      ahead.sum = readAhead(known, values, at, read);
    }
    const kind = values[at] as number;
    switch (kind) {
      case ACCEPTED:
        orders.accept(values, at);
        break;
      case CLOSED:
        orders.close(values, at);
        break;
      case FILLED:
        orders.fill(values, at);
        log.keep(values, at);
        advance.takeFill(values, at);
        inputs.trade(values[at + 2] as number, values[at + 7] as number, values[at + 14] as number);
        break;
      case AMENDED:
        orders.amend(values, at, inputs);
        break;
      case TRIGGERED:
        orders.trigger(values, at);
        break;
      default:
        log.keepIfKept(values, at);
        advance.take(values, at);
        if (PLAIN[kind] !== 1) hearOther(known, state as State, values, at);
    }
  }
}

/** Kinds that the log, the order image and the image of accounts and positions alone take in: what traders do at rate. */
const PLAIN = new Uint8Array(64);
for (const kind of [ACCEPTED, CLOSED, FILLED, AMENDED, TRIGGERED]) PLAIN[kind] = 1;
for (const kind of [EVENT.refused, EVENT.fundingSettled, EVENT.leverageSet, EVENT.transferred]) PLAIN[kind] = 1;

/** Number of the first event from `from` up to `to` that is not plain; `to` when all are. */
export function plainTo(values: Float64Array, from: number, to: number): number {
  for (let event = from; event < to; event++) if (PLAIN[values[event * EVENT_FLOATS] as number] !== 1) return event;
  return to;
}

/** Before the first block there is nothing to move. */
function hearBefore(known: Known, values: Float64Array, from: number, to: number): void {
  for (let event = from; event < to; event++) {
    known.log.keepIfKept(values, event * EVENT_FLOATS);
    if (isProposal(values[event * EVENT_FLOATS] as number)) known.addProposed(event);
  }
}

/** Kinds that `InputImage.hear` takes in. */
const MOVES_INPUTS = new Uint8Array(64);
for (const kind of [
  EVENT.ruleSet,
  EVENT.parameterSet,
  EVENT.statusSet,
  EVENT.deposited,
  EVENT.withdrawalRequested,
  EVENT.withdrawalSettled,
  EVENT.lossFactorSet,
  EVENT.withdrawalCarried,
  EVENT.refundReserved,
  EVENT.refundPosted,
  EVENT.refundVoided,
]) {
  MOVES_INPUTS[kind] = 1;
}

/** Kinds that `RemedyImage.hear` takes in: the last ones. */
const FIRST_OF_REMEDY = EVENT.withdrawalCarried;

function hearOther(known: Known, state: State, values: Float64Array, at: number): void {
  const { inputs, image, remedy } = known;
  const kind = values[at];
  if (isProposal(kind as number)) known.addProposed(at / EVENT_FLOATS);
  if (kind === accountDefined) image.addAccount(state, values[at + 2] as number);
  else if (kind === marketDefined) {
    image.addMarket(state, values[at + 2] as number);
    inputs.addMarket(state, values[at + 2] as number, values[at + 1] as number);
    known.advance.addMarket(values[at + 2] as number);
  } else if (MOVES_INPUTS[kind as number] === 1) inputs.hear(values, at);
  if ((kind as number) >= FIRST_OF_REMEDY) remedy.hear(state, values, at);
}
