/**
 * The flow ledger of one world: for every account and market, what moved its equity since the last good block, by kind, to the last unit.
 * It listens to events; with the prices of a valuation, what an account had and its flows are what it has.
 */
import { Wide } from '../engine/amount.ts';
import { wide } from '../guard/exact.ts';

/** Kinds of flows that are money alone. */
export const MONEY_FLOWS = ['fees', 'funding', 'penalties', 'external', 'transfers', 'losses', 'remedy'] as const;
export type MoneyFlow = (typeof MONEY_FLOWS)[number];

/** Kinds of flows that are lots at a price: their worth depends on the valuation. */
export const TRADE_FLOWS = ['fills', 'triggered', 'missed', 'taken'] as const;
export type TradeFlow = (typeof TRADE_FLOWS)[number];

/** Lots and what was paid for them, 1e-8 USDC; both signed: bought is positive. */
interface Traded {
  readonly lots: bigint;
  readonly cost: bigint;
}

/** All flows of one account in one market (0: money that no market moved). */
export interface FlowRow {
  readonly account: number;
  readonly market: number;
  readonly money: ReadonlyMap<MoneyFlow, bigint>;
  readonly traded: ReadonlyMap<TradeFlow, Traded>;
}

/** Floats of a row: each money flow two, each trade flow lots and two of cost. What is common comes first, in one small row. */
const COMMON = 8;
const AT = { fillsLots: 0, fillsCost: 1, fees: 3, funding: 5, settled: 7 } as const;
const RARE = 20;
const RARE_MONEY = { penalties: 0, external: 2, transfers: 4, losses: 6, remedy: 8 } as const;
const RARE_TRADED = { triggered: 10, missed: 13, taken: 16 } as const;

/** Markets are numbered below this in a key. */
const MARKETS = 4_096;

const sum = new Wide();

/** What a ledger is made of. */
export interface FlowNotes {
  readonly keys: Float64Array;
  readonly common: Float64Array;
  readonly rare: Float64Array;
  readonly rarePlaces: ReadonlyMap<number, number>;
}

export class FlowLedger {
  private readonly places = new Map<number, number>();
  /** Markets of each account that has a row, in the order in which they were first moved. */
  private readonly markets = new Map<number, number[]>();
  private common = new Float64Array(COMMON * 1_024);
  private rare = new Float64Array(RARE * 64);
  /** Place in `rare` by place in `common`. */
  private readonly rarePlaces = new Map<number, number>();

  /** The ledger of some notes; an empty one without. */
  constructor(notes?: FlowNotes) {
    if (notes === undefined) return;
    for (const key of notes.keys) this.place(Math.floor(key / MARKETS), key % MARKETS);
    this.common.set(notes.common);
    for (const [place, from] of notes.rarePlaces) this.rarePlaces.set(place, from);
    this.rare = new Float64Array(notes.rare);
  }

  /** What it is made of: a view, good until the next flow. */
  get notes(): FlowNotes {
    const { places, common, rare, rarePlaces } = this;
    const keys = Float64Array.from(places.keys());
    return { keys, common: common.subarray(0, keys.length * COMMON), rare, rarePlaces };
  }

  /** Adds money to an account's flow in a market; whole, at most 2^53 either way. */
  add(account: number, market: number, flow: MoneyFlow, amount: number): void {
    if (amount === 0) return;
    const place = this.place(account, market);
    if (flow === 'fees' || flow === 'funding') addTo(this.common, place * COMMON + AT[flow], amount);
    else {
      const at = this.rarePlace(place) + RARE_MONEY[flow];
      addTo(this.rare, at, amount);
    }
  }

  /** The same of any size. */
  addExactly(account: number, market: number, flow: MoneyFlow, amount: bigint): void {
    for (let rest = amount; rest !== 0n; ) {
      const part = rest > STEP ? STEP : rest < -STEP ? -STEP : rest;
      this.add(account, market, flow, Number(part));
      rest -= part;
    }
  }

  /** Adds a trade of `lots` (signed) at `price` (price units, at most 2^53; the product below 2^100). */
  trade(account: number, market: number, flow: TradeFlow, lots: number, price: number): void {
    const place = this.place(account, market);
    const isFill = flow === 'fills';
    const at = isFill ? place * COMMON + AT.fillsLots : this.rarePlace(place) + RARE_TRADED[flow];
    const values = isFill ? this.common : this.rare;
    values[at] = (values[at] as number) + lots;
    sum
      .load(values, at + 1)
      .addProduct(lots, price)
      .store(values, at + 1);
  }

  /** Adds a fill: lots (signed) at a price, its fee, and the funding index up to which the position settled with it. */
  fill(account: number, market: number, lots: number, price: number, fee: number, index: number): void {
    const at = this.place(account, market) * COMMON;
    const { common } = this;
    common[at] = (common[at] as number) + lots;
    sum
      .load(common, at + AT.fillsCost)
      .addProduct(lots, price)
      .store(common, at + AT.fillsCost);
    if (fee !== 0) addTo(common, at + AT.fees, -fee);
    common[at + AT.settled] = index;
  }

  /** Notes the funding index up to which a position settled. */
  settle(account: number, market: number, index: number): void {
    this.common[this.place(account, market) * COMMON + AT.settled] = index;
  }

  /** The index up to which a position settled since the last good block; undefined when it did not. */
  settledIndex(account: number, market: number): number | undefined {
    const place = this.places.get(account * MARKETS + market);
    const index = place === undefined ? Number.NaN : (this.common[place * COMMON + AT.settled] as number);
    return Number.isNaN(index) ? undefined : index;
  }

  /** Markets in which something moved an account. */
  marketsOf(account: number): readonly number[] {
    return this.markets.get(account) ?? [];
  }

  /** The rows of an account, by market; none where nothing moved. */
  *rowsOf(account: number): Generator<FlowRow> {
    for (const market of (this.markets.get(account) ?? []).toSorted((a, b) => a - b)) yield this.row(account, market);
  }

  /** The flows of an account in a market. */
  row(account: number, market: number): FlowRow {
    const money = new Map<MoneyFlow, bigint>();
    const traded = new Map<TradeFlow, Traded>();
    const place = this.places.get(account * MARKETS + market);
    if (place === undefined) return { account, market, money, traded };
    const note = (flow: MoneyFlow, amount: bigint): void => {
      if (amount !== 0n) money.set(flow, amount);
    };
    const noteTrade = (flow: TradeFlow, values: Float64Array, at: number): void => {
      const [lots, cost] = [BigInt(values[at] as number), wide(values, at + 1)];
      if (lots !== 0n || cost !== 0n) traded.set(flow, { lots, cost });
    };
    const at = place * COMMON;
    noteTrade('fills', this.common, at + AT.fillsLots);
    note('fees', wide(this.common, at + AT.fees));
    note('funding', wide(this.common, at + AT.funding));
    const from = this.rarePlaces.get(place);
    if (from === undefined) return { account, market, money, traded };
    for (const [flow, offset] of Object.entries(RARE_MONEY)) note(flow as MoneyFlow, wide(this.rare, from + offset));
    for (const [flow, offset] of Object.entries(RARE_TRADED)) noteTrade(flow as TradeFlow, this.rare, from + offset);
    return { account, market, money, traded };
  }

  private place(account: number, market: number): number {
    const key = account * MARKETS + market;
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const place = this.places.size;
    this.places.set(key, place);
    const markets = this.markets.get(account);
    if (markets === undefined) this.markets.set(account, [market]);
    else markets.push(market);
    if ((place + 1) * COMMON > this.common.length) this.common = grown(this.common);
    this.common[place * COMMON + AT.settled] = Number.NaN;
    return place;
  }

  private rarePlace(place: number): number {
    const known = this.rarePlaces.get(place);
    if (known !== undefined) return known;
    const from = this.rarePlaces.size * RARE;
    this.rarePlaces.set(place, from);
    if (from + RARE > this.rare.length) this.rare = grown(this.rare);
    return from;
  }
}

const STEP = 1n << 52n;

function addTo(values: Float64Array, at: number, amount: number): void {
  sum.load(values, at).add(amount).store(values, at);
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const more = new Float64Array(values.length * 2);
  more.set(values);
  return more;
}
