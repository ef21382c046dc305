/** Money that leaves an account: not while the price of what it holds is disputed, or something that it rests on is quarantined. */
import { COMMAND, REQUEST_WITHDRAWAL, TRANSFER } from '../engine/command.ts';
import type { State } from '../engine/state.ts';
import { Unreadable } from './exact.ts';
import { heldByQuarantine } from './finding.ts';
import { readAccount } from './live-account.ts';
import type { Prices } from './price-checks.ts';
import type { Quarantine } from './quarantine.ts';
import { cellOf } from './validity.ts';
import type { Check } from './verdict.ts';

export class MoneyScreen {
  private readonly prices: Prices;

  constructor(prices: Prices) {
    this.prices = prices;
  }

  /** Judges the command at a row; what takes no money out of an account passes. */
  judge(
    state: State,
    i32: Int32Array,
    row: number,
    timeMs: number,
    quarantine: Quarantine,
  ): { readonly account: number; readonly check: Check | undefined } {
    const kind = i32[row * 16];
    if (kind === COMMAND.requestWithdrawal) {
      const account = i32[row * 16 + REQUEST_WITHDRAWAL.ACCOUNT] as number;
      return { account, check: this.checkOf(state, account, 'withdraw', timeMs, quarantine) };
    }
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
