// The history in the embedded database, by the commands of the program: a venue with a guard, people who act, and a liquidation.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { exitCodes } from '../../src/cli/errors.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';
import type { PaxgVenue } from '../../src/exchange/paxg.fixture.ts';
import { decodeLines } from '../../src/guard/warrant.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { JournalReader } from '../../src/journal/journal-reader.ts';
import { auditStore } from '../../src/store/audit-store.ts';
import { describeRowDifference } from '../../src/store/compare-rows.ts';
import type { Database } from '../../src/store/database.ts';
import { openPglite } from '../../src/store/pglite-database.ts';
import { recoverFromDatabase } from '../../src/store/recover-from-database.ts';
import { liquidatedVenue } from './liquidated.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-embedded-'));

async function makewhole(...args: readonly string[]) {
  const streams = memoryStreams();
  const exitCode = await runProgram([...args, '--data-dir', folder, '--json'], streams);
  return { exitCode, result: JSON.parse(streams.stdout.text) as Record<string, unknown> };
}

/** Lines that stand beside batches, by what they are. */
function besideIn(journal: Journal): Record<'warrant' | 'hold' | 'act', string[]> {
  const found = { warrant: [] as string[], hold: [] as string[], act: [] as string[] };
  for (const entry of journal.entries()) {
    if (entry.kind === 'block') continue;
    for (const [name, bytes] of [
      ['warrant', entry.warrants],
      ['hold', entry.holds],
      ['act', entry.acts],
    ] as const) {
      if (bytes !== undefined) found[name].push(...decodeLines(bytes).map((line) => line.trimEnd()));
    }
  }
  return found;
}

let venue: PaxgVenue;
before(() => {
  venue = liquidatedVenue(join(folder, 'journal'));
});
after(() => rmSync(folder, { recursive: true }));

/** With the embedded database of the folder open. */
async function withDatabase(work: (database: Database, journal: string) => Promise<void>): Promise<void> {
  const database = await openPglite(join(folder, 'database'));
  try {
    await work(database, join(folder, 'journal'));
  } finally {
    await database.close();
  }
}

test('rebuilt it is what the journal says, and what stands beside batches is in it; what is changed by hand is found, and named', async () => {
  const rebuilt = await makewhole('store', 'rebuild');
  assert.equal(rebuilt.exitCode, exitCodes.ok, JSON.stringify(rebuilt));
  assert.equal(rebuilt.result['height'], venue.journal.height);
  await withDatabase(async (database, journal) => {
    const reader = new JournalReader(journal);
    const recovered = await recoverFromDatabase(database, reader);
    assert.deepEqual([recovered.accepted, recovered.accepted && recovered.block.height], [true, reader.height]);
    const audit = await auditStore({ folder: journal, database });
    assert.deepEqual([audit.firstDifference, audit.rows], [undefined, rebuilt.result['rows']]);
    for (const [table, lines] of Object.entries(besideIn(venue.journal))) {
      assert.ok(lines.length > 0, table);
      const rows = await database.query<{ line: string }>(
        `select ${table}.${table}::text as line from ${table} order by height, sequence, ordinal`,
      );
      assert.deepEqual(
        rows.map(({ line }) => line),
        lines,
      );
    }
    const [liquidated] = await database.query<{ account: number; height: number; sequence: number }>(
      'select account, height, sequence from liquidation order by sequence limit 1',
    );
    const { account, height, sequence } = liquidated ?? assert.fail('nobody was liquidated');
    await database.query('update liquidation set penalty = 0 where sequence = $1', [sequence]);
    await database.query('update state_account set balance_low = 0 where row = $1', [account]);
    const { firstDifference } = await auditStore({ folder: journal, database });
    assert.ok(firstDifference !== undefined);
    assert.match(
      describeRowDifference(firstDifference),
      new RegExp(`^liquidation/height ${height} sequence ${sequence}/penalty: journal [1-9]\\d*, database 0$`),
    );
    const refused = await recoverFromDatabase(database, reader, { differences: 2 });
    assert.ok(!refused.accepted);
    assert.equal(refused.refusal, 'state_differs');
    const [first] = refused.differences;
    assert.deepEqual([first?.table, first?.row, first?.column], ['account', String(account), 'balanceLow']);
  });
});

test('a journal or a database that nobody named is refused by name', async () => {
  const refusal = async (...args: readonly string[]): Promise<string> => {
    const streams = memoryStreams();
    assert.equal(await runProgram(['store', 'audit', ...args, '--json'], streams), exitCodes.badInput);
    return (JSON.parse(streams.stdout.text) as { error: string }).error;
  };
  assert.equal(await refusal(), 'missing_argument');
  assert.equal(await refusal('--journal', join(folder, 'nowhere')), 'journal_not_found');
  const nobody = 'postgres://127.0.0.1:1/none';
  assert.equal(await refusal('--journal', join(folder, 'journal'), '--database', nobody), 'database_unavailable');
});
