/**
 * Starting: from nothing, or from what a journal holds. Every start is a replay that compares each block's roots with the
 * recorded ones; a state that does not agree is never traded on.
 */
import { BEFORE_GENESIS, BlockSealer, type ChainHead } from '../chain/block-sealer.ts';
import type { RollbackCertificate } from '../chain/certificate.ts';
import type { Hash } from '../chain/digest.ts';
import { type ReplayOptions, type ReplayResult, replay } from '../chain/replay.ts';
import type { RootComputer } from '../chain/roots.ts';
import { applyCommands } from '../engine/batch.ts';
import type { EventBuffer } from '../engine/event.ts';
import { type Capacity, genesis, type State } from '../engine/state.ts';
import { passActs, passApproval, type UnfitAct } from '../guard/authority/passed-acts.ts';
import { followActs } from '../guard/authority/recorded-acts.ts';
import type { Guard } from '../guard/guard.ts';
import { applyGuarded } from '../guard/guarded-replay.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import type { Journal } from '../journal/journal.ts';
import { beginFork, firstBatchOf } from './begin-fork.ts';
import type { Reopening } from './reopen.ts';

export interface RecoverOptions extends Pick<ReplayOptions, 'onBlock' | 'onEvents' | 'onRestore'> {
  readonly hash: Hash;
  readonly roots: RootComputer;
  readonly capacity?: Capacity;
  /**
   * Where the history begins, when not with nothing: a state and its place in the chain. The state is written to. `isRemembered`: guard
   * and reopening have the memory of what came before (`remember`).
   */
  readonly from?: { readonly state: State; readonly head: ChainHead; readonly isRemembered?: boolean };
  /** Sees every block and batch, so that it stands where the exchange goes on. */
  readonly guard?: Guard;
  /** Is told the history, so that a market that was on its way back when it ends is so again. */
  readonly reopening?: Reopening;
}

/** What a guard does in a replay. */
type Guarded = Partial<Pick<ReplayOptions, 'apply' | 'onWarrants' | 'onHolds' | 'onActs' | 'onPassed' | 'onRestore'>>;

export interface Recovered {
  readonly state: State;
  /** Stands at the end of the journal. */
  readonly sealer: BlockSealer;
  /** What the replay found. Trade on the state only when `equal`. */
  readonly replay: ReplayResult;
}

/**
 * The state that the journal leads to, checked block by block. An empty journal gets its first block: the state before the
 * first command. Warrants, holds and blocks that a crash left unrecorded are appended, and a rollback that it interrupted is finished;
 * branches that rollbacks ended are passed over. When the replay diverges nothing is appended.
 * Refuses (throws `ForgedAct`) a journal with an act that its keys do not allow, once there is a guard that asks for them.
 */
export function recover(
  journal: Journal,
  { hash, roots, capacity, from, guard, reopening, ...told }: RecoverOptions,
): Recovered {
  const state = from?.state ?? genesis(capacity);
  const watched = guard === undefined ? roots : new GuardedRoots(roots, guard);
  const sealer = new BlockSealer(hash, watched, from?.head ?? BEFORE_GENESIS);
  const owing = new Owing();
  const guarded: Guarded =
    guard === undefined ? {} : { ...owing.follow(guard, sealer), ...actsOf(state, guard, sealer) };
  let restored: RollbackCertificate | undefined;
  if (from !== undefined && from.isRemembered !== true) reopening?.adopt(state);
  const onEvents = (events: EventBuffer): void => {
    reopening?.recall(state);
    told.onEvents?.(events);
  };
  const onRestore: ReplayOptions['onRestore'] = (certificate, block) => {
    restored = certificate;
    reopening?.restore(state);
    guarded.onRestore?.(certificate, block);
    told.onRestore?.(certificate, block);
  };
  const options = { sealer, hash, history: journal, amend: null, ...guarded, ...told, onEvents, onRestore };
  const result = replay(state, journal.entries(from?.head.height), options);
  if (result.equal) {
    if (owing.warrants.length > 0) journal.appendWarrants(owing.warrants);
    if (owing.holds.length > 0) journal.appendHolds(owing.holds);
    for (const block of result.unrecorded) journal.appendBlock(block);
    if (journal.height < 0 && sealer.openHeight === 0) {
      journal.append({ bytes: new Uint8Array(), commands: 0, firstSequence: sealer.sequence + 1, closesBlock: true });
      sealer.close(state);
    }
    if (restored !== undefined && sealer.openHeight === restored.deadHead.height + 2) {
      // A crash came between the block of a rollback and the first batch behind it.
      beginFork(journal, state, sealer, firstBatchOf(journal, state, restored), (entry) => {
        if (guarded.apply === undefined) applyCommands(state, entry.words, entry.floats, entry.rows);
        else guarded.apply(state, entry);
        onEvents(state.events);
        state.events.clear();
      });
    }
    if (guard?.authority.awaitsCommands === true) endAct(journal, guard);
    journal.sync();
  }
  return { state, sealer, replay: result };
}

/** A history holds an act that does not stand: what it allowed, nobody with the right to it signed. */
export class ForgedAct extends Error {
  constructor(sequence: number, why: string, line: string) {
    super(`the act behind command ${sequence} does not stand: ${why}: ${line.trim()}`);
    this.name = 'ForgedAct';
  }
}

/** An act whose commands a crash cut off never happened: an empty batch behind it says so to every later replay. */
function endAct(journal: Journal, guard: Guard): void {
  journal.append({ bytes: NO_ROWS, commands: 0, firstSequence: journal.sequence + 1, closesBlock: false });
  guard.authority.meet({ bytes: NO_ROWS, words: new Int32Array(), rows: 0 });
}

/** Takes in the acts of a history, each judged again where it stands; those of branches that ended, as far as they outlive them. */
function actsOf(
  state: State,
  { authority }: Guard,
  sealer: BlockSealer,
): Required<Pick<ReplayOptions, 'onActs' | 'onPassed' | 'onRestore'>> {
  const refuse = (unfit: UnfitAct | undefined): void => {
    if (unfit === undefined) return;
    const { verdict, line } = unfit;
    throw new ForgedAct(sealer.sequence, `${verdict.refusal} ${verdict.about}`, line);
  };
  return {
    onActs: (bytes) => {
      for (const { verdict, line } of followActs(authority, state, bytes, sealer.head.fork)) {
        if (!verdict.accepted) refuse({ verdict, line });
      }
    },
    onPassed: (entry) => refuse(passActs(authority, entry)),
    onRestore: (certificate) => refuse(passApproval(authority, certificate)),
  };
}

const NO_ROWS = new Uint8Array();

/** Warrants and holds of the last batch while the journal does not have them: a crash may have come between. */
class Owing {
  warrants: Uint8Array = NO_ROWS;
  /** As far as the history alone leads to them: what only the process saw that crashed is lost with it. */
  holds: Uint8Array = NO_ROWS;

  /** What a replay does for it. */
  follow(guard: Guard, sealer: BlockSealer): Pick<ReplayOptions, 'apply' | 'onWarrants' | 'onHolds'> {
    return {
      apply: (state, entry) => {
        const commands = applyGuarded(state, entry, guard, { fork: entry.fork, height: sealer.openHeight });
        this.warrants = guard.takeWarrants();
        this.holds = guard.takeHolds();
        return commands;
      },
      onWarrants: () => {
        this.warrants = NO_ROWS;
      },
      onHolds: () => {
        this.holds = NO_ROWS;
      },
    };
  }
}
