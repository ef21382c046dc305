/**
 * The actual world and the world as it would have been, in lockstep. They are one state until a correction parts them, and one again when
 * they have become the same; in between each recorded batch is taken into both, and what came of it in one and not in the other is counted.
 */
import { isHalt } from '../chain/amendment.ts';
import { commandRows } from '../chain/command-record.ts';
import { copyState } from '../chain/copy-state.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { applyUntilTick } from '../engine/batch.ts';
import { COMMAND, COMMAND_BYTES } from '../engine/command.ts';
import type { State } from '../engine/state.ts';
import { POSITION, VENUE } from '../engine/tables.ts';
import { isForced } from '../guard/guarded-replay.ts';
import type { CorrectionSet } from './correction.ts';
import { correctedSample } from './correction-series.ts';
import { type Deviation, deviate } from './deviation.ts';
import { DivergenceCount } from './divergence.ts';
import { heldProposals } from './held-proposals.ts';
import type { WorldObserver } from './incident-worlds.ts';
import { compareOutcomes, type EventRun, isOfOrders } from './outcome.ts';
import { eventOf, isOfRemedy, OtherWorldRun, type TakenRows, type Unwind } from './other-world.ts';
import { Reactive } from './reactive.ts';
import { Reference } from './reference.ts';
import { Meeting } from './same-world.ts';
import { TrueIndexes } from './true-index.ts';
import type { SettledIndex } from './valuation.ts';
import { type Written, writtenBy } from './written.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

export interface CounterfactualOptions {
  /** Is told the events of each world, step by step: up to a tick and what was forced behind it. */
  readonly onEvents?: WorldObserver;
  /** Is told that something was written into the actual world that no command wrote. */
  readonly onDeviation?: (actual: State) => void;
  /** Is told that the worlds are one again: from now on orders have in each the names of the actual one. */
  readonly onMeeting?: () => void;
  /** The fund's own orders are made anew in a world in which it holds something else; without it they are taken as recorded. */
  readonly unwind?: Unwind;
  /** A second world is run without the orders of who may have reacted (`Reactive`). */
  readonly reactivePpm?: number;
}

/** The worlds as they would have been, as long as they are others than the actual one. */
interface Parted {
  readonly other: OtherWorldRun;
  readonly dropped: OtherWorldRun | undefined;
  readonly reactive: Reactive | undefined;
  readonly reference: Reference;
  readonly meeting: Meeting;
}

const NO_DEVIATIONS = new TrueIndexes();

export class Counterfactual {
  /** The world as it was: every recorded command, forced ones among them, and the deviations. */
  readonly actual: State;
  readonly divergence = new DivergenceCount();
  /** What the deviations wrote that was money, or lots. */
  readonly written: Written[] = [];
  private readonly corrections: CorrectionSet;
  private readonly options: CounterfactualOptions;
  private readonly truth = new TrueIndexes();
  private readonly replaced: ReadonlySet<number>;
  private deviations: readonly Deviation[];
  private parted: Parted | undefined;

  /**
   * The state stands at the last good block, and is the caller's to give away: it is written to. `other` is a second one of the same
   * rows, or the same one: then it is copied when the worlds part.
   */
  constructor(actual: State, other: State, corrections: CorrectionSet, options: CounterfactualOptions = {}) {
    this.actual = actual;
    this.corrections = corrections;
    this.options = options;
    this.replaced = new Set(corrections.commands.map(({ sequence }) => sequence));
    this.deviations = corrections.deviations;
    if (other !== actual) this.part(other);
  }

  /** The world as it would have been: the actual one while they are the same. */
  get other(): State {
    return this.parted?.other.state ?? this.actual;
  }

  /** The same without the orders of who may have reacted; undefined when it was not asked for. */
  get dropped(): State | undefined {
    return this.options.reactivePpm === undefined ? undefined : (this.parted?.dropped?.state ?? this.actual);
  }

  /** Orders of who may have reacted, and of how many accounts. */
  get reactive(): { readonly commands: number; readonly accounts: number } {
    const { reactive } = this.parted ?? {};
    return { commands: reactive?.commands ?? 0, accounts: reactive?.accounts.size ?? 0 };
  }

  /** What is undone by the reference; undefined while the worlds are one. */
  get reference(): Reference | undefined {
    return this.parted?.reference;
  }

  /** True while the worlds are two. */
  get isParted(): boolean {
    return this.parted !== undefined;
  }

  /**
   * Up to which index of the valuation (the other world's) a position of the actual world has settled. Its own index is the right one but
   * for what deviations did to it: what it owes is its size × (own index − settled), whatever the other world's index came to.
   */
  readonly settledInActual: SettledIndex = (state, row) => this.settledBy(this.truth, state, row);

  /** The same of the world without reactive orders. */
  readonly settledInDropped: SettledIndex = (state, row) => this.settledBy(NO_DEVIATIONS, state, row);

  private settledBy(truth: TrueIndexes, state: State, row: number): bigint {
    const market = state.position.i32[row * 32 + POSITION.MARKET] as number;
    return NO_DEVIATIONS.index(this.other, market) - truth.index(state, market) + truth.settled(state, row);
  }

  /** Takes one recorded batch into both worlds. */
  take(entry: BatchEntry): void {
    if (this.parted === undefined && this.parts(entry)) this.part(copyState(this.actual));
    let firstSequence = entry.firstSequence;
    for (let from = 0; from < entry.rows; ) {
      const { to, commands, tick } = stepFrom(entry, from, firstSequence);
      const { actual } = this;
      for (const world of [actual, this.parted?.other.state, this.parted?.dropped?.state]) world?.events.clear();
      this.parted?.other.begin(actual);
      this.parted?.dropped?.begin(actual);
      this.applyActual(entry, from, to, firstSequence);
      this.options.onEvents?.('actual', actual.events, actual);
      const taken = { entry, from, to, firstSequence, actual, held: heldProposals(actual.events) };
      if (this.parted === undefined) this.stayOne(taken);
      else this.takeApart(this.parted, taken, tick);
      firstSequence += commands;
      from = to;
    }
    if (entry.closesBlock) this.meet();
  }

  /** Whether something in the batch makes two worlds of one. */
  private parts(entry: BatchEntry): boolean {
    const { keepHalts, series, release } = this.corrections;
    const { actual } = this;
    const last = entry.firstSequence + entry.commands - 1;
    if (this.deviations.some(({ afterSequence }) => afterSequence < last)) return true;
    if (release !== undefined && release !== actual.venue.i32[actual.venue.rowWords + VENUE.RELEASE]) return true;
    const { words, floats } = entry;
    let sequence = entry.firstSequence;
    for (let row = 0; row < entry.rows; sequence++) {
      if (this.replaced.has(sequence) || isOfRemedy(words[row * WORDS] as number)) return true;
      if (!keepHalts && isHalt(words, row)) return true;
      if (series !== undefined && correctedSample(series, words, floats, row) !== undefined) return true;
      row += commandRows(words, row);
    }
    return false;
  }

  private part(state: State): void {
    const { actual, corrections } = this;
    const { unwind, reactivePpm } = this.options;
    const reactive = reactivePpm === undefined ? undefined : new Reactive(actual, reactivePpm);
    this.parted = {
      other: new OtherWorldRun(state, { corrections, unwind }),
      dropped: reactive && new OtherWorldRun(copyState(state), { corrections, unwind, drop: reactive.isReactive }),
      reactive,
      reference: new Reference(actual, this.truth),
      meeting: new Meeting(),
    };
  }

  /** The actual world takes rows `from` to `to`; it is stopped at deviations and before forced commands. */
  private applyActual({ words, floats }: BatchEntry, from: number, to: number, firstSequence: number): void {
    const { actual, parted } = this;
    let sequence = firstSequence;
    let applied = from;
    const applyTo = (row: number): void => {
      while (applied < row) applied = applyUntilTick(actual, words, floats, applied, row);
    };
    for (let row = from; row < to; sequence++) {
      while ((this.deviations[0]?.afterSequence ?? sequence) < sequence) {
        applyTo(row);
        this.deviate();
      }
      if (parted !== undefined && isForced(words[row * WORDS] as number)) {
        applyTo(row);
        parted.reference.note(words, floats, row, sequence);
      }
      row += commandRows(words, row);
    }
    applyTo(to);
  }

  private deviate(): void {
    const { actual } = this;
    const [due, ...rest] = this.deviations;
    this.deviations = rest;
    this.truth.around(actual, () => {
      this.written.push(writtenBy(actual, () => deviate(actual, due as Deviation)));
    });
    this.options.onDeviation?.(actual);
  }

  /** The worlds are one: what happened happened in each. */
  private stayOne({ entry, from, to, firstSequence, actual }: TakenRows): void {
    const { onEvents, reactivePpm } = this.options;
    onEvents?.('other', actual.events, actual);
    if (reactivePpm !== undefined) onEvents?.('dropped', actual.events, actual);
    const { words, floats } = entry;
    let sequence = firstSequence;
    let told = 0;
    for (let row = from; row < to; sequence++) {
      const first = eventOf(actual.events, sequence, told);
      told = eventOf(actual.events, sequence + 1, first);
      const run = { values: actual.events.values, from: first, to: told };
      this.count(words[row * WORDS] as number, floats[row * FLOATS + 1] as number, run, run);
      row += commandRows(words, row);
    }
  }

  private readonly count = (kind: number, timeMs: number, here: EventRun, there: EventRun): void => {
    if (isOfOrders(kind)) this.divergence.count(timeMs, compareOutcomes(kind, here, there));
  };

  private takeApart({ other, dropped, reactive, reference }: Parted, taken: TakenRows, tick: number): void {
    const { actual } = this;
    const { onEvents } = this.options;
    other.ask(taken, this.count);
    onEvents?.('other', other.state.events, other.state);
    dropped?.ask(taken);
    if (dropped !== undefined) onEvents?.('dropped', dropped.state.events, dropped.state);
    reference.take(actual.events, other.state, tick);
    reactive?.take(actual.events, other.state);
  }

  /** When nothing differs any more but names the worlds are one, until the next correction: no second one is executed. */
  private meet(): void {
    const { actual, parted } = this;
    if (parted === undefined || parted.dropped !== undefined) return;
    if (!parted.meeting.areSame(actual, parted.other.state)) return;
    this.parted = undefined;
    this.options.onMeeting?.();
  }
}

/** Rows from `from` on up to behind the next tick and what was forced behind it. */
function stepFrom(
  entry: BatchEntry,
  from: number,
  firstSequence: number,
): { to: number; commands: number; tick: number } {
  let to = from;
  let commands = 0;
  let tick = Number.POSITIVE_INFINITY;
  while (to < entry.rows) {
    const kind = entry.words[to * WORDS] as number;
    if (tick !== Number.POSITIVE_INFINITY && !isForced(kind)) break;
    if (kind === COMMAND.tick) tick = firstSequence + commands;
    to += commandRows(entry.words, to);
    commands++;
  }
  return { to, commands, tick };
}
