/**
 * The cone of a correction: all that it changes, found by executing only what it can have changed. Its grain is the market: within one,
 * prices and funding follow from the book, so that any difference there reaches every position at the next tick; between markets nothing
 * passes but decisions about the margin of accounts that stand in several, and those are checked by the slack that they had. What the
 * cone cannot say exactly it does not say: then a full replay decides (`beyond` tells why).
 */
import { COMMAND, COMMAND_BYTES } from '../engine/command.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, POSITION } from '../engine/tables.ts';
import type { AccountDifferences } from './cone-accounts.ts';
import { type ConeObserver, ConePass, type PassResult } from './cone-pass.ts';
import { type Part, partFor, planCone } from './cone-plan.ts';
import { comesOutAsItWas } from './cone-same.ts';
import type { CorrectionSet } from './correction.ts';
import type { Unwind } from './other-world.ts';
import type { TouchIndex } from './touch-index.ts';

export interface ConeOptions {
  /** How the insurance fund works off what it holds, where that is something else; without it its orders are taken as recorded. */
  readonly unwind?: Unwind;
  /** Share of the window's commands (ppm) that the part may have; beyond it a full replay costs hardly more. */
  readonly mostPpm?: number;
  /** Is shown what happens in the part, in both worlds, of the last pass and of those before it: a new pass calls `restart`. */
  readonly observe?: ConeObserver;
  readonly restart?: () => void;
}

export interface Cone {
  readonly kind: 'cone';
  readonly part: Part;
  /** The part of either world at the window's end (or at `until`, from where on both are the same). */
  readonly actual: State;
  readonly other: State;
  /** The command that made each position that the other part has since the start. */
  readonly madeInOther: ReadonlyMap<number, number>;
  /** Withdrawals of the actual world that the other one refused, rising. */
  readonly withheld: readonly number[];
  /** The command behind which both parts were the same again; the window's end where they never were. */
  readonly until: number;
  readonly isSameAgain: boolean;
  readonly passes: number;
  /** Commands executed in each part, over all passes; those of the last one that told something else, and accounts that differ. */
  readonly executed: number;
  readonly differing: number;
  readonly accounts: number;
}

export type ConeResult = Cone | { readonly kind: 'beyond'; readonly why: string; readonly executed: number };

const MOST_PPM = 500_000;
const MILLION = 1_000_000;

/** The cone of the corrections over the window of the index, or why there is none. */
export function cone(index: TouchIndex, corrections: CorrectionSet, options: ConeOptions = {}): ConeResult {
  const plan = planCone(index, corrections);
  if ('beyond' in plan) return { kind: 'beyond', why: plan.beyond, executed: 0 };
  const markets = new Set(plan.markets);
  const accounts = new Set(plan.accounts);
  const { unwind, observe } = options;
  const most = ((options.mostPpm ?? MOST_PPM) / MILLION) * index.commands;
  let executed = 0;
  for (let passes = 1; ; passes++) {
    const part = partFor(index, markets, accounts);
    if (part.commands + executed > most) {
      const why = `${part.markets.length} markets, ${part.commands} of ${index.commands} commands`;
      return { kind: 'beyond', why, executed };
    }
    options.restart?.();
    const result = new ConePass(index, plan, part, corrections.series ?? [], { observe, unwind }).run();
    executed += result.executed;
    if (result.beyond !== undefined) return { kind: 'beyond', why: result.beyond, executed };
    if (result.joined.size === 0) {
      const why = doubtOf(index, part, result);
      if (why !== undefined) return { kind: 'beyond', why, executed };
      return found(index, part, result, passes, executed);
    }
    const before = markets.size + accounts.size;
    for (const account of result.joined) accounts.add(account);
    for (const market of result.joinedMarkets) markets.add(market);
    for (const market of part.markets) markets.add(market);
    if (markets.size + accounts.size === before)
      return { kind: 'beyond', why: 'a decision that has no slack', executed };
  }
}

/** Why the part cannot be trusted, or its positions not be put in their order; undefined where neither is so. */
function doubtOf(index: TouchIndex, part: Part, { actual, other, madeInOther, until }: PassResult): string | undefined {
  if (until === index.commands && !comesOutAsItWas(index, actual, part)) return 'the part alone is not what it was';
  const { account, position } = index.end;
  for (const [row, number] of madeInOther) {
    if (!isTick(index, number)) continue;
    const owner = other.position.i32[row * 32 + POSITION.ACCOUNT] as number;
    let at = account.i32[owner * 16 + ACCOUNT.FIRST_POSITION] as number;
    for (; at !== 0; at = position.i32[at * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
      const isElsewhere = !part.markets.includes(position.i32[at * 32 + POSITION.MARKET] as number);
      if (isElsewhere && index.madeBy(at) === number) return 'positions that one tick made in both';
    }
  }
  return undefined;
}

/** Only what is forced behind a tick makes positions in several markets under one number. */
function isTick({ chunks, chunkOf, rowOf }: TouchIndex, number: number): boolean {
  const chunk = chunks[chunkOf.at(number)];
  return chunk?.words[rowOf.at(number) * (COMMAND_BYTES / 4)] === COMMAND.tick;
}

function found(index: TouchIndex, part: Part, result: PassResult, passes: number, executed: number): Cone {
  return {
    kind: 'cone',
    part,
    actual: result.actual,
    other: result.other,
    madeInOther: result.madeInOther,
    withheld: result.withheld,
    until: result.until,
    isSameAgain: result.until < index.commands,
    passes,
    executed,
    differing: result.differing,
    accounts: countDifferent(result.differences),
  };
}

function countDifferent({ difference, balance }: AccountDifferences): number {
  let count = 0;
  for (let account = 0; account < difference.length; account++) {
    if (difference[account] !== 0 || balance[account] !== 0) count++;
  }
  return count;
}
