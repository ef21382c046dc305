/**
 * Verifies a rollback of the record: its certificate is made again from the branch that it ended, and what the new fork began with from
 * the certificate. Nobody is believed.
 */
import type { Block } from '../chain/block.ts';
import type { ReadableHistory } from '../chain/branches.ts';
import { encodeCertificate, type RollbackCertificate } from '../chain/certificate.ts';
import { type Hash, sameBytes } from '../chain/digest.ts';
import type { SettledWithdrawal } from '../chain/fates.ts';
import type { State } from '../engine/state.ts';
import { firstBatchOf } from '../exchange/begin-fork.ts';
import type { Deviation } from '../remedy/deviation.ts';
import { carryOver, rowsOf, tryCarry } from './carry-over.ts';
import { custodyOf } from './custody.ts';
import { readDeadBranch } from './read-dead-branch.ts';
import { certificateOf } from './roll-back.ts';

export interface RollbackVerdict {
  /** Whether the whole certificate was made again; where the dead branch's states rest on deviations that are not at hand, only its totals are. */
  readonly isRemade: boolean;
  /** What does not hold; empty when all does. */
  readonly fault: string;
}

export interface RollbackPlace {
  readonly certificate: RollbackCertificate;
  /** The block that restores, by its height. */
  readonly height: number;
  /** The state of the restored block; it is left as it is. */
  readonly restoredState: State;
}

/** Makes a recorded rollback again. `deviations`: what the process held on the dead branch, where the verifier knows. */
export function verifyRollback(
  history: ReadableHistory,
  { certificate, height, restoredState }: RollbackPlace,
  { hash, deviations = [] }: { readonly hash: Hash; readonly deviations?: readonly Deviation[] },
): RollbackVerdict {
  const batchFault = firstBatchFault(history, certificate, height, restoredState);
  if (batchFault !== '') return { isRemade: false, fault: batchFault };
  const [restored, deadHead] = [history.block(certificate.restores.height), history.block(certificate.deadHead.height)];
  const settled = statedBy(certificate);
  const options = { hash, deviations, settled };
  const dead = readDeadBranch(history, (deadHead as Block).height, restoredState, restored as Block, options);
  if (dead.fault !== '') return { isRemade: false, fault: `dead branch, ${dead.fault}` };
  const isAtHand = certificate.deadStates !== 'follow_with_deviations' || deviations.length > 0;
  if (!isAtHand) return { isRemade: false, fault: totalsFault(history, certificate, restoredState) };
  const carry = carryOver(history, restoredState, restored as Block, deadHead as Block, dead.reader);
  const fates = dead.reader.fates(carry.refused);
  const { reason, incident, corrections, approval } = certificate;
  const made = certificateOf(
    { restored: restored as Block, deadHead: deadHead as Block, dead, carry, fates },
    { hash, reason, ...(incident === null ? {} : { incident }), ...(corrections === null ? {} : { corrections }) },
  );
  const fault = differenceOf({ ...made, approval }, certificate);
  return { isRemade: true, fault };
}

/** What left by the word of who paid it out: it stands in the certificate. */
function statedBy({ commands }: RollbackCertificate): SettledWithdrawal[] {
  return commands.flatMap((each) =>
    typeof each === 'number' ? [] : [{ account: each[1], amount: each[2], withdrawal: each[3] }],
  );
}

/** Whether the new fork begins with what its certificate says. */
function firstBatchFault(
  history: ReadableHistory,
  certificate: RollbackCertificate,
  height: number,
  restoredState: State,
): string {
  for (const entry of history.entries(height)) {
    if (entry.kind === 'block') continue;
    const expected = rowsOf(firstBatchOf(history, restoredState, certificate));
    const isSame = entry.closesBlock && sameBytes(entry.bytes, expected);
    return isSame ? '' : `the first batch of fork ${certificate.forkId} is another than its certificate says`;
  }
  return '';
}

/** What is carried must be taken by the restored state and come to what the certificate says. */
function totalsFault(history: ReadableHistory, certificate: RollbackCertificate, restoredState: State): string {
  const { restores, deadHead, commands, carried } = certificate;
  const [restored, dead] = [history.block(restores.height) as Block, history.block(deadHead.height) as Block];
  const { state, totals, refused } = tryCarry(history, restoredState, restored, dead, commands);
  if (refused.length > 0) return `commands ${refused.join(' ')} do not stand on the restored state`;
  if (custodyOf(state).residual !== 0n) return 'money is not conserved on the new fork';
  return JSON.stringify(totals) === JSON.stringify(carried) ? '' : 'what is carried comes to other totals';
}

/** The first field in which two certificates differ. */
function differenceOf(made: RollbackCertificate, recorded: RollbackCertificate): string {
  if (sameBytes(encodeCertificate(made), encodeCertificate(recorded))) return '';
  const name = (Object.keys(made) as (keyof RollbackCertificate)[]).find(
    (key) => JSON.stringify(made[key]) !== JSON.stringify(recorded[key]),
  );
  return `the certificate says another ${name} than the record gives`;
}
