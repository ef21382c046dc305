/**
 * Attribution: which part of a difference is due to which cause. The amount due never depends on the order in which causes are
 * undone, the parts do; so each cause gets the mean of what it adds over all orders (Shapley 1953). Parts are whole and sum to the
 * difference exactly: what rounding leaves goes to the causes with the largest remainders, the earlier named first.
 */
import { floorOf } from '../guard/exact.ts';

/** More causes than this would need too many worlds: 2^n of them. */
const MOST_CAUSES = 4;

/**
 * The parts of `worth(all) − worth(none)` by cause, in the order of the causes. `worth(set)` is the equity in the world in which the
 * causes of the set (bit n: cause n) are undone. Refuses (throws) more than `MOST_CAUSES` causes.
 */
export function attribute(causes: number, worth: (set: number) => bigint): bigint[] {
  if (causes > MOST_CAUSES) throw new RangeError(`${causes} causes at once, at most ${MOST_CAUSES}`);
  const worlds = Array.from({ length: 1 << causes }, (_, set) => worth(set));
  const orders = factorial(causes);
  const scaled = Array.from({ length: causes }, (_, cause) => {
    let sum = 0n;
    for (let set = 0; set < worlds.length; set++) {
      if ((set & (1 << cause)) !== 0) continue;
      const size = bits(set);
      const weight = factorial(size) * factorial(causes - size - 1);
      sum += weight * ((worlds[set | (1 << cause)] as bigint) - (worlds[set] as bigint));
    }
    return sum;
  });
  return inWhole(scaled, orders);
}

/** Whole parts of scaled ones, rounded down, with what is left given to the largest remainders: they sum to the whole exactly. */
function inWhole(scaled: readonly bigint[], scale: bigint): bigint[] {
  const parts = scaled.map((value) => floorOf(value, scale));
  const sum = scaled.reduce((total, value) => total + value, 0n) / scale;
  let left = sum - parts.reduce((total, part) => total + part, 0n);
  const rests = scaled.map((value, cause) => ({ cause, rest: value - (parts[cause] as bigint) * scale }));
  rests.sort((a, b) => (a.rest === b.rest ? a.cause - b.cause : a.rest > b.rest ? -1 : 1));
  for (const { cause } of rests) {
    if (left === 0n) break;
    parts[cause] = (parts[cause] as bigint) + 1n;
    left -= 1n;
  }
  return parts;
}

function factorial(n: number): bigint {
  return n <= 1 ? 1n : BigInt(n) * factorial(n - 1);
}

function bits(set: number): number {
  let count = 0;
  for (let rest = set; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
