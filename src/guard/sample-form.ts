/** What can be said of a sample by itself and by the one before it of the same source: range, time, order, and a quote's own parts. */
import { COMMAND, COLLATERAL_PRICE, ORACLE_PRICE, QUOTE_KNOWN, VENUE_QUOTE } from '../engine/command.ts';
import { ORACLE_LIMIT, VENUE_LIMIT } from '../engine/tables.ts';
import type { Check } from './verdict.ts';

/** A sample on its way in: which row, of which market (0: USDC) and source (oracles first, venues behind them). */
export interface Sample {
  readonly row: number;
  readonly market: number;
  readonly source: number;
  /** What is compared between sources: an oracle's price, a venue's index, the price of USDC. */
  readonly price: number;
  readonly sourceMs: number;
  readonly timeMs: number;
  /** Which prices a venue's quote has (`QUOTE_KNOWN`), 0 of all else. */
  readonly known: number;
}

/** Largest price of a sample, and of USDC (1e-8 USD): beyond it products leave the exact range. */
const LARGEST_PRICE = 2 ** 42;
const LARGEST_COLLATERAL_PRICE = 1e10;

/** The sample that the command at a row brings, undefined when it brings none. */
export function sampleAt(words: Int32Array, floats: Float64Array, row: number): Sample | undefined {
  const [w, f] = [row * 16, row * 8];
  const timeMs = floats[f + 1] as number;
  const market = words[w + ORACLE_PRICE.MARKET] as number;
  const column = (at: number): number => floats[f + at] as number;
  switch (words[w]) {
    case COMMAND.collateralPrice: {
      const price = column(COLLATERAL_PRICE.PRICE);
      return { row, market: 0, source: 0, price, sourceMs: column(COLLATERAL_PRICE.SOURCE_MS), timeMs, known: 0 };
    }
    case COMMAND.oraclePrice: {
      const source = words[w + ORACLE_PRICE.SOURCE] as number;
      const sourceMs = column(ORACLE_PRICE.SOURCE_MS);
      return { row, market, source, price: column(ORACLE_PRICE.PRICE), sourceMs, timeMs, known: 0 };
    }
    case COMMAND.venueQuote: {
      const packed = words[w + VENUE_QUOTE.VENUE_AND_KNOWN] as number;
      const [source, sourceMs] = [ORACLE_LIMIT + (packed & 255), column(VENUE_QUOTE.SOURCE_MS)];
      return { row, market, source, price: column(VENUE_QUOTE.INDEX), sourceMs, timeMs, known: packed >> 8 };
    }
    default:
      return undefined;
  }
}

/** A sample's source in words. */
export function sourceName({ market, source }: Sample): string {
  if (market === 0) return 'price of USDC';
  return source < ORACLE_LIMIT
    ? `oracle ${source} of market ${market}`
    : `venue ${source - ORACLE_LIMIT} of market ${market}`;
}

/** True when the state has a place for a sample; what has none is the engine's to refuse. */
export function hasPlace({ market, source }: Sample, markets: number): boolean {
  return market === 0 || (market >= 1 && market < markets && source >= 0 && source < ORACLE_LIMIT + VENUE_LIMIT);
}

/**
 * What is wrong with a sample in itself, or behind one of the same source of `beforeMs`; undefined when nothing is. `floats` are
 * those of its row, `band` (ppm) is how far the parts of a quote may be apart.
 */
export function faultOf(
  sample: Sample,
  floats: Float64Array,
  beforeMs: number | undefined,
  band: number,
): Check | undefined {
  const { market, price, sourceMs, timeMs } = sample;
  const limit = market === 0 ? LARGEST_COLLATERAL_PRICE : LARGEST_PRICE;
  const fails = (of: 'I' | 'II', name: string, found: unknown, expected: string): Check => {
    return { class: of, name, about: sourceName(sample), holds: false, found: String(found), expected };
  };
  const wrong = isPrice(price, limit) ? wrongPart(sample, floats, limit) : price;
  if (wrong !== undefined) return fails('I', 'sample_range', wrong, `a whole number of 1 to ${limit}`);
  if (!(Number.isInteger(sourceMs) && sourceMs >= 0 && sourceMs <= timeMs)) {
    return fails('I', 'sample_time', sourceMs, `a millisecond up to ${timeMs}`);
  }
  if (beforeMs !== undefined && sourceMs <= beforeMs) return fails('I', 'sample_order', sourceMs, `after ${beforeMs}`);
  if (sample.known === 0) return undefined;
  const torn = tornOf(sample, floats, band);
  return torn === undefined ? undefined : fails('II', 'sample_tuple', ...torn);
}

function isPrice(value: number, limit: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= limit;
}

/** The part of a quote with this bit, undefined when it has none. */
function partOf({ row, known }: Sample, floats: Float64Array, bit: number, column: number): number | undefined {
  return (known & bit) === 0 ? undefined : (floats[row * 8 + column] as number);
}

/** The first price of a quote that is none. */
function wrongPart(sample: Sample, floats: Float64Array, limit: number): number | undefined {
  for (let part = 0; part < 4; part++) {
    const value = partOf(sample, floats, 1 << part, VENUE_QUOTE.MARK + part);
    if (value !== undefined && !isPrice(value, limit)) return value;
  }
  return undefined;
}

/** Two parts of a quote that cannot have been observed together: what they are, and how they should be. */
function tornOf(sample: Sample, floats: Float64Array, band: number): [found: string, expected: string] | undefined {
  const bid = partOf(sample, floats, QUOTE_KNOWN.IMPACT_BID, VENUE_QUOTE.IMPACT_BID);
  const ask = partOf(sample, floats, QUOTE_KNOWN.IMPACT_ASK, VENUE_QUOTE.IMPACT_ASK);
  if (bid !== undefined && ask !== undefined && bid > ask) return [`bid ${bid} ask ${ask}`, 'bid up to ask'];
  const middle = partOf(sample, floats, QUOTE_KNOWN.MARK, VENUE_QUOTE.MARK) ?? sample.price;
  for (let part = 1; part < 4; part++) {
    const value = partOf(sample, floats, 1 << part, VENUE_QUOTE.MARK + part);
    if (value === undefined || Math.abs(value - middle) * 1e6 <= Math.max(value, middle) * band) continue;
    return [`${PART_NAMES[part]} ${value} at ${middle}`, `within ${band} ppm of each other`];
  }
  return undefined;
}

const PART_NAMES = ['mark', 'index', 'impact bid', 'impact ask'];
