/**
 * What accounts owe the venue and what became of each refund, moved by what events tell, never by the rows: a debt that was written
 * off or a refund that was written in differs from it. It stands at now, not at the last block.
 */
import { EVENT } from '../engine/event.ts';
import { KeyIndex } from '../engine/key-index.ts';
import { findRefund, REFUND_STATUS } from '../engine/refund.ts';
import type { State } from '../engine/state.ts';
import type { Table } from '../engine/table.ts';
import { ACCOUNT, REFUND } from '../engine/tables.ts';
import type { Found } from './derived-image.ts';
import { SealedTable } from './sealed-image.ts';
import type { Check } from './verdict.ts';

const WORDS = 8;
const FLOATS = 4;

/** Where the amount, the row and the id of a refund stand among the fields of its event. */
const RESERVED = { AMOUNT: 1, ROW: 2, ID: 3 } as const;
const REVERSED = { AMOUNT: 1, TAKEN: 2, ROW: 3, ID: 4 } as const;

/** A refund that was told and cannot be, by what was told before. */
interface Violation {
  readonly account: number;
  readonly check: Check;
}

export class RemedyImage {
  private readonly refund = new SealedTable();
  /** Finds the row of an id: made of the image's own rows. */
  private readonly ids = new KeyIndex(WORDS, REFUND.ID, 4);
  private readonly owed = new Map<number, number>();
  private violations: Violation[] = [];
  /** What the remedy has put into the insurance fund (negative: set aside from it) since the image began, 1e-8 USDC. */
  fundMoved = 0n;

  /** Takes the rows as they are. */
  begin(state: State): void {
    this.refund.takeAll(state.refund);
    for (let row = 1; row < this.refund.rows; row++) this.ids.add(this.refund, row);
    for (let account = 1; account < state.account.rows; account++) {
      const receivable = state.account.f64[account * 8 + ACCOUNT.RECEIVABLE] as number;
      if (receivable !== 0) this.owed.set(account, receivable);
    }
  }

  /** What an account owes, 1e-8 USDC. */
  receivableOf(account: number): number {
    return this.owed.size === 0 ? 0 : (this.owed.get(account) ?? 0);
  }

  /** The account of the pending refund whose id stands at `at` of `words`, by what was told; 0 when there is none. */
  pendingAccount(words: Int32Array, at: number): number {
    const row = this.ids.find(this.refund, words, at);
    const { i32 } = this.refund;
    const isPending = row !== 0 && i32[row * WORDS + REFUND.STATUS] === REFUND_STATUS.PENDING;
    return isPending ? (i32[row * WORDS + REFUND.ACCOUNT] as number) : 0;
  }

  /** Takes in an event; `at` is where its record starts. */
  hear({ refund }: State, values: Float64Array, at: number): void {
    const field = (slot: number): number => values[at + 2 + slot] as number;
    const account = field(0);
    switch (values[at]) {
      case EVENT.withdrawalCarried:
        return this.owe(account, field(2) - field(3));
      case EVENT.receivableRepaid:
        return this.owe(account, -field(1));
      case EVENT.creditReversed:
        this.owe(account, field(REVERSED.AMOUNT) - field(REVERSED.TAKEN));
        this.fundMoved += BigInt(field(REVERSED.AMOUNT));
        return this.add(refund, values, at + 2, REVERSED, REFUND_STATUS.REVERSED);
      case EVENT.refundReserved:
        this.fundMoved -= BigInt(field(RESERVED.AMOUNT));
        return this.add(refund, values, at + 2, RESERVED, REFUND_STATUS.PENDING);
      case EVENT.refundPosted:
        return this.end(values, at + 2, REFUND_STATUS.POSTED);
      case EVENT.refundVoided:
        this.fundMoved += BigInt(field(RESERVED.AMOUNT));
        return this.end(values, at + 2, REFUND_STATUS.VOIDED);
      default:
    }
  }

  private owe(account: number, amount: number): void {
    if (amount !== 0) this.owed.set(account, this.receivableOf(account) + amount);
  }

  private add(
    live: Table,
    values: Float64Array,
    at: number,
    { AMOUNT, ROW, ID }: typeof RESERVED | typeof REVERSED,
    status: number,
  ): void {
    const account = values[at] as number;
    const row = values[at + ROW] as number;
    if (row !== this.refund.rows) return this.violate(account, row, 'a row that was used', `row ${this.refund.rows}`);
    this.refund.extend(live, row);
    const { i32, f64 } = this.refund;
    i32[row * WORDS + REFUND.ACCOUNT] = account;
    i32[row * WORDS + REFUND.STATUS] = status;
    for (let word = 0; word < 4; word++) i32[row * WORDS + REFUND.ID + word] = values[at + ID + word] as number;
    f64[row * FLOATS + REFUND.AMOUNT] = values[at + AMOUNT] as number;
    this.ids.add(this.refund, row);
  }

  /** A refund that ends is pending, of this account and amount. */
  private end(values: Float64Array, at: number, status: number): void {
    const [account, amount, row] = [values[at] as number, values[at + 1] as number, values[at + 2] as number];
    const { i32, f64, rows } = this.refund;
    const isPending = row >= 1 && row < rows && i32[row * WORDS + REFUND.STATUS] === REFUND_STATUS.PENDING;
    const isSame = i32[row * WORDS + REFUND.ACCOUNT] === account && f64[row * FLOATS + REFUND.AMOUNT] === amount;
    if (!isPending || !isSame) return this.violate(account, row, `${amount} to account ${account}`, this.text(row));
    i32[row * WORDS + REFUND.STATUS] = status;
  }

  private violate(account: number, row: number, found: string, expected: string): void {
    this.violations.push({ account, check: different(row, found, expected) });
  }

  /** Tells what was told and cannot be, since the last call. */
  tellViolations(found: Found): void {
    if (this.violations.length === 0) return;
    const { violations } = this;
    this.violations = [];
    for (const { account, check } of violations) found({ kind: 'account', account }, check);
  }

  /** What is not as told about the refund whose id stands at `at` of `words`; undefined when all of it is, or it is not there. */
  differenceOf(state: State, words: Int32Array, at: number): Check | undefined {
    const told = this.ids.find(this.refund, words, at);
    const live = findRefund(state, words, at);
    if (told === live) return told === 0 ? undefined : this.differenceAt(state, told);
    const found = live === 0 ? 'no refund' : textOf(state.refund.i32, state.refund.f64, live);
    return different(told === 0 ? live : told, found, this.text(told));
  }

  /** What is not as told about a row of the refunds; undefined when all of it is. */
  private differenceAt({ refund: live }: State, row: number): Check | undefined {
    const { i32, f64 } = this.refund;
    const isTold = row < this.refund.rows;
    let isSame = live.f64[row * FLOATS + REFUND.AMOUNT] === (isTold ? f64[row * FLOATS + REFUND.AMOUNT] : 0);
    for (let word = 0; word < 6; word++)
      isSame &&= live.i32[row * WORDS + word] === (isTold ? i32[row * WORDS + word] : 0);
    return isSame && isTold ? undefined : different(row, textOf(live.i32, live.f64, row), this.text(row));
  }

  /** Compares rows of the refunds with what was told; tells the account of each that differs. */
  compareRows(state: State, from: number, to: number, found: Found): void {
    for (let row = from; row < to; row++) {
      const check = this.differenceAt(state, row);
      if (check === undefined) continue;
      const told = row < this.refund.rows ? this.refund.i32 : state.refund.i32;
      const account = told[row * WORDS + REFUND.ACCOUNT] as number;
      const isAccount = account >= 1 && account < state.account.rows;
      found(isAccount ? { kind: 'account', account } : { kind: 'venue' }, check);
    }
  }

  private text(row: number): string {
    return row >= 1 && row < this.refund.rows ? textOf(this.refund.i32, this.refund.f64, row) : 'no refund';
  }
}

const STATUSES = ['none', 'pending', 'posted', 'voided', 'reversed'];

function textOf(i32: Int32Array, f64: Float64Array, row: number): string {
  const status = STATUSES[i32[row * WORDS + REFUND.STATUS] as number] ?? 'no status';
  return `${f64[row * FLOATS + REFUND.AMOUNT]} to account ${i32[row * WORDS + REFUND.ACCOUNT]}, ${status}`;
}

function different(row: number, found: string, expected: string): Check {
  return { class: 'I', name: 'refund_ledger', about: `refund ${row}`, holds: false, found, expected };
}
