// A payout that is retried and killed: however often, everybody is paid once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { conservationResidual } from '../engine/audit.ts';
import { INSURANCE_FUND } from '../engine/state.ts';
import { USDC } from '../engine/venue.fixture.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import { Chance } from '../guard/mutations.fixture.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { crashed, withFolder } from '../journal/journal.fixture.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import {
  approvalBy,
  assertPaidOnce,
  balanceOf,
  claimsOfAll,
  filled,
  findingOf,
  FIRST,
  FUND,
  openedVenue,
  payTo,
  postedIn,
  type Prepared,
  prepared,
} from './payout.fixture.ts';

test('a thousand retries pay once', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  const approval = approvalBy(case_);
  const chance = new Chance(7);
  for (let round = 0; round < 1_000; round++) {
    const stopAt = chance.below(8);
    let asked = 0;
    const result = payTo(venue, case_, approval, { batch: 1 + chance.below(60), isStopped: () => asked++ === stopAt });
    assert.ok(result.paid || result.finding.name === 'stopped', findingOf(result));
  }
  assertPaidOnce(venue, case_);
  assert.equal(postedIn(venue), case_.plan.payments.length);
});

class Killed extends Error {}
const WRITES = new Set([
  'append',
  'appendActs',
  'appendBlock',
  'appendWarrants',
  'appendHolds',
  'sync',
  'beginSync',
  'awaitSync',
]);

/** The journal of a process that dies before or after the write number `at`. */
function mortal(journal: Journal, at: number, isBefore: boolean): Journal {
  let writes = 0;
  return new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!WRITES.has(String(name))) return value.bind(target) as unknown;
      return (...given: unknown[]): unknown => {
        const dies = ++writes === at;
        if (dies && isBefore) throw new Killed();
        const result: unknown = value.apply(target, given);
        if (dies) throw new Killed();
        return result;
      };
    },
  });
}

/** Pays with a process that dies after so many writes; true when it came to its end. */
function payUntilKilled(journal: Journal, case_: Prepared, approval: SignedAct, chance: Chance): boolean {
  try {
    const venue = openedVenue(mortal(journal, 1 + chance.below(30), chance.next() < 0.5));
    const result = payTo(venue, case_, approval, { batch: 25 });
    assert.equal(findingOf(result), 'paid');
    return true;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return false;
  }
}

test('killed at any write, in memory: resumed as often as it takes, it pays once', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const chance = new Chance(seed);
    const journal = new MemoryJournal();
    filled(journal).exchange.finish();
    const case_ = prepared(claimsOfAll());
    const approval = approvalBy(case_);
    let kills = 0;
    while (!payUntilKilled(journal, case_, approval, chance)) kills++;
    assert.ok(kills > 0 || seed > 1);
    assertPaidOnce(openedVenue(journal), case_);
  }
});

test('killed at any write, on disk: resumed as often as it takes, it pays once', () => {
  withFolder((folder) => {
    for (let seed = 1; seed <= 3; seed++) {
      const chance = new Chance(seed);
      let place = `${folder}/${seed}`;
      const { journal } = openFileJournal(place);
      filled(journal).exchange.finish();
      journal.close();
      const case_ = prepared(claimsOfAll());
      const approval = approvalBy(case_);
      let isPaid = false;
      for (let life = 1; !isPaid; life++) {
        const own = openFileJournal(place).journal;
        isPaid = payUntilKilled(own, case_, approval, chance);
        if (isPaid) own.close();
        else {
          // What the dead process wrote, without its lock.
          crashed(place, `${place}-${life}`);
          own.close();
          place = `${folder}/${seed}-${life}`.replace(`${folder}/${seed}`, place);
        }
      }
      const last = openFileJournal(place).journal;
      assertPaidOnce(openedVenue(last), case_);
      last.close();
    }
  });
});

/** Starts the process and kills it after so many steps; returns what it said last. */
async function stepsUntilKilled(folder: string, steps: number, delayMs: number): Promise<string> {
  const child = spawn(process.execPath, [PAYING, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split('\n').length > steps) setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  await new Promise((resolve) => child.on('close', resolve));
  return text.trim().split('\n').at(-1) ?? '';
}

const PAYING = fileURLToPath(new URL('./paying.fixture.ts', import.meta.url));

test('a process that is killed again and again pays once', async () => {
  await withFolder(async (folder) => {
    const chance = new Chance(11);
    let last = '';
    for (let life = 1; last !== 'paid'; life++) {
      assert.ok(life < 40);
      last = await stepsUntilKilled(folder, life === 1 ? 1 : 1 + chance.below(12), chance.below(3));
      assert.ok(['', 'step', 'paid'].includes(last), last);
    }
    const { journal } = openFileJournal(folder);
    const { state } = openedVenue(journal).exchange;
    journal.close();
    let total = 0n;
    for (let n = 0; n < 120; n++) {
      const paid = balanceOf(state, FIRST + n) - 10n * BigInt(USDC);
      assert.equal(paid, BigInt(n) * 37_000_000n);
      total += paid;
    }
    assert.equal(balanceOf(state, INSURANCE_FUND), BigInt(FUND * USDC) - total);
    assert.equal(conservationResidual(state), '0');
  });
});
