import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Block } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import { DirectRoots } from '../chain/roots.ts';
import { COMMAND, QUOTE_KNOWN_ALL } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { conservationResidual } from '../engine/conservation.ts';
import type { EventKind } from '../engine/event.ts';
import { orderFlags, ORDER_KIND } from '../engine/flags.ts';
import { InvariantBroken } from '../engine/invariant-broken.ts';
import { ACCOUNT_KIND } from '../engine/state.ts';
import { MARKET } from '../engine/tables.ts';
import { ROUND_MARKET, USDC } from '../engine/venue.fixture.ts';
import type { Batch, Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { Exchange, type ExchangeOptions, ExchangeStopped, NotWholeCommands } from './exchange.ts';
import { recover } from './recover.ts';

const PRICE = 1000e6;
const LONG = 3;
const SHORT = 4;

function opened(journal: Journal, told: Partial<ExchangeOptions> = {}): Exchange {
  const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
  assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
  return new Exchange({ state, journal, sealer, blockCommands: 1000, blockMs: 60_000, ...told });
}

/** A market at 1,000 USDC, a long of 1 base on 110 USDC and its counterparty. */
function openingCommands(): CommandBuffer {
  const commands = new CommandBuffer();
  commands.defineMarket(1, { ...ROUND_MARKET, PRICE_BAND: 200_000 });
  for (const account of [LONG, SHORT]) {
    commands.defineAccount(1, new Uint8Array(32).fill(account), ACCOUNT_KIND.TRADER, 1);
    commands.deposit(1, account, (account === LONG ? 110 : 100_000) * USDC, account);
  }
  commands.collateralPrice(1, 1e8, 1);
  commands.oraclePrice(1, 1, 0, PRICE, 1);
  commands.venueQuote(1, 1, 0, QUOTE_KNOWN_ALL, 1, PRICE, PRICE, PRICE, PRICE);
  commands.tick(1000);
  commands.placeOrder(2000, SHORT, 1, 1000, 100, orderFlags(1, ORDER_KIND.LIMIT, 0, false));
  commands.placeOrder(2000, LONG, 1, 1000, 100, orderFlags(0, ORDER_KIND.LIMIT, 0, false));
  return commands;
}

/** The price falls far enough that the long cannot keep its position. */
function fallingCommands(): CommandBuffer {
  const commands = new CommandBuffer();
  commands.oraclePrice(6000, 1, 0, 900e6, 6000);
  commands.venueQuote(6000, 1, 0, QUOTE_KNOWN_ALL, 6000, 900e6, 900e6, 900e6, 900e6);
  commands.collateralPrice(6000, 1e8, 6000);
  commands.tick(6000);
  return commands;
}

class RecordingJournal extends MemoryJournal {
  readonly kinds: number[][] = [];
  failsAtSync = false;

  override append(batch: Batch): void {
    const words = new Int32Array(batch.bytes.slice().buffer);
    const kinds: number[] = [];
    for (let row = 0; row * 16 < words.length; row += words[row * 16 + 1] as number)
      kinds.push(words[row * 16] as number);
    this.kinds.push(kinds);
    super.append(batch);
  }

  override awaitSync(): void {
    if (this.failsAtSync) throw new Error('the disk is gone');
  }
}

describe('the exchange', () => {
  test('what a tick proposes comes back as commands of the same batch, behind the tick', () => {
    const journal = new RecordingJournal();
    const told: EventKind[] = [];
    const exchange = opened(journal, {
      onPublish: ({ events }) => told.push(...events.all().map(({ kind }) => kind)),
    });
    exchange.submit(openingCommands());
    exchange.submit(fallingCommands());
    assert.deepEqual(journal.kinds.at(-1), [
      COMMAND.oraclePrice,
      COMMAND.venueQuote,
      COMMAND.collateralPrice,
      COMMAND.tick,
      COMMAND.liquidate,
    ]);
    assert.ok(told.indexOf('liquidationDue') < told.indexOf('liquidated'), told.join(' '));
    assert.ok(!told.includes('refused'));
    assert.ok(conservationResidual(exchange.state).isZero());
  });

  test('nobody hears of a batch that is not durable, and nothing is taken after it', () => {
    const journal = new RecordingJournal();
    let published = 0;
    const exchange = opened(journal, { onPublish: () => published++ });
    exchange.submit(openingCommands());
    assert.equal(published, 1);
    journal.failsAtSync = true;
    assert.throws(() => exchange.submit(fallingCommands()), /the disk is gone/);
    assert.equal(published, 1);
    assert.throws(() => exchange.submit(fallingCommands()), ExchangeStopped);
    assert.throws(() => exchange.finish(), ExchangeStopped);
  });

  test('pipelined, a batch is published when the next one has been applied, the last one by flush', () => {
    const published: number[] = [];
    const told = {
      pipelined: true,
      onPublish: (batch: { firstSequence: number }) => published.push(batch.firstSequence),
    };
    const exchange = opened(new MemoryJournal(), told);
    const opening = openingCommands();
    exchange.submit(opening);
    assert.deepEqual(published, []);
    exchange.submit(fallingCommands());
    assert.deepEqual(published, [1]);
    exchange.flush();
    assert.deepEqual(published, [1, opening.commands + 1]);
  });

  test('rows that are not whole commands are refused before anything happens', () => {
    const exchange = opened(new MemoryJournal());
    const commands = openingCommands();
    commands.i32[(commands.rows - 1) * 16 + 1] = 2;
    assert.throws(() => exchange.submit(commands), NotWholeCommands);
    commands.i32[(commands.rows - 1) * 16 + 1] = 0;
    assert.throws(() => exchange.submit(commands), NotWholeCommands);
    assert.equal(exchange.sequence, 0);
    exchange.submit(openingCommands());
    assert.equal(exchange.sequence, openingCommands().commands);
  });

  test('a command that breaks an invariant is never in the journal', () => {
    const journal = new RecordingJournal();
    const exchange = opened(journal);
    exchange.submit(openingCommands());
    const before = journal.sequence;
    // What a loader that nobody checked would do: the index of a market that has traded is 0 … or anything else.
    exchange.state.market.f64[exchange.state.market.rowFloats + MARKET.FUNDING_INDEX] = -4711;
    assert.throws(() => exchange.submit(fallingCommands()), InvariantBroken);
    assert.equal(journal.sequence, before);
    assert.throws(() => exchange.submit(fallingCommands()), ExchangeStopped);
  });

  test('blocks close by commands and by time, and stand in the same place whatever made their roots', () => {
    const journal = new MemoryJournal();
    const blocks: Block[] = [];
    const exchange = opened(journal, { blockCommands: 4, onBlock: (block) => blocks.push(block) });
    exchange.submit(openingCommands());
    exchange.submit(fallingCommands());
    exchange.finish();
    assert.deepEqual(
      blocks.map(({ height }) => height),
      [0, 1, 2],
    );
    const kinds = [...journal.entries()].map((entry) =>
      entry.kind === 'block' ? entry.block.height : entry.closesBlock,
    );
    assert.deepEqual(kinds, [true, true, 0, true, 1, 2]);
  });
});

describe('recovery', () => {
  test('comes to the state of the journal, and goes on to the same root as one that never stopped', () => {
    const whole = new MemoryJournal();
    const undisturbed = opened(whole);
    undisturbed.submit(openingCommands());
    undisturbed.submit(fallingCommands());
    undisturbed.finish();

    const journal = new MemoryJournal();
    opened(journal).submit(openingCommands());
    // The first exchange is dropped without `finish`, as a crash would.
    const again = opened(journal);
    again.submit(fallingCommands());
    again.finish();
    const last = (of: Journal): string => toHex((of.block(of.height) as Block).stateRoot);
    assert.equal(last(journal), last(whole));
  });

  test('records the blocks that a crash left unrecorded', () => {
    const journal = new MemoryJournal();
    const exchange = opened(journal, { blockCommands: 1 });
    exchange.submit(openingCommands());
    assert.equal(journal.height, 0);
    opened(journal);
    assert.equal(journal.height, 1);
  });

  test('names where a journal leads elsewhere than its blocks say, and appends nothing', () => {
    const journal = new MemoryJournal();
    const exchange = opened(journal);
    exchange.submit(openingCommands());
    exchange.finish();
    for (const entry of journal.entries()) {
      // A deposit that is a hundredth of a cent higher than the one that was journalled.
      if (entry.kind === 'commands' && entry.commands > 0)
        entry.floats[5 * 8 + 3] = (entry.floats[5 * 8 + 3] as number) + 1e4;
    }
    const { replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
    assert.equal(replay.equal, false);
    assert.equal(replay.firstDivergence?.what, 'commands_root');
  });
});
