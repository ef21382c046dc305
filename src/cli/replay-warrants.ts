// A journal replayed under a guard of its own: every warrant computed again, every act judged again, every hold read.
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import type { Entry } from '../chain/entry.ts';
import { replay } from '../chain/replay.ts';
import { genesis, type State } from '../engine/state.ts';
import type { OpenBlock } from '../guard/guard.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import type { HoldRecord } from '../guard/hold-record.ts';
import type { WarrantVerifier } from '../guard/verify-warrants.ts';
import { JournalCorrupt } from '../journal/journal.ts';
import { JournalWalk } from '../journal/journal-walk.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { CommandError, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { startProgress } from './progress.ts';

/**
 * Replays the journal in a folder along with `verifier`; never changes it. `onHolds` is given the records behind each batch, and the
 * state there. Returns the state at the end. Refuses (named) a history that is damaged or diverges.
 */
export async function replayWarrants(
  output: Output,
  folder: string,
  verifier: WarrantVerifier,
  onHolds: (records: readonly HoldRecord[], state: State) => void = () => undefined,
): Promise<State> {
  const { entryBytes } = openForReading(folder);
  const walk = new JournalWalk(folder, crc32);
  const progress = startProgress(output, 'warrants', Math.max(1, entryBytes));
  const roots = new ThreadedRoots();
  const sealer = new BlockSealer(sha256, new GuardedRoots(roots, verifier.guard), BEFORE_GENESIS);
  let read = 0;
  const counted = function* (): Generator<Entry> {
    for (const entry of walk.entries()) {
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
      amend: null,
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
