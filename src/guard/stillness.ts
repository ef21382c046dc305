/**
 * How long prices have stood still: a source that stamps an old price with new times is fresh and says nothing. Seen at each tick,
 * so that a replay sees the same. A price that stands still while nothing moves is a weekend; while others move it is in doubt.
 */
import { MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE_LIMIT } from '../engine/tables.ts';
import type { InputImage } from './input-image.ts';

export class Stillness {
  /** Price of each spot oracle and index of each venue when last seen, and since when it is so; by row of their tables. */
  private readonly prices = { oracle: [] as number[], quote: [] as number[] };
  private readonly sinceMs = { oracle: [] as number[], quote: [] as number[] };
  /** When a spot oracle, and when the index of a venue, last moved; by market. */
  private readonly oracleMs: number[] = [];
  private readonly venueMs: number[] = [];
  /** The market whose oracles moved last, when, and when those of any other did. */
  private newest = 0;
  private newestMs = 0;
  private secondMs = 0;
  private tickMs = -1;

  /** Takes in the samples of a tick; called as often as one likes, it sees each tick once. */
  observe(inputs: InputImage): void {
    const { rows, f64 } = inputs.market;
    const timeMs = rows > 1 ? (f64[128 + MARKET.TICK_MS] as number) : -1;
    if (timeMs === this.tickMs) return;
    this.tickMs = timeMs;
    for (let market = 1; market < rows; market++) this.follow(market, inputs, timeMs);
  }

  private follow(market: number, { oracle, quote }: InputImage, timeMs: number): void {
    let moved = false;
    for (let row = market * ORACLE_LIMIT; row < (market + 1) * ORACLE_LIMIT; row++) {
      if (oracle.i32[row * 8 + ORACLE.KNOWN] === 0) continue;
      if (this.isNew('oracle', row, oracle.f64[row * 4 + ORACLE.PRICE] as number, timeMs)) moved = true;
    }
    if (moved) this.move(market, timeMs);
    for (let row = market * VENUE_LIMIT; row < (market + 1) * VENUE_LIMIT; row++) {
      if (quote.i32[row * 16 + QUOTE.KNOWN] === 0) continue;
      if (this.isNew('quote', row, quote.f64[row * 8 + QUOTE.INDEX] as number, timeMs)) this.venueMs[market] = timeMs;
    }
  }

  private isNew(table: 'oracle' | 'quote', row: number, price: number, timeMs: number): boolean {
    if (this.prices[table][row] === price) return false;
    this.prices[table][row] = price;
    this.sinceMs[table][row] = timeMs;
    return true;
  }

  private move(market: number, timeMs: number): void {
    this.oracleMs[market] = timeMs;
    if (market !== this.newest) {
      this.secondMs = this.newestMs;
      this.newest = market;
    }
    this.newestMs = timeMs;
  }

  /**
   * For how long no spot oracle of a market has moved by a unit, while within `flatMs` another market or a venue's index of this
   * one did; 0 when nothing else moved either.
   */
  stillMs(market: number, timeMs: number, flatMs: number): number {
    const still = timeMs - (this.oracleMs[market] ?? timeMs);
    if (still < flatMs) return still;
    const otherMs = this.newest === market ? this.secondMs : this.newestMs;
    const active = Math.max(otherMs, this.venueMs[market] ?? 0);
    return timeMs - active < flatMs ? still : 0;
  }
}
