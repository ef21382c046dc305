/** Broken commands: one number of a well-formed one replaced by something that should not be there. */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import type { Random } from './random.ts';

const FLOATS = [Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5, -1, 2 ** 53, 2 ** 60, 5e-324];
const WORDS = [0, 1, -1, 2, 3, 64, 65, 2 ** 30, -(2 ** 31), 2 ** 31 - 1];

/** Replaces a word or a float in the rows from `first` on; words of the first 64 bytes more often than others. */
export function corrupt(random: Random, buffer: CommandBuffer, first: number): void {
  const rows = random.chance(700_000) ? 1 : buffer.rows - first;
  if (random.chance(400_000)) {
    const at = first * 8 + random.below(rows * 8);
    buffer.f64[at] = FLOATS[random.below(FLOATS.length)] as number;
  } else {
    const at = first * 16 + random.below(rows * 16);
    buffer.i32[at] = WORDS[random.below(WORDS.length)] as number;
  }
}
