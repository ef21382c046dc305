/**
 * Feeds that are mapped to each other's markets: two that changed places, or a whole table that is shifted by one. Each of them jumps
 * onto about what another one cost, and that one has left its price as well: around a circle, which no market makes. In a crash,
 * when many jump, some come to lie like that by chance: so most of those that jumped must.
 */

/** What the sources of a market jumped from and to in one tick, in USDC, and how many price units a USDC is there. */
export interface Jump {
  readonly before: number;
  readonly after: number;
  readonly units: number;
  /** The market whose price it is to the unit: a shift need not be a circle then. */
  readonly remapped: number | undefined;
}

/** How near a market's new price must be to what the other one cost when it was last heard of, ppm: some seconds apart. */
const NEAR_PPM = 20_000;

/** Prices that are all nearer to each other than this come to each other's places by themselves. */
const LEAST_CHANGE = 1.25;

/** By market, the one whose feed came to it; empty when it is less than half of what jumped. */
export function mappedFeeds(jumps: ReadonlyMap<number, Jump>): ReadonlyMap<number, number> {
  const onto = new Map<number, Set<number>>();
  for (const [market, jump] of jumps) {
    const others = [...jumps].filter(([other, each]) => other !== market && isOnto(jump, each));
    onto.set(market, new Set(others.map(([other]) => other)));
  }
  // What leads nowhere leads to no circle.
  for (let left = 0; left !== onto.size; ) {
    left = onto.size;
    for (const [market, others] of onto) {
      if (others.size > 0 || jumps.get(market)?.remapped !== undefined) continue;
      onto.delete(market);
      for (const each of onto.values()) each.delete(market);
    }
  }
  const isFar = [...onto.keys()].some((market) => changeOf(jumps.get(market) as Jump) >= LEAST_CHANGE);
  if (!isFar || onto.size * 2 < jumps.size) return new Map();
  return new Map([...onto].map(([market, [other]]) => [market, other ?? (jumps.get(market)?.remapped as number)]));
}

function changeOf({ before, after }: Jump): number {
  return Math.max(before, after) / Math.min(before, after);
}

/** True when a price is about what another market cost, as the same number or as the same value. */
function isOnto({ after, units }: Jump, other: Jump): boolean {
  return isNear(after, other.before) || isNear(after / units, other.before / other.units);
}

function isNear(price: number, other: number): boolean {
  return Math.abs(price - other) * 1e6 <= other * NEAR_PPM;
}
