// One writer at a time, by the word of the database.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type Database, SqlFailed } from './database.ts';
import {
  Fenced,
  JournalBehindLease,
  type Lease,
  LeaseHeld,
  leaseHolder,
  LeaseOfAnotherExchange,
  type LeaseRequest,
  takeLease,
} from './lease.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { openPglite } from './pglite-database.ts';
import { startPostgres, type TestServer } from './postgres.fixture.ts';
import { openPostgres } from './postgres-database.ts';

const HASH = new Uint8Array(32).fill(7);
const LONG_MS = 600_000;

function request(seat: string, more: Partial<LeaseRequest> = {}): LeaseRequest {
  return {
    exchange: 'ours',
    seat,
    birthId: `birth of ${seat}`,
    birth: { seat },
    timeMs: LONG_MS,
    durable: undefined,
    hashAt: () => undefined,
    ...more,
  };
}

/** Writes a row into a table that is fenced, with an epoch or with none. */
async function write(database: Database, lease: Lease | undefined, table: string): Promise<void> {
  await database.transaction(async (session) => {
    await lease?.fence(session);
    await session.query(`insert into dead_range values ($1, 1, 1)`, [table]);
  });
}

const rowCount = async (database: Database): Promise<number> =>
  (await database.query<{ n: number }>('select count(*) as n from dead_range'))[0]?.n ?? -1;

/** Lets the time of whoever has the lease be over. */
const lapse = (database: Database): Promise<object[]> =>
  database.query("update lease set until = clock_timestamp() - interval '1 second'");

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'makewhole-lease-'));
const opened: Database[] = [];
let databases = 0;

before(async () => {
  server = await startPostgres();
});
after(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function emptyPostgres(): Promise<{ database: Database; url: string }> {
  const url = await server.createDatabase(`lease_${databases++}`);
  const database = await openPostgres(url);
  opened.push(database);
  await migrate(database, MIGRATIONS);
  return { database, url };
}

async function emptyPglite(): Promise<{ database: Database }> {
  const database = await openPglite(join(folder, 'own'));
  opened.push(database);
  await migrate(database, MIGRATIONS);
  return { database };
}

for (const engine of ['postgres', 'pglite'] as const) {
  describe(`the lease on ${engine}`, () => {
    let database: Database;
    before(async () => {
      ({ database } = engine === 'postgres' ? await emptyPostgres() : await emptyPglite());
    });

    test('an old epoch is refused by the database on every table that is projected, and on those of the state', async () => {
      await write(database, undefined, '1');
      const first = await takeLease(database, request('a'));
      await write(database, first, '2');
      await first.release(undefined);
      const second = await takeLease(database, request('b'));
      assert.ok(second.epoch > first.epoch);
      const tables = await database.query<{ name: string }>(
        `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind = 'r' and n.nspname = 'public'
            and c.relname not like 'kysely%' and c.relname not in ('migration_hash', 'fence', 'lease', 'upgrade', 'upgrade_step',
              'incident_document', 'claim_document')`,
      );
      assert.ok(tables.length >= 33, `${tables.length}`);
      for (const { name } of tables) {
        for (const statement of [
          `delete from ${name}`,
          `truncate ${name} cascade`,
          `insert into ${name} default values`,
        ]) {
          // The old writer does not ask: the database does.
          const asOld = database.transaction(async (session) => {
            await session.query("select set_config('makewhole.epoch', $1, true)", [String(first.epoch)]);
            await session.query(statement);
          });
          await assert.rejects(asOld, (error) => error instanceof SqlFailed && error.code === 'MW001', `${statement}`);
          const unsaid = database.query(statement);
          await assert.rejects(unsaid, (error) => error instanceof SqlFailed && error.code === 'MW001', `${statement}`);
        }
      }
      const copied = database.copy(
        'dead_range',
        ['from_height', 'to_height', 'since_height'],
        [Buffer.from('9\t9\t9\n')],
      );
      await assert.rejects(copied, (error) => error instanceof SqlFailed && error.code === 'MW001');
      await assert.rejects(write(database, first, '3'), Fenced);
      await assert.rejects(first.renew(undefined), Fenced);
      await assert.rejects(first.release(undefined), Fenced);
      await write(database, second, '3');
      assert.equal(await rowCount(database), 3);
      await second.release(undefined);
      await assert.rejects(
        write(database, second, '4'),
        Fenced,
        'what is still on its way when the lease was given back',
      );
    });

    test('who follows: its own seat at once, another when the time is over or the lease was given back, no other exchange', async () => {
      const first = await takeLease(database, request('a'));
      await assert.rejects(takeLease(database, request('b')), LeaseHeld);
      assert.equal((await leaseHolder(database))?.seat, 'a');
      const again = await takeLease(database, request('a'));
      await assert.rejects(first.renew(undefined), Fenced);
      await lapse(database);
      assert.equal(await leaseHolder(database), undefined);
      // Its time is over, but nobody took it: it goes on.
      await again.renew(undefined);
      await assert.rejects(takeLease(database, request('b')), LeaseHeld);
      await lapse(database);
      await assert.rejects(takeLease(database, request('b', { exchange: 'theirs' })), LeaseOfAnotherExchange);
      const other = await takeLease(database, request('b'));
      await assert.rejects(again.renew(undefined), Fenced);
      await other.renew({ height: 8, hash: HASH });
      await lapse(database);
      await assert.rejects(takeLease(database, request('a')), JournalBehindLease);
      await assert.rejects(takeLease(database, request('a', { hashAt: () => new Uint8Array(32) })), JournalBehindLease);
      const behind = request('a', { hashAt: (height) => (height === 8 ? HASH : undefined) });
      await (await takeLease(database, behind)).release(undefined);
      // What was projected is the history's too: only the seat that wrote it may have lost it, with its machine's power.
      const writer = await takeLease(database, behind);
      await database.transaction(async (session) => {
        await writer.fence(session);
        await session.query('insert into block values (9, 0, null, $1, $1, 1, 1, 1, 1, $1, $1, $1, 1, true)', [HASH]);
      });
      await writer.release(undefined);
      await assert.rejects(takeLease(database, { ...behind, seat: 'b' }), JournalBehindLease);
      await (await takeLease(database, behind)).release(undefined);
      await (await takeLease(database, request('b', { hashAt: () => HASH }))).release(undefined);
    });
  });
}

describe('two writers on one server', () => {
  test('a writer that is in the midst of a transaction when the lease is taken either ends before, or is refused', async () => {
    const { database, url } = await emptyPostgres();
    const other = await openPostgres(url);
    opened.push(other);
    const old = await takeLease(database, request('a'));
    let isTaken = false;
    let taking: Promise<Lease> | undefined;
    await database.transaction(async (session) => {
      await old.fence(session);
      await lapse(other);
      taking = takeLease(other, request('b')).then((lease) => {
        isTaken = true;
        return lease;
      });
      // The taker stands at the fence as the server sees it, and has not passed it.
      for (let waits = 0; waits === 0; ) {
        assert.equal(isTaken, false);
        const [row] = await session.query<{ n: number }>(
          "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock'",
        );
        waits = row?.n ?? 0;
      }
      await session.query('insert into dead_range values (1, 1, 1)');
      assert.equal(isTaken, false);
    });
    const taken = (await taking) as Lease;
    assert.equal(await rowCount(other), 1);
    await assert.rejects(write(database, old, '2'), Fenced);
    await write(other, taken, '2');
  });

  test('in any order of starts, lapses, wake-ups and writes, whoever took the lease last alone writes', async () => {
    const { database, url } = await emptyPostgres();
    const other = await openPostgres(url);
    opened.push(other);
    const sides = [
      { seat: 'a', database },
      { seat: 'b', database: other },
    ] as const;
    const step = fc.record({ side: fc.nat(1), act: fc.constantFrom('start', 'write', 'renew', 'lapse', 'release') });
    let rows = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const held: (Lease | undefined)[] = [undefined, undefined];
        await lapse(database);
        let newest = -1;
        for (const { side, act } of steps) {
          const { seat, database: own } = sides[side] as (typeof sides)[number];
          const lease = held[side];
          const isNewest = newest === side;
          if (act === 'lapse') await lapse(own);
          if (act === 'start') {
            const isFree =
              (await leaseHolder(own)) === undefined || isNewest || (await leaseHolder(own))?.seat === seat;
            const taking = takeLease(own, request(seat));
            if (isFree) {
              held[side] = await taking;
              newest = side;
            } else await assert.rejects(taking, LeaseHeld);
          }
          if (lease === undefined || act === 'lapse' || act === 'start') continue;
          const doing =
            act === 'write'
              ? write(own, lease, String(++rows))
              : act === 'renew'
                ? lease.renew(undefined)
                : lease.release(undefined);
          if (isNewest) await doing;
          else await assert.rejects(doing, Fenced, `${act} of ${seat}`);
          if (act === 'release' && isNewest) newest = -1;
        }
      }),
      { numRuns: 40 },
    );
  });

  test('two that start at the same moment: one has the lease, the other is refused by name', async () => {
    const { database, url } = await emptyPostgres();
    const other = await openPostgres(url);
    opened.push(other);
    for (let round = 0; round < 10; round++) {
      await lapse(database);
      const results = await Promise.allSettled([
        takeLease(database, request(`a${round}`)),
        takeLease(other, request(`b${round}`)),
      ]);
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      const refused = results.find((result): result is PromiseRejectedResult => result.status === 'rejected');
      assert.ok(refused?.reason instanceof LeaseHeld);
    }
  });
});
