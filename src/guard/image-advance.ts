/**
 * Takes the sealed image from one block to the next by what events tell, not by what the rows say: a row that was changed by
 * anything else stays different from its image, however many blocks are closed over it. Links, open sizes and the like, which
 * no judgement takes from the image, are copied from the touched pages.
 *
 * Told amounts add up exactly while each is below 2^52. Where one is not, and for the insurance fund and the fee account, of
 * which not every amount is told, the image takes the row.
 */
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { EVENT } from '../engine/event.ts';
import { FEE_ACCOUNT, findPosition, INSURANCE_FUND, type State } from '../engine/state.ts';
import { PAGE_BYTES, type Table } from '../engine/table.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import type { EventLog } from './event-log.ts';
import { DERIVED } from './known.ts';
import type { SealedImage, SealedTable } from './sealed-image.ts';

const LIMB = 2 ** 50;
const EXACT = 2 ** 52;

/** The two words of each 64-bit column. */
function wordsOf(columns: readonly number[]): number[] {
  return columns.flatMap((column) => [2 * column, 2 * column + 1]);
}

/** Words that only events change. */
const ACCOUNT_KEPT = [...wordsOf([ACCOUNT.BALANCE_HIGH, ACCOUNT.BALANCE_LOW]), ACCOUNT.KIND, ACCOUNT.FEE_CLASS];
const POSITION_KEPT = [
  ...wordsOf([POSITION.SIZE, POSITION.COST_HIGH, POSITION.COST_LOW, POSITION.FUNDING_INDEX]),
  POSITION.INITIAL_MARGIN,
];
const MARKET_KEPT = [
  ...wordsOf(Object.values(DERIVED).map(([column]) => column)),
  ...wordsOf(MARKET_PARAMETERS.filter((name) => name !== 'MAXIMUM_OPEN_ORDERS').map((name) => MARKET[name])),
  ...wordsOf([MARKET.TICK_UNITS]),
  MARKET.MAXIMUM_OPEN_ORDERS,
  MARKET.FUNDING_PERIOD_S,
];

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
    this.copyAll();
    this.takeMarks();
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

  private copyAll(): void {
    const { image, state, wideAccounts, widePositions } = this;
    const { account, position, market } = state;
    copyRows(image.account, account, ACCOUNT_KEPT, (row) => row <= FEE_ACCOUNT || wideAccounts.has(row));
    copyRows(
      image.position,
      position,
      POSITION_KEPT,
      (row) => position.i32[row * 32 + POSITION.ACCOUNT] === INSURANCE_FUND || widePositions.has(row),
    );
    copyRows(image.market, market, MARKET_KEPT, () => false);
  }

  /** Derived values are those of the last tick that told them. */
  private takeMarks(): void {
    const { image, log, state } = this;
    for (let row = 1; row < state.market.rows; row++) {
      const place = log.markBefore(row, log.count);
      if (place < 0) continue;
      for (const [column, slot] of Object.values(DERIVED))
        image.market.f64[row * 128 + column] = log.field(place, slot);
    }
  }
}

/** Adds to a wide value in two limbs; the sum of a limb and an exact amount is exact. */
function add(values: Float64Array, at: number, amount: number): void {
  const low = (values[at + 1] as number) + amount;
  const carry = Math.floor(low / LIMB);
  values[at + 1] = low - carry * LIMB;
  values[at] = (values[at] as number) + carry;
}

/** Copies the rows of touched pages, but of a row that is not `taken` keeps the image's own `kept` words. */
function copyRows(image: SealedTable, table: Table, kept: readonly number[], taken: (row: number) => boolean): void {
  const { touched, pages, rowWords, schema } = table;
  const pageRows = PAGE_BYTES / schema.rowBytes;
  const own = new Int32Array(kept.length);
  for (let page = touched.indexOf(1); page >= 0 && page < pages; page = touched.indexOf(1, page + 1)) {
    const end = Math.min((page + 1) * pageRows, table.rows);
    for (let row = page * pageRows; row < end; row++) {
      const at = row * rowWords;
      const isTaken = taken(row);
      for (let n = 0; n < kept.length; n++) own[n] = image.i32[at + (kept[n] as number)] as number;
      for (let n = 0; n < rowWords; n++) image.i32[at + n] = table.i32[at + n] as number;
      if (isTaken) continue;
      for (let n = 0; n < kept.length; n++) image.i32[at + (kept[n] as number)] = own[n] as number;
    }
  }
  image.rows = table.rows;
}
