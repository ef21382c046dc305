/**
 * A world as it would have been, batch by batch: it gets every command that people and sources sent, with the corrections in their
 * place. What the exchange forced on anyone, what the remedy paid and what the insurance fund answered is left out of the record and
 * made anew from this world's own state.
 */
import { isHalt } from '../chain/amendment.ts';
import { commandRows, writeCommand } from '../chain/command-record.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { AMEND_ORDER, CANCEL_ORDER, COMMAND, COMMAND_BYTES, PLACE_ORDER } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT, POSITION, VENUE } from '../engine/tables.ts';
import { appendForced } from '../guard/forced-command.ts';
import { isForced } from '../guard/guarded-replay.ts';
import type { CorrectionSet } from './correction.ts';
import { correctedSample } from './correction-series.ts';
import { type HeldProposals, NOTHING_HELD } from './held-proposals.ts';
import { OtherNames } from './other-names.ts';
import type { EventRun } from './outcome.ts';
import { type ApplyCommand, RELEASES } from './releases.ts';

/** Appends the orders by which the insurance fund works off what it holds; a function of the state alone. */
export type Unwind = (state: State, timeMs: number, commands: CommandBuffer) => number;

/** A command that was asked for, and what came of it: in the actual world and in this one. The runs are valid during the call. */
export type AskedObserver = (kind: number, timeMs: number, actual: EventRun, other: EventRun) => void;

/** Rows `from` to `to` of a batch, which the actual world has taken: its events are those of them, from this sequence on. */
export interface TakenRows {
  readonly entry: BatchEntry;
  readonly from: number;
  readonly to: number;
  readonly firstSequence: number;
  readonly actual: State;
  /** What the engine proposed there and its guard held. */
  readonly held: HeldProposals;
}

/** The engine release that a correction set asks for is none that can be run. */
export class UnknownRelease extends Error {
  readonly code = 'unknown_release';
  constructor(release: number) {
    super(`there is no engine release ${release}: ${[...RELEASES.keys()].join(', ')}`);
    this.name = 'UnknownRelease';
  }
}

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

/** What the remedy itself did: part of the actual world, never of the one without an incident. */
const OF_REMEDY: ReadonlySet<number> = new Set([
  COMMAND.reserveRefund,
  COMMAND.postRefund,
  COMMAND.voidRefund,
  COMMAND.reverseCredit,
]);

/** Orders that are dropped of who may have reacted: those that add to a book. What takes out of it stays. */
const REACTIVE: ReadonlySet<number> = new Set([COMMAND.placeOrder, COMMAND.placeBatch, COMMAND.amendOrder]);

/** Whether the command at a row of the batch came from somebody who may have reacted to the falsehood. */
type IsReactive = (words: Int32Array, floats: Float64Array, row: number) => boolean;

export interface OtherWorldOptions {
  readonly corrections: CorrectionSet;
  readonly unwind?: Unwind | undefined;
  /** Orders of these are dropped; without it all are kept. */
  readonly drop?: IsReactive;
}

export class OtherWorldRun {
  readonly state: State;
  readonly names = new OtherNames();
  private readonly options: OtherWorldOptions;
  private readonly apply: ApplyCommand;
  private readonly replaced: ReadonlyMap<number, readonly Uint8Array[]>;
  private readonly forced = new CommandBuffer(64);
  private readonly unwound = new CommandBuffer(8);
  private scratch = new Uint8Array(COMMAND_BYTES * 1024);
  private held: HeldProposals = NOTHING_HELD;
  /** The fund has been worked off since the last tick. */
  private isUnwound = false;
  /** The fund held something else than in the actual world when the step began: what it orders, it orders by what it has. */
  private isFundApart = false;

  /** The state is written to. Refuses (throws `UnknownRelease`) corrections by an engine that is not there. */
  constructor(state: State, options: OtherWorldOptions) {
    this.state = state;
    this.options = options;
    const { commands, release } = options.corrections;
    const apply = RELEASES.get(release ?? (state.venue.i32[state.venue.rowWords + VENUE.RELEASE] as number));
    if (apply === undefined) throw new UnknownRelease(release as number);
    this.apply = apply;
    this.replaced = replacements(commands);
  }

  /** Both worlds stand at the start of a step. */
  begin(actual: State): void {
    this.isFundApart = this.options.unwind !== undefined && !holdsSame(actual, this.state, INSURANCE_FUND);
  }

  /** Asks for what was asked in the actual world. */
  ask(taken: TakenRows, onAsked?: AskedObserver): void {
    const { entry, from, to, actual } = taken;
    const { words, floats } = this.copyRows(entry, from, to);
    const { isFundApart } = this;
    this.held = taken.held;
    let sequence = taken.firstSequence;
    let told = 0;
    for (let row = 0; row < to - from; sequence++) {
      const rows = commandRows(words, row);
      const kind = words[row * WORDS] as number;
      if (isFundApart && (kind === COMMAND.tick || isOfFund(words, row))) {
        this.unwindFund(floats[row * FLOATS + 1] as number);
      }
      const first = eventOf(actual.events, sequence, told);
      told = eventOf(actual.events, sequence + 1, first);
      if (!this.isLeftOut(words, row, kind, isFundApart)) {
        const timeMs = floats[row * FLOATS + 1] as number;
        const before = this.state.events.count;
        this.give(words, floats, row, rows, sequence);
        const here = { values: actual.events.values, from: first, to: told };
        const there = { values: this.state.events.values, from: before, to: this.state.events.count };
        this.names.learn(here, there);
        onAsked?.(kind, timeMs, here, there);
      }
      row += rows;
    }
    // The count of commands is the history's: what this world was not forced to takes no number.
    this.state.venue.f64[this.state.venue.rowFloats + VENUE.SEQUENCE] = sequence - 1;
    this.state.venue.touch(1);
  }

  private isLeftOut(words: Int32Array, row: number, kind: number, isFundApart: boolean): boolean {
    if (isForced(kind) || OF_REMEDY.has(kind)) return true;
    if (isFundApart && isOfFund(words, row)) return true;
    return !this.options.corrections.keepHalts && isHalt(words, row);
  }

  /** Gives a command, or what it should have been, to this world. */
  private give(words: Int32Array, floats: Float64Array, row: number, rows: number, sequence: number): void {
    const { state } = this;
    const kind = words[row * WORDS] as number;
    const corrected = this.correctionOf(words, floats, row, sequence);
    if (corrected !== undefined) for (const bytes of corrected) this.applyBytes(bytes);
    else if (this.options.drop === undefined || !this.isDropped(words, floats, row, kind)) {
      this.names.rename(words, floats, row);
      const from = state.events.count;
      this.apply(state, words, floats, row, row + rows);
      if (kind === COMMAND.tick) this.afterTick(from);
    }
  }

  /** What the command should have been; undefined where it was right. */
  private correctionOf(
    words: Int32Array,
    floats: Float64Array,
    row: number,
    sequence: number,
  ): readonly Uint8Array[] | undefined {
    const replaced = this.replaced.get(sequence);
    if (replaced !== undefined) return replaced;
    const { series } = this.options.corrections;
    if (series === undefined) return undefined;
    const sample = correctedSample(series, words, floats, row);
    return sample === undefined ? undefined : sample === null ? [] : [sample];
  }

  private applyBytes(rows: Uint8Array): void {
    const { state } = this;
    const bytes = rows.slice();
    const [words, floats] = [new Int32Array(bytes.buffer), new Float64Array(bytes.buffer)];
    this.names.rename(words, floats, 0);
    const from = state.events.count;
    this.apply(state, words, floats, 0);
    if (words[0] === COMMAND.tick) this.afterTick(from);
  }

  /** True when the order is left out. What is left of an amendment is that the order is not there any more as it was. */
  private isDropped(words: Int32Array, floats: Float64Array, row: number, kind: number): boolean {
    if (!REACTIVE.has(kind) || this.options.drop?.(words, floats, row) !== true) return false;
    if (kind !== COMMAND.amendOrder) return true;
    const at = row * WORDS;
    words[at] = COMMAND.cancelOrder;
    for (const column of [AMEND_ORDER.PRICE, AMEND_ORDER.SIZE, AMEND_ORDER.TRIGGER]) words[at + column] = 0;
    floats[row * FLOATS + CANCEL_ORDER.ORDER] = floats[row * FLOATS + AMEND_ORDER.ORDER] as number;
    return false;
  }

  /** What the engine proposes in this world happens here. */
  private afterTick(from: number): void {
    const { state, forced } = this;
    this.isUnwound = false;
    forced.clear();
    const timeMs = state.venue.f64[state.venue.rowFloats + VENUE.TIME_MS] as number;
    for (let event = from; event < state.events.count; event++) {
      if (!this.held.has(state.events, event, this.names)) appendForced(state.events, event, timeMs, forced);
    }
    this.applyAll(forced);
  }

  /** The fund works off what it holds in this world: once between two ticks, where the actual one's did, or before the tick. */
  private unwindFund(timeMs: number): void {
    if (this.isUnwound) return;
    this.isUnwound = true;
    this.unwound.clear();
    this.options.unwind?.(this.state, timeMs, this.unwound);
    this.applyAll(this.unwound);
  }

  private applyAll({ i32, f64, rows }: CommandBuffer): void {
    for (let row = 0; row < rows; ) row += this.apply(this.state, i32, f64, row, rows);
  }

  /** The rows as this world's own: names in them are changed in place. */
  private copyRows(entry: BatchEntry, from: number, to: number): { words: Int32Array; floats: Float64Array } {
    const bytes = entry.bytes.subarray(from * COMMAND_BYTES, to * COMMAND_BYTES);
    if (this.scratch.length < bytes.length) this.scratch = new Uint8Array(bytes.length * 2);
    this.scratch.set(bytes);
    return {
      words: new Int32Array(this.scratch.buffer, 0, bytes.length / 4),
      floats: new Float64Array(this.scratch.buffer, 0, bytes.length / 8),
    };
  }
}

function replacements(commands: CorrectionSet['commands']): ReadonlyMap<number, readonly Uint8Array[]> {
  return new Map(commands.map(({ sequence, commands: rows }) => [sequence, rows.map(writeCommand)]));
}

/** The first event from event `from` on of a command with this sequence or a later one. */
export function eventOf({ values, count }: EventBuffer, sequence: number, from: number): number {
  let event = from;
  while (event < count && (values[event * EVENT_FLOATS + 1] as number) < sequence) event++;
  return event;
}

/** True for what the remedy itself did. */
export function isOfRemedy(kind: number): boolean {
  return OF_REMEDY.has(kind);
}

/** True for an order of the insurance fund. */
export function isOfFund(words: Int32Array, row: number): boolean {
  return words[row * WORDS] === COMMAND.placeOrder && words[row * WORDS + PLACE_ORDER.ACCOUNT] === INSURANCE_FUND;
}

/** True when an account holds the same sizes in both worlds. */
export function holdsSame(one: State, two: State, account: number): boolean {
  return isWithin(one, two, account) && isWithin(two, one, account);
}

function isWithin(one: State, two: State, account: number): boolean {
  const { i32, f64 } = one.position;
  let row = one.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    const size = f64[row * 16 + POSITION.SIZE] as number;
    const there = two.index.positions.find(two.position, account, i32[row * 32 + POSITION.MARKET] as number);
    if (size !== (there === 0 ? 0 : (two.position.f64[there * 16 + POSITION.SIZE] as number))) return false;
  }
  return true;
}
