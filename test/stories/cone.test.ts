// Corrections of random flows: what the cone finds is what a full replay finds, to the last unit; or it says that it cannot.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRows, readCommand } from '../../src/chain/command-record.ts';
import type { CommandRecord } from '../../src/chain/command-value.ts';
import { COMMAND, PLACE_ORDER } from '../../src/engine/command.ts';
import type { State } from '../../src/engine/state.ts';
import { MARKET, POSITION } from '../../src/engine/tables.ts';
import { unwindInsurance } from '../../src/exchange/unwind.ts';
import { composeWorld } from '../../src/remedy/compose-world.ts';
import { type Cone, cone, type ConeResult } from '../../src/remedy/cone.ts';
import type { CorrectionSet } from '../../src/remedy/correction.ts';
import { Counterfactual } from '../../src/remedy/counterfactual.ts';
import type { StateWrite } from '../../src/remedy/deviation.ts';
import { differenceOfWorlds } from '../../src/remedy/same-world.ts';
import type { TouchIndex } from '../../src/remedy/touch-index.ts';
import { TouchRecorder } from '../../src/remedy/touch-recorder.ts';
import { modelledMarketDay } from '../../src/sim/modelled-market-day.ts';
import { Random } from '../../src/sim/random.ts';
import { RandomFlow } from '../../src/sim/random-flow.ts';
import { Session } from '../../src/sim/session.ts';
import { thinFlow } from '../thin-flow.ts';
import { type Asking, type FlowOptions, type FlowWindow, tradeWindow } from '../cone-flow.ts';

interface Window extends FlowWindow {
  readonly index: TouchIndex;
}

function indexed(window: FlowWindow): Window {
  const [start, state] = window.states(2) as [never, never];
  const recorder = new TouchRecorder(start, state, window.deviations);
  for (const batch of window.batches) recorder.take(batch);
  return { ...window, index: recorder.finish() };
}

function sessionWindow(seed: number, accounts: number, options: FlowOptions = {}): Window {
  const session = new Session({ day: modelledMarketDay({ seed }), seed, accounts });
  let tick = 0;
  const next = (state: Parameters<Session['step']>[1], commands: Parameters<Session['step']>[2]): void => {
    if (tick === 0) session.opening(state, commands);
    else session.step(tick, state, commands);
    tick++;
  };
  return indexed(tradeWindow({ next }, 120, 60, options));
}

function randomWindow(seed: number, options: FlowOptions = {}): Window {
  const flow = new RandomFlow(seed, 0);
  const asking: Asking = {
    next: (_, commands) => flow.next(commands),
    observe: (events) => flow.observe(events),
  };
  return indexed(tradeWindow(asking, 300, 700, options));
}

/** Some commands of the window as they might have been: left out, or with another price or size. */
function randomCorrections({ batches }: Window, random: Random): CorrectionSet {
  const candidates = batches.flatMap((batch) => {
    const found: { sequence: number; row: number; batch: typeof batch }[] = [];
    let sequence = batch.firstSequence;
    for (let row = 0; row < batch.rows; sequence++) {
      const kind = batch.words[row * 16] as number;
      const isPlain = kind !== COMMAND.placeOrder || batch.words[row * 16 + PLACE_ORDER.CLIENT_ID_LENGTH] === 0;
      if (CORRECTED.has(kind) && isPlain) found.push({ sequence, row, batch });
      row += commandRows(batch.words, row);
    }
    return found;
  });
  const count = 1 + random.below(3);
  const start = random.below(candidates.length);
  const chosen = Array.from({ length: count }, (_, n) => candidates[(start + n * 7) % candidates.length]).filter(
    (each, at, all) => each !== undefined && all.indexOf(each) === at,
  ) as typeof candidates;
  return {
    commands: chosen.map(({ sequence, row, batch }) => ({
      sequence,
      commands: random.chance(500_000) ? [] : [changed(readCommand(batch.bytes, row), random)],
    })),
    deviations: [],
    keepHalts: true,
  };
}

const CORRECTED: ReadonlySet<number> = new Set([
  COMMAND.placeOrder,
  COMMAND.cancelOrder,
  COMMAND.amendOrder,
  COMMAND.oraclePrice,
  COMMAND.venueQuote,
]);

function changed(command: CommandRecord, random: Random): CommandRecord {
  const by = (value: unknown): number => Math.max(1, Math.round((Number(value) * (950 + random.below(100))) / 1000));
  if (typeof command['price'] === 'number') return { ...command, price: by(command['price']) };
  if (typeof command['size'] === 'number') return { ...command, size: by(command['size']) };
  return command;
}

/** Compares the cone with a full replay; throws where they differ. */
function check({ index, batches, states }: Window, corrections: CorrectionSet, mostPpm?: number): ConeResult {
  const found = cone(index, corrections, { unwind: unwindInsurance, ...(mostPpm === undefined ? {} : { mostPpm }) });
  if (found.kind === 'beyond') return found;
  const [actual, other] = states(2) as [never, never];
  const full = new Counterfactual(actual, other, corrections, { unwind: unwindInsurance });
  for (const batch of batches) full.take(batch);
  const text = JSON.stringify(corrections);
  assert.equal(differenceOfWorlds(composeWorld(index, found), full.other), undefined, text);
  return found;
}

const EVERYTHING = 100_000_000;

/** Checks so many random corrections of a window; returns the cones, and why there were none. */
function checkAll(window: Window, name: string, count: number): { cones: Cone[]; why: string[] } {
  assert.equal(window.index.beyond, undefined);
  const random = new Random(name);
  const found = Array.from({ length: count }, () => check(window, randomCorrections(window, random), EVERYTHING));
  return {
    cones: found.flatMap((each) => (each.kind === 'cone' ? [each] : [])),
    why: found.flatMap((each) => (each.kind === 'beyond' ? [each.why] : [])),
  };
}

for (const seed of [1, 12]) {
  test(`a session, seed ${seed}: the cone of random corrections is what a full replay finds`, () => {
    const { cones, why } = checkAll(sessionWindow(seed, 80), `x ${seed}`, 8);
    assert.ok(cones.length > 6, why.join());
    assert.ok(cones.some(({ part }) => part.markets.length === 1));
  });
}

for (const seed of [1, 3]) {
  test(`traders at the edge of their margin, seed ${seed}: what a market does to them reaches others, and the cone with it`, () => {
    const window = indexed(tradeWindow(thinFlow(seed), 100, 40));
    const { cones, why } = checkAll(window, `x ${seed}`, 8);
    assert.ok(cones.length > 3, why.join());
    // Without what joined, these come out otherwise than the full replay; others stay alone.
    assert.ok(cones.some(({ passes, part }) => passes > 1 && part.markets.length > 3));
    const markets = window.index.end.market.rows - 1;
    assert.ok(cones.some(({ part }) => part.markets.length < markets));
  });
}

for (const seed of [8, 9]) {
  test(`every kind of command, seed ${seed}: all markets hang together, and the cone is what a full replay finds`, () => {
    const window = randomWindow(seed);
    const { cones, why } = checkAll(window, `random cone ${seed}`, 4);
    assert.ok(cones.length > 2, why.join());
  });
}

test('what the guard held is held in the other world: every third forced action does not happen', () => {
  const window = randomWindow(32, { mayForce: (number) => number % 3 !== 0 });
  assert.ok(window.index.held.size > 0);
  const { cones, why } = checkAll(window, 'held', 4);
  assert.ok(cones.length > 2, why.join());
});

/** What a loader may have left in the place of a value: of markets, of positions, of balances. */
function randomWrites(state: State, random: Random): StateWrite[] {
  const row = (table: 'market' | 'position' | 'account', first: number): number =>
    first + random.below(state[table].rows - first);
  const market = row('market', 1);
  const index = state.market.f64[market * 128 + MARKET.FUNDING_INDEX] as number;
  const at = (table: StateWrite['table'], of: number, column: string, value: number): StateWrite => ({
    table,
    row: of,
    column,
    index: 0,
    value,
  });
  switch (random.below(6)) {
    case 0:
      return [at('market', market, 'fundingIndex', 0), at('market', market, 'fundingRemainder', 0)];
    case 1:
      return [at('market', market, 'fundingIndex', index + (random.below(2) === 0 ? 1 : -1) * random.below(2 ** 40))];
    case 2: {
      const position = row('position', 1);
      const settled = state.position.f64[position * 16 + POSITION.FUNDING_INDEX] as number;
      return [at('position', position, 'fundingIndex', settled - random.below(2 ** 40))];
    }
    case 3:
      return [at('account', row('account', 3), 'balanceLow', random.below(2 ** 36))];
    case 4:
      return [at('market', market, 'initialMargin', 20_000 + random.below(200_000))];
    default:
      return [at('oracle', market * 4, 'price', Math.max(1, random.below(2 ** 30)))];
  }
}

for (const seed of [2, 7, 10, 21, 24, 54]) {
  test(`values that no command wrote, seed ${seed}: the cone from the rows they were written to is what a full replay finds`, () => {
    const random = new Random(`written ${seed}`);
    const when = random.below(30);
    const writes: FlowOptions['writes'] = (step, state) => (step === when ? randomWrites(state, random) : []);
    const window =
      seed % 2 === 0 ? sessionWindow(seed, 80, { writes }) : indexed(tradeWindow(thinFlow(seed), 100, 40, { writes }));
    const { deviations } = window;
    assert.equal(deviations.length, 1);
    const found = check(window, { commands: [], deviations, keepHalts: true }, EVERYTHING);
    // One of them gives an account money that it then takes out, in the other world alone.
    if (found.kind === 'beyond') assert.equal(found.why, 'money that only the other world pays out');
    else assert.ok(found.part.accounts.length > 0 || found.part.markets.length === 0);
  });
}

test('what a cone cannot say it names: another release, halts that are dropped, a part that is nearly everything', () => {
  const window = sessionWindow(4, 60);
  const corrections = randomCorrections(window, new Random('beyond'));
  const why = (changes: Partial<CorrectionSet>, mostPpm?: number): string => {
    const found = check(window, { ...corrections, ...changes }, mostPpm);
    return found.kind === 'beyond' ? found.why : found.kind;
  };
  assert.equal(why({ release: 2 }), 'another engine release');
  assert.equal(why({ voidedBranches: [1] }), 'a dead branch in the window');
  assert.equal(why({ commands: [{ sequence: 1, commands: [] }] }), 'a command outside the window');
  assert.match(why({}, 1), /^\d markets, \d+ of \d+ commands$/);
  const tick = window.batches[0] as FlowWindow['batches'][number];
  assert.equal(tick.words[(tick.rows - 1) * 16], COMMAND.tick);
  const sequence = tick.firstSequence + tick.commands - 1;
  assert.equal(why({ commands: [{ sequence, commands: [] }] }), 'a command that touches every market or a balance');
});
