/** Bars of the minute that was open at the end of a block, from the trades in the database. */
import { BAR_MS, type OpenBar } from './bars.ts';
import type { SqlSession } from './database.ts';

interface BarRow {
  readonly market: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly lots: number;
  readonly trades: number;
}

/** The bars that are open at the end of the block at a height, whose last command was at `lastMs`; on the way to it alone. */
export async function openBarsAt(session: SqlSession, height: number, lastMs: number): Promise<OpenBar[]> {
  const startMs = lastMs - (lastMs % BAR_MS);
  const rows = await session.query<BarRow>(
    `select market, (array_agg(price_ticks order by trade))[1] as open, max(price_ticks) as high, min(price_ticks) as low,
      (array_agg(price_ticks order by trade desc))[1] as close, sum(size_lots)::bigint as lots, count(*) as trades
    from trade
    where height <= $1 and time_ms >= $2 and not exists
      (select 1 from dead_range where since_height <= $1 and trade.height between from_height and to_height)
    group by market order by market`,
    [height, startMs],
  );
  return rows.map((row) => ({ ...row, startMs }));
}
