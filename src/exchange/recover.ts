/**
 * Starting: from nothing, or from what a journal holds. Every start is a replay that compares each block's roots with the
 * recorded ones; a state that does not agree is never traded on.
 */
import { BEFORE_GENESIS, BlockSealer, type ChainHead } from '../chain/block-sealer.ts';
import type { Hash } from '../chain/digest.ts';
import { type ReplayOptions, type ReplayResult, replay } from '../chain/replay.ts';
import type { RootComputer } from '../chain/roots.ts';
import type { EventBuffer } from '../engine/event.ts';
import { type Capacity, genesis, type State } from '../engine/state.ts';
import { followActs } from '../guard/authority/recorded-acts.ts';
import type { Guard } from '../guard/guard.ts';
import { applyGuarded } from '../guard/guarded-replay.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import type { Journal } from '../journal/journal.ts';
import type { Reopening } from './reopen.ts';

export interface RecoverOptions extends Pick<ReplayOptions, 'onBlock' | 'onEvents'> {
  readonly hash: Hash;
  readonly roots: RootComputer;
  readonly capacity?: Capacity;
  /** Where the history begins, when not with nothing: a state and its place in the chain. The state is written to. */
  readonly from?: { readonly state: State; readonly head: ChainHead };
  /** Sees every block and batch, so that it stands where the exchange goes on. */
  readonly guard?: Guard;
  /** Is told the history, so that a market that was on its way back when it ends is so again. */
  readonly reopening?: Reopening;
}

export interface Recovered {
  readonly state: State;
  /** Stands at the end of the journal. */
  readonly sealer: BlockSealer;
  /** What the replay found. Trade on the state only when `equal`. */
  readonly replay: ReplayResult;
}

/**
 * The state that the journal leads to, checked block by block. An empty journal gets its first block: the state before the
 * first command. Warrants, holds and blocks that a crash left unrecorded are appended. When the replay diverges nothing is appended.
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
  const guarded = guard === undefined ? {} : { ...owing.follow(guard, sealer), onActs: actsOf(state, guard, sealer) };
  if (from !== undefined) reopening?.adopt(state);
  const onEvents = (events: EventBuffer): void => {
    reopening?.recall(state);
    told.onEvents?.(events);
  };
  const result = replay(state, journal.entries(), { sealer, hash, amend: null, ...guarded, ...told, onEvents });
  if (result.equal) {
    if (owing.warrants.length > 0) journal.appendWarrants(owing.warrants);
    if (owing.holds.length > 0) journal.appendHolds(owing.holds);
    for (const block of result.unrecorded) journal.appendBlock(block);
    if (journal.height < 0 && sealer.openHeight === 0) {
      journal.append({ bytes: new Uint8Array(), commands: 0, firstSequence: sealer.sequence + 1, closesBlock: true });
      sealer.close(state);
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

/** Takes in the acts of a history, each judged again where it stands. */
function actsOf(state: State, guard: Guard, sealer: BlockSealer): NonNullable<ReplayOptions['onActs']> {
  return (bytes) => {
    for (const { verdict, line } of followActs(guard.authority, state, bytes, sealer.head.fork)) {
      if (!verdict.accepted) throw new ForgedAct(sealer.sequence, `${verdict.refusal} ${verdict.about}`, line);
    }
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
