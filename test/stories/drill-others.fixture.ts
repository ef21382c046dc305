// A drill of another venue's incident: what it must come to, with the guard and without.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { runDrill } from '../../src/sim/drill/drill.ts';
import type { DrillResult } from '../../src/sim/drill/result.ts';

const ACCOUNTS = 300;

function drill(scenario: string, guard: 'on' | 'off', seed: number): DrillResult {
  return runDrill({ scenario, guard, accounts: ACCOUNTS, seed, journal: new MemoryJournal() });
}

/** Without the guard it harms, and who was harmed is made whole; with it nothing wrongful happens. */
export function harmsAndIsMadeGood(name: string, seed = 1): void {
  test(`${name}, seed ${seed}: without the guard it harms, and everybody is made whole`, () => {
    const { wrongful, remedy, noRemedy, timings } = drill(name, 'off', seed);
    assert.ok(wrongful.count > 0 && wrongful.accounts > 0 && wrongful.notionalUsd > 0);
    assert.ok(remedy !== null && timings !== null, `${noRemedy}`);
    assert.equal(noRemedy, null);
    assert.ok(remedy.refunded > 0 && remedy.totalUsd > 0 && remedy.largestUsd <= remedy.totalUsd);
    assert.ok(remedy.assessed >= ACCOUNTS, 'everybody is assessed');
    assert.equal(remedy.conservationResidual, '0');
    const { assessed } = remedy;
    const { receipts, receiptsVerified, independentVerified } = remedy;
    assert.deepEqual([receipts, receiptsVerified, independentVerified], [assessed, assessed, assessed]);
  });

  test(`${name}, seed ${seed}: no forced action is wrongful with the guard`, () => {
    const guarded = drill(name, 'on', seed);
    assert.equal(guarded.wrongful.count, 0);
    assert.ok(guarded.vetoes.length > 0);
    const { rollback, secondWave, remedy, timings } = guarded;
    assert.deepEqual([rollback, secondWave, remedy, timings], [null, null, null, null]);
    assert.match(guarded.noRemedy ?? '', /^no forced action was wrongful/);
  });
}

/** Nothing is wrong: every forced action goes on, with the guard and without, and nobody is owed anything. */
export function letsAllHappen(name: string): void {
  test(`${name}: the guard stops nothing, and nobody is owed anything`, () => {
    const without = drill(name, 'off', 1);
    const guarded = drill(name, 'on', 1);
    assert.equal(without.wrongful.count + guarded.wrongful.count, 0);
    assert.deepEqual(guarded.vetoes, []);
    assert.ok(guarded.legitimate.count > 20);
    assert.equal(guarded.legitimate.count, without.legitimate.count);
    assert.deepEqual([without.remedy, guarded.remedy], [null, null]);
    assert.match(without.noRemedy ?? '', /^nothing was wrong/);
  });
}
