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
  REVERSE_CREDIT,
  TRANSFER,
  VOID_REFUND,
} from '../engine/command.ts';
import { findRefund } from '../engine/refund.ts';
import { RULE } from '../engine/rules.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT, VENUE } from '../engine/tables.ts';
import { Unreadable, wide } from './exact.ts';
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
  private readonly tellAll: (state: State) => void;

  /** What the commands that are being judged set aside for refunds so far, and what they take back to the fund. */
  private asked = 0n;
  private returned = 0n;

  constructor(known: Known, prices: Prices, tellAll: (state: State) => void) {
    this.tellAll = tellAll;
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
    if (id !== undefined) {
      const check = this.known.remedy.differenceOf(state, i32, row * 16 + id);
      return { account: 0, check: check ?? this.beyondBounds(state, i32, f64, row, id) };
    }
    if (kind !== COMMAND.transfer) return { account: 0, check: undefined };
    const account = i32[row * 16 + TRANSFER.FROM] as number;
    return { account, check: this.checkOf(state, account, 'transfer', timeMs, quarantine) };
  }

  /** Commands are about to be judged. */
  begin(): void {
    this.asked = 0n;
    this.returned = 0n;
  }

  /** A refund within bounds that no approval widens: of its own, and of what the fund can pay with all before it. */
  private beyondBounds(state: State, i32: Int32Array, f64: Float64Array, row: number, id: number): Check | undefined {
    const kind = i32[row * 16];
    const isReversal = kind === COMMAND.reverseCredit;
    if (!isReversal && kind !== COMMAND.reserveRefund) return undefined;
    const amount = f64[row * 8 + (isReversal ? REVERSE_CREDIT.AMOUNT : RESERVE_REFUND.AMOUNT)] as number;
    // What is there already moves no more money, and what is no amount is the engine's to refuse.
    if (!(Number.isInteger(amount) && amount > 0) || findRefund(state, i32, row * 16 + id) !== 0) return undefined;
    if (!isReversal) return this.beyondFund(state, BigInt(amount));
    this.returned += BigInt(amount);
    return undefined;
  }

  private beyondFund(state: State, amount: bigint): Check | undefined {
    const single = this.known.rule(RULE.guard_refund_single) * UNITS;
    if (amount > single) return outOfBounds('single refund', amount, single);
    this.asked += amount;
    try {
      const fund = wide(state.account.f64, INSURANCE_FUND * 8 + ACCOUNT.BALANCE_HIGH) + this.returned;
      const most = (fund * this.known.rule(RULE.guard_refund_share)) / MILLION;
      return this.asked > most ? outOfBounds('all refunds', this.asked, most) : undefined;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return unreadable(error, INSURANCE_FUND);
    }
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
    this.tellAll(state);
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
      return unreadable(error, account);
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

/** 1e-8 USDC in a USDC. */
const UNITS = 100_000_000n;
const MILLION = 1_000_000n;

function unreadable({ message: found }: Unreadable, account: number): Check {
  const name = 'fields_are_numbers';
  return { class: 'I', name, about: `account ${account}`, holds: false, found, expected: 'whole numbers' };
}

function outOfBounds(about: string, found: bigint, most: bigint): Check {
  return { class: 'I', name: 'refund_bounds', about, holds: false, found: `${found}`, expected: `at most ${most}` };
}

/** Where the id of a refund stands in the commands that name one. */
const REFUND_IDS: ReadonlyMap<number, number> = new Map([
  [COMMAND.reverseCredit, REVERSE_CREDIT.ID],
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
