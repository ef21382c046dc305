/** Writes the public report of a case that is a folder: from its public files alone, never from a receipt or a claim. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../chain/digest.ts';
import { decodeSignedAct, type SignedAct } from '../guard/authority/decode-act.ts';
import { canonicalJson, type Json } from '../remedy/canonical-json.ts';
import { DESK_FACTS, type DeskFacts } from '../remedy/desk-facts.ts';
import type { Form } from '../remedy/document-form.ts';
import { type Dossier, dossierHash } from '../remedy/dossier.ts';
import { DOSSIER } from '../remedy/dossier-form.ts';
import { decodePolicy, NotAPolicy } from '../remedy/policy-form.ts';
import { policyHash } from '../remedy/policy-document.ts';
import { htmlOf } from '../remedy/report/html.ts';
import { markdownOf } from '../remedy/report/markdown.ts';
import { NOTES, type ReportNotes } from '../remedy/report/notes.ts';
import type { MeasuredOptions, PayoutFacts, PublicApproval, ReportInput } from '../remedy/report/report-input.ts';
import { MEASURED, PAID } from '../remedy/report/report-input-form.ts';
import { reportDocument } from '../remedy/report/report.ts';

/** A file of a case that is not what it should be, or that contradicts another: which, and why. */
export class BadCaseFile extends Error {
  constructor(file: string, why: string) {
    super(`${file}: ${why}`);
    this.name = 'BadCaseFile';
  }
}

/**
 * What the report of the case in a folder is written from: `dossier.json`, and where they are there `roots.json`, `notes.json` (what
 * people wrote), `measure.json` (what each remedy would do), `payout.json` and the acts in `approvals/`. Refuses (throws `BadCaseFile`)
 * a file that is not of its form, and files that contradict each other.
 */
export function readReportInput(folder: string): ReportInput {
  const dossier = readDossier(folder);
  return {
    dossier,
    dossierHash: toHex(dossierHash(dossier)),
    notes: read<ReportNotes>(folder, 'notes.json', NOTES),
    options: read<MeasuredOptions>(folder, 'measure.json', MEASURED),
    approvals: approvalsOf(folder, dossier),
    payout: paidOf(folder, dossier),
    desk: read<DeskFacts>(folder, 'desk.json', DESK_FACTS),
  };
}

/** The files that were written, by name. */
export const REPORT_FILES = ['report.md', 'report.html'] as const;

/** Writes `report.md` and `report.html` into a folder, each whole or not at all. What was there of these names is replaced. */
export function writeReport(input: ReportInput, out: string): void {
  mkdirSync(out, { recursive: true });
  const document = reportDocument(input);
  const texts = [markdownOf(document), htmlOf(document)];
  REPORT_FILES.forEach((name, place) => {
    const beside = join(out, `.${name}.${process.pid}`);
    writeFileSync(beside, texts[place] as string);
    renameSync(beside, join(out, name));
  });
}

function readDossier(folder: string): Dossier {
  const name = 'dossier.json';
  const dossier = read<Dossier>(folder, name, DOSSIER);
  if (dossier === undefined) throw new BadCaseFile(join(folder, name), 'is not there: draft the case first');
  const policy = requirePolicy(join(folder, name), dossier);
  if (toHex(policyHash(policy)) !== dossier.policy.hash) {
    throw new BadCaseFile(join(folder, name), 'its policy is not the one that its hash names');
  }
  const roots = read<Json>(folder, 'roots.json', () => undefined);
  if (roots !== undefined && canonicalJson(roots) !== canonicalJson(dossier.roots as unknown as Json)) {
    throw new BadCaseFile(join(folder, 'roots.json'), 'these are not the roots of the dossier');
  }
  return dossier;
}

function requirePolicy(file: string, { policy }: Dossier): Dossier['policy']['document'] {
  try {
    return decodePolicy(policy.document);
  } catch (error) {
    if (error instanceof NotAPolicy) throw new BadCaseFile(file, error.message);
    throw error;
  }
}

/** Approvals of this case's round. Others in the folder are of earlier rounds, and are left out. */
function approvalsOf(folder: string, { case: incident, round }: Dossier): PublicApproval[] {
  const approvals = join(folder, 'approvals');
  if (!existsSync(approvals)) return [];
  return readdirSync(approvals)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => {
      const { act, signatures } = requireAct(join(approvals, name), readJson(join(approvals, name)));
      const { what } = act;
      const isOfRound = what.kind === 'approveRefunds' && what.incident === incident.hash && what.round === round;
      return isOfRound ? signatures.map(({ key }): PublicApproval => ({ key, expiryMs: act.expiryMs })) : [];
    });
}

function requireAct(file: string, value: unknown): SignedAct {
  const act = decodeSignedAct(value);
  if ('bad' in act) throw new BadCaseFile(file, act.bad);
  return act;
}

function paidOf(folder: string, { case: incident, round }: Dossier): PayoutFacts | undefined {
  const paid = read<PayoutFacts>(folder, 'payout.json', PAID);
  return paid?.incident === incident.hash && paid.round === round ? paid : undefined;
}

/** The document in a file of this form; undefined where there is no such file. */
function read<T>(folder: string, name: string, form: Form): T | undefined {
  const file = join(folder, name);
  if (!existsSync(file)) return undefined;
  const value = readJson(file);
  const wrong = form(value, '');
  if (wrong !== undefined) throw new BadCaseFile(file, wrong);
  return value as T;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new BadCaseFile(file, error.message);
    throw error;
  }
}
