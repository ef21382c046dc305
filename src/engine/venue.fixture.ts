/** A small venue for tests: markets with round numbers, traders with deposits, prices at will, commands one by one. */
import { applyCommand } from './apply.ts';
import { CommandBuffer, type MarketDefinition } from './command-buffer.ts';
import { wideToNumber } from './amount.ts';
import type { EventKind, EventRecord } from './event.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SELF_TRADE, SIDE } from './flags.ts';
import { type Refusal, REFUSALS } from './refusal.ts';
import { ACCOUNT_KIND, findPosition, genesis, type State } from './state.ts';
import { ACCOUNT, POSITION } from './tables.ts';

/** 1 USDC in the units of money. */
export const USDC = 1e8;

/**
 * One tick is 1 USDC of price, one lot 0.01 of base, so a tick of a lot is 0.01 USDC (1e6 price units). Never liquid, so that
 * the mark is what the external venue says.
 */
export const ROUND_MARKET: MarketDefinition = {
  name: 'ROUND-USD-PERP',
  fundingPeriodS: 28_800,
  venues: 1,
  TICK_SIZE: 1e12,
  SIZE_STEP: 1e10,
  MINIMUM_NOTIONAL: 0,
  MAXIMUM_ORDER: 1_000_000,
  POSITION_LIMIT: 10_000_000,
  PRICE_BAND: 50_000,
  INITIAL_MARGIN: 100_000,
  MAINTENANCE_FACTOR: 500_000,
  INTEREST_RATE: 100_000_000,
  CLAMP_RATE: 500_000_000,
  MAXIMUM_FUNDING_RATE: 20_000_000_000,
  FUNDING_MULTIPLIER: 1_000_000,
  IMPACT_NOTIONAL: 1_000 * USDC,
  BASIS_WEIGHT: 200_000,
  MAXIMUM_SPREAD: 1,
  MAXIMUM_OPEN_ORDERS: 100,
};

/** What an order is beyond account, market and size; a limit order good till cancelled unless said. */
export interface OrderTerms {
  readonly sell?: boolean;
  readonly price?: number;
  readonly size: number;
  readonly kind?: number;
  readonly instruction?: number;
  readonly reduceOnly?: boolean;
  readonly selfTrade?: number;
  readonly trigger?: number;
  readonly clientId?: string;
  readonly notAfterMs?: number;
}

export class VenueForTest {
  readonly state: State = genesis();
  timeMs = 1_000_000;
  private readonly buffer = new CommandBuffer();
  private accounts = 2;
  private reference = 0;

  /** Applies what `write` writes and returns its events. */
  apply(write: (buffer: CommandBuffer, timeMs: number) => void): EventRecord[] {
    const { buffer, state } = this;
    buffer.clear();
    write(buffer, this.timeMs);
    state.events.clear();
    const words = buffer.i32.subarray(0, buffer.rows * 16);
    const floats = buffer.f64.subarray(0, buffer.rows * 8);
    for (let row = 0; row < buffer.rows; ) row += applyCommand(state, words, floats, row);
    return state.events.all();
  }

  /** The same; returns why it was refused, `none` if it was not. */
  refusalOf(write: (buffer: CommandBuffer, timeMs: number) => void): Refusal {
    const refused = this.apply(write).filter(({ kind }) => kind === 'refused') as EventRecord<'refused'>[];
    return REFUSALS[refused[0]?.refusal ?? 0] as Refusal;
  }

  /** A market like `ROUND_MARKET` but for what is said; returns its number. */
  market(changes: Partial<MarketDefinition> = {}): number {
    const name = `ROUND${this.state.market.rows}-USD-PERP`;
    const events = this.apply((buffer, timeMs) => buffer.defineMarket(timeMs, { ...ROUND_MARKET, name, ...changes }));
    return only(events, 'marketDefined').market;
  }

  /** A trader with a deposit in USDC; returns the account's number. */
  trader(usdc: number, feeClass = 0): number {
    const key = new Uint8Array(32).fill(++this.accounts);
    const kind = ACCOUNT_KIND.TRADER;
    const events = this.apply((buffer, timeMs) => buffer.defineAccount(timeMs, key, kind, feeClass));
    const { account } = only(events, 'accountDefined');
    if (usdc > 0) this.deposit(account, usdc);
    return account;
  }

  deposit(account: number, usdc: number): void {
    const amount = Math.round(usdc * USDC);
    this.apply((buffer, timeMs) => buffer.deposit(timeMs, account, amount, ++this.reference));
  }

  /** Lets `elapsedMs` pass, makes `price` (price units) the spot, and ticks; returns the events of the tick. */
  priceUnits(market: number, price: number, elapsedMs = 1000): EventRecord[] {
    this.timeMs += elapsedMs;
    this.apply((buffer, timeMs) => {
      buffer.collateralPrice(timeMs, 1e8, timeMs);
      buffer.oraclePrice(timeMs, market, 0, price, timeMs);
      buffer.venueQuote(timeMs, market, 0, 3, timeMs, price, price, 0, 0);
    });
    return this.apply((buffer, timeMs) => buffer.tick(timeMs));
  }

  /** The same in ticks of `ROUND_MARKET`, which are USDC. */
  price(market: number, ticks: number, elapsedMs = 1000): EventRecord[] {
    return this.priceUnits(market, ticks * 1e6, elapsedMs);
  }

  setRule(rule: number, value: number): void {
    this.apply((buffer, timeMs) => buffer.setRule(timeMs, rule, value));
  }

  /** Places an order; returns the events. */
  place(account: number, market: number, terms: OrderTerms): EventRecord[] {
    return this.apply((buffer, timeMs) => writeOrder(buffer, timeMs, account, market, terms));
  }

  /** Places an order; returns why it was refused, `none` if it was not. */
  tryPlace(account: number, market: number, terms: OrderTerms): Refusal {
    return this.refusalOf((buffer, timeMs) => writeOrder(buffer, timeMs, account, market, terms));
  }

  /** Places an order that must be taken; returns its id. */
  order(account: number, market: number, terms: OrderTerms): number {
    return only(this.place(account, market, terms), 'orderAccepted').order;
  }

  /** Makes `long` buy `size` lots from `short` at `price` ticks. */
  trade(long: number, short: number, market: number, size: number, price: number): void {
    this.order(short, market, { sell: true, price, size });
    const [fill] = all(this.place(long, market, { price, size, instruction: INSTRUCTION.IOC }), 'filled');
    if (fill?.size !== size) throw new Error('the trade of a test did not happen');
  }

  /** A balance in USDC, as the nearest float. */
  balance(account: number): number {
    return wideToNumber(this.state.account.f64, account * 8 + ACCOUNT.BALANCE_HIGH) / USDC;
  }

  /** The signed size of a position, lots. */
  size(account: number, market: number): number {
    return this.state.position.f64[findPosition(this.state, account, market) * 16 + POSITION.SIZE] as number;
  }
}

/** Writes an order as its terms say. */
export function writeOrder(
  buffer: CommandBuffer,
  timeMs: number,
  account: number,
  market: number,
  terms: OrderTerms,
): void {
  const { sell = false, price = 0, size, kind = ORDER_KIND.LIMIT, instruction = INSTRUCTION.GTC } = terms;
  const { reduceOnly = false, selfTrade = SELF_TRADE.EXPIRE_TAKER, trigger = 0, clientId = '', notAfterMs = 0 } = terms;
  const flags = orderFlags(sell ? SIDE.SELL : SIDE.BUY, kind, instruction, reduceOnly, selfTrade);
  buffer.placeOrder(timeMs, account, market, price, size, flags, trigger, clientId, notAfterMs);
}

/** The events of a kind. */
export function all<K extends EventKind>(events: readonly EventRecord[], kind: K): EventRecord<K>[] {
  return events.filter((event) => event.kind === kind) as unknown as EventRecord<K>[];
}

/** The only event of a kind; throws when there is none or more than one. */
export function only<K extends EventKind>(events: readonly EventRecord[], kind: K): EventRecord<K> {
  const found = all(events, kind);
  if (found.length !== 1) throw new Error(`${found.length} events ${kind} among ${JSON.stringify(events)}`);
  return found[0] as EventRecord<K>;
}
