/**
 * Feeds that are mapped to each other's markets: two that changed places, or a whole table that is shifted by one. Each of them jumps
 * onto about what another one cost, and that one has left its price as well: around a circle, which no market makes. In a crash,
 * when many jump, some come to lie like that by chance: so most of those that jumped must. A table that is shifted need not be a whole
 * circle, where a feed of it fell silent or is cut off at the end of a range: then far more of them must, and have changed by more.
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

/** Of a table that is no circle so many markets at least, and three of four of all that jumped, came to a price that another one left. */
const LEAST_MARKETS = 3;
/** By so much each of them changed: in the fastest markets there are two or three such jumps within a tick, not most of all. */
const LEAST_FAR_CHANGE = 1.5;

/** By market, the one whose feed came to it; empty when what jumped does not lie as a table of feeds that is wrong does. */
export function mappedFeeds(jumps: ReadonlyMap<number, Jump>): ReadonlyMap<number, number> {
  const onto = new Map<number, Set<number>>();
  for (const [market, jump] of jumps) {
    const others = [...jumps].filter(([other, each]) => other !== market && isOnto(jump, each));
    onto.set(market, new Set(others.map(([other]) => other)));
  }
  const shifted = shiftedTable(jumps, onto);
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
  if (!isFar || onto.size * 2 < jumps.size) return shifted;
  return new Map([...onto].map(([market, [other]]) => [market, other ?? (jumps.get(market)?.remapped as number)]));
}

/** The feeds of a table that is shifted and no circle; those that came nowhere have that of a market to whose price nobody came. */
function shiftedTable(
  jumps: ReadonlyMap<number, Jump>,
  onto: ReadonlyMap<number, ReadonlySet<number>>,
): ReadonlyMap<number, number> {
  const shifted = new Map<number, number>();
  const left = new Set(jumps.keys());
  const lost: number[] = [];
  for (const [market, jump] of jumps) {
    if (changeOf(jump) < LEAST_FAR_CHANGE) continue;
    // Each price is come to once: feeds that changed places did not multiply.
    const other = [...(onto.get(market) as ReadonlySet<number>)].find((each) => left.has(each));
    if (other === undefined) lost.push(market);
    else {
      left.delete(other);
      shifted.set(market, other);
    }
  }
  if (shifted.size < LEAST_MARKETS || shifted.size * 4 < jumps.size * 3) return new Map();
  for (const market of lost) shifted.set(market, [...left].find((each) => each !== market) ?? market);
  return shifted;
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
