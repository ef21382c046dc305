/**
 * `bench remedy`, first part: the draft of a remedy over a whole session, as `makewhole incident draft` makes it: the journal read from its
 * files, both worlds in lockstep with every root of the actual one checked, claims of all accounts, both trees and a receipt for each.
 */
import { toHex } from '../src/chain/digest.ts';
import { COMMAND, COMMAND_BYTES, PLACE_ORDER } from '../src/engine/command.ts';
import { genesis } from '../src/engine/state.ts';
import { writeCaseFolder } from '../src/incident/case-folder.ts';
import { type Draft, draftIncident } from '../src/incident/draft.ts';
import { JournalReader } from '../src/journal/journal-reader.ts';
import { sha256 } from '../src/journal/node-digest.ts';
import { ThreadedRoots } from '../src/journal/threaded-roots.ts';
import type { CorrectionSet } from '../src/remedy/correction.ts';
import { DEFAULT_POLICY } from '../src/remedy/default-policy.ts';
import { CASE_FORMAT, type IncidentCase } from '../src/remedy/incident-case.ts';
import { batchesOf, type Grouping, openDurable } from './durable.ts';
import { join } from 'node:path';
import { type Recording, recordInThread } from './recording.ts';
import { withScratchFolder } from './scratch-folder.ts';
import { rounded, startStopwatch, type Tell } from './series.ts';
import { applyOpening } from './session.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

const WORDS = COMMAND_BYTES / 4;

export interface DraftRequest extends Grouping {
  readonly source: WorkloadSource;
  /** How many orders the correction leaves out, spread over the session. */
  readonly dropped: number;
  readonly folder?: string;
}

export interface DraftResult extends Grouping {
  readonly dropped: number;
  readonly commands: number;
  /** Accounts that were assessed, each with a receipt; and those that are paid. */
  readonly assessed: number;
  readonly paid: number;
  /** Of the claims: what they sum to beyond what money moved; "0". */
  readonly residual: string;
  /** From the journal to claims, roots and receipts; processor time of the thread that does it; and the files of the case. */
  readonly draftSeconds: number;
  readonly draftCpuSeconds: number;
  readonly writeSeconds: number;
  readonly workload: WorkloadSummary;
}

/** Drafts a remedy once. Throws where the draft finds that the case does not explain the journal. */
export async function measureDraft(request: DraftRequest, tell: Tell): Promise<DraftResult> {
  const recording = await recordInThread({ source: request.source, withForced: false });
  return withScratchFolder(request.folder, async (folder) => {
    const journal = join(folder, 'journal');
    const { from, to } = await writeJournal(journal, recording, request);
    tell(`${recording.commands.commands} commands in ${to - from} blocks`);
    const corrections = dropOrders(recording, request.dropped);
    const roots = new ThreadedRoots();
    try {
      const start = genesis(recording.outcome.rows);
      applyOpening(start, recording.opening);
      const history = new JournalReader(journal);
      const incident = caseOf(history, from, to, corrections);
      const secret = new Uint8Array(32).fill(7);
      const stop = startStopwatch();
      const draft = draftIncident({ incident, history, start, hash: sha256, roots, secret });
      const { wallNs, cpuNs } = stop();
      if ('finding' in draft) throw new Error(`nothing is drafted: ${draft.finding}: ${draft.about}`);
      tell(`${draft.receipts.length} receipts in ${rounded(wallNs / 1e9, 1)} s`);
      const stopWriting = startStopwatch();
      writeCaseFolder(join(folder, 'case'), incident, draft, secret);
      const written = stopWriting();
      return {
        ...resultOf(draft),
        dropped: request.dropped,
        commands: recording.commands.commands,
        draftSeconds: rounded(wallNs / 1e9, 2),
        draftCpuSeconds: rounded(cpuNs / 1e9, 2),
        writeSeconds: rounded(written.wallNs / 1e9, 2),
        batchCommands: request.batchCommands,
        blockCommands: request.blockCommands,
        workload: recording.workload,
      };
    } finally {
      await roots.close();
    }
  });
}

function resultOf({ dossier, effect, receipts }: Draft): Pick<DraftResult, 'assessed' | 'paid' | 'residual'> {
  if (receipts.length !== dossier.accounts.assessed) {
    throw new Error(`${receipts.length} receipts for ${dossier.accounts.assessed} accounts`);
  }
  return { assessed: dossier.accounts.assessed, paid: effect.accounts, residual: dossier.conservation.residual };
}

/** Writes the session as a journal; returns the height of the block that opens the venue and of the last. */
export async function writeJournal(
  folder: string,
  recording: Recording,
  grouping: Grouping,
): Promise<{ from: number; to: number }> {
  const { exchange, journal, close } = openDurable(folder, recording, grouping);
  try {
    const from = journal.height;
    for (const batch of batchesOf(recording.commands, grouping.batchCommands)) exchange.submit(batch);
    exchange.finish();
    return { from, to: journal.height };
  } finally {
    await close();
  }
}

/** Leaves out orders at equal distances. */
function dropOrders({ opening, commands }: Recording, dropped: number): CorrectionSet {
  const sequences: { sequence: number; commands: [] }[] = [];
  for (let n = 1; n <= dropped; n++) {
    let row = Math.floor((commands.rows / (dropped + 1)) * n);
    while (row < commands.rows && !isOrder(commands.i32, row)) row++;
    if (row < commands.rows) sequences.push({ sequence: opening.commands + row + 1, commands: [] });
  }
  return { commands: sequences, deviations: [], keepHalts: true };
}

export function isOrder(words: Int32Array, row: number): boolean {
  return words[row * WORDS] === COMMAND.placeOrder && words[row * WORDS + PLACE_ORDER.CLIENT_ID_LENGTH] === 0;
}

export function caseOf(history: JournalReader, from: number, to: number, corrections: CorrectionSet): IncidentCase {
  const [first, last] = [history.block(from), history.block(to)];
  if (first === undefined || last === undefined) throw new Error(`no blocks ${from} and ${to}`);
  return {
    format: CASE_FORMAT,
    name: 'bench',
    reason: 'Orders that should not have been taken.',
    from: { fork: first.fork, height: from, stateRoot: toHex(first.stateRoot) },
    to: { fork: last.fork, height: to },
    corrections,
    mode: 'replay',
    reactivePpm: DEFAULT_POLICY.horizonPpm,
    policy: DEFAULT_POLICY,
    notices: { noticeMs: last.lastMs, reopenMs: last.lastMs, graceMs: 0, late: [] },
  };
}
