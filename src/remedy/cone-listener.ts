/**
 * What is kept of both parts while a pass goes on, so that the whole other world can be told of as if it had been replayed: flows, prices,
 * outcomes of orders, trades, and what is undone by the reference.
 */
import { COMMAND, COMMAND_BYTES, PLACE_ORDER } from '../engine/command.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import type { ConeObserver, ConeStep } from './cone-pass.ts';
import { DivergenceCount } from './divergence.ts';
import { FlowListener } from './flow-listener.ts';
import { MarketSeries } from './market-series.ts';
import { hasHaltedOrder, isHaltRefusal } from './missed-orders.ts';
import { compareOutcomes, type EventRun, isOfOrders } from './outcome.ts';
import { Reference } from './reference.ts';
import { OpenTrades } from './trade-count.ts';
import { TrueIndexes } from './true-index.ts';
import type { Window } from './window.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;
const NOBODY: readonly number[] = [];

/** What was kept of a pass. */
export interface Heard {
  /** Of the actual part, and of the other. */
  readonly here: FlowListener;
  readonly there: FlowListener;
  readonly series: MarketSeries;
  /** What is to be added to the counts of a window in which the same came of every order. */
  readonly divergence: DivergenceCount;
  /** Trades of the actual part that the other has not. */
  readonly lost: { readonly trades: number; readonly notional: bigint };
  /** Undone in the part since the worlds parted; undefined while nothing was corrected. */
  readonly reference: Reference | undefined;
  /** Marks of the other part by tick and market. */
  readonly marks: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** A halt kept an order out of one world alone. */
  readonly isHaltApart: boolean;
}

/** Listens to passes: what is kept is of the last. */
export class ConeListener implements ConeObserver {
  private readonly window: Window;
  /** First command that is corrected, or before which something was written. */
  private readonly first: number;
  /** Ticks by which something is judged, and the markets of it. */
  private readonly judged = new Map<number, Set<number>>();
  private kept: Pass;

  constructor(window: Window, first: number) {
    this.window = window;
    this.first = first;
    this.kept = new Pass(window);
    for (const { tick, market } of [...window.takings, ...window.houseFills]) {
      const markets = this.judged.get(tick);
      if (markets === undefined) this.judged.set(tick, new Set([market]));
      else markets.add(market);
    }
  }

  /** A new pass begins. */
  restart(): void {
    this.kept = new Pass(this.window);
  }

  /** What was kept of the last pass. */
  heard(): Heard {
    this.kept.closeStep();
    return this.kept;
  }

  readonly onDeviation = (actual: State, write: () => void, number: number): void => {
    this.partAt(number, actual);
    this.kept.truth.around(actual, write);
    this.kept.here.reindex(actual);
  };

  readonly onBefore = (number: number, actual: State): void => {
    this.kept.begin(this.window.index.chunkOf.at(number));
    this.partAt(number, actual);
  };

  readonly onForced = (words: Int32Array, floats: Float64Array, row: number, actual: State): void => {
    const sequence = (actual.venue.f64[actual.venue.rowFloats + VENUE.SEQUENCE] as number) + 1;
    this.kept.reference?.note(words, floats, row, sequence);
  };

  readonly onCommand = (step: ConeStep): Iterable<number> => {
    const { kept } = this;
    kept.take(step);
    if (step.chunk.words[step.row * WORDS] !== COMMAND.tick) return NOBODY;
    kept.tick(step, this.judged.get(step.number));
    // Whether something becomes due to them is asked of all that they hold.
    return kept.reference?.accounts ?? NOBODY;
  };

  /** The worlds part where the batch of the first correction begins. */
  private partAt(number: number, actual: State): void {
    const { kept, first, window } = this;
    const { chunkOf, commands } = window.index;
    if (kept.reference !== undefined || first >= commands || number >= commands) return;
    if (chunkOf.at(number) >= chunkOf.at(first)) kept.reference = new Reference(actual, kept.truth);
  }
}

class Pass implements Heard {
  readonly here: FlowListener;
  readonly there: FlowListener;
  readonly series = new MarketSeries();
  readonly divergence = new DivergenceCount();
  readonly truth = new TrueIndexes();
  readonly marks = new Map<number, Map<number, number>>();
  readonly lost = { trades: 0, notional: 0n };
  reference: Reference | undefined;
  isHaltApart = false;
  private readonly window: Window;
  private readonly open = new OpenTrades();
  private chunk = -1;

  constructor(window: Window) {
    this.window = window;
    this.here = new FlowListener(window.index.start);
    this.there = new FlowListener(window.index.start);
  }

  /** The next command is of this batch: a step ends where its batch does. */
  begin(chunk: number): void {
    if (chunk !== this.chunk) this.closeStep();
    this.chunk = chunk;
  }

  closeStep(): void {
    const { trades, notional } = this.open.close();
    this.lost.trades += trades;
    this.lost.notional += notional;
  }

  take(step: ConeStep): void {
    const { actual, other, chunk, row, number } = step;
    const kind = chunk.words[row * WORDS] as number;
    const timeMs = other.venue.f64[other.venue.rowFloats + VENUE.TIME_MS] as number;
    this.here.take(actual.events, actual, timeMs);
    this.there.take(other.events, other, timeMs);
    this.series.take(other.events, timeMs);
    this.open.add(actual.events, actual);
    this.open.match(other.events);
    if (isOfOrders(kind)) this.count(step, kind);
    if (kind === COMMAND.tick) {
      this.reference?.take(actual.events, other, this.window.index.firstSequence + number);
    } else this.reference?.takeBeforeTick(actual.events, other);
  }

  /** Both parts stand behind a tick and what was forced behind it. */
  tick({ number, other }: ConeStep, judged: ReadonlySet<number> | undefined): void {
    this.closeStep();
    if (judged === undefined) return;
    const marks = new Map<number, number>();
    for (const market of judged) marks.set(market, other.market.f64[market * 128 + MARKET.MARK] as number);
    this.marks.set(number, marks);
  }

  /** Counts what came of an order where that is not the same, and takes it out where it was not put to the other world. */
  private count(step: ConeStep, kind: number): void {
    const { number, chunk, row, actual, other, firstOfOther, isAsked, isStillRefused } = step;
    const { index, countedIn } = this.window;
    const refusal = index.refusal.at(number);
    const timeMs = chunk.floats[row * FLOATS + 1] as number;
    const here = refusal === 0 ? runOf(actual) : refusedRun(chunk.words, row, kind, refusal);
    const there = runOf(other, firstOfOther);
    const isHalted = refusal === 0 ? hasHaltedOrder(actual.events) : isHaltRefusal(refusal);
    const {
      market: told,
      isSame,
      lots,
      otherLots,
    } = compareOutcomes(kind, here, isAsked && !isStillRefused ? there : here);
    if (isHalted && !isSame) this.isHaltApart = true;
    if (!isAsked) this.divergence.add(timeMs, told, -1, 0, -lots, -lots);
    else if (!isSame) {
      const counted = countedIn.get(number);
      if (counted === 0 || (counted === undefined && !namesMarket(here))) {
        this.divergence.add(timeMs, told, 1, 1, lots, otherLots);
      } else this.divergence.add(timeMs, counted ?? told, 0, 1, 0, otherLots - lots);
    }
  }
}

function runOf({ events: { values, count } }: State, from = 0): EventRun {
  return { values, from, to: count };
}

/** True when the market of the outcome is told by these events, and not by the other world's. */
function namesMarket(run: EventRun): boolean {
  return compareOutcomes(COMMAND.placeOrder, run, NOTHING).market !== 0;
}

const NOTHING: EventRun = { values: new Float64Array(0), from: 0, to: 0 };
const REFUSED = new Float64Array(EVENT_FLOATS);

/** What the actual world told of an order that it refused: it is not put to the part, where money may have no end. */
function refusedRun(words: Int32Array, row: number, kind: number, refusal: number): EventRun {
  const hasMarket = kind === COMMAND.placeOrder || kind === COMMAND.cancelAll;
  REFUSED.fill(0);
  REFUSED[0] = EVENT.refused;
  REFUSED[2] = kind;
  REFUSED[3] = refusal;
  REFUSED[5] = hasMarket ? (words[row * WORDS + PLACE_ORDER.MARKET] as number) : 0;
  return { values: REFUSED, from: 0, to: 1 };
}
