// An upgrade of the database of an exchange that is being traded on: gone back from behind the switch, and with the upgrade, the exchange
// and the database killed on the way. Whatever happens, what was answered is kept, and the exchange goes on.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { auditStore } from '../../src/store/audit-store.ts';
import { openPglite } from '../../src/store/pglite-database.ts';
import { openPostgres } from '../../src/store/postgres-database.ts';
import { startPostgres, type TestServer } from '../../src/store/postgres.fixture.ts';
import { STATES } from '../../src/upgrade/states.ts';
import { LiveVenue, SendingClient } from './upgrade-live.fixture.ts';

const GOOD = fileURLToPath(new URL('../../src/upgrade/samples/0100-trade-notional.json', import.meta.url));
const MIGRATION = ['--migration', GOOD, '--blocks', '4', '--hold', '600', '--override', 'calm'];

const folder = mkdtempSync(join(tmpdir(), 'makewhole-upgrade-live-'));
let server: TestServer;
let venues = 0;
const started: LiveVenue[] = [];

before(async () => {
  server = await startPostgres();
});
after(async () => {
  for (const venue of started) await venue.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

interface Traded {
  readonly venue: LiveVenue;
  readonly client: SendingClient;
  readonly url: string | undefined;
}

/** An exchange that takes commands, and a client that was answered some. */
async function traded(engine: 'pglite' | 'postgres'): Promise<Traded> {
  const name = `live_${venues++}`;
  const url = engine === 'postgres' ? await server.createDatabase(name) : undefined;
  const venue = new LiveVenue(join(folder, name), url === undefined ? [] : ['--database', url]);
  started.push(venue);
  await venue.serve();
  const client = new SendingClient(venue);
  await client.more(5);
  return { venue, client, url };
}

/** The exchange goes on; then, stopped, its journal has what was answered, and its database what the journal says. */
async function requireWhole({ venue, client, url }: Traded, hasNotional: boolean): Promise<void> {
  await venue.taking();
  await client.more(5);
  await client.stop();
  await venue.stop();
  client.requireKept();
  const database = await (url === undefined ? openPglite(join(venue.folder, 'database')) : openPostgres(url));
  try {
    const audit = await auditStore({ folder: venue.journal, database });
    assert.equal(audit.firstDifference, undefined, JSON.stringify(audit.firstDifference));
    assert.ok(audit.rows > 0);
    const columns = await database.query("select 1 from information_schema.columns where column_name = 'notional'");
    assert.equal(columns.length > 0, hasNotional);
  } finally {
    await database.close();
  }
}

for (const engine of ['pglite', 'postgres'] as const) {
  describe(`an exchange that is traded on, with its database in ${engine}`, () => {
    for (const [behind, abort] of [
      ['BOOT_LADDER', 'B'],
      ['REOPEN', 'C'],
    ] as const) {
      test(`killed behind ${behind} and gone back by abort ${abort}: it goes on with the old database and everything that was answered`, async () => {
        const live = await traded(engine);
        const ended = await live.venue.upgradedTo(behind, 'run', ...MIGRATION, '--soak', '600');
        assert.equal(ended, undefined, JSON.stringify(ended));
        if (abort === 'C') await live.client.more(5);
        const { expectedAbort } = live.venue;
        const outcome = await live.venue.upgraded('abort');
        assert.deepEqual([outcome.verdict, outcome.abort], ['fail', expectedAbort]);
        assert.ok(outcome.tradingPauseMs > 0);
        await requireWhole(live, false);
      });
    }
  });
}

test('the upgrade killed behind every step in turn: each time it goes on, and is committed', async () => {
  const live = await traded('pglite');
  for (const [at, state] of STATES.slice(0, -1).entries()) {
    const ended =
      at === 0
        ? await live.venue.upgradedTo(state, 'run', ...MIGRATION)
        : await live.venue.upgradedTo(state, 'resume', '--override', 'calm');
    // It may have been through before it could be killed.
    assert.equal(ended?.code ?? 0, 0, `${state}: ${JSON.stringify(ended)}`);
    if (ended !== undefined) break;
  }
  if ((await live.venue.lastUpgrade()).isActive) await live.venue.upgraded('resume');
  const { verdict, findings, steps } = await live.venue.lastUpgrade();
  assert.deepEqual([verdict, findings, steps.length], ['pass', [], STATES.length]);
  await requireWhole(live, true);
});

test('the exchange killed while nobody trades: the upgrade ends by itself, and whoever starts it again finds everything', async () => {
  const live = await traded('postgres');
  const program = live.venue.upgrade('run', ...MIGRATION, '--json');
  await live.venue.written(program, 'CANCEL_ONLY');
  await live.venue.kill();
  const { stdout, stderr } = await program.ended;
  const { verdict, abort } = JSON.parse(stdout) as { readonly verdict: string; readonly abort: string | null };
  assert.ok(verdict === 'pass' || abort !== null, `${stdout}${stderr}`);
  await live.venue.serve();
  await requireWhole(live, verdict === 'pass');
});

for (const behind of ['REHEARSE', 'CANCEL_ONLY', 'VERIFY'] as const) {
  test(`the database killed behind ${behind}, and there again: the upgrade tries again, and is committed`, async () => {
    const live = await traded('postgres');
    const program = live.venue.upgrade('run', ...MIGRATION, '--json');
    await live.venue.written(program, behind);
    await server.kill();
    await server.restart();
    const { stdout, stderr } = await program.ended;
    const outcome = JSON.parse(stdout) as { readonly verdict: string; readonly abort: string | null };
    assert.deepEqual([outcome.verdict, outcome.abort], ['pass', null], `${stdout}${stderr}`);
    await requireWhole(live, true);
  });
}
