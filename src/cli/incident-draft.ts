// `makewhole incident draft`: the claims of all accounts, their receipts, the roots and the dossier.
import type { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../chain/digest.ts';
import { CASE_FILES, readSecret, writeCaseFolder } from '../incident/case-folder.ts';
import { type Draft, type DraftOptions, draftIncident } from '../incident/draft.ts';
import { stateAtBlock } from '../incident/state-at-block.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { dossierHash } from '../remedy/dossier.ts';
import { caseHash, type IncidentCase } from '../remedy/incident-case.ts';
import type { IncidentFinding } from '../remedy/incident-run.ts';
import { readCaseFile } from './case-file.ts';
import { action, addCommand, type Frame } from './command.ts';
import { readDeclarations } from './declarations-file.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { decimalUnits, readableCount, readableUsdc } from './money.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

interface DraftCommandOptions {
  readonly journal: string;
  readonly case: string;
  readonly out: string;
  readonly declarations?: string;
  readonly interestTo?: string;
}

/** Adds the command `incident draft`. */
export function registerDraft(incident: Command, frame: Frame): void {
  addCommand(incident, 'draft', {
    summary: 'claims of all accounts, receipts, roots and the dossier',
    description:
      'Runs the case over the journal and assesses every account of the starting root by the policy of the case: what it lacks, by\n' +
      'which causes, what is paid, and a reason for every zero. Writes a folder: the case, the policy, the roots and the dossier are\n' +
      'public; the claims, the receipts, the effect and the secret are not. Pays nothing. The journal may be in use.\n' +
      'Ends with exit code 1 when the case does not explain the journal, or a check does not hold: then nothing may be approved.',
    examples: [
      ['incident draft --journal day --case case.json --out remedy', 'draft the remedy of this case'],
      [
        'incident draft --journal day --case case.json --out remedy --declarations owners.json',
        'with insiders and owners',
      ],
    ],
  })
    .requiredOption('--journal <folder>', 'the journal of the exchange')
    .requiredOption('--case <file>', 'the case')
    .requiredOption('--out <folder>', 'where to write; a secret.hex that is there is used')
    .option('--declarations <file>', 'JSON: insiders (accounts) and owners (groups of accounts)')
    .option('--interest-to <ms>', 'until when interest runs, milliseconds since 1970; the restoration time unless said')
    .action(action<DraftCommandOptions>(frame, draftCase));
}

async function draftCase(output: Output, options: DraftCommandOptions): Promise<ExitCode> {
  const startMs = performance.now();
  const seconds = (): number => Number(((performance.now() - startMs) / 1000).toFixed(3));
  const { journal, case: file, out } = options;
  openForReading(journal);
  const incident = readCaseFile(file);
  const secret = secretOf(out);
  const draft = await runDraft(journal, incident, { ...readOptions(options), secret });
  const draftSeconds = seconds();
  if ('finding' in draft) {
    output.say(`NOTHING IS DRAFTED: ${draft.finding}: ${draft.about}`);
    output.result({ case: toHex(caseHash(incident)), ...draft });
    return exitCodes.finding;
  }
  writeCaseFolder(out, incident, draft, secret);
  sayDraft(output, draft, out);
  output.result({ ...resultOf(draft), out, timings: { draftSeconds, seconds: seconds() } });
  return draft.dossier.checks.every(({ holds }) => holds) ? exitCodes.ok : exitCodes.finding;
}

function readOptions({ declarations, interestTo }: DraftCommandOptions): Partial<DraftOptions> {
  const read = declarations === undefined ? {} : { declarations: readDeclarations(declarations) };
  if (interestTo === undefined) return read;
  const interestToMs = Number(interestTo);
  if (!Number.isSafeInteger(interestToMs) || interestToMs < 0) {
    throw new CommandError('invalid_argument', `--interest-to ${interestTo}: not milliseconds since 1970`);
  }
  return { ...read, interestToMs };
}

/** The secret that is in the folder, or a new one. */
function secretOf(folder: string): Uint8Array {
  const path = join(folder, CASE_FILES.secret);
  return existsSync(path) ? readSecret(path) : randomBytes(32);
}

/** Drafts a case over the journal in a folder. */
export async function runDraft(
  folder: string,
  incident: IncidentCase,
  options: Pick<DraftOptions, 'secret'> & Partial<DraftOptions>,
): Promise<Draft | IncidentFinding> {
  const history = new JournalReader(folder);
  const { state: start } = stateAtBlock(history, incident.from.height, { folder, head: incident.to.height });
  const roots = new ThreadedRoots();
  try {
    return draftIncident({ ...options, incident, history, start, hash: sha256, roots });
  } finally {
    await roots.close();
  }
}

function sayDraft(output: Output, { dossier, effect, receipts }: Draft, out: string): void {
  const { accounts, totals, fund, forced } = dossier;
  output.say(`Assessed: ${readableCount(accounts.assessed)} accounts, ${readableCount(effect.accounts)} are paid.`);
  output.say(
    `Wrongful forced actions: ${readableCount(forced.wrongful.count)}; legitimate: ${readableCount(forced.legitimate.count)}.`,
  );
  const usdc = (amount: string): string => readableUsdc(Number(amount));
  output.say(`Due: ${usdc(totals.refund)} USDC; paid now: ${usdc(totals.paid)}; owed: ${usdc(totals.owed)}.`);
  output.say(`Fund: ${usdc(fund.balance)} USDC${fund.suffices ? '' : ', which does not suffice'}.\n`);
  const rows = dossier.causes.map(({ cause, amount, accounts: count }) => [
    cause.replaceAll('_', ' '),
    usdc(amount),
    String(count),
  ]);
  output.say(textTable([['cause', 'USDC', 'accounts'], ...rows], ['left', 'right', 'right']));
  output.say('');
  for (const { name, holds, detail } of dossier.checks) output.say(`${holds ? 'yes' : 'NO '}  ${name}: ${detail}`);
  output.say(`\nRefund root ${dossier.roots.refundRoot}; ${readableCount(receipts.length)} receipts in ${out}.`);
  output.say(`What is approved: dossier ${toHex(dossierHash(dossier))}.`);
}

function resultOf({ dossier, effect, receipts }: Draft): object {
  const { accounts, totals, forced, conservation, roots, causes, checks, reasons } = dossier;
  return {
    case: dossier.case.hash,
    dossier: toHex(dossierHash(dossier)),
    round: dossier.round,
    assessed: accounts.assessed,
    refunded: effect.accounts,
    totalUsd: decimalUnits(BigInt(totals.refund)),
    paidUsd: decimalUnits(BigInt(totals.paid)),
    owedUsd: decimalUnits(BigInt(totals.owed)),
    largestUsd: decimalUnits(BigInt(effect.largest)),
    byCause: Object.fromEntries(causes.map(({ cause, amount }) => [cause, decimalUnits(BigInt(amount))])),
    reasons: Object.fromEntries(reasons.map(({ reason, accounts: count }) => [reason, count])),
    wrongful: forced.wrongful,
    legitimate: forced.legitimate,
    conservationResidual: conservation.residual,
    attributionResidual: conservation.attributionResidual,
    root: roots.refundRoot,
    sumRoot: roots.sumRoot,
    receipts: receipts.length,
    checks,
  };
}
