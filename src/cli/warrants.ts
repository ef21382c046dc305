// `makewhole verify warrants`: computes the warrant of every forced action of a journal again, and judges every act again.
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import type { Entry } from '../chain/entry.ts';
import { replay } from '../chain/replay.ts';
import { genesis } from '../engine/state.ts';
import type { VerifiedActs } from '../guard/authority/verify-acts.ts';
import type { OpenBlock } from '../guard/guard.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import { type InvalidWarrant, WarrantVerifier } from '../guard/verify-warrants.ts';
import { JournalCorrupt } from '../journal/journal.ts';
import { JournalWalk } from '../journal/journal-walk.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { startProgress } from './progress.ts';

interface WarrantsResult {
  /** Stored warrants. */
  readonly warrants: number;
  /** Forced actions whose warrant is the one that history gives, and those without; and warrants of nothing. */
  readonly valid: number;
  readonly invalid: number;
  readonly firstInvalid: InvalidWarrant | null;
  /** Signed acts, and the commands that need one. */
  readonly acts: VerifiedActs;
}

/** Verifies all warrants and acts of the journal in a folder; never changes it. Refuses (named) a history that is damaged or diverges. */
export async function verifyWarrants(output: Output, folder: string): Promise<ExitCode> {
  const result = await replayWarrants(output, folder);
  output.result(result);
  const { warrants, valid, invalid, firstInvalid } = result;
  output.say(`${readableCount(warrants)} warrants: ${readableCount(valid)} valid, ${readableCount(invalid)} invalid.`);
  sayActs(output, result.acts);
  if (firstInvalid === null) return result.acts.firstInvalid === null ? exitCodes.ok : exitCodes.finding;
  const { why, height, sequence, stored, computed } = firstInvalid;
  output.say(`First invalid: ${why}, in block ${height}, batch that ends with command ${sequence}`);
  if (stored !== null) output.say(`  stored   ${stored.trim()}`);
  if (computed !== null) output.say(`  computed ${computed.trim()}`);
  return exitCodes.finding;
}

function sayActs(output: Output, { acts, valid, invalid, unexecuted, commands, firstInvalid }: VerifiedActs): void {
  if (acts === 0 && firstInvalid === null) return;
  const never = unexecuted === 0 ? '' : ` (${readableCount(unexecuted)} cut off by a crash)`;
  output.say(`${readableCount(acts)} acts: ${readableCount(valid)} valid${never}, ${readableCount(invalid)} invalid.`);
  const { ofActs, ofGuard, withoutAct } = commands;
  output.say(
    `Administrators' commands: ${readableCount(ofActs)} of acts, ${readableCount(ofGuard)} of the guard, ${readableCount(withoutAct)} without an act.`,
  );
  if (firstInvalid === null) return;
  const { why, about, height, sequence, stored } = firstInvalid;
  output.say(`First invalid: ${why} (${about}), in block ${height}, behind command ${sequence}`);
  output.say(`  stored   ${stored}`);
}

async function replayWarrants(output: Output, folder: string): Promise<WarrantsResult> {
  const { entryBytes } = openForReading(folder);
  const walk = new JournalWalk(folder, crc32);
  const progress = startProgress(output, 'warrants', Math.max(1, entryBytes));
  const roots = new ThreadedRoots();
  const verifier = new WarrantVerifier();
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
    });
    if (firstDivergence !== null) {
      const { what, height } = firstDivergence;
      const message = `block ${height}: ${what}; see \`makewhole verify\``;
      throw new CommandError('journal_diverges', message, exitCodes.corruption);
    }
    verifier.finish();
    const { warrants, valid, invalid, firstInvalid } = verifier;
    return { warrants, valid, invalid, firstInvalid, acts: verifier.acts.result };
  } catch (error) {
    if (!(error instanceof JournalCorrupt)) throw error;
    throw new CommandError('journal_corrupt', error.message, exitCodes.corruption);
  } finally {
    progress.stop();
    await roots.close();
  }
}
