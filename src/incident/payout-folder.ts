/**
 * What a payout needs of the folder of a case, and what it leaves there: `roots.json`, `dossier.json`, `effect.json`, `claims.jsonl` and
 * the receipts of those who are paid; then `approvals/round-N.json` and `payout.json`.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSignedAct, type SignedAct } from '../guard/authority/decode-act.ts';
import type { PayoutCase } from '../remedy/approval.ts';
import { canonicalJson, type Json } from '../remedy/canonical-json.ts';
import { flag, type Form, integer, listOf, natural, objectOf, oneOf } from '../remedy/document-form.ts';
import { hex32 } from '../remedy/document-form.ts';
import type { Effect } from '../remedy/dossier.ts';
import { DOSSIER } from '../remedy/dossier-form.ts';
import { type Payable, planPayout } from '../remedy/payout.ts';
import { NotAReceipt, ROOTS } from '../remedy/receipt-form.ts';
import { STATEMENT, type Statement } from '../remedy/statement.ts';
import { verifyReceipt } from '../remedy/verify-receipt.ts';
import { CASE_FILES, CaseFolder } from './case-folder.ts';
import type { PayRecord } from './pay.ts';

/** A folder is not that of a case that can be paid: which file, and why. */
class NotAPayout extends Error {
  readonly code: 'case_file_malformed' | 'approval_malformed';
  constructor(code: NotAPayout['code'], message: string) {
    super(message);
    this.name = 'NotAPayout';
    this.code = code;
  }
}

/** A claim as the folder has it, with the whole statement that its receipt makes. */
interface StoredClaim extends Payable {
  readonly statement: Statement;
}

export interface StoredPayout extends PayoutCase {
  readonly claims: readonly StoredClaim[];
}

const amounts = listOf(objectOf({ commitment: hex32, amount: natural }));
const EFFECT: Form = objectOf({
  format: oneOf(['makewhole-effect/1']),
  round: integer(1),
  accounts: integer(0),
  total: natural,
  largest: natural,
  top: amounts,
  fundSharePpm: integer(0),
  insiders: integer(0),
  aboveCap: integer(0),
  reversals: amounts,
});
const CLAIM: Form = objectOf({
  account: integer(1),
  isInsider: flag,
  isOfStart: flag,
  cap: natural,
  statement: STATEMENT,
});

/** Reads what a folder has to be paid. Refuses (throws) one that is no case's, and (`NotAPayout`) files that are not of their form. */
export function readPayout(folder: string): StoredPayout {
  const stored = new CaseFolder(folder);
  const roots = ofForm(folder, CASE_FILES.roots, ROOTS, () => stored.roots);
  const dossier = ofForm(folder, CASE_FILES.dossier, DOSSIER, () => stored.dossier);
  const claims = orMalformed(folder, CASE_FILES.claims, () => stored.claims);
  for (const claim of claims) require(folder, CASE_FILES.claims, CLAIM, { ...claim, cap: String(claim.cap) });
  const plan = orMalformed(folder, CASE_FILES.claims, () => planPayout(roots, claims));
  return { roots, dossier, effect: readEffect(folder), claims, plan };
}

/** The effect of the round in a folder: of the one before, what a new one is compared with. */
export function readEffect(folder: string): Effect {
  const stored = new CaseFolder(folder);
  return ofForm(folder, CASE_FILES.effect, EFFECT, () => stored.effect);
}

/** Who is paid, or has a credit taken back, although their receipt in the folder is not of the published roots, with the reason. */
export function unprovenPayments(folder: string, { claims, roots }: StoredPayout): string[] {
  const stored = new CaseFolder(folder);
  const moved = claims.filter(({ statement }) => statement.paid !== '0' || statement.reversed !== '0');
  return moved.flatMap(({ account, statement }) => {
    const file = join(CASE_FILES.receipts, `${account}.json`);
    const receipt = orMalformed(folder, file, () => stored.receipt(account));
    if (receipt === undefined) return [`account ${account}: it has no receipt`];
    const findings = orMalformed(folder, file, () => verifyReceipt(receipt, roots));
    const failed = findings.find(({ holds }) => !holds);
    if (failed !== undefined) return [`account ${account}: ${failed.statement}: ${failed.detail}`];
    const text = (value: Statement): string => canonicalJson(value as unknown as Json);
    if (text(receipt.statement) === text(statement)) return [];
    return [`account ${account}: its receipt makes another statement`];
  });
}

function approvalPath(round: number): string {
  return join('approvals', `round-${round}.json`);
}

/** The approval of a round as far as it is signed, undefined when nobody has begun it. */
export function readApproval(folder: string, round: number): SignedAct | undefined {
  const file = approvalPath(round);
  if (!existsSync(join(folder, file))) return undefined;
  const act = decodeSignedAct(parsed(folder, file, readFileSync(join(folder, file), 'utf8')));
  if ('bad' in act) throw new NotAPayout('approval_malformed', `${join(folder, file)}: ${act.bad}`);
  return act;
}

export function writeApproval(folder: string, round: number, act: SignedAct): string {
  return writeWhole(folder, approvalPath(round), `${JSON.stringify(act, null, 2)}\n`);
}

export function writePayment(folder: string, record: PayRecord): string {
  return writeWhole(folder, 'payout.json', `${JSON.stringify(record, null, 2)}\n`);
}

/** Puts the text in the place of what the file holds, whole or not at all; returns its path. */
function writeWhole(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, text, { flag: 'wx' });
  renameSync(beside, file);
  return file;
}

function parsed(folder: string, name: string, text: string): unknown {
  return orMalformed(folder, name, (): unknown => JSON.parse(text));
}

/** What `read` gives, where it has the form. */
function ofForm<T>(folder: string, name: string, form: Form, read: () => T): T {
  const value = orMalformed(folder, name, read);
  require(folder, name, form, value);
  return value;
}

function require(folder: string, name: string, form: Form, value: unknown): void {
  const wrong = form(value, '');
  if (wrong !== undefined) throw new NotAPayout('case_file_malformed', `${join(folder, name)}: ${wrong}`);
}

/** What `work` gives; JSON that is none, and numbers that are none, are named by their file. */
function orMalformed<T>(folder: string, name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isOfText = [SyntaxError, RangeError, TypeError, NotAReceipt].some((kind) => error instanceof kind);
    if (!isOfText || !(error instanceof Error)) throw error;
    throw new NotAPayout('case_file_malformed', `${join(folder, name)}: ${error.message}`);
  }
}
