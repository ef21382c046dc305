// Random flows: thousands of commands of every kind, valid and not, through crashes and pauses. What must hold whatever comes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditState } from '../src/engine/audit.ts';
import { COMMAND_KINDS } from '../src/engine/command.ts';
import type { EventRecord } from '../src/engine/event.ts';
import { REFUSALS } from '../src/engine/refusal.ts';
import { genesis, type State } from '../src/engine/state.ts';
import { digestOfWorld } from '../src/sim/naive/digest.ts';
import { digestOfState } from '../src/sim/naive/engine-digest.ts';
import { NaiveExchange } from '../src/sim/naive/exchange.ts';
import { equityOf, initialOf } from '../src/sim/naive/margin.ts';
import { applyTo, ByteWatch, type CommandRows, copyOf, differingTable, runFlow, scatterRows } from './flow-run.ts';

const SEEDS = Array.from({ length: 16 }, (_, at) => at + 1);
const STEPS = 3_000;
const AUDIT_EVERY = 97;

/** Names a command in a message. */
function where({ words, row }: CommandRows, number: number): string {
  return `command ${number}, ${COMMAND_KINDS[words[row * 16] as number] ?? words[row * 16]}`;
}

test('the naive exchange and the engine agree on every event and on the state', () => {
  for (const seed of SEEDS) {
    const state = genesis();
    const naive = new NaiveExchange();
    runFlow(seed, STEPS, (command, number) => {
      const applied = applyTo(state, command);
      naive.clear();
      const rows = naive.apply(command.words.subarray(0, command.end * 16), command.floats, command.row);
      assert.deepEqual([applied.rows, applied.events], [rows, naive.events], `seed ${seed}, ${where(command, number)}`);
      if (number % AUDIT_EVERY === 0) {
        assert.equal(digestOfState(state), digestOfWorld(naive.world), `seed ${seed}, ${where(command, number)}`);
      }
      return applied;
    });
    assert.equal(digestOfState(state), digestOfWorld(naive.world), `seed ${seed}`);
  }
});

test('the audit finds nothing', () => {
  for (const seed of SEEDS) {
    const state = genesis();
    runFlow(seed, STEPS, (command, number) => {
      const applied = applyTo(state, command);
      if (number % AUDIT_EVERY === 0)
        assert.deepEqual(auditState(state), [], `seed ${seed}, ${where(command, number)}`);
      return applied;
    });
    assert.deepEqual(auditState(state), [], `seed ${seed}`);
  }
});

test('a state that is copied, restored and continued tells the same events and ends with the same bytes', () => {
  for (const seed of SEEDS) {
    const state = genesis();
    let copy: State = copyOf(state);
    runFlow(seed, STEPS, (command, number) => {
      if (number % 311 === 0) {
        assert.equal(differingTable(state, copy), undefined, `seed ${seed}, ${where(command, number)}`);
        copy = copyOf(state);
      }
      const applied = applyTo(state, command);
      assert.deepEqual(applyTo(copy, command), applied, `seed ${seed}, ${where(command, number)}`);
      return applied;
    });
    assert.equal(differingTable(state, copy), undefined, `seed ${seed}`);
  }
});

test('margin bounds decide nothing that the exact sums would not: without them the events are the same', () => {
  for (const seed of SEEDS) {
    const state = genesis();
    const unbounded = genesis();
    runFlow(seed, STEPS, (command, number) => {
      const applied = applyTo(state, command);
      unbounded.index.bounds.reset(unbounded.account.rows);
      assert.deepEqual(applyTo(unbounded, command), applied, `seed ${seed}, ${where(command, number)}`);
      return applied;
    });
  }
});

test('no margin bound is above the exact slack', () => {
  for (const seed of SEEDS.slice(0, 8)) {
    const state = genesis();
    const naive = new NaiveExchange();
    runFlow(seed, STEPS, (command, number) => {
      const applied = applyTo(state, command);
      naive.apply(command.words.subarray(0, command.end * 16), command.floats, command.row);
      if (number % 5 === 0) {
        for (const account of naive.world.accounts) {
          if (account === undefined) continue;
          const bound = state.index.bounds.slack(account.number);
          const exact = equityOf(account) - initialOf(naive.world, account);
          const message = `seed ${seed}, ${where(command, number)}, account ${account.number}: ${bound} > ${exact}`;
          assert.ok(bound === Number.NEGATIVE_INFINITY || BigInt(Math.ceil(bound)) <= exact, message);
        }
      }
      return applied;
    });
  }
});

/** The refusal of a command that was refused as a whole. */
function refusalOf(events: readonly EventRecord[]): string | undefined {
  if (events.length !== 1 || events[0]?.kind !== 'refused') return undefined;
  const { refusal, item } = events[0] as EventRecord<'refused'>;
  return item === 0 ? REFUSALS[refusal] : undefined;
}

test('what changed is marked as touched, and a refused command changes nothing but sequence and time', () => {
  let refused = 0;
  for (const seed of SEEDS) {
    const state = scatterRows(genesis());
    const watch = new ByteWatch(state);
    runFlow(seed, STEPS, (command, number) => {
      const applied = applyTo(state, command);
      const message = `seed ${seed}, ${where(command, number)}`;
      const refusal = refusalOf(applied.events);
      if (refusal !== undefined) {
        assert.deepEqual(watch.changedTables(), [], `${message}, ${refusal}`);
        refused++;
      }
      assert.deepEqual(watch.untouchedChanges(), [], message);
      return applied;
    });
  }
  assert.ok(refused > 1_000);
});

test('the flows reach what they are for', () => {
  const kinds = new Map<string, number>();
  for (const seed of SEEDS) {
    const state = genesis();
    runFlow(seed, STEPS, (command) => {
      const applied = applyTo(state, command);
      for (const { kind } of applied.events) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const refusal = refusalOf(applied.events);
      if (refusal !== undefined) kinds.set(refusal, (kinds.get(refusal) ?? 0) + 1);
      return applied;
    });
  }
  const events = ['filled', 'orderAmended', 'orderTriggered', 'liquidated', 'positionTaken', 'fundingSettled'];
  events.push('fundingPaused', 'lossFactorSet', 'withdrawalSettled', 'cancelDue', 'transferred', 'leverageSet');
  for (const kind of events) assert.ok((kinds.get(kind) ?? 0) > 50, `${kind}: ${kinds.get(kind)}`);
  // A market is delisted but once.
  assert.ok((kinds.get('positionSettled') ?? 0) > 25, `positionSettled: ${kinds.get('positionSettled')}`);
  const remedies = ['withdrawalCarried', 'receivableRepaid', 'creditReversed', 'refundReserved'];
  for (const kind of [...remedies, 'refundPosted', 'refundVoided']) {
    assert.ok((kinds.get(kind) ?? 0) > 10, `${kind}: ${kinds.get(kind)}`);
  }
  // A few of the rarest may fail to come up when the flow or the exchange changes.
  const missing = REFUSALS.slice(1).filter((refusal) => !kinds.has(refusal));
  assert.ok(missing.length <= 5, missing.join());
});
