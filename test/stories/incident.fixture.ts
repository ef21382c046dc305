// Venues that something goes wrong in: what was told falsely, what an operator did by mistake, what a process loaded. Each knows its correction.
import { commandRows, readCommand, writeCommand } from '../../src/chain/command-record.ts';
import type { CommandRecord } from '../../src/chain/command-value.ts';
import { toHex } from '../../src/chain/digest.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { COMMAND, COMMAND_BYTES } from '../../src/engine/command.ts';
import { CommandBuffer } from '../../src/engine/command-buffer.ts';
import type { State } from '../../src/engine/state.ts';
import { STATUS } from '../../src/engine/status.ts';
import { VENUE } from '../../src/engine/tables.ts';
import { Exchange } from '../../src/exchange/exchange.ts';
import { recover } from '../../src/exchange/recover.ts';
import { unwindInsurance } from '../../src/exchange/unwind.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import type { CorrectedCommand, CorrectionSet } from '../../src/remedy/correction.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import { type Deviation, deviate } from '../../src/remedy/deviation.ts';
import { CASE_FORMAT, type IncidentCase } from '../../src/remedy/incident-case.ts';
import { type IncidentFinding, type IncidentRun, runIncident } from '../../src/remedy/incident-run.ts';
import { modelledMarketDay } from '../../src/sim/modelled-market-day.ts';
import { Session } from '../../src/sim/session.ts';

/** Changes the command at a row of what is submitted before tick `tick`; undefined leaves it. */
export type Falsify = (tick: number, record: () => CommandRecord, kind: number) => CommandRecord | undefined;

export interface Wrong {
  /** Commands that are told falsely; the true ones become the correction. */
  readonly falsify?: Falsify;
  /** A command that an operator gives before a tick, and should not have. */
  readonly slip?: (tick: number, timeMs: number) => CommandRecord | undefined;
  /** What a process loads between two ticks. */
  readonly deviation?: (tick: number, state: State) => Deviation['writes'] | undefined;
  /** It loads it as it starts again behind a block that it had closed. */
  readonly isRestart?: boolean;
}

export interface Venue {
  readonly journal: MemoryJournal;
  readonly corrections: CorrectionSet;
  /** Height of the last block before anything was wrong. */
  readonly lastGood: number;
  readonly liquidated: number;
  readonly state: State;
}

export interface VenueOptions {
  readonly seed: number;
  readonly ticks: number;
  readonly accounts?: number;
}

/** Trades; what is wrong is wrong from the first tick at which it says so. */
export function tradeWrongly(wrong: Wrong, options: VenueOptions): Venue {
  return tradeOn(new MemoryJournal(), wrong, options, 0);
}

/** Goes on with what a journal holds, from tick `from` on; a venue that stands still is opened first. */
export function tradeOn(journal: MemoryJournal, wrong: Wrong, options: VenueOptions, from: number): Venue {
  const { seed, ticks, accounts = 120 } = options;
  const session = new Session({ day: modelledMarketDay({ seed }), seed, accounts });
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
  let liquidated = 0;
  const exchange = new Exchange({
    state,
    journal,
    sealer,
    blockCommands: 1 << 16,
    blockMs: 30_000,
    onPublish: ({ events }) => {
      liquidated += events.all().filter(({ kind }) => kind === 'liquidated').length;
    },
  });
  const commands: CorrectedCommand[] = [];
  const deviations: Deviation[] = [];
  let lastGood = -1;
  const buffer = new CommandBuffer(1 << 12);
  const submitted = new CommandBuffer(1 << 12);
  if (from > 0 && state.venue.i32[state.venue.rowWords + VENUE.STATUS] !== STATUS.OK) {
    buffer.setStatus(exchange.timeMs, 0, STATUS.OK, 0);
    exchange.submit(buffer);
  }
  for (let tick = from; tick < ticks; tick++) {
    buffer.clear();
    if (tick === 0) session.opening(state, buffer);
    else session.step(tick, state, buffer);
    const writes = wrong.deviation?.(tick, state);
    if (writes !== undefined && wrong.isRestart === true) exchange.finish();
    const height = journal.height;
    const before = commands.length + deviations.length;
    if (writes !== undefined) {
      const deviation = { afterSequence: exchange.sequence, writes };
      deviations.push(deviation);
      deviate(state, deviation);
    }
    submitWrongly(tick, buffer, submitted, wrong, exchange.sequence, commands);
    if (before === 0 && commands.length + deviations.length > 0) lastGood = height;
    exchange.submit(submitted);
  }
  exchange.finish();
  if (lastGood < 0) lastGood = Math.floor(journal.height / 2);
  return { journal, lastGood, liquidated, state, corrections: { commands, deviations, keepHalts: true } };
}

function submitWrongly(
  tick: number,
  asked: CommandBuffer,
  submitted: CommandBuffer,
  { falsify, slip }: Wrong,
  sequence: number,
  corrected: CorrectedCommand[],
): void {
  submitted.clear();
  let next = sequence + 1;
  const timeMs = asked.f64[1] as number;
  const mistake = slip?.(tick, timeMs);
  if (mistake !== undefined) {
    submitted.append(writeCommand(mistake), 1);
    corrected.push({ sequence: next++, commands: [] });
  }
  for (let row = 0; row < asked.rows; next++) {
    const rows = commandRows(asked.i32, row);
    const bytes = asked.bytes.slice(row * COMMAND_BYTES, (row + rows) * COMMAND_BYTES);
    const truth = (): CommandRecord => readCommand(bytes);
    const lie = falsify?.(tick, truth, asked.i32[row * 16] as number);
    if (lie === undefined) submitted.append(bytes, 1);
    else {
      submitted.append(writeCommand(lie), 1);
      corrected.push({ sequence: next, commands: [truth()] });
    }
    row += rows;
  }
}

/** A lie of one oracle kind about a market: every spot oracle and venue tells `ppm` of the true price between two ticks. */
export function falsePrices(market: number, fromTick: number, toTick: number, ppm: number): Falsify {
  const times = (value: unknown): number => Math.floor((value as number) * (ppm / 1e6));
  return (tick, record, kind) => {
    if (tick < fromTick || tick >= toTick) return undefined;
    if (kind !== COMMAND.oraclePrice && kind !== COMMAND.venueQuote) return undefined;
    const truth = record();
    if (truth['market'] !== market) return undefined;
    if (kind === COMMAND.oraclePrice) return { ...truth, price: times(truth['price']) };
    return {
      ...truth,
      mark: times(truth['mark']),
      index: times(truth['index']),
      impactBid: times(truth['impactBid']),
      impactAsk: times(truth['impactAsk']),
    };
  };
}

/** The case of a venue, over its whole record. */
export function caseOf({ journal, lastGood, corrections }: Venue, changes: Partial<IncidentCase> = {}): IncidentCase {
  const from = journal.block(lastGood);
  const to = journal.block(journal.height);
  if (from === undefined || to === undefined) throw new Error('the venue has no blocks');
  return {
    format: CASE_FORMAT,
    name: 'a-test',
    reason: 'something was wrong',
    from: { fork: from.fork, height: from.height, stateRoot: toHex(from.stateRoot) },
    to: { fork: to.fork, height: to.height },
    corrections,
    mode: 'replay',
    reactivePpm: 10_000,
    policy: DEFAULT_POLICY,
    notices: { noticeMs: to.lastMs, reopenMs: to.lastMs, graceMs: 0, late: [] },
    ...changes,
  };
}

/** Runs a case over the record of a venue. */
export function runOf({ journal }: Venue, incident: IncidentCase): IncidentRun | IncidentFinding {
  const { state: start } = stateAtBlock(journal, incident.from.height, { head: incident.from.height });
  const roots = new DirectRoots(sha256);
  return runIncident({ incident, history: journal, start, hash: sha256, roots, unwind: unwindInsurance });
}

/** The run, or an error with what was found. */
export function soundRunOf(venue: Venue, incident: IncidentCase): IncidentRun {
  const run = runOf(venue, incident);
  if ('finding' in run) throw new Error(`${run.finding}: ${run.about}`);
  return run;
}
