/**
 * The sealed image: copies of the rules, markets, accounts and positions as the last closed block has them. What is written other
 * than what events tell is not in it: that is how it is found.
 */
import type { Table } from '../engine/table.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';

/** A copy of a table. */
class SealedTable {
  bytes = new Uint8Array(0);
  f64 = new Float64Array(0);
  i32 = new Int32Array(0);
  /** Rows that the block has, row 0 included. */
  rows = 0;

  /** Takes every page that holds rows. */
  takeAll(table: Table): void {
    this.reserve(table.bytes.length);
    this.bytes.set(table.bytes);
    this.rows = table.rows;
  }

  /** Makes room for a row that came after the block; it is all zero. */
  extend(table: Table, row: number): void {
    this.reserve(table.bytes.length);
    this.bytes.fill(0, row * table.schema.rowBytes, (row + 1) * table.schema.rowBytes);
    this.rows = Math.max(this.rows, row + 1);
  }

  /** Makes room for so many bytes; new ones are zero. */
  reserve(bytes: number): void {
    if (bytes <= this.bytes.length) return;
    const buffer = new ArrayBuffer(bytes);
    const grown = new Uint8Array(buffer);
    grown.set(this.bytes);
    this.bytes = grown;
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
  }
}

export class SealedImage {
  readonly rule = new SealedTable();
  readonly market = new SealedTable();
  readonly account = new SealedTable();
  readonly position = new SealedTable();
  /** False until the first block was seen. */
  isThere = false;

  /** Takes the state as it is. From then on `ImageAdvance` takes the image from block to block. */
  begin(state: State): void {
    for (const name of ['rule', 'market', 'account', 'position'] as const) this[name].takeAll(state[name]);
    this.isThere = true;
  }

  /** An account that was opened since the block: nothing but what its command said of it. */
  addAccount(state: State, row: number): void {
    this.account.extend(state.account, row);
    for (const column of [ACCOUNT.KIND, ACCOUNT.FEE_CLASS]) {
      this.account.i32[row * 16 + column] = state.account.i32[row * 16 + column] as number;
    }
  }

  /** A market that was defined since the block, as it is when it is first seen: after its first tick at the latest. */
  addMarket(state: State, row: number): void {
    const { market } = this;
    market.extend(state.market, row);
    const { rowBytes } = state.market.schema;
    market.bytes.set(state.market.bytes.subarray(row * rowBytes, (row + 1) * rowBytes), row * rowBytes);
  }
}
