import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCommand } from '../engine/apply.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { RULE } from '../engine/rules.ts';
import { genesis } from '../engine/state.ts';
import { Guard } from '../guard/guard.ts';
import { RandomFlow } from '../sim/random-flow.ts';

/** Checks of samples, which a random flow leaves out, ages and scatters. */
const OF_SAMPLES = new Set([
  'mark_age',
  'sample_age',
  'price_quorum',
  'price_families',
  'price_both_families',
  'price_venue_marks',
]);

/** Verdicts of a random flow in which the guard sees every event, a block is closed now and then, and nothing is corrupted. */
function verdictsOf(seed: number, steps: number): Map<string, number> {
  const counts = new Map<string, number>();
  const guard = new Guard({
    onFinding: (finding) => assert.fail(`seed ${seed}: ${JSON.stringify(finding)}`),
    onVerdict: ({ kind, check, action, account, sequence }) => {
      const name = kind === 'hold' || kind === 'halt' ? (check?.name ?? 'none') : `${kind} ${action.kind}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const mayBe = check === undefined || check.class === 'III' || OF_SAMPLES.has(check.name);
      assert.ok(mayBe, `seed ${seed}, command ${sequence}, account ${account}: ${JSON.stringify(check)}`);
    },
  });
  const state = genesis();
  // The venues of a flow fall silent all the time: with a grace hardly anything would be judged to its end.
  const grace = new CommandBuffer();
  grace.setRule(0, RULE.guard_grace, 0);
  applyCommand(state, grace.i32, grace.f64, 0, grace.rows);
  guard.seal(state);
  const flow = new RandomFlow(seed);
  const buffer = new CommandBuffer();
  let commands = 0;
  for (let step = 0; step < steps; step++) {
    buffer.clear();
    flow.next(buffer);
    for (let row = 0; row < buffer.rows; ) {
      state.events.clear();
      guard.startBatch();
      const claimed = buffer.i32[row * 16 + 1] as number;
      const end = claimed >= 1 && row + claimed <= buffer.rows ? row + claimed : row + 1;
      guard.before(state, buffer.i32, buffer.f64, row, end);
      row += applyCommand(state, buffer.i32, buffer.f64, row, buffer.rows);
      guard.listen(state);
      guard.judge(state, 0, { fork: 0, height: 1 });
      flow.observe(state.events.all());
      if (++commands % 97 !== 0) continue;
      guard.seal(state);
      for (const [, table] of state.tables()) table.touched.fill(0);
    }
  }
  return counts;
}

test('in random flows, violent and with nonsense among them, only what rests on samples that are old, few or disagree is held', () => {
  const all = new Map<string, number>();
  for (let seed = 1; seed <= 6; seed++) {
    for (const [name, count] of verdictsOf(seed, 3000)) all.set(name, (all.get(name) ?? 0) + count);
  }
  for (const kind of ['liquidate', 'fireTrigger', 'forceCancel']) {
    const warranted = (all.get(`accept ${kind}`) ?? 0) + (all.get(`flag ${kind}`) ?? 0);
    assert.ok(warranted > 0, `${kind} never happened: ${JSON.stringify([...all])}`);
  }
  for (const kind of ['mark_age', 'sample_age', 'price_families']) {
    assert.ok((all.get(kind) ?? 0) > 0, `${kind} never held anything: ${JSON.stringify([...all])}`);
  }
});
