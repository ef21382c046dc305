/** Wide values of the guard's images, in two limbs as the rows have them: high × 2^50 + low. It shares no code with the engine. */
import { floorOf } from './exact.ts';

const LIMB = 2 ** 50;
const BIG_LIMB = 1n << 50n;

/** Adds a whole number below 2^52 to the wide value at `at`: the sum of a limb and such an amount is exact. */
export function addExact(values: Float64Array, at: number, amount: number): void {
  const low = (values[at + 1] as number) + amount;
  if (low >= 0 && low < LIMB) {
    values[at + 1] = low;
    return;
  }
  const carry = Math.floor(low / LIMB);
  values[at + 1] = low - carry * LIMB;
  values[at] = (values[at] as number) + carry;
}

/** Adds a whole number of any size to the wide value at `at`. */
export function addWide(values: Float64Array, at: number, amount: bigint): void {
  const sum = BigInt(values[at] as number) * BIG_LIMB + BigInt(values[at + 1] as number) + amount;
  const high = floorOf(sum, BIG_LIMB);
  values[at] = Number(high);
  values[at + 1] = Number(sum - high * BIG_LIMB);
}
