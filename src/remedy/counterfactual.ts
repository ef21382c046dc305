/**
 * The counterfactual: the world as it would have been. It gets every command that people and sources sent, with the corrections in
 * their place, in lockstep with the actual world; what the exchange forced on anyone is left out of the record and derived anew from
 * the corrected state, as the engine proposes it. What the outcome of a command is in one world and not in the other is counted.
 */
import { isHalt } from '../chain/amendment.ts';
import { commandRows, writeCommand } from '../chain/command-record.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { applyCommand } from '../engine/apply.ts';
import { applyUntilTick } from '../engine/batch.ts';
import { COMMAND, PLACE_ORDER } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { MARKET, POSITION, VENUE } from '../engine/tables.ts';
import { appendForced } from '../guard/forced-command.ts';
import { isForced } from '../guard/guarded-replay.ts';
import type { CorrectionSet } from './correction.ts';
import { deviate } from './deviation.ts';
import { DivergenceCount } from './divergence.ts';
import { givenBy, OtherNames } from './other-names.ts';
import type { SettledIndex } from './valuation.ts';

/** A command that was asked for, and its sequence in either world; 0 where it was left out. */
interface Asked {
  readonly sequence: number;
  readonly otherSequence: number;
  /** Market of an order that was placed, 0 of anything else. */
  readonly market: number;
  readonly timeMs: number;
}

export class Counterfactual {
  /** The world as it was: every recorded command, forced ones among them, and the deviations. */
  readonly actual: State;
  /** The world as it would have been. */
  readonly other: State;
  readonly divergence = new DivergenceCount();
  private readonly corrections: CorrectionSet;
  private readonly names = new OtherNames();
  /** By how much the true index of a market is above the actual world's. */
  private readonly shifts = new Map<number, bigint>();
  /** Index of each position when an index was falsified last. */
  private indexesAtShift: readonly number[] = [];
  private readonly replaced: ReadonlyMap<number, readonly Uint8Array[]>;
  private readonly forced = new CommandBuffer(64);

  /** Both states stand at the last good block, and are the caller's to give away: they are written to. */
  constructor(actual: State, other: State, corrections: CorrectionSet) {
    this.actual = actual;
    this.other = other;
    this.corrections = corrections;
    this.replaced = new Map(
      corrections.commands.map(({ sequence, commands }) => [sequence, commands.map(writeCommand)]),
    );
  }

  /** Takes one recorded batch into both worlds. */
  take(entry: BatchEntry): void {
    const { actual, other } = this;
    for (const deviation of this.corrections.deviations) {
      if (deviation.afterSequence !== entry.firstSequence - 1) continue;
      const before = indexesOf(actual);
      deviate(actual, deviation);
      this.shiftIndexes(before);
    }
    actual.events.clear();
    other.events.clear();
    for (let row = 0; row < entry.rows; ) row = applyUntilTick(actual, entry.words, entry.floats, row, entry.rows);
    const asked = this.ask(entry);
    this.compare(asked);
  }

  /** Remembers by how much a deviation moved each index: what settles from now on settles up to an index that is so much off. */
  private shiftIndexes(before: readonly bigint[]): void {
    indexesOf(this.actual).forEach((index, market) => {
      const shift = (before[market] as bigint) - index;
      if (shift !== 0n) this.shifts.set(market, (this.shifts.get(market) ?? 0n) + shift);
    });
    const { f64, rows } = this.actual.position;
    this.indexesAtShift = Array.from({ length: rows }, (_, row) => f64[row * 16 + POSITION.FUNDING_INDEX] as number);
  }

  /**
   * The true index up to which a position of the actual world has settled. One whose row is still as it was when the index was
   * falsified settled before that; any other settled up to an index that was off by the shift.
   */
  readonly settledInActual: SettledIndex = (state, row) => {
    const index = state.position.f64[row * 16 + POSITION.FUNDING_INDEX] as number;
    const market = state.position.i32[row * 32 + POSITION.MARKET] as number;
    const isUntouched = this.indexesAtShift[row] === index;
    return BigInt(index) + (isUntouched ? 0n : (this.shifts.get(market) ?? 0n));
  };

  /** Asks the other world for what was asked for in this one. */
  private ask(entry: BatchEntry): Asked[] {
    const { other } = this;
    const asked: Asked[] = [];
    let sequence = entry.firstSequence;
    for (let row = 0; row < entry.rows; sequence++) {
      const rows = commandRows(entry.words, row);
      if (!isForced(entry.words[row * 16] as number) && (this.corrections.keepHalts || !isHalt(entry.words, row))) {
        const from = other.events.count;
        const otherSequence = this.give(entry, row, rows, sequence);
        const isOrder = entry.words[row * 16] === COMMAND.placeOrder;
        const market = isOrder ? (entry.words[row * 16 + PLACE_ORDER.MARKET] as number) : 0;
        asked.push({ sequence, otherSequence, market, timeMs: entry.floats[row * 8 + 1] as number });
        if (entry.words[row * 16] === COMMAND.tick) this.applyProposals(from);
      }
      row += rows;
    }
    return asked;
  }

  /** Gives a command, or its correction, to the other world; returns its sequence there, 0 when it is left out. */
  private give(entry: BatchEntry, row: number, rows: number, sequence: number): number {
    const { other } = this;
    const correction = this.replaced.get(sequence);
    let otherSequence = 0;
    for (const rowsOfOne of correction ?? [entry.bytes.subarray(row * 64, (row + rows) * 64)]) {
      const bytes = rowsOfOne.slice();
      const words = new Int32Array(bytes.buffer);
      const floats = new Float64Array(bytes.buffer);
      this.names.rename(words, floats, 0);
      applyCommand(other, words, floats, 0);
      otherSequence = other.venue.f64[64 + VENUE.SEQUENCE] as number;
    }
    return otherSequence;
  }

  /** What the engine proposes in the other world happens there. */
  private applyProposals(from: number): void {
    const { other, forced } = this;
    forced.clear();
    const timeMs = other.venue.f64[64 + VENUE.TIME_MS] as number;
    for (let event = from; event < other.events.count; event++) appendForced(other.events, event, timeMs, forced);
    for (let row = 0; row < forced.rows; ) row = applyUntilTick(other, forced.i32, forced.f64, row, forced.rows);
  }

  private compare(asked: readonly Asked[]): void {
    const [given, otherGiven] = [givenBy(this.actual.events), givenBy(this.other.events)];
    const [outcomes, others] = [outcomesOf(this.actual.events), outcomesOf(this.other.events)];
    for (const { sequence, otherSequence, market, timeMs } of asked) {
      this.names.learn(given.get(sequence), otherGiven.get(otherSequence));
      if (market === 0) continue;
      const [here, there] = [outcomes.get(sequence), others.get(otherSequence)];
      this.divergence.count(market, timeMs, here, there);
    }
  }
}

function indexesOf({ market }: State): bigint[] {
  return Array.from({ length: market.rows }, (_, row) =>
    BigInt(market.f64[row * 128 + MARKET.FUNDING_INDEX] as number),
  );
}

/** What came of a command: why it was refused, how many lots it traded, and for what (lots × ticks). */
export interface Outcome {
  refusal: number;
  lots: number;
  value: number;
}

function outcomesOf({ values, count }: EventBuffer): Map<number, Outcome> {
  const outcomes = new Map<number, Outcome>();
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    const kind = values[at];
    if (kind !== EVENT.refused && kind !== EVENT.filled) continue;
    const sequence = values[at + 1] as number;
    const outcome = outcomes.get(sequence) ?? { refusal: 0, lots: 0, value: 0 };
    if (kind === EVENT.refused) outcome.refusal = values[at + 3] as number;
    else {
      outcome.lots += values[at + 8] as number;
      outcome.value += (values[at + 7] as number) * (values[at + 8] as number);
    }
    outcomes.set(sequence, outcome);
  }
  return outcomes;
}
