/**
 * What a jump looks like that no market makes: by a power of ten (a unit or scale that changed), by a whole number (a split or a
 * redenomination that nobody declared), or onto the price of another market (a feed that is mapped to the wrong one).
 */

/** How near a ratio must be to a power of ten, and to another whole number; ppm. */
const POWER_PPM = 5_000;
const WHOLE_PPM = 3_000;
const LARGEST_POWER = 12;
const WHOLE_NUMBERS = [2, 3, 4, 5, 6, 7, 8, 9, 20, 25, 50];

/** How many times a price must have changed for it to mean anything that it is another market's. */
const REMAP_CHANGE = 1.5;

/** How much further a price can have moved by itself in a second of silence, once it is longer than usual, and at most; ppm. */
const DRIFT_PPM = 500;
const LARGEST_DRIFT_PPM = 50_000;
const USUAL_SILENCE_MS = 30_000;

/**
 * The pattern of a jump in words, undefined when it has none; `ageMs` has passed since the price before. In a `violent` market, one
 * that just moved as far as whole numbers are apart, a whole number is chance, and only a power of ten says something.
 */
export function patternOf(before: number, after: number, ageMs = 0, isViolent = false): string | undefined {
  if (!(before > 0 && after > 0)) return undefined;
  const ratio = Math.max(before, after) / Math.min(before, after);
  const silentMs = Math.max(0, ageMs - USUAL_SILENCE_MS);
  const drift = Math.min(LARGEST_DRIFT_PPM, (silentMs / 1000) * DRIFT_PPM);
  const way = after > before ? 'times' : 'part';
  for (let power = 1, times = 10; power <= LARGEST_POWER; power++, times *= 10) {
    if (isNear(ratio, times, POWER_PPM + drift)) return `10^${power} ${way}: unit or scale`;
  }
  if (isViolent) return undefined;
  for (const number of WHOLE_NUMBERS) {
    if (isNear(ratio, number, WHOLE_PPM + drift)) return `${number} ${way}: split or redenomination`;
  }
  return undefined;
}

/** True when a price jumped onto another market's, to the unit: in a fast market one is soon near some other by chance. */
export function isRemap(before: number, after: number, other: number): boolean {
  const change = Math.max(before, after) / Math.min(before, after);
  return before > 0 && change > REMAP_CHANGE && Math.abs(after - other) < 1;
}

function isNear(value: number, other: number, ppm: number): boolean {
  return Math.abs(value - other) * 1e6 <= other * ppm;
}
