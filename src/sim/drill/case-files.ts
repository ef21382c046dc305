/** What a drill leaves on disk of a case, how the second verifier is asked, and the report. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SignedAct } from '../../guard/authority/decode-act.ts';
import { CASE_FILES, writeCaseFolder } from '../../incident/case-folder.ts';
import type { Draft } from '../../incident/draft.ts';
import type { Measured, Measurement } from '../../incident/measure.ts';
import type { PayRecord } from '../../incident/pay.ts';
import { writeApproval, writePayment } from '../../incident/payout-folder.ts';
import { readReportInput, writeReport } from '../../incident/report.ts';
import type { IncidentCase } from '../../remedy/incident-case.ts';
import type { ReportNotes } from '../../remedy/report/notes.ts';
import type { MeasuredOption, MeasuredOptions } from '../../remedy/report/report-input.ts';

const VERIFIER = fileURLToPath(new URL('../../../verifier/verify-receipt.mjs', import.meta.url));

export interface CaseOnDisk {
  readonly incident: IncidentCase;
  readonly draft: Draft;
  readonly secret: Uint8Array;
  readonly measurement: Measurement;
  readonly notes: ReportNotes;
}

/** Writes a new folder with everything of a case, and its report as far as it goes. */
export function writeCase(folder: string, { incident, draft, secret, measurement, notes }: CaseOnDisk): void {
  writeCaseFolder(folder, incident, draft, secret);
  writeFileSync(join(folder, 'measure.json'), `${JSON.stringify(measuredOptions(measurement), null, 2)}\n`);
  writeFileSync(join(folder, 'notes.json'), `${JSON.stringify(notes, null, 2)}\n`);
  writeReport(readReportInput(folder), folder);
}

/** Adds what people signed and what was paid, and writes the report anew. */
export function addPayment(folder: string, round: number, approval: SignedAct, record: PayRecord): void {
  writeApproval(folder, round, approval);
  writePayment(folder, record);
  writeReport(readReportInput(folder), folder);
}

function measuredOptions({ options, recommended, because }: Measurement): MeasuredOptions {
  const of = ({ harmed, benefited, fundCost, honestTradesUndone, receivables, debtors }: Measured): MeasuredOption => ({
    harmed: { accounts: harmed.accounts },
    benefited: { accounts: benefited.accounts },
    fundCost: String(fundCost),
    honestTradesUndone: { trades: honestTradesUndone.trades },
    receivables: String(receivables),
    debtors,
  });
  const { do_nothing, forward_fix, rollback } = options;
  return {
    options: { do_nothing: of(do_nothing), forward_fix: of(forward_fix), rollback: of(rollback) },
    recommended,
    because,
  };
}

/** How many receipts of the case in a folder hold by the second verifier, which shares no code with anything here. */
export function verifiedElsewhere(folder: string): number {
  const [receipts, roots] = [join(folder, CASE_FILES.receipts), join(folder, CASE_FILES.roots)];
  const { stdout, stderr, status } = spawnSync(process.execPath, [VERIFIER, receipts, roots], { encoding: 'utf8' });
  const [, held] = /^(\d+) of \d+ receipts hold$/m.exec(stdout) ?? [];
  if (held === undefined) throw new Error(`the second verifier ended with ${status}: ${stderr}${stdout}`);
  return Number(held);
}

/** Runs `work` in a folder that is gone afterwards. */
export function inTemporaryFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-drill-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The folder of the case in what a drill with one case leaves. */
const CASE_FOLDER = 'case';

/** Runs `work` for a drill's one case: in what the drill leaves, or in a folder that is gone afterwards. */
export function inCaseFolder<Result>(folder: string | undefined, work: (folder: string) => Result): Result {
  return inFolder(folder, (at) => work(join(at, CASE_FOLDER)));
}

/** Runs `work` in a folder that is kept, or in one that is gone afterwards. */
export function inFolder<Result>(folder: string | undefined, work: (folder: string) => Result): Result {
  return folder === undefined ? inTemporaryFolder(work) : work(folder);
}
