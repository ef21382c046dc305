import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MARKET } from '../../engine/tables.ts';
import { CASES } from './cases.ts';
import type { Fault } from './fault.ts';
import { mutation } from './mutation.ts';
import { Worlds } from './worlds.ts';

const worlds = new Worlds(1);

function caseOf(id: string): Fault {
  const fault = CASES.find((each) => each.id === id);
  assert.ok(fault, id);
  return fault;
}

describe('the corruption matrix, some cells of it', () => {
  for (const [id, regime, phase] of [
    ['C01', 'calm', 'steady'],
    ['C01', 'crash', 'upgrade'],
    ['C03', 'squeeze', 'restart'],
    ['C15', 'thin', 'steady'],
    ['C36', 'crash', 'steady'],
  ] as const) {
    test(`${id} in ${regime}, ${phase}: noticed, nobody is forced out wrongly; without a guard it harms`, () => {
      const fault = caseOf(id);
      const { wrongful, wrongfulActions, detectedBy } = worlds.guarded(regime, phase, fault);
      assert.equal(wrongful, 0, wrongfulActions.join('\n'));
      if (fault.harmless?.[phase] !== undefined || fault.harmless?.always !== undefined) return;
      assert.notEqual(detectedBy, null);
      const harm = worlds.unguarded(regime, phase, fault);
      assert.ok(
        harm.some((kind) => fault.harm.includes(kind)),
        `declared ${fault.harm.join(' ')}, happened ${harm.join(' ')}`,
      );
    });
  }

  test('where nothing goes wrong nothing is held, and what is due in a crash happens', () => {
    const { wrongful, marginal, actions, delayed, quarantined, stopped } = worlds.guarded('crash', 'steady', undefined);
    assert.deepEqual(
      { wrongful, marginal, delayed, quarantined, stopped },
      {
        wrongful: 0,
        marginal: 0,
        delayed: 0,
        quarantined: [],
        stopped: null,
      },
    );
    assert.ok(actions > 20, String(actions));
  });

  test('the same cell gives the same record', () => {
    const again = new Worlds(1);
    const fault = caseOf('C01');
    assert.deepEqual(again.guarded('calm', 'steady', fault), worlds.guarded('calm', 'steady', fault));
  });

  test('mutations: no wrongful forced action', () => {
    for (let number = 0; number < 12; number++) {
      const { wrongful, wrongfulActions } = worlds.guarded('calm', 'steady', mutation(number));
      assert.equal(wrongful, 0, `${mutation(number).name} (${number}): ${wrongfulActions.join('\n')}`);
    }
  });
});

describe('the harness can fail', () => {
  const zeroIndex: Fault = {
    id: 'zero',
    name: 'an index is zero',
    class: 'I',
    harm: ['forced'],
    memory: ({ state, market }) => {
      state.market.f64[market * state.market.rowFloats + MARKET.FUNDING_INDEX] = 0;
      state.index.restore(state);
    },
  };

  test('it sees what a fault does where nobody looks', () => {
    assert.ok(worlds.unguarded('calm', 'steady', zeroIndex).includes('forced'));
  });

  test('a fault that does nothing does no harm and is not noticed', () => {
    const idle: Fault = { ...zeroIndex, memory: () => {} };
    assert.deepEqual(worlds.unguarded('crash', 'steady', idle), []);
    const { detectedBy, wrongful, delayed } = worlds.guarded('crash', 'steady', idle);
    assert.deepEqual({ detectedBy, wrongful, delayed }, { detectedBy: null, wrongful: 0, delayed: 0 });
  });
});
