/** Series of the markets that an incident was about: how their marks and funding indexes were, and how they would have been. */
import { COMMAND_KINDS } from '../engine/command.ts';
import { marketName, type State } from '../engine/state.ts';
import { MARKET, POSITION } from '../engine/tables.ts';
import type { CorrectionSet } from './correction.ts';
import type { MarketSeries as PublicSeries, Point } from './dossier.ts';
import type { Taking } from './flow-listener.ts';
import type { IncidentCase } from './incident-case.ts';
import type { IncidentRun } from './incident-run.ts';
import type { MarketMinute, MarketSeries } from './market-series.ts';

/** Markets that a correction names, rising: by a row of theirs, a position in them, a command about them, a series of their samples. */
export function correctedMarkets({ commands, series, deviations }: CorrectionSet, before: State): number[] {
  const markets = new Set<number>(series?.map(({ market }) => market).filter((market) => market !== 0));
  for (const { writes } of deviations) {
    for (const { table, row } of writes) {
      if (row === 0) continue;
      if (table === 'market') markets.add(row);
      else if (table === 'position' && row < before.position.rows) {
        markets.add(before.position.i32[row * 32 + POSITION.MARKET] as number);
      } else if (table === 'quote') markets.add(Math.floor(row / 8));
      else if (table === 'oracle') markets.add(Math.floor(row / 4));
    }
  }
  for (const { commands: right } of commands) {
    for (const { kind, market } of right as readonly { readonly kind: string; readonly market?: unknown }[]) {
      if (COMMAND_KINDS.includes(kind as never) && typeof market === 'number' && market > 0) markets.add(market);
    }
  }
  return [...markets].filter((market) => market > 0 && market < before.market.rows).sort((a, b) => a - b);
}

/** Most points of a series: minutes between are left out evenly. */
const MOST_POINTS = 240;

/**
 * Marks and funding indexes of those markets, and of those in which positions were taken wrongly by force: at the last good block, and
 * then minute by minute in both worlds.
 */
export function marketSeries(
  { corrections }: IncidentCase,
  { worlds, record, from }: IncidentRun,
  wrongful: ReadonlySet<Taking>,
): PublicSeries[] {
  const [actual, other] = [record.trace('actual').series, record.trace('other').series];
  const markets = new Set(correctedMarkets(corrections, worlds.before));
  for (const { market } of wrongful) if (market < worlds.before.market.rows) markets.add(market);
  const rising = [...markets].sort((a, b) => a - b);
  return rising.flatMap((market): PublicSeries[] => {
    const unitsUsdc = unitsOf(worlds.before, market);
    const name = marketName(worlds.before, market);
    const of = (what: PublicSeries['what'], field: 'mark' | 'index'): PublicSeries => ({
      market: name,
      what,
      unitsUsdc,
      points: [
        ...startOf(worlds.before, market, field, from.lastMs),
        ...pointsOf(market, actual, other, field).filter(({ timeMs }) => timeMs > from.lastMs),
      ],
    });
    return [of('funding index', 'index'), of('mark', 'mark')];
  });
}

/** Price units of one USDC a unit of base: 1e8 for a size step of one, fewer for a smaller one; as a whole number or a fraction a/b. */
function unitsOf({ market: { f64 } }: State, market: number): string {
  // A price unit times a lot is 1e-8 USDC: one USDC a unit of base is 1e8 × size step units.
  const step = BigInt(f64[market * 128 + MARKET.SIZE_STEP] as number);
  const [units, scale] = [step * 100_000_000n, 1_000_000_000_000n];
  return units % scale === 0n ? String(units / scale) : `${units}/${scale}`;
}

/** The point of the last good block, which both worlds have; none where there was no mark yet. */
function startOf({ market: { f64 } }: State, market: number, field: 'mark' | 'index', timeMs: number): Point[] {
  const [mark, index] = [f64[market * 128 + MARKET.MARK] as number, f64[market * 128 + MARKET.FUNDING_INDEX] as number];
  const value = String(field === 'mark' ? mark : index);
  return mark === 0 ? [] : [{ timeMs, actual: value, other: value }];
}

function pointsOf(market: number, actual: MarketSeries, other: MarketSeries, field: 'mark' | 'index'): Point[] {
  const there = new Map(other.minutes(market).map((minute) => [minute.minuteMs, minute]));
  const both = actual.minutes(market).flatMap((minute) => {
    const twin: MarketMinute | undefined = there.get(minute.minuteMs);
    return twin === undefined ? [] : [[minute, twin] as const];
  });
  const step = Math.max(1, Math.ceil(both.length / MOST_POINTS));
  return both
    .filter((_, place) => place % step === 0 || place === both.length - 1)
    .map(([one, two]) => ({ timeMs: one.minuteMs, actual: String(one[field]), other: String(two[field]) }));
}
