/** What the insurance fund takes over, by a liquidation or a settlement. */
import { enforceReduceOnly } from './book.ts';
import { settleFunding, trade } from './money.ts';
import { absolute, ceilDivide, higher, lower } from './rounding.ts';
import { tell } from './tell.ts';
import { FUND, openPosition, type Account, type Position, type World } from './world.ts';

const PPM = 1_000_000n;
/** A position moves in parts of at most this notional; what each part releases of the cost is rounded by itself. */
const LARGEST_PART = 2n ** 50n;

/** The share of the size, rounded up to a lot, moves to the insurance fund at the mark. */
export function takePosition(world: World, position: Position, share: bigint): void {
  const { account, market, size } = position;
  const mark = market.mark as bigint;
  const taken = ceilDivide(absolute(size) * share, PPM);
  const fund = openPosition(world, world.accounts[FUND] as Account, market);
  settleFunding(world, position);
  settleFunding(world, fund);
  const largest = higher(1n, LARGEST_PART / mark);
  let profit = 0n;
  for (let left = taken; left > 0n; left -= largest) {
    const lots = lower(left, largest);
    profit += trade(position, size > 0n, lots, lots * mark);
    trade(fund, size < 0n, lots, lots * mark);
  }
  enforceReduceOnly(world, fund);
  const lots = size > 0n ? taken : -taken;
  tell(world, 'positionTaken', { account: account.number, market: market.number, size: lots, mark, profit });
}
