/** How far the mark of each market moved of late: whether a market is calm is asked before people are kept from trading. */
import { marketCount, type State } from '../engine/state.ts';
import { MARKET } from '../engine/tables.ts';

const WINDOW_MS = 300_000;

export interface PriceMove {
  readonly market: number;
  /** Highest over lowest mark within the window, less one, ppm, rounded up. */
  readonly movePpm: number;
}

export class PriceMoves {
  static readonly WINDOW_MS = WINDOW_MS;
  /** By the market: times and marks, oldest first. */
  private readonly marks = new Map<number, { readonly timeMs: number; readonly mark: number }[]>();
  private firstMs: number | undefined;

  /** The time of the oldest mark that was seen and still counts; undefined before the first. */
  get sinceMs(): number | undefined {
    return this.firstMs;
  }

  /** Takes the marks of a state in as of now. */
  take(state: State, timeMs: number): void {
    const { market } = state;
    this.firstMs = Math.max(this.firstMs ?? timeMs, timeMs - WINDOW_MS);
    for (let row = 1; row <= marketCount(state); row++) {
      const mark = market.f64[row * market.rowFloats + MARKET.MARK] as number;
      if (mark <= 0) continue;
      const seen = this.marks.get(row) ?? [];
      seen.push({ timeMs, mark });
      const kept = seen.findIndex((each) => each.timeMs > timeMs - WINDOW_MS);
      if (kept > 0) seen.splice(0, kept);
      this.marks.set(row, seen);
    }
  }

  /** Of each market that has marks. */
  get all(): readonly PriceMove[] {
    return [...this.marks].map(([market, seen]) => {
      const marks = seen.map(({ mark }) => mark);
      const [low, high] = [Math.min(...marks), Math.max(...marks)];
      return { market, movePpm: Math.ceil(((high - low) * 1e6) / low) };
    });
  }
}
