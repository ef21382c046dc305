/** The state: all that the exchange knows, as tables; and what is derived from them to find rows fast. */
import { EventBuffer } from './event.ts';
import { StateIndex } from './state-index.ts';
import { type Schema, Table } from './table.ts';
import { ACCOUNT, MARKET, POSITION, RULE_VALUES, SCHEMAS, type TableName, VENUE } from './tables.ts';
import { RULES } from './rules.ts';

/** The engine release of this code; what each release changed is in `release.ts`. */
const RELEASE = 1;

/** Accounts every venue has from its first block. */
export const INSURANCE_FUND = 1;
export const FEE_ACCOUNT = 2;

export const ACCOUNT_KIND = { TRADER: 1, INSURANCE: 2, FEES: 3 } as const;

/** How many rows to make room for at the start; every table grows as it fills. */
export interface Capacity {
  readonly accounts?: number;
  readonly positions?: number;
  readonly orders?: number;
}

export class State {
  readonly venue: Table;
  readonly rule: Table;
  readonly market: Table;
  readonly oracle: Table;
  readonly quote: Table;
  readonly account: Table;
  readonly accountKey: Table;
  readonly position: Table;
  readonly order: Table;
  readonly clientId: Table;
  readonly withdrawal: Table;
  readonly refund: Table;
  /** Derived; rebuilt by `restoreIndex` after the tables were loaded. */
  readonly index: StateIndex;
  /** What the commands since the last `events.clear()` did. Who reads them may put another buffer in their place. */
  events = new EventBuffer();

  /** An empty state without rows; `genesis` makes a venue of it, a snapshot loads its tables. */
  constructor(capacity: Capacity = {}) {
    const table = (schema: Schema, rows: number): Table => new Table(schema, rows);
    this.venue = table(SCHEMAS.venue, 2);
    this.rule = table(SCHEMAS.rule, 2);
    this.market = table(SCHEMAS.market, 4);
    this.oracle = table(SCHEMAS.oracle, 16);
    this.quote = table(SCHEMAS.quote, 32);
    this.account = table(SCHEMAS.account, capacity.accounts ?? 64);
    this.accountKey = table(SCHEMAS.accountKey, capacity.accounts ?? 64);
    this.position = table(SCHEMAS.position, capacity.positions ?? 64);
    this.order = table(SCHEMAS.order, capacity.orders ?? 64);
    this.clientId = table(SCHEMAS.clientId, 32);
    this.withdrawal = table(SCHEMAS.withdrawal, 64);
    this.refund = table(SCHEMAS.refund, 64);
    this.index = new StateIndex(capacity.positions ?? 64);
  }

  /** The tables by name, in the order in which they are hashed and compared. */
  tables(): [TableName, Table][] {
    return (Object.keys(SCHEMAS) as TableName[]).map((name) => [name, this[name]]);
  }
}

/** The state before the first command: the venue's row, the default rules, the insurance fund and the fee account. */
export function genesis(capacity: Capacity = {}): State {
  const state = new State(capacity);
  state.venue.allocate();
  state.venue.i32[state.venue.rowWords + VENUE.RELEASE] = RELEASE;
  state.rule.allocate();
  RULES.forEach((rule, number) => {
    state.rule.f64[state.rule.rowFloats + RULE_VALUES.VALUE + number] = rule.default;
  });
  for (const kind of [ACCOUNT_KIND.INSURANCE, ACCOUNT_KIND.FEES]) {
    const row = state.account.allocate();
    state.accountKey.allocate();
    state.account.i32[row * state.account.rowWords + ACCOUNT.KIND] = kind;
  }
  for (const [, table] of state.tables()) table.touched.fill(1, 0, table.pages);
  state.index.restore(state);
  return state;
}

/** How many markets there are; their rows are 1 … markets. */
export function marketCount(state: State): number {
  return state.market.rows - 1;
}

/** The symbol of a market. */
export function marketName(state: State, market: number): string {
  return textAt(state.market, market, MARKET.NAME * 4, 32);
}

/** The row of the position of an account in a market, 0 if it never had one. */
export function findPosition(state: State, account: number, market: number): number {
  return state.index.positions.find(state.position, account, market);
}

/** The zero-padded ASCII or UTF-8 text at a byte of a row, decoded. */
function textAt(table: Table, row: number, byte: number, limit: number): string {
  const from = row * table.schema.rowBytes + byte;
  let encoded = '';
  for (let at = from; at < from + limit && table.bytes[at] !== 0; at++) {
    encoded += `%${(table.bytes[at] as number).toString(16).padStart(2, '0')}`;
  }
  return decodeURIComponent(encoded);
}

/** All rows of an account's positions, newest first. */
export function positionsOf(state: State, account: number): number[] {
  const { position, account: accounts } = state;
  const rows: number[] = [];
  let row = accounts.i32[account * accounts.rowWords + ACCOUNT.FIRST_POSITION] as number;
  while (row !== 0) {
    rows.push(row);
    row = position.i32[row * position.rowWords + POSITION.NEXT_OF_ACCOUNT] as number;
  }
  return rows;
}
