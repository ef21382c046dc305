/**
 * How an account came from the last block to now, computed from the block and the events alone: its balance, its positions, and
 * why its equity moved. Nothing here is read from the live rows.
 *
 * equity = balance + Σ (size × mark − cost − funding owed). A move of the mark changes it by size × move (price), a trade by
 * lots × (mark − trade price) (trades), fees and penalties, money in and out, and funding settled or owed: the sum is exact.
 */
import { EVENT } from '../engine/event.ts';
import { RULE } from '../engine/rules.ts';
import { INSURANCE_FUND } from '../engine/state.ts';
import { ACCOUNT, MARKET } from '../engine/tables.ts';
import { ceilOf, floorOf, largest, sizeOf, whole, wide } from './exact.ts';
import type { Known } from './known.ts';
import { KNOWN_POSITION } from './sealed-image.ts';

const MILLION = 1_000_000n;
/** A liquidation moves a position in parts of at most this notional, each with its own rounding. */
const PART_NOTIONAL = 1n << 50n;

/** Why equity moved, 1e-8 USDC. Equity depends on no rule, so a change of rules moves none of it. */
export interface Split {
  price: bigint;
  funding: bigint;
  /** Trading fees and liquidation penalties. */
  fees: bigint;
  trades: bigint;
  transfers: bigint;
  rules: bigint;
}

/** A position as the events lead to it. */
export interface PositionPath {
  readonly market: number;
  size: bigint;
  cost: bigint;
  /** Funding index up to which it settled. */
  index: bigint;
  /** The account's own initial margin fraction, ppm. */
  ownFraction: bigint;
  /** The mark up to which `price` is counted. */
  mark: bigint;
  /** The largest size since the block, and how often funding was settled: what bounds the funding part. */
  largest: bigint;
  settlements: bigint;
}

/** What size lots pay for an index that moved by `change`: rounded up, against the trader. */
export function owed(size: bigint, change: bigint): bigint {
  return ceilOf(size * change, MILLION);
}

export class AccountPath {
  readonly account: number;
  readonly positions = new Map<number, PositionPath>();
  readonly split: Split = { price: 0n, funding: 0n, fees: 0n, trades: 0n, transfers: 0n, rules: 0n };
  balance: bigint;
  /** Equity in the block, at the block's marks and indexes. */
  readonly sealedEquity: bigint;
  /** The first amount that an event tells and that is another by this computation; undefined when there is none. */
  disagreement: string | undefined;
  private readonly known: Known;
  private readonly isRetail: boolean;

  constructor(known: Known, account: number) {
    this.known = known;
    this.account = account;
    const { i32 } = known.image.account;
    const sealed = known.image.sealedBalance(account);
    this.balance = wide(sealed.values, sealed.at);
    this.isRetail = i32[account * 16 + ACCOUNT.FEE_CLASS] !== 0;
    let equity = this.balance;
    for (let row = i32[account * 16 + ACCOUNT.FIRST_POSITION] as number; row !== 0; row = this.nextRow(row)) {
      equity += this.openSealed(row);
      if (this.positions.size >= known.image.market.rows) break;
    }
    this.sealedEquity = equity;
    for (const place of known.log.ofAccount(account)) this.take(place);
    this.countToNow();
  }

  private nextRow(row: number): number {
    return this.known.image.position.i32[row * 16 + KNOWN_POSITION.NEXT_OF_ACCOUNT] as number;
  }

  /** Begins a position as the block has it; returns what it adds to the equity there. */
  private openSealed(row: number): bigint {
    const { i32 } = this.known.image.position;
    const { values, at } = this.known.image.sealedPosition(row);
    const market = i32[row * 16 + KNOWN_POSITION.MARKET] as number;
    const mark = this.known.sealed(market, 'MARK');
    const size = whole(values[at + KNOWN_POSITION.SIZE]);
    const cost = wide(values, at + KNOWN_POSITION.COST_HIGH);
    const index = whole(values[at + KNOWN_POSITION.FUNDING_INDEX]);
    const ownFraction = whole(i32[row * 16 + KNOWN_POSITION.INITIAL_MARGIN]);
    const position = { market, size, cost, index, ownFraction, mark, largest: sizeOf(size), settlements: 1n };
    this.positions.set(market, position);
    if (size === 0n) return 0n;
    const funding = owed(size, this.known.sealed(market, 'FUNDING_INDEX') - index);
    // What was owed in the block already is no part of the move since.
    this.split.funding += funding;
    return size * mark - cost - funding;
  }

  /** The position in a market, with the price part counted up to a place. */
  private at(market: number, place: number): PositionPath {
    const { known } = this;
    const mark = known.derived(market, 'MARK', place);
    let position = this.positions.get(market);
    if (position === undefined) {
      const index = known.derived(market, 'FUNDING_INDEX', place);
      position = { market, size: 0n, cost: 0n, index, ownFraction: 0n, mark, largest: 0n, settlements: 1n };
      this.positions.set(market, position);
    }
    this.split.price += position.size * (mark - position.mark);
    position.mark = mark;
    return position;
  }

  private take(place: number): void {
    const { log } = this.known;
    const field = (slot: number): bigint => whole(log.field(place, slot));
    const isFirst = log.field(place, 0) === this.account;
    switch (log.kind(place)) {
      case EVENT.deposited:
        return this.move(field(1));
      case EVENT.withdrawalRequested:
        if (isFirst) this.move(-field(2) - field(3));
        if (this.account === INSURANCE_FUND) this.move(field(3));
        return;
      case EVENT.withdrawalSettled:
        return log.field(place, 3) === 0 ? this.move(field(2)) : undefined;
      case EVENT.transferred:
        if (isFirst) this.move(-field(2));
        if (log.field(place, 1) === this.account) this.move(field(2));
        return;
      case EVENT.withdrawalCarried:
        return this.move(-field(3));
      case EVENT.receivableRepaid:
        return this.move(-field(1));
      case EVENT.creditReversed:
        return this.move(isFirst ? -field(2) : field(1));
      case EVENT.refundReserved:
        return isFirst ? undefined : this.move(-field(1));
      case EVENT.refundPosted:
        return this.move(field(1));
      case EVENT.refundVoided:
        return isFirst ? undefined : this.move(field(1));
      case EVENT.leverageSet:
        this.at(log.field(place, 1), place).ownFraction = field(2);
        return;
      case EVENT.fundingSettled:
        return this.takeSettlement(place);
      case EVENT.filled:
        return this.takeFill(place);
      case EVENT.positionTaken:
        return this.takePart(place, isFirst ? -1n : 1n);
      case EVENT.liquidated:
        return this.takePenalty(field(2), isFirst);
      default:
    }
  }

  private move(amount: bigint): void {
    this.balance += amount;
    this.split.transfers += amount;
  }

  private takePenalty(penalty: bigint, isOwn: boolean): void {
    const amount = isOwn ? -penalty : penalty;
    this.balance += amount;
    this.split.fees += amount;
  }

  /** Settles funding up to the index in force at a place; returns the charge. */
  private settle(position: PositionPath, place: number): bigint {
    const index = this.known.derived(position.market, 'FUNDING_INDEX', place);
    const charge = owed(position.size, index - position.index);
    position.index = index;
    position.settlements++;
    this.balance -= charge;
    this.split.funding -= charge;
    return charge;
  }

  private takeSettlement(place: number): void {
    const { log } = this.known;
    const position = this.at(log.field(place, 1), place);
    const size = position.size;
    const charge = this.settle(position, place);
    this.compare('funding', log.field(place, 3), charge);
    this.compare('funded size', log.field(place, 2), size);
    this.compare('funding index', log.field(place, 4), position.index);
  }

  private takeFill(place: number): void {
    const { known } = this;
    const { log } = known;
    const market = log.field(place, 0);
    const isTaker = log.field(place, 4) === this.account;
    const isBuy = isTaker === (log.field(place, 7) === 0);
    const lots = whole(log.field(place, 6));
    const ticks = whole(log.field(place, 5));
    const notional = lots * ticks * whole(known.image.market.f64[market * 128 + MARKET.TICK_UNITS]);
    const position = this.at(market, place);
    this.settle(position, place);
    const signed = isBuy ? lots : -lots;
    const profit = this.trade(position, signed, notional);
    const fee = ceilOf(notional * this.feeRate(isTaker, place), MILLION);
    this.balance -= fee;
    this.split.fees -= fee;
    this.split.trades += signed * position.mark - (isBuy ? notional : -notional);
    this.compare('fee', log.field(place, isTaker ? 9 : 8), fee);
    this.compare('profit', log.field(place, isTaker ? 11 : 10), profit);
  }

  private feeRate(isTaker: boolean, place: number): bigint {
    if (this.account === INSURANCE_FUND) return 0n;
    if (this.isRetail) return this.known.rule(isTaker ? RULE.retail_taker_fee : RULE.retail_maker_fee, place);
    return this.known.rule(isTaker ? RULE.taker_fee : RULE.maker_fee, place);
  }

  /** A liquidation moved lots at the mark: out of the account (direction −1) or into the insurance fund (1). */
  private takePart(place: number, direction: bigint): void {
    const { log } = this.known;
    const position = this.at(log.field(place, 1), place);
    this.settle(position, place);
    const lots = whole(log.field(place, 2));
    const mark = whole(log.field(place, 3));
    const most = largest(1n, PART_NOTIONAL / mark);
    let profit = 0n;
    for (let left = sizeOf(lots); left > 0n; left -= most) {
      const part = left < most ? left : most;
      profit += this.trade(position, (lots > 0n ? part : -part) * direction, part * mark);
    }
    this.split.trades += lots * direction * (position.mark - mark);
    if (direction < 0n) this.compare('profit', log.field(place, 4), profit);
  }

  /** Trades lots (signed) for a notional; returns the profit, which the balance gets. What closes releases its share of the cost, rounded down. */
  private trade(position: PositionPath, lots: bigint, notional: bigint): bigint {
    const { size } = position;
    const paid = lots > 0n ? notional : -notional;
    position.size += lots;
    position.largest = largest(position.largest, sizeOf(position.size));
    if (size === 0n || size > 0n === lots > 0n) {
      position.cost += paid;
      return 0n;
    }
    const closed = sizeOf(lots) < sizeOf(size) ? sizeOf(lots) : sizeOf(size);
    const closing = (paid / sizeOf(lots)) * closed;
    const released = floorOf(position.cost * closed, sizeOf(size));
    position.cost += paid - closing - released;
    this.balance -= closing + released;
    return -closing - released;
  }

  /** Counts price and owed funding up to the prices and indexes of now. */
  private countToNow(): void {
    for (const market of this.positions.keys()) {
      const position = this.at(market, this.known.log.count);
      this.split.funding -= owed(position.size, this.known.derived(market, 'FUNDING_INDEX') - position.index);
    }
  }

  /** An amount beyond 2^53 is told as the nearest float. */
  private compare(what: string, told: number, computed: bigint): void {
    if (Number(computed) === told) return;
    this.disagreement ??= `${what}: told ${told}, computed ${computed}`;
  }
}
