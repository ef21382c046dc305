// Another release of the program takes over an exchange that is traded on: one that is the same, one that is wrong, one that differs as
// declared, one that is wrong only when it serves; and back again from behind the switch.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { recordJournal } from '../../src/upgrade/recorded-venue.fixture.ts';
import { ReleaseComparison } from '../../src/upgrade/compare-releases.ts';
import { Findings } from '../../src/upgrade/finding.ts';
import { OWN_RELEASE, readRelease } from '../../src/upgrade/release.ts';
import { ShadowGone } from '../../src/upgrade/shadow-process.ts';
import { STATES } from '../../src/upgrade/states.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';
import { LiveVenue, SendingClient } from './upgrade-live.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-release-'));
const journal = join(folder, 'journal');
const started: LiveVenue[] = [];
let venues = 0;

before(() => recordJournal(journal, 5, 8));
after(async () => {
  for (const venue of started) await venue.stop();
  rmSync(folder, { recursive: true });
});

/** A copy of this release in which some text of some files is another. */
function release(name: string, changes: readonly (readonly [file: string, from: string, to: string])[] = []): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const part of ['src', 'bench', 'package.json', 'package-lock.json']) {
    cpSync(join(OWN_RELEASE, part), join(path, part), { recursive: true });
  }
  for (const [file, from, to] of changes) {
    const text = readFileSync(join(path, file), 'utf8');
    assert.ok(text.includes(from), `${file} has no ${from}`);
    writeFileSync(join(path, file), text.replaceAll(from, to));
  }
  return path;
}

const FUNDING = 'src/engine/funding.ts';
/** It loses what a division left over, of one market: an index that drifts by millionths. */
const DRIFTS = [
  FUNDING,
  'f64[at + MARKET.FUNDING_REMAINDER] = rest;',
  'f64[at + MARKET.FUNDING_REMAINDER] = market === 1 ? 0 : rest;',
] as const;
/** A number that is shown alone, and in nothing else. */
const SHOWN = [FUNDING, 'f64[at + MARKET.RAW_RATE] = raw;', 'f64[at + MARKET.RAW_RATE] = raw + 1;'] as const;
const SHOWN_DECLARED = [{ from: 0, table: 'state_market', column: 'raw_rate', reason: 'it is counted from one' }];
/** The same, but only in the process that serves the live folder. */
const SERVES_OTHERWISE = [
  FUNDING,
  'f64[at + MARKET.RAW_RATE] = raw;',
  "f64[at + MARKET.RAW_RATE] = raw + (process.argv.some((arg) => arg === 'shadow' || arg.endsWith('/copy')) ? 0 : 1);",
] as const;

describe('two releases along one journal', () => {
  /** Compares to the end of the journal, or to the first block that differs. */
  async function compare(
    path: string,
    declared: unknown = [],
  ): Promise<{ findings: Findings; comparison: ReleaseComparison }> {
    const comparison = await ReleaseComparison.start(readRelease(path, declared), journal, 'control');
    const findings = new Findings();
    comparison.compareSchemas(findings);
    while (findings.count === 0 && (await comparison.next(findings)));
    return { findings, comparison };
  }

  test('the same release agrees on every root, on every margin, and on blocks that nobody traded; what is falsified is named', async () => {
    const { findings, comparison } = await compare(release('compared-same'));
    const height = comparison.last?.control.height ?? -1;
    await comparison.compareMargins(height, findings);
    assert.deepEqual([findings.kept, comparison.explained, comparison.blocks], [[], 0, height + 1]);
    assert.ok(height >= 2);
    await comparison.candidate.ask({ ask: 'falsify', table: 'state_market', row: 1, column: 'funding_index' });
    await comparison.compareTables(height, findings);
    assert.deepEqual(
      findings.kept.map(({ path }) => path),
      ['state_market/1/funding_index'],
    );
    await comparison.end();
  });

  test('one that differs is named by the first block and the rows; declared, it passes, but for more than is declared, and only from there on', async () => {
    const path = release('compared-shown', [SHOWN]);
    const undeclared = await compare(path);
    await undeclared.comparison.end();
    const [first, ...rows] = undeclared.findings.kept.map((each) => each.path);
    const height = Number(/^block\/(\d+)\/state_root$/.exec(first ?? '')?.[1]);
    assert.ok(height >= 0, String(first));
    assert.ok(rows.length > 0 && rows.every((row) => /^state_market\/\d+\/raw_rate$/.test(row)), rows.join(', '));

    const declared = await compare(path, SHOWN_DECLARED);
    await declared.comparison.end();
    assert.deepEqual(declared.findings.kept, []);
    assert.ok(declared.comparison.explained > 0);

    const late = await compare(path, [{ ...SHOWN_DECLARED[0], from: height + 1 }]);
    await late.comparison.end();
    assert.equal(late.findings.kept[0]?.path, `block/${height}/state_root`);
    const other = await compare(path, [{ ...SHOWN_DECLARED[0], column: 'mark' }]);
    await other.comparison.end();
    assert.ok(other.findings.kept.some((each) => each.path.endsWith('/raw_rate')));
  });

  test('a column that only one has must be declared; an engine that breaks is a finding; what is no release, or cannot shadow, is refused', async () => {
    const renamed = [
      ['src/engine/tables.ts', 'RAW_RATE:', 'GROSS_RATE:'],
      [FUNDING, 'MARKET.RAW_RATE', 'MARKET.GROSS_RATE'],
    ] as const;
    const { findings, comparison } = await compare(release('compared-renamed', renamed));
    await comparison.end();
    assert.deepEqual(findings.kept.map((each) => each.path).sort(), [
      'state_market/schema/gross_rate',
      'state_market/schema/raw_rate',
    ]);

    const broken = await compare(release('compared-broken', [[FUNDING, 'const limit = ', 'const limit = -1 + 0 * ']]));
    await broken.comparison.end();
    assert.match(broken.findings.kept[0]?.path ?? '', /^block\/\d+\/engine$/);
    assert.match(broken.findings.kept[0]?.candidate ?? '', /InvariantBroken: funding_step_bounded/);

    assert.throws(() => readRelease(journal, undefined), { code: 'bad_release' });
    for (const bad of [
      {},
      [{ from: -1, table: 'a', column: 'b', reason: 'c' }],
      [{ from: 0, table: 'a', column: 'b' }],
    ]) {
      assert.throws(() => readRelease(OWN_RELEASE, bad), { code: 'bad_declaration' });
    }
    const mute = release('compared-mute', [['src/cli/program.ts', '  registerShadow,\n', '']]);
    await assert.rejects(ReleaseComparison.start(readRelease(mute, undefined), journal, 'control'), ShadowGone);
  });
});

interface Traded {
  readonly venue: LiveVenue;
  readonly client: SendingClient;
}

async function traded(): Promise<Traded> {
  const venue = new LiveVenue(join(folder, `venue_${venues++}`), ['--database', 'none']);
  started.push(venue);
  await venue.serve();
  const client = new SendingClient(venue);
  await client.more(5);
  return { venue, client };
}

const runOf = (path: string, ...more: string[]): string[] => {
  return ['--release', path, '--blocks', '6', '--hold', '600', '--override', 'calm', ...more];
};

/** The exchange goes on under a release; stopped, everything that was answered is in its journal. */
async function requireServedBy({ venue, client }: Traded, path: string): Promise<void> {
  await venue.taking();
  assert.equal(venue.program, path);
  await client.more(5);
  await client.stop();
  await venue.stop();
  client.requireKept();
}

async function verify({ venue }: Traded): Promise<number> {
  return runProgram(['verify', '--journal', venue.journal, '--json'], memoryStreams());
}

describe('an exchange that is traded on', () => {
  test('a release that is the same takes over; nothing that was answered is lost, and this release agrees with all that it did', async () => {
    const live = await traded();
    const path = readRelease(release('same'), undefined).folder;
    const outcome = await live.venue.upgraded('run', ...runOf(path, '--soak', '1'));
    assert.deepEqual([outcome.verdict, outcome.findings, outcome.steps.length], ['pass', [], STATES.length]);
    assert.ok(outcome.tradingPauseMs > 0);
    await requireServedBy(live, path);
    assert.equal(await verify(live), 0);
  });

  test('one that drifts is aborted by A, with the first block and the row; the exchange has not noticed', async () => {
    const live = await traded();
    const pid = await live.venue.process();
    const outcome = await live.venue.upgraded('run', ...runOf(release('drifts', [DRIFTS])));
    assert.deepEqual([outcome.verdict, outcome.abort, outcome.tradingPauseMs], ['fail', 'A', 0]);
    assert.match(outcome.findings[0]?.path ?? '', /^block\/\d+\/state_root$/);
    assert.ok(outcome.findings.some(({ path }) => /^state_market\/1\/funding_(?:remainder|index)$/.test(path)));
    assert.equal(await live.venue.process(), pid);
    await requireServedBy(live, OWN_RELEASE);
  });

  test('one that differs as declared takes over, and goes on from the block of the hand-over', async () => {
    const live = await traded();
    const path = readRelease(release('shown', [SHOWN]), undefined).folder;
    const file = join(folder, 'declared.json');
    writeFileSync(file, JSON.stringify(SHOWN_DECLARED));
    const outcome = await live.venue.upgraded('run', ...runOf(path, '--declared', file, '--soak', '1'));
    assert.deepEqual([outcome.verdict, outcome.findings], ['pass', []]);
    await requireServedBy(live, path);
    // By itself this release does not make what the other one made.
    assert.equal(await verify(live), 1);
  });

  for (const [behind, abort] of [
    ['DRAIN_FENCE', 'A'],
    ['BOOT_LADDER', 'B'],
    ['REOPEN', 'C'],
  ] as const) {
    test(`the upgrade killed behind ${behind} and gone back by abort ${abort}: this release serves again, with everything that was answered`, async () => {
      const live = await traded();
      const ended = await live.venue.upgradedTo(behind, 'run', ...runOf(release(`back-${abort}`), '--soak', '600'));
      assert.equal(ended, undefined, JSON.stringify(ended));
      if (abort === 'C') await live.client.more(5);
      const { expectedAbort } = live.venue;
      const outcome = await live.venue.upgraded('abort');
      assert.deepEqual([outcome.verdict, outcome.abort], ['fail', expectedAbort]);
      await requireServedBy(live, OWN_RELEASE);
      assert.equal(await verify(live), 0);
    });
  }

  test('the upgrade killed behind every step in turn: each time it goes on, and is committed', async () => {
    const live = await traded();
    const path = readRelease(release('killed'), undefined).folder;
    for (const [at, state] of STATES.slice(0, -1).entries()) {
      const words = at === 0 ? ['run', ...runOf(path)] : ['resume', '--override', 'calm'];
      const ended = await live.venue.upgradedTo(state, words[0] as string, ...words.slice(1));
      // It may have been through before it could be killed.
      assert.equal(ended?.code ?? 0, 0, `${state}: ${JSON.stringify(ended)}`);
      if (ended !== undefined) break;
    }
    if ((await live.venue.lastUpgrade()).isActive) await live.venue.upgraded('resume');
    const { verdict, findings, steps } = await live.venue.lastUpgrade();
    assert.deepEqual([verdict, findings, steps.length], ['pass', [], STATES.length]);
    await requireServedBy(live, path);
    assert.equal(await verify(live), 0);
  });

  test('one that is wrong only when it serves is found while it is shadowed: it is stopped, and people are told before which block to go back', async () => {
    const live = await traded();
    const path = release('otherwise', [SERVES_OTHERWISE]);
    const outcome = await live.venue.upgraded('run', ...runOf(path, '--soak', '600'));
    await live.client.stop();
    assert.deepEqual([outcome.verdict, outcome.abort, outcome.steps.at(-2)?.state], ['fail', 'C', 'SOAK']);
    assert.match(outcome.findings[0]?.path ?? '', /^block\/\d+\/recorded_root$/);
    assert.match(outcome.findings.at(-1)?.candidate ?? '', /^block\/\d+\/recorded_root: .*`incident rollback`/);
    await assert.rejects(live.venue.process());
    live.client.requireKept();
  });
});
