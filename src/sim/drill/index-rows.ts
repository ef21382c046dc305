/** What the markets' indexes are, and what losing them books on the two sides: the arithmetic of the incident (size × index). */
import type { State } from '../../engine/state.ts';
import { MARKET, POSITION } from '../../engine/tables.ts';
import type { DayMarket, MarketDay } from '../market-day.ts';
import { lifeOf } from './drill-day.ts';
import { usd } from './forced-tally.ts';
import type { IndexRow, SideRow } from './story.ts';

const INDEX_UNIT = 1e6;

export function indexRows(state: State, day: MarketDay, corrupted: readonly number[]): IndexRow[] {
  return day.markets.map((market, place) => {
    const at = (place + 1) * 128;
    const index = (state.market.f64[at + MARKET.FUNDING_INDEX] as number) / INDEX_UNIT;
    return {
      market: market.name,
      ageHours: lifeOf(place).hours,
      index: index / market.usdUnits,
      share: index / (state.market.f64[at + MARKET.MARK] as number),
      isCorrupted: corrupted.includes(place + 1),
    };
  });
}

/** By market and side: what an index of zero books on the positions of `before`, and how many of their accounts are in `liquidated`. */
export function sideRows(
  before: State,
  day: MarketDay,
  corrupted: readonly number[],
  liquidated: ReadonlySet<number>,
): SideRow[] {
  return corrupted.flatMap((row) => {
    const index = (before.market.f64[row * 128 + MARKET.FUNDING_INDEX] as number) / INDEX_UNIT;
    return (['longs', 'shorts'] as const).map((side): SideRow => {
      let lots = 0;
      const accounts = new Set<number>();
      for (let position = 1; position < before.position.rows; position++) {
        const size = before.position.f64[position * 16 + POSITION.SIZE] as number;
        if (before.position.i32[position * 32 + POSITION.MARKET] !== row || size === 0) continue;
        if (size > 0 !== (side === 'longs')) continue;
        lots += size;
        const account = before.position.i32[position * 32 + POSITION.ACCOUNT] as number;
        if (liquidated.has(account)) accounts.add(account);
      }
      const { name } = day.markets[row - 1] as DayMarket;
      return { market: name, side, bookedUsd: usd(lots * index), liquidated: accounts.size };
    });
  });
}
