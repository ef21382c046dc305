/** A source that was wrong for a time: all of its samples in one market between two times, corrected by one rule. */
import { COLLATERAL_PRICE, COMMAND, COMMAND_BYTES, ORACLE_PRICE, QUOTE_KNOWN, VENUE_QUOTE } from '../engine/command.ts';

/** Prices that hold from a time on, price units (of collateral 1e-8 USD). A field that is left out stays as it was sent. */
interface SeriesPoint {
  readonly fromMs: number;
  readonly price?: number;
  readonly mark?: number;
  readonly index?: number;
  readonly impactBid?: number;
  readonly impactAsk?: number;
}

/**
 * What the samples should have been. `absent`: the source was silent. `points`: at each time the values of the last point at or before it;
 * a sample before the first point stays. `ratio`: every price × numerator / denominator, rounded to the nearest, halves up: another
 * unit or another denomination.
 */
type SeriesRule =
  | { readonly kind: 'absent' }
  | { readonly kind: 'points'; readonly points: readonly SeriesPoint[] }
  | { readonly kind: 'ratio'; readonly numerator: number; readonly denominator: number };

export interface CorrectedSeries {
  readonly sample: 'oraclePrice' | 'venueQuote' | 'collateralPrice';
  /** Market and number of the source; 0 and 0 of collateral, which has one source. */
  readonly market: number;
  readonly source: number;
  /** By the time of the command, both included. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly rule: SeriesRule;
}

/** Columns of the prices of a quote, their bit where they are known, and their name in a point. */
const QUOTED = [
  [VENUE_QUOTE.MARK, QUOTE_KNOWN.MARK, 'mark'],
  [VENUE_QUOTE.INDEX, QUOTE_KNOWN.INDEX, 'index'],
  [VENUE_QUOTE.IMPACT_BID, QUOTE_KNOWN.IMPACT_BID, 'impactBid'],
  [VENUE_QUOTE.IMPACT_ASK, QUOTE_KNOWN.IMPACT_ASK, 'impactAsk'],
] as const;

/**
 * What the command at `row` of these rows becomes by the series: its bytes, `null` when it falls silent, undefined when no series is
 * about it. Where several are, the last one named holds.
 */
export function correctedSample(
  series: readonly CorrectedSeries[],
  words: Int32Array,
  floats: Float64Array,
  row: number,
): Uint8Array | null | undefined {
  const kind = words[row * 16];
  if (kind !== COMMAND.oraclePrice && kind !== COMMAND.venueQuote && kind !== COMMAND.collateralPrice) return undefined;
  const found = series.findLast((each) => isAbout(each, words, floats, row));
  if (found === undefined) return undefined;
  if (found.rule.kind === 'absent') return null;
  const bytes = new Uint8Array(words.buffer, words.byteOffset + row * COMMAND_BYTES, COMMAND_BYTES).slice();
  const values = new Float64Array(bytes.buffer);
  for (const [column, name] of pricesOf(found.sample, new Int32Array(bytes.buffer))) {
    const value = valueBy(found.rule, name, values[column] as number, floats[row * 8 + 1] as number);
    values[column] = value;
  }
  return bytes;
}

/** Whether a series corrects the command at `row` of these rows. */
export function isAbout(each: CorrectedSeries, words: Int32Array, floats: Float64Array, row: number): boolean {
  const timeMs = floats[row * 8 + 1] as number;
  if (words[row * 16] !== COMMAND[each.sample] || timeMs < each.fromMs || timeMs > each.toMs) return false;
  if (each.sample === 'collateralPrice') return true;
  if (words[row * 16 + ORACLE_PRICE.MARKET] !== each.market) return false;
  const source = words[row * 16 + ORACLE_PRICE.SOURCE] as number;
  return (each.sample === 'venueQuote' ? source & 255 : source) === each.source;
}

/** The columns of a sample's prices that are there, with their names in a point. */
function pricesOf(sample: CorrectedSeries['sample'], words: Int32Array): (readonly [number, PriceName])[] {
  if (sample === 'oraclePrice') return [[ORACLE_PRICE.PRICE, 'price']];
  if (sample === 'collateralPrice') return [[COLLATERAL_PRICE.PRICE, 'price']];
  const known = (words[VENUE_QUOTE.VENUE_AND_KNOWN] as number) >> 8;
  return QUOTED.filter(([, bit]) => (known & bit) !== 0).map(([column, , name]) => [column, name]);
}

type PriceName = Exclude<keyof SeriesPoint, 'fromMs'>;

function valueBy(rule: SeriesRule, name: PriceName, sent: number, timeMs: number): number {
  if (rule.kind === 'points') return rule.points.findLast(({ fromMs }) => fromMs <= timeMs)?.[name] ?? sent;
  if (rule.kind !== 'ratio' || !Number.isSafeInteger(sent)) return sent;
  const [numerator, denominator] = [BigInt(rule.numerator), BigInt(rule.denominator)];
  const twice = 2n * BigInt(sent) * numerator + denominator;
  const quotient = twice / (2n * denominator);
  // Towards −∞: a price may be negative.
  return Number(quotient * 2n * denominator > twice ? quotient - 1n : quotient);
}
