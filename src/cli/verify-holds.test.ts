// `verify warrants` on the record of holds: what the history leads to must be there, and what it contradicts is found.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import type { Entry } from '../chain/entry.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { ACCOUNT_KIND, genesis } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { ROUND_MARKET, USDC } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { Guard } from '../guard/guard.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import type { FalseHold } from '../guard/verify-holds.ts';
import { WarrantVerifier } from '../guard/verify-warrants.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'verify-holds-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const [LONG, SHORT] = [3, 4];

function opened(journal: Journal): Exchange {
  const guard = new Guard();
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
  return new Exchange({ state, journal, sealer, blockCommands: 1_000, blockMs: 60_000, guard });
}

/** A tick; `price` undefined: no source says anything. */
function tick(timeMs: number, price?: number): CommandBuffer {
  const commands = new CommandBuffer();
  commands.collateralPrice(timeMs, 1e8, timeMs);
  if (price !== undefined) {
    for (const source of [0, 1]) commands.oraclePrice(timeMs, 1, source, price * 1e6, timeMs);
    commands.venueQuote(timeMs, 1, 0, 3, timeMs, price * 1e6, price * 1e6, 0, 0);
  }
  commands.tick(timeMs);
  return commands;
}

/** A long of 1 base at 1,000 on 220 USDC. */
function opening(): CommandBuffer {
  const commands = new CommandBuffer();
  commands.defineMarket(1, { ...ROUND_MARKET, PRICE_BAND: 200_000 });
  for (const account of [LONG, SHORT]) {
    commands.defineAccount(1, new Uint8Array(32).fill(account), ACCOUNT_KIND.TRADER, 0);
    commands.deposit(1, account, (account === LONG ? 220 : 100_000) * USDC, account);
  }
  const first = tick(10_000, 1000);
  commands.append(first.bytes.subarray(0, first.rows * 64), first.commands);
  const limit = (side: number): number => orderFlags(side, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
  commands.placeOrder(10_000, SHORT, 1, 1000, 100, limit(SIDE.SELL));
  commands.placeOrder(10_000, LONG, 1, 1000, 100, limit(SIDE.BUY));
  return commands;
}

/** The sources fall silent while a liquidation is due; when they speak again it happens. Before, one price was not taken. */
function trade(journal: Journal): void {
  const exchange = opened(journal);
  for (const commands of [opening(), tick(11_000, 1000)]) exchange.submit(commands);
  const stray = new CommandBuffer();
  stray.oraclePrice(11_500, 1, 0, 10e6, 11_500);
  exchange.submit(stray);
  exchange.submit(tick(12_000, 820));
  for (const timeMs of [50_000, 55_000, 60_000]) exchange.submit(tick(timeMs));
  for (const timeMs of [65_000, 70_000, 75_000]) exchange.submit(tick(timeMs, 820));
  exchange.finish();
}

/** A balance is another one in memory for two ticks: what the engine proposes is held. */
function tradeCorrupted(journal: Journal): void {
  const exchange = opened(journal);
  for (const commands of [opening(), tick(12_000, 1000)]) exchange.submit(commands);
  const { f64 } = exchange.state.account;
  const at = LONG * 8 + ACCOUNT.BALANCE_LOW;
  const before = f64[at] as number;
  f64[at] = 1;
  exchange.state.index.bounds.reset(exchange.state.account.rows);
  for (const timeMs of [17_000, 22_000]) exchange.submit(tick(timeMs, 1000));
  f64[at] = before;
  exchange.submit(tick(27_000, 1000));
  exchange.finish();
}

type Record = { [key: string]: unknown };
type Change = (records: readonly Record[], entry: number) => readonly Record[];

/** The history of a story, its records of holds changed. */
function changed(story: (journal: Journal) => void, change: Change = (records) => records): Entry[] {
  const recorded = new MemoryJournal();
  story(recorded);
  let place = 0;
  return [...recorded.entries()].flatMap((entry) => {
    if (entry.kind === 'block' || entry.holds === undefined) return [entry];
    const lines = Buffer.from(entry.holds).toString('latin1').trim().split('\n');
    const records = change(
      lines.map((line) => JSON.parse(line) as Record),
      place++,
    );
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    const holds = Buffer.from(text.padEnd(Math.ceil(text.length / 64) * 64), 'latin1');
    return text === '' ? [] : [{ ...entry, holds }];
  });
}

/** What the verifier says of the holds of such a history. */
function verified(story: (journal: Journal) => void, change?: Change) {
  const verifier = new WarrantVerifier();
  const sealer = new BlockSealer(sha256, new GuardedRoots(new DirectRoots(sha256), verifier.guard), BEFORE_GENESIS);
  const { equal } = replay(genesis(), changed(story, change), {
    sealer,
    hash: sha256,
    amend: null,
    apply: (state, entry) => verifier.apply(state, entry, { fork: entry.fork, height: sealer.openHeight }),
    onWarrants: (bytes) => verifier.take(bytes),
    onHolds: (bytes) => void verifier.takeHolds(bytes),
  });
  verifier.finish();
  assert.deepEqual([equal, verifier.invalid, verifier.unreadableHolds], [true, 0, 0]);
  return verifier.holds;
}

/** What the program says of it, as JSON and to people. */
async function told(story: (journal: Journal) => void, change?: Change) {
  const { journal } = openFileJournal(folder, { segmentBytes: 1 << 16 });
  for (const entry of changed(story, change)) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.warrants !== undefined) journal.appendWarrants(entry.warrants);
    else if (entry.holds !== undefined) journal.appendHolds(entry.holds);
    else journal.append(entry);
  }
  journal.close();
  const args = ['verify', 'warrants', '--journal', folder];
  const [json, prose] = [memoryStreams(), memoryStreams()];
  const code = await runProgram([...args, '--json'], json);
  assert.equal(await runProgram(args, prose), code);
  return { code, holds: JSON.parse(json.stdout.text).holds as object, prose: prose.stderr.text };
}

/** Changes the record of a kind; all others stay. */
const only =
  (kind: string, change: (record: Record) => readonly Record[]): Change =>
  (records) =>
    records.flatMap((record) => (record['kind'] === kind ? change(record) : [record]));

test('what the history leads to is computed again; a command that was not taken is stated', () => {
  const { records, computed, stated, invalid } = verified(trade);
  assert.deepEqual({ records, computed, stated, invalid }, { records: 3, computed: 2, stated: 1, invalid: 0 });
});

test('what a process saw in its memory alone is stated, to its end', () => {
  const { records, computed, stated, invalid } = verified(tradeCorrupted);
  assert.deepEqual({ computed, invalid }, { computed: 0, invalid: 0 });
  assert.ok(stated === records && records >= 3, `${stated} of ${records}`);
});

for (const [name, kind, change] of [
  ['another check', 'held', { check: 'price_families', about: 'market 1' }],
  ['another class', 'held', { class: 'III' }],
  ['what was found', 'held', { found: '7' }],
  ['what was expected', 'held', { expected: '7' }],
  ['about what', 'held', { about: 'market 2' }],
  ['since when', 'held', { sinceMs: 49_000 }],
  ['when', 'held', { timeMs: 51_000, sinceMs: 51_000 }],
  ['whose it is', 'held', { account: SHORT }],
  ['how much', 'held', { action: { kind: 'liquidate', share: 100_000 } }],
  ['which command came before', 'held', { sequence: 1 }],
  ['what happened', 'released', { kind: 'not_due' }],
  ['that it happened', 'released', { kind: 'changed' }],
  ['since when it was held', 'released', { sinceMs: 10_000 }],
  ['why it was held', 'released', { check: 'price_quorum' }],
  ['where it came', 'not_taken', { sequence: 1 }],
  ['a doubt, which stops nothing', 'not_taken', { class: 'III' }],
] as const) {
  test(`a record with another value is found: ${name} (${kind})`, () => {
    const { invalid, firstInvalid } = verified(
      trade,
      only(kind, (record) => [{ ...record, ...change }]),
    );
    assert.ok(invalid >= 1);
    assert.notEqual(firstInvalid?.stored ?? firstInvalid?.computed, null);
  });
}

test('a record that is missing, doubled, made up or behind another batch is found', () => {
  const missing = verified(
    trade,
    only('held', () => []),
  );
  assert.deepEqual([missing.invalid, missing.firstInvalid?.why], [1, 'missing']);
  const unended = verified(
    trade,
    only('released', () => []),
  );
  assert.deepEqual([unended.invalid, unended.firstInvalid?.why], [1, 'missing']);
  const doubled = verified(
    trade,
    only('held', (record) => [record, record]),
  );
  assert.deepEqual([doubled.invalid, doubled.firstInvalid?.why], [1, 'not_so']);
  const invented = (record: Record): readonly Record[] => [
    record,
    { ...record, account: SHORT, check: 'price_families', about: 'market 1', found: '1', expected: '2' },
  ];
  assert.equal(verified(trade, only('held', invented)).firstInvalid?.why, 'not_so');
  let kept: readonly Record[] = [];
  const moved = verified(trade, (records) => {
    const taken = kept;
    kept = records.filter(({ kind }) => kind === 'not_taken');
    return [...taken, ...records.filter(({ kind }) => kind !== 'not_taken')];
  });
  assert.deepEqual([moved.invalid, moved.firstInvalid?.why], [1, 'out_of_place']);
});

test('a hold for a reason of memory that the warrant of the same action contradicts is found', () => {
  // The liquidation got its warrant at 65,000, which tells the balance as it was.
  const blame = (record: Record): readonly Record[] => [
    record,
    {
      ...record,
      kind: 'held',
      check: 'account_balance',
      about: '',
      found: '1',
      expected: '2',
      sinceMs: record['timeMs'],
    },
  ];
  const { invalid, firstInvalid } = verified(trade, only('released', blame));
  assert.deepEqual([invalid, firstInvalid?.why], [1, 'not_so']);
});

test('what a process says to have seen must end as it began', () => {
  for (const change of [{ sinceMs: 1 }, { found: '2' }]) {
    const { invalid, firstInvalid } = verified(
      tradeCorrupted,
      only('not_due', (record) => [{ ...record, ...change }]),
    );
    assert.deepEqual([invalid, firstInvalid?.why], [1, 'not_open']);
  }
});

test('the program counts them, names the first false one and ends with code 1', async () => {
  const { code, holds, prose } = await told(
    trade,
    only('held', (record) => [{ ...record, found: '7' }]),
  );
  assert.equal(code, 1);
  const { firstInvalid, ...counts } = holds as { firstInvalid: FalseHold };
  assert.deepEqual(counts, { records: 3, computed: 1, stated: 1, invalid: 2, unreadable: 0 });
  assert.deepEqual([firstInvalid.why, firstInvalid.computed], ['not_so', null]);
  assert.match(prose, /3 records of holds: 1 computed again, 1 only their process can have seen, 2 false or missing\./);
  assert.match(
    prose,
    /First invalid: not_so, in block \d+, batch that ends with command \d+\n {2}stored {3}\{"kind":"held"/,
  );
});
