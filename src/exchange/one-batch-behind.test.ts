// What events tell of orders and cannot be: told when the next batch ends, or sooner where something rests on it; the same bytes in
// the journal with a second thread that listens and without.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { ACCOUNT_KIND } from '../engine/state.ts';
import { ORDER } from '../engine/tables.ts';
import { ROUND_MARKET, USDC } from '../engine/venue.fixture.ts';
import { Guard } from '../guard/guard.ts';
import { decodeHolds } from '../guard/hold-record.ts';
import type { Listening } from '../guard/listening.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { Exchange } from './exchange.ts';
import { recover } from './recover.ts';
import { ThreadedListening } from './threaded-listening.ts';

const [MAKER, TAKER] = [3, 4];

type Write = (commands: CommandBuffer, timeMs: number) => void;

/** The exchange submits one batch after the other; `corrupt` is done before the batch that trades. */
function run(batches: readonly Write[], blockCommands: number, listening?: Listening): MemoryJournal {
  const journal = new MemoryJournal();
  const guard = new Guard(listening === undefined ? {} : { listening });
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
  const exchange = new Exchange({ state, journal, sealer, blockCommands, blockMs: 60_000_000, guard, pipelined: true });
  for (const [number, write] of [opening, rests, ...batches].entries()) {
    const commands = new CommandBuffer();
    write(commands, 20_000 + number);
    // Somebody makes the ten lots that rest fifty.
    if (number === 2) state.order.i32[(state.order.rows - 1) * 16 + ORDER.REMAINING] = 50;
    exchange.submit(commands);
  }
  exchange.finish();
  return journal;
}

const opening: Write = (commands) => {
  commands.defineMarket(1, { ...ROUND_MARKET, PRICE_BAND: 200_000 });
  for (const account of [MAKER, TAKER]) {
    commands.defineAccount(1, new Uint8Array(32).fill(account), ACCOUNT_KIND.TRADER, 0);
    commands.deposit(1, account, 100_000 * USDC, account);
  }
  tick(commands, 10_000);
};

const tick: Write = (commands, timeMs) => {
  commands.collateralPrice(timeMs, 1e8, timeMs);
  for (const source of [0, 1]) commands.oraclePrice(timeMs, 1, source, 1e9, timeMs);
  commands.venueQuote(timeMs, 1, 0, 3, timeMs, 1e9, 1e9, 0, 0);
  commands.tick(timeMs);
};

function order(account: number, side: number, price: number, size: number): Write {
  const flags = orderFlags(side, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
  return (commands, timeMs) => commands.placeOrder(timeMs, account, 1, price, size, flags);
}

const rests = order(MAKER, SIDE.SELL, 1_000, 10);
const trades = order(TAKER, SIDE.BUY, 1_000, 30);
const other = order(TAKER, SIDE.BUY, 900, 1);

/** What the journal holds: of each batch its commands, and of what was held behind it the kinds and checks. */
function linesOf(journal: MemoryJournal): string[][] {
  const lines: string[][] = [];
  for (const entry of journal.entries()) {
    if (entry.kind === 'block') continue;
    if (entry.holds === undefined) lines.push([]);
    else {
      const records = decodeHolds(entry.holds) ?? assert.fail('holds that cannot be read');
      lines.at(-1)?.push(...records.map(({ kind, check, sequence }) => `${kind} ${check} ${sequence}`));
    }
  }
  // The first is the start, a batch of no commands.
  return lines.slice(1);
}

function bytesOf(journal: MemoryJournal): string[] {
  return [...journal.entries()].map((entry) => {
    if (entry.kind === 'block') return `block ${JSON.stringify(entry.block)}`;
    return Buffer.from(entry.warrants ?? entry.holds ?? entry.bytes).toString('hex');
  });
}

/** Batch of the journal, from 0, behind which the wrong trade is on the record, and how it begins. */
async function toldBehind(batches: readonly Write[], blockCommands = 1_000): Promise<[number, string | undefined]> {
  const one = run(batches, blockCommands);
  for (const takesBack of [false, true]) {
    const listening = new ThreadedListening(true, takesBack);
    assert.deepEqual(bytesOf(run(batches, blockCommands, listening)), bytesOf(one));
    await listening.close();
  }
  const lines = linesOf(one);
  const batch = lines.findIndex((each) => each.some((line) => line.startsWith('quarantined fill_within_order')));
  return [batch, lines[batch]?.join(', ')];
}

test('a trade of lots that no order had is told when the next batch ends, with a second thread and without: the same bytes', async () => {
  const [batch] = await toldBehind([trades, other, other, other]);
  assert.equal(batch, 3);
});

test('it is told with its own batch where a tick follows the trade, and before anything is proposed', async () => {
  const both: Write = (commands, timeMs) => {
    trades(commands, timeMs);
    tick(commands, timeMs);
  };
  const [batch] = await toldBehind([both, other, other]);
  assert.equal(batch, 2);
});

test('a block that ends behind it tells it, whatever comes next', async () => {
  const [batch, held] = await toldBehind([trades, other, other], 1);
  assert.equal(batch, 3);
  // The sequence is that of the trade: the block ended with it.
  assert.match(held ?? '', /quarantined fill_within_order 12/);
});

test('money that is asked for right behind it is not paid', async () => {
  const asks: Write = (commands, timeMs) => {
    other(commands, timeMs);
    commands.requestWithdrawal(timeMs, MAKER, USDC);
  };
  const [batch, held] = await toldBehind([trades, asks, other]);
  assert.equal(batch, 3);
  assert.match(held ?? '', /not_taken/);
});

test('the last batch before the exchange ends is on the record too', async () => {
  const [batch] = await toldBehind([trades]);
  assert.equal(batch, 4, 'behind a batch of no commands, after the one that closes the block');
});
