/**
 * Projects one branch of a history: a replay that compares every root, whose blocks come out with all their rows. What stands beside a
 * batch (warrants, holds, acts) counts to the block of its batch.
 */
import type { Block } from '../chain/block.ts';
import { BlockSealer, type ChainHead } from '../chain/block-sealer.ts';
import type { ReadableHistory } from '../chain/branches.ts';
import { blockHash } from '../chain/block.ts';
import type { RollbackCertificate } from '../chain/certificate.ts';
import type { BatchEntry, Entry } from '../chain/entry.ts';
import { type ReplayResult, replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { applyCommands } from '../engine/batch.ts';
import type { State } from '../engine/state.ts';
import { decodeLines } from '../guard/warrant.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { OpenBar } from './bars.ts';
import { HistoryProjection } from './history-projection.ts';
import type { ProjectedBlock, ProjectedRollback } from './projected-block.ts';
import { RowLines, type TableRows } from './row-lines.ts';

export interface BranchOptions {
  readonly history: ReadableHistory;
  /** Stands at the head; it is written to. */
  readonly state: State;
  readonly head: ChainHead;
  /** Bars of the minute that is open in the state. */
  readonly bars: readonly OpenBar[];
  /** Entries behind the head, up to the end of the branch. */
  readonly entries: Iterable<Entry>;
  /** Height of the branch's last block, where it is not the history's. */
  readonly to?: number;
  /** Is given each block once it agrees with its record; the state may be further. */
  readonly onBlock: (block: ProjectedBlock) => void;
  /** Is told the height of each block at its end, while the state is as it ends. */
  readonly onEnd?: (height: number) => void;
}

/** Replays and projects; stops where the record is not followed, as a replay does. */
export function projectBranch(options: BranchOptions): ReplayResult {
  return new BranchProjection(options).run();
}

/** A block whose batches are all there, but not yet its record. */
interface Ended {
  readonly height: number;
  readonly tables: readonly TableRows[];
  readonly beside: RowLines;
}

class BranchProjection {
  private readonly options: BranchOptions;
  private readonly projection: HistoryProjection;
  private readonly ended: Ended[] = [];
  private readonly agreed: Block[] = [];
  private beside = new RowLines();
  private height: number;
  private fork: number;
  private sequence: number;
  private ordinal = 0;
  /** The last block that ended takes what stands beside its last batch, until the next batch comes. */
  private isBehindEnd = false;
  private rollback: ProjectedRollback | undefined;

  constructor(options: BranchOptions) {
    this.options = options;
    this.projection = new HistoryProjection(options.state, options.bars);
    this.height = options.head.height + 1;
    this.fork = options.head.fork;
    this.sequence = options.head.sequence;
  }

  run(): ReplayResult {
    const { state, head, entries, history, to } = this.options;
    const result = replay(state, entries, {
      sealer: new BlockSealer(sha256, new DirectRoots(sha256), head),
      hash: sha256,
      history,
      ...(to === undefined ? {} : { head: to }),
      amend: null,
      apply: (_, entry) => this.apply(entry),
      onEnd: (height) => this.end(height),
      onBlock: (block) => {
        this.agreed.push(block);
        this.give();
      },
      onRestore: (certificate, block) => this.restore(certificate, block),
      onWarrants: (bytes) => this.warrants(bytes),
      onHolds: (bytes) => this.holds(bytes),
      onActs: (bytes) => this.acts(bytes),
    });
    this.isBehindEnd = false;
    this.give();
    return result;
  }

  private apply(entry: BatchEntry): number {
    const { state } = this.options;
    this.isBehindEnd = false;
    this.give();
    this.ordinal = 0;
    this.fork = entry.fork;
    const commands = applyCommands(state, entry.words, entry.floats, entry.rows);
    this.projection.batch(entry, state, this.height);
    this.sequence = entry.firstSequence - 1 + commands;
    return commands;
  }

  private end(height: number): void {
    this.options.onEnd?.(height);
    if (this.rollback === undefined || height !== this.height - 1) {
      this.ended.push({
        height,
        tables: this.projection.end(this.options.state, this.fork, height),
        beside: this.beside,
      });
      this.height = height + 1;
      this.isBehindEnd = true;
    }
    this.beside = new RowLines();
  }

  /** The block that restores another has no rows of its own; what it ended is said with it. */
  private restore(certificate: RollbackCertificate, block: Block): void {
    const restores = block.restores as number;
    this.rollback = {
      deadFrom: restores + 1,
      deadTo: block.height - 1,
      certificate: JSON.stringify(certificate),
    };
    this.fork = block.fork;
    this.sequence = block.lastSequence;
    this.projection.adopt(this.options.state, this.options.bars);
    this.ended.push({ height: block.height, tables: [], beside: new RowLines() });
    this.height = block.height + 1;
    this.isBehindEnd = false;
  }

  private besideOf(): { readonly lines: RowLines; readonly height: number } {
    const last = this.ended.at(-1);
    if (this.isBehindEnd && last !== undefined) return { lines: last.beside, height: last.height };
    return { lines: this.beside, height: this.height };
  }

  private warrants(bytes: Uint8Array): void {
    const { lines, height } = this.besideOf();
    for (const line of decodeLines(bytes)) {
      const { id, account } = JSON.parse(line) as { id: string; account: number };
      lines.add('warrant', this.fork, height, this.sequence, this.ordinal++, id, account, line.trimEnd());
    }
  }

  private holds(bytes: Uint8Array): void {
    const { lines, height } = this.besideOf();
    for (const line of decodeLines(bytes)) {
      const { kind, account, market, component } = JSON.parse(line) as Readonly<Record<string, string | number>>;
      const about = [kind ?? '', account ?? null, market ?? null, component ?? null] as const;
      lines.add('hold', this.fork, height, this.sequence, this.ordinal++, ...about, line.trimEnd());
    }
  }

  /** Acts stand before the batch of their commands: they count to the block that is open. */
  private acts(bytes: Uint8Array): void {
    for (const line of decodeLines(bytes)) {
      this.beside.add('act', this.fork, this.height, this.sequence + 1, this.ordinal++, line.trimEnd());
    }
  }

  /** Gives the blocks that have ended and agree with their record, but for the one that may still take what stands beside it. */
  private give(): void {
    while (this.agreed.length > 0 && this.ended.length > (this.isBehindEnd ? 1 : 0)) {
      const block = this.agreed.shift() as Block;
      const { tables, beside } = this.ended.shift() as Ended;
      const rollback = block.restores === undefined ? undefined : this.rollback;
      this.options.onBlock({ block, hash: blockHash(block, sha256), tables: [...tables, ...beside.take()], rollback });
    }
  }
}
