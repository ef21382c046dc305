/** A journal as a reader finds it: the exchange may be running; nothing is locked, nothing is changed. */
import type { Block } from '../chain/block.ts';
import { BEFORE_GENESIS, BlockSealer, type ChainHead, headOf } from '../chain/block-sealer.ts';
import { isPassed, passedOver, type Restore } from '../chain/branches.ts';
import { decodeCertificate } from '../chain/certificate.ts';
import type { Entry } from '../chain/entry.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { genesis, type State } from '../engine/state.ts';
import { BlockIndex } from '../journal/block-index.ts';
import { JournalWalk } from '../journal/journal-walk.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import { loadNewestSnapshot } from '../journal/snapshot-folder.ts';
import type { IncidentHistory } from '../remedy/incident-run.ts';

/** A history has no such block on the way to its end, or does not lead to it. */
export class NoSuchState extends Error {
  readonly code: 'block_not_found' | 'journal_diverges';
  constructor(code: NoSuchState['code'], message: string) {
    super(message);
    this.name = 'NoSuchState';
    this.code = code;
  }
}

/** The history in a folder, as far as it goes now. */
export class JournalHistory implements IncidentHistory {
  readonly folder: string;
  private readonly index = new BlockIndex();

  /** Walks the journal once. Refuses (throws `JournalCorrupt`) what is damaged. */
  constructor(folder: string) {
    this.folder = folder;
    const walk = new JournalWalk(folder, crc32);
    for (const entry of walk.entries()) {
      if (entry.kind === 'block') this.index.addBlock(entry.block);
      else if (entry.certificate !== undefined) {
        const restored = decodeCertificate(entry.certificate)?.restores.height;
        if (restored === undefined) throw new NoSuchState('journal_diverges', 'a certificate cannot be read');
        this.index.addRestore(restored, walk.position);
      } else if (entry.closesBlock) this.index.addEnd(walk.position);
    }
  }

  get height(): number {
    return this.index.height;
  }

  get restores(): readonly Restore[] {
    return this.index.restores;
  }

  block(height: number): Block | undefined {
    return this.index.block(height);
  }

  *entries(afterHeight: number): Generator<Entry> {
    const from = afterHeight < 0 ? undefined : this.index.end(afterHeight);
    if (afterHeight >= 0 && from === undefined) throw new NoSuchState('block_not_found', `no block ${afterHeight}`);
    yield* new JournalWalk(this.folder, crc32, from).entries();
  }
}

export interface StateAt {
  readonly state: State;
  readonly block: Block;
}

/**
 * The state at the end of the block at a height, by a replay that compares every root on the way to it: from the newest snapshot in
 * `folder` that its block vouches for, else from the first command. Refuses (throws `NoSuchState`) a height that is not there, one on a
 * branch that a rollback before `head` (default: the end) ended, and a history that diverges before it.
 */
export function stateAtBlock(
  history: IncidentHistory,
  height: number,
  { folder, head = history.height }: { readonly folder?: string; readonly head?: number } = {},
): StateAt {
  const block = history.block(height);
  if (block === undefined)
    throw new NoSuchState('block_not_found', `no block ${height}, the last is ${history.height}`);
  if (isPassed(passedOver(history.restores, head), height)) {
    throw new NoSuchState('block_not_found', `block ${height} is on a branch that ended before block ${head}`);
  }
  const { state, head: from } = startBelow(history, height, folder);
  const entries = entriesUpTo(history.entries(from.height), from.height, height);
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), from);
  const { firstDivergence } = replay(state, entries, { sealer, hash: sha256, history, head: height, amend: null });
  if (firstDivergence === null && sealer.head.height === height) return { state, block };
  const { what, height: at } = firstDivergence ?? { what: 'block_without_end', height };
  throw new NoSuchState('journal_diverges', `block ${at}: ${what}`);
}

/** The newest snapshot on the way to a height, else the state before the first command. */
function startBelow(
  history: IncidentHistory,
  height: number,
  folder: string | undefined,
): { readonly state: State; readonly head: ChainHead } {
  const passed = passedOver(history.restores, height);
  const onWay = (at: number): Block | undefined =>
    at <= height && !isPassed(passed, at) ? history.block(at) : undefined;
  const loaded = folder === undefined ? undefined : loadNewestSnapshot(folder, onWay).loaded;
  if (loaded === undefined) return { state: genesis(), head: BEFORE_GENESIS };
  return { state: loaded.state, head: headOf(loaded.block, sha256) };
}
