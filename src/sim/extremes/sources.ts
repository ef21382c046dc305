/**
 * What the sources themselves say, from the raw inputs alone and without asking the guard: who spoke last and whether they
 * disagree. This is what a hold of class II is measured by.
 */
import { commandRows } from '../../chain/command-record.ts';
import {
  COLLATERAL_PRICE,
  COMMAND,
  COMMAND_BYTES,
  ORACLE_PRICE,
  QUOTE_KNOWN,
  VENUE_QUOTE,
} from '../../engine/command.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { isKnown, MARKET_KNOWN } from '../../engine/market.ts';
import type { State } from '../../engine/state.ts';
import { MARKET } from '../../engine/tables.ts';

/** A source has spoken as long as its last word is no older than this; a disagreement counts for so long after its end. */
const SPOKEN_MS = 30_000;
/** Spot prices that differ by more than this disagree, as a fraction of the lowest. */
const SPOT_APART = 0.01;
/** The same for the marks of venues: perpetuals have a basis of their own. */
const MARKS_APART = 0.02;
const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

interface Sample {
  readonly price: number;
  readonly timeMs: number;
}

/** The last words of the sources of one market. */
class MarketSources {
  readonly spots = new Map<string, Sample>();
  readonly marks = new Map<number, Sample>();
  apartMs = Number.NEGATIVE_INFINITY;
  ownApartMs = Number.NEGATIVE_INFINITY;

  /** Looks whether the exchange's own mark, which its own book moves, is far from the middle of the venues' marks. */
  lookAtOwn(mark: number, timeMs: number): void {
    const marks = [...this.marks.values()]
      .filter((sample) => timeMs - sample.timeMs <= SPOKEN_MS)
      .map(({ price }) => price)
      .sort((left, right) => left - right);
    if (marks.length === 0) return;
    const middle = ((marks[(marks.length - 1) >> 1] as number) + (marks[marks.length >> 1] as number)) / 2;
    if (Math.abs(mark - middle) > Math.min(mark, middle) * MARKS_APART) this.ownApartMs = timeMs;
  }

  look(timeMs: number): void {
    if (apart(this.spots.values(), timeMs) > SPOT_APART || apart(this.marks.values(), timeMs) > MARKS_APART) {
      this.apartMs = timeMs;
    }
  }
}

export class Sources {
  private readonly markets = new Map<number, MarketSources>();
  /** USD for one USDC, as last heard. */
  private usdc = 1;

  /** Takes in the samples of a batch that ends with the tick at `timeMs`. */
  take(commands: CommandBuffer, timeMs: number): void {
    const { i32, f64 } = commands;
    for (let row = 0; row < commands.rows; row += commandRows(i32, row)) {
      const kind = i32[row * WORDS];
      if (kind === COMMAND.oraclePrice) {
        const source = `oracle ${i32[row * WORDS + ORACLE_PRICE.SOURCE]}`;
        // Oracles quote USD, venues USDC.
        const price = (f64[row * FLOATS + ORACLE_PRICE.PRICE] as number) / this.usdc;
        this.of(i32[row * WORDS + ORACLE_PRICE.MARKET] as number).spots.set(source, { price, timeMs });
      } else if (kind === COMMAND.collateralPrice)
        this.usdc = (f64[row * FLOATS + COLLATERAL_PRICE.PRICE] as number) / 1e8;
      else if (kind === COMMAND.venueQuote) this.takeQuote(i32, f64, row, timeMs);
    }
    for (const market of this.markets.values()) market.look(timeMs);
  }

  /** True when two sources of a market differ now or did within the age of a sample. */
  disagree(market: number, timeMs: number): boolean {
    return timeMs - (this.markets.get(market)?.apartMs ?? Number.NEGATIVE_INFINITY) <= SPOKEN_MS;
  }

  /** Takes in the marks that the unguarded world's last tick made. */
  takeMarks(state: State, timeMs: number): void {
    for (const [market, sources] of this.markets) {
      if (market >= state.market.rows || !isKnown(state, market, MARKET_KNOWN.MARK)) continue;
      sources.lookAtOwn(state.market.f64[market * 128 + MARKET.MARK] as number, timeMs);
    }
  }

  /** True when the exchange's own mark is far from those of all venues, or was within the age of a sample. */
  isOwnApart(market: number, timeMs: number): boolean {
    return timeMs - (this.markets.get(market)?.ownApartMs ?? Number.NEGATIVE_INFINITY) <= SPOKEN_MS;
  }

  private of(market: number): MarketSources {
    const known = this.markets.get(market) ?? new MarketSources();
    this.markets.set(market, known);
    return known;
  }

  private takeQuote(i32: Int32Array, f64: Float64Array, row: number, timeMs: number): void {
    const market = this.of(i32[row * WORDS + VENUE_QUOTE.MARKET] as number);
    const word = i32[row * WORDS + VENUE_QUOTE.VENUE_AND_KNOWN] as number;
    const [venue, known] = [word & 255, word >> 8];
    const price = (column: number): number => f64[row * FLOATS + column] as number;
    if ((known & QUOTE_KNOWN.INDEX) !== 0) {
      market.spots.set(`venue ${venue}`, { price: price(VENUE_QUOTE.INDEX), timeMs });
    }
    if ((known & QUOTE_KNOWN.MARK) !== 0) market.marks.set(venue, { price: price(VENUE_QUOTE.MARK), timeMs });
  }
}

/** How far the highest of the words that count is from the lowest, as a fraction of the lowest. */
function apart(samples: Iterable<Sample>, timeMs: number): number {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    if (timeMs - sample.timeMs > SPOKEN_MS) continue;
    lowest = Math.min(lowest, sample.price);
    highest = Math.max(highest, sample.price);
  }
  return highest > lowest ? highest / lowest - 1 : 0;
}
