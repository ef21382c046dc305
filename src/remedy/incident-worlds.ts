/**
 * The two worlds of an incident at the common check time, and all that is needed to say who has what in which: what claims are made of.
 * Amounts are 1e-8 USDC.
 */
import type { EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import type { Cause } from './cause.ts';
import type { DivergenceMinute } from './divergence.ts';
import type { GivenBack, LateNotice } from './late-notice.ts';
import type { SettledIndex, Valuation } from './valuation.ts';

/** Which world an event happened in. `dropped` is the second run of the bounded mode. */
export type WorldName = 'actual' | 'other' | 'dropped';

/**
 * Is told what happened, batch by batch and in lockstep: first what the actual world did, then the others, with the state of that world
 * behind it. While the worlds are one, the same events are told for each. The buffer is valid during the call.
 */
export type WorldObserver = (world: WorldName, events: EventBuffer, state: State) => void;

/**
 * What the equity of an account in another world must be moved by, because a market of it is valued by the reference. All moves of one
 * world sum to what they change in its clearing: the house takes the other side of each.
 */
export interface ReferenceMove {
  readonly account: number;
  readonly market: number;
  /** `reference`: what the replay made of the market is replaced by what the actual world did. All else: a wrong of it is undone. */
  readonly cause: Cause;
  readonly amount: bigint;
}

/** A world as it would have been. */
export interface OtherWorld {
  readonly state: State;
  /** Up to which index of the valuation its positions have settled. */
  readonly settled: SettledIndex;
  readonly moves: readonly ReferenceMove[];
}

export interface IncidentWorlds {
  /** A copy of the state at the last good block. */
  readonly before: State;
  /** The actual world at the check time, everything done already included. */
  readonly actual: State;
  /** The world as it would have been: equity of an account = `equities(other, valuation, settledInOther)` + its moves. */
  readonly other: State;
  readonly valuation: Valuation;
  readonly settledInActual: SettledIndex;
  readonly settledInOther: SettledIndex;
  readonly moves: readonly ReferenceMove[];
  /** Only of the bounded mode: the world without the orders of those who may have reacted. */
  readonly dropped?: OtherWorld;
  /** Money that the deviations wrote into the actual world at the prices of the valuation: nobody brought it. */
  readonly written: bigint;
  readonly divergence: readonly DivergenceMinute[];
  /** Markets beyond the horizon, rising; all of them in the reference mode. */
  readonly marketsByReference: readonly number[];
  /** Of those markets: what accounts are given back. */
  readonly givenBack: readonly GivenBack[];
  /** Accounts that could act later than everybody. */
  readonly late: ReadonlyMap<number, LateNotice>;
  /** Commands of accounts that may have reacted to the falsehood: how many, and of how many accounts. */
  readonly reactive: { readonly commands: number; readonly accounts: number };
}
