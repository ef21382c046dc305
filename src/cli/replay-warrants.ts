// A journal replayed under a guard of its own: every warrant computed again, every act judged again, every hold read.
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import { branchesOf, type History } from '../chain/branches.ts';
import type { Entry } from '../chain/entry.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { genesis, type State } from '../engine/state.ts';
import type { OpenBlock } from '../guard/guard.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import type { HoldRecord } from '../guard/hold-record.ts';
import type { WarrantVerifier } from '../guard/verify-warrants.ts';
import { JournalCorrupt } from '../journal/journal.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { CommandError, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { startProgress } from './progress.ts';

/**
 * Replays the journal in a folder along with `verifier`, on the way to its last block or to that of `fork`; never changes it. `onHolds` is given the records behind each batch, and the
 * state there. Returns the state at the end. Refuses (named) a history that is damaged or diverges.
 */
export async function replayWarrants(
  output: Output,
  folder: string,
  verifier: WarrantVerifier,
  fork: number | undefined,
  onHolds: (records: readonly HoldRecord[], state: State) => void = () => undefined,
): Promise<State> {
  const { entryBytes } = openForReading(folder);
  const reader = new JournalReader(folder);
  const head = headOfFork(reader, fork);
  const progress = startProgress(output, 'warrants', Math.max(1, entryBytes));
  const roots = new ThreadedRoots();
  const sealer = new BlockSealer(sha256, new GuardedRoots(roots, verifier.guard), BEFORE_GENESIS);
  let read = 0;
  const counted = function* (): Generator<Entry> {
    const all = reader.entries(-1);
    for (const entry of head === undefined ? all : entriesUpTo(all, -1, head)) {
      if (entry.kind === 'commands') {
        read += entry.bytes.length;
        progress.update(Math.min(read, entryBytes), `${readableCount(verifier.warrants)} warrants`);
      }
      yield entry;
    }
  };
  const state = genesis();
  const open = (): OpenBlock => ({ fork: sealer.head.fork, height: sealer.openHeight });
  try {
    const { firstDivergence } = replay(state, counted(), {
      sealer,
      hash: sha256,
      history: reader,
      ...(head === undefined ? {} : { head }),
      amend: null,
      onPassed: (entry) => verifier.acts.pass(entry, sealer.openHeight),
      onRestore: (certificate, block) => verifier.restore(certificate, block),
      apply: (_, entry) => verifier.apply(state, entry, open()),
      onWarrants: (bytes) => verifier.take(bytes),
      onActs: (bytes) => verifier.acts.take(state, bytes, open(), sealer.sequence),
      onHolds: (bytes) => onHolds(verifier.takeHolds(bytes) ?? [], state),
    });
    if (firstDivergence !== null) {
      const { what, height } = firstDivergence;
      const message = `block ${height}: ${what}; see \`makewhole verify\``;
      throw new CommandError('journal_diverges', message, exitCodes.corruption);
    }
    verifier.finish();
    return state;
  } catch (error) {
    if (!(error instanceof JournalCorrupt)) throw error;
    throw new CommandError('journal_corrupt', error.message, exitCodes.corruption);
  } finally {
    progress.stop();
    await roots.close();
  }
}

/** Height of the last block of a fork that a rollback ended; undefined for the present one, which goes on. */
function headOfFork(history: History, fork: number | undefined): number | undefined {
  if (fork === undefined) return undefined;
  const branches = branchesOf(history);
  const branch = branches.find((each) => each.fork === fork);
  if (branch === undefined) {
    const forks = branches.map((each) => each.fork).join(', ');
    throw new CommandError('fork_not_found', `there is no fork ${fork}; the forks are ${forks}`);
  }
  return branch === branches.at(-1) ? undefined : branch.to;
}
