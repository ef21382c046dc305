import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FATES } from '../chain/fates.ts';
import { DirectRoots } from '../chain/roots.ts';
import { ORDER_KIND } from '../engine/flags.ts';
import { RULE } from '../engine/rules.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { ORDER, VENUE } from '../engine/tables.ts';
import { USDC } from '../engine/venue.fixture.ts';
import { sha256 } from '../journal/node-digest.ts';
import { type Deviation, deviate } from '../remedy/deviation.ts';
import { deadStateAt } from './dead-state.ts';
import { rollBack } from './roll-back.ts';
import { digestOf, StoppableVenue } from './rollback.fixture.ts';
import { NoSuchState } from './state-at-block.ts';
import { isSound, verifyBranches } from './verify-branches.ts';

const UNITS = BigInt(USDC);

describe('a rollback over money that left (E4)', () => {
  test('a withdrawal of phantom profit becomes a receivable of 7,000, a deposit is credited once, no hole', () => {
    const venue = new StoppableVenue();
    const [w, b, c] = venue.open(1_000, 499_000, 500_000) as [number, number, number];
    const good = venue.height;
    // W buys 10 at 1,000; a false price of 1,800; W sells them at that.
    venue.trade(w, b, 1_000, 1_000);
    venue.price(1_400);
    venue.price(1_800);
    venue.trade(c, w, 1_000, 1_800);
    assert.equal(venue.money(w).balance, 9_000 * USDC);
    venue.settle(venue.withdraw(w, 8_000));
    venue.deposit(b, 5_000);
    const { certificate, custody } = venue.rollBack(good);
    assert.deepEqual(venue.money(w), { balance: 0, owed: 7_000 * USDC });
    assert.deepEqual(venue.money(b), { balance: 504_000 * USDC, owed: 0 });
    assert.equal(custody.restored.vault, 997_000n * UNITS);
    assert.equal(custody.restored.receivables, 7_000n * UNITS);
    assert.equal(custody.restored.liabilities, 1_004_000n * UNITS);
    assert.equal(custody.restored.residual, 0n);
    assert.deepEqual([custody.dead?.vault, custody.dead?.residual], [997_000n * UNITS, 0n]);
    assert.deepEqual(certificate.carried, {
      deposits: { count: 1, amount: String(5_000n * UNITS) },
      withdrawals: { count: 1, amount: String(8_000n * UNITS), owed: String(7_000n * UNITS) },
      accounts: 0,
      markets: 0,
    });
  });
});

const options = { hash: sha256, reason: 'a test' };
const CASE = 'ca'.repeat(32);

/** Nothing of a state: a failed comparison would print all of it. */
function refusalOf(result: ReturnType<typeof rollBack>): readonly string[] {
  return result.accepted ? ['none'] : [result.refusal, result.about];
}

/** The verdict on each branch; by whom a case is at hand, with what the process held. */
function verdictsOf(venue: StoppableVenue, deviations?: readonly Deviation[]) {
  const known = deviations === undefined ? {} : { known: { incident: CASE, deviations } };
  return verifyBranches(venue.journal, { hash: sha256, roots: () => new DirectRoots(sha256), ...known });
}

describe('the fates of a dead branch', () => {
  test('each command has one, in order, with the reason by name', () => {
    const venue = new StoppableVenue();
    const [a, b] = venue.open(10_000, 10_000) as [number, number];
    const old = venue.withdraw(a, 100);
    const oldReturned = venue.withdraw(a, 50);
    const good = venue.height;
    venue.place(a, { price: 900, size: 10 });
    venue.submit((commands, timeMs) => commands.setLeverage(timeMs, a, 1, 5));
    venue.submit((commands, timeMs) => commands.transfer(timeMs, a, b, 7 * USDC));
    venue.price(1001);
    venue.settle(old);
    venue.settle(oldReturned, false);
    const left = venue.withdraw(b, 30);
    const back = venue.withdraw(b, 40);
    const waiting = venue.withdraw(b, 50);
    venue.settle(left);
    venue.settle(back, false);
    venue.settle(99);
    venue.submit((commands, timeMs) => commands.setRule(timeMs, RULE.taker_fee, 10));
    const c = venue.account(5);
    const { fates, firstSequence, certificate } = venue.rollBack(good);
    assert.equal(firstSequence, 17);
    assert.deepEqual(
      Array.from(fates, (fate) => FATES[fate]),
      [
        'voided_order',
        'voided_leverage',
        'voided_transfer',
        'voided_sample',
        'voided_sample',
        'voided_sample',
        'voided_tick',
        'carried',
        'carried',
        'carried',
        'voided_withdrawal',
        'voided_withdrawal',
        'carried',
        'voided_withdrawal',
        'voided_refused',
        'voided_administration',
        'carried',
        'carried',
      ],
    );
    assert.deepEqual(certificate.cancelledWithdrawals, [waiting]);
    assert.equal(certificate.carried.withdrawals.count, 2);
    assert.equal(certificate.carried.accounts, 1);
    // Of A's two old withdrawals one left and one came back; B's transfer is undone, what left is not.
    assert.deepEqual(venue.money(a), { balance: 9_900 * USDC, owed: 0 });
    assert.deepEqual(venue.money(b), { balance: 9_970 * USDC, owed: 0 });
    assert.deepEqual(venue.money(c), { balance: 5 * USDC, owed: 0 });
    assert.equal(venue.settle(old)[0]?.kind, 'refused');
    assert.equal(venue.settle(oldReturned)[0]?.kind, 'refused');
    assert.ok(verdictsOf(venue).every(isSound));
  });

  test('the venue stands still with withdrawals paused; protective orders wait, all others are cancelled', () => {
    const venue = new StoppableVenue();
    const [a, b] = venue.open(10_000, 10_000) as [number, number];
    venue.trade(a, b, 100, 1_000);
    const order = (terms: Parameters<StoppableVenue['place']>[1]) =>
      venue.place(a, terms)[0] as unknown as { order: number };
    const stop = order({ sell: true, size: 100, kind: ORDER_KIND.STOP_LOSS_MARKET, trigger: 900 });
    const take = order({ sell: true, size: 100, price: 1_200, kind: ORDER_KIND.TAKE_PROFIT_LIMIT, trigger: 1_150 });
    const reduce = order({ sell: true, size: 50, price: 1_100, reduceOnly: true });
    order({ size: 10, price: 950 });
    order({ size: 10, kind: ORDER_KIND.STOP_MARKET, trigger: 1_050 });
    const good = venue.height;
    order({ size: 10, price: 940 });
    venue.rollBack(good);
    const { i32, rows } = venue.state.order;
    const alive = Array.from({ length: rows }, (_, row) => row).filter(
      (row) => i32[row * 16 + ORDER.SIZE] !== 0 && row > 0,
    );
    assert.deepEqual(alive.length, 3);
    const kept = [stop, take, reduce].map((each) => each.order % 2 ** 24);
    assert.deepEqual(
      alive,
      kept.toSorted((a, b) => a - b),
    );
    const { venue: row } = venue.state;
    assert.equal(row.i32[row.rowWords + VENUE.STATUS], STATUS.MAINTENANCE);
    assert.equal((row.i32[row.rowWords + VENUE.PAUSED] as number) & OPERATION.WITHDRAWALS, OPERATION.WITHDRAWALS);
  });

  test('a debt of carried money is no part of the equity: its account is not liquidated for it', () => {
    const venue = new StoppableVenue();
    const [a, b, c] = venue.open(1_000, 50_000, 50_000) as [number, number, number];
    venue.trade(a, b, 500, 1_000);
    const good = venue.height;
    venue.submit((commands, timeMs) => commands.transfer(timeMs, c, a, 20_000 * USDC));
    venue.settle(venue.withdraw(a, 20_000));
    venue.rollBack(good);
    // 500 of its 1,000 are margin of 5 base: what is free pays, the rest is owed.
    assert.deepEqual(venue.money(a), { balance: 500 * USDC, owed: 19_500 * USDC });
    venue.submit((commands, timeMs) => commands.setStatus(timeMs, 0, STATUS.OK, 0));
    for (let n = 0; n < 8; n++) {
      assert.ok(!venue.price(1_000).some(({ kind }) => kind === 'liquidationDue' || kind === 'liquidated'));
    }
    const refused = venue.submit((commands, timeMs) => commands.requestWithdrawal(timeMs, a, USDC));
    assert.equal(refused[0]?.kind, 'refused');
  });
});

describe('a rollback is refused by name, and nothing of it happens', () => {
  const venue = new StoppableVenue();
  const [a] = venue.open(1_000, 1_000) as [number, number];
  const good = venue.height;
  venue.deposit(a, 5);
  const dead = venue.height;
  venue.rollBack(good);
  venue.deposit(a, 6);
  venue.exchange.finish();
  const { journal } = venue;
  for (const [refusal, change] of [
    ['block_unknown', { restores: journal.height + 1 }],
    ['block_unknown', { restores: -1 }],
    ['block_is_last', { restores: journal.height }],
    ['block_on_dead_branch', { restores: dead }],
    ['reason_missing', { restores: good, reason: ' ' }],
  ] as const) {
    test(`${refusal} ${JSON.stringify(change)}`, () => {
      const before = digestOf(journal);
      const result = rollBack(journal, { ...options, ...change });
      assert.equal(refusalOf(result)[0], refusal);
      assert.equal(digestOf(journal), before);
    });
  }

  test('an empty journal has nothing to go back to', () => {
    const result = rollBack(new StoppableVenue().journal, { ...options, restores: 0 });
    assert.equal(refusalOf(result)[0], 'no_history');
  });
});

describe('a dead branch whose states no command explains', () => {
  /** The process loads a funding index that nobody checked, which pays W 6,000; W takes it away, behind the last block perhaps. */
  function corrupted(isSealed: boolean): { venue: StoppableVenue; good: number; deviation: Deviation; w: number } {
    const venue = new StoppableVenue(undefined, isSealed ? 1 : 100);
    const [w, b] = venue.open(1_000, 9_000) as [number, number];
    venue.trade(w, b, 1_000, 1_000);
    const good = venue.height;
    const deviation = {
      afterSequence: venue.exchange.sequence,
      writes: [{ table: 'market', row: 1, column: 'fundingIndex', index: 0, value: -6e14 }],
    } as const;
    deviate(venue.state, deviation);
    venue.trade(b, w, 1_000, 1_000);
    assert.equal(venue.money(w).balance, 7_000 * USDC);
    venue.settle(venue.withdraw(w, 6_000));
    if (isSealed) venue.exchange.finish();
    return { venue, good, deviation, w };
  }

  for (const isSealed of [true, false]) {
    const name = isSealed ? 'with its blocks' : 'cut off within a block';
    test(`${name}: without what the process held, or a word of who paid out, it is refused`, () => {
      const { venue, good } = corrupted(isSealed);
      const result = rollBack(venue.journal, { ...options, restores: good });
      assert.deepEqual(refusalOf(result), ['withdrawals_unknown', '1']);
    });

    test(`${name}: with what the process held its states follow`, () => {
      const { venue, good, deviation, w } = corrupted(isSealed);
      const { certificate, custody } = venue.rollBackNow(good, { deviations: [deviation], incident: CASE });
      venue.start();
      assert.equal(certificate.deadStates, 'follow_with_deviations');
      assert.equal(custody.dead?.vault, custody.restored.vault);
      assert.deepEqual(venue.money(w), { balance: 1_000 * USDC, owed: 6_000 * USDC });
      const unknown = verdictsOf(venue);
      assert.ok(unknown.every(isSound), JSON.stringify(unknown));
      assert.deepEqual([unknown[0]?.isAllowed, unknown[1]?.rollback?.isRemade], [true, false]);
      const remade = verdictsOf(venue, [deviation]);
      assert.ok(remade.every(isSound), JSON.stringify(remade));
      assert.deepEqual([remade[0]?.firstDivergence, remade[1]?.rollback?.isRemade], [null, true]);
      const last = certificate.deadHead.height;
      assert.deepEqual(deadStateAt(venue.journal, last, [deviation]).block.height, last);
      assert.throws(() => deadStateAt(venue.journal, last, []), NoSuchState);
      assert.throws(() => deadStateAt(venue.journal, good, [deviation]), NoSuchState);
      // What is said to have been held must be all of it.
      const other = { ...deviation, writes: deviation.writes.map((write) => ({ ...write, value: -5e14 })) };
      assert.ok(!verdictsOf(venue, [other]).every(isSound));
    });

    test(`${name}: by the word of who paid out, it is carried too`, () => {
      const { venue, good, w } = corrupted(isSealed);
      const settled = [{ withdrawal: 1, account: w, amount: 6_000 * USDC }];
      const { certificate, custody } = venue.rollBackNow(good, { settled });
      venue.start();
      assert.equal(certificate.deadStates, 'differ');
      assert.equal(certificate.cancelledWithdrawals, null);
      assert.equal(custody.dead, undefined);
      assert.deepEqual(venue.money(w), { balance: 1_000 * USDC, owed: 6_000 * USDC });
      const verdicts = verdictsOf(venue);
      assert.ok(verdicts.every(isSound), JSON.stringify(verdicts));
      assert.equal(verdicts[0]?.firstDivergence?.what, isSealed ? 'state_root' : 'rules_hash');
      assert.equal(verdicts[1]?.rollback?.isRemade, true);
    });
  }
});
