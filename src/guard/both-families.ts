/**
 * Would it be forced at either family's price? A mark is made of the spot oracles and of smoothed bases to their spot; where the
 * venues' indexes say, or have said as long as bases remember, another spot, the mark may be off by as much. A forced action must be
 * due at whatever the mark may be then. Families may be apart by far less than what disputes a price, and still by more than an
 * account has left. And a mark that is far from what the venues mark rests on this venue alone (its own book may lag behind a gap):
 * what is forced at it must be due at their mark too.
 */
import { QUOTE_KNOWN } from '../engine/command.ts';
import { FLAG } from '../engine/flags.ts';
import { CLOSE } from '../engine/refusal.ts';
import { RULE } from '../engine/rules.ts';
import { MARKET, QUOTE, VENUE_LIMIT } from '../engine/tables.ts';
import type { JudgedAccount } from './account-checks.ts';
import { ceilOf, floorOf, middleOf, sizeOf, whole } from './exact.ts';
import type { FamilyGaps } from './family-gaps.ts';
import type { Known } from './known.ts';
import { equityOf, initialOf, maintenanceOf } from './live-account.ts';
import { KNOWN_ORDER } from './order-lists.ts';
import type { Checks, ForcedAction } from './verdict.ts';

const MILLION = 1_000_000n;

/** Notes whether the action is due at all that the marks may be. A settlement and a band rest on no account's equity. */
export function checkBothFamilies(
  known: Known,
  judged: JudgedAccount,
  action: ForcedAction,
  gaps: FamilyGaps,
  timeMs: number,
  checks: Checks,
): void {
  if (action.kind === 'settlePosition') return;
  if (action.kind === 'forceCancel' && action.reason !== CLOSE.DELEVERAGE) {
    return checkBand(known, action.order, action.market, gaps, checks);
  }
  const markets = action.kind === 'fireTrigger' ? [action.market] : judged.markets;
  const due = (name: string, about: string, mark: MarkOf): void => {
    if (action.kind === 'fireTrigger') checkTrigger(known, action.order, action.market, mark, name, checks);
    else checkEquity(known, judged, action, mark, name, about, checks);
  };
  for (const market of markets) {
    const venues = farVenueMark(known, market, timeMs);
    if (venues === undefined) continue;
    const mark: MarkOf = (of) => (of === market ? venues : known.derived(of, 'MARK'));
    due('price_venue_marks', `market ${market}`, mark);
  }
  if (markets.every((market) => gaps.doubtPpm(market) === 0n)) return;
  due('price_both_families', '', (market, isUp) => markAtWorst(known, market, isUp, gaps));
}

/** The mark of a market to judge by; `isUp`: the action is due when it is low, so the most that it may be is asked for. */
type MarkOf = (market: number, isUp: boolean) => bigint;

/** The least or the most that a mark may be. */
function markAtWorst(known: Known, market: number, isUp: boolean, gaps: FamilyGaps): bigint {
  const mark = known.derived(market, 'MARK');
  const most = MILLION + gaps.doubtPpm(market);
  return isUp ? ceilOf(mark * most, MILLION) : floorOf(mark * MILLION, most);
}

/** Longs at the most, shorts at the least that their marks may be. */
function checkEquity(
  known: Known,
  judged: JudgedAccount,
  action: ForcedAction,
  markOf: MarkOf,
  name: string,
  about: string,
  checks: Checks,
): void {
  const { live } = judged;
  const marks = new Map(live.positions.map(({ market, size }) => [market, markOf(market, size > 0n)] as const));
  const mark = (market: number): bigint => marks.get(market) ?? known.derived(market, 'MARK');
  const equity = equityOf(known, live, mark);
  const needed = action.kind === 'liquidate' ? maintenanceOf(known, live, mark) : initialOf(known, live, mark);
  const isDue = equity < needed || equity <= 0n;
  checks.note('II', name, about, isDue, `equity ${equity}`, `below ${needed}`);
}

function checkTrigger(known: Known, order: number, market: number, markOf: MarkOf, name: string, checks: Checks): void {
  const row = known.orders.rowOf(order);
  if (row === 0) return;
  const { i32 } = known.orders;
  const units = whole(known.image.market.f64[market * 128 + MARKET.TICK_UNITS]);
  const trigger = whole(i32[row * 8 + KNOWN_ORDER.TRIGGER]) * units;
  const isAbove = ((i32[row * 8 + KNOWN_ORDER.FLAGS] as number) & FLAG.TRIGGER_ABOVE) !== 0;
  const mark = markOf(market, !isAbove);
  const isReached = isAbove ? mark >= trigger : mark <= trigger;
  checks.note('II', name, `order ${order} market ${market}`, isReached, mark, trigger);
}

/** The middle of what venues mark, where the mark is further from it than families of prices may be from each other. */
function farVenueMark(known: Known, market: number, timeMs: number): bigint | undefined {
  const { quote, market: markets } = known.inputs;
  const venues = markets.i32[market * 256 + MARKET.VENUES] as number;
  const ageMs = Number(known.rule(RULE.guard_sample_age));
  const marks: bigint[] = [];
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const isThere = ((quote.i32[row * 16 + QUOTE.KNOWN] as number) & QUOTE_KNOWN.MARK) !== 0;
    if ((venues & (1 << venue)) === 0 || !isThere) continue;
    if (timeMs - (quote.f64[row * 8 + QUOTE.TIME_MS] as number) > ageMs) continue;
    marks.push(whole(quote.f64[row * 8 + QUOTE.MARK]));
  }
  const middle = middleOf(marks);
  if (middle === undefined) return undefined;
  const allowed = floorOf(middle * known.rule(RULE.guard_family_band), MILLION);
  return sizeOf(known.derived(market, 'MARK') - middle) > allowed ? middle : undefined;
}

/** An order outside the band of the restricted modes must be so wherever the external fair price may be. */
function checkBand(known: Known, order: number, market: number, gaps: FamilyGaps, checks: Checks): void {
  const row = known.orders.rowOf(order);
  const doubt = gaps.doubtPpm(market);
  if (row === 0 || doubt === 0n) return;
  const { i32 } = known.orders;
  const isSell = ((i32[row * 8 + KNOWN_ORDER.FLAGS] as number) & FLAG.SELL) !== 0;
  const units = whole(known.image.market.f64[market * 128 + MARKET.TICK_UNITS]);
  const price = whole(i32[row * 8 + KNOWN_ORDER.PRICE]) * units;
  const told = known.derived(market, 'EXTERNAL_FAIR');
  const fair = isSell ? floorOf(told * MILLION, MILLION + doubt) : ceilOf(told * (MILLION + doubt), MILLION);
  const width = floorOf(fair * known.rule(RULE.restricted_band), MILLION);
  const edge = isSell ? fair - width : fair + width;
  const isOutside = isSell ? price < edge : price > edge;
  checks.note('II', 'price_both_families', `order ${order} market ${market}`, isOutside, price, edge);
}
