import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actHash, canonicalAct, type RefundApproval } from './act.ts';
import { actOf, ANN, BEN, enrolment, GUS, GIL, signed } from './act.fixture.ts';
import { Authority } from './authority.ts';
import { decodeAct, decodeSignedAct, type SignedAct } from './decode-act.ts';
import { effectOf } from './effect.ts';

const APPROVAL: RefundApproval = {
  kind: 'approveRefunds',
  incident: '01'.repeat(32),
  round: 1,
  content: '02'.repeat(32),
  plan: '03'.repeat(32),
  payments: 215,
  total: '123456789012',
  largest: '99900000000',
  reversals: 1,
  reversed: '1',
};

test('an approval reads as it was written, with its fields in order', () => {
  const act = actOf(APPROVAL);
  const { reversed, ...others } = APPROVAL;
  const shuffled = { ...act, what: { reversed, ...others } };
  assert.deepEqual(decodeAct(JSON.parse(JSON.stringify(shuffled))), act);
  assert.equal(canonicalAct(shuffled), canonicalAct(act));
  assert.notEqual(actHash(actOf({ ...APPROVAL, total: '123456789013' }, { nonce: act.nonce })), actHash(act));
});

const malformed: readonly [field: string, value: unknown][] = [
  ['incident', '01'],
  ['content', '0G'.repeat(32)],
  ['plan', 3],
  ['round', 0],
  ['round', 1.5],
  ['payments', -1],
  ['total', '-1'],
  ['total', '01'],
  ['total', 12],
  ['largest', '1e9'],
  ['reversals', '1'],
  ['reversed', ''],
];
for (const [field, value] of malformed) {
  test(`an approval is no act with ${field} ${JSON.stringify(value)}`, () => {
    const act = decodeAct({ ...actOf(APPROVAL), what: { ...APPROVAL, [field]: value } });
    assert.match('bad' in act ? act.bad : 'an act', new RegExp(`^(?:what\\.)?${field}: `));
  });
}

test('an approval says what it pays, in the asset and with all digits', () => {
  const text = effectOf(actOf(APPROVAL)).join('\n');
  assert.match(text, /^pays 215 refunds of 1234\.56789012 USDC in all, the largest 999\.00000000 USDC$/m);
  assert.match(text, /^takes back 1 credit of 0\.00000001 USDC in all$/m);
  assert.match(text, /020202/);
});

/** An authority with the keys of the fixture; `judge` says why an act is refused there, and takes it in when it is not. */
function enrolled(): (act: SignedAct) => string {
  const authority = new Authority(
    () => 0,
    () => undefined,
  );
  const judge = (act: SignedAct): string => {
    const verdict = authority.judge(decodeSignedAct(act), { fork: 0, atMs: 10, nowMs: 10 });
    if (verdict.accepted) authority.take(verdict.record);
    return verdict.accepted ? 'accepted' : verdict.refusal;
  };
  assert.equal(judge(enrolment()), 'accepted');
  return judge;
}

test('two operators approve, one key of any role takes it back', () => {
  const judge = enrolled();
  assert.equal(judge(signed(actOf(APPROVAL), ANN)), 'too_few_keys');
  assert.equal(judge(signed(actOf(APPROVAL), GUS, GIL)), 'too_few_keys');
  assert.equal(judge(signed(actOf(APPROVAL), ANN, GUS)), 'too_few_keys');
  assert.equal(judge(signed(actOf(APPROVAL), ANN, BEN)), 'accepted');
  const revoke = { kind: 'revokeRefunds', incident: APPROVAL.incident, round: 1 } as const;
  assert.equal(judge(signed(actOf(revoke), GUS)), 'accepted');
});

test('an approval is good for two hours at most, and used once', () => {
  const judge = enrolled();
  const until = (expiryMs: number) => signed(actOf(APPROVAL, { expiryMs }), ANN, BEN);
  assert.equal(judge(until(7_200_001)), 'expiry_too_far');
  const act = until(7_200_000);
  assert.equal(judge(act), 'accepted');
  assert.equal(judge(act), 'nonce_used');
});

test('other transfers of the same round need the approval taken back first', () => {
  const judge = enrolled();
  assert.equal(judge(signed(actOf(APPROVAL), ANN, BEN)), 'accepted');
  const other = { ...APPROVAL, plan: '04'.repeat(32) };
  assert.equal(judge(signed(actOf(other), ANN, BEN)), 'approved_otherwise');
  assert.equal(judge(signed(actOf({ ...other, round: 2 }), ANN, BEN)), 'accepted');
  assert.equal(judge(signed(actOf(APPROVAL), ANN, BEN)), 'accepted', 'the same once more: until later');
  assert.equal(judge(signed(actOf({ kind: 'revokeRefunds', incident: APPROVAL.incident, round: 1 }), BEN)), 'accepted');
  assert.equal(judge(signed(actOf(other), ANN, BEN)), 'accepted');
});
