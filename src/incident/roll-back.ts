/**
 * A rollback: the journal of a stopped exchange goes on, on a new fork, with the state that an earlier block had. Nothing is erased: the
 * branch that ends stays readable, a certificate says why it ended and what became of each of its commands, and what happened in the
 * world meanwhile (deposits, withdrawals that left, accounts and markets) is carried over first.
 *
 * It is one entry that makes it so, the certificate; what stands behind it follows from it, so that a start after a crash makes the
 * same bytes (`exchange/recover.ts`).
 */
import type { Block } from '../chain/block.ts';
import { BEFORE_GENESIS, BlockSealer, type ChainHead, headOf } from '../chain/block-sealer.ts';
import { isPassed, passedOver } from '../chain/branches.ts';
import {
  certificateRoot,
  encodeCertificate,
  namedBlock,
  ORDER_POLICIES,
  type RollbackCertificate,
} from '../chain/certificate.ts';
import { type Hash, toHex } from '../chain/digest.ts';
import { countFates, type SettledWithdrawal } from '../chain/fates.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { applyCommands } from '../engine/batch.ts';
import { genesis, type State } from '../engine/state.ts';
import { beginFork } from '../exchange/begin-fork.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import type { Journal } from '../journal/journal.ts';
import type { Deviation } from '../remedy/deviation.ts';
import { approve } from './approve-rollback.ts';
import { type Carry, carryOver, rowsOf } from './carry-over.ts';
import { type Custody, custodyOf, custodyText } from './custody.ts';
import { type DeadBranch, readDeadBranch } from './read-dead-branch.ts';
import { sealExplained, sealUnexplained } from './seal-branch.ts';

export interface RollBackOptions {
  readonly hash: Hash;
  /** Height of the block to restore: on the way to the last one, and below it. */
  readonly restores: number;
  readonly reason: string;
  /** Hash of the incident's case and root of its corrections, hexadecimal digits, where there is a case. */
  readonly incident?: string;
  readonly corrections?: string;
  /** What the process held in memory on the dead branch and no command made: with it its states are those that its blocks say. */
  readonly deviations?: readonly Deviation[];
  /**
   * All withdrawals that were asked for on the dead branch and left, by the word of who paid them out. Needed where its states are not
   * explained, or where a settlement behind its last block is of no withdrawal that its commands lead to.
   */
  readonly settled?: readonly SettledWithdrawal[];
  /** The act that allows it. A venue with a roster needs one: kind `rollback`, two operators' keys. */
  readonly approval?: SignedAct;
  /** The exchange's time at which the act is carried out; that of the dead branch's end unless said. */
  readonly timeMs?: number;
  /** Where the history begins, when not with nothing. The state is written to. */
  readonly from?: { readonly state: State; readonly head: ChainHead };
  /** A state that its block vouches for, on the way to the restored block or at it: the replay starts there. It is written to. */
  readonly start?: { readonly state: State; readonly block: Block };
}

export interface RolledBack {
  readonly accepted: true;
  readonly certificate: RollbackCertificate;
  /** The block that restores, and the one over the first batch behind it; the state is as that one left it. */
  readonly block: Block;
  readonly firstBlock: Block;
  readonly state: State;
  /** What became of each command of the dead branch, as its place in `FATES`; the first one is of `firstSequence`. */
  readonly fates: Uint8Array;
  readonly firstSequence: number;
  /** Who has what is in custody, on the new fork and (undefined where its states are not explained) at the end of the dead branch. */
  readonly custody: { readonly restored: Custody; readonly dead: Custody | undefined };
}

export interface RefusedRollback {
  readonly accepted: false;
  readonly refusal:
    | 'no_history'
    | 'rollback_unfinished'
    | 'block_unknown'
    | 'block_is_last'
    | 'block_on_dead_branch'
    | 'reason_missing'
    | 'history_diverges'
    | 'withdrawals_unknown'
    | 'custody_differs'
    | 'act_invalid';
  readonly about: string;
}

/**
 * Rolls the journal of a stopped exchange back to the end of block `restores`. Refused, nothing of it happened, but that commands that
 * no block covered now have one. Accepted, it is durable, and `recover` starts on the new fork.
 */
export function rollBack(journal: Journal, options: RollBackOptions): RolledBack | RefusedRollback {
  const prepared = prepareRollback(journal, options);
  return prepared.accepted ? carryOut(journal, prepared, options) : prepared;
}

/** A rollback that could be carried out: all but the approval. Its dead branch is sealed. */
export interface PreparedRollback {
  readonly accepted: true;
  /** As it would be without an act. */
  readonly certificate: RollbackCertificate;
  readonly fates: Uint8Array;
  readonly custody: RolledBack['custody'];
  /** The restored state, at the head of the sealer, and what is carried over to it. */
  readonly state: State;
  readonly sealer: BlockSealer;
  readonly carry: Carry;
}

/** Finds out everything that the certificate says; appends nothing but blocks over commands that none covers. */
export function prepareRollback(journal: Journal, options: RollBackOptions): PreparedRollback | RefusedRollback {
  const unfit = unfitTarget(journal, options);
  if (unfit !== undefined) return unfit;
  const restored = journal.block(options.restores) as Block;
  const found = restoredState(journal, restored, options);
  if (typeof found === 'string') return refused('history_diverges', found);
  const dead = readDeadBranch(journal, journal.height, found.state, restored, options);
  if (dead.fault !== '') return refused('history_diverges', dead.fault);
  const { unknown } = dead.reader;
  if (unknown.length > 0) return refused('withdrawals_unknown', unknown.join(' '));
  const isExplained = dead.states !== 'differ';
  if (isExplained) sealExplained(journal, dead.state, dead.sealer, dead.result);
  else sealUnexplained(journal, options.hash);
  const carry = carryOver(journal, found.state, restored, journal.block(journal.height) as Block, dead.reader);
  const custody = { restored: custodyOf(carry.state), dead: isExplained ? custodyOf(dead.state) : undefined };
  const isSame = custody.dead === undefined || custody.dead.vault === custody.restored.vault;
  if (!isSame || custody.restored.residual !== 0n) return refused('custody_differs', custodyWords(custody));
  const fates = dead.reader.fates(carry.refused);
  const deadHead = journal.block(journal.height) as Block;
  const certificate = certificateOf({ restored, deadHead, dead, carry, fates }, options);
  return { accepted: true, certificate, fates, custody, ...found, carry };
}

/** Why this block cannot be restored, by the blocks alone. */
function unfitTarget(journal: Journal, { restores, reason }: RollBackOptions): RefusedRollback | undefined {
  const last = journal.block(journal.height);
  if (last === undefined) return refused('no_history', 'the journal has no block');
  const isUnfinished = last.restores !== undefined || (journal.restores.at(-1)?.height ?? 0) > journal.height;
  if (isUnfinished) return refused('rollback_unfinished', 'the exchange must start once: that finishes it');
  if (journal.block(restores) === undefined) return refused('block_unknown', `${restores}, the last is ${last.height}`);
  const isEnd = restores === last.height && journal.sequence === last.lastSequence;
  if (isEnd) return refused('block_is_last', `nothing stands behind block ${restores}`);
  if (isPassed(passedOver(journal.restores, last.height), restores)) {
    return refused('block_on_dead_branch', `${restores}`);
  }
  return reason.trim() === '' ? refused('reason_missing', 'say why') : undefined;
}

/** The state at the end of a block, and a sealer that stands there; or where the way to it diverges. */
function restoredState(
  journal: Journal,
  restored: Block,
  { hash, from, start }: RollBackOptions,
): { readonly state: State; readonly sealer: BlockSealer } | string {
  const { height } = restored;
  const state = start?.state ?? from?.state ?? genesis();
  const head = start === undefined ? (from?.head ?? BEFORE_GENESIS) : headOf(start.block, hash);
  const sealer = new BlockSealer(hash, new DirectRoots(hash), head);
  const entries = entriesUpTo(journal.entries(head.height), head.height, height);
  const { equal, firstDivergence } = replay(state, entries, {
    sealer,
    hash,
    history: journal,
    head: height,
    amend: null,
  });
  if (equal && sealer.head.height === height) return { state, sealer };
  return `on the way to block ${height}: ${JSON.stringify(firstDivergence)}`;
}

/** What a certificate is made of. */
export interface CertificateParts {
  readonly restored: Block;
  readonly deadHead: Block;
  readonly dead: Pick<DeadBranch, 'states' | 'reader'>;
  readonly carry: Carry;
  readonly fates: Uint8Array;
}

/** The certificate of a rollback without its approval. */
export function certificateOf(
  { restored, deadHead, dead, carry, fates }: CertificateParts,
  { hash, reason, incident, corrections }: Pick<RollBackOptions, 'hash' | 'reason' | 'incident' | 'corrections'>,
): RollbackCertificate {
  return {
    format: 'makewhole-rollback/1',
    forkId: deadHead.fork + 1,
    parent: deadHead.fork,
    restores: namedBlock(restored, hash),
    deadHead: namedBlock(deadHead, hash),
    reason,
    incident: incident ?? null,
    corrections: corrections ?? null,
    orderPolicy: ORDER_POLICIES[0],
    deadStates: dead.states,
    fates: { hash: toHex(hash(fates)), counts: countFates(fates) },
    carried: carry.totals,
    cancelledWithdrawals: dead.reader.cancelledWithdrawals,
    commands: carry.carried,
    firstBatch: toHex(certificateRoot(rowsOf(carry.batch), hash)),
    approval: null,
  };
}

function carryOut(
  journal: Journal,
  { certificate: unsigned, fates, custody, state, sealer, carry }: PreparedRollback,
  { hash, approval, timeMs }: RollBackOptions,
): RolledBack | RefusedRollback {
  const [restored, dead] = [journal.block(unsigned.restores.height) as Block, journal.block(journal.height) as Block];
  const approved = approve(journal, unsigned, approval, timeMs ?? dead.lastMs);
  if ('why' in approved) return refused('act_invalid', approved.why);
  const { certificate } = approved;
  const rows = encodeCertificate(certificate);
  journal.appendRestore(rows, restored.height);
  const block = sealer.restore(restored, certificateRoot(rows, hash), headOf(dead, hash), certificate.forkId);
  journal.appendBlock(block);
  const firstBlock = beginFork(journal, state, sealer, carry.batch, (entry) => {
    applyCommands(state, entry.words, entry.floats, entry.rows);
    state.events.clear();
  });
  journal.sync();
  const firstSequence = restored.lastSequence + 1;
  return { accepted: true, certificate, block, firstBlock, state, fates, firstSequence, custody };
}

function refused(refusal: RefusedRollback['refusal'], about: string): RefusedRollback {
  return { accepted: false, refusal, about };
}

function custodyWords({ restored, dead }: RolledBack['custody']): string {
  const words = (custody: Custody): string => JSON.stringify(custodyText(custody));
  return `${words(restored)} on the new fork, ${dead === undefined ? 'unknown' : words(dead)} on the dead branch`;
}
