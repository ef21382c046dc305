/**
 * Deviations in the part of a world: which markets and accounts they make part of it, and how their values get into its rows, which are
 * the rows of the whole but for positions that were made since.
 */
import { refreshBand } from '../engine/market.ts';
import { FEE_ACCOUNT, type State } from '../engine/state.ts';
import { MARKET, ORACLE_LIMIT, POSITION, VENUE_LIMIT } from '../engine/tables.ts';
import { type Deviation, type StateWrite, writeValue } from './deviation.ts';
import type { TouchIndex } from './touch-index.ts';

/** What was written into the actual world before command number `before`. */
export interface PlacedDeviation {
  readonly before: number;
  readonly writes: readonly StateWrite[];
  /** Accounts into whose rows, or those of whose positions, it wrote. */
  readonly accounts: readonly number[];
  /** True when more of a market was written than prices: parameters or statuses, which a price does not show. */
  readonly isBeyondPrices: boolean;
}

export interface DeviationPlan {
  readonly placed: readonly PlacedDeviation[];
  readonly markets: readonly number[];
  /** Accounts whose money was written: all that they hold is part. */
  readonly accounts: readonly number[];
}

/** Columns that hold amounts, and name no row. */
const OF_POSITION: ReadonlySet<string> = new Set([
  'size',
  'costHigh',
  'costLow',
  'fundingIndex',
  'initialMargin',
  'realisedProfitHigh',
  'realisedProfitLow',
  'realisedFundingHigh',
  'realisedFundingLow',
]);
const OF_ACCOUNT: ReadonlySet<string> = new Set([
  'balanceHigh',
  'balanceLow',
  'pendingHigh',
  'pendingLow',
  'receivable',
]);
const PRICES: ReadonlySet<string> = new Set(['mark', 'fundingIndex', 'fundingRemainder']);
const PRICE_BYTES: readonly (readonly [number, number])[] = [
  [MARKET.MARK * 8, MARKET.MARK * 8 + 8],
  [MARKET.FUNDING_INDEX * 8, MARKET.FUNDING_REMAINDER * 8 + 8],
];

/** Where deviations start a cone, or why they start none. */
export function placeDeviations(index: TouchIndex, deviations: readonly Deviation[]): DeviationPlan | string {
  const markets = new Set<number>();
  const accounts = new Set<number>();
  const placed: PlacedDeviation[] = [];
  for (const { afterSequence, writes } of deviations) {
    const before = afterSequence + 1 - index.firstSequence;
    const touched = new Set<number>();
    for (const write of writes) {
      const start = startOf(index, write, before);
      if (start === undefined) return `a value written into ${write.table}/${write.row}/${write.column}`;
      if (start.market !== 0) markets.add(start.market);
      if (start.account !== 0) touched.add(start.account);
      if (write.table === 'account') accounts.add(start.account);
    }
    placed.push({ before, writes, accounts: [...touched], isBeyondPrices: writes.some(isBeyondPrices) });
  }
  return { placed, markets: [...markets], accounts: [...accounts] };
}

/** The market and the account (0: none) that a written value is of; undefined where every market reads it, or it names rows. */
function startOf(
  { end, madeBy }: TouchIndex,
  { table, row, column }: StateWrite,
  before: number,
): { readonly market: number; readonly account: number } | undefined {
  if (row <= 0 || row >= end[table].rows) return undefined;
  switch (table) {
    case 'market':
      return { market: row, account: 0 };
    case 'oracle':
      return { market: Math.floor(row / ORACLE_LIMIT), account: 0 };
    case 'quote':
      return { market: Math.floor(row / VENUE_LIMIT), account: 0 };
    case 'account':
      return OF_ACCOUNT.has(column) && row > FEE_ACCOUNT ? { market: 0, account: row } : undefined;
    case 'position': {
      if (!OF_POSITION.has(column) || madeBy(row) >= before) return undefined;
      const { i32 } = end.position;
      return { market: i32[row * 32 + POSITION.MARKET] as number, account: i32[row * 32 + POSITION.ACCOUNT] as number };
    }
    default:
      return undefined;
  }
}

function isBeyondPrices({ table, column, index }: StateWrite): boolean {
  if (table !== 'market') return table === 'position' && column === 'initialMargin';
  if (column === 'byte') return !PRICE_BYTES.some(([from, to]) => index >= from && index < to);
  return !PRICES.has(column);
}

/**
 * Writes a deviation into the part of the actual world, and makes anew what is derived of markets and margins: neither an order nor who a
 * position is of was written. The caller bounds what is endless.
 */
export function deviatePart(state: State, { end }: TouchIndex, { writes }: PlacedDeviation): void {
  for (const write of writes) writeValue(state, { ...write, row: rowInPart(state, end, write) });
  const { market, index } = state;
  for (let row = 1; row < market.rows; row++) {
    index.fundingIndexes[row] = market.f64[row * market.rowFloats + MARKET.FUNDING_INDEX] as number;
    refreshBand(state, row);
  }
  index.bounds.reset(state.account.rows);
}

function rowInPart(state: State, end: State, { table, row }: StateWrite): number {
  if (table !== 'position') return row;
  const { i32 } = end.position;
  const [account, market] = [i32[row * 32 + POSITION.ACCOUNT] as number, i32[row * 32 + POSITION.MARKET] as number];
  return state.index.positions.find(state.position, account, market);
}
