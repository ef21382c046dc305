// A candidate against its control, on both engines: what is right passes, what is wrong is named.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { JournalReader } from '../journal/journal-reader.ts';
import type { Database, SqlSession } from '../store/database.ts';
import { openPglite } from '../store/pglite-database.ts';
import { startPostgres, type TestServer } from '../store/postgres.fixture.ts';
import { openPostgres } from '../store/postgres-database.ts';
import { BAD_MIGRATIONS } from './bad-migrations.fixture.ts';
import { project, recordJournal } from './recorded-venue.fixture.ts';
import { type Declared, NOTHING_DECLARED } from './upgrade-migration.ts';
import { CHECKS, type Verification, verifyCandidate } from './verify-candidate.ts';

class RolledBack extends Error {}

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'makewhole-verify-'));
const journal = join(folder, 'journal');
let reader: JournalReader;

before(async () => {
  recordJournal(journal, 11, 24);
  reader = new JournalReader(journal);
  server = await startPostgres();
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const open: Record<string, (name: string) => Promise<Database>> = {
  pglite: (name) => openPglite(join(folder, name)),
  postgres: async (name) => openPostgres(await server.createDatabase(name)),
};

for (const engine of ['pglite', 'postgres'] as const) {
  describe(`verification on ${engine}`, () => {
    let control: Database;
    let candidate: Database;
    before(async () => {
      const made = open[engine] as (name: string) => Promise<Database>;
      [control, candidate] = await Promise.all([made('control'), made('candidate')]);
      for (const database of [control, candidate]) await project(database, journal);
    });
    after(() => Promise.all([control.close(), candidate.close()]));

    /** Verifies behind a migration that is rolled back afterwards. */
    async function verifyBehind(up: readonly string[], declared: Declared = NOTHING_DECLARED): Promise<Verification> {
      let found: Verification | undefined;
      const work = async (own: SqlSession): Promise<void> => {
        await candidate.transaction(async (session) => {
          for (const statement of up) await session.query(statement);
          const checkTime = (): void => undefined;
          const input = { control: own, candidate: session, declared, history: reader, folder: journal, blocks: 3 };
          found = await verifyCandidate({ ...input, checkTime });
          throw new RolledBack();
        });
      };
      await assert.rejects(control.transaction(work), RolledBack);
      return found as Verification;
    }

    test('two databases of one history are equal in all seven ways', async () => {
      const verification = await verifyBehind([]);
      assert.deepEqual(verification.findings, []);
      assert.equal(verification.verdict, 'pass');
      assert.deepEqual(
        verification.checks.map(({ name }) => name),
        CHECKS,
      );
      for (const { name, verdict, about } of verification.checks) {
        if (name === 'pages') assert.notEqual(verdict, 'fail', about);
        else assert.equal(verdict, 'pass', `${name}: ${about}`);
      }
      assert.ok(verification.rows > 1000, `${verification.rows} rows`);
      const [, , replay, , accounts] = verification.checks;
      assert.match(replay?.about ?? '', /^3 blocks of the journal, 3 made up$/);
      assert.match(accounts?.about ?? '', /^1[0-9] accounts/);
    });

    for (const { name, up, path } of BAD_MIGRATIONS) {
      test(`found: ${name}`, async () => {
        const { verdict, findings, found, checks } = await verifyBehind(up);
        assert.equal(verdict, 'fail');
        assert.equal(checks[0]?.verdict, 'fail');
        const [first] = findings;
        assert.match(first?.path ?? '', path);
        assert.ok(found >= findings.length && findings.length <= 20);
        assert.notEqual(first?.control, first?.candidate);
      });
    }

    // Every row stays as it is: it is what comes later that would be lost, kept out, or stand for a value that nobody gave.
    for (const [up, path] of [
      ['create rule lost as on insert to trade do instead nothing', 'schema/rule trade.lost'],
      ['alter table bar set unlogged', 'schema/storage bar'],
      ['alter table trade enable row level security', 'schema/storage trade'],
      ['create policy own on trade for insert with check (false)', 'schema/policy trade.own'],
      ['grant insert on trade to public', 'schema/access trade'],
      [
        'alter table projected_block alter column table_name type text collate "C"',
        'collation projected_block.table_name',
      ],
      ['alter table state_account alter column fee_class set default 0', 'state_account/schema/fee_class'],
      [
        "update pg_index set indisvalid = false where indexrelid = 'trade_of_maker'::regclass",
        'schema/index trade_of_maker',
      ],
      ["delete from migration_hash where name = '0001-history'", 'schema/record migration_hash'],
      ["delete from kysely_migration where name = '0001-history'", 'schema/record kysely_migration'],
      ["insert into upgrade values ('9-x', '9-x', '', 0, 1, 'COMMIT', 'pass', null, false)", 'schema/record upgrade'],
    ] as const) {
      test(`found, though every row is as it was: ${path}`, async () => {
        const { verdict, findings } = await verifyBehind([up]);
        assert.equal(verdict, 'fail');
        assert.ok(
          findings.some((finding) => finding.path.endsWith(path)),
          JSON.stringify(findings),
        );
      });
    }

    test('what is declared passes, and nothing else: a new column, a changed unit, a new table', async () => {
      const up = [
        'alter table trade add column notional numeric',
        'update trade set notional = price_ticks::numeric * size_lots',
        'update bar set volume_lots = volume_lots * 10',
        'create table market_volume (market integer primary key, lots numeric not null)',
        'insert into market_volume select market, sum(size_lots) from trade group by market',
        'create index trade_by_maker on trade (maker_account)',
      ];
      const declared: Declared = {
        tables: {
          trade: { added: { notional: 'price_ticks::numeric * size_lots' }, removed: {}, changed: {} },
          bar: {
            added: {},
            removed: {},
            changed: { volume_lots: { value: 'volume_lots * 10', back: 'volume_lots / 10' } },
          },
        },
        newTables: { market_volume: 'select market, sum(size_lots) as lots from trade group by market' },
        droppedTables: [],
        schema: ['index trade_by_maker'],
      };
      const good = await verifyBehind(up, declared);
      assert.deepEqual(good.findings, []);
      assert.equal(good.verdict, 'pass');
      const wrong = await verifyBehind([...up, 'update trade set notional = 0 where market = 2'], declared);
      assert.match(wrong.findings[0]?.path ?? '', /^trade\/fork 0 trade \d+\/notional$/);
      const undeclared = await verifyBehind(up);
      const paths = undeclared.findings.map((finding) => finding.path);
      for (const path of ['market_volume/schema/table', 'trade/schema/notional', 'schema/index trade_by_maker']) {
        assert.ok(paths.includes(path), paths.join(', '));
      }
    });

    test('the state is read through what a migration declares to change in it', async () => {
      const up = ['update state_account set receivable = receivable + 5'];
      const changed = { receivable: { value: 'receivable + 5', back: 'receivable - 5' } };
      const declared = { ...NOTHING_DECLARED, tables: { state_account: { added: {}, removed: {}, changed } } };
      const good = await verifyBehind(up, declared);
      assert.deepEqual(good.findings, []);
      const wrong = await verifyBehind([...up, 'update state_account set receivable = 5 where row = 4'], declared);
      const right = await verifyBehind([...up, 'update state_account set receivable = 6 where row = 4'], declared);
      assert.equal(wrong.verdict, 'pass', 'none of the venue owes anything');
      assert.equal(right.findings[0]?.path, 'state_account/4/receivable');
    });

    test('a default that stays behind a new column is found', async () => {
      const up = ['alter table trade add column venue integer not null default 0'];
      const trade = { added: { venue: '0' }, removed: {}, changed: {} };
      const { checks, findings } = await verifyBehind(up, { ...NOTHING_DECLARED, tables: { trade } });
      assert.equal(checks.at(-1)?.verdict, 'fail');
      assert.deepEqual(findings, [{ path: 'trade/default/venue', control: 'none', candidate: '0' }]);
    });
  });
}
