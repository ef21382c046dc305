/** The schema of a database as facts that can be compared: tables with their columns, and a line for whatever else there is. */
import type { SqlSession } from '../store/database.ts';

export interface SchemaColumn {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  /** What stands in for a value that nobody gave, null when nothing does. */
  readonly fallback: string | null;
  readonly isGenerated: boolean;
}

export interface SchemaTable {
  readonly name: string;
  readonly columns: readonly SchemaColumn[];
  /** Columns of the primary key, none when there is none. */
  readonly key: readonly string[];
}

export interface Schema {
  readonly tables: ReadonlyMap<string, SchemaTable>;
  /** `index trade_by_maker`, … and how each is defined. */
  readonly facts: ReadonlyMap<string, SchemaFact>;
}

interface SchemaFact {
  readonly definition: string;
  /** The table it belongs to, none where it is the schema's own. */
  readonly table: string;
}

/** Tables that are the record of migrations and of the procedure itself, and of who writes: no part of what is compared. */
const RECORD_TABLES: readonly string[] = [
  'kysely_migration',
  'kysely_migration_lock',
  'migration_hash',
  'upgrade',
  'upgrade_step',
  'upgrade_chunk',
  'lease',
  'fence',
];

/** What no migration may touch of their rows but by what it brings: they are not brought over from the live database when it is exchanged. */
const KEPT_RECORDS: Readonly<Record<string, string>> = {
  kysely_migration: 'name',
  migration_hash: 't::text',
  upgrade: 't::text',
  upgrade_step: 't::text',
};

const COLUMNS = `select c.relname as table_name, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
    not a.attnotnull as is_nullable, pg_get_expr(d.adbin, d.adrelid) as fallback, a.attgenerated <> '' as is_generated
  from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  order by c.relname, a.attnum`;

const KEYS = `select c.relname as table_name, a.attname as name
  from pg_constraint k join pg_class c on c.oid = k.conrelid join lateral unnest(k.conkey) with ordinality u(num, at) on true
  join pg_attribute a on a.attrelid = c.oid and a.attnum = u.num
  where k.contype = 'p' and c.relnamespace = 'public'::regnamespace order by c.relname, u.at`;

const FACTS = `select 'index ' || i.relname as name,
    pg_get_indexdef(i.oid) || case when x.indisvalid then '' else ' invalid' end as definition, c.relname as table_name
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
    where c.relnamespace = 'public'::regnamespace
  union all select 'constraint ' || k.conname, pg_get_constraintdef(k.oid), c.relname
    from pg_constraint k join pg_class c on c.oid = k.conrelid where c.relnamespace = 'public'::regnamespace and k.contype <> 'n'
  union all select 'trigger ' || c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text, c.relname
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
  union all select 'rule ' || tablename || '.' || rulename, definition, tablename from pg_rules where schemaname = 'public'
  union all select 'policy ' || tablename || '.' || policyname,
    concat_ws(' ', permissive, cmd, roles::text, 'using', qual, 'check', with_check), tablename
    from pg_policies where schemaname = 'public'
  union all select 'storage ' || c.relname, concat_ws(' ', case when c.relpersistence = 'u' then 'unlogged' end,
      case when c.relrowsecurity then 'row security' end, case when c.relforcerowsecurity then 'forced' end, c.reloptions::text), c.relname
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and (c.relpersistence = 'u' or c.relrowsecurity or c.relforcerowsecurity or c.reloptions is not null)
  union all select 'access ' || c.relname, concat_ws(' ', pg_get_userbyid(c.relowner), c.relacl::text), c.relname
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  union all select 'collation ' || c.relname || '.' || a.attname, l.collname, c.relname
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
    join pg_collation l on l.oid = a.attcollation
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
      and a.attcollation <> t.typcollation
  union all select 'function ' || p.proname, string_agg(pg_get_functiondef(p.oid), E'\\n' order by p.oid::regprocedure::text), '' from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prokind in ('f', 'p', 'w') group by p.proname
  union all select 'event trigger ' || evtname, concat_ws(' ', evtevent, evtenabled::text, evtfoid::regprocedure::text), ''
    from pg_event_trigger
  union all select 'view ' || viewname, definition, '' from pg_views where schemaname = 'public'
  union all select 'sequence ' || sequencename, data_type::text || ' ' || start_value || ' ' || increment_by, ''
    from pg_sequences where schemaname = 'public'
  union all select 'setting ' || s, s, '' from pg_db_role_setting r, unnest(r.setconfig) s
    where r.setdatabase = (select oid from pg_database where datname = current_database())`;

/** Reads what the schema `public` has, but for the record tables. */
export async function readSchema(session: SqlSession): Promise<Schema> {
  const columns = await session.query<{
    table_name: string;
    name: string;
    type: string;
    is_nullable: boolean;
    fallback: string | null;
    is_generated: boolean;
  }>(COLUMNS);
  const keys = await session.query<{ table_name: string; name: string }>(KEYS);
  const tables = new Map<string, SchemaTable>();
  const records = new Map<string, SchemaFact>();
  for (const table of new Set(columns.map((column) => column.table_name))) {
    if (RECORD_TABLES.includes(table)) {
      const own = columns.filter((column) => column.table_name === table);
      const fields = own.map(({ name, type }) => `${name} ${type}`).join(', ');
      const kept = KEPT_RECORDS[table];
      const definition = kept === undefined ? fields : `${fields}; ${await contentOf(session, table, kept)}`;
      records.set(`record ${table}`, { definition, table });
      continue;
    }
    tables.set(table, {
      name: table,
      columns: columns
        .filter((column) => column.table_name === table)
        .map(({ name, type, is_nullable: isNullable, fallback, is_generated: isGenerated }) => ({
          name,
          type,
          isNullable,
          fallback,
          isGenerated,
        })),
      key: keys.filter((key) => key.table_name === table).map(({ name }) => name),
    });
  }
  const facts = await session.query<{ name: string; definition: string; table_name: string }>(FACTS);
  const own = facts.filter(({ table_name: table }) => !RECORD_TABLES.includes(table));
  const named = own.map(({ name, definition, table_name: table }) => [name, { definition, table }] as const);
  return { tables, facts: new Map([...records, ...named]) };
}

/** How many rows a table has, and a digest of them; `row` is what a row says. */
async function contentOf(session: SqlSession, table: string, row: string): Promise<string> {
  const [found] = await session.query<{ n: number; digest: string }>(
    `select count(*) as n, md5(coalesce(string_agg(${row}, E'\\n' order by ${row}), '')) as digest from ${table} t`,
  );
  return `${found?.n} rows ${found?.digest}`;
}
