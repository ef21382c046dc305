/**
 * Verifies a history branch by branch. The way to the last block must lead to every root; a branch that a rollback ended need not, where
 * its certificate says so (what was wrong there may have been in the memory of a process); but its commands, its blocks and their order must
 * be whole, and every rollback is made again.
 */
import type { Block } from '../chain/block.ts';
import { BEFORE_GENESIS, BlockSealer, headOf } from '../chain/block-sealer.ts';
import { type Branch, branchesOf, endingOf, isPassed, passedOver, type ReadableHistory } from '../chain/branches.ts';
import { decodeCertificate, type RollbackCertificate } from '../chain/certificate.ts';
import { copyState } from '../chain/copy-state.ts';
import type { Hash } from '../chain/digest.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { type Divergence, isOfState } from '../chain/block-difference.ts';
import { type ReplayResult, replay } from '../chain/replay.ts';
import type { RootComputer } from '../chain/roots.ts';
import { genesis, type State } from '../engine/state.ts';
import type { Deviation } from '../remedy/deviation.ts';
import { deviateBefore } from './read-dead-branch.ts';
import { type RollbackVerdict, verifyRollback } from './verify-rollback.ts';

export interface BranchVerdict extends Branch {
  /** A rollback ended it. */
  readonly isDead: boolean;
  /** Blocks compared and commands applied on it. */
  readonly blocks: number;
  readonly commands: number;
  /** Root of the last block that was made, hexadecimal digits; null when there is none. */
  readonly stateRoot: string | null;
  /** Where it first differs from its record, null when nowhere. Allowed on what a certificate says to be unexplained. */
  readonly firstDivergence: Divergence | null;
  readonly isAllowed: boolean;
  /** Of the rollback that it began with; undefined of the first branch. */
  readonly rollback: RollbackVerdict | undefined;
}

export interface VerifyBranchesOptions {
  readonly hash: Hash;
  /** A new one for each branch. */
  readonly roots: () => RootComputer;
  /** What processes held in memory on the branches that the rollbacks of a case ended, where the verifier knows it. */
  readonly known?: { readonly incident: string; readonly deviations: readonly Deviation[] };
  readonly onHolds?: (bytes: Uint8Array) => void;
  /** Told now and then how many commands were applied. */
  readonly onProgress?: (commands: number) => void;
}

/** Verifies every branch of a history that begins with nothing; stops behind the first one that does not stand. */
export function verifyBranches(history: ReadableHistory, options: VerifyBranchesOptions): BranchVerdict[] {
  const run = new BranchRun(history, options);
  const verdicts: BranchVerdict[] = [];
  const branches = branchesOf(history);
  // Commands without any block are a branch as well.
  if (branches.length === 0) branches.push({ from: 0, to: -1, fork: 0, restores: undefined });
  for (const branch of branches) {
    const verdict = run.verify(branch);
    verdicts.push(verdict);
    if (!isSound(verdict)) break;
  }
  return verdicts;
}

/** True when nothing on a branch is other than it must be. */
export function isSound({ firstDivergence, isAllowed, rollback }: BranchVerdict): boolean {
  return (firstDivergence === null || isAllowed) && (rollback?.fault ?? '') === '';
}

class BranchRun {
  private readonly history: ReadableHistory;
  private readonly options: VerifyBranchesOptions;
  /** States at the ends of blocks that are restored, and certificates by the heights of the blocks behind them. */
  private readonly states = new Map<number, State>();
  private readonly certificates: ReadonlyMap<number, RollbackCertificate>;
  private commands = 0;

  constructor(history: ReadableHistory, options: VerifyBranchesOptions) {
    this.history = history;
    this.options = options;
    this.certificates = certificatesOf(history);
  }

  verify(branch: Branch): BranchVerdict {
    const { history, options } = this;
    const { restores, from, to } = branch;
    const isDead = to < history.height;
    const certificate = this.certificates.get(from);
    const state = restores === undefined ? genesis() : this.states.get(restores);
    const none = { blocks: 0, commands: 0, stateRoot: null, firstDivergence: null, isAllowed: true };
    if (state === undefined || (restores !== undefined && certificate === undefined)) {
      const fault = `the state of block ${restores}, which it begins with, is not explained`;
      return { ...branch, ...none, isDead, rollback: { isRemade: false, fault } };
    }
    let rollback: RollbackVerdict | undefined;
    if (certificate !== undefined) {
      const deviations = this.deviationsBefore(from);
      const place = { certificate, height: from, restoredState: state };
      rollback = verifyRollback(history, place, { hash: options.hash, deviations });
    }
    const { blocks, commands, stateRoot, firstDivergence } = this.replay(copyState(state), branch, isDead);
    const isAllowed = firstDivergence !== null && this.isAllowed(firstDivergence);
    return { ...branch, blocks, commands, stateRoot, firstDivergence, isAllowed, isDead, rollback };
  }

  private replay(state: State, { restores, from, to }: Branch, isDead: boolean): ReplayResult {
    const { history, options, states } = this;
    const { hash, onHolds, onProgress } = options;
    const start = restores === undefined ? BEFORE_GENESIS : headOf(history.block(restores) as Block, hash);
    const behind = history.entries(start.height);
    const entries = isDead ? entriesUpTo(behind, start.height, to) : behind;
    const isRestored = (height: number): boolean => history.restores.some((each) => each.restores === height);
    const before = this.commands;
    const deviations = this.deviationsBefore(to + 1);
    const amend =
      deviations.length === 0
        ? null
        : { keepHalts: true, replaceCommand: (sequence: number) => deviateBefore(state, sequence, deviations) };
    const result = replay(state, entries, {
      sealer: new BlockSealer(hash, options.roots(), start),
      hash,
      history,
      ...(isDead ? { head: to } : {}),
      amend,
      ...(onHolds === undefined ? {} : { onHolds }),
      onEnd: (height) => {
        if (height >= from && isRestored(height)) states.set(height, copyState(state));
      },
      onBlock: ({ lastSequence }) => onProgress?.(before + lastSequence - start.sequence),
    });
    this.commands += result.commands;
    return result;
  }

  /** What a process held on the branch that the block at a height ended; nothing where it is not known. */
  private deviationsBefore(height: number): readonly Deviation[] {
    const { known } = this.options;
    const incident = this.certificates.get(height)?.incident ?? null;
    return known !== undefined && incident === known.incident ? known.deviations : [];
  }

  /** A state may differ where it is not on the way to the last block and the certificate that ended it does not say that it follows. */
  private isAllowed(divergence: Divergence): boolean {
    const { restores, height } = this.history;
    if (!isOfState(divergence) || !isPassed(passedOver(restores, height), divergence.height)) return false;
    const ending = endingOf(this.history, divergence.height);
    if (ending === undefined || this.deviationsBefore(ending.height).length > 0) return false;
    return this.certificates.get(ending.height)?.deadStates !== 'follow';
  }
}

/** The certificates of a history, by the heights of the blocks behind them. */
function certificatesOf(history: ReadableHistory): Map<number, RollbackCertificate> {
  const found = new Map<number, RollbackCertificate>();
  for (const { height } of history.restores) {
    // Behind the end of the last block of a branch stands nothing but its certificate, and what the last seconds held.
    for (const entry of history.entries(height - 1)) {
      if (entry.kind === 'block' || entry.certificate === undefined) continue;
      const certificate = decodeCertificate(entry.certificate);
      if (certificate !== undefined) found.set(height, certificate);
      break;
    }
  }
  return found;
}
