/** Takes in what events tell: into the log what a judgement may ask for, into the images what moves them. */
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { takeTick } from './derived-image.ts';
import type { Known } from './known.ts';

const { orderAccepted, orderAmended, orderTriggered, orderClosed, filled, accountDefined, marketDefined } = EVENT;
const ACCEPTED = orderAccepted;
const AMENDED = orderAmended;
const TRIGGERED = orderTriggered;
const CLOSED = orderClosed;
const FILLED = filled;

/** Takes in the events from number `from` on; the state is as they left it. */
export function hearEvents(known: Known, state: State, from: number): void {
  const { log, orders, inputs, image } = known;
  const { values, count } = state.events;
  if (!image.isThere) return log.take(state.events, from);
  const liveOrders = state.order.i32;
  for (let at = from * EVENT_FLOATS; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    switch (values[at]) {
      case ACCEPTED:
        orders.accept(values, at, liveOrders);
        break;
      case CLOSED:
        orders.close(values, at);
        break;
      case FILLED:
        log.keep(values, at, orders.fill(values, at));
        inputs.trade(values[at + 2] as number, values[at + 7] as number, values[at + 14] as number);
        break;
      case AMENDED:
        orders.amend(values, at, inputs);
        break;
      case TRIGGERED:
        orders.trigger(values, at);
        break;
      default:
        hearOther(known, state, values, at);
    }
  }
  image.linkPositions(state);
  inputs.forgetEarly();
  if (!inputs.isTicked) return;
  inputs.isTicked = false;
  takeTick(inputs, state);
}

function hearOther({ log, inputs, image }: Known, state: State, values: Float64Array, at: number): void {
  log.keepIfKept(values, at);
  const kind = values[at];
  if (kind === accountDefined) image.addAccount(state, values[at + 2] as number);
  else if (kind === marketDefined) {
    image.addMarket(state, values[at + 2] as number);
    inputs.addMarket(state, values[at + 2] as number, values[at + 1] as number);
  } else inputs.hear(values, at);
}
