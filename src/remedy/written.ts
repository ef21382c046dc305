/**
 * What was written into a world that no command wrote, as far as it is money or lots: nobody brought it, so that conservation across the
 * worlds must know it.
 */
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION, VENUE } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';

/** Money, 1e-8 USDC, and lots by market, by which a world's sums changed. */
export interface Written {
  readonly money: bigint;
  readonly lots: ReadonlyMap<number, bigint>;
}

/** Calls `write` and says by how much it changed the sums of a state. */
export function writtenBy(state: State, write: () => void): Written {
  const before = sumsOf(state);
  write();
  const after = sumsOf(state);
  const lots = new Map<number, bigint>();
  for (const market of new Set([...before.lots.keys(), ...after.lots.keys()])) {
    const change = (after.lots.get(market) ?? 0n) - (before.lots.get(market) ?? 0n);
    if (change !== 0n) lots.set(market, change);
  }
  return { money: after.money - before.money, lots };
}

/** What was written in all, at these prices (price units, by market). */
export function worthOfWritten(written: readonly Written[], prices: readonly bigint[]): bigint {
  let worth = 0n;
  for (const { money, lots } of written) {
    worth += money;
    for (const [market, change] of lots) worth += change * (prices[market] ?? 0n);
  }
  return worth;
}

/**
 * Σ balances + pending − receivables + reserved + clearing − costs − (deposited − withdrawn), and the lots of each market: money that a
 * deviation wrote changes the first, lots that it wrote the second.
 */
function sumsOf({ account, position, market, venue }: State): Written {
  let money = wide(venue.f64, 64 + VENUE.RESERVED_HIGH);
  money += wide(venue.f64, 64 + VENUE.WITHDRAWN_HIGH) - wide(venue.f64, 64 + VENUE.DEPOSITED_HIGH);
  for (let row = 1; row < account.rows; row++) {
    money += wide(account.f64, row * 8 + ACCOUNT.BALANCE_HIGH) + wide(account.f64, row * 8 + ACCOUNT.PENDING_HIGH);
    money -= BigInt(account.f64[row * 8 + ACCOUNT.RECEIVABLE] as number);
  }
  for (let row = 1; row < market.rows; row++) money += wide(market.f64, row * 128 + MARKET.FUNDING_CLEARING_HIGH);
  const lots = new Map<number, bigint>();
  for (let row = 1; row < position.rows; row++) {
    money -= wide(position.f64, row * 16 + POSITION.COST_HIGH);
    const of = position.i32[row * 32 + POSITION.MARKET] as number;
    lots.set(of, (lots.get(of) ?? 0n) + BigInt(position.f64[row * 16 + POSITION.SIZE] as number));
  }
  return { money, lots };
}
