/** What the next rung of a market rests on, from what the guard knows and from its book. */
import type { Book } from '../engine/book.ts';
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { TICK_LIMIT } from '../engine/ladder.ts';
import { isKnown, MARKET_KNOWN } from '../engine/market.ts';
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { MARKET, ORDER, VENUE } from '../engine/tables.ts';
import { ceilOf, floorOf, largest, sizeOf, Unreadable, whole } from './exact.ts';
import { componentName } from './finding.ts';
import type { Guard } from './guard.ts';
import type { Known } from './known.ts';
import { cellOf } from './validity.ts';
import { type DepthFacts, leastTimeRule, type PriceFacts, type ReopeningFacts, type Standing } from './reopening.ts';

const MILLION = 1_000_000n;
const IMPACT_NOTIONAL = MARKET_PARAMETERS.indexOf('IMPACT_NOTIONAL');
const INITIAL_MARGIN = MARKET_PARAMETERS.indexOf('INITIAL_MARGIN');
const MAINTENANCE_FACTOR = MARKET_PARAMETERS.indexOf('MAINTENANCE_FACTOR');
/** The part of a maintenance margin that a wrong mark may take: one in so many. */
const MARGIN_SHARE = 10n;
const MAXIMUM_SPREAD = MARKET_PARAMETERS.indexOf('MAXIMUM_SPREAD');

/** What was learned since the last step: newest clean audit, what an audit found, what was vetoed, what is not ready (empty: nothing). */
export interface Learned {
  readonly unready: string;
  readonly auditedSequence: number | undefined;
  readonly auditFinding: string;
  readonly veto: string;
}

/** The facts of a market at the tick that was just applied and heard. */
export function reopeningFacts(
  guard: Guard,
  state: State,
  market: number,
  standing: Standing,
  { unready, auditedSequence, auditFinding, veto }: Learned,
): ReopeningFacts {
  const { known } = guard;
  const { rung } = standing;
  const { f64, i32 } = state.venue;
  const timeMs = f64[64 + VENUE.TIME_MS] as number;
  const held = guard.quarantine.ofMarket(market);
  const finding = held === undefined ? auditFinding : `${componentName(held.component)}: ${held.check.name}`;
  return {
    timeMs,
    sequence: f64[64 + VENUE.SEQUENCE] as number,
    gapMs: readable(
      () => Number(known.rule(RULE.funding_gap)),
      () => 0,
    ),
    leastMs:
      rung === 'maintenance'
        ? 0
        : readable(
            () => Number(known.rule(leastTimeRule(rung))),
            () => Infinity,
          ),
    venueStatus: i32[128 + VENUE.STATUS] as number,
    unready,
    auditedSequence,
    finding,
    veto,
    price: readable(
      () => priceFacts(guard, state, market, timeMs),
      (found) => ({ isValid: false, found, apart: 1n, allowed: 0n }),
    ),
    depth: readable(
      () => depthFacts(known, state, market),
      () => ({ bids: 0n, asks: 0n, needed: 1n, isCrossed: true }),
    ),
  };
}

/** How long withdrawals stay paused after a rollback, and the longest pause between ticks that counts; milliseconds. */
export function soakTimes({ known }: Guard): { readonly gapMs: number; readonly soakMs: number } {
  return {
    gapMs: readable(
      () => Number(known.rule(RULE.funding_gap)),
      () => 0,
    ),
    soakMs: readable(
      () => Number(known.rule(RULE.reopen_soak)),
      () => Infinity,
    ),
  };
}

/** A value of the guard's; what is said instead where a number that it needs is none: nothing is climbed on it. */
function readable<T>(read: () => T, instead: (message: string) => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) return instead(error.message);
    throw error;
  }
}

/**
 * A price to reopen on: one that the table of validity allows it at, a mark of this very tick, and an external fair price. A mark
 * that the own book has pulled away from it by more than the band of restricted modes and by more than a tenth of the maintenance
 * margin is no mark to force anyone at; both rounded down.
 */
function priceFacts({ known, prices }: Guard, state: State, market: number, timeMs: number): PriceFacts {
  const { validity } = prices.view(state, market, timeMs);
  const mark = known.derived(market, 'MARK');
  const fair = known.derived(market, 'EXTERNAL_FAIR');
  const band = floorOf(fair * known.rule(RULE.restricted_band), MILLION);
  const maintenance = known.parameter(market, INITIAL_MARGIN) * known.parameter(market, MAINTENANCE_FACTOR);
  const share = floorOf(fair * maintenance, MILLION * MILLION * MARGIN_SHARE);
  const distance = { apart: sizeOf(mark - fair), allowed: largest(band, share) };
  const bad = (found: string): PriceFacts => ({ isValid: false, found, ...distance });
  if (cellOf(validity, 'reopen') !== 'allow') return bad(validity);
  if (!isMarkedNow(known, state, market)) return bad('no mark of this tick');
  if (fair <= 0n || !isKnown(state, market, MARKET_KNOWN.EXTERNAL_BASIS)) return bad('no external fair price');
  return { isValid: true, found: validity, ...distance };
}

/** True when the last tick gave the market its mark: it is younger than every tick without a spot. */
function isMarkedNow(known: Known, state: State, market: number): boolean {
  if (known.log.markBefore(market, known.log.count) < 0) return false;
  const { f64 } = state.market;
  return f64[market * 128 + MARKET.MARK_MS] === f64[market * 128 + MARKET.TICK_MS];
}

/**
 * Notional on each side within half the maximum spread of the external fair price: orders there make the market liquid in the
 * sense of its mark price. Counted no further than needed: `reopen_depth` × impact notional, rounded down.
 */
function depthFacts(known: Known, state: State, market: number): DepthFacts {
  const needed = floorOf(known.rule(RULE.reopen_depth) * known.parameter(market, IMPACT_NOTIONAL), MILLION);
  const { ladder, bestBid, bestAsk } = state.index.books[market] as Book;
  const isCrossed = bestBid >= bestAsk;
  const fair = known.derived(market, 'EXTERNAL_FAIR');
  const units = whole(known.image.market.f64[market * 128 + MARKET.TICK_UNITS]);
  if (fair <= 0n || units <= 0n) return { bids: 0n, asks: 0n, needed, isCrossed };
  const width = floorOf(fair * known.parameter(market, MAXIMUM_SPREAD), 2n * MILLION);
  // What stands on the wrong side of the fair price by more than that is no depth: it is what skews a thin book.
  const lowest = Math.min(TICK_LIMIT - 1, Number(ceilOf(fair - width, units)));
  const highest = Number(floorOf(fair + width, units));
  let bids = 0n;
  let tick = ladder.below(Math.min(bestBid, highest));
  for (; tick > 0 && bids < needed && tick >= lowest; tick = ladder.below(tick - 1)) {
    bids += levelNotional(state, ladder.head(tick), whole(tick) * units);
  }
  let asks = 0n;
  tick = bestAsk === TICK_LIMIT ? TICK_LIMIT : ladder.above(Math.max(bestAsk, lowest));
  for (; tick < TICK_LIMIT && asks < needed && tick <= highest; tick = ladder.above(tick + 1)) {
    asks += levelNotional(state, ladder.head(tick), whole(tick) * units);
  }
  return { bids, asks, needed, isCrossed };
}

/** Notional of a queue of orders at one price, 1e-8 USDC. */
function levelNotional(state: State, first: number, price: bigint): bigint {
  const { i32 } = state.order;
  let lots = 0n;
  for (let row = first; row !== 0; row = i32[row * 16 + ORDER.NEXT] as number) {
    lots += whole(i32[row * 16 + ORDER.REMAINING]);
  }
  return lots * price;
}
