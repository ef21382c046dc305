import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '../../chain/digest.ts';
import { COMMAND } from '../../engine/command.ts';
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
  const named: Fault = { id: 'zero', name: 'an index is zero', class: 'I', harm: ['forced'] };
  const zeroIndex: Fault = {
    ...named,
    memory: ({ state, market }) => {
      state.market.f64[market * state.market.rowFloats + MARKET.FUNDING_INDEX] = 0;
      state.index.restore(state);
    },
  };

  test('it sees what a fault does where nobody looks', () => {
    assert.ok(worlds.unguarded('calm', 'steady', zeroIndex).includes('forced'));
  });

  test('rows that claim other rows, and a liquidation that somebody submits, are refused by name; the exchange goes on', () => {
    const rows = new Uint8Array(64);
    const words = new DataView(rows.buffer);
    words.setInt32(0, COMMAND.cancelAll, true);
    words.setInt32(4, 1_000_000, true);
    const raw: Fault = {
      ...named,
      inputs: (inputs) => [{ kind: 'raw', timeMs: null, bytes: toHex(rows) }, ...inputs],
    };
    const seen = worlds.guarded('calm', 'steady', raw);
    assert.deepEqual([seen.detectedBy, seen.stopped, seen.delayed], ['command_form', null, 0]);
    const forged: Fault = {
      ...named,
      inputs: (inputs, { accounts, timeMs }) => {
        const margin = { equityHigh: 0, equityLow: 0, maintenanceHigh: 0, maintenanceLow: 1 };
        return [{ kind: 'liquidate', timeMs, account: accounts[0] as number, share: 1_000_000, ...margin }, ...inputs];
      },
    };
    const held = worlds.guarded('calm', 'steady', forged);
    assert.deepEqual([held.detectedBy, held.detectedWhere, held.stopped], ['warrant', 'door', null]);
    assert.deepEqual([held.wrongful, held.delayed], [0, 0]);
  });

  test('a fault that does nothing does no harm and is not noticed', () => {
    const idle: Fault = { ...zeroIndex, memory: () => {} };
    assert.deepEqual(worlds.unguarded('crash', 'steady', idle), []);
    const { detectedBy, wrongful, delayed } = worlds.guarded('crash', 'steady', idle);
    assert.deepEqual({ detectedBy, wrongful, delayed }, { detectedBy: null, wrongful: 0, delayed: 0 });
  });
});
