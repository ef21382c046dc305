/** Prices of a random flow: a walk with crashes and spikes, sources that fall silent, lag, or say nonsense; and the clock. */
import { type CommandBuffer } from '../engine/command-buffer.ts';
import { QUOTE_KNOWN_ALL } from '../engine/command.ts';
import type { FlowWorld, KnownMarket } from './random-flow-world.ts';

const LARGEST = 2 ** 42;

/** Moves the true spot: a little mostly, a crash or a spike sometimes. */
function walk(world: FlowWorld, market: KnownMarket): void {
  const { random } = world;
  const violent = random.chance(world.violentSteps);
  const factor = violent ? 1 + random.bell() * 1.2 : 1 + random.bell() * 0.004;
  // A little back towards where it began, so that a flow does not end at nothing.
  const pulled = market.truth + (market.start - market.truth) * 0.005;
  market.truth = Math.max(1, Math.min(LARGEST, Math.round(pulled * Math.max(0.05, factor))));
}

function near(world: FlowWorld, price: number, ppm: number): number {
  const { random } = world;
  if (random.chance(world.nonsense)) return random.chance(500_000) ? 1 : Math.round(price * 100_000);
  return Math.max(1, Math.round(price * (1 + (random.bell() * ppm) / 1e6)));
}

/** When a source says that it observed: mostly now, sometimes long ago, sometimes in the future. */
function observedMs(world: FlowWorld): number {
  const { random, timeMs } = world;
  if (random.chance(900_000)) return timeMs;
  return timeMs + random.between(-60_000, 10);
}

export function oraclePrice(world: FlowWorld, buffer: CommandBuffer): void {
  const market = world.anyMarket();
  if (market === undefined) return;
  walk(world, market);
  const price = near(world, market.truth, 500);
  const source = world.random.chance(30_000) ? 4 : world.random.below(2);
  buffer.oraclePrice(world.timeMs, market.number, source, price, observedMs(world));
}

/** Every market from both sources: what keeps a spot alive. */
export function oracleRound(world: FlowWorld, buffer: CommandBuffer): void {
  for (const market of world.markets) {
    walk(world, market);
    for (const source of [0, 1]) {
      buffer.oraclePrice(world.timeMs, market.number, source, near(world, market.truth, 300), world.timeMs);
    }
  }
}

export function venueQuote(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const market = world.anyMarket();
  if (market === undefined) return;
  const known = random.chance(800_000) ? QUOTE_KNOWN_ALL : random.below(17);
  const price = (ppm: number): number => near(world, market.truth, ppm);
  buffer.venueQuote(
    world.timeMs,
    market.number,
    random.below(5),
    known,
    observedMs(world),
    price(3_000),
    price(500),
    price(4_000),
    price(4_000),
  );
}

/** USDC is worth a dollar, about. */
export function collateralPrice(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const broken = random.chance(10_000) ? random.below(3) : 3;
  const price = [1, 12_345, 10_000_000_000, 100_000_000 + random.between(-200_000, 200_000)][broken] as number;
  buffer.collateralPrice(world.timeMs, price, observedMs(world));
}

/** Lets time pass: mostly milliseconds, sometimes longer than a gap, rarely hours. */
export function passTime(world: FlowWorld): void {
  const { random } = world;
  const dice = random.below(1_000);
  if (dice < 700) world.timeMs += random.below(120);
  else if (dice < 990) world.timeMs += random.below(1_200);
  else if (dice < 998) world.timeMs += random.between(5_000, 40_000);
  else world.timeMs += random.between(1_000_000, 30_000_000);
}
