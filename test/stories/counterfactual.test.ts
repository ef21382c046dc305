// A venue whose process starts with a funding index that no history made, trades on for a while, and is computed again without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchEntry } from '../../src/chain/entry.ts';
import { diffStates } from '../../src/chain/state-difference.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { applyCommands } from '../../src/engine/batch.ts';
import { CommandBuffer } from '../../src/engine/command-buffer.ts';
import { genesis, type State } from '../../src/engine/state.ts';
import { MARKET } from '../../src/engine/tables.ts';
import { Exchange } from '../../src/exchange/exchange.ts';
import { recover } from '../../src/exchange/recover.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { assess, type Worlds } from '../../src/remedy/assessment.ts';
import type { CorrectionSet } from '../../src/remedy/correction.ts';
import { Counterfactual } from '../../src/remedy/counterfactual.ts';
import { deviate } from '../../src/remedy/deviation.ts';
import { valuationOf } from '../../src/remedy/valuation.ts';
import { modelledMarketDay } from '../../src/sim/modelled-market-day.ts';
import { Session } from '../../src/sim/session.ts';

const GOOD_TICKS = 240;
const BAD_TICKS = 60;
const FALSE_MARKET = 2;

interface Story {
  readonly journal: MemoryJournal;
  readonly lastGoodSequence: number;
  readonly corrections: CorrectionSet;
  readonly liquidated: number;
}

/** Trades; between two ticks the state is what the deviation says (nothing, where there is none). */
function trade(falseIndex: number | undefined): Story & { readonly state: State } {
  const session = new Session({ day: modelledMarketDay({ seed: 3 }), seed: 3, accounts: 150 });
  const journal = new MemoryJournal();
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
  let liquidated = 0;
  const exchange = new Exchange({
    state,
    journal,
    sealer,
    blockCommands: 65_536,
    blockMs: 60_000,
    onPublish: ({ events }) => {
      liquidated += events.all().filter(({ kind }) => kind === 'liquidated').length;
    },
  });
  const commands = new CommandBuffer(1 << 12);
  const play = (from: number, to: number): void => {
    for (let tick = from; tick < to; tick++) {
      commands.clear();
      if (tick === 0) session.opening(state, commands);
      else session.step(tick, state, commands);
      exchange.submit(commands);
    }
  };
  play(0, GOOD_TICKS);
  const lastGoodSequence = exchange.sequence;
  const deviations =
    falseIndex === undefined
      ? []
      : [
          {
            afterSequence: lastGoodSequence,
            writes: [
              { table: 'market', row: FALSE_MARKET, column: 'fundingIndex', index: 0, value: falseIndex } as const,
            ],
          },
        ];
  for (const deviation of deviations) deviate(state, deviation);
  play(GOOD_TICKS, GOOD_TICKS + BAD_TICKS);
  return { journal, lastGoodSequence, liquidated, state, corrections: { commands: [], deviations, keepHalts: true } };
}

function batchesOf(journal: MemoryJournal): BatchEntry[] {
  const batches: BatchEntry[] = [];
  for (const entry of journal.entries()) {
    if (entry.kind !== 'commands' || entry.rows === 0) continue;
    const bytes = entry.bytes.slice();
    const [words, floats] = [new Int32Array(bytes.buffer), new Float64Array(bytes.buffer)];
    batches.push({ ...entry, bytes, words, floats });
  }
  return batches;
}

function worldsOf({ actual, other, settledInActual }: Counterfactual): Worlds {
  return { actual, other, settledInActual, valuation: valuationOf(other) };
}

function replayed({ journal, lastGoodSequence, corrections }: Story): Counterfactual {
  const [actual, other] = [genesis(), genesis()];
  const worlds = new Counterfactual(actual, other, corrections);
  for (const entry of batchesOf(journal)) {
    if (entry.firstSequence > lastGoodSequence) worlds.take(entry);
    else for (const state of [actual, other]) applyCommands(state, entry.words, entry.floats, entry.rows);
    for (const state of [actual, other]) state.events.clear();
  }
  return worlds;
}

test('without a falsehood both worlds are one, and nobody is owed anything', () => {
  const story = trade(undefined);
  const worlds = replayed(story);
  assert.deepEqual(diffStates(worlds.actual, worlds.other), []);
  const { accounts, residual } = assess(worldsOf(worlds));
  assert.equal(residual, 0n);
  for (const { difference, reason } of accounts) {
    assert.equal(difference, 0n);
    assert.ok(reason === 'UNAFFECTED' || reason === 'HOUSE');
  }
  assert.ok(worlds.divergence.minutes.every(({ different }) => different === 0));
});

test('an index that no history made: the deviation explains the actual world to the last bit, the claims conserve money', () => {
  const story = trade(-4e14);
  assert.ok(story.liquidated > 5, `${story.liquidated} liquidations`);
  const worlds = replayed(story);
  assert.deepEqual(diffStates(story.state, worlds.actual), []);
  const { accounts, residual } = assess(worldsOf(worlds));
  assert.equal(residual, 0n);
  const restored = accounts.filter(({ reason }) => reason === 'RESTORED');
  const unaffected = accounts.filter(({ reason }) => reason === 'UNAFFECTED');
  assert.ok(
    restored.length > 5 && unaffected.length > 5,
    `${restored.length} restored, ${unaffected.length} unaffected`,
  );
  assert.ok(worlds.divergence.minutes.some(({ different }) => different > 0));
  assert.notEqual(worlds.actual.market.f64[FALSE_MARKET * 128 + MARKET.FUNDING_INDEX], undefined);
});
