/**
 * The sealed image: copies of the rules, markets, accounts and positions as the last closed block has them. What is written other
 * than what events tell is not in it: that is how it is found.
 */
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

/** Columns of a position of the image: one cache line, 8 floats or 16 words. */
export const KNOWN_POSITION = {
  SIZE: 0,
  COST_HIGH: 1,
  COST_LOW: 2,
  FUNDING_INDEX: 3,
  ACCOUNT: 12,
  MARKET: 13,
  NEXT_OF_ACCOUNT: 14,
  INITIAL_MARGIN: 15,
} as const;

const POSITION_BYTES = 64;
const { FIRST_POSITION } = ACCOUNT;
const { ACCOUNT: OWNER, MARKET: POSITION_MARKET, NEXT_OF_ACCOUNT } = KNOWN_POSITION;
const FLOATS = [KNOWN_POSITION.SIZE, KNOWN_POSITION.COST_HIGH, KNOWN_POSITION.COST_LOW, KNOWN_POSITION.FUNDING_INDEX];
const WORDS = ['ACCOUNT', 'MARKET', 'NEXT_OF_ACCOUNT', 'INITIAL_MARGIN'] as const;

function isOf(i32: Int32Array, row: number, account: number, market: number): boolean {
  return row > 0 && i32[row * 16 + OWNER] === account && i32[row * 16 + POSITION_MARKET] === market;
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
  /** False until the first block was seen. */
  isThere = false;

  /** Takes the state as it is. From then on `ImageAdvance` takes the image from block to block. */
  begin(state: State): void {
    for (const name of ['rule', 'market', 'account'] as const) this[name].takeAll(state[name]);
    this.takePositions(state);
    this.isThere = true;
  }

  private takePositions(state: State): void {
    const { f64, i32, rows } = state.position;
    this.reservePositions(state);
    for (let row = 1; row < rows; row++) {
      // Both layouts begin with the same floats.
      for (const column of FLOATS) this.position.f64[row * 8 + column] = f64[row * 16 + column] as number;
      for (const name of WORDS)
        this.position.i32[row * 16 + KNOWN_POSITION[name]] = i32[row * 32 + POSITION[name]] as number;
    }
    this.position.rows = rows;
  }

  private reservePositions({ position: { bytes, schema } }: State): void {
    this.position.reserve((bytes.length / schema.rowBytes) * POSITION_BYTES);
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
    const { i32, rows } = state.position;
    if (rows === position.rows) return;
    this.reservePositions(state);
    const own = position.i32;
    const accounts = account.i32;
    for (let row = position.rows; row < rows; row++) {
      const at = row * 16;
      const owner = i32[row * 32 + POSITION.ACCOUNT] as number;
      own[at + OWNER] = owner;
      own[at + POSITION_MARKET] = i32[row * 32 + POSITION.MARKET] as number;
      own[at + NEXT_OF_ACCOUNT] = accounts[owner * 16 + FIRST_POSITION] as number;
      accounts[owner * 16 + FIRST_POSITION] = row;
    }
    position.rows = rows;
  }

  /** The row of the position of an account in a market, 0 when there is none; `likely` is looked at first, then the account's list. */
  positionOf(account: number, market: number, likely: number): number {
    const { i32 } = this.position;
    if (isOf(i32, likely, account, market)) return likely;
    let row = this.account.i32[account * 16 + FIRST_POSITION] ?? 0;
    while (row !== 0 && !isOf(i32, row, account, market)) row = i32[row * 16 + NEXT_OF_ACCOUNT] ?? 0;
    return row;
  }

  /** A market that was defined since the block, as it is when it is first seen: after its first tick at the latest. */
  addMarket(state: State, row: number): void {
    const { market } = this;
    market.adopt(state.market, row);
    // What is counted from events starts with the market.
    for (const column of COUNTED) market.f64[row * 128 + column] = 0;
  }
}
