// Two `serve` processes at once, on one folder by two names or on one database: one is refused by name, and nothing answered is lost.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlAnswered } from '../../src/server/control-client.ts';
import { Random } from '../../src/sim/random.ts';
import { auditStore } from '../../src/store/audit-store.ts';
import { startPostgres, type TestServer } from '../../src/store/postgres.fixture.ts';
import { openPostgres } from '../../src/store/postgres-database.ts';
import { temporaryFolder } from './serve.fixture.ts';
import { type Ended, ServeProcess } from './serve-process.fixture.ts';

let server: TestServer;
before(async () => {
  server = await startPostgres();
});
after(async () => {
  await ServeProcess.endAll();
  await server.stop();
});

const errorOf = ({ stdout, stderr }: Ended): string => {
  assert.ok(stdout.startsWith('{'), `${stdout}\n${stderr}`);
  return (JSON.parse(stdout) as { readonly error: string }).error;
};

/** Deposits with the next reference, as soon as commands are taken; returns the sequence that was answered. */
async function deposit(process: ServeProcess, reference: number): Promise<number> {
  for (;;) {
    try {
      const answer = await process.ask({
        ask: 'submit',
        commands: [{ kind: 'deposit', account: 5, amount: 1e8, reference }],
      });
      const { lastSequence, events } = answer as { readonly lastSequence: number; readonly events: readonly object[] };
      assert.equal(events.length, 1);
      return lastSequence;
    } catch (error) {
      if (!(error instanceof ControlAnswered) || error.code !== 'not_ready') throw error;
      await sleep(30);
    }
  }
}

async function requireEqual(folder: string, url: string): Promise<void> {
  const database = await openPostgres(url);
  try {
    const { firstDifference, rows } = await auditStore({ folder: join(folder, 'journal'), database });
    assert.equal(firstDifference, undefined, JSON.stringify(firstDifference));
    assert.ok(rows > 0);
  } finally {
    await database.close();
  }
}

test('on one folder by two names, in any order and at any distance: one runs, the other ends by name; the next life goes on', async (t) => {
  const folder = temporaryFolder(t.after.bind(t));
  const link = `${folder} by another name`;
  mkdirSync(folder, { recursive: true });
  symlinkSync(folder, link);
  const url = await server.createDatabase('two_names');
  const random = new Random('two names');
  let answered = 0;
  for (let round = 0; round < 3; round++) {
    const names = round % 2 === 0 ? [folder, link] : [link, folder];
    const two: ServeProcess[] = [];
    for (const name of names) {
      two.push(new ServeProcess(name, ['--json'], url));
      await sleep(random.below(600) * (round % 3));
    }
    // Whichever ends is the one that is refused; both listen at the same socket, so either may be asked.
    const ended = await Promise.race(two.map((each) => each.ended));
    assert.equal(ended.code, 2, ended.stderr);
    assert.equal(errorOf(ended), 'data_dir_in_use');
    const running = two.find(({ child }) => child.exitCode === null && child.signalCode === null);
    assert.ok(running !== undefined, 'one of them runs');
    const sequence = await running.sequence();
    assert.ok(sequence >= answered, `${sequence} commands, ${answered} were answered`);
    await running.reached(sequence + 1 + random.below(500));
    answered = await running.sequence();
    await running.kill('SIGKILL');
  }
  const last = new ServeProcess(link, ['--json'], url);
  await last.reached(answered + 1);
  const { code, stderr } = await last.kill('SIGTERM');
  assert.equal(code, 0, stderr);
  await requireEqual(folder, url);
});

test('one that stands still beyond its lease is taken over; continued, it ends as fenced, and what it had answered is there', async (t) => {
  const folder = temporaryFolder(t.after.bind(t));
  const copy = join(dirname(folder), 'copy');
  const url = await server.createDatabase('stood_still');
  const old = new ServeProcess(folder, ['--json'], url);
  let answered = 0;
  for (let reference = 1; reference <= 3; reference++) answered = await deposit(old, reference);
  old.child.kill('SIGSTOP');
  cpSync(folder, copy, { recursive: true, filter: (path) => !/(lock|control\.sock)$/.test(path) });
  rmSync(join(copy, 'lock'), { force: true });
  let taker: ServeProcess;
  const refused: string[] = [];
  for (;;) {
    taker = new ServeProcess(copy, ['--json'], url);
    // A taker that runs answers; one that is refused ends.
    const first = await Promise.race([taker.ended, taker.sequence().catch(() => undefined)]);
    if (typeof first === 'number') break;
    refused.push(errorOf(await taker.ended));
  }
  assert.ok(refused.length > 0 && refused.every((name) => name === 'lease_held'), refused.join());
  assert.ok((await taker.sequence()) >= answered, 'what was answered is there');
  const more = await deposit(taker, 4);
  old.child.kill('SIGCONT');
  const ended = await old.ended;
  assert.equal(errorOf(ended), 'fenced', ended.stderr);
  await taker.reached(more + 20);
  const { code, stderr } = await taker.kill('SIGTERM');
  assert.equal(code, 0, stderr);
  await requireEqual(copy, url);
});
