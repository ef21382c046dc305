/** Projects a stretch of a history: from the state of an earlier block on, to the end of a branch or for as long as it goes on. */
import { type Divergence, isOfState } from '../chain/block-difference.ts';
import { type Block, blockHash } from '../chain/block.ts';
import { BEFORE_GENESIS, headOf } from '../chain/block-sealer.ts';
import { isPassed, passedOver } from '../chain/branches.ts';
import { copyState } from '../chain/copy-state.ts';
import type { Entry } from '../chain/entry.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { DirectRoots } from '../chain/roots.ts';
import { genesis, type State } from '../engine/state.ts';
import { stateAtBlock } from '../incident/state-at-block.ts';
import type { JournalReader } from '../journal/journal-reader.ts';
import { tailEntries } from '../journal/journal-tail.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { OpenBar } from './bars.ts';
import { planStretch, type Stretch } from './plan-stretch.ts';
import { projectBranch } from './project-branch.ts';
import type { ProjectedBlock } from './projected-block.ts';
import { KeptState } from './state-rows.ts';

/** The history does not lead where its blocks say, on the way to its end. What comes behind is not projected. */
class ProjectionDiverges extends Error {
  readonly code = 'journal_diverges';
  constructor({ what, height, recorded, replayed }: Pick<Divergence, 'what' | 'height' | 'recorded' | 'replayed'>) {
    super(`block ${height}: ${what}, recorded ${recorded}, replayed ${replayed}`);
    this.name = 'ProjectionDiverges';
  }
}

/** What was at the end of a block that is restored. */
export interface RestoredPoint {
  readonly state: State;
  readonly bars: readonly OpenBar[];
}

export interface StretchOptions {
  readonly reader: JournalReader;
  readonly folder: string;
  readonly stretch: Stretch;
  /** Bars that are open at the start. */
  readonly bars: readonly OpenBar[];
  /** Ends of blocks that are restored, as far as they were passed: is read and added to. */
  readonly points: Map<number, RestoredPoint>;
  /** The database has the state of the start. */
  readonly isStartKept: boolean;
  /** The state is kept at the heights that are multiples of this, at the first one where none is, and at the history's end; 0: never. */
  readonly stateBlocks: number;
  /** Called at the end of what is written, where the stretch has no end: goes on when it returns true. Without it, the history ends there. */
  readonly pause?: () => boolean;
  readonly onBlock: (block: ProjectedBlock) => void;
}

/** Projects; returns the height of the last block that was given. Refuses (throws `ProjectionDiverges`) a history that diverges. */
export function projectStretch(options: StretchOptions): number {
  const { reader, folder, stretch, points } = options;
  const { start, next } = stretch;
  const to = stretch.to ?? (options.pause === undefined ? reader.height : undefined);
  const known = points.get(start)?.state;
  const state = start < 0 ? genesis() : known === undefined ? stateOf(reader, folder, start) : copyState(known);
  const roots = new KeptState(new DirectRoots(sha256), options.isStartKept ? copyState(state) : undefined);
  let given = next - 1;
  let kept = options.isStartKept ? start : undefined;
  const isKept = (height: number): boolean => {
    if (options.stateBlocks === 0 || height < next || stretch.to !== undefined) return false;
    // Always at the same heights, whatever a start left in between: at these the guard's memory is kept too.
    const turn = (at: number): number => Math.floor(at / options.stateBlocks);
    return kept === undefined || turn(height) > turn(kept) || height === to;
  };
  const result = projectBranch({
    history: reader,
    state,
    head: start < 0 ? BEFORE_GENESIS : headOf(reader.block(start) as Block, sha256),
    bars: points.get(start)?.bars ?? options.bars,
    entries: entriesOf(options, to),
    ...(to === undefined ? {} : { to }),
    roots,
    atEnd: (height, bars) => {
      if (reader.restores.some(({ restores }) => restores === height)) {
        points.set(height, { state: copyState(state), bars });
      }
      if (!isKept(height)) return undefined;
      kept = height;
      return roots.take(state, height);
    },
    onBlock: (block) => {
      if (block.block.height < next) return;
      given = block.block.height;
      options.onBlock(block);
    },
  });
  if (result.stop !== null) {
    const isDead = isPassed(passedOver(reader.restores, reader.height), result.stop.height);
    if (!isDead || to === undefined || !isUnexplained(result.stop)) throw new ProjectionDiverges(result.stop);
    for (const block of unfollowed(reader, Math.max(given + 1, next), to)) options.onBlock(block);
    return to;
  }
  if (to !== undefined && given < to) {
    const what = 'block_without_end';
    throw new ProjectionDiverges({ what, height: given + 1, recorded: `block ${to}`, replayed: `block ${given}` });
  }
  return given;
}

function stateOf(reader: JournalReader, folder: string, height: number): State {
  return stateAtBlock(reader, height, { folder, head: height }).state;
}

/** Commands, order and blocks are as they must be; something else than the commands moved the state. */
function isUnexplained(stop: Divergence): boolean {
  return isOfState(stop) || stop.what === 'invariant';
}

/** The blocks of a dead branch from a height on, without what happened in them. */
function* unfollowed(reader: JournalReader, from: number, to: number): Generator<ProjectedBlock> {
  for (let height = from; height <= to; height++) {
    const block = reader.block(height) as Block;
    yield { block, hash: blockHash(block, sha256), tables: [], rollback: undefined, isFollowed: false };
  }
}

/** The entries behind the start: up to the block at `to`, else as they come, up to a rollback that the reader does not know. */
function* entriesOf(
  { reader, stretch: { start, from }, pause }: StretchOptions,
  to: number | undefined,
): Generator<Entry> {
  const behind = reader.entries(start);
  if (to !== undefined || pause === undefined) return yield* entriesUpTo(behind, start, to ?? reader.height);
  let known = reader.restores.filter(({ height }) => height > start && height <= from).length;
  for (const entry of tailEntries(reader.walk, pause)) {
    if (entry.kind === 'commands' && entry.certificate !== undefined && known-- === 0) return;
    yield entry;
  }
}

/** True when the history has a block at the height, or may get one as the first of a new branch. */
export function hasMore(reader: JournalReader, next: number): boolean {
  return next <= reader.height && planStretch(reader, next).from <= reader.height;
}
