// What the journal knows of incidents and claims, as SQL: on both engines the same, at each step of a payout, and behind a rollback.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { actOf, ANN, BEN, signed } from '../guard/authority/act.fixture.ts';
import { transferId } from '../guard/authority/refund-plan.ts';
import { giveBack } from '../incident/pay.ts';
import {
  approvalBy,
  claimOf,
  fillVenue,
  findingOf,
  FIRST,
  openedVenue,
  type OpenedVenue,
  payTo,
  type Prepared,
  prepared,
} from '../incident/payout.fixture.ts';
import { prepareRollback, rollBack } from '../incident/roll-back.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { auditStore } from './audit-store.ts';
import type { Database } from './database.ts';
import { catchUp, rebuild } from './follow-journal.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { openPglite } from './pglite-database.ts';
import { startPostgres, type TestServer } from './postgres.fixture.ts';
import { openPostgres } from './postgres-database.ts';

const TRADERS = 12;
const CLAIM_COLUMNS = 'round, account, set_aside, posted, given_back, taken_back, status';
const root = mkdtempSync(join(tmpdir(), 'makewhole-incidents-'));
const folder = join(root, 'journal');
let server: TestServer;
let databases: Database[];

before(async () => {
  server = await startPostgres();
  databases = [await openPglite(join(root, 'database')), await openPostgres(await server.createDatabase('incidents'))];
  for (const database of databases) await migrate(database, MIGRATIONS);
});
after(async () => {
  for (const database of databases) await database.close();
  await server.stop();
  rmSync(root, { recursive: true });
});

/** The rows of a query, which are the same on both engines. */
async function rows(text: string): Promise<Record<string, unknown>[]> {
  const [own, other] = await Promise.all(databases.map((database) => database.query(text)));
  assert.deepEqual(own, other, text);
  return own as Record<string, unknown>[];
}

let reference = 1000;

/** Statuses of the incident's rounds after what the journal has by now; an act counts to the block of the next command. */
async function statuses({ exchange }: OpenedVenue): Promise<string> {
  const commands = new CommandBuffer();
  commands.deposit(exchange.timeMs, FIRST, 1, reference++);
  exchange.submit(commands);
  exchange.finish();
  for (const database of databases) await catchUp({ database, folder });
  const found = await rows('select round, status from incident order by round');
  return found.map(({ round, status }) => `${String(round)} ${String(status)}`).join(', ');
}

/** A claim of every trader: the n-th is paid n × 1,000; one has a credit taken back. */
function claims(round: number): Prepared {
  const all = Array.from({ length: TRADERS }, (_, n) => claimOf(FIRST + n, BigInt(n) * 1000n));
  all[0] = claimOf(FIRST, 0n, { reversed: '500' });
  return prepared(all, round);
}

/** A stop before the n-th batch. */
function stopAt(batch: number): () => boolean {
  let batches = 0;
  return () => ++batches === batch;
}

test('the id of a transfer is the one that the database computes', async () => {
  for (const [round, account, cause] of [
    [1, 3, 'refund'],
    [7, 70_000, 'reversal'],
  ] as const) {
    const name = { incident: '0123456789abcdef'.repeat(4), round };
    const words = new Int32Array(transferId(name, account, cause).slice().buffer);
    const reference = Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    const text = `select transfer_reference('${name.incident}', ${round}, ${account}, '${cause}') as reference`;
    assert.deepEqual(await rows(text), [{ reference }]);
  }
});

test('approved, set aside, paid a part, paid, given back, revoked: each claim and each round by what the journal says', async () => {
  const { journal } = openFileJournal(folder);
  const venue = openedVenue(journal);
  fillVenue(venue, TRADERS, 1000);
  const [first, second, third] = [1, 2, 3].map(claims) as [Prepared, Prepared, Prepared];
  assert.equal(await statuses(venue), '');
  const approval = approvalBy(first);
  const pay = (stop: number): string => findingOf(payTo(venue, first, approval, { isStopped: stopAt(stop), batch: 4 }));
  pay(1);
  assert.equal(await statuses(venue), '1 approved');
  assert.deepEqual(await rows('select account from claim'), []);
  pay(2);
  assert.equal(await statuses(venue), '1 set_aside');
  pay(2);
  assert.equal(await statuses(venue), '1 paying');
  const posted = (await rows("select account from claim where status = 'paid'")).length;
  assert.ok(posted > 0 && posted < TRADERS - 1, `${posted}`);
  assert.equal(pay(0), 'paid');
  assert.equal(await statuses(venue), '1 paid');
  const paid = Array.from({ length: TRADERS - 1 }, (_, n) => {
    const amount = String((n + 1) * 1000);
    const account = FIRST + n + 1;
    return { round: 1, account, set_aside: '0', posted: amount, given_back: '0', taken_back: '0', status: 'paid' };
  });
  const taken = { round: 1, account: FIRST, set_aside: '0', posted: '0', given_back: '0', taken_back: '500' };
  const all = [{ ...taken, status: 'taken_back' }, ...paid];
  assert.deepEqual(await rows(`select ${CLAIM_COLUMNS} from claim order by account`), all);
  const [incident] = await rows('select * from incident');
  const { plan } = first;
  assert.deepEqual(
    [incident?.['incident'], incident?.['approved_plan'], incident?.['approved_total'], incident?.['posted']],
    [plan.incident, plan.hash, String(plan.total), String(plan.total)],
  );
  assert.deepEqual([incident?.['taken_back'], incident?.['is_rolled_back']], ['500', false]);
  const good = journal.height;
  findingOf(payTo(venue, second, approvalBy(second), { isStopped: stopAt(2), nowMs: 30 }));
  giveBack({ exchange: venue.exchange, plan: second.plan, nowMs: 30 });
  assert.equal(await statuses(venue), '1 paid, 2 given_back');
  findingOf(payTo(venue, third, approvalBy(third), { isStopped: stopAt(1), nowMs: 40 }));
  assert.equal(await statuses(venue), '1 paid, 2 given_back, 3 approved');
  const revocation = signed(actOf({ kind: 'revokeRefunds', incident: plan.incident, round: 3 }), ANN);
  assert.ok(venue.exchange.act(revocation, 50).accepted);
  assert.equal(await statuses(venue), '1 paid, 2 given_back, 3 revoked');

  // A rollback ends what came behind the first round, and is told of with it.
  const options = { hash: sha256, restores: good, reason: 'a false price', incident: plan.incident, timeMs: 60 };
  const allowed = prepareRollback(journal, options);
  assert.ok(allowed.accepted, allowed.accepted ? '' : allowed.about);
  const { deadHead, orderPolicy } = allowed.certificate;
  const content = {
    kind: 'rollback',
    restores: good,
    deadHead: deadHead.hash,
    incident: plan.incident,
    orderPolicy,
  } as const;
  const back = rollBack(journal, { ...options, approval: signed(actOf(content), ANN, BEN) });
  assert.ok(back.accepted, back.accepted ? '' : `${back.refusal}: ${back.about}`);
  for (const database of databases) await catchUp({ database, folder });
  const columns = 'round, fork, height, trusted_height, is_rolled_back, rollback_fork, rollback_height, reason, status';
  const behind = back.block.height;
  const living = {
    round: 1,
    fork: 1,
    height: behind,
    trusted_height: good,
    is_rolled_back: true,
    rollback_fork: 1,
    rollback_height: behind,
    reason: 'a false price',
    status: 'paid',
  };
  assert.deepEqual(await rows(`select ${columns} from incident`), [living]);
  assert.deepEqual(await rows(`select ${CLAIM_COLUMNS} from claim order by account`), all);
  assert.deepEqual(await rows('select * from as_of'), [{ height: journal.height, fork: 1 }]);
  const before = await rows('select * from incident');
  const claimed = await rows('select * from claim order by account');
  journal.close();
  for (const database of databases) {
    await rebuild({ database, folder });
    assert.equal((await auditStore({ database, folder })).firstDifference, undefined);
  }
  assert.deepEqual(await rows('select * from incident'), before);
  assert.deepEqual(await rows('select * from claim order by account'), claimed);
});
