import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RULES, ruleOf, STATES, type StepEnd, transitionOf, type UpgradeState } from './states.ts';

const END: StepEnd = { state: 'PLAN', verdict: 'pass', elapsedMs: 0, budgetMs: 100, heldMs: 0, holdMs: 10 };

test('passing leads through every state once, to the end', () => {
  const seen: UpgradeState[] = [];
  for (let state: UpgradeState | undefined = 'PLAN'; state !== undefined; ) {
    seen.push(state);
    const transition = transitionOf({ ...END, state });
    state = transition.kind === 'next' ? transition.state : undefined;
    if (state === undefined) assert.equal(transition.kind, 'done');
  }
  assert.deepEqual(seen, [...STATES]);
});

test('the table of aborts: A until the candidate is live, B until people trade, C behind that', () => {
  const aborts = Object.fromEntries(RULES.map(({ state, abort }) => [state, abort]));
  assert.deepEqual(aborts, {
    PLAN: 'A',
    REHEARSE: 'A',
    SHADOW: 'A',
    CANCEL_ONLY: 'A',
    DRAIN_FENCE: 'A',
    FINGERPRINT: 'A',
    MIGRATE: 'A',
    VERIFY: 'A',
    BOOT_LADDER: 'B',
    CANARY: 'B',
    REOPEN: 'C',
    SOAK: 'C',
    COMMIT: 'C',
  });
  assert.equal(ruleOf('SHADOW').isPaused, false);
  assert.equal(ruleOf('VERIFY').isPaused, true);
});

test('every end of a step leads to the next state, to the same again, or to the abort of its state', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...STATES),
      fc.constantFrom('pass' as const, 'fail' as const, 'inconclusive' as const),
      fc.nat(200),
      fc.nat(20),
      (state, verdict, elapsedMs, heldMs) => {
        const transition = transitionOf({ ...END, state, verdict, elapsedMs, heldMs });
        const { next, abort } = ruleOf(state);
        const isLate = elapsedMs > END.budgetMs;
        if (verdict === 'fail') assert.deepEqual(transition, { kind: 'abort', abort, reason: 'failed' });
        else if (verdict === 'pass' && next === undefined) assert.deepEqual(transition, { kind: 'done' });
        else if (isLate) assert.deepEqual(transition, { kind: 'abort', abort, reason: 'time_budget' });
        else if (verdict === 'pass') assert.deepEqual(transition, { kind: 'next', state: next });
        else if (heldMs < END.holdMs) assert.deepEqual(transition, { kind: 'hold', state });
        else assert.deepEqual(transition, { kind: 'abort', abort, reason: 'inconclusive' });
      },
    ),
  );
});
