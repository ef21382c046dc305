/**
 * What equities of a world as it would have been are moved by where a market is valued by the reference: what its replay made of the
 * market is replaced by what the actual world did there, and what was wrong in that is undone. The house takes the other side of each, so
 * that the moves of a market sum to nothing.
 */
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { POSITION } from '../engine/tables.ts';
import { ceilOf } from '../guard/exact.ts';
import { type FlowFrame, type FlowWorld, flowsOf, type MarketFlows } from './account-flows.ts';
import { CAUSE_NAMES, type Cause } from './cause.ts';
import type { ReferenceMove } from './incident-worlds.ts';
import type { GivenBack } from './late-notice.ts';
import { fundingOf, type Reference } from './reference.ts';
import type { Undone } from './reference-account.ts';

const MILLION = 1_000_000n;

export interface ReferenceInput {
  readonly reference: Reference;
  /** Markets that are valued by the reference. */
  readonly markets: ReadonlySet<number>;
  readonly frame: FlowFrame;
  readonly actual: FlowWorld;
  readonly other: FlowWorld;
}

/** Amounts by account, market and cause. */
class Sums {
  private readonly byCause = new Map<number, Map<Cause, Map<number, bigint>>>();

  add(account: number, market: number, cause: Cause, amount: bigint): void {
    if (amount === 0n) return;
    let causes = this.byCause.get(market);
    if (causes === undefined) this.byCause.set(market, (causes = new Map()));
    let accounts = causes.get(cause);
    if (accounts === undefined) causes.set(cause, (accounts = new Map()));
    accounts.set(account, (accounts.get(account) ?? 0n) + amount);
  }

  /** All of them, by account, market and cause, with the house on the other side. */
  moves(): ReferenceMove[] {
    const moves: ReferenceMove[] = [];
    for (const [market, causes] of this.byCause) {
      for (const [cause, accounts] of causes) {
        let sum = 0n;
        for (const amount of accounts.values()) sum += amount;
        accounts.set(INSURANCE_FUND, (accounts.get(INSURANCE_FUND) ?? 0n) - sum);
        for (const [account, amount] of accounts) if (amount !== 0n) moves.push({ account, market, cause, amount });
      }
    }
    const rank = (cause: Cause): number => CAUSE_NAMES.indexOf(cause);
    return moves.sort((a, b) => a.account - b.account || a.market - b.market || rank(a.cause) - rank(b.cause));
  }
}

/** The moves of one world; none where no market is valued by the reference. */
export function referenceMoves(input: ReferenceInput): ReferenceMove[] {
  const sums = new Sums();
  if (input.markets.size === 0) return [];
  replaceReplays(input, sums);
  undoFunding(input, sums);
  for (const undone of input.reference.undone) if (input.markets.has(undone.market)) undo(undone, input, sums);
  return sums.moves();
}

/** Lots that accounts are given back and that nothing has taken again. The house has the other side of them. */
export function givenBackOf({ undone }: Reference, markets: ReadonlySet<number>): GivenBack[] {
  return undone
    .filter(({ market, ended }) => markets.has(market) && ended === undefined)
    .map(({ account, market, lots }) => ({ account, market, lots }));
}

/** What the actual world did in a market instead of what its replay did. */
function replaceReplays({ markets, frame, actual, other }: ReferenceInput, sums: Sums): void {
  const accounts = Math.max(actual.state.account.rows, other.state.account.rows);
  for (let account = 1; account < accounts; account++) {
    addFlows(flowsOf(account, frame, actual), account, 1n, markets, sums);
    addFlows(flowsOf(account, frame, other), account, -1n, markets, sums);
  }
}

function addFlows(flows: MarketFlows, account: number, sign: bigint, markets: ReadonlySet<number>, sums: Sums): void {
  for (const [market, kinds] of flows) {
    if (!markets.has(market)) continue;
    for (const amount of kinds.values()) sums.add(account, market, 'reference', sign * amount);
  }
}

/** Funding by the true index on the sizes that the actual world had. */
function undoFunding({ reference, markets, frame, actual }: ReferenceInput, sums: Sums): void {
  const { state, settled } = actual;
  const { i32 } = state.position;
  for (let row = 1; row < state.position.rows; row++) {
    const market = i32[row * 32 + POSITION.MARKET] as number;
    if (!markets.has(market) || !reference.funding.isApart(market)) continue;
    const index = frame.valuation.indexes[market] ?? 0n;
    const owed = ceilOf(sizeAt(state, row) * (index - settled(state, row)), MILLION);
    const account = i32[row * 32 + POSITION.ACCOUNT] as number;
    sums.add(account, market, 'funding', reference.funding.excess(account, market, index, owed));
  }
}

function sizeAt({ position }: State, row: number): bigint {
  return BigInt(position.f64[row * 16 + POSITION.SIZE] as number);
}

/** Gives back what was taken: at the price of the valuation, or at that at which it ended anyway. */
function undo(undone: Undone, { frame: { valuation } }: ReferenceInput, sums: Sums): void {
  const { account, market, lots, price, cost, ended } = undone;
  const mark = ended?.price ?? valuation.prices[market] ?? 0n;
  const isAnyway = ended !== undefined && undone.cause === 'liquidation_price';
  sums.add(account, market, isAnyway ? 'liquidated_anyway' : undone.cause, lots * (mark - price));
  sums.add(account, market, 'penalty_and_fees', cost - (ended?.cost ?? 0n));
  sums.add(account, market, 'funding', -fundingOf(undone, valuation.indexes[market] ?? 0n));
}
