import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderRow } from '../engine/order-id.ts';
import { ORDER } from '../engine/tables.ts';
import { GuardedVenue } from './guarded-venue.fixture.ts';
import { Chance, forcedOf, mutate, SmallFlow } from './mutations.fixture.ts';

const BEFORE = 60;
const AFTER = 40;

interface Trial {
  readonly mutation: string;
  /** Forced on someone in the mutated venue and not in its sound twin at the same step. */
  readonly wrongful: readonly string[];
  readonly forced: number;
  readonly isFound: boolean;
  /** Why the engine itself stopped, if it did. */
  readonly stopped: string | undefined;
}

/** One mutation of a venue in flow; `isGuarded` false shows what it does without the guard. */
function runTrial(seed: number, isGuarded: boolean): Trial {
  const chance = new Chance(seed);
  const flow = new SmallFlow(chance);
  const sound = new GuardedVenue(true);
  const other = new GuardedVenue(isGuarded);
  for (const venue of [sound, other]) flow.open(venue);
  const wrongful: string[] = [];
  let forced = 0;
  let mutation = '';
  let stopped: string | undefined;
  for (let step = 0; step < BEFORE + AFTER && stopped === undefined; step++) {
    if (step === BEFORE) mutation = mutate(other, chance);
    const act = flow.next();
    const expected = forcedOf(record(sound, act, flow));
    forced += expected.length;
    try {
      const events = act(other);
      for (const action of forcedOf(events)) {
        if (!expected.includes(action) && isComparable(action, sound, other)) wrongful.push(`step ${step}: ${action}`);
      }
    } catch (error) {
      stopped = String(error);
    }
  }
  if (stopped === undefined) other.seal();
  assert.deepEqual(sound.guard?.quarantine.all, [], `seed ${seed}: the sound twin has findings`);
  const isFound = (other.guard?.quarantine.all.length ?? 0) > 0;
  return { mutation, wrongful, forced, isFound, stopped };
}

/** An order that the sound twin does not have any more, or never had, is a trade that went another way, and no forced action. */
function isComparable(action: string, sound: GuardedVenue, other: GuardedVenue): boolean {
  if (action.startsWith('liquidated')) return true;
  const id = Number(action.split(' ')[1]);
  const row = orderRow(sound.state, id);
  const [a, b] = [sound.state.order.i32, other.state.order.i32];
  return (
    row !== 0 &&
    [ORDER.ACCOUNT, ORDER.MARKET, ORDER.PRICE].every((column) => a[row * 16 + column] === b[row * 16 + column])
  );
}

function record(venue: GuardedVenue, act: (venue: GuardedVenue) => ReturnType<GuardedVenue['apply']>, flow: SmallFlow) {
  const events = act(venue);
  flow.learn(events);
  return events;
}

const TRIALS = 150;

test('random changes of memory force nobody out who would not have been', () => {
  let forced = 0;
  let found = 0;
  for (let seed = 1; seed <= TRIALS; seed++) {
    const trial = runTrial(seed, true);
    assert.deepEqual(trial.wrongful, [], `seed ${seed}: ${trial.mutation}`);
    forced += trial.forced;
    if (trial.isFound || trial.stopped !== undefined) found++;
  }
  assert.ok(forced > TRIALS, `only ${forced} forced actions`);
  assert.ok(found > TRIALS / 2, `only ${found} of ${TRIALS} found`);
});

test('without the guard some of the same changes do', () => {
  let wrongful = 0;
  for (let seed = 1; seed <= TRIALS; seed++) wrongful += runTrial(seed, false).wrongful.length;
  assert.ok(wrongful > 0);
});
