/** What the history in a database means, as named numbers: rows and sums of each table, when it happened, rows that belong to nothing. */
import type { SqlSession } from '../store/database.ts';
import { PROJECTED_TABLES } from '../store/projected-tables.ts';
import { totalsOf } from '../store/table-sums.ts';
import type { BESIDE_ROLE, Of, ReadBefore } from './read-before.ts';
import type { Declared } from './upgrade-migration.ts';

/** Which side it is, and what was read of it before. */
export interface Side {
  readonly role: 'control' | 'candidate' | typeof BESIDE_ROLE;
  readonly before: ReadBefore | undefined;
}

const HOUR_MS = 3_600_000;

/** Rows that point at none: a trade without its orders or its command, an order or a position of no account. */
const ORPHANS = {
  'trade/orphans/sequence': `select count(*) as n from trade t
    where not exists (select 1 from command c where c.fork = t.fork and c.sequence = t.sequence)`,
  'trade/orphans/order': `select count(*) as n from
    (select maker_order as order_id from trade union select taker_order from trade) t
    where not exists (select 1 from order_version o where o.order_id = t.order_id)`,
  'order_version/orphans/account': `select count(*) as n from (select distinct account from order_version) o
    where not exists (select 1 from balance_version b where b.account = o.account)
      and not exists (select 1 from state_account a where a.row = o.account)`,
  'position_version/orphans/account': `select count(*) as n from (select distinct account from position_version) p
    where not exists (select 1 from state_account a where a.row = p.account)`,
} as const;

/** The fingerprint of what is up to a height. Tables of which the migration removes or changes columns are left to the comparison of rows. */
export async function historyFingerprint(
  session: SqlSession,
  height: number,
  declared: Declared,
  { role, before }: Side,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const once = onceOf({ role, before });
  for (const { name, columns } of PROJECTED_TABLES) {
    if (isLeftToRows(name, declared)) continue;
    const { rows, sums } = await once([name], `totals ${name} ${height}`, () => totalsOf(session, name, height));
    found.set(`${name}/all/rows`, String(rows));
    for (const [column, sum] of Object.entries(sums)) found.set(`${name}/all/${column}`, String(sum));
    if (!columns.some(([column]) => column === 'time_ms')) continue;
    const hours = await once([name], `hours ${name} ${height}`, () =>
      session.query<{ hour: number; n: number }>(
        `select time_ms / ${HOUR_MS} as hour, count(*) as n from ${name} group by 1`,
      ),
    );
    for (const { hour, n } of hours) found.set(`${name}/hour ${hour}/rows`, String(n));
  }
  return found;
}

const USED = /\b(?:trade|command|order_version|balance_version|position_version|state_account)\b/g;

/** How many rows point at none, by the name of the link. Tables of which the migration removes or changes columns are left out. */
export async function orphansOf(session: SqlSession, declared: Declared, side: Side): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const once = onceOf(side);
  for (const [path, text] of Object.entries(ORPHANS)) {
    const tables = [...new Set([...text.matchAll(USED)].map(([name]) => name))];
    if (tables.some((name) => isLeftToRows(name, declared))) continue;
    const read = (): Promise<{ n: number }[]> => session.query<{ n: number }>(text);
    const [row] = await once(tables, path, read, { statement: text });
    found.set(path, String(row?.n ?? 0));
  }
  return found;
}

type Once = <T>(tables: readonly string[], key: string, read: () => Promise<T>, of?: Of) => Promise<T>;

function onceOf({ role, before }: Side): Once {
  return (tables, key, read, of) => (before === undefined ? read() : before.once(role, tables, key, read, of));
}

function isLeftToRows(name: string, { tables, droppedTables }: Declared): boolean {
  const { removed = {}, changed = {} } = tables[name] ?? {};
  return Object.keys(removed).length + Object.keys(changed).length > 0 || droppedTables.includes(name);
}

/** The funding indexes that each market had, by the ticks of the history that is alive, and the last of them. */
export async function knownIndexes(
  session: SqlSession,
  height: number,
): Promise<Map<number, { readonly all: ReadonlySet<string>; readonly last: string }>> {
  const all = await session.query<{ market: number; value: string }>(
    'select distinct market, funding_index::text as value from live_mark_tick where height <= $1',
    [height],
  );
  const last = await session.query<{ market: number; value: string }>(
    `select distinct on (market) market, funding_index::text as value from live_mark_tick where height <= $1
      order by market, height desc, sequence desc`,
    [height],
  );
  return new Map(
    last.map(({ market, value }) => [
      market,
      { all: new Set(all.filter((each) => each.market === market).map((each) => each.value)), last: value },
    ]),
  );
}
