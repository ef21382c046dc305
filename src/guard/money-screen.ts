/**
 * Money that leaves an account: not while the price of what it holds is disputed, or something that it rests on is quarantined, or what
 * it owes is not what was told. Refunds: not while the refund is not what was told.
 */
import {
  COMMAND,
  DEPOSIT,
  POST_REFUND,
  REQUEST_WITHDRAWAL,
  RESERVE_REFUND,
  TRANSFER,
  VOID_REFUND,
} from '../engine/command.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, VENUE } from '../engine/tables.ts';
import { Unreadable } from './exact.ts';
import { heldByQuarantine } from './finding.ts';
import type { Known } from './known.ts';
import { readAccount } from './live-account.ts';
import type { Prices } from './price-checks.ts';
import type { Quarantine } from './quarantine.ts';
import { cellOf } from './validity.ts';
import type { Check } from './verdict.ts';

/** References of deposits rise one by one; a gap longer than this is none: it would shut out every true deposit below it. */
const REFERENCE_GAP = 1_000_000;

export class MoneyScreen {
  private readonly known: Known;
  private readonly prices: Prices;

  constructor(known: Known, prices: Prices) {
    this.known = known;
    this.prices = prices;
  }

  /** Judges the command at a row; what takes no money out of an account passes. */
  judge(
    state: State,
    i32: Int32Array,
    f64: Float64Array,
    row: number,
    quarantine: Quarantine,
  ): { readonly account: number; readonly check: Check | undefined } {
    const kind = i32[row * 16];
    const timeMs = f64[row * 8 + 1] as number;
    if (kind === COMMAND.deposit) {
      return { account: i32[row * 16 + DEPOSIT.ACCOUNT] as number, check: referenceCheck(state, f64, row) };
    }
    if (kind === COMMAND.requestWithdrawal) {
      const account = i32[row * 16 + REQUEST_WITHDRAWAL.ACCOUNT] as number;
      return { account, check: this.checkOf(state, account, 'withdraw', timeMs, quarantine) };
    }
    const id = REFUND_IDS.get(kind as number);
    if (id !== undefined) return { account: 0, check: this.known.remedy.differenceOf(state, i32, row * 16 + id) };
    if (kind !== COMMAND.transfer) return { account: 0, check: undefined };
    const account = i32[row * 16 + TRANSFER.FROM] as number;
    return { account, check: this.checkOf(state, account, 'transfer', timeMs, quarantine) };
  }

  private checkOf(
    state: State,
    account: number,
    action: 'withdraw' | 'transfer',
    timeMs: number,
    quarantine: Quarantine,
  ): Check | undefined {
    // An account that is none, or a time that is none, is the engine's to refuse.
    if (!(account >= 1 && account < state.account.rows) || !Number.isInteger(timeMs)) return undefined;
    const [is, told] = [state.account.f64[account * 8 + ACCOUNT.RECEIVABLE], this.known.remedy.receivableOf(account)];
    if (is !== told) {
      const [found, expected] = [String(is), String(told)];
      return { class: 'I', name: 'account_continuity', about: 'receivable', holds: false, found, expected };
    }
    try {
      const { positions } = readAccount(state, account);
      const markets = positions.filter(({ size }) => size !== 0n).map(({ market }) => market);
      const finding = quarantine.ofAccount(account, markets);
      if (finding !== undefined && cellOf('broken', action) === 'hold') return heldByQuarantine(finding);
      return this.disputed(state, markets, action, timeMs);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const [name, found] = ['fields_are_numbers', error.message] as const;
      return { class: 'I', name, about: `account ${account}`, holds: false, found, expected: 'whole numbers' };
    }
  }

  private disputed(
    state: State,
    markets: readonly number[],
    action: 'withdraw' | 'transfer',
    timeMs: number,
  ): Check | undefined {
    for (const market of markets) {
      const { validity, apart, allowed } = this.prices.view(state, market, timeMs);
      if (cellOf(validity, action) !== 'hold') continue;
      const about = `market ${market} is ${validity}`;
      return { class: 'II', name: 'price_families', about, holds: false, found: `${apart}`, expected: `${allowed}` };
    }
    return undefined;
  }
}

/** Where the id of a refund stands in the commands that name one. */
const REFUND_IDS: ReadonlyMap<number, number> = new Map([
  [COMMAND.reserveRefund, RESERVE_REFUND.ID],
  [COMMAND.postRefund, POST_REFUND.ID],
  [COMMAND.voidRefund, VOID_REFUND.ID],
]);

/** A deposit must not be so far ahead of the last one that all between them could never be credited. */
function referenceCheck({ venue }: State, f64: Float64Array, row: number): Check | undefined {
  const reference = f64[row * 8 + DEPOSIT.REFERENCE] as number;
  const most = (venue.f64[64 + VENUE.DEPOSIT_REFERENCE] as number) + REFERENCE_GAP;
  if (!(reference > most)) return undefined;
  const [found, expected] = [String(reference), `at most ${most}`];
  return { class: 'I', name: 'deposit_reference', about: '', holds: false, found, expected };
}
