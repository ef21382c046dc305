/** The health check: who may be liquidated, whose orders must go, what the venue could not pay. It proposes only. */
import { ACCOUNT_KIND } from '../../engine/state.ts';
import { CLOSE } from '../../engine/refusal.ts';
import { openOrdersOf } from './book.ts';
import { equityOf, initialOf, maintenanceOf } from './margin.ts';
import { absolute, ceilDivide, floorDivide, higher, limbs } from './rounding.ts';
import { isStopped, isStoppedIn } from './status.ts';
import { tell } from './tell.ts';
import { FUND, type Account, type Order, type World } from './world.ts';

const PPM = 1_000_000n;
const FACTOR_UNIT = 1_000_000_000_000n;

export function checkHealth(world: World): void {
  const traders = world.accounts.filter((account) => account?.kind === ACCOUNT_KIND.TRADER) as Account[];
  for (const account of traders) checkAccount(world, account);
  updateLossFactor(world, traders);
}

/** Margin ratio above 100 %, or nothing left, while a position is held. */
export function isLiquidatable(world: World, account: Account): boolean {
  const equity = equityOf(account);
  const holds = account.positions.some(({ size }) => size !== 0n);
  return holds && (equity <= 0n || maintenanceOf(world, account) > equity);
}

function checkAccount(world: World, account: Account): void {
  if (isLiquidatable(world, account)) {
    if (isLiquidationStopped(world, account)) return;
    const equity = limbs(equityOf(account));
    const maintenance = limbs(maintenanceOf(world, account));
    tell(world, 'liquidationDue', {
      account: account.number,
      share: liquidationShare(world, account),
      equityHigh: equity.high,
      equityLow: equity.low,
      maintenanceHigh: maintenance.high,
      maintenanceLow: maintenance.low,
    });
    return;
  }
  for (const order of ordersToDeleverage(world, account)) {
    tell(world, 'cancelDue', {
      order: order.id,
      account: account.number,
      market: order.position.market.number,
      reason: CLOSE.DELEVERAGE,
    });
  }
}

/** True when liquidations are stopped in the venue or in any market where the account holds a position. */
export function isLiquidationStopped(world: World, account: Account): boolean {
  const holding = account.positions.filter(({ size }) => size !== 0n);
  return isStopped(world, 'liquidations') || holding.some(({ market }) => isStoppedIn(world, market, 'liquidations'));
}

/** share × fee × maintenance margin, rounded down. */
export function penaltyOf(world: World, maintenance: bigint, share: bigint): bigint {
  return floorDivide(maintenance * share * world.rules.liquidation_fee, PPM * PPM);
}

/**
 * The smallest multiple of the step after which (1 − share) × maintenance, rounded up, is below target × (equity − penalty),
 * rounded down; all when none is.
 */
export function liquidationShare(world: World, account: Account): bigint {
  const { liquidation_step: step, liquidation_target: target } = world.rules;
  const equity = equityOf(account);
  const maintenance = maintenanceOf(world, account);
  for (let share = step; share < PPM; share += step) {
    const required = ceilDivide(maintenance * (PPM - share), PPM);
    const left = floorDivide((equity - penaltyOf(world, maintenance, share)) * target, PPM);
    if (required < left) return share;
  }
  return PPM;
}

/**
 * The orders that deleveraging cancels now: none while equity meets the initial margin, none of an account that is to be
 * liquidated; else all that do not offset a position, and of those that do the most passive until the rest is no more than it.
 */
export function ordersToDeleverage(world: World, account: Account): Order[] {
  if (account.kind !== ACCOUNT_KIND.TRADER || isLiquidatable(world, account)) return [];
  if (equityOf(account) >= initialOf(world, account)) return [];
  return account.positions.toReversed().flatMap((position) =>
    [false, true].flatMap((sell) => {
      const orders = openOrdersOf(position, sell);
      const offsets = position.size !== 0n && position.size > 0n === sell;
      if (!offsets) return orders;
      let total = orders.reduce((sum, order) => sum + order.remaining, 0n);
      let keep = orders.length;
      while (total > absolute(position.size)) total -= (orders[--keep] as Order).remaining;
      return orders.slice(keep);
    }),
  );
}

/**
 * B / (USDC deposited and not withdrawn + B), rounded up and at most 1, where B is what traders owe beyond their equity less
 * what the insurance fund has. Paradex, "Socialized losses" (its formula, not its example).
 */
function updateLossFactor(world: World, traders: readonly Account[]): void {
  const bankruptcy = traders.reduce((sum, account) => sum + higher(0n, -equityOf(account)), 0n);
  const uncovered = bankruptcy - higher(0n, (world.accounts[FUND] as Account).balance);
  const whole = world.deposited - world.withdrawn + uncovered;
  const factor = uncovered <= 0n ? 0n : whole <= uncovered ? FACTOR_UNIT : ceilDivide(uncovered * FACTOR_UNIT, whole);
  if (factor === world.lossFactor) return;
  world.lossFactor = factor;
  const { high, low } = limbs(bankruptcy);
  tell(world, 'lossFactorSet', { factor, bankruptcyHigh: high, bankruptcyLow: low });
}
