/**
 * Takes the image on by what events tell, event by event, not by what the rows say: a row that was changed by
 * anything else stays different from its image, however many blocks are closed over it. Profits, fees and funding are computed
 * here and compared with what is told: a wrong amount is its account's finding and is never taken over. It costs what happened,
 * not what there is.
 */
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { EVENT } from '../engine/event.ts';
import { RULE } from '../engine/rules.ts';
import { FEE_ACCOUNT, INSURANCE_FUND } from '../engine/state.ts';
import { ACCOUNT, MARKET } from '../engine/tables.ts';
import type { EventLog } from './event-log.ts';
import { floorOf, whole } from './exact.ts';
import type { InputImage } from './input-image.ts';
import { DERIVED } from './derived-columns.ts';
import { addExact } from './limbs.ts';
import { feeOf, PositionMath } from './position-math.ts';
import { OWN_ROOM, type Room } from './room.ts';
import { KNOWN_POSITION, type SealedImage, SealedTable } from './sealed-image.ts';

const { BALANCE_HIGH, PENDING_HIGH, FEE_CLASS } = ACCOUNT;
const EXACT = 2 ** 52;
const ROWS = 2 ** 24;
const ROWS_INVERSE = 2 ** -24;
/** A liquidation moves a position in parts of at most this notional, each with its own rounding. */
const PART_NOTIONAL = 2 ** 50;
const { marked: MARKED, fundingSettled: FUNDING_SETTLED } = EVENT;
const { TICK_UNITS, TRADE_COUNT, VOLUME_HIGH, FUNDING_CLEARING_HIGH } = MARKET;
const { maker_fee: MAKER_FEE, retail_maker_fee: RETAIL_MAKER_FEE } = RULE;
const { taker_fee: TAKER_FEE, retail_taker_fee: RETAIL_TAKER_FEE } = RULE;

/** An amount that was told of an account and is another by computation. */
export interface ToldAmount {
  readonly account: number;
  readonly about: string;
  readonly told: string;
  readonly computed: string;
  /** How many records the log had. */
  readonly place: number;
}

/** Funding that was told and whose settlement has not been computed yet: account, market, amount of each. */
const TOLD_FLOATS = 3;
/** As many as one command tells, many times over. */
const MOST_TOLD = 4096;

export class ImageAdvance {
  /** The first wrong amount of each account since the last block. */
  private wrong: ToldAmount[] = [];
  private readonly image: SealedImage;
  private readonly inputs: InputImage;
  private readonly log: EventLog;
  private readonly math: PositionMath;
  /** Funding index of each market as events have it now. */
  readonly indexes: SealedTable;
  readonly told: SealedTable;
  toldCount = 0;

  constructor(image: SealedImage, inputs: InputImage, log: EventLog, room: Room = OWN_ROOM) {
    this.indexes = new SealedTable(room);
    this.told = new SealedTable(room);
    this.told.reserve(MOST_TOLD * TOLD_FLOATS * 8);
    this.image = image;
    this.inputs = inputs;
    this.log = log;
    this.math = new PositionMath(image, this.indexes);
  }

  /** The image begins. */
  begin(): void {
    for (let market = 1; market < this.image.market.rows; market++) this.addMarket(market);
  }

  /** A market that is new in the image. */
  addMarket(market: number): void {
    const bytes = (market + 1) * 8;
    if (bytes > this.indexes.bytes.length) this.indexes.reserve(Math.max(bytes, this.indexes.bytes.length * 2));
    this.indexes.f64[market] = this.image.market.f64[market * 128 + MARKET.FUNDING_INDEX] as number;
  }

  /** A block ends: what is moved once a block. Returns the amounts that were told and are others by computation. */
  endBlock(markets: number): readonly ToldAmount[] {
    this.settleTold();
    this.takeRules();
    this.takeMarkets(markets);
    this.image.forgetSealed();
    return this.takeWrong();
  }

  /** The amounts that were told and are others by computation, since the last call. */
  takeWrong(): readonly ToldAmount[] {
    const { wrong } = this;
    if (wrong.length === 0) return wrong;
    this.wrong = [];
    // Of each account the first, whichever thread found it.
    const first = wrong.toSorted((a, b) => a.place - b.place);
    return first.filter(({ account }, n) => first.findIndex((each) => each.account === account) === n);
  }

  /** What another thread found. */
  addWrong(wrong: readonly ToldAmount[]): void {
    this.wrong.push(...wrong);
  }

  /** Takes in any event but a fill; `at` is where its record starts. */
  take(values: Float64Array, at: number): void {
    const { image } = this;
    const field = (slot: number): number => values[at + 2 + slot] as number;
    switch (values[at]) {
      case MARKED:
        this.indexes.f64[field(0)] = field(7);
        return;
      case FUNDING_SETTLED:
        return this.hearFunding(field(0), field(1), field(3));
      case EVENT.deposited:
        return this.pay(field(0), field(1));
      case EVENT.withdrawalRequested:
        this.pay(field(0), -field(2) - field(3));
        this.pay(INSURANCE_FUND, field(3));
        return addExact(image.account.f64, field(0) * 8 + PENDING_HIGH, field(2));
      case EVENT.withdrawalSettled:
        addExact(image.account.f64, field(0) * 8 + PENDING_HIGH, -field(2));
        return field(3) === 0 ? this.pay(field(0), field(2)) : undefined;
      case EVENT.transferred:
        this.pay(field(0), -field(2));
        return this.pay(field(1), field(2));
      case EVENT.withdrawalCarried:
        return this.pay(field(0), -field(3));
      case EVENT.receivableRepaid:
        return this.pay(field(0), -field(1));
      case EVENT.creditReversed:
        this.pay(field(0), -field(2));
        return this.pay(INSURANCE_FUND, field(1));
      case EVENT.refundReserved:
        return this.pay(INSURANCE_FUND, -field(1));
      case EVENT.refundPosted:
        return this.pay(field(0), field(1));
      case EVENT.refundVoided:
        return this.pay(INSURANCE_FUND, field(1));
      case EVENT.liquidated:
        return this.takePenalty(values, at + 2);
      case EVENT.positionTaken:
        return this.takePosition(field(0), field(1), field(2), field(3), field(4));
      case EVENT.leverageSet:
        image.position.i32[this.rowOf(field(0), field(1), 0) * 16 + KNOWN_POSITION.INITIAL_MARGIN] = field(2);
        return;
      default:
    }
  }

  private rowOf(account: number, market: number, likely: number): number {
    return this.image.positionOf(account, market, likely);
  }

  private pay(account: number, amount: number): void {
    this.image.keepAccount(account);
    addExact(this.image.account.f64, account * 8 + BALANCE_HIGH, amount);
  }

  /** A fill; `at` is where its record starts. */
  takeFill(values: Float64Array, at: number): void {
    const { image, math } = this;
    const market = values[at + 2] as number;
    const maker = values[at + 5] as number;
    const taker = values[at + 6] as number;
    const lots = values[at + 8] as number;
    const { f64 } = image.market;
    const marketAt = market * 128;
    const notional = lots * ((values[at + 7] as number) * (f64[marketAt + TICK_UNITS] as number));
    const takerLots = values[at + 9] === 0 ? lots : -lots;
    const rows = values[at + 15] as number;
    const makerLikely = Math.floor(rows * ROWS_INVERSE);
    const makerRow = this.rowOf(maker, market, makerLikely);
    const takerRow = this.rowOf(taker, market, rows - makerLikely * ROWS);
    this.settle(takerRow, taker, market);
    this.settle(makerRow, maker, market);
    const rules = this.inputs.rule.f64;
    const classes = image.account.i32;
    const makerRule = classes[maker * 16 + FEE_CLASS] === 0 ? MAKER_FEE : RETAIL_MAKER_FEE;
    const takerRule = classes[taker * 16 + FEE_CLASS] === 0 ? TAKER_FEE : RETAIL_TAKER_FEE;
    const makerFee = feeOf(notional, maker === INSURANCE_FUND ? 0 : (rules[64 + makerRule] as number));
    const takerFee = feeOf(notional, taker === INSURANCE_FUND ? 0 : (rules[64 + takerRule] as number));
    const takerTold = values[at + 11] as number;
    const makerTold = values[at + 10] as number;
    this.compare(taker, 'profit', values[at + 13] as number, math.trade(takerRow, taker, takerLots, notional));
    this.compare(maker, 'profit', values[at + 12] as number, math.trade(makerRow, maker, -takerLots, notional));
    this.compare(taker, 'fee', takerTold, takerFee);
    this.compare(maker, 'fee', makerTold, makerFee);
    const balances = image.account.f64;
    addExact(balances, taker * 8 + BALANCE_HIGH, -takerFee);
    addExact(balances, maker * 8 + BALANCE_HIGH, -makerFee);
    // What the fee account got is what was told; a wrong fee is its payer's finding alone.
    this.pay(FEE_ACCOUNT, makerTold + takerTold);
    f64[marketAt + TRADE_COUNT] = (f64[marketAt + TRADE_COUNT] as number) + 1;
    addExact(f64, marketAt + VOLUME_HIGH, notional);
  }

  private compare(account: number, about: string, told: number, computed: number): void {
    if (told !== computed) this.blame(account, about, told, computed);
  }

  private blame(account: number, about: string, told: number, computed: number): void {
    if (this.wrong.some((each) => each.account === account)) return;
    this.wrong.push({ account, about, told: String(told), computed: String(computed), place: this.log.count });
  }

  /** The market's clearing got what was told; the position settles with its trade. */
  private hearFunding(account: number, market: number, amount: number): void {
    if (this.toldCount > 0) this.settleToldOf(account, market);
    if (this.toldCount === MOST_TOLD) this.settleTold();
    const { f64 } = this.told;
    const at = this.toldCount++ * TOLD_FLOATS;
    f64[at] = account;
    f64[at + 1] = market;
    f64[at + 2] = amount;
    if (Math.abs(amount) < EXACT) addExact(this.image.market.f64, market * 128 + FUNDING_CLEARING_HIGH, amount);
    else this.math.clear(market, this.rowOf(account, market, 0));
  }

  /** Settles a position's funding and compares it with what was told of it since its last settlement: nothing, if it is 0. */
  private settle(row: number, account: number, market: number): void {
    this.image.keepPosition(row);
    this.image.keepAccount(account);
    const charge = this.math.settle(row, account, market);
    if (this.toldCount === 0) {
      if (charge !== 0) this.blame(account, 'funding', 0, charge);
      return;
    }
    const { f64 } = this.told;
    let told = 0;
    let left = 0;
    for (let at = 0; at < this.toldCount * TOLD_FLOATS; at += TOLD_FLOATS) {
      if (f64[at] === account && f64[at + 1] === market) told = f64[at + 2] as number;
      else f64.copyWithin(left++ * TOLD_FLOATS, at, at + TOLD_FLOATS);
    }
    this.toldCount = left;
    this.compare(account, 'funding', told, charge);
  }

  /** Funding that was told twice before its position moved is settled in between. */
  private settleToldOf(account: number, market: number): void {
    const { f64 } = this.told;
    for (let at = 0; at < this.toldCount * TOLD_FLOATS; at += TOLD_FLOATS) {
      if (f64[at] !== account || f64[at + 1] !== market) continue;
      return this.settle(this.rowOf(account, market, 0), account, market);
    }
  }

  /** Funding that was told and followed by no trade. */
  private settleTold(): void {
    const { f64 } = this.told;
    while (this.toldCount > 0) {
      const [account, market] = [f64[0] as number, f64[1] as number];
      this.settle(this.rowOf(account, market, 0), account, market);
    }
  }

  private takePosition(account: number, market: number, lots: number, mark: number, told: number): void {
    const { math } = this;
    const row = this.rowOf(account, market, 0);
    const fund = this.rowOf(INSURANCE_FUND, market, 0);
    this.settle(row, account, market);
    this.settle(fund, INSURANCE_FUND, market);
    const most = Math.max(1, Math.floor(PART_NOTIONAL / mark));
    let profit = 0n;
    for (let left = Math.abs(lots); left > 0; ) {
      const part = Math.min(left, most);
      const signed = lots > 0 ? part : -part;
      const realised = math.trade(row, account, -signed, part * mark);
      profit += math.isWide ? math.wideProfit : BigInt(realised);
      math.trade(fund, INSURANCE_FUND, signed, part * mark);
      left -= part;
    }
    this.compare(account, 'profit', told, Number(profit));
  }

  /** share × fee × maintenance margin, rounded down, and no more than the equity there is; `at` is where the fields start. */
  private takePenalty(values: Float64Array, at: number): void {
    const { image, math } = this;
    const account = values[at] as number;
    const wideField = (slot: number): bigint => whole(values[at + slot]) * 2n ** 50n + whole(values[at + slot + 1]);
    const fee = whole(this.inputs.rule.f64[64 + RULE.liquidation_fee]);
    let penalty = floorOf(wideField(5) * whole(values[at + 1]) * fee, 10n ** 12n);
    if (penalty > wideField(3)) penalty = wideField(3);
    if (penalty < 0n) penalty = 0n;
    this.compare(account, 'penalty', values[at + 2] as number, Number(penalty));
    for (const each of [account, INSURANCE_FUND]) image.keepAccount(each);
    math.payWide(account, -penalty);
    math.payWide(INSURANCE_FUND, penalty);
  }

  private takeRules(): void {
    const { image, log } = this;
    for (const place of log.ruleChanges()) image.rule.f64[64 + log.field(place, 0)] = log.field(place, 2);
  }

  /** Derived values of markets are those of the last tick that told them; what bounds the next step is as that tick left it. */
  private takeMarkets(markets: number): void {
    const { image, inputs, log } = this;
    const { f64 } = image.market;
    for (let row = 1; row < markets; row++) {
      const at = row * 128;
      for (const place of log.parametersOf(row)) this.takeParameter(row, log.field(place, 1), log.field(place, 3));
      for (const column of [MARKET.TICK_MS, MARKET.PREMIUM_LIMIT])
        f64[at + column] = inputs.market.f64[at + column] as number;
      const place = log.markBefore(row, log.count);
      if (place < 0) continue;
      for (const [column, slot] of DERIVED_COLUMNS) f64[at + column] = log.field(place, slot);
    }
    image.market.rows = markets;
  }

  private takeParameter(market: number, parameter: number, value: number): void {
    const name = MARKET_PARAMETERS[parameter] as (typeof MARKET_PARAMETERS)[number];
    if (name === 'MAXIMUM_OPEN_ORDERS') this.image.market.i32[market * 256 + MARKET[name]] = value;
    else this.image.market.f64[market * 128 + MARKET[name]] = value;
  }
}

const DERIVED_COLUMNS = Object.values(DERIVED);
