/**
 * The restart race of 19 January 2026: a service started while rows were still being copied into the larger database. What a process
 * loads then is whole but for the rows that had not arrived: of those markets the funding index and what its last division left are
 * zero, the default of a column that nobody filled.
 */
import type { Block } from '../../chain/block.ts';
import { loadSnapshot, readerOf, type SnapshotResult, writeSnapshot } from '../../chain/snapshot.ts';
import { touchAll } from '../../chain/touched-pages.ts';
import type { State } from '../../engine/state.ts';
import { MARKET } from '../../engine/tables.ts';
import { crc32, sha256 } from '../../journal/node-digest.ts';
import type { MarketDay } from '../market-day.ts';
import { Random } from '../random.ts';
import { lifeOf } from './drill-day.ts';

/** Rows that had not arrived, beside those that every race of a drill is about. */
const MORE_ROWS = 5;

/** A market that the drill was asked to corrupt is none of the day's. */
class UnknownMarket extends Error {
  readonly code = 'unknown_market';
  constructor(name: string, names: readonly string[]) {
    super(`there is no market ${name}; the day's are ${names.join(', ')}`);
    this.name = 'UnknownMarket';
  }
}

/**
 * Rows of the markets whose copies had not arrived, ascending: those that are named; or, drawn by the seed, some, among them the most
 * traded market and the oldest one in which shorts paid. Refuses (throws `UnknownMarket`) names that the day does not have.
 */
export function markets(day: MarketDay, seed: number, named: readonly string[] | undefined): number[] {
  const names = day.markets.map(({ name }) => name);
  if (named !== undefined) {
    return named
      .map((name) => {
        const place = names.findIndex((each) => each === name || each === `${name}-USD-PERP`);
        if (place < 0) throw new UnknownMarket(name, names);
        return place + 1;
      })
      .sort((a, b) => a - b);
  }
  const rows = new Set([1]);
  const negative = names.findIndex((_, place) => lifeOf(place).paid < 0);
  if (negative >= 0) rows.add(negative + 1);
  const random = new Random(seed).fork('restart race');
  while (rows.size < Math.min(names.length, MORE_ROWS + 2)) rows.add(1 + random.below(names.length));
  return [...rows].sort((a, b) => a - b);
}

/** Zeroes the indexes in a state, as the race did; everything that a process derives from its tables is made anew. */
export function zeroIndexes(state: State, rows: readonly number[]): void {
  for (const row of rows) {
    state.market.f64[row * 128 + MARKET.FUNDING_INDEX] = 0;
    state.market.f64[row * 128 + MARKET.FUNDING_REMAINDER] = 0;
    state.market.touch(row);
  }
  state.index.restore(state);
}

/** What the database holds: the bytes of a state under the block that it should be of. */
export function copyOf(state: State, block: Block): Uint8Array {
  const parts = [...writeSnapshot(state, block, sha256, crc32)].map((part) => part.slice());
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Loads a copy as the product does: what its block does not vouch for is refused by name. */
export function load(bytes: Uint8Array, block: Block): SnapshotResult {
  return loadSnapshot(readerOf(bytes), block, sha256, crc32);
}

/** The careless operator: takes what was read, whatever was said of it. Throws where there is nothing that could be read. */
export function trust(result: SnapshotResult): State {
  const state = 'state' in result ? result.state : result.refusal.suspect;
  if (state === undefined) throw new Error('there is nothing that could be trusted');
  touchAll(state);
  state.index.restore(state);
  return state;
}
