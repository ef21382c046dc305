/** Blocks that nobody traded: a crash of every price and back, with ticks that charge funding between. */
import { CommandBuffer } from '../engine/command-buffer.ts';

/** Moves of all prices, ppm, one for each made-up block in turn. */
const MOVES = [1_000_000, 800_000, 800_000, 1_300_000, 500_000, 1_000_000];
const STEP_MS = 5000;

/** The commands of made-up block `n`, behind a state at `timeMs` with these spot prices by the markets' numbers. */
export function madeUpCommands(timeMs: number, spots: ReadonlyMap<number, number>, n: number): CommandBuffer {
  const buffer = new CommandBuffer();
  const move = MOVES[n % MOVES.length] as number;
  const atMs = timeMs + STEP_MS;
  for (const [market, spot] of spots) {
    // Rounded down to whole price units: both sides are given the same.
    if (spot > 0) buffer.oraclePrice(atMs, market, 0, Math.max(1, Math.floor(spot / 1e6) * move), atMs);
  }
  buffer.tick(atMs);
  return buffer;
}
