// `makewhole incident rollback`: the journal of a stopped exchange goes on with the state of an earlier block, on a new fork.
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import type { Block } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import type { SettledWithdrawal } from '../chain/fates.ts';
import { chainId, VENUE_NAME } from '../chain/fork-id.ts';
import { decodeAct } from '../guard/authority/decode-act.ts';
import { venueOf } from '../guard/authority/recorded-acts.ts';
import { custodyText } from '../incident/custody.ts';
import { fateLines } from '../incident/fate-lines.ts';
import {
  type PreparedRollback,
  prepareRollback,
  type RefusedRollback,
  rollBack,
  type RollBackOptions,
  type RolledBack,
} from '../incident/roll-back.ts';
import { stateAtBlock } from '../incident/state-at-block.ts';
import { type FileJournal, openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { caseHash, correctionsHash, type IncidentCase } from '../remedy/incident-case.ts';
import { readActFile, sayAct, writeActFile } from './act-file.ts';
import { wholeNumber } from './arguments.ts';
import { readCaseFile } from './case-file.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { readJsonFile } from './json-file.ts';
import { decimalUnits, readableCount } from './money.ts';
import type { Output } from './output.ts';

interface RollbackOptions {
  readonly journal: string;
  readonly to?: number;
  readonly case?: string;
  readonly reason?: string;
  readonly settled?: string;
  readonly writeAct?: string;
  readonly expiresAfter: number;
  readonly act?: string;
  readonly fates?: string;
}

/** Adds the command `incident rollback`. */
export function registerRollback(incident: Command, frame: Frame): void {
  addCommand(incident, 'rollback', {
    summary: 'go on with the state of an earlier block, on a new fork, on the record',
    description:
      'Ends the present branch of the journal of a stopped exchange and begins a new fork with the state of an earlier block. Nothing is\n' +
      'erased. Deposits, withdrawals that left, and accounts and markets that were opened are carried over; what free collateral does not\n' +
      'cover is owed, and nobody is liquidated for it. A venue with enrolled keys needs an act of two operators: write it with\n' +
      '--write-act, have it signed (`makewhole key sign`), and come back with --act. The next start begins on the new fork, in\n' +
      'maintenance and with withdrawals paused. Ends with exit code 1 when it is refused.',
    examples: [
      ['incident rollback --journal day --case case.json --write-act back.json', 'the act that two operators sign'],
      ['incident rollback --journal day --case case.json --act back.json', 'carry it out'],
      ['incident rollback --journal day --to 700 --reason "a false index"', 'on a venue without enrolled keys'],
    ],
  })
    .requiredOption('--journal <folder>', 'the journal of the exchange, which must not be running')
    .option(
      '--to <height>',
      'the block to go back to (default: that of the case)',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--case <file>', 'the case: its reason, its last good block, what processes held in memory')
    .option('--reason <text>', 'why, where there is no case; it is public')
    .option('--settled <file>', 'a JSON list of all withdrawals that left since: { withdrawal, account, amount } each')
    .option('--write-act <file>', 'write the act that allows it, and do nothing else')
    .option(
      '--expires-after <minutes>',
      'with --write-act: how long it can be carried out',
      wholeNumber(1, 129_600),
      60,
    )
    .option('--act <file>', 'the signed act')
    .option('--fates <file>', 'write what became of each command of the dead branch, a line each')
    .action(action<RollbackOptions>(frame, rollback));
}

function rollback(output: Output, options: RollbackOptions): ExitCode {
  openForReading(options.journal);
  const { journal, tornTail } = openFileJournal(options.journal);
  if (tornTail !== undefined)
    output.warn(`${tornTail.file}: ${tornTail.cutBytes} bytes of an unfinished write were cut`);
  try {
    const wanted = wantedOf(journal, options);
    return options.writeAct === undefined
      ? carryOut(output, journal, wanted, options)
      : writeAct(output, journal, wanted, options.writeAct, options.expiresAfter);
  } finally {
    journal.close();
  }
}

/** What is asked for, and a state to start from where a snapshot is near. */
function wantedOf(
  journal: FileJournal,
  { journal: folder, to, reason, settled, act, ...rest }: RollbackOptions,
): RollBackOptions {
  const incident = rest.case === undefined ? undefined : readCaseFile(rest.case);
  const restores = to ?? incident?.from.height;
  if (restores === undefined)
    throw new CommandError('missing_argument', 'say how far back: --to HEIGHT or --case FILE');
  const why = reason ?? incident?.reason;
  if (why === undefined) throw new CommandError('missing_argument', 'say why: --reason TEXT or --case FILE');
  return {
    hash: sha256,
    restores,
    reason: why,
    ...(incident === undefined ? {} : ofCase(incident)),
    ...(settled === undefined ? {} : { settled: readSettled(settled) }),
    ...(act === undefined ? {} : { approval: readActFile(act) }),
    ...startFor(journal, folder, restores),
  };
}

function ofCase(incident: IncidentCase): Pick<RollBackOptions, 'incident' | 'corrections' | 'deviations'> {
  const { corrections } = incident;
  return {
    incident: toHex(caseHash(incident)),
    corrections: toHex(correctionsHash(corrections)),
    deviations: corrections.deviations,
  };
}

/** The state of the block to go back to, checked on the way; none where there is no such block, which is refused by its name later. */
function startFor(journal: FileJournal, folder: string, restores: number): Pick<RollBackOptions, 'start'> {
  const block: Block | undefined = journal.block(restores);
  if (block === undefined || restores >= journal.height) return {};
  try {
    return { start: stateAtBlock(journal, restores, { folder }) };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchState') return {};
    throw error;
  }
}

/** Refuses (`not_settled`) what is no list of withdrawals. */
function readSettled(file: string): SettledWithdrawal[] {
  const value = readJsonFile(file);
  if (!Array.isArray(value)) throw new CommandError('not_settled', `${file} is no list`);
  return value.map((each: unknown, at) => {
    const fields = (typeof each === 'object' && each !== null ? each : {}) as Readonly<Record<string, unknown>>;
    const whole = (name: string): number => {
      const field = fields[name];
      const number = typeof field === 'string' && /^\d+$/.test(field) ? Number(field) : field;
      if (Number.isSafeInteger(number) && (number as number) > 0) return number as number;
      throw new CommandError('not_settled', `${file}, entry ${at}: ${name} is no whole number above 0`);
    };
    return { withdrawal: whole('withdrawal'), account: whole('account'), amount: whole('amount') };
  });
}

function writeAct(
  output: Output,
  journal: FileJournal,
  wanted: RollBackOptions,
  file: string,
  minutes: number,
): ExitCode {
  const prepared = prepareRollback(journal, wanted);
  if (!prepared.accepted) return refuse(output, prepared);
  const { certificate } = prepared;
  const notBeforeMs = journal.block(certificate.deadHead.height)?.lastMs ?? 0;
  const act = decodeAct({
    venue: venueOf(journal.entries()),
    fork: certificate.parent,
    nonce: randomBytes(16).toString('hex'),
    notBeforeMs,
    expiryMs: notBeforeMs + minutes * 60_000,
    reason: certificate.reason.slice(0, 500),
    what: {
      kind: 'rollback',
      restores: certificate.restores.height,
      deadHead: certificate.deadHead.hash,
      incident: certificate.incident,
      orderPolicy: certificate.orderPolicy,
    },
  });
  if ('bad' in act) throw new CommandError('not_an_act', act.bad);
  writeActFile(file, { act, signatures: [] });
  output.say(`Wrote ${file}, not signed yet.`);
  sayAct(output, act);
  sayEffect(output, prepared);
  output.result({ accepted: false, file, ...resultOf(prepared) });
  return exitCodes.ok;
}

function carryOut(output: Output, journal: FileJournal, wanted: RollBackOptions, { fates }: RollbackOptions): ExitCode {
  const result = rollBack(journal, wanted);
  if (!result.accepted) return refuse(output, result);
  const { certificate, block, firstBlock } = result;
  output.say(
    `Fork ${certificate.forkId} begins with block ${block.height}, which restores block ${certificate.restores.height}.`,
  );
  sayEffect(output, result);
  const domain = chainId(VENUE_NAME, certificate.forkId);
  output.say(`Clients sign for ${domain} from now on.`);
  output.say('The venue is in maintenance, withdrawals are paused. The next start begins there.');
  if (fates !== undefined) writeFates(fates, journal, result);
  const heads = {
    chainId: domain,
    block: block.height,
    firstBlock: firstBlock.height,
    stateRoot: toHex(firstBlock.stateRoot),
  };
  output.result({ accepted: true, ...resultOf(result), ...heads });
  return exitCodes.ok;
}

function refuse(output: Output, { refusal, about }: RefusedRollback): ExitCode {
  output.say(`REFUSED: ${refusal}: ${about}`);
  output.result({ accepted: false, refusal, about });
  return exitCodes.finding;
}

function sayEffect(
  output: Output,
  { certificate, custody }: Pick<PreparedRollback | RolledBack, 'certificate' | 'custody'>,
): void {
  const { carried, fates, cancelledWithdrawals, deadStates } = certificate;
  const { deposits, withdrawals, accounts, markets } = carried;
  output.say(`States of the dead branch: ${deadStates.replaceAll('_', ' ')}.`);
  output.say(`Carried: ${deposits.count} deposits of ${decimalUnits(deposits.amount)} USDC,`);
  output.say(`  ${withdrawals.count} withdrawals that left, of ${decimalUnits(withdrawals.amount)} USDC, of which`);
  output.say(`  ${decimalUnits(withdrawals.owed)} USDC are owed; ${accounts} accounts, ${markets} markets.`);
  const cancelled = cancelledWithdrawals === null ? 'every other one' : cancelledWithdrawals.join(', ') || 'none';
  output.say(`Withdrawals of the dead branch that must not be paid out: ${cancelled}.`);
  for (const [fate, count] of Object.entries(fates.counts)) {
    output.say(`  ${readableCount(count).padStart(12)} commands ${fate.replaceAll('_', ' ')}`);
  }
  const { vault, liabilities, receivables } = custodyText(custody.restored);
  output.say(
    `Custody: ${decimalUnits(vault)} USDC in the vault = ${decimalUnits(liabilities)} owed to accounts − ${decimalUnits(receivables)} owed by them.`,
  );
}

function resultOf({ certificate, custody }: Pick<PreparedRollback | RolledBack, 'certificate' | 'custody'>): object {
  const { commands: _, carried, fates, ...rest } = certificate;
  return {
    ...rest,
    fates: fates.counts,
    fatesHash: fates.hash,
    carriedDeposits: carried.deposits,
    carriedWithdrawals: carried.withdrawals,
    carriedAccounts: carried.accounts,
    carriedMarkets: carried.markets,
    custody: {
      restored: custodyText(custody.restored),
      dead: custody.dead === undefined ? null : custodyText(custody.dead),
    },
    custodyIdentity:
      custody.restored.residual === 0n && (custody.dead?.vault ?? custody.restored.vault) === custody.restored.vault,
  };
}

/** A line of JSON for each command of the dead branch. Refuses a file that is there. */
function writeFates(file: string, journal: FileJournal, { fates, certificate }: RolledBack): void {
  const descriptor = openSync(file, 'wx');
  try {
    for (const line of fateLines(journal, certificate, fates)) writeSync(descriptor, `${JSON.stringify(line)}\n`);
  } finally {
    closeSync(descriptor);
  }
}
