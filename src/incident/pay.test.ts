import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { conservationResidual } from '../engine/audit.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { RULE } from '../engine/rules.ts';
import { genesis, INSURANCE_FUND } from '../engine/state.ts';
import { ACCOUNT, REFUND } from '../engine/tables.ts';
import { USDC } from '../engine/venue.fixture.ts';
import { actOf, ANN, BEN, EVE, GIL, GUS, ROSTER, signed } from '../guard/authority/act.fixture.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import type { VerifiedActs } from '../guard/authority/verify-acts.ts';
import type { OpenBlock } from '../guard/guard.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import { WarrantVerifier } from '../guard/verify-warrants.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { giveBack } from './pay.ts';
import {
  approvalBy,
  assertPaidOnce,
  balanceOf,
  claimOf,
  claimsOfAll,
  filled,
  fillVenue,
  findingOf,
  FIRST,
  FUND,
  openedVenue,
  payTo,
  postedIn,
  type Prepared,
  prepared,
  TRADERS,
} from './payout.fixture.ts';

test('an approved payout pays everybody once, and the ledger is the trees and the fund’s debit', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  const result = payTo(venue, case_, approvalBy(case_));
  assert.equal(findingOf(result), 'paid');
  const { record } = result;
  const total = String(case_.plan.total);
  assert.deepEqual(
    [record.posted, record.pending, record.postedTotal, record.canary],
    [case_.plan.payments.length, 0, total, 3],
  );
  assert.deepEqual(record.reconciliation, { ledger: total, tree: total, fundDebit: total, residual: '0', holds: true });
  assertPaidOnce(venue, case_);
  assert.deepEqual(venue.held, []);
});

test('the lowest hundredth goes first and alone, and the venue’s own people last', () => {
  const venue = filled();
  const claims = claimsOfAll().map((claim) => (claim.account === FIRST + 1 ? { ...claim, isInsider: true } : claim));
  const case_ = prepared(claims);
  assert.equal(case_.plan.payments.at(-1)?.account, FIRST + 1);
  let asked = 0;
  // Asked before what is set aside, before the canary, before the rest.
  const stopped = payTo(venue, case_, approvalBy(case_), { isStopped: () => ++asked === 3 });
  assert.equal(findingOf(stopped), 'stopped it was told to stop');
  assert.deepEqual([stopped.record.posted, stopped.record.reconciliation?.holds], [3, true]);
  const posted = case_.plan.payments.slice(0, 3).map(({ account }) => account);
  assert.deepEqual(posted, [FIRST + 2, FIRST + 3, FIRST + 4]);
  for (const account of posted) assert.ok(balanceOf(venue.exchange.state, account) > 10n * BigInt(USDC));
  assert.equal(balanceOf(venue.exchange.state, FIRST + 5), 10n * BigInt(USDC));
});

const refused: readonly [name: string, act: (case_: Prepared) => SignedAct, about: string][] = [
  ['one key', (case_) => approvalBy(case_, [ANN]), 'approval_refused too_few_keys'],
  ['one key twice', (case_) => approvalBy(case_, [ANN, ANN]), 'approval_refused duplicate_signer'],
  ['keys of the guard', (case_) => approvalBy(case_, [GUS, GIL]), 'approval_refused too_few_keys'],
  ['a key that is not enrolled', (case_) => approvalBy(case_, [ANN, EVE]), 'approval_refused unknown_key'],
  [
    'an approval of three hours',
    (case_) => approvalBy(case_, [ANN, BEN], { expiryMs: 10_800_000 }),
    'approval_refused expiry_too_far',
  ],
  ['an approval that expired', (case_) => approvalBy(case_, [ANN, BEN], { expiryMs: 9 }), 'approval_refused expired'],
  [
    'an approval for another exchange',
    (case_) => approvalBy(case_, [ANN, BEN], { venue: 'ab'.repeat(32) }),
    'approval_refused wrong_venue',
  ],
  [
    'an approval for another branch',
    (case_) => approvalBy(case_, [ANN, BEN], { fork: 1 }),
    'approval_refused wrong_fork',
  ],
  [
    'a signature of another act',
    (case_) => ({ act: approvalBy(case_).act, signatures: approvalBy(case_).signatures }),
    'approval_refused signature_invalid',
  ],
  ['an approval of other transfers', () => approvalBy(prepared([claimOf(FIRST, 5n)])), 'content_differs'],
];
for (const [name, act, about] of refused) {
  test(`${name}: nothing is set aside or paid`, () => {
    const venue = filled();
    const case_ = prepared(claimsOfAll());
    const result = payTo(venue, case_, act(case_));
    assert.ok(findingOf(result).startsWith(about), findingOf(result));
    assert.equal(venue.exchange.state.refund.rows, 1);
  });
}

test('without keys in the exchange the same are asked for by the one who pays', () => {
  const venue = openedVenue(new MemoryJournal(), false);
  fillVenue(venue, TRADERS, FUND, false);
  const case_ = prepared(claimsOfAll());
  assert.match(
    findingOf(payTo(venue, case_, approvalBy(case_, [ANN], { venue: null }), { keys: ROSTER })),
    /too_few_keys/,
  );
  assert.match(findingOf(payTo(venue, case_, approvalBy(case_))), /no_guard/);
  // Signed for an exchange that has these keys of its own.
  assert.match(findingOf(payTo(venue, case_, approvalBy(case_), { keys: ROSTER })), /wrong_venue/);
  assert.equal(
    findingOf(payTo(venue, case_, approvalBy(case_, [ANN, BEN], { venue: null }), { keys: ROSTER })),
    'paid',
  );
  assertPaidOnce(venue, case_);
});

test('a unit slip is refused by the bounds, whoever signed it', () => {
  const venue = filled();
  const slipped = claimsOfAll().map((claim) => ({
    ...claim,
    statement: { ...claim.statement, paid: String(BigInt(claim.statement.paid) * 100_000_000n) },
  }));
  const case_ = prepared(slipped);
  assert.match(findingOf(payTo(venue, case_, approvalBy(case_))), /^total_above_fund /);
  const coin = prepared(claimsOfAll(), 1, { asset: 'BTC' });
  assert.match(findingOf(payTo(venue, coin, approvalBy(coin))), /^wrong_asset BTC/);
  const unit = prepared(claimsOfAll(), 1, { units: '1' });
  assert.match(findingOf(payTo(venue, unit, approvalBy(unit))), /^wrong_unit 1/);
  const single = prepared([claimOf(FIRST, 1_000n * BigInt(USDC) + 1n)]);
  assert.match(findingOf(payTo(venue, single, approvalBy(single))), /^single_above_cap account 3/);
  assert.equal(venue.exchange.state.refund.rows, 1);
});

test('bounds of the guard hold without this code: at the door', () => {
  const venue = filled();
  const rule = (number: number, value: number): SignedAct =>
    signed(actOf({ kind: 'commands', commands: [{ kind: 'setRule', rule: number, value }] }), GUS, GIL);
  assert.ok(venue.exchange.act(rule(RULE.guard_refund_single, 50), 20).accepted);
  const case_ = prepared([claimOf(FIRST, 51n * BigInt(USDC))]);
  assert.ok(venue.exchange.act(approvalBy(case_), 20).accepted);
  const commands = new CommandBuffer();
  commands.reserveRefund(20, FIRST, 51 * USDC, (case_.plan.payments[0] as { id: Uint8Array }).id);
  venue.exchange.submit(commands);
  assert.deepEqual(
    venue.held.map(({ check }) => check.name),
    ['refund_bounds'],
  );
  assert.match(findingOf(payTo(venue, case_, approvalBy(case_))), /^single_above_limit/);
  assert.ok(venue.exchange.act(rule(RULE.guard_refund_single, 1_000_000), 20).accepted);
  assert.ok(venue.exchange.act(rule(RULE.guard_refund_share, 1_000), 20).accepted);
  assert.match(findingOf(payTo(venue, case_, approvalBy(case_))), /^not_taken/);
  assert.equal(venue.exchange.state.refund.rows, 1);
});

test('with keys, no refund is taken that no approval covers, not even another of the same plan', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  const submit = (write: (commands: CommandBuffer) => void): number => {
    const commands = new CommandBuffer();
    write(commands);
    const before = venue.held.length;
    venue.exchange.submit(commands);
    return venue.held.length - before;
  };
  const { payments } = case_.plan;
  const reserveAll = (change: (place: number, amount: number) => number) => (commands: CommandBuffer) => {
    payments.forEach(({ account, amount, id }, place) =>
      commands.reserveRefund(20, account, change(place, Number(amount)), id),
    );
  };
  const asPlanned = reserveAll((_, amount) => amount);
  assert.equal(submit(asPlanned), payments.length, 'nothing was approved');
  assert.ok(venue.exchange.act(approvalBy(case_), 20).accepted);
  assert.equal(submit(reserveAll((place, amount) => (place === 9 ? amount + 1 : amount))), payments.length);
  assert.equal(
    submit((commands) => commands.reserveRefund(20, FIRST, 1, payments[0]?.id as Uint8Array)),
    1,
  );
  assert.equal(
    submit((commands) => commands.reverseCredit(20, FIRST, 1, payments[0]?.id as Uint8Array)),
    1,
  );
  assert.equal(submit(asPlanned), 0);
  const post = (place: number) => (commands: CommandBuffer) =>
    commands.postRefund(20, payments[place]?.id as Uint8Array);
  assert.equal(submit(post(0)), 0);
  assert.equal(submit(post(0)), 1, 'it is not pending any more');
  const revoked = signed(actOf({ kind: 'revokeRefunds', incident: case_.plan.incident, round: 1 }), ANN);
  assert.ok(venue.exchange.act(revoked, 20).accepted, 'one key stops');
  assert.equal(submit(post(1)), 1);
  assert.equal(postedIn(venue), 1);
});

test('a round is one set of transfers until its approval is taken back', () => {
  const venue = filled();
  const [one, other] = [prepared([claimOf(FIRST, 5n)]), prepared([claimOf(FIRST, 6n)])];
  assert.ok(venue.exchange.act(approvalBy(one), 20).accepted);
  assert.match(findingOf(payTo(venue, other, approvalBy(other))), /^approval_refused approved_otherwise/);
  assert.equal(findingOf(payTo(venue, one, approvalBy(one))), 'paid');
});

test('an approval that expires meanwhile stops it; a new one of the same goes on', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  let asked = 0;
  const short = approvalBy(case_, [ANN, BEN], { expiryMs: 1_000 });
  assert.match(findingOf(payTo(venue, case_, short, { isStopped: () => ++asked > 2 })), /^stopped/);
  assert.match(findingOf(payTo(venue, case_, short, { nowMs: 2_000 })), /^(?:approval_refused expired|not_taken)/);
  assert.equal(findingOf(payTo(venue, case_, approvalBy(case_), { nowMs: 2_000 })), 'paid');
  assertPaidOnce(venue, case_);
});

test('a fund that does not suffice when it comes to it stops before anything is posted; topped up, it goes on', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  const approval = approvalBy(case_);
  const drain = claimOf(FIRST, 0n);
  assert.equal(drain.statement.paid, '0');
  // Another round took most of the fund meanwhile: its bounds hold, and then this one's do not.
  const first = prepared(
    Array.from({ length: 16 }, (_, n) => claimOf(FIRST + n, 1_000n * BigInt(USDC))),
    2,
  );
  assert.equal(findingOf(payTo(venue, first, approvalBy(first))), 'paid');
  assert.match(findingOf(payTo(venue, case_, approval)), /^total_above_fund/);
  assert.equal(postedIn(venue), 16);
  const deposit = new CommandBuffer();
  deposit.deposit(venue.exchange.timeMs, INSURANCE_FUND, 16_000 * USDC, 10_000);
  venue.exchange.submit(deposit);
  assert.equal(findingOf(payTo(venue, case_, approval)), 'paid');
  assert.equal(conservationResidual(venue.exchange.state), '0');
});

test('what the ledger would refuse is found on a copy, before the approval is used or anything is set aside', () => {
  const venue = filled();
  const nobody = prepared([claimOf(FIRST, 5n), claimOf(9_999, 6n)]);
  assert.match(findingOf(payTo(venue, nobody, approvalBy(nobody))), /^rehearsal_differs ledger 5, trees 11, fund 5/);
  assert.equal(venue.exchange.state.refund.rows, 1);
  assert.equal(venue.exchange.state.refund.live, 0);
});

test('a ledger that is not the plan’s stops it', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  let asked = 0;
  payTo(venue, case_, approvalBy(case_), { isStopped: () => ++asked === 2 });
  const { refund } = venue.exchange.state;
  refund.f64[4 * 7 + REFUND.AMOUNT] = 1;
  const result = payTo(venue, case_, approvalBy(case_));
  assert.match(findingOf(result), /^ledger_differs account/);
  assert.equal(postedIn(venue), 0);
});

test('money that came from nowhere between two steps stops it before the next', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  let asked = 0;
  const isStopped = (): boolean => {
    // Behind the canary.
    if (++asked === 2) venue.exchange.state.account.f64[FIRST * 8 + ACCOUNT.BALANCE_LOW] = 11 * USDC;
    return false;
  };
  const result = payTo(venue, case_, approvalBy(case_), { isStopped });
  assert.match(findingOf(result), /^not_reconciled .*residual 100000000$/);
  assert.deepEqual([postedIn(venue), result.record.reconciliation?.holds], [3, false]);
});

test('approvers are not paid: by the key of their account, or by what they said is theirs', () => {
  const venue = filled();
  const commands = new CommandBuffer();
  commands.defineAccount(20, Uint8Array.from(Buffer.from(ANN.key, 'hex')), 1, 0);
  venue.exchange.submit(commands);
  const own = FIRST + TRADERS;
  const case_ = prepared([claimOf(own, 5n), claimOf(FIRST, 6n)]);
  assert.match(
    findingOf(payTo(venue, case_, approvalBy(case_))),
    new RegExp(`^approver_is_beneficiary.*account ${own}`),
  );
  const other = prepared([claimOf(FIRST, 6n)]);
  const said = new Map([[BEN.key, [FIRST]]]);
  assert.match(findingOf(payTo(venue, other, approvalBy(other), { own: said })), /^approver_is_beneficiary/);
  assert.equal(venue.exchange.state.refund.rows, 1);
});

test('what was set aside is given back when the payout shall not go on', () => {
  const venue = filled();
  const case_ = prepared(claimsOfAll());
  let asked = 0;
  payTo(venue, case_, approvalBy(case_), { isStopped: () => ++asked === 3 });
  const ledger = giveBack({ exchange: venue.exchange, plan: case_.plan, nowMs: 20 });
  assert.deepEqual([ledger.posted, ledger.pending, ledger.voided], [3, 0, case_.plan.payments.length - 3]);
  assert.equal(balanceOf(venue.exchange.state, INSURANCE_FUND), BigInt(FUND * USDC) - ledger.postedTotal);
  assert.match(findingOf(payTo(venue, case_, approvalBy(case_))), /^voided/);
});

test('wrong credits are taken back first, in the same batch, and pay what they can', () => {
  const venue = filled();
  const claims = [
    claimOf(FIRST, 0n, { reversed: String(30 * USDC) }),
    ...Array.from({ length: 20 }, (_, n) => claimOf(FIRST + 1 + n, 1_000n * BigInt(USDC))),
    claimOf(FIRST + 50, 30n * BigInt(USDC)),
  ];
  const case_ = prepared(claims);
  assert.equal(case_.plan.total, BigInt((FUND + 30) * USDC), 'more than the fund has without them');
  const result = payTo(venue, case_, approvalBy(case_));
  assert.equal(findingOf(result), 'paid');
  assert.equal(result.record.reversedTotal, String(30 * USDC));
  const { state } = venue.exchange;
  // It had 10 USDC of its own; the rest is owed.
  assert.equal(balanceOf(state, FIRST), 0n);
  assert.equal(state.account.f64[FIRST * 8 + ACCOUNT.RECEIVABLE], 20 * USDC);
  assert.deepEqual([balanceOf(state, INSURANCE_FUND), conservationResidual(state)], [0n, '0']);
});

test('a fund that is too small: what stays owed is in the trees and not in the ledger', () => {
  const venue = filled();
  const case_ = prepared([claimOf(FIRST, 60n, { owed: '40' }), claimOf(FIRST + 1, 7n)]);
  const result = payTo(venue, case_, approvalBy(case_));
  assert.equal(findingOf(result), 'paid');
  assert.deepEqual([case_.content.treeTotal, result.record.postedTotal], ['107', '67']);
  const wrong = prepared([claimOf(FIRST, 61n)], 2, { treeTotal: '62' });
  const stopped = payTo(venue, wrong, approvalBy(wrong));
  assert.match(findingOf(stopped), /^tree_differs the trees say 62, the transfers 61/);
  assert.equal(postedIn(venue), 2);
});

/** Replays a journal under a verifier; returns what it found of acts. */
function verifiedActs(journal: Journal): VerifiedActs {
  const verifier = new WarrantVerifier();
  const roots = new GuardedRoots(new DirectRoots(sha256), verifier.guard);
  const sealer = new BlockSealer(sha256, roots, BEFORE_GENESIS);
  const state = genesis();
  const place = (): OpenBlock => ({ fork: 0, height: sealer.openHeight });
  const { equal } = replay(state, journal.entries(), {
    sealer,
    hash: sha256,
    amend: null,
    apply: (at, entry) => verifier.apply(at, entry, place()),
    onActs: (bytes) => verifier.acts.take(state, bytes, place(), sealer.sequence),
  });
  assert.ok(equal);
  return verifier.acts.result;
}

test('a replay of the journal judges every command of the payout by its approval', () => {
  const journal = new MemoryJournal();
  const venue = filled(journal);
  const case_ = prepared(claimsOfAll());
  payTo(venue, case_, approvalBy(case_));
  venue.exchange.finish();
  assertPaidOnce(openedVenue(journal), case_);
  const { acts, valid, commands } = verifiedActs(journal);
  assert.deepEqual([acts, valid], [2, 2]);
  assert.deepEqual(commands, { ofActs: 0, ofPayouts: 2 * case_.plan.payments.length, ofGuard: 0, withoutAct: 0 });
});

test('a payout that was written into a journal without its approval is found', () => {
  const journal = new MemoryJournal();
  filled(journal).exchange.finish();
  // The same record, and a process that asks nobody.
  const free = openedVenue(journal, false);
  const case_ = prepared(claimsOfAll());
  assert.ok(payTo(free, case_, approvalBy(case_, [ANN, BEN], { venue: null }), { keys: ROSTER }).paid);
  free.exchange.finish();
  const { commands, firstInvalid } = verifiedActs(journal);
  assert.equal(commands.withoutAct, 2 * case_.plan.payments.length);
  assert.deepEqual([firstInvalid?.why, firstInvalid?.about], ['command_without_act', 'remedy']);
});
