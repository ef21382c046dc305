/** Forced takings of the actual world: by account, with the true prices of each, and how much of a market's were wrong. */
import type { Taking } from './flow-listener.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { CloseStatement } from './statement.ts';
import type { Valuation } from './valuation.ts';
import type { WorldRecord } from './world-record.ts';

/** A list by account, each in its order. */
export function byAccount<T extends { readonly account: number }>(list: readonly T[]): Map<number, T[]> {
  const lists = new Map<number, T[]>();
  for (const item of list) {
    const own = lists.get(item.account);
    if (own === undefined) lists.set(item.account, [item]);
    else own.push(item);
  }
  return lists;
}

/**
 * A taking as a statement has it. True prices are the counterfactual's marks: at the event, a fixed time later (or the last there is),
 * and the best from the event's minute on; at restoration the price of the valuation.
 */
export function closeOf(
  { sequence, market, lots, price, penalty, timeMs }: Taking,
  fork: number,
  record: WorldRecord,
  place: number,
  { prices }: Valuation,
  { laterMs }: PolicyDocument,
): CloseStatement {
  const { series } = record.trace('other');
  const restoration = Number(prices[market] ?? 0n);
  const event = record.truePrices[place] ?? restoration;
  const best = series.bestFrom(market, timeMs, lots > 0) ?? event;
  const later = timeMs + laterMs > series.lastMs(market) ? restoration : series.markAt(market, timeMs + laterMs);
  return {
    fork,
    sequence,
    market,
    size: String(lots),
    price: String(price),
    penalty: String(penalty),
    eventPrice: String(event),
    laterPrice: String(later ?? restoration),
    restorationPrice: String(restoration),
    bestPrice: String(lots > 0 ? Math.max(best, restoration) : Math.min(best, restoration)),
  };
}

const PPM = 1_000_000n;

/** By market: which part of the lots that were taken the counterfactual would not have taken, ppm, rounded down. */
export function wrongfulShares(
  takings: readonly Taking[],
  isTakenInBoth: (account: number, market: number) => boolean,
): Map<number, bigint> {
  const lots = new Map<number, { all: bigint; wrongful: bigint }>();
  for (const { account, market, lots: taken } of takings) {
    const of = lots.get(market) ?? { all: 0n, wrongful: 0n };
    lots.set(market, of);
    const size = BigInt(Math.abs(taken));
    of.all += size;
    if (!isTakenInBoth(account, market)) of.wrongful += size;
  }
  return new Map([...lots].map(([market, { all, wrongful }]) => [market, (wrongful * PPM) / all]));
}
