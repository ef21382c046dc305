// Holds on the record: behind the batch they came with, the same after a recovery, and complete after a crash.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../chain/entry.ts';
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { ACCOUNT_KIND } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { ROUND_MARKET, USDC } from '../engine/venue.fixture.ts';
import { Guard } from '../guard/guard.ts';
import { decodeHolds, type HoldRecord } from '../guard/hold-record.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { Exchange } from './exchange.ts';
import { recover } from './recover.ts';

const [LONG, SHORT] = [3, 4];
const LIMIT = (side: number): number => orderFlags(side, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);

function opened(journal: Journal, blockCommands = 1): Exchange {
  const guard = new Guard();
  const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
  assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
  return new Exchange({ state, journal, sealer, blockCommands, blockMs: 60_000, guard });
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
  commands.placeOrder(10_000, SHORT, 1, 1000, 100, LIMIT(SIDE.SELL));
  commands.placeOrder(10_000, LONG, 1, 1000, 100, LIMIT(SIDE.BUY));
  return commands;
}

/**
 * The price falls between two health checks; then all sources are silent, and the liquidation that is due waits for a mark of
 * fresh samples: three ticks long, then they speak again.
 */
function story(): CommandBuffer[] {
  const silent = [50_000, 55_000, 60_000].map((timeMs) => tick(timeMs));
  return [opening(), tick(11_000, 820), ...silent, tick(65_000, 820), tick(70_000, 820), tick(75_000, 820)];
}

/** All entries but blocks, which a recovery may record earlier. */
function bytesOf(entries: Iterable<Entry>): string[] {
  return [...entries].flatMap((entry) => {
    if (entry.kind === 'block') return [];
    const { warrants, holds, bytes } = entry;
    const kind = warrants !== undefined ? 'warrants' : holds !== undefined ? 'holds' : 'batch';
    return [`${kind} ${Buffer.from(warrants ?? holds ?? bytes).toString('hex')}`];
  });
}

function holdsOf(journal: Journal): HoldRecord[] {
  return [...journal.entries()].flatMap((entry) => {
    if (entry.kind === 'block' || entry.holds === undefined) return [];
    return decodeHolds(entry.holds) ?? assert.fail('holds that cannot be read');
  });
}

const recorded = new MemoryJournal();
const whole = opened(recorded);
for (const commands of story()) whole.submit(commands);
whole.finish();

test('a hold that lasts three ticks is on the record when it begins and when the action happens, with its reason', () => {
  const records = holdsOf(recorded).filter(({ account }) => account === LONG);
  const [first] = records;
  assert.deepEqual(
    [first?.kind, first?.action?.kind, first?.check, first?.class, first?.timeMs],
    ['held', 'liquidate', 'mark_age', 'II', 50_000],
  );
  const last = records.at(-1);
  assert.deepEqual([last?.kind, last?.sinceMs], ['released', 50_000]);
  assert.ok((last?.timeMs ?? 0) >= 65_000);
  assert.equal(records.filter(({ kind }) => kind === 'held').length, 1);
});

test('an exchange recovered in the midst of a hold goes on to the same bytes: it does not begin anew', () => {
  for (const restartAfter of [2, 3, 4]) {
    const journal = new MemoryJournal();
    let exchange = opened(journal);
    for (const [step, commands] of story().entries()) {
      exchange.submit(commands);
      if (step === restartAfter) exchange = opened(journal);
    }
    exchange.finish();
    assert.deepEqual(bytesOf(journal.entries()), bytesOf(recorded.entries()), `restart after batch ${restartAfter}`);
  }
});

test('holds that a crash cut off are written again', () => {
  const entries = [...recorded.entries()];
  const places = entries.flatMap((entry, place) =>
    entry.kind === 'commands' && entry.holds !== undefined ? [place] : [],
  );
  assert.ok(places.length >= 2);
  for (const place of places) {
    const journal = new MemoryJournal();
    for (const entry of entries.slice(0, place)) {
      if (entry.kind === 'block') journal.appendBlock(entry.block);
      else if (entry.warrants !== undefined) journal.appendWarrants(entry.warrants);
      else if (entry.holds !== undefined) journal.appendHolds(entry.holds);
      else journal.append(entry);
    }
    opened(journal);
    const expected = bytesOf(entries.slice(0, place + 1));
    assert.deepEqual(bytesOf(journal.entries()), expected, `cut before entry ${place}`);
  }
});

test('a command that is not taken is on the record of its account', () => {
  const journal = new MemoryJournal();
  const exchange = opened(journal);
  exchange.submit(opening());
  exchange.submit(tick(100_000, 1000));
  // It stood in line for two minutes before what came with it.
  const late = new CommandBuffer();
  late.placeOrder(100_001, LONG, 1, 900, 1, LIMIT(SIDE.BUY));
  late.tick(220_000);
  exchange.submit(late);
  exchange.finish();
  const records = holdsOf(journal).filter(({ kind, account }) => kind === 'not_taken' && account === LONG);
  assert.deepEqual(
    records.map(({ account, market, command, times, check }) => [account, market, command, times, check]),
    [[LONG, 1, 'placeOrder', 1, 'order_lag']],
  );
});

test('what the audit finds as the last block ends is on the record too', () => {
  const journal = new MemoryJournal();
  const exchange = opened(journal, 1_000);
  exchange.submit(opening());
  const { f64 } = exchange.state.account;
  const column = SHORT * 8 + ACCOUNT.BALANCE_LOW;
  f64[column] = (f64[column] as number) + 1;
  exchange.state.account.touch(SHORT);
  exchange.finish();
  const found = holdsOf(journal).filter(({ kind }) => kind === 'quarantined');
  assert.ok(
    found.some(({ component }) => component === `account ${SHORT}`),
    JSON.stringify(holdsOf(journal)),
  );
});
