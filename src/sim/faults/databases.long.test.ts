// Databases that go wrong on a PostgreSQL server: what `matrix --database` does. The embedded ones are those of the matrix itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPostgres } from '../../store/postgres-database.ts';
import { startPostgres, type TestServer } from '../../store/postgres.fixture.ts';
import { DATABASE_CASES } from './cases-database.ts';
import { databaseMutation } from './database-mutation.ts';
import type { Fault } from './fault.ts';
import { Worlds } from './worlds.ts';

let server: TestServer;
let worlds: Worlds;

before(async () => {
  server = await startPostgres();
  worlds = new Worlds(1, server.url);
});
after(async () => {
  await worlds.close();
  const admin = await openPostgres(server.url);
  const left = await admin.query("select datname from pg_database where starts_with(datname, 'mw_')");
  await admin.close();
  await server.stop();
  assert.deepEqual(left, [], 'its databases are removed');
});

function caseOf(id: string): Fault {
  const fault = DATABASE_CASES.find((each) => each.id === id);
  assert.ok(fault, id);
  return fault;
}

describe('databases that go wrong, on a server', () => {
  for (const [id, phase, by, check, path] of [
    ['D04', 'upgrade', 'procedure', 'upgrade_rehearse', /^state_market\/[12]\/funding_index$/],
    ['D12', 'upgrade', 'procedure', 'upgrade_rehearse', /^state_(?:account|head)\//],
    ['C68', 'upgrade', 'procedure', 'upgrade_rehearse', /^position\/\d+\//],
    ['D06', 'upgrade', 'verification', 'verify_rows', /^state_market\/\d+\/initial_margin$/],
    ['C66', 'upgrade', 'verification', 'verify_rows', /^account_balance\/\d+\/balance_/],
    ['C71', 'upgrade', 'readiness', 'readiness_projections', /^\d+ blocks behind$/],
    ['D01', 'restart', 'start', 'recover_state_differs', /^market\/1\/fundingIndex$/],
    ['D13', 'restart', 'fence', 'fence', /^epoch 1 is not the newest/],
  ] as const) {
    test(`${id} in ${phase}: refused with the row named, nobody is forced out wrongly; without a look it harms`, async () => {
      const fault = caseOf(id);
      const { wrongful, wrongfulActions, detectedBy, database } = await worlds.guardedStart('calm', phase, fault);
      assert.equal(wrongful, 0, wrongfulActions.join('\n'));
      assert.equal(detectedBy, check);
      assert.deepEqual([database?.engine, database?.by], ['postgres', by]);
      assert.match(database?.findings[0] ?? '', path);
      if (by === 'procedure') assert.deepEqual([database?.abort, database?.isLiveUntouched], ['A', true]);
      const harm = await worlds.unguardedStart('calm', phase, fault);
      assert.ok(
        harm.some((kind) => fault.harm.includes(kind)),
        `declared ${fault.harm.join(' ')}, happened ${harm.join(' ')}`,
      );
    });
  }

  for (const phase of ['upgrade', 'restart'] as const) {
    test(`the harness can fail: statements that change nothing are not refused and do no harm, in ${phase}`, async () => {
      const idle: Fault = { ...caseOf('D01'), id: 'idle 1', database: () => ({ up: ['select 1'] }) };
      const { detectedBy, wrongful, database } = await worlds.guardedStart('calm', phase, idle);
      assert.deepEqual(
        { detectedBy, wrongful, findings: database?.findings },
        { detectedBy: null, wrongful: 0, findings: [] },
      );
      assert.deepEqual(await worlds.unguardedStart('calm', phase, idle), []);
    });
  }

  test('rows that are changed by hand are noticed, or hold what they held', async () => {
    const numbers = Array.from({ length: 15 }, (_, number) => number);
    const isOfHistory = (number: number): boolean => databaseMutation(number).of === 'history';
    // One database after the other: they are made anew for each phase.
    for (const number of [...numbers.filter((each) => !isOfHistory(each)), ...numbers.filter(isOfHistory)]) {
      const phase = isOfHistory(number) ? 'upgrade' : 'restart';
      const { name, up, outcome } = await worlds.mutatedRows('calm', phase, number);
      assert.notEqual(outcome, 'unnoticed', `${name}: ${up.join('; ')}`);
    }
  });
});
