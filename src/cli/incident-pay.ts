// `makewhole incident pay`: carries out an approved payout on the journal of an exchange that is not running.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { decodeAct } from '../guard/authority/decode-act.ts';
import type { EnrolledKey } from '../guard/authority/act.ts';
import { pay, type PayResult } from '../incident/pay.ts';
import { readApproval, readPayout, unprovenPayments, writePayment } from '../incident/payout-folder.ts';
import { contentOf, type Obstacle, obstaclesOf } from '../remedy/approval.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { readOwnAccounts } from './declarations-file.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { readJsonFile } from './json-file.ts';
import { decimalUnits, readableCount } from './money.ts';
import { withExchange } from './open-exchange.ts';
import type { Output } from './output.ts';

interface PayCommandOptions {
  readonly folder: string;
  readonly journal: string;
  readonly keys?: string;
  readonly declarations?: string;
  readonly batch: number;
}

/** A file of this name in the folder of the case stops a payout before its next batch. */
const STOP = 'STOP';

/** Adds the command `incident pay`. */
export function registerPay(incident: Command, frame: Frame): void {
  addCommand(incident, 'pay', {
    summary: 'pay what is approved, once, by steps that are reconciled',
    description:
      'Carries out the approved payout of a case where the journal ends; the exchange must not be running. All of it is set aside\n' +
      'first, in one batch; then the lowest hundredth is posted and reconciled, then the rest. It may be killed and called again\n' +
      `any number of times: everybody is paid once. A file ${STOP} in the folder of the case stops it before the next batch. Ends\n` +
      'with exit code 1 at the first thing that is not as approved.',
    examples: [['incident pay --folder case --journal day', 'pay what two operators approved']],
  })
    .requiredOption('--folder <folder>', 'the folder of the case, with its approval')
    .requiredOption('--journal <folder>', 'the journal of the exchange')
    .option('--keys <file>', 'enrolled keys, as JSON, where the exchange itself asks for none')
    .option('--declarations <file>', 'as for the approval')
    .option('--batch <n>', 'payments that are posted at once', wholeNumber(1, 100_000), 500)
    .action(action<PayCommandOptions>(frame, payCommand));
}

async function payCommand(output: Output, options: PayCommandOptions): Promise<ExitCode> {
  const { folder, journal, keys, declarations, batch } = options;
  const payout = readPayout(folder);
  const approval = readApproval(folder, payout.plan.round);
  if (approval === undefined) {
    throw new CommandError('not_approved', `nobody has approved round ${payout.plan.round}: see \`incident approve\``);
  }
  const obstacles = [
    ...obstaclesOf(payout),
    ...unprovenPayments(folder, payout).map((about): Obstacle => ({ name: 'tree_differs', about })),
  ];
  const [first] = obstacles;
  if (first !== undefined) {
    output.say(`NOTHING IS PAID: ${first.name}: ${first.about}`);
    output.result({ paid: false, finding: first });
    return exitCodes.finding;
  }
  const enrolled = keys === undefined ? {} : { keys: keysIn(keys) };
  const own = declarations === undefined ? {} : { own: readOwnAccounts(declarations) };
  const result = await withExchange(journal, (exchange): PayResult => {
    const isStopped = (): boolean => existsSync(join(folder, STOP));
    const nowMs = Math.max(exchange.timeMs, approval.act.notBeforeMs);
    const found = pay({
      exchange,
      ...payout,
      content: contentOf(payout),
      approval,
      nowMs,
      batch,
      isStopped,
      ...enrolled,
      ...own,
    });
    writePayment(folder, found.record);
    return found;
  });
  const { record } = result;
  output.say(
    `Posted ${readableCount(record.posted)} of ${readableCount(record.payments)} refunds, ${decimalUnits(record.postedTotal)} USDC.`,
  );
  if (record.pending > 0) output.say(`Set aside and not posted: ${decimalUnits(record.pendingTotal)} USDC.`);
  if (result.paid) output.say('Ledger, trees and the debit of the insurance fund agree.');
  else output.say(`STOPPED: ${result.finding.name}: ${result.finding.about}`);
  output.result(result);
  return result.paid ? exitCodes.ok : exitCodes.finding;
}

/** Enrolled keys: a list of `{key, role}`. */
function keysIn(file: string): readonly EnrolledKey[] {
  const keys = readJsonFile(file);
  // Read by the rules of an act that enrols them.
  const act = decodeAct({
    venue: null,
    fork: 0,
    nonce: '0'.repeat(32),
    notBeforeMs: 0,
    expiryMs: 0,
    reason: 'keys',
    what: { kind: 'enrol', keys },
  });
  if ('bad' in act || act.what.kind !== 'enrol') {
    throw new CommandError('not_keys', `${file}: ${'bad' in act ? act.bad : 'no keys'}`);
  }
  return act.what.keys;
}
