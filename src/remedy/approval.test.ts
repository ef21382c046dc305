import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../chain/digest.ts';
import { INSURANCE_FUND } from '../engine/state.ts';
import { USDC, VenueForTest } from '../engine/venue.fixture.ts';
import {
  approvalOf,
  beyondBounds,
  contentHash,
  contentOf,
  effectText,
  obstaclesOf,
  type PayoutCase,
  payingThemselves,
} from './approval.ts';
import { type Dossier, type Effect, effectHash } from './dossier.ts';
import { canaryOf, type Payable, planPayout } from './payout.ts';
import type { PublicRoots } from './receipt.ts';

const INCIDENT = 'ab'.repeat(32);

function claim(account: number, paid: number, more: Partial<Payable> = {}): Payable {
  const statement = { paid: String(paid), owed: '0', reversed: '0' };
  return { account, isInsider: false, cap: 10n ** 12n, statement, ...more };
}

const CLAIMS: readonly Payable[] = [claim(3, 30), claim(4, 10), claim(5, 0), claim(6, 20, { isInsider: true })];

interface Change {
  readonly roots?: Partial<PublicRoots>;
  readonly dossier?: Partial<Dossier>;
  readonly effect?: Partial<Effect>;
  readonly claims?: readonly Payable[];
}

/** A case whose documents agree, but for what is changed behind them. */
function payoutCase({
  roots: ofRoots,
  dossier: ofDossier,
  effect: ofEffect,
  claims = CLAIMS,
}: Change = {}): PayoutCase {
  const plan = planPayout({ incident: INCIDENT, round: 1 }, CLAIMS);
  const roots: PublicRoots = {
    format: 'makewhole-roots/1',
    incident: INCIDENT,
    policy: '01'.repeat(32),
    round: 1,
    interest: { fromMs: 1, toMs: 2 },
    refundRoot: '02'.repeat(32),
    total: '60',
    sumRoot: '03'.repeat(32),
    leaves: 4,
  };
  const effect: Effect = {
    format: 'makewhole-effect/1',
    round: 1,
    accounts: 3,
    total: '60',
    largest: '30',
    top: [{ commitment: 'cd'.repeat(32), amount: '30' }],
    fundSharePpm: 12_345,
    insiders: 1,
    aboveCap: 0,
    reversals: [],
  };
  const dossier = {
    round: 1,
    case: { name: 'a case', reason: 'a reason' },
    conservation: { residual: '0' },
    roots,
    effect: toHex(effectHash(effect)),
    checks: [{ name: 'conservation', holds: true, detail: '0' }],
  } as unknown as Dossier;
  return {
    roots: { ...roots, ...ofRoots },
    dossier: { ...dossier, ...ofDossier },
    effect: { ...effect, ...ofEffect },
    claims,
    plan,
  };
}

const names = (change: Change): string[] => [...new Set(obstaclesOf(payoutCase(change)).map(({ name }) => name))];

test('documents that agree may be approved', () => {
  assert.deepEqual(obstaclesOf(payoutCase()), []);
});

const contradictions: readonly [what: string, change: Change, name: string][] = [
  ['a check fails', { dossier: { checks: [{ name: 'receipts', holds: false, detail: '1 of 4' }] } }, 'check_fails'],
  [
    'money is not conserved',
    { dossier: { conservation: { residual: '1' } as Dossier['conservation'] } },
    'check_fails',
  ],
  ['other roots', { roots: { refundRoot: '04'.repeat(32) } }, 'roots_differ'],
  ['another case', { roots: { incident: '05'.repeat(32) } }, 'roots_differ'],
  ['a larger total is shown', { effect: { total: '61' } }, 'effect_differs'],
  ['a smaller largest is shown', { effect: { largest: '20' } }, 'effect_differs'],
  ['another effect than the dossier’s', { effect: { insiders: 0 } }, 'effect_differs'],
  ['an account is left out', { claims: CLAIMS.slice(0, 3) }, 'tree_differs'],
  ['the trees say more', { roots: { total: '61' } }, 'tree_differs'],
];
for (const [what, change, name] of contradictions) {
  test(`${what}: ${name}`, () => assert.ok(names(change).includes(name), names(change).join()));
}

test('the content names everything: whatever is changed, another hash is asked for', () => {
  const content = contentOf(payoutCase());
  const hashes = new Set([contentHash(content)]);
  for (const [field, value] of Object.entries(content)) {
    const changed = typeof value === 'number' ? value + 1 : `${value}0`;
    hashes.add(contentHash({ ...content, [field]: changed }));
  }
  assert.equal(hashes.size, Object.keys(content).length + 1);
  const { content: bound, plan, total } = approvalOf(content);
  assert.deepEqual([bound, plan, total], [contentHash(content), content.plan, '60']);
});

test('an approver reads what is paid, the checks, the largest, and what the round before was', () => {
  const payout = payoutCase();
  const content = contentOf(payout);
  const text = effectText(content, payout).join('\n');
  assert.match(text, /pays 3 accounts 0\.00000060 USDC in all, 1\.23 % of the insurance fund/);
  assert.match(text, /the largest single amount is 0\.00000030 USDC/);
  assert.match(text, /cdcdcdcdcdcdcdcd… 0\.00000030 USDC/);
  assert.match(text, /holds {2}conservation: 0/);
  assert.match(text, /there is no round before/);
  assert.ok(text.includes(contentHash(content)));
  const before = { ...payout.effect, round: 1, accounts: 5, total: '100' };
  assert.match(
    effectText({ ...content, round: 2 }, payout, before).join('\n'),
    /round 1 paid 5 accounts 0\.00000100 USDC; this one has -2 accounts and −0\.00000040 USDC/,
  );
});

test('small payments go first, the venue’s own people last, and the order of the claims does not matter', () => {
  const { payments, hash } = planPayout({ incident: INCIDENT, round: 1 }, CLAIMS);
  assert.deepEqual(
    payments.map(({ account }) => account),
    [4, 3, 6],
  );
  assert.equal(planPayout({ incident: INCIDENT, round: 1 }, CLAIMS.toReversed()).hash, hash);
  assert.throws(() => planPayout({ incident: INCIDENT, round: 1 }, [...CLAIMS, claim(3, 1)]), /two claims/);
});

test('the canary is a hundredth rounded up, and never nothing while there is something', () => {
  const plan = (count: number) =>
    planPayout(
      { incident: INCIDENT, round: 1 },
      Array.from({ length: count }, (_, n) => claim(3 + n, 1 + n)),
    );
  assert.deepEqual(
    [0, 1, 100, 101, 1_000].map((count) => canaryOf(plan(count), 10_000)),
    [0, 1, 1, 2, 10],
  );
});

/** A venue whose fund has so many USDC, and three traders. */
function venueWith(fund: number): VenueForTest {
  const venue = new VenueForTest();
  for (let trader = 0; trader < 4; trader++) venue.trader(1);
  if (fund > 0) venue.deposit(INSURANCE_FUND, fund);
  return venue;
}

test('bounds: the fund, the cap of each account, the limit of the exchange, the asset and its unit', () => {
  const found = (fund: number, change: object, claims = CLAIMS): string[] => {
    const plan = planPayout({ incident: INCIDENT, round: 1 }, claims);
    const { state } = venueWith(fund);
    return beyondBounds(state, { ...contentOf(payoutCase()), ...change }, { plan, claims }).map(({ name }) => name);
  };
  assert.deepEqual(found(1, {}), []);
  assert.deepEqual(found(0, {}), ['total_above_fund']);
  assert.deepEqual(found(1, { asset: 'BTC' }), ['wrong_asset']);
  assert.deepEqual(found(1, { units: '1' }), ['wrong_unit']);
  assert.deepEqual(found(1, {}, [claim(3, 30, { cap: 29n })]), ['single_above_cap']);
  const most = 1_000_000 * USDC;
  assert.deepEqual(found(2_000_000, {}, [claim(3, most + 1, { cap: 10n ** 18n })]), ['single_above_limit']);
  assert.deepEqual(found(2_000_000, {}, [claim(3, most, { cap: 10n ** 18n })]), []);
  // A unit slip: eight digits too many.
  const slipped = CLAIMS.map((each) => claim(each.account, Number(each.statement.paid) * 1e8));
  assert.deepEqual([...new Set(found(1, {}, slipped))], ['total_above_fund']);
});

test('an approver whose account is paid is named, by its key or by what they said', () => {
  const { state } = venueWith(1);
  const plan = planPayout({ incident: INCIDENT, round: 1 }, CLAIMS);
  const keyOf3 = toHex(new Uint8Array(32).fill(3));
  const about = (signers: readonly string[], own = new Map<string, number[]>()): string[] =>
    payingThemselves(state, plan, signers, own).map((each) => each.about);
  assert.deepEqual(about(['01'.repeat(32)]), []);
  assert.deepEqual(about([keyOf3]), [`${keyOf3}: account 3`]);
  const key = '01'.repeat(32);
  assert.deepEqual(about([key], new Map([[key, [5, 6]]])), [`${key}: account 6`], 'account 5 is paid nothing');
});
