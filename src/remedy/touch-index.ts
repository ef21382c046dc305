/**
 * The touch index of a window: which market and which account each command touched, what it gave out, and how much slack each decision
 * about a margin had. Made once, by one replay of the actual world; every counterfactual after it executes only what a correction can
 * have changed (`cone.ts`). Reference: performance.md, §6 (after EIP-7928, block-level access lists).
 */
import type { State } from '../engine/state.ts';
import { ORDER, POSITION } from '../engine/tables.ts';
import type { Deviation } from './deviation.ts';
import type { HeldAction } from './held-actions.ts';
import { type Floats, Postings, type Whole } from './numbers.ts';

/** What a command touches where that is no market. */
export const TOUCHES = {
  /** Nothing that another command reads: it was refused whatever the state. */
  NOTHING: 0,
  /** The venue: every market and account reads it. */
  VENUE: -1,
  /** Balances alone. */
  MONEY: -2,
  /** What the exchange forced: derived anew, never replayed. */
  FORCED: -3,
} as const;

/** A run of rows of the journal, as it was taken. */
export interface Chunk {
  readonly words: Int32Array;
  readonly floats: Float64Array;
}

/** Decisions about margins, account by account, those of one in their order. */
export interface Decisions {
  /** Those of an account are places `starts[account]` … `starts[account + 1] − 1`. */
  readonly starts: Int32Array;
  readonly command: Int32Array;
  readonly slack: Float64Array;
  readonly claim: Float64Array;
}

/** A health check of all accounts: of the tick that is command number `command`. */
export interface HealthCheck {
  readonly command: number;
  /** Equity − initial margin by account: a lower bound, close where it is small. */
  readonly slack: Float64Array;
  /** What accounts owed beyond what they had, and the balance of the insurance fund, 1e-8 USDC. */
  readonly bankruptcy: bigint;
  readonly fund: bigint;
}

/** Markets that one account or one command ties together: what happens in one decides what happens in the others. */
export interface Tie {
  readonly markets: readonly number[];
  readonly account: number;
}

/** What is noted of a window; the rest of its index follows from it (`completeIndex`). */
export interface TouchNotes {
  /** The state at the last good block, and the actual one at the window's end; both are only read. */
  readonly start: State;
  readonly end: State;
  /** What was written into the actual world other than by commands: it is in what was noted. */
  readonly deviations: readonly Deviation[];
  /** Sequence of command number 0. */
  readonly firstSequence: number;
  readonly commands: number;
  readonly chunks: readonly Chunk[];
  readonly chunkOf: Whole;
  readonly rowOf: Whole;
  /** Market of each command, or one of `TOUCHES`. */
  readonly touched: Whole;
  /** Why each command was refused; 0 where it was not. */
  readonly refusal: Whole;
  /** Order or withdrawal that each command gave out; 0 for none. Those of batches are in `givenByBatch`. */
  readonly given: Floats;
  readonly givenByBatch: ReadonlyMap<number, readonly number[]>;
  readonly decisions: Decisions;
  /** Commands that are ticks, in their order. */
  readonly ticks: Int32Array;
  /** What was proposed and did not happen, by the number of its tick. */
  readonly held: ReadonlyMap<number, readonly HeldAction[]>;
  readonly health: readonly HealthCheck[];
  readonly ties: readonly Tie[];
  /** True when the window defines an account. */
  readonly definesAccounts: boolean;
  /** The command that made each position that the window made, in the order of their rows. */
  readonly made: Whole;
  /** Why no cone can be had of this window, where that is so: a full replay decides. */
  readonly beyond: string | undefined;
}

export interface TouchIndex extends TouchNotes {
  /** Commands by the market that they touch; group 0 is those that touch the venue or a balance. */
  readonly byMarket: Postings;
  /** The command that made a position of the end; −1 where it was there before. What a forced action made, its tick made. */
  readonly madeBy: (row: number) => number;
  /** How many positions each account has at the end. */
  readonly positionCounts: Int32Array;
  /** Rows of positions by market at the end, and of positions and live orders at the start. */
  readonly positions: Postings;
  readonly startPositions: Postings;
  readonly startOrders: Postings;
}

/** The index that follows from what was noted. */
export function completeIndex(notes: TouchNotes): TouchIndex {
  const { start, end, touched, made } = notes;
  const keys = touched.values.map((touch) =>
    touch > 0 ? touch : touch === TOUCHES.VENUE || touch === TOUCHES.MONEY ? 0 : -1,
  );
  return {
    ...notes,
    byMarket: new Postings(keys, touched.length, end.market.rows),
    madeBy: (row) => (row < start.position.rows ? -1 : made.at(row - start.position.rows)),
    positionCounts: positionCountsOf(end),
    positions: positionsByMarket(end),
    startPositions: positionsByMarket(start),
    startOrders: ordersByMarket(start),
  };
}

function positionCountsOf({ position, account }: State): Int32Array {
  const counts = new Int32Array(account.rows);
  for (let row = 1; row < position.rows; row++) {
    const owner = position.i32[row * position.rowWords + POSITION.ACCOUNT] as number;
    counts[owner] = (counts[owner] as number) + 1;
  }
  return counts;
}

function positionsByMarket({ position, market }: State): Postings {
  const keys = new Int32Array(position.rows).fill(-1);
  for (let row = 1; row < position.rows; row++) {
    keys[row] = position.i32[row * position.rowWords + POSITION.MARKET] as number;
  }
  return new Postings(keys, position.rows, market.rows);
}

function ordersByMarket({ order, market }: State): Postings {
  const keys = new Int32Array(order.rows).fill(-1);
  for (let row = 1; row < order.rows; row++) {
    const at = row * order.rowWords;
    if (order.i32[at + ORDER.SIZE] !== 0) keys[row] = order.i32[at + ORDER.MARKET] as number;
  }
  return new Postings(keys, order.rows, market.rows);
}
