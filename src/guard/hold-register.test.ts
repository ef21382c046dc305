import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND } from '../engine/command.ts';
import { CLOSE } from '../engine/refusal.ts';
import type { Finding } from './finding.ts';
import { decodeHolds, type HoldRecord, holdLine } from './hold-record.ts';
import { HoldRegister } from './hold-register.ts';
import type { Check, ForcedAction, Verdict } from './verdict.ts';
import { encodeLines } from './warrant.ts';

const OLD: Check = { class: 'II', name: 'mark_age', about: 'market 3', holds: false, found: '1', expected: '9' };
const BROKEN: Check = { ...OLD, class: 'I', name: 'mark_continuity' };
const LIQUIDATE: ForcedAction = { kind: 'liquidate', share: 200_000 };
const TRIGGER: ForcedAction = { kind: 'fireTrigger', order: 77, market: 3, mark: 5 };

function verdict(action: ForcedAction, timeMs: number, check?: Check): Verdict {
  return { kind: check === undefined ? 'accept' : 'hold', account: 7, action, sequence: timeMs + 1, timeMs, check };
}

function told(register: HoldRegister): readonly HoldRecord[] {
  const lines = register.takeLines();
  return lines.length === 0 ? [] : (decodeHolds(encodeLines(lines)) ?? assert.fail('a line that is none'));
}

const brief = ({ kind, check, sinceMs, timeMs }: HoldRecord): string => `${kind} ${check} ${sinceMs} ${timeMs}`;

test('a hold that lasts is told when it begins, when its reason changes, and when the action happens', () => {
  const register = new HoldRegister();
  register.judged(verdict(LIQUIDATE, 10, OLD));
  register.judged(verdict(LIQUIDATE, 20, { ...OLD, found: '2' }));
  register.judged({ ...verdict({ ...LIQUIDATE, share: 400_000 }, 30, BROKEN), kind: 'halt' });
  register.judged(verdict(LIQUIDATE, 40));
  register.judged(verdict(LIQUIDATE, 50));
  const records = told(register);
  assert.deepEqual(records.map(brief), [
    'held mark_age 10 10',
    'changed mark_continuity 10 30',
    'released mark_continuity 10 40',
  ]);
  assert.deepEqual(records[0], {
    kind: 'held',
    account: 7,
    action: LIQUIDATE,
    check: 'mark_age',
    class: 'II',
    about: 'market 3',
    found: '1',
    expected: '9',
    sinceMs: 10,
    timeMs: 10,
    sequence: 11,
  });
  assert.deepEqual(told(register), []);
});

test('a hold ends when a tick that could propose the action again does not', () => {
  const register = new HoldRegister();
  const deleverage: ForcedAction = { kind: 'forceCancel', order: 5, market: 3, reason: CLOSE.DELEVERAGE };
  for (const action of [LIQUIDATE, TRIGGER, deleverage]) register.judged(verdict(action, 100, OLD));
  register.tickJudged(100, 100);
  assert.equal(told(register).length, 3);
  // No health check at this tick: only of triggers it says that they are no longer due.
  register.tickJudged(200, 100);
  register.tickJudged(200, 100);
  assert.deepEqual(
    told(register).map(({ kind, action }) => [kind, action?.kind]),
    [['not_due', 'fireTrigger']],
  );
  register.judged(verdict(LIQUIDATE, 300, OLD));
  register.tickJudged(300, 300);
  assert.deepEqual(
    told(register).map(({ kind, action }) => [kind, action?.kind]),
    [['not_due', 'forceCancel']],
  );
  register.tickJudged(400, 400);
  assert.deepEqual(told(register).map(brief), ['not_due mark_age 100 400']);
});

test('settlements of one account in two markets are two holds', () => {
  const register = new HoldRegister();
  for (const market of [1, 2]) register.judged(verdict({ kind: 'settlePosition', market, size: 1, mark: 5 }, 10, OLD));
  assert.deepEqual(
    told(register).map(({ kind }) => kind),
    ['held', 'held'],
  );
});

test('a quarantine is told when it begins and when people end it', () => {
  const register = new HoldRegister();
  const finding: Finding = { component: { kind: 'market', market: 3 }, check: BROKEN, sequence: 4, timeMs: 10 };
  register.found(finding);
  register.stamp(9, 50);
  register.lifted({ kind: 'market', market: 4 });
  register.lifted(finding.component);
  assert.deepEqual(
    told(register).map(({ kind, component, sinceMs, timeMs, sequence }) => [
      kind,
      component,
      sinceMs,
      timeMs,
      sequence,
    ]),
    [
      ['quarantined', 'market 3', 10, 10, 4],
      ['lifted', 'market 3', 10, 50, 9],
    ],
  );
});

test('commands that are not taken are told once a second for each account, samples once a minute, with their number', () => {
  const register = new HoldRegister();
  const order = { row: 0, command: COMMAND.placeOrder, account: 7, market: 3, check: OLD };
  const sample = { row: 0, command: COMMAND.oraclePrice, account: 0, market: 3, check: OLD };
  for (const timeMs of [0, 400, 999, 1_000, 1_001]) register.notTaken({ ...order, timeMs });
  register.notTaken({ ...order, account: 8, timeMs: 1_001 });
  for (const timeMs of [0, 30_000, 59_999, 60_000]) register.notTaken({ ...sample, timeMs });
  assert.deepEqual(
    told(register).map(({ account, command, times, timeMs }) => [account, command, times, timeMs]),
    [
      [7, 'placeOrder', 1, 0],
      [7, 'placeOrder', 3, 1_000],
      [8, 'placeOrder', 1, 1_001],
      [0, 'oraclePrice', 1, 0],
      [0, 'oraclePrice', 3, 60_000],
    ],
  );
});

test('a line is ASCII whatever a check found, and what is no record is not read as one', () => {
  const register = new HoldRegister();
  register.judged(verdict(LIQUIDATE, 10, { ...OLD, found: '−1 ≤ 😀' }));
  const [line = ''] = register.takeLines();
  assert.match(line, /^[\x20-\x7e]+\n$/);
  assert.equal(decodeHolds(encodeLines([line]))?.[0]?.found, '−1 ≤ 😀');
  const record = JSON.parse(line) as HoldRecord;
  const changes: Partial<Record<keyof HoldRecord, unknown>>[] = [
    { kind: 'forgotten' },
    { account: '7' },
    { account: undefined },
    { action: { kind: 'liquidate' } },
    { action: { kind: 'toString' } },
    { class: 'IV' },
    { found: 3 },
    { sinceMs: -1 },
    { timeMs: 0.5 },
    { kind: 'quarantined' },
    { kind: 'not_taken' },
  ];
  for (const change of changes) {
    const changed = holdLine({ ...record, ...change } as HoldRecord);
    assert.equal(decodeHolds(encodeLines([changed])), undefined, changed);
  }
  for (const text of ['{}\n', 'null\n', '[1]\n', 'x\n', line.slice(0, -2)]) {
    assert.equal(decodeHolds(encodeLines([text])), undefined, text);
  }
  assert.equal(decodeHolds(new Uint8Array(64).fill(32)), undefined);
});
