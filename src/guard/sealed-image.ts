/**
 * The sealed image: copies of the rules, markets, accounts and positions as the last closed block has them. What is written other
 * than what events tell is not in it: that is how it is found.
 */
import { PositionIndex } from '../engine/position-index.ts';
import type { Table } from '../engine/table.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';

/** Columns of a market that go on by what each trade and settlement tells. */
const COUNTED = [
  MARKET.TRADE_COUNT,
  MARKET.VOLUME_HIGH,
  MARKET.VOLUME_LOW,
  MARKET.FUNDING_CLEARING_HIGH,
  MARKET.FUNDING_CLEARING_LOW,
] as const;

/** What a position is for good from its first command on. */
const LINKS = [POSITION.ACCOUNT, POSITION.MARKET, POSITION.NEXT_OF_ACCOUNT] as const;

function isOf(i32: Int32Array, row: number, account: number, market: number): boolean {
  return row > 0 && i32[row * 32 + POSITION.ACCOUNT] === account && i32[row * 32 + POSITION.MARKET] === market;
}

/** A copy of a table. */
export class SealedTable {
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

  /** Takes a row as it is. */
  adopt(table: Table, row: number): void {
    this.extend(table, row);
    const { rowBytes } = table.schema;
    this.bytes.set(table.bytes.subarray(row * rowBytes, (row + 1) * rowBytes), row * rowBytes);
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
  /** Finds the row of a position: made of the image's own rows. */
  private readonly rows = new PositionIndex(64);
  /** False until the first block was seen. */
  isThere = false;

  /** Takes the state as it is. From then on `ImageAdvance` takes the image from block to block. */
  begin(state: State): void {
    for (const name of ['rule', 'market', 'account', 'position'] as const) this[name].takeAll(state[name]);
    for (let row = 1; row < this.position.rows; row++) this.rows.add(this.position, row);
    this.isThere = true;
  }

  /** An account that was opened since the block: nothing but what its command said of it. */
  addAccount(state: State, row: number): void {
    this.account.extend(state.account, row);
    this.account.f64[row * 8 + ACCOUNT.CREATED_MS] = state.account.f64[row * 8 + ACCOUNT.CREATED_MS] as number;
    for (const column of [ACCOUNT.KIND, ACCOUNT.FEE_CLASS]) {
      this.account.i32[row * 16 + column] = state.account.i32[row * 16 + column] as number;
    }
  }

  /** Positions that were opened: a row is never given back, and the newest is the first of its account. */
  linkPositions(state: State): void {
    const { account, position } = this;
    const { i32, rows, bytes } = state.position;
    if (rows === position.rows) return;
    position.reserve(bytes.length);
    for (let row = position.rows; row < rows; row++) {
      for (const word of LINKS) position.i32[row * 32 + word] = i32[row * 32 + word] as number;
      account.i32[(i32[row * 32 + POSITION.ACCOUNT] as number) * 16 + ACCOUNT.FIRST_POSITION] = row;
      this.rows.add(position, row);
    }
    position.rows = rows;
  }

  /** The row of the position of an account in a market, 0 when there is none; `likely` is looked at first. */
  positionOf(account: number, market: number, likely: number): number {
    return isOf(this.position.i32, likely, account, market) ? likely : this.rows.find(this.position, account, market);
  }

  /** A market that was defined since the block, as it is when it is first seen: after its first tick at the latest. */
  addMarket(state: State, row: number): void {
    const { market } = this;
    market.adopt(state.market, row);
    // What is counted from events starts with the market.
    for (const column of COUNTED) market.f64[row * 128 + column] = 0;
  }
}
