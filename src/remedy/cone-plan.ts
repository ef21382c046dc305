/** What a correction can change, as far as can be said before anything is executed: markets, and what ties others to them. */
import { writeCommand } from '../chain/command-record.ts';
import { isHalt } from '../chain/amendment.ts';
import { AMEND_ORDER, COMMAND, COMMAND_BYTES, PLACE_ORDER } from '../engine/command.ts';
import { REFUSAL } from '../engine/refusal.ts';
import { FEE_ACCOUNT } from '../engine/state.ts';
import { ACCOUNT, POSITION } from '../engine/tables.ts';
import { placeDeviations, type PlacedDeviation } from './cone-deviations.ts';
import type { CorrectionSet } from './correction.ts';
import type { Deviation } from './deviation.ts';
import { Whole } from './numbers.ts';
import { type CorrectedSeries, correctedSample } from './correction-series.ts';
import type { Chunk, TouchIndex } from './touch-index.ts';

const WORDS = COMMAND_BYTES / 4;

/** Corrected commands by command number. */
export interface ConePlan {
  readonly corrected: ReadonlyMap<number, readonly Uint8Array[]>;
  /** What was written into the actual part alone, in its order. */
  readonly deviations: readonly PlacedDeviation[];
  readonly first: number;
  readonly last: number;
  /** Markets that the corrections touch, and accounts whose money they do. */
  readonly markets: readonly number[];
  readonly accounts: readonly number[];
}

/** The plan of a correction set, or why only a full replay can say what it changes. */
export function planCone(index: TouchIndex, corrections: CorrectionSet): ConePlan | { readonly beyond: string } {
  const why = index.beyond ?? beyondOf(index, corrections);
  if (why !== undefined) return { beyond: why };
  const corrected = new Map<number, readonly Uint8Array[]>();
  const markets = new Set<number>();
  for (const { sequence, commands } of corrections.commands) {
    const number = sequence - index.firstSequence;
    const rows = commands.map(writeCommand);
    const touched = touchesOf(index, number, rows);
    if (typeof touched === 'string') return { beyond: touched };
    for (const market of touched) markets.add(market);
    corrected.set(number, rows);
  }
  for (const { market } of corrections.series ?? []) markets.add(market);
  const written = placeDeviations(index, corrections.deviations);
  if (typeof written === 'string') return { beyond: written };
  for (const market of written.markets) markets.add(market);
  const { placed, accounts } = written;
  const series = seriesNumbers(index, corrections.series ?? []);
  const numbers = [...corrected.keys(), ...placed.map(({ before }) => before), ...series];
  return {
    corrected,
    deviations: placed,
    first: Math.min(...numbers),
    last: Math.max(...numbers, -1),
    markets: [...markets],
    accounts: [...accounts],
  };
}

/** The first and the last command of which a series says something else; none where there is none. */
function seriesNumbers(index: TouchIndex, series: readonly CorrectedSeries[]): number[] {
  if (series.length === 0) return [];
  const { chunks, chunkOf, rowOf } = index;
  const found: number[] = [];
  for (const market of new Set(series.map((each) => each.market))) {
    const own = index.byMarket.of(market);
    const isSample = (number: number): boolean => {
      const { words, floats } = chunks[chunkOf.at(number)] as Chunk;
      return correctedSample(series, words, floats, rowOf.at(number)) !== undefined;
    };
    const [first, last] = [own.find(isSample), own.findLast(isSample)];
    if (first !== undefined && last !== undefined) found.push(first, last);
  }
  return found;
}

function beyondOf(index: TouchIndex, corrections: CorrectionSet): string | undefined {
  const { deviations, release, voidedBranches, keepHalts, series } = corrections;
  if (series?.some(({ sample }) => sample === 'collateralPrice')) return 'a price that every market reads';
  if (!areSame(deviations, index.deviations)) return 'other deviations than the actual world was replayed with';
  if (release !== undefined) return 'another engine release';
  if ((voidedBranches ?? []).length > 0) return 'a dead branch in the window';
  if (!keepHalts && hasHalt(index)) return 'halts that are dropped';
  return undefined;
}

/** True when the same was written at the same places. */
function areSame(one: readonly Deviation[], two: readonly Deviation[]): boolean {
  return one === two || JSON.stringify(one) === JSON.stringify(two);
}

function hasHalt({ chunks, commands, chunkOf, rowOf, touched }: TouchIndex): boolean {
  for (let number = 0; number < commands; number++) {
    if (touched.at(number) < 0 || touched.at(number) > 0) {
      const chunk = chunks[chunkOf.at(number)];
      if (chunk !== undefined && isHalt(chunk.words, rowOf.at(number))) return true;
    }
  }
  return false;
}

/** Markets that a corrected command touches, as it was and as it should have been; or why that cannot be said. */
function touchesOf(index: TouchIndex, number: number, rows: readonly Uint8Array[]): readonly number[] | string {
  if (!(number >= 0 && number < index.commands)) return 'a command outside the window';
  const touched = index.touched.at(number);
  if (touched < 0) return 'a command that touches every market or a balance';
  const { words, floats } = index.chunks[index.chunkOf.at(number)] as { words: Int32Array; floats: Float64Array };
  const row = index.rowOf.at(number);
  if (isBeforeLate(index, number)) return 'a command behind which another came late';
  const markets = touched > 0 ? [touched] : [];
  for (const bytes of rows) {
    const copy = bytes.slice();
    const [own, times] = [new Int32Array(copy.buffer), new Float64Array(copy.buffer)];
    if (times[1] !== floats[row * 8 + 1]) return 'a command at another time';
    const market = marketOf(index, own);
    if (market === undefined || rows.length > 1) return 'a command that becomes one of another kind';
    if (own[0] !== words[row * WORDS]) return 'a command that becomes one of another kind';
    const isNamed = own[0] === COMMAND.amendOrder || own[0] === COMMAND.cancelOrder;
    if (isNamed && times[AMEND_ORDER.ORDER] !== floats[row * 8 + AMEND_ORDER.ORDER])
      return 'another order that is named';
    if (market > 0) markets.push(market);
  }
  return markets;
}

/** True when the next command was refused because its time ran backwards: without this one it would not be. */
function isBeforeLate(index: TouchIndex, number: number): boolean {
  return number + 1 < index.commands && index.refusal.at(number + 1) === REFUSAL.time_runs_backwards;
}

/** The market of a command that stands in for another; undefined where it is of a kind for which that is not said. */
function marketOf(index: TouchIndex, words: Int32Array): number | undefined {
  const market = words[PLACE_ORDER.MARKET] as number;
  switch (words[0]) {
    case COMMAND.placeOrder:
      if (words[PLACE_ORDER.CLIENT_ID_LENGTH] !== 0) return undefined;
      return market >= 1 && market < index.end.market.rows ? market : 0;
    case COMMAND.oraclePrice:
    case COMMAND.venueQuote:
      return words[4] as number;
    case COMMAND.amendOrder:
    case COMMAND.cancelOrder:
      return 0;
    default:
      return undefined;
  }
}

/** All markets that these are tied to, and who holds positions beyond them. */
export interface Part {
  readonly markets: readonly number[];
  /** By account: 1 where it holds positions in the part and elsewhere. */
  readonly isMixed: Uint8Array;
  /** Accounts that hold, or held, a position in the part; and whether one does. */
  readonly accounts: Int32Array;
  readonly isOf: (account: number) => boolean;
  /** Commands that touch the part, the venue's among them. */
  readonly commands: number;
}

/** The part of a world that these markets and whole accounts are in. */
export function partFor(index: TouchIndex, markets: Iterable<number>, accounts: Iterable<number>): Part {
  const isIn = new Uint8Array(index.end.market.rows);
  for (const market of markets) isIn[market] = 1;
  for (const account of accounts) for (const market of marketsOf(index, account)) isIn[market] = 1;
  for (let isGrowing = true; isGrowing; ) isGrowing = index.ties.some((tie) => isPulled(index, tie, isIn));
  const all = [...isIn.keys()].filter((market) => isIn[market] === 1);
  const isOf = new Int32Array(index.end.account.rows);
  const { i32 } = index.end.position;
  for (const market of all) {
    for (const row of index.positions.of(market)) {
      const account = i32[row * 32 + POSITION.ACCOUNT] as number;
      isOf[account] = (isOf[account] as number) + 1;
    }
  }
  const isMixed = new Uint8Array(index.end.account.rows);
  const own = new Whole();
  for (let account = 1; account < isOf.length; account++) if (isOf[account] !== 0) own.push(account);
  for (let account = FEE_ACCOUNT + 1; account < isMixed.length; account++) {
    if ((index.positionCounts[account] as number) > (isOf[account] as number)) isMixed[account] = 1;
  }
  const commands = [0, ...all].reduce((sum, market) => sum + index.byMarket.of(market).length, 0);
  return {
    markets: all,
    isMixed,
    accounts: own.values.subarray(0, own.length),
    isOf: (account) => isOf[account] !== 0,
    commands,
  };
}

/** Pulls in what a tie ties to the part; true when that was anything. */
function isPulled(
  index: TouchIndex,
  { markets, account }: { markets: readonly number[]; account: number },
  isIn: Uint8Array,
): boolean {
  const tied = account === 0 ? markets : marketsOf(index, account);
  if (!tied.some((market) => isIn[market] === 1)) return false;
  const missing = tied.filter((market) => isIn[market] === 0);
  for (const market of missing) isIn[market] = 1;
  return missing.length > 0;
}

/** Markets in which an account has a position, if an empty one. */
function marketsOf({ end }: TouchIndex, account: number): number[] {
  const found: number[] = [];
  const { i32 } = end.position;
  let row = end.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    found.push(i32[row * 32 + POSITION.MARKET] as number);
  }
  return found;
}
