// One UTC day of bars out of many files, in order of time, and what is missing in it.
import type { Bar, BarFormat } from './bar.ts';
import { type BarSeries, type PlacedBar, readBarFile, type TimeRange } from './bar-file.ts';
import { FeedError, type FeedFinding, type Location } from './feed-error.ts';
import { durationText } from './interval.ts';
import { readTextFile } from './lines.ts';
import { dayOf, isoText } from './timestamp.ts';

/** A file with the format it was recognised as, and the series it holds. */
export interface ListedBarFile {
  readonly file: string;
  readonly format: BarFormat;
  readonly series: readonly BarSeries[];
}

/** The bars of one UTC day. */
export interface RecordedDay {
  /** YYYY-MM-DD. */
  readonly day: string;
  /** By open time, then market, then venue, then interval: the same files give the same order. */
  readonly bars: readonly Bar[];
  /** A finding `gap` for each stretch of missing bars. */
  readonly findings: readonly FeedFinding[];
}

interface Source {
  readonly market: string;
  readonly venue: string | undefined;
  readonly intervalMs: number;
  readonly bars: (PlacedBar & { readonly file: string })[];
  /** What the files hold of this source, for the places before and after the day. */
  readonly series: BarSeries[];
}

/**
 * Returns the bars of `markets` that open in `range`, one UTC day.
 *
 * A missing bar is a finding `gap` (with file, line, market, `fromMs`, `toMs`) and nothing is put in its place: recorded data has real gaps, so a source
 * that says nothing is reported and stays silent. Gaps at the start and the end of the day count, also those before a market's first bar.
 * Throws FeedError as `readBarFile` does, and `duplicate_timestamp` when two files hold the same bar.
 */
export function readDay(files: readonly ListedBarFile[], range: TimeRange, markets: ReadonlySet<string>): RecordedDay {
  const sources = new Map<string, Source>();
  for (const { file, format, series: listed } of files) {
    const wanted = listed.filter((series) => markets.has(series.market));
    const isInRange = wanted.some((series) => series.firstMs < range.toMs && series.lastMs >= range.fromMs);
    const read = isInRange ? readBarFile(readTextFile(file), format, range).series : wanted;
    for (const series of read) if (markets.has(series.market)) addSeries(sources, series);
  }
  const placed: Source['bars'] = [];
  const findings: FeedFinding[] = [];
  for (const source of [...sources.values()].sort(bySource)) {
    source.bars.sort((left, right) => left.bar.openTimeMs - right.bar.openTimeMs);
    refuseTwice(source);
    findings.push(...gapsOf(source, range));
    placed.push(...source.bars);
  }
  // The sort is stable, so bars of the same time keep the order of their sources.
  placed.sort((left, right) => left.bar.openTimeMs - right.bar.openTimeMs);
  return { day: dayOf(range.fromMs), bars: placed.map(({ bar }) => bar), findings };
}

function addSeries(sources: Map<string, Source>, series: BarSeries): void {
  const { market, venue, intervalMs, file } = series;
  const key = `${market}|${venue ?? ''}|${intervalMs}`;
  const source = sources.get(key) ?? { market, venue, intervalMs, bars: [], series: [] };
  sources.set(key, source);
  source.series.push(series);
  for (const { bar, line } of series.bars) source.bars.push({ bar, line, file });
}

function bySource(left: Source, right: Source): number {
  return (
    compareText(left.market, right.market) ||
    compareText(left.venue ?? '', right.venue ?? '') ||
    left.intervalMs - right.intervalMs
  );
}

/** By code unit: the same on every machine, whatever its language. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function refuseTwice({ bars, market }: Source): void {
  for (let index = 1; index < bars.length; index += 1) {
    const [before, after] = [bars[index - 1], bars[index]];
    if (before === undefined || after === undefined || before.bar.openTimeMs !== after.bar.openTimeMs) continue;
    const detail = `${market} at ${isoText(after.bar.openTimeMs)} is also in ${before.file}:${before.line}`;
    throw new FeedError('duplicate_timestamp', after, detail);
  }
}

function gapsOf(source: Source, range: TimeRange): FeedFinding[] {
  const { market, venue, intervalMs, bars } = source;
  const findings: FeedFinding[] = [];
  let expectedMs = range.fromMs;
  const report = (toMs: number, { file, line }: Location): void => {
    if (toMs <= expectedMs) return;
    const count = (toMs - expectedMs) / intervalMs;
    const stretch = `from ${isoText(expectedMs)} to ${isoText(toMs)}`;
    const message = `${count} ${durationText(intervalMs)} bars of ${market} are missing ${stretch}; the source stays silent`;
    findings.push({ code: 'gap', file, line, message, market, venue, fromMs: expectedMs, toMs });
  };
  for (const { bar, line, file } of bars) {
    report(bar.openTimeMs, { file, line });
    expectedMs = bar.openTimeMs + intervalMs;
  }
  const last = bars.at(-1);
  const place = last ?? silentPlace(source, range);
  if (place !== undefined) report(range.toMs, place);
  return findings;
}

/** Where a source that has no bar in the day, but has some before and after it, stops. */
function silentPlace({ series }: Source, range: TimeRange): Location | undefined {
  const before = series.filter(({ firstMs }) => firstMs < range.fromMs).sort((a, b) => a.lastMs - b.lastMs);
  const isContinued = series.some(({ lastMs }) => lastMs >= range.toMs);
  const last = before.at(-1);
  if (last === undefined || !isContinued) return undefined;
  return { file: last.file, line: last.lineBefore || last.lastLine };
}
