/** What became of each command of a dead branch, in words: a line of JSON each, in their order. */
import type { ReadableHistory } from '../chain/branches.ts';
import type { RollbackCertificate } from '../chain/certificate.ts';
import { commandRows } from '../chain/command-record.ts';
import { FATES } from '../chain/fates.ts';
import { batchesBetween, LEADING_COMMANDS, orderOfCarried } from '../chain/first-batch.ts';
import { COMMAND_KINDS } from '../engine/command.ts';

/** A sequence names a command on its fork. */
interface Named {
  readonly fork: number;
  readonly sequence: number;
}

/** `becomes`: the command of the new fork that it is carried by; null of one that is void, and of a request, which its settlement carries. */
export interface FateLine extends Named {
  readonly kind: string;
  readonly fate: (typeof FATES)[number];
  readonly becomes: Named | null;
}

/** The fates of the commands of a branch that a rollback ended, from behind the restored block on. */
export function* fateLines(
  history: ReadableHistory,
  { restores, deadHead, forkId, commands }: RollbackCertificate,
  fates: Uint8Array,
): Generator<FateLine> {
  const restored = history.block(restores.height);
  const first = (restored?.lastSequence ?? 0) + 1;
  const becomes = new Map(orderOfCarried(commands).map((sequence, at) => [sequence, first + LEADING_COMMANDS + at]));
  const batches = batchesBetween(history.entries(restores.height), restores.height, deadHead.height, history.restores);
  for (const { words, rows, fork, firstSequence } of batches) {
    let sequence = firstSequence;
    for (let row = 0; row < rows; row += commandRows(words, row), sequence++) {
      const kind = COMMAND_KINDS[words[row * 16] as number] ?? 'none';
      const fate = FATES[fates[sequence - first] as number] as FateLine['fate'];
      const made = becomes.get(sequence);
      yield { fork, sequence, kind, fate, becomes: made === undefined ? null : { fork: forkId, sequence: made } };
    }
  }
}
