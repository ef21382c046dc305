/** Settlement of delisted markets: every trader's position is closed at the mark of the last tick, the insurance fund against it. */
import type { Refusal } from '../../engine/refusal.ts';
import { close } from './book.ts';
import { isStopped, SETTLEMENT } from './status.ts';
import { takePosition } from './take-position.ts';
import { tell } from './tell.ts';
import { FEES, positionIn, traderOf, type Market, type Position, type World } from './world.ts';

const WHOLE = 1_000_000n;
const LIQUIDATIONS = 4;

/** Who stops liquidations in the venue, or one by one in the market, stops settlements. */
function isSettlementStopped(world: World, market: Market): boolean {
  return isStopped(world, 'liquidations') || (market.paused & LIQUIDATIONS) !== 0;
}

function isMarkOfLastTick(market: Market): boolean {
  return market.mark !== undefined && market.markMs === market.tickMs;
}

/** Lots, or orders, which can never trade again. */
function isOpen({ size, orders }: Position): boolean {
  return size !== 0n || orders.length > 0;
}

/** In the order in which the positions were opened, of all accounts. */
export function proposeSettlements(world: World): void {
  const positions = world.openings.filter(({ account }) => account.number > FEES);
  for (const position of positions) {
    const { account, market, size } = position;
    if (market.status !== SETTLEMENT || !isOpen(position)) continue;
    if (isSettlementStopped(world, market) || !isMarkOfLastTick(market)) continue;
    tell(world, 'settlementDue', { account: account.number, market: market.number, size, mark: market.mark as bigint });
  }
}

/** The position's orders end, and all of it goes to the fund. */
export function settlePosition(
  world: World,
  number: number,
  marketNumber: number,
  size: number,
  mark: number,
): Refusal {
  const market = world.markets[marketNumber];
  if (market === undefined) return 'market_unknown';
  if (world.accounts[number] === undefined) return 'account_unknown';
  const account = traderOf(world, number);
  if (account === undefined) return 'account_is_not_a_trader';
  const position = positionIn(account, market);
  if (market.status !== SETTLEMENT || position === undefined || !isOpen(position)) return 'settlement_not_due';
  if (isSettlementStopped(world, market)) return 'forced_action_paused';
  const held = position.size;
  const isSame = Number(held) === size && Number(market.mark) === mark;
  if (!isMarkOfLastTick(market) || !isSame) return 'margin_facts_differ';
  for (const order of position.orders) close(world, order, 'IN_SETTLEMENT');
  if (held !== 0n) takePosition(world, position, WHOLE);
  tell(world, 'positionSettled', { account: number, market: marketNumber, size: held, mark: market.mark as bigint });
  return 'none';
}
