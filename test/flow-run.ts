// Random flows against states: the commands one by one, copies of states, and what a command left of the bytes before it.
import { applyCommand } from '../src/engine/apply.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import type { EventRecord } from '../src/engine/event.ts';
import { State } from '../src/engine/state.ts';
import { PAGE_BYTES, type Table } from '../src/engine/table.ts';
import { SCHEMAS, type TableName, VENUE } from '../src/engine/tables.ts';
import { RandomFlow } from '../src/sim/random-flow.ts';

/** One command: its first row in a run of commands that goes up to row `end`. */
export interface CommandRows {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly row: number;
  readonly end: number;
}

/** Applies a command to a state and returns its events and the rows it took. */
export function applyTo(
  state: State,
  { words, floats, row, end }: CommandRows,
): { rows: number; events: EventRecord[] } {
  state.events.clear();
  const rows = applyCommand(state, words, floats, row, end);
  return { rows, events: state.events.all() };
}

/** Runs a flow of `steps` steps; `apply` applies each command where it likes and returns what happened. */
export function runFlow(
  seed: number | string,
  steps: number,
  apply: (command: CommandRows, number: number) => { rows: number; events: EventRecord[] },
): number {
  const flow = new RandomFlow(seed);
  const buffer = new CommandBuffer();
  let commands = 0;
  for (let step = 0; step < steps; step++) {
    buffer.clear();
    flow.next(buffer);
    const { i32: words, f64: floats, rows: end } = buffer;
    for (let row = 0; row < end; ) {
      const { rows, events } = apply({ words, floats, row, end }, commands++);
      flow.observe(events);
      row += rows;
    }
  }
  return commands;
}

/** A state with the same tables and an index built anew: what a snapshot that was taken and loaded is. */
export function copyOf(state: State): State {
  const copy = new State();
  for (const [name, table] of state.tables()) {
    const target = copy[name];
    target.reserve(table.rows);
    target.bytes.set(usedBytes(table));
    target.rows = table.rows;
    target.free = table.free;
    target.live = table.live;
  }
  copy.index.restore(copy);
  return copy;
}

function usedBytes(table: Table): Uint8Array {
  return table.bytes.subarray(0, table.rows * table.schema.rowBytes);
}

/** The first table in which two states differ, in bytes or in what they have of rows; undefined when they are the same. */
export function differingTable(a: State, b: State): TableName | undefined {
  return (Object.keys(SCHEMAS) as TableName[]).find((name) => {
    const [one, other] = [a[name], b[name]];
    const same = one.rows === other.rows && one.free === other.free && one.live === other.live;
    return !same || Buffer.compare(usedBytes(one), usedBytes(other)) !== 0;
  });
}

/** Hands out rows of the tables whose rows are given back from pages far apart, so that neighbours are on other pages. */
export function scatterRows(state: State): State {
  for (const table of [state.order, state.clientId, state.withdrawal]) {
    const perPage = PAGE_BYTES / table.schema.rowBytes;
    const rows = 64 * perPage;
    table.reserve(rows);
    table.rows = rows;
    // Page by page round and round: each row is on another page than the one before.
    for (let row = 1; row < rows; row++) {
      const place = (row % 64) * perPage + Math.floor(row / 64);
      if (place === 0) continue;
      table.i32[place * table.rowWords] = table.free;
      table.free = place;
    }
  }
  return state;
}

interface Seen {
  bytes: Uint8Array;
  rows: number;
  free: number;
  live: number;
}

/** Remembers the bytes of a state to say what a command did to them. */
export class ByteWatch {
  private readonly state: State;
  private readonly seen = new Map<TableName, Seen>();

  constructor(state: State) {
    this.state = state;
    for (const [name, table] of state.tables()) {
      this.seen.set(name, { bytes: table.bytes.slice(), rows: table.rows, free: table.free, live: table.live });
      table.touched.fill(0);
    }
  }

  /** Tables, but for sequence and time of the venue, that are not what they were when `refresh` was called last. */
  changedTables(): TableName[] {
    const { venue } = this.state;
    const before = this.seen.get('venue') as Seen;
    const floats = new Float64Array(before.bytes.buffer);
    for (const column of [VENUE.SEQUENCE, VENUE.TIME_MS]) {
      floats[venue.rowFloats + column] = venue.f64[venue.rowFloats + column] as number;
    }
    return this.state.tables().flatMap(([name, table]) => {
      const seen = this.seen.get(name) as Seen;
      const same = seen.rows === table.rows && seen.free === table.free && seen.live === table.live;
      return same && Buffer.compare(seen.bytes, table.bytes) === 0 ? [] : [name];
    });
  }

  /** Pages whose bytes changed since the last call but are not marked as touched, as `table:page`. Clears the marks. */
  untouchedChanges(): string[] {
    const found: string[] = [];
    for (const [name, table] of this.state.tables()) {
      const seen = this.seen.get(name) as Seen;
      if (seen.bytes.length < table.bytes.length) {
        const grown = new Uint8Array(table.bytes.length);
        grown.set(seen.bytes);
        seen.bytes = grown;
      }
      for (let page = 0; page < table.pages; page++) {
        const [from, to] = [page * PAGE_BYTES, (page + 1) * PAGE_BYTES];
        const now = table.bytes.subarray(from, to);
        if (table.touched[page] === 1) seen.bytes.set(now, from);
        else if (Buffer.compare(seen.bytes.subarray(from, to), now) !== 0) found.push(`${name}:${page}`);
        table.touched[page] = 0;
      }
      seen.rows = table.rows;
      seen.free = table.free;
      seen.live = table.live;
    }
    return found;
  }
}
