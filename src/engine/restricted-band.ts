/** The ±5 bps band of restricted modes, on resting orders. Source: Paradex, "Maintenance mode" (2026-02). */
import type { Book } from './book.ts';
import { EVENT } from './event.ts';
import { FLAG } from './flags.ts';
import { InvariantBroken } from './invariant-broken.ts';
import { TICK_LIMIT } from './ladder.ts';
import { isKnown, MARKET_KNOWN, restrictedEdge, statusOf } from './market.ts';
import { orderId } from './order-id.ts';
import { CLOSE } from './refusal.ts';
import { RULE } from './rules.ts';
import type { State } from './state.ts';
import { STATUS } from './status.ts';
import { MARKET, ORDER } from './tables.ts';

const { NEXT, ACCOUNT, PRICE, FLAGS } = ORDER;
const { SELL, UNTRIGGERED } = FLAG;

function isBanded(state: State, market: number): boolean {
  const status = statusOf(state, market);
  if (status !== STATUS.POST_ONLY && status !== STATUS.CANCEL_ONLY) return false;
  return isKnown(state, market, MARKET_KNOWN.EXTERNAL_BASIS);
}

/** Whether a live order rests outside the band of a market in a restricted mode. */
export function isOutsideBand(state: State, row: number): boolean {
  const orders = state.order.i32;
  const at = row * 16;
  const market = orders[at + ORDER.MARKET] as number;
  const flags = orders[at + FLAGS] as number;
  if ((flags & UNTRIGGERED) !== 0 || !isBanded(state, market)) return false;
  const sell = flags & SELL;
  const edge = restrictedEdge(state, market, sell, state.rule.f64[64 + RULE.restricted_band] as number);
  const value = (orders[at + PRICE] as number) * (state.market.f64[market * 128 + MARKET.TICK_UNITS] as number);
  return sell === 0 ? value > edge : value < edge;
}

/** Proposes to cancel every resting order outside the band, most aggressive first. */
export function proposeBandCancels(state: State, market: number): void {
  if (!isBanded(state, market)) return;
  const { ladder, bestBid, bestAsk } = state.index.books[market] as Book;
  for (let tick = bestBid; tick > 0 && proposeLevel(state, market, ladder.head(tick)); ) tick = ladder.below(tick - 1);
  for (let tick = bestAsk; tick < TICK_LIMIT && proposeLevel(state, market, ladder.head(tick)); ) {
    tick = ladder.above(tick + 1);
  }
}

/** Proposes a whole level; false when it is inside the band, and with it all behind it. Throws when its queue has no end. */
function proposeLevel(state: State, market: number, first: number): boolean {
  if (!isOutsideBand(state, first)) return false;
  const orders = state.order.i32;
  let left = state.order.rows;
  for (let row = first; row !== 0; row = orders[row * 16 + NEXT] as number) {
    // Without this a link that leads back would be proposed until there is no memory left.
    if (left-- === 0) throw new InvariantBroken('queue_ends', `market ${market}: the queue of order row ${first}`);
    const account = orders[row * 16 + ACCOUNT] as number;
    state.events.emit(EVENT.cancelDue, orderId(state, row), account, market, CLOSE.PRICE_OUTSIDE_BANDS);
  }
  return true;
}
