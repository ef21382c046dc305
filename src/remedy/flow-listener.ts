/**
 * Hears the events of one world and writes them into its flow ledger: who paid whom, for what. Every event that moves money or a position
 * is here; what it moves of one account it moves of another, of a clearing, or of what came from outside.
 */
import { penaltyOf } from '../engine/health.ts';
import { Wide } from '../engine/amount.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { RULE } from '../engine/rules.ts';
import { FEE_ACCOUNT, INSURANCE_FUND, type State } from '../engine/state.ts';
import { MARKET, POSITION } from '../engine/tables.ts';
import { ceilOf } from '../guard/exact.ts';
import { FlowLedger } from './flow-ledger.ts';

/** A position that was taken by force. */
export interface Taking {
  /** Sequence of its command in its own world. */
  readonly sequence: number;
  readonly timeMs: number;
  readonly account: number;
  readonly market: number;
  /** Signed lots taken: positive when a long was closed; and the price, price units. */
  readonly lots: number;
  readonly price: number;
  /** Penalty of the whole forced action, with its first position; 0 of the others and of a settlement. */
  penalty: bigint;
}

/** A fill of the house, which takes over what is liquidated and trades it away. */
export interface HouseFill {
  readonly account: number;
  readonly market: number;
  /** Signed lots that the other side bought; and the price, price units. */
  readonly lots: number;
  readonly price: number;
}

/** Amounts in events are exact up to here. */
const EXACT = 2 ** 53;
/** Markets are numbered below this in a key. */
const MARKETS = 4_096;
const MILLION = 1_000_000n;

/** What is left of listening when a window is over. */
export interface HeardFlows {
  readonly ledger: FlowLedger;
  readonly takings: readonly Taking[];
  readonly houseFills: readonly HouseFill[];
  /** Accounts and markets in which it traded on, as keys. */
  readonly tradedOn: ReadonlySet<number>;
}

export class FlowListener {
  readonly ledger: FlowLedger;
  readonly takings: Taking[];
  /** Fills against the insurance fund, in their order. */
  readonly houseFills: HouseFill[];
  /** Accounts and markets of which something was taken by force or a conditional order fired, and those that traded on there. */
  private readonly forced = new Set<number>();
  private readonly tradedOn: Set<number>;
  /** Orders that fired and have not ended. */
  private readonly triggered = new Set<number>();
  /** Orders that the actual world could not take because it was halted. */
  private readonly missed = new Set<number>();
  private readonly units: number[] = [];
  private indexes: number[] = [];
  private readonly before: State;
  private timeMs = 0;

  /** `before` is the state at the last good block; it is only read. With what was heard in a window that is over, there is no more to hear. */
  constructor(before: State, heard?: HeardFlows) {
    this.before = before;
    this.ledger = heard?.ledger ?? new FlowLedger();
    this.takings = [...(heard?.takings ?? [])];
    this.houseFills = [...(heard?.houseFills ?? [])];
    this.tradedOn = new Set(heard?.tradedOn);
    this.readMarkets(before);
  }

  /** What was heard so far. */
  get heard(): HeardFlows {
    const { ledger, takings, houseFills, tradedOn } = this;
    return { ledger, takings, houseFills, tradedOn };
  }

  /** Takes what happened since it was called last; `state` stands behind it, at `timeMs`. */
  take({ values, count }: EventBuffer, state: State, timeMs: number): void {
    this.timeMs = timeMs;
    if (this.units.length < state.market.rows) this.readMarkets(state);
    for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) this.event(values, at, state);
  }

  /** Whether an account traded by its own orders in a market after something had been forced on it there. */
  hasTradedOn(account: number, market: number): boolean {
    return this.tradedOn.has(account * MARKETS + market);
  }

  /** Orders of this world by these ids are trades that the other world's halt prevented. */
  miss(order: number): void {
    this.missed.add(order);
  }

  /** This world has become that of another listener: orders that fired have its names, and none is missed there. */
  meet({ triggered }: FlowListener): void {
    this.triggered.clear();
    for (const order of triggered) this.triggered.add(order);
    this.missed.clear();
  }

  /** A deviation moved the indexes of this world: what settles from now on settles up to these. */
  reindex(state: State): void {
    this.readMarkets(state);
  }

  private readMarkets({ market }: State): void {
    this.indexes = Array.from(
      { length: market.rows },
      (_, row) => market.f64[row * 128 + MARKET.FUNDING_INDEX] as number,
    );
    for (let row = this.units.length; row < market.rows; row++)
      this.units[row] = market.f64[row * 128 + MARKET.TICK_UNITS] as number;
  }

  private event(values: Float64Array, at: number, state: State): void {
    const field = (slot: number): number => values[at + 2 + slot] as number;
    const { ledger } = this;
    switch (values[at]) {
      case EVENT.filled:
        return this.filled(values, at);
      case EVENT.fundingSettled:
        return this.funded(field(0), field(1), field(2), field(3), field(4));
      case EVENT.marked:
        this.indexes[field(0)] = field(7);
        return;
      case EVENT.positionTaken:
        return this.taken(values[at + 1] as number, field(0), field(1), field(2), field(3));
      case EVENT.liquidated:
        return this.liquidated(values, at, state);
      case EVENT.deposited:
        return ledger.add(field(0), 0, 'external', field(1));
      case EVENT.withdrawalRequested:
        ledger.add(field(0), 0, 'losses', -field(3));
        return ledger.add(INSURANCE_FUND, 0, 'losses', field(3));
      case EVENT.withdrawalSettled:
        if (field(3) === 1) ledger.add(field(0), 0, 'external', -field(2));
        return;
      case EVENT.transferred:
        ledger.add(field(0), 0, 'transfers', -field(2));
        return ledger.add(field(1), 0, 'transfers', field(2));
      case EVENT.withdrawalCarried:
        return ledger.add(field(0), 0, 'external', -field(2));
      default:
        if (!this.remedied(values[at] as number, field(0), field(1))) this.orders(values, at);
    }
  }

  /** What the remedy itself moved: it is part of the actual world. */
  private remedied(kind: number, account: number, amount: number): boolean {
    const { ledger } = this;
    if (kind === EVENT.creditReversed) {
      ledger.add(account, 0, 'remedy', -amount);
      ledger.add(INSURANCE_FUND, 0, 'remedy', amount);
    } else if (kind === EVENT.refundReserved) ledger.add(INSURANCE_FUND, 0, 'remedy', -amount);
    else if (kind === EVENT.refundPosted) ledger.add(account, 0, 'remedy', amount);
    else if (kind === EVENT.refundVoided) ledger.add(INSURANCE_FUND, 0, 'remedy', amount);
    else return false;
    return true;
  }

  private orders(values: Float64Array, at: number): void {
    const order = values[at + 2] as number;
    if (values[at] === EVENT.orderTriggered) this.triggered.add(order);
    else if (values[at] === EVENT.orderClosed && this.triggered.size + this.missed.size > 0) {
      this.triggered.delete(order);
      this.missed.delete(order);
    }
  }

  private filled(values: Float64Array, at: number): void {
    const { ledger } = this;
    const market = values[at + 2] as number;
    const [maker, taker] = [values[at + 5] as number, values[at + 6] as number];
    const price = (values[at + 7] as number) * (this.units[market] as number);
    const size = values[at + 8] as number;
    const bought = values[at + 9] === 0 ? size : -size;
    const [makerFee, takerFee] = [values[at + 10] as number, values[at + 11] as number];
    this.side(maker, market, values[at + 3] as number, -bought, price, makerFee);
    this.side(taker, market, values[at + 4] as number, bought, price, takerFee);
    ledger.add(FEE_ACCOUNT, market, 'fees', makerFee + takerFee);
    if (maker === INSURANCE_FUND) this.houseFills.push({ account: taker, market, lots: bought, price });
    else if (taker === INSURANCE_FUND) this.houseFills.push({ account: maker, market, lots: -bought, price });
  }

  /** One side of a fill. */
  private side(account: number, market: number, order: number, lots: number, price: number, fee: number): void {
    const { ledger } = this;
    const index = this.indexes[market] as number;
    const fired = this.triggered.size > 0 && this.triggered.has(order);
    if (fired) this.forced.add(account * MARKETS + market);
    else if (this.forced.size > 0 && this.forced.has(account * MARKETS + market)) {
      this.tradedOn.add(account * MARKETS + market);
    }
    if (!fired && !(this.missed.size > 0 && this.missed.has(order))) {
      return ledger.fill(account, market, lots, price, fee, index);
    }
    ledger.trade(account, market, fired ? 'triggered' : 'missed', lots, price);
    ledger.add(account, market, 'fees', -fee);
    ledger.settle(account, market, index);
  }

  private funded(account: number, market: number, size: number, charge: number, index: number): void {
    const { ledger } = this;
    // An amount beyond what floats hold is told as the nearest one.
    if (Math.abs(charge) < EXACT) ledger.add(account, market, 'funding', -charge);
    else ledger.addExactly(account, market, 'funding', -this.exactCharge(account, market, size, index));
    ledger.settle(account, market, index);
  }

  /** size × (index − index settled before), rounded up: what the engine charged. */
  private exactCharge(account: number, market: number, size: number, index: number): bigint {
    const from = this.ledger.settledIndex(account, market) ?? this.indexBefore(account, market);
    return ceilOf(BigInt(size) * (BigInt(index) - BigInt(from)), MILLION);
  }

  private indexBefore(account: number, market: number): number {
    const { position } = this.before;
    const row = this.before.index.positions.find(position, account, market);
    return position.f64[row * 16 + POSITION.FUNDING_INDEX] as number;
  }

  private taken(sequence: number, account: number, market: number, lots: number, price: number): void {
    const { ledger, timeMs } = this;
    this.takings.push({ sequence, timeMs, account, market, lots, price, penalty: 0n });
    this.forced.add(account * MARKETS + market);
    ledger.trade(account, market, 'taken', -lots, price);
    ledger.trade(INSURANCE_FUND, market, 'taken', lots, price);
    ledger.settle(account, market, this.indexes[market] as number);
    ledger.settle(INSURANCE_FUND, market, this.indexes[market] as number);
  }

  /** The penalty of a liquidation, told behind the positions it took: it goes with the first of them. */
  private liquidated(values: Float64Array, at: number, state: State): void {
    const [sequence, account, told] = [1, 2, 4].map((slot) => values[at + slot] as number) as [number, number, number];
    const penalty = Math.abs(told) < EXACT ? BigInt(told) : exactPenalty(values, at, state);
    let first: Taking | undefined;
    for (let n = this.takings.length - 1; n >= 0 && this.takings[n]?.sequence === sequence; n--)
      first = this.takings[n];
    if (first === undefined || penalty === 0n) return;
    first.penalty = penalty;
    this.ledger.addExactly(account, first.market, 'penalties', -penalty);
    this.ledger.addExactly(INSURANCE_FUND, first.market, 'penalties', penalty);
  }
}

const maintenance = new Wide();
const equity = new Wide();
const penalty = new Wide();

/** The penalty as the engine takes it: share × fee × maintenance margin, at most the equity, at least nothing. */
function exactPenalty(values: Float64Array, at: number, state: State): bigint {
  equity.set(values[at + 5] as number, values[at + 6] as number);
  maintenance.set(values[at + 7] as number, values[at + 8] as number);
  penaltyOf(maintenance, values[at + 3] as number, state.rule.f64[64 + RULE.liquidation_fee] as number, penalty);
  if (penalty.compare(equity) > 0) penalty.copy(equity);
  if (penalty.isNegative()) return 0n;
  return BigInt(penalty.high) * (1n << 50n) + BigInt(penalty.low);
}
