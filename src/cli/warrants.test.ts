import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import { toHex } from '../chain/digest.ts';
import type { Entry } from '../chain/entry.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { QUOTE_KNOWN_ALL } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { ACCOUNT_KIND, genesis } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { ROUND_MARKET, USDC } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { Guard } from '../guard/guard.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import { decodeHolds } from '../guard/hold-record.ts';
import { type JudgedWarrant, WarrantVerifier } from '../guard/verify-warrants.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'warrants-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const [LONG, SHORT] = [3, 4];

/** Opens an exchange under a guard where the journal stands; a block after each batch. */
function opened(journal: Journal, isGuarded = true): Exchange {
  const guard = isGuarded ? { guard: new Guard() } : {};
  const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), ...guard });
  assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
  return new Exchange({ state, journal, sealer, blockCommands: 1, blockMs: 60_000, ...guard });
}

function prices(commands: CommandBuffer, timeMs: number, price: number): void {
  commands.collateralPrice(timeMs, 1e8, timeMs);
  commands.oraclePrice(timeMs, 1, 0, price, timeMs);
  commands.venueQuote(timeMs, 1, 0, QUOTE_KNOWN_ALL, timeMs, price, price, price, price);
  commands.tick(timeMs);
}

/** A long of 1 base at 1,000 USDC on 220 USDC, with a stop at 950 and orders that deleveraging will cancel. */
function opening(): CommandBuffer {
  const commands = new CommandBuffer();
  commands.defineMarket(1, { ...ROUND_MARKET, PRICE_BAND: 200_000 });
  for (const account of [LONG, SHORT]) {
    commands.defineAccount(1, new Uint8Array(32).fill(account), ACCOUNT_KIND.TRADER, 0);
    commands.deposit(1, account, (account === LONG ? 220 : 100_000) * USDC, account);
  }
  prices(commands, 1000, 1000e6);
  const limit = (side: number): number => orderFlags(side, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
  commands.placeOrder(2000, SHORT, 1, 1000, 100, limit(SIDE.SELL));
  commands.placeOrder(2000, LONG, 1, 1000, 100, limit(SIDE.BUY));
  commands.placeOrder(2000, LONG, 1, 700, 90, limit(SIDE.BUY));
  const stop = orderFlags(SIDE.SELL, ORDER_KIND.STOP_MARKET, INSTRUCTION.IOC, false);
  commands.placeOrder(2000, LONG, 1, 0, 10, stop, 950);
  return commands;
}

/** The price falls in steps of 20 until the long is forced out. */
function falling(price: number, timeMs: number): CommandBuffer {
  const commands = new CommandBuffer();
  prices(commands, timeMs, price * 1e6);
  return commands;
}

/** The market is delisted and ticks once more: what is held is settled. */
function ending(): CommandBuffer {
  const commands = new CommandBuffer();
  commands.setStatus(75_000, 1, STATUS.SETTLEMENT, 0);
  prices(commands, 76_000, 720e6);
  return commands;
}

/** The batches of the whole story. */
function story(): CommandBuffer[] {
  const steps = Array.from({ length: 14 }, (_, step) => falling(980 - 20 * step, 6000 + 5000 * step));
  return [opening(), ...steps, ending()];
}

/** Trades the whole story into a journal; returns its state root. */
function trade(journal: Journal, isGuarded = true): string {
  const exchange = opened(journal, isGuarded);
  for (const commands of story()) exchange.submit(commands);
  exchange.finish();
  return toHex(journal.block(journal.height)?.stateRoot ?? new Uint8Array());
}

const recorded = new MemoryJournal();
const root = trade(recorded);
const entries = [...recorded.entries()];
const text = (entry: Entry): string =>
  entry.kind === 'commands' ? Buffer.from(entry.warrants ?? []).toString('latin1') : '';
const lines = entries.flatMap((entry) => text(entry).trim().split('\n')).filter((line) => line !== '');

let folders = 0;

/** Writes the history into a folder with warrants changed by `change`, each checksum made for what is written. */
function forged(change: (warrants: string, n: number) => string): string {
  const into = join(folder, String(folders++));
  const { journal } = openFileJournal(into, { segmentBytes: 1 << 16 });
  let n = 0;
  for (const entry of entries) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.warrants === undefined) journal.append(entry);
    else {
      const bytes = Buffer.from(change(text(entry), n++), 'latin1');
      if (bytes.length > 0) journal.appendWarrants(bytes);
    }
  }
  journal.close();
  return into;
}

interface Result {
  readonly warrants: number;
  readonly valid: number;
  readonly invalid: number;
  readonly firstInvalid: { readonly why: string } | null;
}

async function verify(journal: string): Promise<{ code: number; result: Result }> {
  const streams = memoryStreams();
  const code = await runProgram(['verify', 'warrants', '--journal', journal, '--json'], streams);
  return { code, result: JSON.parse(streams.stdout.text) as Result };
}

test('every kind of forced action happens in the story, each with its warrant; the state is that of no guard', () => {
  const kinds = lines.map((line) => (JSON.parse(line) as { action: { kind: string } }).action.kind);
  assert.deepEqual(new Set(kinds), new Set(['liquidate', 'fireTrigger', 'forceCancel', 'settlePosition']));
  assert.equal(trade(new MemoryJournal(), false), root);
});

test('all warrants of the history are valid, and the history itself', async () => {
  const journal = forged((warrants) => warrants);
  const { code, result } = await verify(journal);
  const commands = { ofActs: 0, ofPayouts: 0, ofGuard: 0, withoutAct: 0 };
  const acts = { acts: 0, valid: 0, invalid: 0, unexecuted: 0, commands, firstInvalid: null };
  const holds = { records: 0, computed: 0, stated: 0, invalid: 0, firstInvalid: null, unreadable: 0 };
  assert.deepEqual(result, {
    warrants: lines.length,
    valid: lines.length,
    invalid: 0,
    firstInvalid: null,
    acts,
    holds,
  });
  assert.equal(code, 0);
  const streams = memoryStreams();
  assert.equal(await runProgram(['verify', '--journal', journal, '--json'], streams), 0);
  assert.equal((JSON.parse(streams.stdout.text) as { equal: boolean }).equal, true);
});

/** Paths of all values in a record that are no object. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}

/** The record with the value at a path made another of its type. */
function altered(line: string, path: readonly string[]): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  let parent = record;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  const last = path.at(-1) as string;
  const value = parent[last];
  if (typeof value === 'number') parent[last] = value + 1;
  else if (typeof value === 'boolean') parent[last] = !value;
  else parent[last] = value === '7' ? '8' : '7';
  return JSON.stringify(record);
}

/** Pads lines as the journal has them: to whole rows, with spaces. */
const rows = (changed: string): string => changed.padEnd(Math.ceil(changed.length / 64) * 64);

/** Verifies the history in memory, its warrants changed. */
function verifyInMemory(change: (warrants: string) => string): { judged: JudgedWarrant[]; valid: number } {
  const judged: JudgedWarrant[] = [];
  const verifier = new WarrantVerifier((each) => judged.push(each));
  const sealer = new BlockSealer(sha256, new GuardedRoots(new DirectRoots(sha256), verifier.guard), BEFORE_GENESIS);
  const changed = entries.map((entry): Entry => {
    if (entry.kind === 'block' || entry.warrants === undefined) return entry;
    return { ...entry, warrants: Buffer.from(change(text(entry)), 'latin1') };
  });
  const { equal } = replay(genesis(), changed, {
    sealer,
    hash: sha256,
    amend: null,
    apply: (state, entry) => verifier.apply(state, entry, { fork: entry.fork, height: sealer.openHeight }),
    onWarrants: (bytes) => verifier.take(bytes),
  });
  verifier.finish();
  assert.ok(equal);
  return { judged, valid: verifier.valid };
}

const byText = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

test('altering any one field of a warrant makes it invalid, whatever its action', async () => {
  const kinds = ['liquidate', 'fireTrigger', 'forceCancel', 'settlePosition'];
  const chosen = kinds.map((kind) => lines.find((line) => line.includes(`"${kind}"`)) as string);
  const paths = chosen.map((line) => leaves(JSON.parse(line)));
  let fields = 0;
  // One field of one warrant of each kind at a time: each must be found, and no other one be.
  for (let n = 0; n < Math.max(...paths.map(({ length }) => length)); n++) {
    const changes = chosen.flatMap((line, kind) => {
      const path = paths[kind]?.[n];
      return path === undefined ? [] : [{ line, path, text: altered(line, path) }];
    });
    fields += changes.length;
    const change = (warrants: string): string => {
      const changed = changes.reduce((all, { line, text: forgery }) => all.replace(line.trimEnd(), forgery), warrants);
      return rows(`${changed.trimEnd()}\n`);
    };
    const { judged, valid } = verifyInMemory(change);
    const found = judged.filter(({ why }) => why !== undefined);
    assert.deepEqual(
      found.map(({ why, stored }) => `${why} ${stored?.trimEnd()}`).toSorted(byText),
      changes.map(({ text: forgery }) => `differs ${forgery}`).toSorted(byText),
      changes.map(({ path }) => path.join('.')).join(' '),
    );
    assert.equal(valid, lines.length - changes.length);
  }
  assert.ok(fields > 300, `${fields} fields`);
  const { code, result } = await verify(forged((warrants) => warrants.replace('"residual":"0"', '"residual":"1"')));
  assert.equal(code, 1);
  assert.equal(result.firstInvalid?.why, 'differs');
});

test('a missing, a doubled and a misplaced warrant, and bytes between them, are found', async () => {
  const missing = await verify(forged((warrants, n) => (n === 0 ? '' : warrants)));
  assert.equal(missing.result.firstInvalid?.why, 'missing');
  assert.equal(missing.result.valid + missing.result.invalid, lines.length);
  const doubled = await verify(
    forged((warrants, n) => (n === 0 ? warrants.trimEnd().concat('\n').repeat(2).padEnd(8192) : warrants)),
  );
  assert.equal(doubled.result.firstInvalid?.why, 'no_forced_command');
  const other = await verify(forged((warrants, n) => (n === 0 ? `${lines.at(-1)}\n`.padEnd(8192) : warrants)));
  assert.equal(other.result.firstInvalid?.why, 'differs');
  const longer = await verify(forged((warrants, n) => (n === 0 ? `${warrants}${' '.repeat(64)}` : warrants)));
  assert.equal(longer.result.firstInvalid?.why, 'no_forced_command');
  for (const { code } of [missing, doubled, other, longer]) assert.equal(code, 1);
});

test('forced actions of a run without a guard have no warrant', async () => {
  const into = join(folder, 'unguarded');
  const { journal } = openFileJournal(into);
  trade(journal, false);
  journal.close();
  const { result } = await verify(into);
  assert.deepEqual([result.warrants, result.valid], [0, 0]);
  assert.equal(result.invalid, lines.length);
  assert.equal(result.firstInvalid?.why, 'missing');
});

test('warrants that a crash cut off are written again, and the exchange goes on to the same bytes', () => {
  const last = entries.findLastIndex((entry) => entry.kind === 'commands' && entry.warrants !== undefined);
  const journal = new MemoryJournal();
  for (const entry of entries.slice(0, last)) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.warrants === undefined) journal.append(entry);
    else journal.appendWarrants(entry.warrants);
  }
  recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard: new Guard() });
  assert.equal(
    [...journal.entries()].map(text).join(''),
    entries
      .slice(0, last + 1)
      .map(text)
      .join(''),
  );
});

test('an exchange recovered in the midst of the story issues the same warrants', () => {
  const journal = new MemoryJournal();
  let exchange = opened(journal);
  for (const [step, commands] of story().entries()) {
    exchange.submit(commands);
    if (step % 3 === 0) exchange = opened(journal);
  }
  exchange.finish();
  assert.equal([...journal.entries()].map(text).join(''), entries.map(text).join(''));
});

test('a forced command that someone submits is not taken and told, and what came with it is', () => {
  const journal = new MemoryJournal();
  const held: string[] = [];
  const guard = new Guard({
    onHeldCommand: ({ check, account }) => held.push(`${check.class} ${check.name} ${account}`),
  });
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
  const exchange = new Exchange({ state, journal, sealer, blockCommands: 1, blockMs: 60_000, guard });
  const forge = new CommandBuffer();
  forge.liquidate(1, LONG, 1_000_000, 0, 0, 0, 0);
  // Before the first block as well, when the guard has nothing yet to compare with.
  exchange.submit(forge);
  exchange.submit(opening());
  const before = exchange.sequence;
  const commands = new CommandBuffer();
  commands.fireTrigger(3000, 1, 0);
  commands.liquidate(3000, LONG, 1_000_000, 0, 0, 0, 0);
  commands.forceCancel(3000, 1, 1);
  prices(commands, 6000, 1000e6);
  commands.settlePosition(6000, SHORT, 1, 1, 1);
  exchange.submit(commands);
  assert.equal(exchange.sequence, before + 4);
  assert.deepEqual(held, [`I warrant ${LONG}`, 'I warrant 0', `I warrant ${LONG}`, 'I warrant 0', 'I warrant 0']);
  exchange.finish();
  const kinds = [...journal.entries()].flatMap((entry) =>
    entry.kind === 'commands' && entry.holds !== undefined ? decodeHolds(entry.holds) : [],
  );
  assert.deepEqual(
    kinds.map((record) => [record?.kind, record?.command]),
    ['liquidate', 'fireTrigger', 'liquidate', 'forceCancel', 'settlePosition'].map((command) => ['not_taken', command]),
  );
});
