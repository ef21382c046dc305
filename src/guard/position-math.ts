/**
 * Positions of the image, moved by whole numbers: funding up to the index in force, and trades, with the profit that they
 * realise. Plain numbers where every step of them is exact, bigints where one is not. It shares no code with the engine.
 */
import { ACCOUNT, MARKET } from '../engine/tables.ts';
import { ceilOf, floorOf, sizeOf, whole, wide } from './exact.ts';
import { addExact, addWide } from './limbs.ts';
import { KNOWN_POSITION, type SealedImage, type SealedTable } from './sealed-image.ts';

const { SIZE, COST_HIGH, COST_LOW, FUNDING_INDEX } = KNOWN_POSITION;
const { BALANCE_HIGH } = ACCOUNT;
const LIMB = 2 ** 50;
const EXACT = 2 ** 52;
const MILLION = 1e6;
/** Products of two numbers up to here are exact. */
const HALF = 2 ** 26;

/** A fee on a notional below 2^52, ppm, rounded up: against the payer, a rebate towards zero. */
export function feeOf(notional: number, ppm: number): number {
  const millions = Math.floor(notional / MILLION);
  return millions * ppm + Math.ceil(((notional - millions * MILLION) * ppm) / MILLION) + 0;
}

/** |value| below 2^52 × part / all, rounded down; part at most all. */
function shareOf(value: number, part: number, all: number): number {
  if (all > HALF) return Number(floorOf(BigInt(value) * BigInt(part), BigInt(all)));
  const times = Math.floor(value / all);
  return times * part + Math.floor(((value - times * all) * part) / all);
}

export class PositionMath {
  /** True when the last trade realised a profit that floats may not hold: it is `wideProfit`. */
  isWide = false;
  wideProfit = 0n;
  private readonly image: SealedImage;
  /** Funding index of each market as events have it. */
  private readonly indexes: SealedTable;

  constructor(image: SealedImage, indexes: SealedTable) {
    this.image = image;
    this.indexes = indexes;
  }

  /** Settles funding of a position; returns the charge, beyond 2^52 as the nearest float. */
  settle(row: number, account: number, market: number): number {
    const { f64 } = this.image.position;
    const index = this.indexes.f64[market] as number;
    const at = row * 8;
    const change = index - (f64[at + FUNDING_INDEX] as number);
    if (change === 0) return 0;
    f64[at + FUNDING_INDEX] = index;
    const product = (f64[at + SIZE] as number) * change;
    if (product <= EXACT && product >= -EXACT) {
      // Rounded up: against the trader.
      const charge = 0 - Math.floor(-product / MILLION);
      if (charge !== 0) addExact(this.image.account.f64, account * 8 + BALANCE_HIGH, -charge);
      return charge;
    }
    const charge = ceilOf(whole(f64[at + SIZE]) * whole(change), 1_000_000n);
    this.payWide(account, -charge);
    return Number(charge);
  }

  /** A charge that is told as the nearest float goes to the clearing of its market as it is computed. */
  clear(market: number, row: number): void {
    const { f64 } = this.image.position;
    const change = whole(this.indexes.f64[market]) - whole(f64[row * 8 + FUNDING_INDEX]);
    const charge = ceilOf(whole(f64[row * 8 + SIZE]) * change, 1_000_000n);
    addWide(this.image.market.f64, market * 128 + MARKET.FUNDING_CLEARING_HIGH, charge);
  }

  payWide(account: number, amount: bigint): void {
    addWide(this.image.account.f64, account * 8 + BALANCE_HIGH, amount);
  }

  /**
   * Trades lots (signed) of a position for a notional below 2^52; the account gets the profit, which is returned, beyond 2^52 as the
   * nearest float. What closes releases its share of the cost, rounded down.
   */
  trade(row: number, account: number, lots: number, notional: number): number {
    const { f64 } = this.image.position;
    const at = row * 8;
    const size = f64[at + SIZE] as number;
    const paid = lots > 0 ? notional : -notional;
    f64[at + SIZE] = size + lots;
    this.isWide = false;
    if (size === 0 || size > 0 === lots > 0) {
      addExact(f64, at + COST_HIGH, paid);
      return 0;
    }
    const high = f64[at + COST_HIGH] as number;
    if (high !== 0 && high !== -1) return this.tradeWide(at, account, size, lots, paid);
    const cost = high === 0 ? (f64[at + COST_LOW] as number) : (f64[at + COST_LOW] as number) - LIMB;
    const traded = lots > 0 ? lots : -lots;
    const held = size > 0 ? size : -size;
    const closed = traded < held ? traded : held;
    const closing = closed === traded ? paid : (paid / traded) * closed;
    const released = closed === held ? cost : shareOf(cost, closed, held);
    addExact(f64, at + COST_HIGH, paid - closing - released);
    const profit = 0 - closing - released;
    addExact(this.image.account.f64, account * 8 + BALANCE_HIGH, profit);
    return profit;
  }

  private tradeWide(at: number, account: number, size: number, lots: number, paid: number): number {
    const { f64 } = this.image.position;
    const [held, traded, all] = [sizeOf(whole(size)), sizeOf(whole(lots)), whole(paid)];
    const closed = traded < held ? traded : held;
    const closing = (all / traded) * closed;
    const released = floorOf(wide(f64, at + COST_HIGH) * closed, held);
    addWide(f64, at + COST_HIGH, all - closing - released);
    this.isWide = true;
    this.wideProfit = -closing - released;
    this.payWide(account, this.wideProfit);
    return Number(this.wideProfit);
  }
}
