/** Positions and money: what a trade does to a position, funding, fees. Average entry is cost / size. */
import { tell } from './tell.ts';
import { absolute, ceilDivide, floorDivide, lower } from './rounding.ts';
import { FUND, type Account, type Position, type World } from './world.ts';

const PPM = 1_000_000n;

/** What `size` lots are charged for the index moving by `change` (1e-6 price units): rounded up, against the trader. */
export function fundingCharge(size: bigint, change: bigint): bigint {
  return ceilDivide(size * change, PPM);
}

/** Settles a position up to the market's funding index. */
export function settleFunding(world: World, position: Position): void {
  const { market, account, size } = position;
  const charge = fundingCharge(size, market.fundingIndex - position.index);
  position.index = market.fundingIndex;
  if (charge === 0n) return;
  account.balance -= charge;
  market.clearing += charge;
  position.realisedFunding -= charge;
  tell(world, 'fundingSettled', {
    account: account.number,
    market: market.number,
    size,
    amount: charge,
    index: market.fundingIndex,
  });
}

/**
 * Buys (or sells) `lots` at a total of `notional`. What closes releases cost × closed / size, rounded down, and realises the
 * rest of its notional as profit, which goes to the balance and is returned. What opens adds to the cost.
 */
export function trade(position: Position, sell: boolean, lots: bigint, notional: bigint): bigint {
  const signed = sell ? -lots : lots;
  const held = position.size;
  const closes = held !== 0n && held > 0n === sell;
  const closed = closes ? lower(lots, absolute(held)) : 0n;
  let profit = 0n;
  if (closed > 0n) {
    const released = floorDivide(position.cost * closed, absolute(held));
    // The price is one for the whole trade, so this division leaves nothing.
    const proceeds = (notional * closed) / lots;
    profit = (sell ? proceeds : -proceeds) - released;
    position.cost -= released;
    position.account.balance += profit;
    position.realisedProfit += profit;
  }
  const opened = lots - closed;
  if (opened > 0n) {
    if (held === 0n || closed > 0n) {
      position.realisedProfit = 0n;
      position.realisedFunding = 0n;
    }
    const paid = (notional * opened) / lots;
    position.cost += sell ? -paid : paid;
  }
  position.size = held + signed;
  return profit;
}

/** Fees in ppm of the notional. The insurance fund pays none. */
export function takerFee(world: World, account: Account): bigint {
  if (account.number === FUND) return 0n;
  return account.feeClass === 0 ? world.rules.taker_fee : world.rules.retail_taker_fee;
}

export function makerFee(world: World, account: Account): bigint {
  if (account.number === FUND) return 0n;
  return account.feeClass === 0 ? world.rules.maker_fee : world.rules.retail_maker_fee;
}

/** A fee on a notional, rounded up: against the payer, and a rebate towards zero. */
export function feeOn(notional: bigint, ppm: bigint): bigint {
  return ceilDivide(notional * ppm, PPM);
}
