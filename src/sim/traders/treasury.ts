/** Money that comes and goes: deposits, withdrawals in their two steps, transfers; and makers who refill what they lost. */
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import type { State } from '../../engine/state.ts';
import { VENUE, WITHDRAWAL } from '../../engine/tables.ts';
import type { Random } from '../random.ts';
import { AccountView } from './market-view.ts';
import { FIRST_ACCOUNT, type Population } from './population.ts';

const USDC = 1e8;
const CENT = 1e6;
const DAY_MS = 86_400_000;
/** Movements that an account makes in a day on average. */
const MOVEMENTS_A_DAY = 0.8;
/** A withdrawal settles after between these times, by its number; one in so many fails outside and goes back. */
const SETTLES_FROM_MS = 10 * 60_000;
const SETTLES_WITHIN_MS = 50 * 60_000;
const FAILS_ONE_IN = 60;
/** A maker whose equity is below this share of its capital brings the rest. */
const REFILL_BELOW = 0.5;

export class Treasury {
  private readonly population: Population;
  private readonly money = new AccountView();

  constructor(population: Population) {
    this.population = population;
  }

  /** Appends the movements of an interval that ends at `timeMs`. */
  act(state: State, timeMs: number, intervalMs: number, random: Random, buffer: CommandBuffer): void {
    this.settle(state, timeMs, buffer);
    const { accounts, makers } = this.population;
    // The expectation, its fraction by chance.
    let count = (accounts * MOVEMENTS_A_DAY * intervalMs) / DAY_MS;
    let reference = state.venue.f64[state.venue.rowFloats + VENUE.DEPOSIT_REFERENCE] as number;
    for (; count > 0; count--) {
      if (count < 1 && !random.chance(Math.floor(count * 1e6))) break;
      const account = FIRST_ACCOUNT + makers.length + random.below(accounts - makers.length);
      const draw = random.below(100);
      if (draw < 45) {
        const usual = (this.population.deposit[account] as number) * (0.1 + random.below(400) / 1000);
        buffer.deposit(timeMs, account, cents(Math.max(20 * USDC, usual)), ++reference);
      } else if (draw < 95) this.withdraw(state, account, timeMs, random, buffer);
      else this.transfer(state, account, timeMs, random, buffer);
    }
    const maker = makers[random.below(makers.length)]?.account ?? 0;
    const capital = this.population.deposit[maker] as number;
    const { equity } = this.money.read(state, maker);
    if (equity < capital * REFILL_BELOW) buffer.deposit(timeMs, maker, cents(capital - equity), ++reference);
  }

  private withdraw(state: State, account: number, timeMs: number, random: Random, buffer: CommandBuffer): void {
    const amount = cents(this.free(state, account) * (0.1 + random.below(500) / 1000));
    if (amount >= 5 * USDC) buffer.requestWithdrawal(timeMs, account, amount);
  }

  private transfer(state: State, from: number, timeMs: number, random: Random, buffer: CommandBuffer): void {
    const { accounts, makers } = this.population;
    const to = FIRST_ACCOUNT + makers.length + random.below(accounts - makers.length);
    const amount = cents(this.free(state, from) * 0.2);
    if (to !== from && amount >= 5 * USDC) buffer.transfer(timeMs, from, to, amount);
  }

  /** What can leave, with room for open orders and for what the price does meanwhile. */
  private free(state: State, account: number): number {
    const { balance, equity, used } = this.money.read(state, account);
    return Math.max(0, Math.min(balance, equity - used * 2.5)) * 0.8;
  }

  /** Settles what was asked for long enough ago: how long depends on the withdrawal's number alone. */
  private settle(state: State, timeMs: number, buffer: CommandBuffer): void {
    const { i32, f64, rows } = state.withdrawal;
    for (let row = 1; row < rows; row++) {
      if (i32[row * 16 + WITHDRAWAL.STATUS] === 0) continue;
      const id = f64[row * 8 + WITHDRAWAL.ID] as number;
      const spread = Math.imul(id, 0x9e3779b1) >>> 0;
      const dueMs = (f64[row * 8 + WITHDRAWAL.REQUESTED_MS] as number) + SETTLES_FROM_MS + (spread % SETTLES_WITHIN_MS);
      if (dueMs <= timeMs) buffer.settleWithdrawal(timeMs, id, spread % FAILS_ONE_IN !== 0);
    }
  }
}

/** A whole number of cents, rounded down. */
function cents(amount: number): number {
  return Math.floor(amount / CENT) * CENT;
}
