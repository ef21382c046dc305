/**
 * Projects one branch of a history: a replay that compares every root, whose blocks come out with all their rows. What stands beside a
 * batch (warrants, holds, acts) counts to the block of its batch; behind the record of that block it counts to the open one. So what a
 * block has follows from the journal up to its record, wherever the replay began.
 */
import { type Block, blockHash } from '../chain/block.ts';
import { BlockSealer, type ChainHead } from '../chain/block-sealer.ts';
import type { History } from '../chain/branches.ts';
import type { RollbackCertificate } from '../chain/certificate.ts';
import type { BatchEntry, Entry } from '../chain/entry.ts';
import { type ReplayResult, replay } from '../chain/replay.ts';
import { DirectRoots, type RootComputer } from '../chain/roots.ts';
import { applyCommands } from '../engine/batch.ts';
import type { State } from '../engine/state.ts';
import { decodeLines } from '../guard/warrant.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { OpenBar } from './bars.ts';
import { HistoryProjection } from './history-projection.ts';
import type { ProjectedBlock, ProjectedRollback } from './projected-block.ts';
import { RowLines, type TableRows } from './row-lines.ts';
import type { StateRows } from './state-rows.ts';

export interface BranchOptions {
  readonly history: History;
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
  /** Computes the roots; in this thread unless said. */
  readonly roots?: RootComputer;
  /** Is told each end of a block, while the state is as it ends, with the bars that are open; returns what of the state is to be kept. */
  readonly atEnd?: (height: number, bars: readonly OpenBar[]) => StateRows | undefined;
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
  readonly state: StateRows | undefined;
}

class BranchProjection {
  private readonly options: BranchOptions;
  private readonly projection: HistoryProjection;
  private readonly ended: Ended[] = [];
  private beside = new RowLines();
  private height: number;
  private fork: number;
  private sequence: number;
  /** Nothing but what stands beside it came behind the last batch of a block: that is of the block, which may be before the start. */
  private isBehindEnd: boolean;
  private rollback: ProjectedRollback | undefined;
  /** Bars that were open at the end of blocks that are restored. */
  private readonly restoredBars = new Map<number, readonly OpenBar[]>();

  constructor(options: BranchOptions) {
    const { state, bars, head } = options;
    this.options = options;
    this.projection = new HistoryProjection(state, bars);
    // No command made the venue's own accounts.
    if (head.height < 0) for (let row = 1; row < state.account.rows; row++) this.projection.changedAccount(row);
    this.height = head.height + 1;
    this.fork = head.fork;
    this.sequence = head.sequence;
    this.isBehindEnd = head.height >= 0;
    this.restoredBars.set(head.height, bars);
  }

  run(): ReplayResult {
    const { state, head, history, to, roots = new DirectRoots(sha256) } = this.options;
    return replay(state, this.entries(), {
      sealer: new BlockSealer(sha256, roots, head),
      hash: sha256,
      history,
      ...(to === undefined ? {} : { head: to }),
      amend: null,
      apply: (_, entry) => this.apply(entry),
      onEnd: (height) => this.end(height),
      onBlock: (block) => this.give(block),
      onRestore: (certificate, block) => this.restore(certificate, block),
      onWarrants: (bytes) => this.warrants(bytes),
      onHolds: (bytes) => this.holds(bytes),
      onActs: (bytes) => this.acts(bytes),
    });
  }

  private *entries(): Generator<Entry> {
    for (const entry of this.options.entries) {
      yield entry;
      if (entry.kind === 'block' && entry.block.height === this.height - 1) this.isBehindEnd = false;
    }
  }

  private apply(entry: BatchEntry): number {
    const { state } = this.options;
    this.isBehindEnd = false;
    this.fork = entry.fork;
    const commands = applyCommands(state, entry.words, entry.floats, entry.rows);
    this.projection.batch(entry, state, this.height);
    this.sequence = entry.firstSequence - 1 + commands;
    return commands;
  }

  private end(height: number): void {
    // The block that restores another was taken in before.
    if (height < this.height) return;
    const { state, history, atEnd } = this.options;
    const tables = this.projection.end(state, this.fork, height);
    const bars = this.projection.openBars;
    if (history.restores.some(({ restores }) => restores === height)) this.restoredBars.set(height, bars);
    this.ended.push({ height, tables, beside: this.beside, state: atEnd?.(height, bars) });
    this.height = height + 1;
    this.isBehindEnd = true;
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
    this.projection.adopt(this.options.state, this.restoredBars.get(restores) ?? []);
    this.ended.push({ height: block.height, tables: [], beside: new RowLines(), state: undefined });
    this.height = block.height + 1;
    this.isBehindEnd = false;
    this.beside = new RowLines();
  }

  /** Where what stands beside the last batch belongs; undefined when that is before the start. */
  private get besideLast(): { readonly lines: RowLines; readonly height: number } | undefined {
    if (!this.isBehindEnd) return { lines: this.beside, height: this.height };
    const last = this.ended.at(-1);
    return last === undefined ? undefined : { lines: last.beside, height: last.height };
  }

  private warrants(bytes: Uint8Array): void {
    const place = this.besideLast;
    if (place === undefined) return;
    const { lines, height } = place;
    for (const line of decodeLines(bytes)) {
      const { id, account, json } = fieldsOf(line);
      lines.add('warrant', this.fork, height, this.sequence, lines.rowsOf('warrant'), textOf(id), rowOf(account), json);
    }
  }

  private holds(bytes: Uint8Array): void {
    const place = this.besideLast;
    if (place === undefined) return;
    const { lines, height } = place;
    for (const line of decodeLines(bytes)) {
      const { kind, account, market, component, json } = fieldsOf(line);
      const about = [textOf(kind), rowOf(account), rowOf(market), component === undefined ? null : textOf(component)];
      lines.add('hold', this.fork, height, this.sequence, lines.rowsOf('hold'), ...about, json);
    }
  }

  /** Acts stand before the batch of their commands: they count to the block that is open. */
  private acts(bytes: Uint8Array): void {
    const { beside } = this;
    for (const line of decodeLines(bytes)) {
      beside.add('act', this.fork, this.height, this.sequence + 1, beside.rowsOf('act'), fieldsOf(line).json);
    }
  }

  /** Gives a block that agrees with its record. */
  private give(block: Block): void {
    const { tables, beside, state } = this.ended.shift() as Ended;
    this.options.onBlock({
      block,
      hash: blockHash(block, sha256),
      tables: [...tables, ...beside.take()],
      rollback: block.restores === undefined ? undefined : this.rollback,
      isFollowed: true,
      ...(state === undefined ? {} : { state }),
    });
  }
}

type Fields = Readonly<Record<string, unknown>> & { readonly json: string };

/** The fields of a line of JSON, and the line itself; of one that cannot be read, as the text that it is, and no fields. */
function fieldsOf(line: string): Fields {
  const text = line.trimEnd();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value, json: text };
  } catch {
    // What is no JSON stands in the record as it does in the journal.
  }
  return { json: JSON.stringify(text) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A number of a row of the state, null where there is none. */
function rowOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : null;
}
