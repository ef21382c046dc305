/** What a day amounted to, counted from events: cheap enough to run beside the engine, and the same in a replay. */
import { Wide } from '../engine/amount.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { CLOSE_REASONS, REFUSALS } from '../engine/refusal.ts';

const PPM = 1e6;
const LIMB = 2 ** 50;

/** Sums are wide values of 1e-8 USDC; `toNumber` is exact up to 2^53, 90 million USDC. */
export class DayTotals {
  /** Accepted orders, conditional ones included; amends; all events. */
  orders = 0;
  amends = 0;
  events = 0;
  fills = 0;
  /** Ticks of the clock that moved a price, and market prices that they moved. */
  ticks = 0;
  marks = 0;
  /** Orders that triggers fired. */
  triggers = 0;
  deposits = 0;
  withdrawals = 0;
  transfers = 0;
  /** Forced actions taken, the accounts they hit, and how many took all of the account's positions. */
  liquidations = 0;
  fullLiquidations = 0;
  /** Liquidations of accounts with nothing left or less: the insurance fund pays. */
  bankruptcies = 0;
  readonly liquidatedAccounts = new Set<number>();
  /** Positions taken by the insurance fund, by market row. */
  readonly positionsTaken = new Map<number, number>();
  /** Positions settled in delisted markets. */
  settlements = 0;
  /** Fundings settled, and what was charged and paid out (both positive). */
  fundings = 0;
  readonly fundingCharged = new Wide();
  readonly fundingPaid = new Wide();
  readonly makerFees = new Wide();
  readonly takerFees = new Wide();
  readonly penalties = new Wide();
  readonly deposited = new Wide();
  readonly withdrawn = new Wide();
  /** Stretches without funding, by market and cause, that have begun. */
  fundingPauses = 0;
  /** Highest share of withdrawals kept back, 1e-12. */
  highestLossFactor = 0;
  private readonly refused = new Float64Array(REFUSALS.length);
  private readonly closed = new Float64Array(CLOSE_REASONS.length);
  private readonly taken = new Wide();
  private lastTickSequence = -1;

  /** Adds all events of a buffer: call it once for each batch. */
  count(events: EventBuffer): void {
    this.events += events.count;
    const { values } = events;
    for (let at = 0; at < events.count * EVENT_FLOATS; at += EVENT_FLOATS) this.add(values, at);
  }

  private add(values: Float64Array, at: number): void {
    const field = (slot: number): number => values[at + 2 + slot] as number;
    switch (values[at]) {
      case EVENT.orderAccepted:
        this.orders++;
        break;
      case EVENT.orderClosed:
        this.closed[field(3)] = (this.closed[field(3)] as number) + 1;
        break;
      case EVENT.orderAmended:
        this.amends++;
        break;
      case EVENT.filled:
        this.fills++;
        this.makerFees.add(field(8));
        this.takerFees.add(field(9));
        break;
      case EVENT.fundingSettled:
        this.fundings++;
        if (field(3) >= 0) this.fundingCharged.add(field(3));
        else this.fundingPaid.add(-field(3));
        break;
      case EVENT.marked:
        this.marks++;
        if (values[at + 1] !== this.lastTickSequence) this.ticks++;
        this.lastTickSequence = values[at + 1] as number;
        break;
      case EVENT.refused:
        this.refused[field(1)] = (this.refused[field(1)] as number) + 1;
        break;
      default:
        this.addRare(values, at, field);
    }
  }

  private addRare(values: Float64Array, at: number, field: (slot: number) => number): void {
    switch (values[at]) {
      case EVENT.orderTriggered:
        this.triggers++;
        break;
      case EVENT.liquidated:
        this.addLiquidation(field);
        break;
      case EVENT.positionTaken:
        this.positionsTaken.set(field(1), (this.positionsTaken.get(field(1)) ?? 0) + 1);
        this.taken.addProduct(Math.abs(field(2)), field(3));
        break;
      case EVENT.positionSettled:
        this.settlements++;
        break;
      case EVENT.deposited:
        this.deposits++;
        this.deposited.add(field(1));
        break;
      case EVENT.withdrawalSettled:
        if (field(3) === 0) break;
        this.withdrawals++;
        this.withdrawn.add(field(2));
        break;
      case EVENT.transferred:
        this.transfers++;
        break;
      case EVENT.fundingPaused:
        if (field(1) !== 0) this.fundingPauses++;
        break;
      case EVENT.lossFactorSet:
        this.highestLossFactor = Math.max(this.highestLossFactor, field(0));
        break;
      default:
        break;
    }
  }

  private addLiquidation(field: (slot: number) => number): void {
    this.liquidations++;
    this.liquidatedAccounts.add(field(0));
    if (field(1) === PPM) this.fullLiquidations++;
    this.penalties.add(field(2));
    if (field(3) * LIMB + field(4) <= 0) this.bankruptcies++;
  }

  /** Value at the mark of the positions that the insurance fund took over, by liquidation or settlement, 1e-8 USDC. */
  get notionalTaken(): number {
    return this.taken.toNumber();
  }

  /** How many commands and orders of batches were refused, by name, most frequent first. */
  refusals(): [name: string, count: number][] {
    return named(REFUSALS, this.refused);
  }

  /** How many orders ended, by reason, most frequent first. */
  closes(): [reason: string, count: number][] {
    return named(CLOSE_REASONS, this.closed);
  }
}

function named(names: readonly string[], counts: Float64Array): [string, number][] {
  return names
    .map((name, code): [string, number] => [name, counts[code] as number])
    .filter(([, count]) => count > 0)
    .sort(([, left], [, right]) => right - left);
}
