// The history in a SQL database, on a real PostgreSQL: what is in it, that it is the same however it came about, and that nothing in it
// can be changed unseen.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../src/cli/errors.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';
import { wide } from '../../src/guard/exact.ts';
import type { State } from '../../src/engine/state.ts';
import { ACCOUNT, ORDER, POSITION } from '../../src/engine/tables.ts';
import { JournalReader } from '../../src/journal/journal-reader.ts';
import { auditStore } from '../../src/store/audit-store.ts';
import { BAR_MS } from '../../src/store/bars.ts';
import { cutBack } from '../../src/store/cut-back.ts';
import type { Database } from '../../src/store/database.ts';
import { catchUp, Follower, rebuild } from '../../src/store/follow-journal.ts';
import { takeLease } from '../../src/store/lease.ts';
import { migrate } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { startPostgres, type TestServer } from '../../src/store/postgres.fixture.ts';
import { openPostgres } from '../../src/store/postgres-database.ts';
import { recoverFromDatabase } from '../../src/store/recover-from-database.ts';
import { differingTable } from '../flow-run.ts';
import { FlowJournal } from '../flow-journal.ts';

const STATE_BLOCKS = 4;
const root = mkdtempSync(join(tmpdir(), 'makewhole-store-'));
const folder = join(root, 'journal');
let server: TestServer;
let flow: FlowJournal;
let database: Database;
/** Digests of all tables at all blocks, of the first projection. */
let digests: string;

async function opened(name: string): Promise<{ database: Database; url: string }> {
  const created = await server.createDatabase(name);
  const own = await openPostgres(created);
  await migrate(own, MIGRATIONS);
  return { database: own, url: created };
}

async function digestsOf(from: Database, upTo = 1e9): Promise<string> {
  const rows = await from.query(
    `select b.height, b.is_followed, table_name, rows, encode(digest, 'hex') as digest from block b
      left join projected_block p on p.height = b.height where b.height <= $1 order by 1, 3`,
    [upTo],
  );
  return rows.map((row) => JSON.stringify(row)).join('\n');
}

const project = (more: { database: Database; folder?: string }): Promise<void> =>
  catchUp({ folder, stateBlocks: STATE_BLOCKS, ...more });

before(async () => {
  flow = new FlowJournal(folder, 7);
  flow.run(900);
  flow.finish();
  flow.rollBack(flow.height - 5);
  flow.run(300);
  flow.finish();
  flow.rollBack(flow.height - 3);
  flow.run(300);
  flow.finish();
  server = await startPostgres();
  ({ database } = await opened('first'));
  await project({ database });
  digests = await digestsOf(database);
});
after(async () => {
  await database.close();
  flow.close();
  await server.stop();
  rmSync(root, { recursive: true });
});

test('of a journal that grows while it is projected, the state that is kept is that of the last block, all of it', async (t) => {
  const other = join(root, 'growing');
  const growing = new FlowJournal(other, 11);
  const { database: own } = await opened('growing');
  t.after(async () => {
    await own.close();
    growing.close();
  });
  growing.run(400);
  growing.finish();
  await catchUp({ folder: other, database: own });
  for (let round = 0; round < 4; round++) {
    // Rows that change there and back again: in one round by what is there when it begins, and by what comes while it reads.
    growing.run(60);
    growing.finish();
    let hasGrown = false;
    const query: Database['query'] = async (text, parameters) => {
      if (!hasGrown && text.includes('from block')) {
        hasGrown = true;
        growing.run(60);
        growing.finish();
      }
      return own.query(text, parameters);
    };
    await catchUp({ folder: other, database: Object.assign(Object.create(own) as Database, { query }) });
    const found = await recoverFromDatabase(own, new JournalReader(other), { differences: 3 });
    assert.ok(found.accepted && found.block.height === growing.height, JSON.stringify(found));
  }
});

test('a database that has every block, but the state of an earlier one, gets that of the end when it is brought there', async (t) => {
  const { database: own } = await opened('behind');
  t.after(() => own.close());
  const follower = new Follower({ folder, database: own, stateBlocks: 1 << 20 });
  const { height } = flow;
  await follower.reached(height);
  await follower.stop();
  const [before] = await own.query<{ height: number }>('select height from state_head');
  assert.ok(before !== undefined && before.height < height, JSON.stringify(before));
  await project({ database: own });
  const found = await recoverFromDatabase(own, new JournalReader(folder), { differences: 3 });
  assert.equal(found.accepted ? found.block.height : found.refusal, height);
  assert.equal(await digestsOf(own), digests);
  assert.equal((await auditStore({ database: own, folder })).firstDifference, undefined);
});

test('a database whose last blocks were taken away by hand is made whole again, whatever was left of them', async (t) => {
  const { database: own } = await opened('headless');
  t.after(() => own.close());
  await project({ database: own });
  // Past what the database would refuse.
  const takeAway = (...tables: readonly string[]): Promise<void> =>
    own.hold(async (session) => {
      await session.query('set session_replication_role = replica');
      for (const table of tables) await session.query(`delete from ${table} where height > $1`, [flow.height - 2]);
      await session.query('reset session_replication_role');
    });
  await takeAway('block');
  await project({ database: own });
  assert.equal(await digestsOf(own), digests);
  await takeAway('block', 'projected_block');
  // Rows that nothing points at are met when theirs come again, and are gone behind that.
  await assert.rejects(project({ database: own }), { code: '23505' });
  await project({ database: own });
  assert.equal(await digestsOf(own), digests);
  assert.equal((await auditStore({ database: own, folder })).firstDifference, undefined);
});

describe('what is in the database', () => {
  test('the newest living version of every balance and of every position is what the state has, none missing', async () => {
    const { account, position } = flow.state;
    const balances = await database.query(
      `select distinct on (account) account, balance, pending, receivable from live_balance_version
        order by account, height desc`,
    );
    const expected = Array.from({ length: account.rows - 1 }, (_, n) => {
      const at = (n + 1) * account.rowFloats;
      const digits = (slot: number): string => String(wide(account.f64, at + slot));
      const [balance, pending] = [digits(ACCOUNT.BALANCE_HIGH), digits(ACCOUNT.PENDING_HIGH)];
      return { account: n + 1, balance, pending, receivable: account.f64[at + ACCOUNT.RECEIVABLE] };
    });
    assert.ok(expected.length > 12);
    assert.deepEqual(balances, expected);
    const positions = await database.query(
      `select distinct on (account, market) account, market, size_lots, cost, funding_index, realised_profit, realised_funding
        from live_position_version order by account, market, height desc`,
    );
    const rows = Array.from({ length: position.rows - 1 }, (_, n) => positionOf(flow.state, n + 1));
    const touched = new Set(positions.map((row) => [row['account'], row['market']].join(' ')));
    // A position that only ever had orders has no version: nothing of it changed.
    const isEmpty = (row: (typeof rows)[number]): boolean => row.size_lots === 0 && row.cost === '0';
    assert.deepEqual(
      positions.filter((row) => row['size_lots'] !== 0),
      rows.filter((row) => row.size_lots !== 0).sort((a, b) => a.account - b.account || a.market - b.market),
    );
    assert.deepEqual(
      rows.filter((row) => !isEmpty(row) && !touched.has(`${row.account} ${row.market}`)),
      [],
    );
  });

  test('the newest living version of every order that has not ended is an order of the state, and all of them are there', async () => {
    const { i32, rows } = flow.state.order;
    const open = await database.query(
      `select account, market, sells, price_ticks, trigger_ticks, remaining_lots, status from (
        select distinct on (order_id) * from live_order_version order by order_id, height desc) newest
        where status <> 'CLOSED' order by order_id`,
    );
    const expected: string[] = [];
    for (let row = 1; row < rows; row++) {
      const field = (column: number): number => i32[row * 16 + column] as number;
      if (field(ORDER.SIZE) === 0) continue;
      expected.push([field(ORDER.ACCOUNT), field(ORDER.MARKET), field(ORDER.PRICE), field(ORDER.REMAINING)].join(' '));
    }
    assert.ok(expected.length > 10);
    const found = open.map((row) =>
      [row['account'], row['market'], row['price_ticks'], row['remaining_lots']].join(' '),
    );
    assert.deepEqual(found.sort(), expected.sort());
  });

  test('commands have no gap and none twice; what a rollback ended is still there, and not alive', async () => {
    const [living] = await database.query<{ n: number; least: number; most: number; distinct: number }>(
      'select count(*) n, min(sequence) least, max(sequence) most, count(distinct sequence) as distinct from live_command',
    );
    const { lastSequence } = new JournalReader(folder).block(flow.height) ?? assert.fail();
    assert.deepEqual(living, { n: lastSequence, least: 1, most: lastSequence, distinct: lastSequence });
    const dead = await database.query<{ from_height: number; to_height: number; since_height: number }>(
      'select * from dead_range order by 1',
    );
    assert.equal(dead.length, 2);
    for (const { from_height: from, to_height: to, since_height: since } of dead) {
      assert.equal(since, to + 1);
      const [{ all, alive }] = (await database.query(
        `select (select count(*) from command where height between $1 and $2) as all,
          (select count(*) from live_command where height between $1 and $2) as alive`,
        [from, to],
      )) as [{ all: number; alive: number }];
      assert.ok(all > 0);
      assert.equal(alive, 0);
    }
    const rollbacks = await database.query("select height, certificate->>'format' as format from rollback order by 1");
    assert.deepEqual(
      rollbacks,
      dead.map(({ since_height: height }) => ({ height, format: 'makewhole-rollback/1' })),
    );
  });

  test('bars are what trades make of them, minute by minute, on every branch', async () => {
    const bars = await database.query(
      `select distinct on (market, start_ms) market, start_ms, open_ticks, high_ticks, low_ticks, close_ticks, volume_lots, trades
        from live_bar order by market, start_ms, height desc`,
    );
    const { lastMs } = new JournalReader(folder).block(flow.height) ?? assert.fail();
    const made = await database.query(
      `select market, start_ms, (array_agg(price_ticks order by trade))[1] as open_ticks, max(price_ticks) as high_ticks,
          min(price_ticks) as low_ticks, (array_agg(price_ticks order by trade desc))[1] as close_ticks,
          sum(size_lots)::bigint as volume_lots, count(*)::int as trades
        from (select *, time_ms - time_ms % ${BAR_MS} as start_ms from live_trade) minutes
        where start_ms + ${BAR_MS} <= $1 group by 1, 2 order by 1, 2`,
      [lastMs],
    );
    assert.ok(bars.length > 5);
    assert.deepEqual(bars, made);
  });
});

function positionOf({ position }: State, row: number) {
  const { f64, i32 } = position;
  const at = row * position.rowFloats;
  const digits = (slot: number): string => String(wide(f64, at + slot));
  return {
    account: i32[row * position.rowWords + POSITION.ACCOUNT] as number,
    market: i32[row * position.rowWords + POSITION.MARKET] as number,
    size_lots: (f64[at + POSITION.SIZE] as number) + 0,
    cost: digits(POSITION.COST_HIGH),
    funding_index: (f64[at + POSITION.FUNDING_INDEX] as number) + 0,
    realised_profit: digits(POSITION.REALISED_PROFIT_HIGH),
    realised_funding: digits(POSITION.REALISED_FUNDING_HIGH),
  };
}

describe('however it came about, it is the same', () => {
  test('rebuilt, or cut back to any block and caught up', async () => {
    await rebuild({ folder, database, stateBlocks: STATE_BLOCKS });
    assert.equal(await digestsOf(database), digests);
    const [first, second] = new JournalReader(folder).restores;
    const { height: begins, restores } = second ?? assert.fail();
    for (const height of [begins, begins - 1, restores + 1, (first?.height ?? 0) - 1]) {
      await cutBack(database, height);
      await project({ database });
      assert.equal(await digestsOf(database), digests, `from block ${height}`);
      assert.ok((await recoverFromDatabase(database, new JournalReader(folder))).accepted, `from block ${height}`);
    }
  });

  test('followed while the exchange writes, across a rollback, with a state that an exchange may start from', async () => {
    const live = join(root, 'live');
    const own = new FlowJournal(live, 21);
    const { database: followed } = await opened('live');
    const follower = new Follower({ folder: live, database: followed, stateBlocks: STATE_BLOCKS });
    for (let part = 0; part < 5; part++) {
      for (let n = 0; n < 4; n++) {
        own.run(25);
        await sleep(5);
      }
      own.finish();
      if (part === 2) own.rollBack(own.height - 2);
      await follower.reached(own.height);
    }
    await follower.stop();
    assert.equal(await follower.failed, undefined);
    const { database: anew } = await opened('anew');
    await project({ database: anew, folder: live });
    assert.equal(await digestsOf(followed), await digestsOf(anew));
    const recovered = await recoverFromDatabase(anew, new JournalReader(live));
    assert.ok(recovered.accepted);
    assert.equal(recovered.block.height, own.height);
    assert.equal(differingTable(recovered.state, own.state), undefined);
    own.close();
    await followed.close();
    await anew.close();
  });

  test('by processes that are killed, again and again: no row is missing and none is there twice', async () => {
    const { database: own, url: place } = await opened('killed');
    const script = fileURLToPath(new URL('../projecting-process.ts', import.meta.url));
    let heights = 0;
    for (let n = 0, last = -1; n < 4 && last < flow.height; n++) {
      const child = spawn(process.execPath, [script, folder, place], { stdio: ['ignore', 'pipe', 'inherit'] });
      const written = once(child.stdout, 'data').catch(() => undefined);
      await Promise.race([written, once(child, 'exit')]);
      await sleep(n * 2);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const [head] = await own.query<{ height: number }>('select coalesce(max(height), -1) as height from block');
      if (head !== undefined && head.height > last) heights++;
      last = head?.height ?? last;
    }
    assert.ok(heights > 1, 'it was never killed in its midst');
    await project({ database: own });
    assert.equal(await digestsOf(own), digests);
    assert.equal((await auditStore({ folder, database: own })).firstDifference, undefined);
    await own.close();
  });

  test('with a database that breaks off a transaction, and a server that is cut off', async () => {
    const { database: own } = await opened('failing');
    let times = 0;
    const before = async (): Promise<void> => {
      if ([2, 4].includes(++times)) throw new Error('the disk is full');
    };
    const troubles: string[] = [];
    const follower = new Follower({
      folder,
      database: own,
      stateBlocks: STATE_BLOCKS,
      transactionBlocks: 5,
      before,
      onTrouble: ({ message }) => troubles.push(message),
    });
    while (follower.height < 3) await sleep(20);
    await server.kill();
    await sleep(50);
    await server.restart();
    await follower.reached(flow.height);
    await follower.stop();
    assert.ok(troubles.includes('the disk is full'), troubles.join('; '));
    assert.equal(await digestsOf(own), digests);
    await own.close();
  });

  test('a journal that lost its end and went on otherwise: the database is taken back to where they part', async () => {
    const [lost, ours] = [join(root, 'lost'), new FlowJournal(join(root, 'ours'), 5)];
    ours.run(300);
    ours.finish();
    const common = ours.height;
    cpSync(ours.folder, lost, { recursive: true, filter: (path) => !path.endsWith('lock') });
    ours.run(200);
    ours.finish();
    const { database: own } = await opened('parted');
    await project({ database: own, folder: ours.folder });
    const other = new FlowJournal(lost, 6);
    other.run(120);
    other.finish();
    assert.ok(other.height < ours.height && other.height > common);
    const audit = await auditStore({ folder: lost, database: own });
    assert.equal(audit.firstDifference?.table, 'block');
    assert.equal(audit.firstDifference?.row, `height ${common + 1}`);
    await project({ database: own, folder: lost });
    assert.equal((await auditStore({ folder: lost, database: own })).firstDifference, undefined);
    assert.ok((await recoverFromDatabase(own, new JournalReader(lost))).accepted);
    ours.close();
    other.close();
    await own.close();
  });
});

describe('what is changed by hand', () => {
  const differs = async (of: Database, change: string, undo: string) => {
    await of.query(change);
    const { firstDifference } = await auditStore({ folder, database: of });
    await of.query(undo);
    return firstDifference;
  };

  test('in the projected tables is found by an audit, and named', async () => {
    const trade = { table: 'trade', row: 'height 7 trade 9', column: 'taker_fee' };
    const [{ fee, height }] = (await database.query(
      'select taker_fee as fee, height from trade where fork = 0 and trade = 9',
    )) as [{ fee: number; height: number }];
    assert.deepEqual(
      await differs(
        database,
        'update trade set taker_fee = taker_fee - 1 where fork = 0 and trade = 9',
        'update trade set taker_fee = taker_fee + 1 where fork = 0 and trade = 9',
      ),
      { ...trade, row: `height ${height} trade 9`, journal: String(fee), database: String(fee - 1) },
    );
    const [order] = await database.query<{ height: number; order_id: number }>(
      'select height, order_id from order_version order by height desc, order_id limit 1',
    );
    const { height: at, order_id: id } = order ?? assert.fail();
    await database.query('create table aside as select * from order_version where height = $1 and order_id = $2', [
      at,
      id,
    ]);
    const missing = await differs(
      database,
      `delete from order_version where height = ${at} and order_id = ${id}`,
      'insert into order_version select * from aside',
    );
    assert.deepEqual(
      [missing?.row, missing?.column, missing?.database],
      [`height ${at} order_id ${id}`, 'row', 'none'],
    );
    const tooMany = await differs(
      database,
      'insert into balance_version values (0, 3, 999, 5, 0, 0)',
      'delete from balance_version where account = 999',
    );
    assert.deepEqual([tooMany?.row, tooMany?.column, tooMany?.journal], ['height 3 account 999', 'row', 'none']);
    const orphan = await differs(
      database,
      'insert into balance_version values (0, 100000, 3, 5, 0, 0)',
      'delete from balance_version where height = 100000',
    );
    assert.deepEqual([orphan?.table, orphan?.row], ['balance_version', 'height 100000']);
    const range = await differs(
      database,
      'update dead_range set to_height = to_height - 1 where from_height = (select min(from_height) from dead_range)',
      'update dead_range set to_height = to_height + 1 where from_height = (select min(from_height) from dead_range)',
    );
    assert.deepEqual([range?.table, range?.column], ['dead_range', 'to_height']);
    const digest = await differs(
      database,
      "update projected_block set digest = decode(repeat('00', 32), 'hex') where height = 5 and table_name = 'command'",
      'select 1',
    );
    assert.deepEqual([digest?.table, digest?.row], ['projected_block', 'height 5 table_name command']);
    await rebuild({ folder, database, stateBlocks: STATE_BLOCKS });
    const { firstDifference, tables, rows } = await auditStore({ folder, database });
    assert.equal(firstDifference, undefined);
    assert.equal(
      tables.reduce((sum, { journal }) => sum + journal.rows, 0),
      rows,
    );
    for (const { journal, database: theirs } of tables) assert.deepEqual(journal, theirs);
    assert.ok((tables.find(({ table }) => table === 'money_movement')?.journal.sums['amount'] ?? 0n) > 2n ** 50n);
  });

  test('in the tables of the state keeps an exchange from starting, by table, row and column', async () => {
    const reader = new JournalReader(folder);
    const check = () => recoverFromDatabase(database, reader, { folder, differences: 3 });
    const changes = [
      [
        'state_position',
        'update state_position set size = -size where row = 3',
        'update state_position set size = -size where row = 3',
        'position/3/size',
      ],
      [
        'state_account',
        'update state_account set balance_high = 1024 + balance_high where row = 4',
        'update state_account set balance_high = balance_high - 1024 where row = 4',
        'account/4/balanceHigh',
      ],
      [
        'state_market',
        'update state_market set funding_index = 0.5 + funding_index where row = 1',
        'update state_market set funding_index = funding_index - 0.5 where row = 1',
        'market/1/fundingIndex',
      ],
      [
        'state_account_key',
        'update state_account_key set key_7 = key_7 # 1 where row = 5',
        'update state_account_key set key_7 = key_7 # 1 where row = 5',
        'accountKey/5/key[7]',
      ],
      ['state_table', "update state_table set free = 2 where name = 'order'", '', 'order/0/free'],
    ] as const;
    for (const [, change, undo, path] of changes) {
      await database.query(change);
      const result = await check();
      assert.ok(!result.accepted && result.refusal === 'state_differs', path);
      assert.deepEqual(
        result.differences.map(({ table, row, column }) => `${table}/${row}/${column}`),
        [path],
      );
      if (undo !== '') await database.query(undo);
    }
    await database.query('delete from state_order where row = 2');
    const unreadable = await check();
    assert.ok(!unreadable.accepted);
    assert.equal(unreadable.refusal, 'state_unreadable');
    assert.match(unreadable.about, /^state_order\/3\/row: in the place of row 2$/);
  });

  test('so does a state of another block, and of one that the journal does not have', async () => {
    const reader = new JournalReader(folder);
    const [first] = reader.restores;
    await database.query('update state_head set height = height - 1');
    const other = await recoverFromDatabase(database, reader);
    assert.ok(!other.accepted);
    assert.equal(other.refusal, 'block_unknown');
    const dead = (first?.height ?? 0) - 1;
    await cutBack(database, -1);
    const none = await recoverFromDatabase(database, reader);
    assert.ok(!none.accepted);
    assert.equal(none.refusal, 'no_state');
    await rebuild({ folder, database, stateBlocks: STATE_BLOCKS });
    await database.query(
      'update state_head set (height, fork, state_root, block_hash) = (select height, fork, state_root, hash from block where height = $1)',
      [dead],
    );
    const ended = await recoverFromDatabase(database, reader);
    assert.ok(!ended.accepted);
    assert.equal(ended.refusal, 'block_on_dead_branch');
  });
});

test('a dead branch whose states nothing explains has its blocks, and says so; an exchange may start behind it', async () => {
  const own = new FlowJournal(join(root, 'disturbed'), 33);
  own.run(250);
  own.finish();
  const good = own.height;
  own.run(60);
  own.disturb();
  own.run(60);
  own.finish();
  const dead = own.height;
  own.rollBack(good, true);
  own.run(100);
  own.finish();
  const { database: theirs } = await opened('disturbed');
  await project({ database: theirs, folder: own.folder });
  const unfollowed = await theirs.query<{ height: number }>(
    'select height from block where not is_followed order by 1',
  );
  assert.ok(unfollowed.length > 0 && unfollowed.length < dead - good);
  assert.equal(unfollowed.at(-1)?.height, dead);
  assert.ok((unfollowed[0]?.height ?? 0) > good);
  assert.equal((await auditStore({ folder: own.folder, database: theirs })).firstDifference, undefined);
  assert.ok((await recoverFromDatabase(theirs, new JournalReader(own.folder))).accepted);
  own.close();
  await theirs.close();
});

test('the commands rebuild and audit say what they did; an exchange that has the lease keeps them out', async () => {
  const { database: own, url } = await opened('commands');
  const run = async (...args: readonly string[]) => {
    const streams = memoryStreams();
    const exitCode = await runProgram(['store', ...args, '--journal', folder, '--database', url], streams);
    return { exitCode, said: streams.stderr.text };
  };
  const rebuilt = await run('rebuild');
  assert.equal(rebuilt.exitCode, exitCodes.ok, rebuilt.said);
  assert.match(rebuilt.said, new RegExp(`The database has every block up to ${flow.height}\\.`));
  const audited = await run('audit');
  assert.match(audited.said, /Equal: [\d,]+ rows up to block/);
  assert.match(audited.said, /balance_version +[\d,]+ +balance -?\d+/);
  await own.query(
    "update command set kind = 'tick' where height = 4 and sequence = (select min(sequence) from command where height = 4)",
  );
  const found = await run('audit');
  assert.equal(found.exitCode, exitCodes.finding);
  assert.match(
    found.said,
    /DIFFERS after [\d,]+ rows\.\ncommand\/height 4 sequence \d+\/kind: journal \w+, database tick/,
  );
  assert.match((await run('recover', '--check')).said, /may start from the database: its state is that of block/);
  await own.query('update state_position set cost_low = cost_low + 1 where row = 2');
  const unfit = await run('recover', '--check', '--differences', '1');
  assert.equal(unfit.exitCode, exitCodes.finding);
  assert.match(unfit.said, /REFUSED: state_differs: .*\nposition\/2\/costLow: journal -?\d+, database -?\d+\n$/);
  const lease = await takeLease(own, {
    exchange: 'one',
    seat: 'elsewhere',
    birthId: '1',
    birth: {},
    timeMs: 60_000,
    durable: undefined,
    hashAt: () => undefined,
  });
  const refused = await run('rebuild');
  assert.equal(refused.exitCode, exitCodes.badInput);
  assert.match(refused.said, /lease_held/);
  await lease.release(undefined);
  assert.equal((await run('rebuild')).exitCode, exitCodes.ok);
  assert.equal((await auditStore({ folder, database: own })).firstDifference, undefined);
  await own.close();
});
