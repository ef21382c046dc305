/**
 * Takes the sealed image from one block to the next by what events tell, not by what the rows say: a row that was changed by
 * anything else stays different from its image, however many blocks are closed over it. It costs what happened, not what there is.
 *
 * Told amounts add up exactly while each is below 2^52. Where one is not, and for the insurance fund and the fee account, of
 * which not every amount is told, the image takes the row.
 */
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { EVENT } from '../engine/event.ts';
import { FEE_ACCOUNT, findPosition, INSURANCE_FUND, positionsOf, type State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import type { EventLog } from './event-log.ts';
import { DERIVED } from './known.ts';
import type { SealedImage } from './sealed-image.ts';

const LIMB = 2 ** 50;
const EXACT = 2 ** 52;

const POSITION_COLUMNS = [POSITION.SIZE, POSITION.COST_HIGH, POSITION.COST_LOW, POSITION.FUNDING_INDEX] as const;
/** What a position is for good from its first command on. */
const POSITION_LINKS = [POSITION.ACCOUNT, POSITION.MARKET, POSITION.NEXT_OF_ACCOUNT] as const;

export class ImageAdvance {
  private readonly image: SealedImage;
  private readonly log: EventLog;
  private readonly state: State;
  private readonly wideAccounts = new Set<number>();
  private readonly widePositions = new Set<number>();
  /** Funding index of each market as the pass over the events goes on. */
  private readonly indexes: number[] = [];

  constructor(image: SealedImage, log: EventLog, state: State) {
    this.image = image;
    this.log = log;
    this.state = state;
  }

  run(): void {
    const { image, state, log } = this;
    for (const name of ['account', 'position', 'market'] as const) image[name].reserve(state[name].bytes.length);
    for (let market = 1; market < state.market.rows; market++) {
      this.indexes[market] = image.market.f64[market * 128 + MARKET.FUNDING_INDEX] as number;
    }
    for (let place = 0; place < log.count; place++) this.take(place);
    this.linkNew();
    this.takeRows();
    this.takeMarkets();
  }

  private take(place: number): void {
    const { log, image } = this;
    const field = (slot: number): number => log.field(place, slot);
    switch (log.kind(place)) {
      case EVENT.filled:
        return this.takeFill(place);
      case EVENT.marked:
        this.indexes[field(0)] = field(7);
        return;
      case EVENT.fundingSettled:
        this.pay(field(0), -field(3));
        this.settle(field(0), field(1));
        return;
      case EVENT.deposited:
        return this.pay(field(0), field(1));
      case EVENT.withdrawalRequested:
        return this.pay(field(0), -field(2) - field(3));
      case EVENT.withdrawalSettled:
        return field(3) === 0 ? this.pay(field(0), field(2)) : undefined;
      case EVENT.transferred:
        this.pay(field(0), -field(2));
        return this.pay(field(1), field(2));
      case EVENT.liquidated:
        return this.pay(field(0), -field(2));
      case EVENT.positionTaken:
        this.pay(field(0), field(4));
        return this.trade(field(0), field(1), -field(2), -field(2) * field(3), field(4));
      case EVENT.leverageSet: {
        const row = findPosition(this.state, field(0), field(1));
        image.position.i32[row * 32 + POSITION.INITIAL_MARGIN] = field(2);
        return;
      }
      case EVENT.ruleSet:
        image.rule.f64[64 + field(0)] = field(2);
        return;
      case EVENT.parameterSet: {
        const name = MARKET_PARAMETERS[field(1)] as (typeof MARKET_PARAMETERS)[number];
        if (name === 'MAXIMUM_OPEN_ORDERS') image.market.i32[field(0) * 256 + MARKET[name]] = field(3);
        else image.market.f64[field(0) * 128 + MARKET[name]] = field(3);
        return;
      }
      default:
    }
  }

  private takeFill(place: number): void {
    const { log } = this;
    const market = log.field(place, 0);
    const lots = log.field(place, 6);
    const units = this.image.market.f64[market * 128 + MARKET.TICK_UNITS] as number;
    const notional = lots * log.field(place, 5) * units;
    const isBuy = log.field(place, 7) === 0;
    const sides = isBuy ? 1 : -1;
    const [makerProfit, takerProfit] = [log.field(place, 10), log.field(place, 11)];
    this.pay(log.field(place, 3), makerProfit - log.field(place, 8));
    this.pay(log.field(place, 4), takerProfit - log.field(place, 9));
    this.trade(log.field(place, 3), market, -sides * lots, -sides * notional, makerProfit);
    this.trade(log.field(place, 4), market, sides * lots, sides * notional, takerProfit);
  }

  private pay(account: number, amount: number): void {
    if (!(Math.abs(amount) < EXACT)) this.wideAccounts.add(account);
    else add(this.image.account.f64, account * 8 + ACCOUNT.BALANCE_HIGH, amount);
  }

  /** A position changed by `lots` for `paid`, both signed; what closed realised `profit`, so the cost grew by both together. */
  private trade(account: number, market: number, lots: number, paid: number, profit: number): void {
    const row = this.settle(account, market);
    const { f64 } = this.image.position;
    f64[row * 16 + POSITION.SIZE] = (f64[row * 16 + POSITION.SIZE] as number) + lots;
    if (!(Math.abs(paid) < EXACT && Math.abs(profit) < EXACT)) this.widePositions.add(row);
    else add(f64, row * 16 + POSITION.COST_HIGH, paid + profit);
  }

  private settle(account: number, market: number): number {
    const row = findPosition(this.state, account, market);
    this.image.position.f64[row * 16 + POSITION.FUNDING_INDEX] = this.indexes[market] as number;
    return row;
  }

  /** Positions that were opened since the block: a row is never given back, and the newest is the first of its account. */
  private linkNew(): void {
    const { account, position } = this.image;
    const { i32, rows } = this.state.position;
    for (let row = position.rows; row < rows; row++) {
      for (const word of POSITION_LINKS) position.i32[row * 32 + word] = i32[row * 32 + word] as number;
      account.i32[(i32[row * 32 + POSITION.ACCOUNT] as number) * 16 + ACCOUNT.FIRST_POSITION] = row;
    }
    position.rows = rows;
    account.rows = this.state.account.rows;
  }

  /** Rows that the image takes as they are. */
  private takeRows(): void {
    const { image, state, wideAccounts, widePositions } = this;
    for (const row of [INSURANCE_FUND, FEE_ACCOUNT, ...wideAccounts]) {
      for (const column of [ACCOUNT.BALANCE_HIGH, ACCOUNT.BALANCE_LOW]) {
        image.account.f64[row * 8 + column] = state.account.f64[row * 8 + column] as number;
      }
    }
    for (const row of [...positionsOf(state, INSURANCE_FUND), ...widePositions]) {
      for (const column of POSITION_COLUMNS) {
        image.position.f64[row * 16 + column] = state.position.f64[row * 16 + column] as number;
      }
    }
  }

  /** Derived values of markets are those of the last tick that told them; what bounds the next step is the row's. */
  private takeMarkets(): void {
    const { image, log, state } = this;
    const { f64 } = image.market;
    for (let row = 1; row < state.market.rows; row++) {
      const at = row * 128;
      for (const column of [MARKET.TICK_MS, MARKET.PREMIUM_LIMIT]) {
        f64[at + column] = state.market.f64[at + column] as number;
      }
      const place = log.markBefore(row, log.count);
      if (place < 0) continue;
      for (const [column, slot] of DERIVED_COLUMNS) f64[at + column] = log.field(place, slot);
    }
    image.market.rows = state.market.rows;
  }
}

const DERIVED_COLUMNS = Object.values(DERIVED);

/** Adds to a wide value in two limbs; the sum of a limb and an exact amount is exact. */
function add(values: Float64Array, at: number, amount: number): void {
  const low = (values[at + 1] as number) + amount;
  const carry = Math.floor(low / LIMB);
  values[at + 1] = low - carry * LIMB;
  values[at] = (values[at] as number) + carry;
}
