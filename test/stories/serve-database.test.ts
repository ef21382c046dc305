// Exchanges that share a database: one writes, the other is refused by name, whichever comes first and whenever it wakes up.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { VENUE } from '../../src/engine/tables.ts';
import { type Disk, fileDisk } from '../../src/journal/disk.ts';
import { JournalReader } from '../../src/journal/journal-reader.ts';
import { auditStore } from '../../src/store/audit-store.ts';
import type { Database } from '../../src/store/database.ts';
import { DiskFilled } from '../../src/store/disk-room.ts';
import { Fenced, JournalBehindLease, LeaseHeld, LeaseOfAnotherExchange } from '../../src/store/lease.ts';
import { migrate, MigrationRefused } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { startPostgres, type TestServer } from '../../src/store/postgres.fixture.ts';
import { openPostgres } from '../../src/store/postgres-database.ts';
import { lastHeight } from '../../src/store/write-blocks.ts';
import { answerAsk } from '../../src/server/control-asks.ts';
import { ControlRefused } from '../../src/server/control-socket.ts';
import { DatabaseStateRefused } from '../../src/server/find-start.ts';
import { Machine, openServed, type Served, type ServedOptions } from './serve.fixture.ts';

let server: TestServer;
let folder: string;
let databases = 0;

before(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), 'makewhole-serve-database-'));
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const emptyDatabase = (): Promise<string> => server.createDatabase(`serve_${databases++}`);
const dirOf = (name: string): string => join(folder, name);

function open(name: string, url: string, options: ServedOptions = {}): Promise<Served> {
  return openServed(dirOf(name), { openDatabase: () => openPostgres(url), ...options });
}

async function on<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openPostgres(url);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Lets the lease’s time be over, as when its holder has not been heard of. */
const lapse = (url: string): Promise<object[]> =>
  on(url, (database) => database.query("update lease set until = clock_timestamp() - interval '1 second'"));

/** Opens one that takes over. The old one does not know that its time is over, and its timer may have renewed it: then once more. */
async function whenLapsed(url: string, opens: () => Promise<Served>): Promise<Served> {
  for (;;) {
    await lapse(url);
    try {
      return await opens();
    } catch (error) {
      if (!(error instanceof LeaseHeld)) throw error;
    }
  }
}

/** Resolves when the database has every block of the journal. */
const caughtUp = async ({ live }: Served): Promise<void> => live.link?.reached(live.head.height);

/** Ticks until it is so, the database beside it: the test's clock is faster than any server. */
async function until(served: Served, isSo: () => boolean): Promise<void> {
  for (let n = 0; !isSo(); n++) {
    assert.ok(n < 120, JSON.stringify(served.live.readiness.gates));
    await served.ticks(1);
    await caughtUp(served);
  }
}

async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const isOpen = ({ live }: Served, name: string): boolean =>
  live.readiness.gates.find((gate) => gate.name === name)?.isOpen === true;

const refusal = (served: Served): Promise<unknown> =>
  served.stop().then(
    () => undefined,
    (error: unknown) => error,
  );

/** Every row of the database against the journal. */
async function requireEqual(name: string, url: string): Promise<void> {
  const audit = await on(url, (database) => auditStore({ folder: join(dirOf(name), 'journal'), database }));
  assert.equal(audit.firstDifference, undefined, JSON.stringify(audit.firstDifference));
  assert.ok(audit.rows > 0);
}

describe('two exchanges on one database', () => {
  test('with folders of their own: the second is another exchange, and refused by name, before and after the first stops', async () => {
    const url = await emptyDatabase();
    const first = await open('own-a', url);
    await first.ticks(3);
    await assert.rejects(open('own-b', url), LeaseHeld);
    await caughtUp(first);
    await first.stop();
    await assert.rejects(open('own-b', url), LeaseOfAnotherExchange);
    await requireEqual('own-a', url);
  });

  test('on a copy of the folder: refused while the first lives, and for good once it lacks what the first made durable', async () => {
    const url = await emptyDatabase();
    const first = await open('copied', url);
    await first.ticks(3);
    first.live.snapshot();
    await first.stop();
    cpSync(dirOf('copied'), dirOf('copy'), { recursive: true });
    const again = await open('copied', url, { machine: first.machine });
    await assert.rejects(open('copy', url), LeaseHeld);
    await again.ticks(5);
    await again.live.pause(true);
    await assert.rejects(open('copy', url), JournalBehindLease);
    await again.live.resume(false);
    await again.ticks(1);
    await again.stop();
    await assert.rejects(open('copy', url), JournalBehindLease);
    await requireEqual('copied', url);
  });

  test('an old one that wakes up when another has taken over is refused by the database, ends by that name, and writes nothing more', async () => {
    const url = await emptyDatabase();
    const old = await open('old', url);
    await old.ticks(3);
    await caughtUp(old);
    cpSync(dirOf('old'), dirOf('taker'), { recursive: true });
    rmSync(join(dirOf('taker'), 'lock'));
    rmSync(join(dirOf('taker'), 'journal', 'lock'));
    const taker = await whenLapsed(url, () => open('taker', url));
    await taker.ticks(3);
    await caughtUp(taker);
    const { height } = old.live.head;
    // It goes on by itself until the database says so, which its timer may have asked already.
    await old.ticks(1).catch((error: unknown) => assert.ok(error instanceof Fenced));
    await waitFor(() => old.live.isLost);
    await assert.rejects(old.live.turn(), Fenced);
    assert.ok((await refusal(old)) instanceof Fenced);
    assert.ok(new JournalReader(join(dirOf('old'), 'journal')).height >= height);
    await taker.ticks(2);
    await taker.stop();
    await requireEqual('taker', url);
  });
});

/** A database that ends, as an embedded one does, when its disk is full. */
function filling(database: Database, isFull: () => boolean): Database {
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'close' || !isFull()) return value;
      return () => Promise.reject(new DiskFilled('its folder', 0, 1));
    },
  });
}

test('one whose database ended since the disk became full ends by that name; opened with room, it goes on with all that was taken', async () => {
  const url = await emptyDatabase();
  let isFull = false;
  const openDatabase = async (): Promise<Database> => filling(await openPostgres(url), () => isFull);
  const old = await open('filled', url, { openDatabase });
  await old.ticks(3);
  await caughtUp(old);
  isFull = true;
  // It goes on by itself until the database says so.
  await old.ticks(2).catch((error: unknown) => assert.ok(error instanceof DiskFilled));
  await waitFor(() => old.live.isLost);
  const ended = await refusal(old);
  assert.ok(ended instanceof DiskFilled);
  assert.match(ended.message, /^the disk of its folder has 0 MB free, 1 MB are needed: the database there was ended/);
  const { height } = new JournalReader(join(dirOf('filled'), 'journal'));
  rmSync(join(dirOf('filled'), 'lock'));
  const again = await open('filled', url, { machine: old.machine });
  assert.ok(again.live.head.height >= height);
  await again.ticks(2);
  await again.stop();
  await requireEqual('filled', url);
});

test('one that stands still in the midst of a write, until its lease is over, promises nothing of what it was taking', async () => {
  const url = await emptyDatabase();
  const machine = new Machine();
  let stills = false;
  const disk: Disk = {
    ...fileDisk,
    sync: (descriptor) => {
      fileDisk.sync(descriptor);
      if (stills) machine.pass(14_000);
      stills = false;
    },
  };
  const served = await open('stood', url, { machine, disk });
  await until(served, () => isOpen(served, 'cancel_only'));
  const deposit = (): object => {
    const { venue } = served.live.state;
    const reference = (venue.f64[venue.rowFloats + VENUE.DEPOSIT_REFERENCE] as number) + 1;
    return answerAsk(served.live, {
      ask: 'submit',
      commands: [{ kind: 'deposit', account: 5, amount: 1e8, reference }],
    });
  };
  deposit();
  stills = true;
  const { sequence } = served.live.exchange;
  assert.throws(deposit, (error) => error instanceof ControlRefused && error.code === 'unconfirmed');
  assert.equal(served.live.exchange.sequence, sequence + 1, 'nobody took over: it stands');
  assert.throws(deposit, (error) => error instanceof ControlRefused && error.code === 'held');
  await served.live.link?.renew();
  await served.ticks(1);
  await until(served, () => served.live.readiness.unready() === '');
  deposit();
  await served.stop();
  await requireEqual('stood', url);
});

test('a state that was changed by hand while nobody ran is named at the next start, not traded on, and written anew', async () => {
  const url = await emptyDatabase();
  const first = await open('by-hand', url);
  // The state goes to the database every 32 blocks; here each tick is one.
  await first.ticks(40);
  await caughtUp(first);
  await first.stop();
  const change = 'update state_account set balance_low = balance_low + 1 where row = 3';
  // The database refuses who has no epoch; a superuser can turn that off.
  await assert.rejects(on(url, (database) => database.query(change)));
  await on(url, (database) =>
    database.hold(async (session) => {
      await session.query("set session_replication_role = 'replica'");
      await session.query(change);
    }),
  );
  await assert.rejects(
    open('by-hand', url, { machine: first.machine, from: 'database' }),
    (error) =>
      error instanceof DatabaseStateRefused &&
      error.code === 'state_differs' &&
      /account\/3\/balanceLow: /.test(error.message),
  );
  const again = await open('by-hand', url, { machine: first.machine });
  const told = again.notices.filter(({ name }) => name === 'database_differs').map(({ message }) => message);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^state_differs: .*account\/3\/balanceLow: journal \d+, database \d+; /);
  await again.ticks(40);
  await caughtUp(again);
  await again.crash();
  const last = await open('by-hand', url, { machine: again.machine, from: 'database' });
  assert.ok(!last.notices.some(({ name }) => name === 'database_differs'));
  assert.equal(last.live.start?.kind, 'database');
  await last.stop();
  await requireEqual('by-hand', url);
});

test('markets wait for the projection: nothing is opened on what nobody can look up', async () => {
  const url = await emptyDatabase();
  const first = await open('waiting', url);
  await until(first, () => isOpen(first, 'liquidations'));
  await first.crash();
  const served = await open('waiting', url, { machine: first.machine });
  await served.live.release();
  await served.ticks(40);
  assert.ok(isOpen(served, 'risk') && !isOpen(served, 'projections'));
  const rungs = [1, 2].map((market) => served.live.reopening.rungOf(market));
  assert.deepEqual(rungs, ['cancel_only', 'cancel_only']);
  assert.ok(
    served.live.reopening.reasons
      .get(1)
      ?.conditions.some(({ name, found }) => name === 'readiness' && found.startsWith('projections: ')),
  );
  await served.live.reattach();
  await caughtUp(served);
  await until(served, () => served.live.reopening.reasons.size === 0);
  // What is open goes on without the database, and takes commands.
  await served.live.release();
  await served.ticks(20);
  assert.ok(!isOpen(served, 'projections'));
  assert.equal(served.live.readiness.unready(), '');
  assert.deepEqual(
    [1, 2].map((market) => served.live.reopening.rungOf(market)),
    [undefined, undefined],
  );
  await served.live.reattach();
  await served.stop();
  await requireEqual('waiting', url);
});

test('an exchange that ends while its database is being opened again lets go of it, and opens none afterwards', async () => {
  const url = await emptyDatabase();
  const served = await open('ended', url);
  await until(served, () => isOpen(served, 'cancel_only'));
  await served.live.release();
  const reopening = served.live.reattach();
  await served.stop();
  await reopening;
  await assert.rejects(served.live.reattach(), { code: 'exchange_ended' });
  const again = await open('ended', url, { machine: served.machine });
  await until(again, () => isOpen(again, 'cancel_only'));
  await again.stop();
  await requireEqual('ended', url);
});

test('a schema that an upgrade has brought is gone on with when it says so, and else refused by name', async () => {
  const url = await emptyDatabase();
  const served = await open('upgraded', url);
  await until(served, () => isOpen(served, 'cancel_only'));
  const { height } = (await answerAsk(served.live, { ask: 'pause', database: 'close' })) as { height: number };
  await on(url, async (database) => {
    assert.equal(await lastHeight(database), height);
    await migrate(database, [
      ...MIGRATIONS,
      { name: '9999-more', up: ['alter table lease add more integer'], down: [] },
    ]);
  });
  await assert.rejects(async () => answerAsk(served.live, { ask: 'resume' }), MigrationRefused);
  await answerAsk(served.live, { ask: 'resume', migrations: ['9999-more'] });
  await served.ticks(2);
  await served.stop();
  await assert.rejects(open('upgraded', url), MigrationRefused);
  await on(url, (database) => database.query("delete from migration_hash where name <> '0001-history'"));
  await assert.rejects(open('upgraded', url), (error) => error instanceof Error && error.name === 'SchemaBehind');
});

test('a database that dies and comes back: the exchange holds when its lease may be over, and goes on when it has it again', async () => {
  const url = await emptyDatabase();
  const served = await open('killed', url);
  await until(served, () => isOpen(served, 'cancel_only'));
  await server.kill();
  const { sequence } = served.live.exchange;
  await served.ticks(1);
  assert.ok(served.live.exchange.sequence > sequence, 'for a while nobody else can have the lease');
  await served.ticks(3);
  assert.equal(served.live.heldBy(), 'lease_lapsed');
  const held = served.live.exchange.sequence;
  await served.ticks(3);
  assert.equal(served.live.exchange.sequence, held);
  await server.restart();
  await waitFor(() => served.live.heldBy() === '');
  await served.ticks(3);
  assert.ok(served.live.exchange.sequence > held);
  assert.ok(served.notices.some(({ name }) => name === 'database_trouble'));
  await served.stop();
  await requireEqual('killed', url);
});
