/**
 * What an account's equity was at the last good block, what moved it in one world, market by market and kind by kind, and so what it is:
 * start + Σ flows = end, to the last unit. Amounts are 1e-8 USDC.
 */
import type { State } from '../engine/state.ts';
import { ACCOUNT, POSITION } from '../engine/tables.ts';
import { ceilOf, wide } from '../guard/exact.ts';
import { type FlowLedger, type MoneyFlow, TRADE_FLOWS, type TradeFlow, MONEY_FLOWS } from './flow-ledger.ts';
import { asRecorded, type SettledIndex, type Valuation } from './valuation.ts';

/**
 * `held`: what the prices of the valuation make of the positions that an account held at the last good block. `credits`: what was
 * written into its rows and no command brought. `late_notice`: what prices have made, since the check time, of what an account that was
 * told later has.
 */
export type FlowKind = 'held' | TradeFlow | MoneyFlow | 'credits' | 'late_notice';

/** The kinds, in the order in which statements list them. */
export const FLOW_KINDS: readonly FlowKind[] = ['held', ...TRADE_FLOWS, ...MONEY_FLOWS, 'credits', 'late_notice'];

/** Flows of one account: by market (0: money that no market moved), then by kind; what is nothing is left out. */
export type MarketFlows = Map<number, Map<FlowKind, bigint>>;

/** One world at the check time, with what it did since the last good block. */
export interface FlowWorld {
  readonly state: State;
  readonly settled: SettledIndex;
  readonly ledger: FlowLedger;
}

/** What all worlds have in common. */
export interface FlowFrame {
  readonly before: State;
  /** Marks and indexes of the last good block; and those of the valuation. */
  readonly own: Valuation;
  readonly valuation: Valuation;
}

const MILLION = 1_000_000n;

/** What moved the equity of an account in a world. */
export function flowsOf(account: number, { before, own, valuation }: FlowFrame, world: FlowWorld): MarketFlows {
  const flows: MarketFlows = new Map();
  const add = (market: number, kind: FlowKind, amount: bigint): void => {
    if (amount === 0n) return;
    const of = flows.get(market) ?? new Map<FlowKind, bigint>();
    flows.set(market, of);
    of.set(kind, (of.get(kind) ?? 0n) + amount);
  };
  const price = (market: number): bigint => valuation.prices[market] ?? 0n;
  forEachPosition(before, account, (market, row) => {
    const size = BigInt(before.position.f64[row * 16 + POSITION.SIZE] as number);
    add(market, 'held', size * (price(market) - (own.prices[market] ?? 0n)));
    add(market, 'funding', owedBy(before, row, own, asRecorded));
  });
  forEachPosition(world.state, account, (market, row) => {
    add(market, 'funding', -owedBy(world.state, row, valuation, world.settled));
  });
  for (const { market, money, traded } of world.ledger.rowsOf(account)) {
    for (const [kind, amount] of money) add(market, kind, amount);
    for (const [kind, { lots, cost }] of traded) add(market, kind, lots * price(market) - cost);
  }
  for (const [market, kinds] of flows) {
    for (const [kind, amount] of kinds) if (amount === 0n) kinds.delete(kind);
    if (kinds.size === 0) flows.delete(market);
  }
  return flows;
}

/** Funding that a position owes up to the index of a valuation, rounded up, against the account, as when it settles. */
function owedBy(state: State, row: number, { indexes }: Valuation, settled: SettledIndex): bigint {
  const size = BigInt(state.position.f64[row * 16 + POSITION.SIZE] as number);
  const market = state.position.i32[row * 32 + POSITION.MARKET] as number;
  return ceilOf(size * ((indexes[market] ?? 0n) - settled(state, row)), MILLION);
}

/** Calls for every position of an account that is not empty. */
function forEachPosition(state: State, account: number, take: (market: number, row: number) => void): void {
  if (account >= state.account.rows) return;
  const { i32, f64 } = state.position;
  let row = state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    if (f64[row * 16 + POSITION.SIZE] !== 0) take(i32[row * 32 + POSITION.MARKET] as number, row);
  }
}

/** Equity of an account at a valuation: balance, what it waits for, less what it owes, and the worth of its positions. */
export function equityOf(account: number, state: State, valuation: Valuation, settled: SettledIndex): bigint {
  if (account >= state.account.rows) return 0n;
  const { f64 } = state.account;
  let equity = wide(f64, account * 8 + ACCOUNT.BALANCE_HIGH) + wide(f64, account * 8 + ACCOUNT.PENDING_HIGH);
  equity -= BigInt(f64[account * 8 + ACCOUNT.RECEIVABLE] as number);
  forEachPosition(state, account, (market, row) => {
    const size = BigInt(state.position.f64[row * 16 + POSITION.SIZE] as number);
    const cost = wide(state.position.f64, row * 16 + POSITION.COST_HIGH);
    equity += size * (valuation.prices[market] ?? 0n) - cost - owedBy(state, row, valuation, settled);
  });
  return equity;
}

/** The sum of all flows. */
export function totalOf(flows: MarketFlows): bigint {
  let total = 0n;
  for (const kinds of flows.values()) for (const amount of kinds.values()) total += amount;
  return total;
}
