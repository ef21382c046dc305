/** What a running exchange knows of itself, read from its state: the facts that its readiness rests on. Reads, and changes nothing. */
import { auditState } from '../engine/audit.ts';
import { isKnown, MARKET_KNOWN, statusOf } from '../engine/market.ts';
import { RULE } from '../engine/rules.ts';
import { marketCount, type State } from '../engine/state.ts';
import { MARKET, ORACLE, ORACLE_LIMIT, VENUE } from '../engine/tables.ts';
import type { Reopening } from '../exchange/reopen.ts';
import { componentName } from '../guard/finding.ts';
import type { Guard } from '../guard/guard.ts';
import { heightOf, type Rung, rungOf } from '../guard/reopening.ts';
import type { ReadinessFacts } from '../upgrade/readiness.ts';
import { type Fact, UNSET } from '../upgrade/unset.ts';

/** The exchange's time, and the longest gap between two ticks over which funding accrues; UNSET before the first command. */
function timeOf(state: State): Fact<number> {
  const timeMs = state.venue.f64[state.venue.rowFloats + VENUE.TIME_MS] as number;
  return timeMs > 0 ? timeMs : UNSET;
}

export function fundingGapMs(state: State): number {
  return state.rule.f64[64 + RULE.funding_gap] as number;
}

/** Markets that have a spot price of their sources that came since `sinceMs` and is not too old, of all. */
export function warmMarkets(state: State, sinceMs: number): { readonly warm: number; readonly markets: number } {
  const timeMs = timeOf(state);
  const markets = marketCount(state);
  if (timeMs === UNSET) return { warm: 0, markets };
  const ageMs = state.rule.f64[64 + RULE.oracle_age] as number;
  const { i32, f64 } = state.oracle;
  let warm = 0;
  for (let market = 1; market <= markets; market++) {
    for (let source = 0; source < ORACLE_LIMIT; source++) {
      const at = market * ORACLE_LIMIT + source;
      const sampleMs = f64[at * 4 + ORACLE.TIME_MS] as number;
      if (i32[at * 8 + ORACLE.KNOWN] !== 1 || sampleMs < sinceMs || timeMs - sampleMs > ageMs) continue;
      warm++;
      break;
    }
  }
  return { warm, markets };
}

/** Markets with a mark of the last tick. */
export function markedMarkets(state: State): number {
  const { f64 } = state.market;
  let marked = 0;
  for (let market = 1; market <= marketCount(state); market++) {
    const at = market * 128;
    const isOfLastTick = f64[at + MARKET.MARK_MS] === f64[at + MARKET.TICK_MS];
    if (isKnown(state, market, MARKET_KNOWN.MARK) && isOfLastTick) marked++;
  }
  return marked;
}

/** What an audit of every row finds first, empty when nothing. */
export function auditFinding(state: State): string {
  const [first] = auditState(state);
  return first === undefined ? '' : `${first.invariant} ${first.table}/${first.row}/${first.column}: ${first.message}`;
}

/** What the guard holds against the funding of a market or against the whole venue, empty when nothing. */
export function fundingFinding({ quarantine }: Guard): string {
  const found = quarantine.all.find(
    ({ component, check }) => component.kind === 'venue' || check.name.startsWith('funding'),
  );
  return found === undefined ? '' : `${componentName(found.component)}: ${found.check.name}`;
}

const GATE_RUNGS = { post_only: 'post_only', trade: 'open', triggers: 'triggers', liquidations: 'normal' } as const;

/** For each rung that is a gate: markets that stand on it or above it, of those that people want there. */
export function rungFacts(state: State, reopening: Reopening): Exclude<ReadinessFacts['rungs'], typeof UNSET> {
  const venuePaused = state.venue.i32[128 + VENUE.PAUSED] as number;
  const count = (rung: Rung): readonly [number, number] => {
    let [there, wanted] = [0, 0];
    for (let market = 1; market <= marketCount(state); market++) {
      if ((state.market.i32[market * 256 + MARKET.DELISTED] as number) !== 0) continue;
      if (heightOf(rungOf(reopening.wanted(market))) < heightOf(rung)) continue;
      wanted++;
      const paused = (state.market.i32[market * 256 + MARKET.PAUSED] as number) | venuePaused;
      if (heightOf(rungOf({ status: statusOf(state, market), paused })) >= heightOf(rung)) there++;
    }
    return [there, wanted];
  };
  return {
    post_only: count(GATE_RUNGS.post_only),
    trade: count(GATE_RUNGS.trade),
    triggers: count(GATE_RUNGS.triggers),
    liquidations: count(GATE_RUNGS.liquidations),
  };
}
