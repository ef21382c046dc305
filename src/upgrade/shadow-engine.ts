/**
 * This release's engine along a journal, comparing nothing: where another release would differ from the record, it goes on by its own
 * outcome. Branches that rollbacks ended before it began are passed over.
 */
import { isPassed, passedOver, type Heights } from '../chain/branches.ts';
import { copyState } from '../chain/copy-state.ts';
import { toHex } from '../chain/digest.ts';
import type { BatchEntry, Entry } from '../chain/entry.ts';
import { DirectRoots } from '../chain/roots.ts';
import type { Wide } from '../engine/amount.ts';
import { applyCommands } from '../engine/batch.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import { EVENT_FLOATS, type EventRecord } from '../engine/event.ts';
import { hasPosition, isUnhealthy } from '../engine/health.ts';
import { computeMargin, Margin } from '../engine/margin.ts';
import { genesis, type State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { JournalWalk } from '../journal/journal-walk.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import { loadNewestSnapshot } from '../journal/snapshot-folder.ts';
import { STATE_TABLES, type StateTable } from '../store/state-columns.ts';
import { rootOf } from './compare-states.ts';
import { MARGIN_COLUMNS, MARGIN_TABLE, PAGE_ROWS, type RecordedRoot, type ShadowAnswers } from './shadow-protocol.ts';

/** The history was rolled back behind the beginning: whoever follows begins anew. */
class RolledBack extends Error {
  constructor(height: number) {
    super(`a rollback made block ${height}: the branch that was followed has ended`);
    this.name = 'RolledBack';
  }
}

/** There is no snapshot of the block, or none that is as the block says. */
class NoSnapshot extends Error {
  readonly code = 'no_snapshot';
  constructor(height: number) {
    super(`there is no snapshot of block ${height} that the block vouches for`);
    this.name = 'NoSnapshot';
  }
}

/** What was asked for is not there. */
class UnknownTable extends Error {
  constructor(what: string) {
    super(`there is no ${what}`);
    this.name = 'UnknownTable';
  }
}

type Value = number | string;

export class ShadowEngine {
  private readonly walk: JournalWalk;
  private readonly passed: readonly Heights[];
  private readonly restored: ReadonlySet<number>;
  private readonly roots = new DirectRoots(sha256);
  private readonly state: State;
  private entries: Iterator<Entry> | undefined;
  private openHeight: number;
  /** A copy that commands were applied to which are in no journal. */
  private apart: State | undefined;
  private recorded: RecordedRoot | null = null;
  private events: Float64Array[] = [];
  private named: EventRecord[] | undefined;

  /**
   * Stands before the first command of the journal in a folder, or at the end of the block at `from`, by its snapshot. Refuses (throws
   * `NoSnapshot`) a block that has none which it vouches for.
   */
  constructor(folder: string, from = -1) {
    const reader = new JournalReader(folder);
    this.passed = passedOver(reader.restores, reader.height);
    this.restored = new Set(reader.restores.map(({ height }) => height));
    this.openHeight = from + 1;
    if (from < 0) {
      this.state = genesis();
      this.walk = new JournalWalk(folder, crc32);
      return;
    }
    const { loaded } = loadNewestSnapshot(folder, (height) => (height === from ? reader.block(height) : undefined));
    if (loaded === undefined) throw new NoSnapshot(from);
    this.state = loaded.state;
    reader.entries(from);
    this.walk = reader.walk;
  }

  /** Height of the block that is open. */
  get height(): number {
    return this.openHeight;
  }

  /** Goes on to the end of the next block, if the journal has one. Throws what the engine throws, and `RolledBack`. */
  next(): ShadowAnswers['next'] {
    this.apart = undefined;
    for (;;) {
      const isNew = this.entries === undefined;
      this.entries ??= this.walk.entries();
      const { value: entry, done } = this.entries.next();
      if (done === true) {
        this.entries = undefined;
        if (isNew) return { end: true, recorded: this.recorded };
        continue;
      }
      if (entry.kind === 'block') {
        const { height, stateRoot } = entry.block;
        if (!isPassed(this.passed, height)) this.recorded = { height, stateRoot: toHex(stateRoot) };
        continue;
      }
      if (this.take(entry)) return { block: this.closed() };
    }
  }

  /** True at the end of a block. */
  private take(entry: BatchEntry): boolean {
    const { openHeight, passed, state } = this;
    if (entry.certificate !== undefined) {
      if (!this.restored.has(openHeight)) throw new RolledBack(openHeight);
      this.openHeight++;
      return false;
    }
    const isBeside = entry.warrants !== undefined || entry.acts !== undefined || entry.holds !== undefined;
    if (isBeside) return false;
    if (isPassed(passed, openHeight) || passed.some(({ to }) => to === openHeight - 1)) {
      if (entry.closesBlock) this.openHeight++;
      return false;
    }
    if (this.isAtEnd) this.events = [];
    this.isAtEnd = false;
    applyCommands(state, entry.words, entry.floats, entry.rows);
    this.keepEvents(state);
    return entry.closesBlock;
  }

  private isAtEnd = true;

  private closed(): Extract<ShadowAnswers['next'], { block: unknown }>['block'] {
    const { venue } = this.state;
    this.isAtEnd = true;
    this.roots.request(this.state);
    return {
      recorded: this.recorded,
      height: this.openHeight++,
      sequence: venue.f64[venue.rowFloats + VENUE.SEQUENCE] as number,
      timeMs: venue.f64[venue.rowFloats + VENUE.TIME_MS] as number,
      stateRoot: toHex(this.roots.wait().stateRoot),
      ...this.eventsDigest(),
    };
  }

  private keepEvents(state: State): void {
    const { events } = state;
    this.named = undefined;
    if (events.count > 0) this.events.push(events.values.slice(0, events.count * EVENT_FLOATS));
    events.clear();
  }

  private eventsDigest(): { readonly events: string; readonly count: number } {
    const count = this.events.reduce((sum, part) => sum + part.length, 0);
    const all = new Float64Array(count);
    let at = 0;
    for (const part of this.events) {
      all.set(part, at);
      at += part.length;
    }
    return { events: toHex(sha256(new Uint8Array(all.buffer))), count: count / EVENT_FLOATS };
  }

  /** Applies commands that are in no journal, to a copy. */
  apply(rows: Uint8Array): ShadowAnswers['apply'] {
    this.apart ??= copyState(this.state);
    const { apart } = this;
    const own = rows.slice();
    this.events = [];
    const words = new Int32Array(own.buffer);
    applyCommands(apart, words, new Float64Array(own.buffer), own.length / COMMAND_BYTES);
    this.keepEvents(apart);
    return { stateRoot: rootOf(apart), ...this.eventsDigest() };
  }

  /** The events of the last block, or of what was applied last, by their names. */
  namedEvents(): ShadowAnswers['events'] {
    if (this.named === undefined) {
      const { events } = this.state;
      this.named = this.events.flatMap((part) => {
        const kept = events.values;
        events.values = part;
        const records = Array.from({ length: part.length / EVENT_FLOATS }, (_, at) => events.read(at));
        events.values = kept;
        return records;
      });
    }
    return { events: this.named };
  }

  digests(table: string, columns: readonly string[]): ShadowAnswers['digests'] {
    const { rows, counts } = this.sizeOf(table);
    const digests: string[] = [];
    for (let from = 1; from < rows; from += PAGE_ROWS) {
      const values = this.rows(table, columns, from, Math.min(rows, from + PAGE_ROWS)).flat();
      digests.push(toHex(sha256(bytesOf(values))));
    }
    return { rows, counts, digests };
  }

  /** Rows of a table from one up to, but without, another. */
  rows(table: string, columns: readonly string[], from: number, to: number): Value[][] {
    const { rows } = this.sizeOf(table);
    const of = table === MARGIN_TABLE ? this.marginOf(columns) : this.valuesOf(stateTable(table), columns);
    const found: Value[][] = [];
    for (let row = Math.max(1, from); row < Math.min(rows, to); row++) found.push(of(row));
    return found;
  }

  private get current(): State {
    return this.apart ?? this.state;
  }

  private sizeOf(table: string): { readonly rows: number; readonly counts: string } {
    if (table === MARGIN_TABLE) return { rows: this.current.account.rows, counts: '' };
    const { rows, live, free } = this.current[stateTable(table).table];
    return { rows, counts: `${rows} rows, ${live} live, first free ${free}` };
  }

  private valuesOf({ table, name, columns }: StateTable, wanted: readonly string[]): (row: number) => number[] {
    const found = wanted.map((column) => {
      const own = columns.find((each) => each.name === column);
      if (own === undefined) throw new UnknownTable(`column ${name}.${column}`);
      return own;
    });
    const rows = this.current[table];
    return (row) => found.map(({ column, index }) => rows.read(row, column, index));
  }

  private marginOf(wanted: readonly string[]): (row: number) => string[] {
    const state = this.current;
    const margin = new Margin();
    return (account) => {
      computeMargin(state, account, margin);
      const isLiquidatable = isUnhealthy(margin) && hasPosition(state, account);
      return wanted.map((column) => {
        if (column === 'liquidatable') return String(isLiquidatable);
        if (column === 'equity' || column === 'initial' || column === 'maintenance') return wholeOf(margin[column]);
        throw new UnknownTable(`column ${MARGIN_TABLE}.${column}`);
      });
    };
  }

  /** Makes a value another one, in a copy; returns what it was. */
  falsify(table: string, row: number, column: string): number {
    const { table: name, columns } = stateTable(table);
    const own = columns.find((each) => each.name === column);
    this.apart ??= copyState(this.state);
    const rows = this.apart[name];
    if (own === undefined || row < 1 || row >= rows.rows) throw new UnknownTable(`${table}/${row}/${column}`);
    const was = rows.read(row, own.column, own.index);
    const at = own.column.offset + own.index;
    const value = was === 0 ? 1 : 0;
    if (own.column.kind === 'f64') rows.f64[row * rows.rowFloats + at] = value;
    else rows.i32[row * rows.rowWords + at] = value;
    return was;
  }
}

/** Tables and columns of this release, by their names, and what else is compared like one. */
export function shadowTables(): Record<string, readonly string[]> {
  const tables = STATE_TABLES.map(({ name, columns }) => [name, columns.map((column) => column.name)] as const);
  return { ...Object.fromEntries(tables), [MARGIN_TABLE]: MARGIN_COLUMNS };
}

function stateTable(name: string): StateTable {
  const found = STATE_TABLES.find((each) => each.name === name);
  if (found === undefined) throw new UnknownTable(`table ${name}`);
  return found;
}

function wholeOf({ high, low }: Wide): string {
  return String(BigInt(high) * 2n ** 50n + BigInt(low));
}

function bytesOf(values: readonly Value[]): Uint8Array {
  const isNumbers = values.every((value) => typeof value === 'number');
  return isNumbers ? new Uint8Array(Float64Array.from(values).buffer) : new TextEncoder().encode(values.join('\n'));
}
