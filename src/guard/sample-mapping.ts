/**
 * Feeds that are mapped to each other's markets: two that changed places, or a whole table that is shifted by one. Each of them jumps
 * onto about what another one cost, and that one has left its price as well: around a circle, which no market makes.
 */

/** What the sources of a market jumped from and to in one tick, in USDC, and how many price units a USDC is there. */
export interface Jump {
  readonly before: number;
  readonly after: number;
  readonly units: number;
}

/** How near a market's new price must be to what the other one cost when it was last heard of, ppm: some seconds apart. */
const NEAR_PPM = 20_000;

/**
 * The market whose feed came to `market`, undefined when none did. `jumps` holds all that jumped, by market; `isRemapped` knows
 * those whose new price is another one's to the unit: a shift need not be a circle then.
 */
export function mappedTo(
  jumps: ReadonlyMap<number, Jump>,
  market: number,
  isRemapped: (market: number) => boolean,
): number | undefined {
  const start = jumps.get(market);
  if (start === undefined) return undefined;
  for (const [other, jump] of jumps) {
    if (other !== market && isOnto(start, jump) && leadsBack(jumps, market, other, isRemapped)) return other;
  }
  return undefined;
}

/** True when one can go from a jump to the next one, each onto where that one was, and come to `market` again. */
function leadsBack(
  jumps: ReadonlyMap<number, Jump>,
  market: number,
  from: number,
  isRemapped: (market: number) => boolean,
): boolean {
  const seen = new Set([from]);
  for (const at of seen) {
    const jump = jumps.get(at) as Jump;
    if (isOnto(jump, jumps.get(market) as Jump) || isRemapped(at)) return true;
    for (const [next, other] of jumps) if (next !== market && isOnto(jump, other)) seen.add(next);
  }
  return false;
}

/** True when a price is about what another market cost, as the same number or as the same value. */
function isOnto({ after, units }: Jump, other: Jump): boolean {
  return isNear(after, other.before) || isNear(after / units, other.before / other.units);
}

function isNear(price: number, other: number): boolean {
  return Math.abs(price - other) * 1e6 <= other * NEAR_PPM;
}
