import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { ACCOUNT_KIND } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { ROUND_MARKET, USDC } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { Guard } from '../guard/guard.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'warrants-view-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const [LONG, SHORT, OTHER] = [3, 4, 5];

function opened(journal: Journal): Exchange {
  const guard = new Guard();
  const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
  assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
  return new Exchange({ state, journal, sealer, blockCommands: 1_000, blockMs: 60_000, guard });
}

function prices(timeMs: number, price: number, write?: (commands: CommandBuffer) => void): CommandBuffer {
  const commands = new CommandBuffer();
  commands.collateralPrice(timeMs, 1e8, timeMs);
  for (const source of [0, 1]) commands.oraclePrice(timeMs, 1, source, price * 1e6, timeMs);
  commands.venueQuote(timeMs, 1, 0, 3, timeMs, price * 1e6, price * 1e6, 0, 0);
  write?.(commands);
  commands.tick(timeMs);
  return commands;
}

function opening(): CommandBuffer {
  const commands = new CommandBuffer();
  commands.defineMarket(1, { ...ROUND_MARKET, PRICE_BAND: 200_000 });
  for (const account of [LONG, SHORT, OTHER]) {
    commands.defineAccount(1, new Uint8Array(32).fill(account), ACCOUNT_KIND.TRADER, 0);
    commands.deposit(1, account, (account === LONG ? 220 : 100_000) * USDC, account);
  }
  commands.append(prices(1000, 1000).bytes.slice(0, 5 * 64), 5);
  const limit = (side: number): number => orderFlags(side, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
  commands.placeOrder(2000, SHORT, 1, 1000, 100, limit(SIDE.SELL));
  commands.placeOrder(2000, LONG, 1, 1000, 100, limit(SIDE.BUY));
  return commands;
}

/**
 * The long's balance is corrupted in memory and looks bankrupt: the guard holds what the engine proposes, and quarantines the
 * account. Put right, the price falls for real; then the market is delisted.
 */
function trade(journal: Journal): void {
  const exchange = opened(journal);
  exchange.submit(opening());
  exchange.submit(prices(7000, 1000));
  const { f64 } = exchange.state.account;
  const at = LONG * 8 + ACCOUNT.BALANCE_LOW;
  const before = f64[at] as number;
  f64[at] = 1;
  exchange.state.index.bounds.reset(exchange.state.account.rows);
  exchange.submit(prices(12_000, 1000));
  exchange.submit(prices(17_000, 1000));
  // Before a block ends: what its root was made of is right again.
  f64[at] = before;
  exchange.submit(prices(22_000, 1000, (commands) => commands.setStatus(22_000, 1, STATUS.SETTLEMENT, 0)));
  exchange.submit(prices(27_000, 1010));
  exchange.finish();
}

interface View {
  readonly warrants: readonly {
    verdict: string;
    refusal: string | null;
    warrant: { account: number; residual: string };
  }[];
  readonly holds: readonly { kind: string; account?: number; component?: string; check: string; sinceMs: number }[];
}

async function view(journal: string, ...args: string[]): Promise<{ code: number; json: View; prose: string }> {
  const streams = memoryStreams();
  const code = await runProgram(['warrants', '--journal', journal, '--json', ...args], streams);
  const prose = memoryStreams();
  assert.equal(await runProgram(['warrants', '--journal', journal, ...args], prose), code);
  return { code, json: JSON.parse(streams.stdout.text) as View, prose: prose.stderr.text };
}

let folders = 0;

/** The story in a folder, its rows of warrants and holds changed. */
function stored(change: (kind: 'warrants' | 'holds', text: string) => string = (_, text) => text): string {
  const recorded = new MemoryJournal();
  trade(recorded);
  const into = join(folder, String(folders++));
  const { journal } = openFileJournal(into, { segmentBytes: 1 << 16 });
  const rows = (kind: 'warrants' | 'holds', bytes: Uint8Array): Buffer => {
    const text = change(kind, Buffer.from(bytes).toString('latin1')).trimEnd().concat('\n');
    return Buffer.from(text.padEnd(Math.ceil(text.length / 64) * 64), 'latin1');
  };
  for (const entry of recorded.entries()) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.warrants !== undefined) journal.appendWarrants(rows('warrants', entry.warrants));
    else if (entry.holds !== undefined) journal.appendHolds(rows('holds', entry.holds));
    else journal.append(entry);
  }
  journal.close();
  return into;
}

test('an account sees what was forced on it and why, and each hold with its beginning, reason and end', async () => {
  const { code, json, prose } = await view(stored(), '--account', String(SHORT));
  assert.equal(code, 0);
  assert.deepEqual(
    json.warrants.map(({ verdict, refusal, warrant }) => [verdict, refusal, warrant.account, warrant.residual]),
    [['valid', null, SHORT, '0']],
  );
  assert.deepEqual(json.holds, []);
  for (const words of [
    '1970-01-01 00:00:22.000 UTC  account 4: settlement of -1 in ROUND-USD-PERP, delisted, at mark 1000',
    'valid: computed again, to the same bytes',
    'prices',
    'unexplained',
    'spot source 1: 1000 USD, 0.000 s old, its sample 5',
    'of at most 1 in ROUND-USD-PERP',
    'venue 0: index 1000, mark 1000, 0.000 s old',
  ]) {
    assert.ok(prose.includes(words), `${words} in\n${prose}`);
  }
});

test('the account whose row was corrupted reads that its liquidation was held, since when, and that it is quarantined', async () => {
  const { code, json, prose } = await view(stored(), '--account', String(LONG));
  assert.equal(code, 0);
  assert.deepEqual(json.warrants, []);
  const [quarantined, held] = json.holds;
  assert.deepEqual([quarantined?.kind, quarantined?.component], ['quarantined', `account ${LONG}`]);
  assert.deepEqual([held?.kind, held?.account, held?.check, held?.sinceMs], ['held', LONG, 'account_balance', 12_000]);
  // Told once, however many ticks it lasted; it ends when the row is right again.
  assert.equal(json.holds.filter(({ kind }) => kind === 'held').length, 2);
  assert.ok(json.holds.some(({ kind, check }) => kind === 'not_due' && check === 'account_balance'));
  assert.match(
    prose,
    /account 3: liquidation of 100 % of every position: held\n {2}because the balance of the account/,
  );
});

test('others do not see it; without an account all is shown', async () => {
  const journal = stored();
  const other = await view(journal, '--account', String(OTHER));
  assert.deepEqual([other.json.warrants, other.json.holds], [[], []]);
  const all = await view(journal);
  assert.equal(all.json.warrants.length, 1);
  assert.ok(all.json.holds.length >= 4);
});

test('a forged warrant is shown as such, to whom it names and to whom it concerns; it ends with code 1', async () => {
  const journal = stored((kind, text) => (kind === 'warrants' ? text.replaceAll('"account":4', '"account":5') : text));
  for (const account of [SHORT, OTHER]) {
    const { code, json, prose } = await view(journal, '--account', String(account));
    assert.equal(code, 1);
    assert.deepEqual(
      json.warrants.map(({ verdict }) => verdict),
      ['differs'],
    );
    assert.match(prose, /INVALID: it is not the one that the history gives/);
  }
});

test('holds that cannot be read are a finding, here and when a journal or its warrants are verified', async () => {
  const journal = stored((kind, text) => (kind === 'holds' ? text.replace('"check"', '"chuck"') : text));
  assert.equal((await view(journal)).code, 1);
  const streams = memoryStreams();
  assert.equal(await runProgram(['verify', 'warrants', '--journal', journal, '--json'], streams), 1);
  const { invalid, holds } = JSON.parse(streams.stdout.text) as { invalid: number; holds: { unreadable: number } };
  assert.equal(invalid, 0);
  assert.ok(holds.unreadable > 0);
  const plain = memoryStreams();
  assert.equal(await runProgram(['verify', '--journal', journal, '--json'], plain), 1);
  const { equal, unreadableHolds } = JSON.parse(plain.stdout.text) as { equal: boolean; unreadableHolds: number };
  assert.deepEqual([equal, unreadableHolds], [true, holds.unreadable]);
});
