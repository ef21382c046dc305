/** What the venue and a market allow now: Paradex's table of maintenance modes, written out. */
import type { Market, World } from './world.ts';

export const OK = 0;
export const POST_ONLY = 1;
export const CANCEL_ONLY = 2;
export const SETTLEMENT = 3;
export const MAINTENANCE = 4;

export type Operation = 'orders' | 'cancels' | 'liquidations' | 'triggers' | 'funding' | 'withdrawals' | 'transfers';

const bits: Record<Operation, number> = {
  orders: 1,
  cancels: 2,
  liquidations: 4,
  triggers: 8,
  funding: 16,
  withdrawals: 32,
  transfers: 64,
};

/** The mildest status that stops an operation: POST_ONLY stops liquidations and triggers, and so on. */
const stoppedFrom: Record<Operation, number> = {
  liquidations: POST_ONLY,
  triggers: POST_ONLY,
  orders: CANCEL_ONLY,
  cancels: MAINTENANCE,
  funding: SETTLEMENT,
  withdrawals: MAINTENANCE,
  transfers: MAINTENANCE,
};

/** The severer status of the venue's and the market's own. */
export function statusIn(world: World, market: Market): number {
  return Math.max(world.status, market.status);
}

/** True when the operation is stopped in the market, by status or one by one. */
export function isStoppedIn(world: World, market: Market, operation: Operation): boolean {
  const oneByOne = (world.paused & bits[operation]) !== 0 || (market.paused & bits[operation]) !== 0;
  return oneByOne || statusIn(world, market) >= stoppedFrom[operation];
}

/** True when the operation is stopped for the whole venue. */
export function isStopped(world: World, operation: Operation): boolean {
  return (world.paused & bits[operation]) !== 0 || world.status >= stoppedFrom[operation];
}
