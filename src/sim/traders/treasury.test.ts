import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyCommand } from '../../engine/apply.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import type { EventRecord } from '../../engine/event.ts';
import { ACCOUNT } from '../../engine/tables.ts';
import { dayOf, START_MS } from '../day.fixture.ts';
import { drive } from '../drive.fixture.ts';
import { Random } from '../random.ts';
import { Session } from '../session.ts';
import { FIRST_ACCOUNT, Population } from './population.ts';
import { Treasury } from './treasury.ts';

const HOUR_MS = 3_600_000;
const day = dayOf({ 'BTC-USD-PERP': () => 92_500 }, 2);

/** Hours of movements alone, on the state after an opening. */
function run(hours: number): EventRecord[] {
  const { state } = drive(new Session({ day, seed: 1, accounts: 1000 }), { ticks: 0 });
  const population = new Population(day, 1000, new Random(9));
  // What the session's own makers brought: the treasury compares equity with it.
  for (const { account } of population.makers) {
    population.deposit[account] = (state.account.f64[account * 8 + ACCOUNT.BALANCE_LOW] as number) * 4;
  }
  const treasury = new Treasury(population);
  const commands = new CommandBuffer();
  const events: EventRecord[] = [];
  for (let hour = 1; hour <= hours; hour++) {
    commands.clear();
    state.events.clear();
    treasury.act(state, START_MS + hour * HOUR_MS, HOUR_MS, new Random(hour), commands);
    for (let row = 0; row < commands.rows; ) row += applyCommand(state, commands.i32, commands.f64, row);
    events.push(...state.events.all());
  }
  return events;
}

describe('Treasury', () => {
  const events = run(48);
  const of = <K extends EventRecord['kind']>(kind: K): EventRecord<K>[] =>
    events.filter((event) => event.kind === kind) as unknown as EventRecord<K>[];

  test('deposits, withdrawals and transfers in whole cents, none refused', () => {
    assert.deepEqual(of('refused'), []);
    assert.ok(of('deposited').length > 400 && of('withdrawalRequested').length > 400);
    assert.ok(of('transferred').length > 10);
    for (const { amount } of [...of('deposited'), ...of('withdrawalRequested'), ...of('transferred')]) {
      assert.equal(amount % 1e6, 0);
      assert.ok(amount >= 5e8);
    }
  });

  test('each withdrawal settles within the hour, once; a few come back', () => {
    const settled = of('withdrawalSettled');
    assert.equal(new Set(settled.map(({ withdrawal }) => withdrawal)).size, settled.length);
    const asked = of('withdrawalRequested').length;
    assert.ok(settled.length <= asked && settled.length > asked - 60, `${settled.length} of ${asked}`);
    const back = settled.filter((event) => event.settled === 0).length;
    assert.ok(back > 0 && back < settled.length / 20, `${back} of ${settled.length}`);
  });

  test('makers that have lost most of their capital bring the rest', () => {
    const makers = of('deposited').filter(({ account }) => account < FIRST_ACCOUNT + 16);
    assert.equal(makers.length, new Set(makers.map(({ account }) => account)).size, 'once each: then it is there');
    assert.ok(makers.length > 5);
  });
});
