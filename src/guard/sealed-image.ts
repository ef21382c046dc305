/**
 * The image: copies of the rules and markets as the last closed block has them, and of accounts and positions as events lead to
 * now, with what those held in the block kept beside them. What is written other than what events tell is not in it: that is how
 * it is found.
 */
import type { Table } from '../engine/table.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import { OWN_ROOM, type Room } from './room.ts';

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
const { FIRST_POSITION, BALANCE_HIGH } = ACCOUNT;
const { ACCOUNT: OWNER, MARKET: POSITION_MARKET, NEXT_OF_ACCOUNT } = KNOWN_POSITION;
/** Word of an account, and of a position, of the image: which of what the block had is kept for it. */
const ACCOUNT_KEPT = 11;
const POSITION_KEPT = 8;
/** Numbers of what is kept rise up to here, then all rows forget theirs. */
const MOST_KEPT = 2 ** 30;
const FLOATS = [KNOWN_POSITION.SIZE, KNOWN_POSITION.COST_HIGH, KNOWN_POSITION.COST_LOW, KNOWN_POSITION.FUNDING_INDEX];
const WORDS = ['ACCOUNT', 'MARKET', 'NEXT_OF_ACCOUNT', 'INITIAL_MARGIN'] as const;

/** Where numbers stand. */
export interface SealedPlace {
  readonly values: Float64Array;
  readonly at: number;
}

function isOf(i32: Int32Array, row: number, account: number, market: number): boolean {
  return row > 0 && i32[row * 16 + OWNER] === account && i32[row * 16 + POSITION_MARKET] === market;
}

/** A copy of a table. */
export class SealedTable {
  bytes: Uint8Array = new Uint8Array(0);
  f64: Float64Array = new Float64Array(0);
  i32: Int32Array = new Int32Array(0);
  private readonly room: Room;
  /** Rows that the block has, row 0 included. */
  rows = 0;

  constructor(room: Room = OWN_ROOM) {
    this.room = room;
  }

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
    const { bytes: before } = this;
    this.adoptBuffer(this.room.take(bytes));
    this.bytes.set(before);
  }

  /** Reads and writes this buffer from now on. */
  adoptBuffer(buffer: ArrayBufferLike): void {
    this.bytes = new Uint8Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
  }
}

export class SealedImage {
  readonly rule = new SealedTable();
  readonly market: SealedTable;
  readonly account: SealedTable;
  readonly position: SealedTable;
  /** What accounts (balance) and positions (size, cost, funding index) held in the block, of those that moved since: four floats each. */
  readonly kept: SealedTable;
  /** Number of the first that is kept since the block, and of the next. */
  firstKept = 1;
  nextKept = 1;
  /** False until the first block was seen. */
  isThere = false;

  constructor(room: Room = OWN_ROOM) {
    this.market = new SealedTable(room);
    this.account = new SealedTable(room);
    this.position = new SealedTable(room);
    this.kept = new SealedTable(room);
  }

  /** Takes the state as it is. From then on `ImageAdvance` takes the image from block to block. */
  begin(state: State): void {
    for (const name of ['rule', 'market', 'account'] as const) this[name].takeAll(state[name]);
    for (let row = 0; row < this.account.rows; row++) this.account.i32[row * 16 + ACCOUNT_KEPT] = 0;
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

  /** Rows that were never used are zero. */
  private reserveAccounts(state: State, row: number): void {
    this.account.reserve(state.account.bytes.length);
    this.account.rows = Math.max(this.account.rows, row + 1);
  }

  /** The account is about to move: keeps what it held in the block, unless that is kept already. */
  keepAccount(account: number): void {
    const word = account * 16 + ACCOUNT_KEPT;
    const { i32, f64 } = this.account;
    if ((i32[word] as number) >= this.firstKept) return;
    i32[word] = this.nextKept;
    const to = this.nextPlace();
    const kept = this.kept.f64;
    kept[to] = f64[account * 8 + BALANCE_HIGH] as number;
    kept[to + 1] = f64[account * 8 + BALANCE_HIGH + 1] as number;
  }

  /** The same for a position. */
  keepPosition(row: number): void {
    const word = row * 16 + POSITION_KEPT;
    const { i32, f64 } = this.position;
    if ((i32[word] as number) >= this.firstKept) return;
    i32[word] = this.nextKept;
    const to = this.nextPlace();
    const kept = this.kept.f64;
    const at = row * 8;
    kept[to] = f64[at] as number;
    kept[to + 1] = f64[at + 1] as number;
    kept[to + 2] = f64[at + 2] as number;
    kept[to + 3] = f64[at + 3] as number;
  }

  private nextPlace(): number {
    const at = (this.nextKept++ - this.firstKept) * 4;
    if (at + 4 > this.kept.f64.length) this.reserveKept(1);
    return at;
  }

  /** Makes room for `more` accounts and positions to be kept. */
  reserveKept(more: number): void {
    const bytes = (this.nextKept - this.firstKept + more) * 32;
    if (bytes > this.kept.bytes.length) this.kept.reserve(Math.max(bytes, this.kept.bytes.length * 2, 1 << 20));
  }

  /** Balance of an account in the block: the array that has it in two limbs, and where. */
  sealedBalance(account: number): SealedPlace {
    const kept = this.account.i32[account * 16 + ACCOUNT_KEPT] as number;
    if (kept >= this.firstKept) return { values: this.kept.f64, at: (kept - this.firstKept) * 4 };
    return { values: this.account.f64, at: account * 8 + BALANCE_HIGH };
  }

  /** A position in the block: the array that has its columns from the size to the funding index, and where. */
  sealedPosition(row: number): SealedPlace {
    const kept = this.position.i32[row * 16 + POSITION_KEPT] as number;
    if (kept >= this.firstKept) return { values: this.kept.f64, at: (kept - this.firstKept) * 4 };
    return { values: this.position.f64, at: row * 8 };
  }

  /** A block ends: as accounts and positions are now, they are in it. */
  forgetSealed(): void {
    this.firstKept = this.nextKept;
    if (this.firstKept < MOST_KEPT) return;
    for (let row = 0; row < this.account.rows; row++) this.account.i32[row * 16 + ACCOUNT_KEPT] = 0;
    for (let row = 0; row < this.position.rows; row++) this.position.i32[row * 16 + POSITION_KEPT] = 0;
    this.firstKept = 1;
    this.nextKept = 1;
  }

  /** An account that was opened since the block: nothing but what its command said of it. */
  addAccount(state: State, row: number): void {
    this.reserveAccounts(state, row);
    this.account.f64[row * 8 + ACCOUNT.CREATED_MS] = state.account.f64[row * 8 + ACCOUNT.CREATED_MS] as number;
    for (const column of [ACCOUNT.KIND, ACCOUNT.FEE_CLASS]) {
      this.account.i32[row * 16 + column] = state.account.i32[row * 16 + column] as number;
    }
  }

  /** Positions that were opened: a row is never given back, and the newest is the first of its account. */
  linkPositions(state: State): void {
    const { i32, rows } = state.position;
    if (rows === this.position.rows) return;
    this.reserve(state);
    for (let row = this.position.rows; row < rows; row++) {
      this.link(row, i32[row * 32 + POSITION.ACCOUNT] as number, i32[row * 32 + POSITION.MARKET] as number);
    }
    this.position.rows = rows;
  }

  /** True when there is room for every account and position of a state. */
  hasRoom({ account, position }: State): boolean {
    return (
      account.rows * account.schema.rowBytes <= this.account.bytes.length &&
      position.rows * POSITION_BYTES <= this.position.bytes.length
    );
  }

  /** Makes room for every account and position of a state. */
  reserve(state: State): void {
    this.reservePositions(state);
    this.reserveAccounts(state, state.account.rows - 1);
  }

  /** A position that was opened, which room was made for. */
  link(row: number, owner: number, market: number): void {
    const { i32 } = this.position;
    const accounts = this.account.i32;
    i32[row * 16 + OWNER] = owner;
    i32[row * 16 + POSITION_MARKET] = market;
    i32[row * 16 + NEXT_OF_ACCOUNT] = accounts[owner * 16 + FIRST_POSITION] as number;
    accounts[owner * 16 + FIRST_POSITION] = row;
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
