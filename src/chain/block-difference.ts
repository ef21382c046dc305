/** In what a block that was made differs from the recorded one, by name. */
import type { Block } from './block.ts';
import type { ClosedBlock } from './dead-branch.ts';
import { sameBytes, toHex } from './digest.ts';

/** Where and in what a replay first differs from what was recorded. */
export interface Divergence {
  readonly what:
    | 'sequence'
    | 'fork'
    | 'commands'
    | 'invariant'
    | 'height'
    | 'parent_hash'
    | 'block_sequence'
    | 'block_time'
    | 'commands_root'
    | 'release'
    | 'rules_hash'
    | 'state_root'
    | 'block_without_end'
    | 'certificate'
    | 'restores';
  readonly height: number;
  /** The last command that was applied when the difference arose. */
  readonly sequence: number;
  readonly recorded: string;
  readonly replayed: string;
}

type Compared = readonly [what: Divergence['what'], made: number | Uint8Array, recorded: number | Uint8Array];

/** What an amendment may change. All else is the record itself, or does not depend on what commands do. */
const OF_THE_STATE: readonly Divergence['what'][] = ['state_root', 'rules_hash', 'block_time'];

/** True for a difference in what commands did, not in what they are or in how blocks follow each other. */
export function isOfState({ what }: Divergence): boolean {
  return OF_THE_STATE.includes(what);
}

/** The first thing in which they differ. The parent is that of the record, so that it is checked also when states differ. */
export function differenceOf(made: Block, recorded: Block, parentHash: Uint8Array): Compared | undefined {
  const compared: readonly Compared[] = [
    ['height', made.height, recorded.height],
    ['fork', made.fork, recorded.fork],
    ['parent_hash', parentHash, recorded.parentHash],
    ['block_sequence', made.firstSequence, recorded.firstSequence],
    ['block_sequence', made.lastSequence, recorded.lastSequence],
    ['commands_root', made.commandsRoot, recorded.commandsRoot],
    ['release', made.release, recorded.release],
    ['restores', made.restores ?? -1, recorded.restores ?? -1],
    ['rules_hash', made.rulesHash, recorded.rulesHash],
    ['state_root', made.stateRoot, recorded.stateRoot],
    ['block_time', made.firstMs, recorded.firstMs],
    ['block_time', made.lastMs, recorded.lastMs],
  ];
  return compared.find(([, ours, theirs]) =>
    typeof ours === 'number' ? ours !== theirs : !sameBytes(ours, theirs as Uint8Array),
  );
}

/** The same for a block whose state was not computed; one that restores another has that one's, and is compared whole. */
export function deadDifference(closed: ClosedBlock, recorded: Block, parentHash: Uint8Array): Compared | undefined {
  if (closed.restoring !== undefined) return differenceOf(closed.restoring, recorded, parentHash);
  const { height, fork, firstSequence, lastSequence, commandsRoot } = closed;
  return differenceOf({ ...recorded, height, fork, firstSequence, lastSequence, commandsRoot }, recorded, parentHash);
}

export function textOf(value: number | Uint8Array | undefined): string {
  return value instanceof Uint8Array ? toHex(value) : String(value);
}
