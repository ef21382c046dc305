// Rows that are changed by hand behind the exchange's back, in every table, in every way, on both engines: each is found and named.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { rollBack } from '../../src/incident/roll-back.ts';
import { JournalReader } from '../../src/journal/journal-reader.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { Random } from '../../src/sim/random.ts';
import { auditStore } from '../../src/store/audit-store.ts';
import { type Database, SqlFailed, type SqlSession } from '../../src/store/database.ts';
import { rebuild } from '../../src/store/follow-journal.ts';
import { migrate } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { openPglite } from '../../src/store/pglite-database.ts';
import { startPostgres, type TestServer } from '../../src/store/postgres.fixture.ts';
import { openPostgres } from '../../src/store/postgres-database.ts';
import { PROJECTED_TABLES } from '../../src/store/projected-tables.ts';
import { recoverFromDatabase } from '../../src/store/recover-from-database.ts';
import { STATE_TABLES } from '../../src/store/state-columns.ts';
import { liquidatedVenue } from './liquidated.fixture.ts';
import { open, Story, temporary } from './start.fixture.ts';

/** Tables of the history, and the columns that tell their rows apart. */
const HISTORY: readonly (readonly [name: string, key: readonly string[]])[] = [
  ['block', ['height']],
  ['projected_block', ['height', 'table_name']],
  ['rollback', ['height']],
  ['dead_range', ['from_height']],
  ...PROJECTED_TABLES.map(({ name, order }) => [name, ['height', ...order]] as const),
];
/** What the state of the last block is made of. */
const STATE: readonly (readonly [name: string, key: readonly string[]])[] = [
  ['state_head', ['height']],
  ['state_table', ['name']],
  ...STATE_TABLES.map(({ name }) => [name, ['row']] as const),
];
const KINDS = ['value', 'deleted', 'inserted', 'swapped'] as const;

interface Column {
  readonly name: string;
  readonly type: string;
}

/** The database itself refuses two rows of one key. */
const UNIQUE = '23505';

/** Runs as a superuser who has turned the database's own triggers and foreign keys off. */
function byHand<T>(database: Database, work: (session: SqlSession) => Promise<T>): Promise<T> {
  return database.hold(async (session) => {
    await session.query("set session_replication_role = 'replica'");
    try {
      return await work(session);
    } finally {
      await session.query("set session_replication_role = 'origin'");
    }
  });
}

/**
 * Changes a table by hand in one way; returns which column, undefined where the table has no rows for it, or the database itself refuses
 * that there are two of a kind.
 */
async function change(
  database: Database,
  random: Random,
  each: readonly [string, readonly string[]],
  kind: (typeof KINDS)[number],
): Promise<string | undefined> {
  try {
    return await byHand(database, (session) => changeIn(session, random, each, kind));
  } catch (error) {
    if (error instanceof SqlFailed && error.code === UNIQUE && kind === 'inserted') return undefined;
    throw error;
  }
}

async function changeIn(
  database: SqlSession,
  random: Random,
  [table, key]: readonly [string, readonly string[]],
  kind: (typeof KINDS)[number],
): Promise<string | undefined> {
  const columns = await database.query<Column>(
    "select column_name as name, data_type as type from information_schema.columns where table_name = $1 and is_generated = 'NEVER'",
    [table],
  );
  const [{ rows }] = (await database.query(`select count(*)::int as rows from ${table}`)) as [{ rows: number }];
  if (rows === 0) return undefined;
  const at = random.below(rows);
  const ctid = async (n: number): Promise<string> => {
    const [row] = await database.query<{ at: string }>(
      `select ctid::text as at from ${table} order by ${key.map((name) => `"${name}"`).join(', ')} limit 1 offset $1`,
      [n],
    );
    return row?.at ?? assert.fail();
  };
  const own = columns.filter(({ name }) => !key.includes(name));
  const names = (of: readonly Column[]): string => of.map(({ name }) => `"${name}"`).join(', ');
  const place = await ctid(at);
  switch (kind) {
    case 'deleted':
      await database.query(`delete from ${table} where ctid = $1::tid`, [place]);
      return 'row';
    case 'inserted': {
      // The same once more, under a key that is free: the last of its columns, which is a number or a name.
      const last = columns.find(({ name }) => name === key.at(-1)) ?? assert.fail();
      const values = columns.map((column) => {
        if (column !== last) return `"${column.name}"`;
        return column.type === 'text' ? `"${column.name}" || 'x'` : `"${column.name}" + 100000`;
      });
      await database.query(
        `insert into ${table} (${names(columns)}) select ${values.join(', ')} from ${table} where ctid = $1::tid`,
        [place],
      );
      return 'row';
    }
    case 'value': {
      const column = own[random.below(own.length)] ?? assert.fail();
      await database.query(`update ${table} set "${column.name}" = ${otherValue(column)} where ctid = $1::tid`, [
        place,
      ]);
      return column.name;
    }
    case 'swapped': {
      // Two rows exchange everything but their keys.
      for (let n = 0; n < rows; n++) {
        const other = await ctid((at + 1 + n) % rows);
        const [pair] = await database.query<{ differ: boolean }>(
          `select row(${own.map(({ name }) => `a."${name}"::text`).join(', ')}) is distinct from row(${own.map(({ name }) => `b."${name}"::text`).join(', ')}) as differ
           from ${table} a, ${table} b where a.ctid = $1::tid and b.ctid = $2::tid`,
          [place, other],
        );
        if (pair?.differ !== true) continue;
        await database.query(
          `update ${table} set (${names(own)}) = (select ${names(own)} from ${table} each where each.ctid = case when ${table}.ctid = $1::tid then $2::tid else $1::tid end)
           where ctid in ($1::tid, $2::tid)`,
          [place, other],
        );
        return 'swap';
      }
      return undefined;
    }
  }
}

/** Another value than the one that is there, absence included. */
function otherValue({ name, type }: Column): string {
  const own = `"${name}"`;
  switch (type) {
    case 'boolean':
      return `not coalesce(${own}, false)`;
    case 'bytea':
      return `set_byte(coalesce(nullif(${own}, ''), '\\x00'), 0, get_byte(coalesce(nullif(${own}, ''), '\\x00'), 0) # 1)`;
    case 'json':
    case 'jsonb':
      return `'{"by":"hand"}'::${type}`;
    case 'text':
      return `coalesce(${own}, '') || 'x'`;
    default:
      return `coalesce(${own}, 0) + 1`;
  }
}

/** A history with a rollback and acts, and one in which accounts were liquidated. */
let folder: string;
let liquidated: string;
let server: TestServer;
const cleanups: (() => void)[] = [];
before(async () => {
  const root = temporary((work) => cleanups.push(work));
  folder = join(root, 'journal');
  liquidated = join(root, 'liquidated');
  liquidatedVenue(liquidated);
  const story = new Story(3);
  let life = open(folder, 'journal');
  story.run(220, life);
  life.exchange.finish();
  const result = rollBack(life.journal, {
    hash: sha256,
    restores: life.journal.height - 2,
    reason: 'a test',
    settled: [],
  });
  assert.ok(result.accepted);
  await life.kill();
  life = open(folder, 'journal');
  story.run(60, life);
  for (let n = 0; n < 4; n++) {
    story.act(life);
    story.run(20, life);
  }
  life.exchange.finish();
  await life.kill();
  server = await startPostgres();
});
after(async () => {
  await server.stop();
  for (const work of cleanups) work();
});

/** What is nothing to change by hand: a table of one row has none to swap, and the database lets no second state be. */
const NOTHING_TO_CHANGE = [
  'rollback swapped',
  'dead_range swapped',
  'state_head inserted',
  'state_head swapped',
  'state_venue swapped',
  'state_rule swapped',
];
const FORCED = ['liquidation', 'position_taking', 'warrant'];

const engines: readonly (readonly [string, (name: string) => Promise<Database>])[] = [
  ['postgres', async (name) => openPostgres(await server.createDatabase(name))],
  ['pglite', (name) => openPglite(join(folder, '..', `embedded ${name}`))],
];
for (const [engine, opened] of engines) {
  describe(`by hand, on ${engine}`, () => {
    const random = new Random(`by hand ${engine}`);

    /** Lets each change of each table be looked for, and undoes it; returns what there was nothing to change of. */
    async function changeAll(
      database: Database,
      tables: readonly (readonly [string, readonly string[]])[],
      look: (table: string, about: string) => Promise<void>,
    ): Promise<string[]> {
      const nothing: string[] = [];
      for (const each of tables) {
        const [table] = each;
        await database.query(`create table aside_${table} as table ${table}`);
        for (const kind of KINDS) {
          const column = await change(database, random, each, kind);
          if (column === undefined) {
            nothing.push(`${table} ${kind}`);
            continue;
          }
          await look(table, `${table} ${kind} ${column}`);
          await undo(database, table);
        }
        await database.query(`drop table aside_${table}`);
      }
      return nothing;
    }

    async function projected(name: string, from: string): Promise<Database> {
      const database = await opened(name);
      await migrate(database, MIGRATIONS);
      await rebuild({ folder: from, database });
      return database;
    }

    const audited = (database: Database, from: string) => async (table: string, about: string) => {
      const { firstDifference } = await auditStore({ folder: from, database });
      assert.ok(firstDifference !== undefined, about);
      // A block that is missing is missed before what is in it.
      assert.ok([table, 'block'].includes(firstDifference.table), `${about}: ${JSON.stringify(firstDifference)}`);
    };

    test('in every table of the history an audit names the table; in every one of the state nothing is started from it', async () => {
      const database = await projected('flow', folder);
      const history = HISTORY.filter(([table]) => !FORCED.includes(table));
      const nothing = await changeAll(database, history, audited(database, folder));
      assert.equal((await auditStore({ folder, database })).firstDifference, undefined);
      const reader = new JournalReader(folder);
      const started = await changeAll(database, STATE, async (table, about) => {
        const judged = await recoverFromDatabase(database, reader, { folder, differences: 1 });
        assert.ok(!judged.accepted, about);
        const named = [judged.about, ...judged.differences.map((found) => `state_${snake(found.table)}/`)].join(' ');
        // What is wrong with the head is told of the block; what a table counts, of its rows.
        if (table === 'state_head') assert.match(named, /block|no state/, about);
        else assert.match(named, new RegExp(table === 'state_table' ? 'state_\\w+/' : `${table}/`), about);
      });
      assert.ok((await recoverFromDatabase(database, reader)).accepted);
      assert.deepEqual([...nothing, ...started], NOTHING_TO_CHANGE);
      await database.close();
    });

    test('in the tables of forced actions', async () => {
      const database = await projected('forced', liquidated);
      const forced = HISTORY.filter(([table]) => FORCED.includes(table));
      const nothing = await changeAll(database, forced, audited(database, liquidated));
      assert.ok(!nothing.includes('liquidation value') && !nothing.includes('warrant value'), nothing.join());
      await database.close();
    });
  });
}

const snake = (camelCase: string): string => camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function undo(database: Database, table: string): Promise<void> {
  const columns = await database.query<Column>(
    "select column_name as name, data_type as type from information_schema.columns where table_name = $1 and is_generated = 'NEVER'",
    [table],
  );
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  await byHand(database, async (session) => {
    await session.query(`delete from ${table}`);
    await session.query(`insert into ${table} (${names}) select ${names} from aside_${table}`);
  });
}
