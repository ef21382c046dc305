/**
 * Conservation across the worlds: the equities of all accounts, the house's among them, with what the clearings hold and what is set aside
 * for refunds, are what came from outside. So the differences sum to the difference of what came from outside, to the last unit.
 */
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';
import type { IncidentWorlds, OtherWorld } from './incident-worlds.ts';
import { clearingOf, type SettledIndex, type Valuation } from './valuation.ts';

/** One world's sums, 1e-8 USDC. */
interface WorldSums {
  readonly equities: bigint;
  /** What the clearings of the markets hold, and what is set aside for refunds. */
  readonly clearing: bigint;
  /** Deposits minus withdrawals that have left, since genesis. */
  readonly external: bigint;
}

export interface Conservation {
  /** External of the last good block. */
  readonly before: bigint;
  readonly actual: WorldSums;
  readonly other: WorldSums;
  /** (equities + clearing − external) of the counterfactual minus that of the actual world, which what deviations wrote explains: 0. */
  readonly residual: bigint;
}

/** Equities of one account in both worlds. */
export interface BothEquities {
  readonly actual: bigint;
  readonly other: bigint;
}

/** The sums of both worlds over the equities of all accounts; `there` is the counterfactual that they were assessed against. */
export function conservationOf(
  { before, actual, valuation, written, settledInActual }: IncidentWorlds,
  there: OtherWorld,
  accounts: readonly BothEquities[],
): Conservation {
  const here = sumsOf(actual, valuation, settledInActual, accounts, 'actual');
  const sums = sumsOf(there.state, valuation, there.settled, accounts, 'other');
  // What the reference moves of equities it moves out of the clearings.
  const moved = there.moves.reduce((sum, { amount }) => sum + amount, 0n);
  const other = { ...sums, clearing: sums.clearing - moved };
  const balance = ({ equities, clearing, external }: WorldSums): bigint => equities + clearing - external;
  // Money that was written is in the actual world alone, and nobody brought it.
  const residual = balance(other) - (balance(here) - written);
  return { before: externalOf(before), actual: here, other, residual };
}

function sumsOf(
  state: State,
  valuation: Valuation,
  settled: SettledIndex,
  accounts: readonly BothEquities[],
  world: 'actual' | 'other',
): WorldSums {
  const equities = accounts.reduce((sum, account) => sum + account[world], 0n);
  const reserved = wide(state.venue.f64, 64 + VENUE.RESERVED_HIGH);
  return { equities, clearing: clearingOf(state, valuation, settled) + reserved, external: externalOf(state) };
}

function externalOf({ venue }: State): bigint {
  return wide(venue.f64, 64 + VENUE.DEPOSITED_HIGH) - wide(venue.f64, 64 + VENUE.WITHDRAWN_HIGH);
}
