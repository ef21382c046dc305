/** The parts of an account's difference by market and cause: what one world did to it less what the other did. */
import type { FlowKind, MarketFlows } from './account-flows.ts';
import type { Cause } from './cause.ts';
import type { ReferenceMove } from './incident-worlds.ts';

/** The cause of a difference in each kind of flow. What was held before is the same in both worlds: it has none. */
const CAUSE_OF: Readonly<Record<Exclude<FlowKind, 'held'>, Cause>> = {
  fills: 'voluntary_fill',
  triggered: 'trigger',
  missed: 'order_inability',
  taken: 'liquidation_price',
  fees: 'penalty_and_fees',
  funding: 'funding',
  penalties: 'penalty_and_fees',
  external: 'external',
  transfers: 'transfer',
  losses: 'socialised_loss',
  remedy: 'remedy',
  credits: 'wrong_credit',
  late_notice: 'late_notice',
};

/** Parts by cause; what is nothing is left out. */
type Parts = Map<Cause, bigint>;

/** Parts by market, by cause. */
export type MarketParts = Map<number, Parts>;

/** The cause of a difference in a kind of flow, in a market where both worlds took the position or not. */
export function causeOf(kind: Exclude<FlowKind, 'held'>, takenInBoth: boolean): Cause {
  return takenInBoth && (kind === 'taken' || kind === 'penalties') ? 'liquidated_anyway' : CAUSE_OF[kind];
}

/** What the parts of one account are made of. */
export interface PartsInput {
  readonly actual: MarketFlows;
  readonly other: MarketFlows;
  /** Moves of this account, and the markets that are valued by the reference. */
  readonly moves: readonly ReferenceMove[];
  readonly byReference: ReadonlySet<number>;
  /** Markets of which both worlds took a position of it by force. */
  readonly takenInBoth: ReadonlySet<number>;
}

/**
 * other − actual, by market and cause. In a market by reference what its replay made of it counts for nothing (the move `reference`
 * takes it out again); the wrongs that are undone there are its causes.
 */
export function partsOf({ actual, other, moves, byReference, takenInBoth }: PartsInput): MarketParts {
  const parts: MarketParts = new Map();
  const add = (market: number, cause: Cause, amount: bigint): void => {
    const of = parts.get(market) ?? new Map<Cause, bigint>();
    parts.set(market, of);
    of.set(cause, (of.get(cause) ?? 0n) + amount);
  };
  const addAll = (flows: MarketFlows, sign: bigint): void => {
    for (const [market, kinds] of flows) {
      for (const [kind, amount] of kinds) {
        if (kind === 'held') continue;
        const isReplayed = !byReference.has(market) || kind === 'late_notice';
        const cause = !isReplayed ? 'reference' : causeOf(kind, takenInBoth.has(market));
        add(market, cause, sign * amount);
      }
    }
  };
  addAll(other, 1n);
  addAll(actual, -1n);
  for (const { market, cause, amount } of moves) add(market, cause, amount);
  for (const [market, of] of parts) {
    for (const [cause, amount] of of) if (amount === 0n) of.delete(cause);
    if (of.size === 0) parts.delete(market);
  }
  return parts;
}

/** The sum of all parts. */
export function sumOf(parts: MarketParts): bigint {
  let sum = 0n;
  for (const of of parts.values()) for (const amount of of.values()) sum += amount;
  return sum;
}
