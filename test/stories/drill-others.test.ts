// What happened to other venues, and the crash in which nothing was wrong: small drills, with the guard and without.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { runDrill, SCENARIOS } from '../../src/sim/drill/drill.ts';
import type { DrillResult } from '../../src/sim/drill/result.ts';

const ACCOUNTS = 900;

function drill(scenario: string, guard: 'on' | 'off'): DrillResult {
  return runDrill({ scenario, guard, accounts: ACCOUNTS, seed: 1, journal: new MemoryJournal() });
}

describe('other venues’ incidents', () => {
  const harmful = new Set([
    'stale-resume',
    'wrong-denomination',
    'torn-pair',
    'split-drip',
    'two-writers',
    'outlier-source',
    'payout-unit-slip',
  ]);
  for (const { name, takesDay } of SCENARIOS) {
    if (takesDay) continue;
    test(`${name}: no forced action is wrongful with the guard`, () => {
      const without = drill(name, 'off');
      const guarded = drill(name, 'on');
      assert.equal(guarded.wrongful.count, 0);
      assert.deepEqual(Object.keys(guarded), Object.keys(without));
      assert.deepEqual(
        [guarded.rollback, guarded.secondWave, guarded.remedy, guarded.timings],
        [null, null, null, null],
      );
      if (harmful.has(name)) {
        assert.ok(without.wrongful.count > 0, 'without the guard there is harm');
        assert.ok(guarded.vetoes.length > 0);
      } else if (name === 'crash') {
        assert.equal(without.wrongful.count, 0);
        assert.deepEqual(guarded.vetoes, []);
        assert.ok(guarded.legitimate.count > 20);
        assert.equal(guarded.legitimate.count, without.legitimate.count);
      }
    });
  }
});
