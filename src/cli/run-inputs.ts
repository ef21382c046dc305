// What decides every command of a run, as one digest: two runs with the same digest are the same run.
import { createHash, type Hash } from 'node:crypto';
import type { MarketDay } from '../sim/market-day.ts';

/** SHA-256, as hexadecimal digits, of the day (its markets, parameters and bars), the seed and the number of accounts. */
export function inputsDigest(day: MarketDay, seed: number, accounts: number): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ day: day.day, tickMs: day.tickMs, seed, accounts }));
  for (const { name, definition, path, venues } of day.markets) {
    hash.update(JSON.stringify({ name, definition, venues: venues.map((venue) => venue.name) }));
    addBars(hash, path.bars);
    for (const { bars } of venues) if (bars !== undefined) addBars(hash, bars);
  }
  return hash.digest('hex');
}

function addBars(hash: Hash, bars: object): void {
  for (const [name, value] of Object.entries(bars)) {
    hash.update(name);
    if (!ArrayBuffer.isView(value)) hash.update(JSON.stringify(value));
    else hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
}
