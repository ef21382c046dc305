/**
 * A window of a history, replayed once in the actual world: the touch index, and what is kept of that world for whoever asks what a
 * correction changes. Every cone of the window is read from it (`cone-run.ts`); nothing of it depends on a correction but the deviations.
 */
import type { BatchEntry } from '../chain/entry.ts';
import { COMMAND, COMMAND_BYTES } from '../engine/command.ts';
import type { State } from '../engine/state.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import { isForced } from '../guard/guarded-replay.ts';
import type { Deviation } from './deviation.ts';
import { DivergenceCount } from './divergence.ts';
import { FlowListener } from './flow-listener.ts';
import { MarketSeries } from './market-series.ts';
import { compareOutcomes, isOfOrders } from './outcome.ts';
import { type Chunk, type TouchIndex, TOUCHES } from './touch-index.ts';
import { TouchRecorder } from './touch-recorder.ts';
import { type TradeSum, tradesIn } from './trade-count.ts';
import { TrueIndexes } from './true-index.ts';
import { type Written, writtenBy } from './written.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

/** The mark by which something of the actual world is judged: that behind a tick (−1: the one before the window). */
export interface JudgedAt {
  readonly tick: number;
  readonly market: number;
  readonly mark: number;
}

export interface Window {
  readonly index: TouchIndex;
  /** Of the actual world. */
  readonly flows: FlowListener;
  readonly series: MarketSeries;
  /** Every order, as if the same had come of it. */
  readonly divergence: DivergenceCount;
  readonly trades: TradeSum;
  readonly truth: TrueIndexes;
  readonly written: readonly Written[];
  /** Marks of the actual world by which its forced takings and its house fills would be judged, in their order. */
  readonly takings: readonly JudgedAt[];
  readonly houseFills: readonly JudgedAt[];
  /** Markets that order commands over the whole venue were counted in. */
  readonly countedIn: ReadonlyMap<number, number>;
}

export class WindowRecorder {
  private readonly recorder: TouchRecorder;
  private readonly state: State;
  private readonly flows: FlowListener;
  private readonly series = new MarketSeries();
  private readonly divergence = new DivergenceCount();
  private readonly truth = new TrueIndexes();
  private readonly written: Written[] = [];
  private readonly takings: JudgedAt[] = [];
  private readonly houseFills: JudgedAt[] = [];
  private readonly countedIn = new Map<number, number>();
  private trades = 0;
  private notional = 0n;
  /** Marks behind the last tick, and its command. */
  private marks: number[];
  private tick = -1;
  private chunk: Chunk | undefined;

  /** Both states stand at the last good block; `start` is only read from now on, `state` is written to. */
  constructor(start: State, state: State, deviations: readonly Deviation[]) {
    this.state = state;
    this.flows = new FlowListener(start);
    this.marks = marksOf(state);
    this.recorder = new TouchRecorder(start, state, deviations, {
      onCommand: (number, chunk, row, refusal) => this.command(number, chunk, row, refusal),
      onDeviation: (write) => this.deviate(write),
    });
  }

  /** Takes the next recorded batch. Refuses (throws `InvariantBroken`) what the engine does. */
  take(entry: BatchEntry): void {
    this.recorder.take(entry);
  }

  /** The window of all that was taken. */
  finish(): Window {
    this.judgeFills();
    const index = this.recorder.finish();
    // An order command that touches one market is counted there; of the others it is known.
    for (const number of this.countedIn.keys()) {
      if (index.touched.at(number) !== TOUCHES.VENUE) this.countedIn.delete(number);
    }
    const { flows, series, divergence, trades, notional, truth, written, takings, houseFills, countedIn } = this;
    return {
      index,
      flows,
      series,
      divergence,
      trades: { trades, notional },
      truth,
      written,
      takings,
      houseFills,
      countedIn,
    };
  }

  private deviate(write: () => void): void {
    this.truth.around(this.state, () => this.written.push(writtenBy(this.state, write)));
    this.flows.reindex(this.state);
  }

  private command(number: number, chunk: Chunk, row: number, refusal: number): void {
    const { state, flows } = this;
    const kind = chunk.words[row * WORDS] as number;
    // Fills are judged where their step ends: behind its tick, or where its batch does.
    if (chunk !== this.chunk) this.judgeFills();
    this.chunk = chunk;
    const timeMs = state.venue.f64[state.venue.rowFloats + VENUE.TIME_MS] as number;
    flows.take(state.events, state, timeMs);
    this.series.take(state.events, timeMs);
    const { trades, notional } = tradesIn(state.events, state);
    this.trades += trades;
    this.notional += notional;
    if (isOfOrders(kind)) this.count(number, kind, chunk.floats[row * FLOATS + 1] as number);
    if (kind === COMMAND.tick) {
      if (refusal === 0) {
        this.tick = number;
        this.marks = marksOf(state);
      }
      this.judgeFills();
    }
    if (isForced(kind)) this.judgeFills();
    this.judge(this.takings, flows.takings);
  }

  private count(number: number, kind: number, timeMs: number): void {
    const { values, count } = this.state.events;
    const run = { values, from: 0, to: count };
    const compared = compareOutcomes(kind, run, run);
    this.divergence.count(timeMs, compared);
    if (kind === COMMAND.cancelAll) this.countedIn.set(number, compared.market);
  }

  private judgeFills(): void {
    this.judge(this.houseFills, this.flows.houseFills);
  }

  private judge(judged: JudgedAt[], all: readonly { readonly market: number }[]): void {
    for (let place = judged.length; place < all.length; place++) {
      const { market } = all[place] as { market: number };
      judged.push({ tick: this.tick, market, mark: this.marks[market] ?? 0 });
    }
  }
}

function marksOf({ market }: State): number[] {
  return Array.from({ length: market.rows }, (_, row) => market.f64[row * 128 + MARKET.MARK] as number);
}
