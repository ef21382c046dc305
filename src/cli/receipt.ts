// `makewhole verify receipt`: one line for each statement of a receipt. Nothing is needed but the file and the public roots.
import { readFileSync } from 'node:fs';
import type { PublicRoots, Receipt } from '../remedy/receipt.ts';
import { type Finding, NotAReceipt, verifyReceipt } from '../remedy/verify-receipt.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import type { Output } from './output.ts';

interface ReceiptResult {
  readonly holds: boolean;
  /** False: the receipt was checked against the roots that it brings itself. */
  readonly againstPublished: boolean;
  readonly statements: readonly Finding[];
}

/** Verifies the receipt in a file against the roots in another one, or against its own. Refuses (named) what is no receipt. */
export function verifyReceiptFile(output: Output, file: string, rootsFile: string | undefined): ExitCode {
  const receipt = readJson(file) as Receipt;
  const statements = findingsOf(
    receipt,
    rootsFile === undefined ? receipt?.roots : (readJson(rootsFile) as PublicRoots),
  );
  const holds = statements.every((finding) => finding.holds);
  for (const { statement, holds: isTrue, detail } of statements) {
    output.say(`${isTrue ? 'PASS' : 'FAIL'}  ${statement}${isTrue ? '' : `: ${detail}`}`);
  }
  const againstPublished = rootsFile !== undefined;
  if (!againstPublished) output.say('Checked against the roots that it brings: compare them with what was published.');
  output.result({ holds, againstPublished, statements } satisfies ReceiptResult);
  return holds ? exitCodes.ok : exitCodes.finding;
}

function findingsOf(receipt: Receipt, roots: PublicRoots): Finding[] {
  try {
    return verifyReceipt(receipt, roots);
  } catch (error) {
    if (error instanceof NotAReceipt) throw new CommandError('not_a_receipt', error.message);
    throw error;
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new CommandError('not_json', `${file}: ${error.message}`);
    throw error;
  }
}
