/** A tick of the clock: prices and funding of every market, then what has become due. */
import { CLOSE } from '../../engine/refusal.ts';
import { FUNDING_PAUSE } from '../../engine/tick.ts';
import { isBeyondFair } from './check.ts';
import { advanceIndex, premiumRate, updateRate } from './funding.ts';
import { checkHealth } from './health.ts';
import { freshSpot, updatePrices } from './price.ts';
import { isFresh } from './samples.ts';
import { proposeSettlements } from './settlement.ts';
import { CANCEL_ONLY, isStoppedIn, POST_ONLY, statusIn } from './status.ts';
import { tell } from './tell.ts';
import type { Market, Order, World } from './world.ts';

export function tick(world: World): void {
  const markets = world.markets.filter((market) => market !== undefined);
  for (const market of markets) tickMarket(world, market);
  for (const market of markets) {
    if (!isStoppedIn(world, market, 'triggers')) proposeTriggers(world, market);
    proposeBandCancels(world, market);
  }
  if (BigInt(world.timeMs - world.healthMs) >= world.rules.health_interval) {
    world.healthMs = world.timeMs;
    proposeSettlements(world);
    checkHealth(world);
  }
}

function tickMarket(world: World, market: Market): void {
  const elapsedMs = market.tickMs === undefined ? 0 : world.timeMs - market.tickMs;
  const spot = freshSpot(world, market);
  const premium = spot === undefined ? undefined : premiumRate(world, market, spot);
  const pause = pauseCause(world, market, spot, premium, elapsedMs);
  // By the premium of the tick before, so never at the first tick of a market.
  const moves = pause === FUNDING_PAUSE.NONE && market.tickMs !== undefined;
  const cause = moves && !advanceIndex(market, elapsedMs) ? FUNDING_PAUSE.RANGE : pause;
  if (spot !== undefined) updatePrices(world, market, spot, elapsedMs);
  if (spot !== undefined && premium !== undefined) updateRate(world, market, premium, spot, elapsedMs);
  market.tickMs = world.timeMs;
  tellPause(world, market, cause);
  if (spot !== undefined) tellMarked(world, market);
}

/** Why nothing accrues over the time that ends now; the first reason of this order. */
function pauseCause(
  world: World,
  market: Market,
  spot: bigint | undefined,
  premium: bigint | undefined,
  elapsedMs: number,
): number {
  if (isStoppedIn(world, market, 'funding')) return FUNDING_PAUSE.PAUSED;
  if (!isFresh(world, world.collateral, world.rules.oracle_age)) return FUNDING_PAUSE.NO_COLLATERAL;
  if (spot === undefined) return FUNDING_PAUSE.NO_SPOT;
  if (premium === undefined) return FUNDING_PAUSE.NO_PREMIUM;
  return BigInt(elapsedMs) > world.rules.funding_gap ? FUNDING_PAUSE.GAP : FUNDING_PAUSE.NONE;
}

function tellPause(world: World, market: Market, cause: number): void {
  const accrues = cause === FUNDING_PAUSE.NONE;
  if (accrues === market.accruing) return;
  tell(world, 'fundingPaused', { market: market.number, cause, sinceMs: market.sinceMs });
  market.accruing = accrues;
  market.sinceMs = world.timeMs;
}

function tellMarked(world: World, market: Market): void {
  const { spot, mark, fairBasis, externalFair, fundingIndex } = market;
  tell(world, 'marked', {
    market: market.number,
    spot: spot ?? 0n,
    mark: mark ?? 0n,
    fairBasis,
    externalFair,
    premiumRate: market.premiumRate,
    fundingRate: market.fundingRate ?? 0n,
    fundingIndex,
  });
}

/** Orders that fire above, lowest trigger first, then those that fire below, highest first. */
function proposeTriggers(world: World, market: Market): void {
  const { mark, units, waiting } = market;
  if (mark === undefined) return;
  const above = waiting.filter((order) => order.above && order.trigger * units <= mark);
  const below = waiting.filter((order) => !order.above && order.trigger * units >= mark);
  above.sort((a, b) => Number(a.trigger - b.trigger));
  below.sort((a, b) => Number(b.trigger - a.trigger));
  for (const order of [...above, ...below]) {
    tell(world, 'triggerDue', { order: order.id, account: order.position.account.number, market: market.number, mark });
  }
}

/** Whether an order rests outside the band of a restricted mode. */
export function isOutsideBand(world: World, order: Order): boolean {
  const { market } = order.position;
  const status = statusIn(world, market);
  const banded = status === POST_ONLY || status === CANCEL_ONLY;
  if (order.waits || !banded || market.externalBasis === undefined) return false;
  return isBeyondFair(world, market, order.sell, order.price);
}

/** Buys, then sells, most aggressive first. */
function proposeBandCancels(world: World, market: Market): void {
  for (const order of [...market.buys, ...market.sells]) {
    if (!isOutsideBand(world, order)) continue;
    tell(world, 'cancelDue', {
      order: order.id,
      account: order.position.account.number,
      market: market.number,
      reason: CLOSE.PRICE_OUTSIDE_BANDS,
    });
  }
}
