/**
 * `bench remedy`, second part: how far a correction spreads and what it costs to find out. The touch index of a session is made once; then
 * orders are left out, of one market or of all, and the cone is compared with a full replay in lockstep: the same world, or the run is void.
 */
import { copyState } from '../src/chain/copy-state.ts';
import type { BatchEntry } from '../src/chain/entry.ts';
import { COMMAND, COMMAND_BYTES } from '../src/engine/command.ts';
import { genesis, type State } from '../src/engine/state.ts';
import type { Table } from '../src/engine/table.ts';
import { composeWorld } from '../src/remedy/compose-world.ts';
import { cone } from '../src/remedy/cone.ts';
import type { CorrectionSet } from '../src/remedy/correction.ts';
import { Counterfactual } from '../src/remedy/counterfactual.ts';
import { differenceOfWorlds } from '../src/remedy/same-world.ts';
import type { TouchIndex } from '../src/remedy/touch-index.ts';
import { TouchRecorder } from '../src/remedy/touch-recorder.ts';
import { type Recording, recordInThread } from './recording.ts';
import { collectGarbage, rounded, startStopwatch, type Tell } from './series.ts';
import { applyOpening } from './session.ts';
import { FIRST_MARKET } from './venue.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

const WORDS = COMMAND_BYTES / 4;
const BATCH_ROWS = 4096;

/**
 * What is wrong: so many orders that should not have been taken, all of one market (counted from 1, the busiest), or (0) of as many markets
 * as there are orders; with none, the funding index of the market, which a process lost.
 */
export interface ConePoint {
  readonly market: number;
  readonly dropped: number;
}

export interface ConeRequest {
  readonly source: WorkloadSource;
  readonly points: readonly ConePoint[];
  /** False leaves out the full replays, and with them the proof that the cone is right. */
  readonly isVerified: boolean;
}

/** One point of the curve; seconds of processor time of the measuring thread. */
export interface ConeMeasured extends ConePoint {
  readonly kind: 'cone' | 'beyond';
  readonly why: string;
  /** Markets in the cone, commands executed in each of both parts, commands that came out otherwise, accounts with other money or margin. */
  readonly markets: number;
  readonly executed: number;
  readonly differing: number;
  readonly accounts: number;
  readonly passes: number;
  /** Rows that both parts hold. */
  readonly partMegabytes: number;
  /** Of the second of two runs: the first compiles. */
  readonly coneSeconds: number;
  /** The whole state of the other world, made from the actual one and the cone. */
  readonly composeSeconds: number;
  readonly fullSeconds: number | null;
  /** The full replay gave the same world; null when none was made. */
  readonly isSame: boolean | null;
}

export interface ConeResult {
  readonly commands: number;
  readonly indexSeconds: number;
  /** A second whole state, as a full replay makes when the worlds part: its rows, and the time. */
  readonly copyMegabytes: number;
  readonly copySeconds: number;
  readonly decisions: number;
  readonly points: readonly ConeMeasured[];
  readonly workload: WorkloadSummary;
}

/** Measures the curve. Throws when a cone is not what the full replay finds. */
export async function measureCone(request: ConeRequest, tell: Tell): Promise<ConeResult> {
  const recording = await recordInThread({ source: request.source, withForced: true });
  const venue = new Venue(recording);
  const stopIndexing = startStopwatch();
  const index = venue.indexed({ commands: [], deviations: [], keepHalts: true });
  const indexSeconds = secondsOf(stopIndexing().cpuNs);
  tell(`index of ${index.commands} commands: ${indexSeconds} s`);
  const points = request.points.map((point) => {
    const measured = measurePoint(venue, index, point, request.isVerified);
    const where = point.market === 0 ? 'many markets' : `market ${point.market}`;
    const what = point.dropped === 0 ? `index lost of ${where}` : `${point.dropped} left out of ${where}`;
    tell(`${what}: ${measured.kind} ${measured.why} ${measured.coneSeconds} s, full ${measured.fullSeconds ?? '—'} s`);
    return measured;
  });
  const { commands, decisions } = index;
  const copyMegabytes = megabytesOf(index.end, ({ rows }) => rows);
  collectGarbage();
  const stop = startStopwatch();
  copyState(index.end);
  const copySeconds = secondsOf(stop().cpuNs);
  return {
    commands,
    indexSeconds,
    copyMegabytes,
    copySeconds,
    decisions: decisions.slack.length,
    points,
    workload: recording.workload,
  };
}

/** The venue of a recording: states at its start, its commands in batches. */
class Venue {
  private readonly recording: Recording;
  private readonly firstSequence: number;

  constructor(recording: Recording) {
    this.recording = recording;
    this.firstSequence = recording.opening.commands + 1;
  }

  open(): State {
    const state = genesis(this.recording.outcome.rows);
    applyOpening(state, this.recording.opening);
    return state;
  }

  /** The index of the session with what was written into it. */
  indexed({ deviations }: CorrectionSet): TouchIndex {
    const recorder = new TouchRecorder(this.open(), this.open(), deviations);
    for (const batch of this.batches()) recorder.take(batch);
    return recorder.finish();
  }

  *batches(): Generator<BatchEntry> {
    const { bytes, rows } = this.recording.commands;
    for (let from = 0; from < rows; from += BATCH_ROWS) {
      const to = Math.min(rows, from + BATCH_ROWS);
      const own = bytes.subarray(from * COMMAND_BYTES, to * COMMAND_BYTES);
      yield {
        kind: 'commands',
        fork: 0,
        firstSequence: this.firstSequence + from,
        // Every command of a session is one row.
        commands: to - from,
        rows: to - from,
        closesBlock: false,
        bytes: own,
        words: new Int32Array(own.buffer, own.byteOffset, own.length / 4),
        floats: new Float64Array(own.buffer, own.byteOffset, own.length / 8),
      };
    }
  }
}

function measurePoint(venue: Venue, own: TouchIndex, point: ConePoint, isVerified: boolean): ConeMeasured {
  const corrections = point.dropped === 0 ? loseIndex(own, point) : leaveOut(own, point);
  // What was written is part of the actual world: its window is another one.
  const index = point.dropped === 0 ? venue.indexed(corrections) : own;
  cone(index, corrections);
  collectGarbage();
  const stop = startStopwatch();
  const found = cone(index, corrections);
  const coneSeconds = secondsOf(stop().cpuNs);
  const full = isVerified ? replayFully(venue, corrections) : undefined;
  const fullSeconds = full?.seconds ?? null;
  if (found.kind === 'beyond') {
    const nothing = { markets: 0, partMegabytes: 0, differing: 0, accounts: 0, passes: 0, composeSeconds: 0 };
    return { ...point, ...nothing, ...found, coneSeconds, fullSeconds, isSame: null };
  }
  const stopComposing = startStopwatch();
  const world = composeWorld(index, found);
  const composeSeconds = secondsOf(stopComposing().cpuNs);
  const difference = full === undefined ? undefined : differenceOfWorlds(world, full.other);
  if (difference !== undefined) throw new Error(`the cone is not what the full replay finds: ${difference}`);
  const { executed, differing, accounts, passes } = found;
  return {
    ...point,
    kind: 'cone',
    why: '',
    markets: found.part.markets.length,
    partMegabytes: partMegabytesOf(found.actual) + partMegabytesOf(found.other),
    executed,
    differing,
    accounts,
    passes,
    coneSeconds,
    composeSeconds,
    fullSeconds,
    isSame: full === undefined ? null : true,
  };
}

function replayFully(venue: Venue, corrections: CorrectionSet): { other: State; seconds: number } {
  const [actual, other] = [venue.open(), venue.open()];
  const full = new Counterfactual(actual, other, corrections);
  const stop = startStopwatch();
  for (const batch of venue.batches()) full.take(batch);
  return { other: full.other, seconds: secondsOf(stop().cpuNs) };
}

/** Orders that were taken, from a quarter of the session on, at equal distances where there are several markets. */
function leaveOut(index: TouchIndex, { market, dropped }: ConePoint): CorrectionSet {
  const from = index.commands >> 2;
  const numbers: number[] = [];
  if (market !== 0) {
    for (const number of index.byMarket.of(FIRST_MARKET + market - 1)) {
      if (numbers.length === dropped) break;
      if (number >= from && isTakenOrder(index, number)) numbers.push(number);
    }
  } else {
    for (let n = 0; n < dropped; n++) {
      let number = from + Math.floor(((index.commands - from) / (dropped + 1)) * n);
      while (number < index.commands && !isTakenOrder(index, number)) number++;
      if (number < index.commands) numbers.push(number);
    }
  }
  const commands = numbers.map((number) => ({ sequence: index.firstSequence + number, commands: [] }));
  return { commands, deviations: [], keepHalts: true };
}

/** The funding index of a market, and what the last division of it left over, zeroed a quarter into the session. */
function loseIndex(index: TouchIndex, { market }: ConePoint): CorrectionSet {
  const at = { table: 'market', row: FIRST_MARKET + market - 1, index: 0, value: 0 } as const;
  const writes = (['fundingIndex', 'fundingRemainder'] as const).map((column) => ({ ...at, column }));
  const afterSequence = index.firstSequence + (index.commands >> 2);
  return { commands: [], deviations: [{ afterSequence, writes }], keepHalts: true };
}

function isTakenOrder(index: TouchIndex, number: number): boolean {
  const { words } = index.chunks[index.chunkOf.at(number)] as { words: Int32Array };
  return words[index.rowOf.at(number) * WORDS] === COMMAND.placeOrder && index.refusal.at(number) === 0;
}

/** What rows take, 10^6 bytes: so many of each table. */
function megabytesOf(state: State, rowsOf: (table: Table, name: string) => number): number {
  const bytes = state.tables().reduce((sum, [name, table]) => sum + rowsOf(table, name) * table.schema.rowBytes, 0);
  return rounded(bytes / 1e6, 1);
}

/** Of positions and orders a part holds those of its markets alone; the pages between them are never touched. */
function partMegabytesOf(part: State): number {
  return megabytesOf(part, ({ rows, live }, name) => (name === 'position' || name === 'order' ? live : rows));
}

function secondsOf(ns: number): number {
  return rounded(ns / 1e9, 3);
}
