/**
 * A fault that nobody stopped, made good: the venue is halted, what was wrong becomes a case, every account is assessed and has a receipt,
 * two operators approve, and it is paid.
 */
import type { Block } from '../../chain/block.ts';
import { stateAtBlock } from '../../incident/state-at-block.ts';
import type { Journal } from '../../journal/journal.ts';
import type { CorrectionSet } from '../../remedy/correction.ts';
import { NOTES_FORMAT, type ReportNotes } from '../../remedy/report/notes.ts';
import { addPayment, verifiedElsewhere, writeCase } from './case-files.ts';
import { caseOf, measureCase } from './incident.ts';
import {
  CaseDoesNotHold,
  draftCase,
  NotPaid,
  type Payer,
  payRemedy,
  remedyResult,
  verifiedHere,
} from './make-whole.ts';
import type { DrillResult } from './result.ts';
import type { DrillTold } from './story.ts';

export interface Incident {
  readonly name: string;
  /** What it is modelled on, and what goes wrong in the drill, a line each. */
  readonly summary: string;
  readonly cause: string;
  /** What was wrong and what is right in its place. */
  readonly corrections: Pick<CorrectionSet, 'commands' | 'deviations'>;
  /** The last command before anything was wrong. */
  readonly lastRight: number;
}

/** The halted venue: its history ends with a block. */
export interface Halted {
  readonly journal: Journal;
  readonly seed: number;
  readonly payer: Payer;
  /** Where the case is left. */
  readonly folder: string;
  readonly told: DrillTold;
}

export type Remedied = Pick<DrillResult, 'remedy' | 'noRemedy' | 'timings'>;

/** Nobody is made whole, and why. */
export function withoutRemedy(because: string): Remedied {
  return { remedy: null, noRemedy: because, timings: null };
}

/** Makes good what a fault did, from its case to the last payment. */
export function makeGood(incident: Incident, { journal, seed, payer, folder, told }: Halted): Remedied {
  const startMs = performance.now();
  const to = journal.block(journal.height) as Block;
  const good = stateAtBlock(journal, blockBefore(journal, incident.lastRight).height);
  const corrections = { ...incident.corrections, keepHalts: true };
  const window = { from: good.block, to };
  const document = caseOf(incident.name, reasonOf(incident), corrections, window, to.lastMs);
  const scopeSeconds = (performance.now() - startMs) / 1000;
  const drafted = draftCase({ journal, seed }, good, document);
  if (drafted instanceof CaseDoesNotHold) return withoutRemedy(drafted.message);
  const measurement = measureCase({ journal }, good, document);
  writeCase(folder, { ...drafted, measurement, notes: notesOf(incident) });
  const remedy = remedyResult(drafted, verifiedHere(drafted.draft), verifiedElsewhere(folder));
  const settled = payRemedy(payer, drafted);
  const paid = settled instanceof NotPaid ? undefined : settled;
  if (paid !== undefined) addPayment(folder, drafted.draft.roots.round, paid.approval, paid.record);
  const { timeMs } = payer;
  told.onMoment?.({ kind: 'remedy', timeMs, result: remedy, shown: paid?.shown ?? [], record: paid?.record });
  const timings = { scopeSeconds, draftSeconds: drafted.seconds, payoutSeconds: paid?.seconds ?? 0 };
  return { remedy, noRemedy: settled instanceof NotPaid ? settled.message : null, timings };
}

/** The last block that ends before a command or with it. */
function blockBefore(journal: Journal, sequence: number): Block {
  for (let height = journal.height; ; height--) {
    const block = journal.block(height) as Block;
    if (block.lastSequence <= sequence) return block;
  }
}

function reasonOf({ summary, cause }: Incident): string {
  const what = `${cause.slice(0, 1).toUpperCase()}${cause.slice(1)}.`;
  return summary === cause ? what : `${what} A drill after what happened elsewhere: ${summary}.`;
}

function notesOf(incident: Incident): ReportNotes {
  return {
    format: NOTES_FORMAT,
    rootCause: [`${reasonOf(incident)} Nobody checked it before it was traded on.`],
    detection: ['Those who were harmed noticed. The venue was halted by hand.'],
    decision: [
      'What was wrong had been traded on with the outside world: who was harmed is paid by the published policy.',
    ],
    actions: [
      {
        what: 'The guard compares what comes in with other sources, and its own copies with what is in memory, before anything is forced.',
        owner: 'operations of the drill’s venue',
        due: 'done: the same drill with the guard on',
        test: 'test/stories/drill-others.test.ts',
      },
    ],
  };
}
