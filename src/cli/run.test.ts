import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exitCodes } from './errors.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-run-'));
const journal = join(folder, 'journal');
const RUN = ['run', '--accounts', '30', '--seed', '4', '--tick', '30000', '--journal', journal];

async function makewhole(args: readonly string[]) {
  const streams = memoryStreams();
  const exitCode = await runProgram(args, streams);
  return { exitCode, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

async function json(args: readonly string[]) {
  const { exitCode, stdout } = await makewhole([...args, '--json']);
  return { exitCode, result: JSON.parse(stdout) as Record<string, unknown> };
}

describe('a run and what can be asked of its journal', () => {
  let run: Record<string, unknown>;

  before(async () => {
    const { exitCode, result } = await json(RUN);
    assert.equal(exitCode, exitCodes.ok);
    run = result;
  });
  after(() => rmSync(folder, { recursive: true }));

  test('the result has every figure, and conserves money', () => {
    assert.deepEqual(Object.keys(run), [
      'markets',
      'accounts',
      'commands',
      'orders',
      'fills',
      'fundingTicks',
      'liquidations',
      'blocks',
      'stateRoot',
      'conservationResidual',
      'seconds',
      'commandsPerSecond',
      'journalBytes',
    ]);
    assert.equal(run.markets, 10);
    assert.equal(run.accounts, 30);
    assert.equal(run.conservationResidual, '0');
    assert.match(String(run.stateRoot), /^[0-9a-f]{64}$/);
    assert.ok(Number(run.fills) > 1000 && Number(run.orders) > Number(run.fills) / 2, JSON.stringify(run));
    assert.equal(run.fundingTicks, 10 * 2880);
  });

  test('run again, it finds the day done and says the same', async () => {
    const { exitCode, result } = await json(RUN);
    assert.equal(exitCode, exitCodes.ok);
    for (const key of ['commands', 'orders', 'fills', 'liquidations', 'blocks', 'stateRoot', 'journalBytes']) {
      assert.equal(result[key], run[key], key);
    }
  });

  test('another run is not mixed into its journal', async () => {
    const other = RUN.map((word) => (word === '4' ? '5' : word));
    const { exitCode, result } = await json(other);
    assert.equal(exitCode, exitCodes.badInput);
    assert.equal(result.error, 'journal_of_another_run');
  });

  test('verify comes to the same root', async () => {
    const { exitCode, result } = await json(['verify', '--journal', journal]);
    assert.equal(exitCode, exitCodes.ok);
    assert.equal(result.equal, true);
    assert.equal(result.stateRoot, run.stateRoot);
    assert.equal(result.blocks, run.blocks);
    assert.equal(result.commands, run.commands);
    assert.equal(result.firstDivergence, null);
  });

  test('verify names a flipped byte and where it is', async () => {
    const file = join(journal, '00000001.segment');
    const bytes = readFileSync(file);
    const at = 1_000_003;
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(file, bytes);
    try {
      const { exitCode, result } = await json(['verify', '--journal', journal]);
      assert.equal(exitCode, exitCodes.finding);
      assert.equal(result.equal, false);
      const found = result.firstDivergence as { what: string; file: string; offset: number };
      assert.equal(found.what, 'journal_corrupt');
      assert.equal(found.file, '00000001.segment');
      assert.ok(found.offset <= at, `${found.offset}`);
    } finally {
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(file, bytes);
    }
  });

  test('inspect shows a market, an account and a block at a height', async () => {
    const market = await json(['inspect', '--journal', journal, '--market', 'PAXG-USD-PERP', '--block', '700']);
    assert.equal((market.result.block as { height: number }).height, 700);
    assert.equal((market.result.market as { market: string }).market, 'PAXG-USD-PERP');
    const account = await json(['inspect', '--journal', journal, '--account', '3']);
    assert.equal((account.result.block as { stateRoot: string }).stateRoot, run.stateRoot);
    assert.match((account.result.account as { equity: string }).equity, /^-?\d+\.\d{8}$/);
    const { stderr } = await makewhole(['inspect', '--journal', journal, '--market', 'BTC-USD-PERP']);
    assert.match(stderr, /bid size +bid +ask +ask size/);
  });

  test('what is not there is named', async () => {
    const refusals: [string[], string][] = [
      [['inspect', '--journal', journal, '--block', '99999'], 'block_not_found'],
      [['inspect', '--journal', journal, '--account', '99999'], 'account_not_found'],
      [['inspect', '--journal', journal, '--market', 'NONE-USD-PERP'], 'market_not_found'],
      [['inspect', '--journal', journal, '--market', 'BTC-USD-PERP', '--account', '3'], 'options_conflict'],
      [['verify', '--journal', join(folder, 'nowhere')], 'journal_not_found'],
      [['verify', '--journal', folder], 'journal_not_found'],
      [['run', '--day', '2026-01-19'], 'option_needs_data'],
      [['run', '--accounts', '2'], 'invalid_argument'],
      // `start` empties only what a start made.
      [['start', '--out', journal], 'folder_in_use'],
    ];
    for (const [args, name] of refusals) {
      const { exitCode, result } = await json(args);
      assert.equal(result.error, name, args.join(' '));
      assert.equal(exitCode, exitCodes.badInput, args.join(' '));
    }
  });
});
