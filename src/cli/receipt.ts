// `makewhole verify receipt`: one line for each statement of a receipt. Nothing is needed but the file and the public roots.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../remedy/receipt-finding.ts';
import { NotAReceipt } from '../remedy/receipt-form.ts';
import { verifyReceipt } from '../remedy/verify-receipt.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';

interface ReceiptResult {
  readonly holds: boolean;
  /** False: the receipt was checked against the roots that it brings itself. */
  readonly againstPublished: boolean;
  readonly statements: readonly Finding[];
}

interface ReceiptsResult {
  readonly receipts: number;
  readonly holding: number;
  readonly againstPublished: boolean;
  /** What does not hold, file by file. */
  readonly failed: readonly { readonly file: string; readonly statement: string; readonly detail: string }[];
}

/**
 * Verifies the receipt in a file, or every receipt in a folder, against the roots in another file, or against their own. Refuses
 * (named) a file that is no receipt; in a folder such a file is told and the others are verified.
 */
export function verifyReceipts(output: Output, path: string, rootsFile: string | undefined): ExitCode {
  const roots = rootsFile === undefined ? undefined : readJson(rootsFile);
  const found = statSync(path).isDirectory() ? verifyFolder(output, path, roots) : verifyFile(output, path, roots);
  if (roots === undefined)
    output.say('Checked against the roots that it brings: compare them with what was published.');
  return found;
}

function verifyFile(output: Output, file: string, roots: unknown): ExitCode {
  const statements = findingsOf(file, roots);
  const holds = statements.every((finding) => finding.holds);
  for (const { statement, holds: isTrue, detail } of statements) {
    output.say(`${isTrue ? 'PASS' : 'FAIL'}  ${statement}${isTrue ? '' : `: ${detail}`}`);
  }
  output.result({ holds, againstPublished: roots !== undefined, statements } satisfies ReceiptResult);
  return holds ? exitCodes.ok : exitCodes.finding;
}

function verifyFolder(output: Output, folder: string, roots: unknown): ExitCode {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (files.length === 0) throw new CommandError('no_receipts', `${folder} has no file *.json`);
  const failed: { file: string; statement: string; detail: string }[] = [];
  let holding = 0;
  for (const file of files.sort()) {
    const wrong = failuresOf(join(folder, file), roots);
    if (wrong.length === 0) holding++;
    for (const { statement, detail } of wrong) {
      output.say(`FAIL  ${file}: ${statement}: ${detail}`);
      failed.push({ file, statement, detail });
    }
  }
  output.say(`${readableCount(holding)} of ${readableCount(files.length)} receipts hold.`);
  const againstPublished = roots !== undefined;
  output.result({ receipts: files.length, holding, againstPublished, failed } satisfies ReceiptsResult);
  return holding === files.length ? exitCodes.ok : exitCodes.finding;
}

/** What of a receipt does not hold; of a file that is none, that. */
function failuresOf(file: string, roots: unknown): Finding[] {
  try {
    return findingsOf(file, roots).filter(({ holds }) => !holds);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [{ statement: 'it is a receipt', holds: false, detail: error.message }];
  }
}

function findingsOf(file: string, roots: unknown): Finding[] {
  const receipt = readJson(file);
  try {
    return verifyReceipt(receipt, roots ?? (receipt as { roots?: unknown } | null)?.roots);
  } catch (error) {
    if (error instanceof NotAReceipt) throw new CommandError('not_a_receipt', error.message);
    throw error;
  }
}

/**
 * The value in a file of JSON. Refuses (named) what is none, or not UTF-8: another text must not pass for the one that was hashed; and a
 * member that is written twice, of which a reader may take the one that is not verified.
 */
function readJson(file: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    const value: unknown = JSON.parse(text);
    if (membersWritten(text) === membersOf(value)) return value;
    throw new CommandError('member_written_twice', `${file}: of two members of one name only the last is read`);
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof TypeError && 'code' in error)) {
      throw new CommandError('not_json', `${file}: ${error.message}`);
    }
    throw error;
  }
}

/** How many members a text of JSON writes: strings that a colon follows. */
function membersWritten(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) count++;
  return count;
}

/** How many members all objects in a value have. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, each: unknown) => sum + membersOf(each), own);
}
