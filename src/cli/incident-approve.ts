// `makewhole incident approve`: shows an approver what a payout does, and signs it with their key.
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { type Act, actHash } from '../guard/authority/act.ts';
import { decodeAct, type Signature, type SignedAct } from '../guard/authority/decode-act.ts';
import { APPROVAL_LIMIT_MS } from '../guard/authority/judge-act.ts';
import { venueOf } from '../guard/authority/recorded-acts.ts';
import { signHash } from '../guard/authority/signature.ts';
import {
  readApproval,
  readEffect,
  readPayout,
  type StoredPayout,
  unprovenPayments,
  writeApproval,
} from '../incident/payout-folder.ts';
import {
  approvalOf,
  beyondBounds,
  contentHash,
  contentOf,
  effectText,
  type Obstacle,
  obstaclesOf,
  type PayoutContent,
  payingThemselves,
} from '../remedy/approval.ts';
import { canonicalJson, type Json } from '../remedy/canonical-json.ts';
import { rehearse } from '../remedy/payout.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { readOwnAccounts } from './declarations-file.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { readKeyFile } from './key-file.ts';
import type { Output } from './output.ts';
import { type StateAt, stateAt } from './state-at.ts';

interface ApproveOptions {
  readonly folder: string;
  readonly journal: string;
  readonly key?: string;
  readonly previous?: string;
  readonly declarations?: string;
  readonly minutes: number;
}

/** Adds the command `incident approve`. */
export function registerApprove(incident: Command, frame: Frame): void {
  addCommand(incident, 'approve', {
    summary: 'what a payout does, and the signature of one who approves it',
    description:
      'Checks the drafted payout of a case against its own documents, the receipts of all who are paid, the journal and the bounds\n' +
      'that no signature widens; rehearses it on a copy; says what it does; and, with --key, signs it. Two operators’ keys are\n' +
      'needed, each in turn. Ends with exit code 1, and signs nothing, when anything stands against it.',
    examples: [
      ['incident approve --folder case --journal day', 'only look'],
      ['incident approve --folder case --journal day --key ann.key', 'look, and sign'],
    ],
  })
    .requiredOption('--folder <folder>', 'the folder of the case')
    .requiredOption('--journal <folder>', 'the journal of the exchange; it may be in use')
    .option('--key <file>', 'the key file of who approves')
    .option('--previous <folder>', 'the folder of the round before, to compare with')
    .option(
      '--declarations <file>',
      'as for the draft; with `approvers`: whose accounts are whose, so that nobody approves their own',
    )
    .option('--minutes <n>', 'how long the approval is good for', wholeNumber(1, APPROVAL_LIMIT_MS / 60_000), 120)
    .action(action<ApproveOptions>(frame, approve));
}

function approve(output: Output, options: ApproveOptions): ExitCode {
  const { folder, journal, key: keyFile, previous, declarations, minutes } = options;
  const payout = readPayout(folder);
  const at = stateAt(journal, undefined);
  const content = contentOf(payout);
  const key = keyFile === undefined ? undefined : readKeyFile(keyFile);
  const own = declarations === undefined ? undefined : readOwnAccounts(declarations);
  const text = effectText(content, payout, previous === undefined ? undefined : readEffect(previous));
  for (const line of text) output.say(line);
  const obstacles = [
    ...obstaclesOf(payout),
    ...unprovenPayments(folder, payout).map((about): Obstacle => ({ name: 'tree_differs', about })),
    ...beyondBounds(at.state, content, payout),
    ...payingThemselves(at.state, payout.plan, key === undefined ? [] : [key.key], own),
    ...rehearsed(at, payout, content),
  ];
  const result = { content: contentHash(content), effect: text, obstacles };
  if (obstacles.length > 0) {
    for (const { name, about } of obstacles) output.say(`NOT TO BE APPROVED: ${name}: ${about}`);
    output.result({ ...result, signatures: [] });
    return exitCodes.finding;
  }
  if (key === undefined) {
    output.say('Nothing stands against it. It is not signed: give --key.');
    output.result({ ...result, signatures: [] });
    return exitCodes.ok;
  }
  const signed = signedBy(startedIn(folder, content, at, minutes), key);
  const file = writeApproval(folder, content.round, signed);
  const signatures = signed.signatures.map((each) => each.key);
  output.say(`Signed with ${key.key}; ${signatures.length} of 2 keys. Wrote ${file}.`);
  output.result({ ...result, file, act: actHash(signed.act), expiryMs: signed.act.expiryMs, signatures });
  return exitCodes.ok;
}

function rehearsed({ state }: StateAt, { plan }: StoredPayout, content: PayoutContent): Obstacle[] {
  const sums = { treeTotal: BigInt(content.treeTotal), owed: BigInt(content.owed) };
  const { holds, ledger, tree, fundDebit } = rehearse(state, plan, sums);
  if (holds) return [];
  return [{ name: 'rehearsal_differs', about: `ledger ${ledger}, trees ${tree}, fund ${fundDebit}` }];
}

/** The approval that another began, if it is of this content and still good; a new one where there is none. */
function startedIn(folder: string, content: PayoutContent, { block, reader }: StateAt, minutes: number): SignedAct {
  const venue = venueOf(reader.entries(-1));
  const begun = readApproval(folder, content.round);
  const what = approvalOf(content);
  const isSame =
    begun !== undefined && canonicalJson(begun.act.what as unknown as Json) === canonicalJson(what as unknown as Json);
  if (isSame && begun.act.venue === venue && begun.act.fork === block.fork && begun.act.expiryMs > block.lastMs)
    return begun;
  const act: Act | { readonly bad: string } = decodeAct({
    venue,
    fork: block.fork,
    nonce: randomBytes(16).toString('hex'),
    notBeforeMs: block.lastMs,
    expiryMs: block.lastMs + minutes * 60_000,
    reason: `payout of round ${content.round} of case ${content.incident}`,
    what,
  });
  if ('bad' in act) throw new CommandError('not_an_act', act.bad);
  return { act, signatures: [] };
}

function signedBy(
  { act, signatures }: SignedAct,
  { key, seed }: { readonly key: string; readonly seed: Uint8Array },
): SignedAct {
  if (signatures.some((each) => each.key === key)) {
    throw new CommandError('already_signed', `there is a signature of ${key}: a second one of it counts for nothing`);
  }
  const own: Signature = { key, signature: signHash(actHash(act), seed) };
  return { act, signatures: [...signatures, own] };
}
