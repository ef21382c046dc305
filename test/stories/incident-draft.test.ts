// From a venue on which something went wrong to claims, receipts and a dossier that hold together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/chain/digest.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { type Draft, type DraftOptions, draftIncident } from '../../src/incident/draft.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { canonicalJson, type Json } from '../../src/remedy/canonical-json.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import { dossierHash } from '../../src/remedy/dossier.ts';
import type { IncidentCase } from '../../src/remedy/incident-case.ts';
import { verifyReceipt } from '../../src/remedy/verify-receipt.ts';
import { caseOf, falsePrices, tradeWrongly, type Venue, type Wrong } from './incident.fixture.ts';

const SECRET = new Uint8Array(32).fill(5);
const FROM = 240;
const OPTIONS = { seed: 3, ticks: 290, accounts: 150 };

const FALSE_INDEX: Wrong = {
  deviation: (tick) =>
    tick === FROM ? [{ table: 'market', row: 2, column: 'fundingIndex', index: 0, value: -4e14 }] : undefined,
};
const FALSE_PRICE: Wrong = { falsify: falsePrices(2, FROM, FROM + 12, 860_000) };

function draftOf({ journal }: Venue, incident: IncidentCase, more: Partial<DraftOptions> = {}): Draft {
  const { state: start } = stateAtBlock(journal, incident.from.height);
  const roots = new DirectRoots(sha256);
  const draft = draftIncident({ incident, history: journal, start, hash: sha256, roots, secret: SECRET, ...more });
  if ('finding' in draft) throw new Error(`${draft.finding}: ${draft.about}`);
  return draft;
}

for (const [name, wrong] of Object.entries({ 'a false index': FALSE_INDEX, 'a false price': FALSE_PRICE })) {
  const venue = tradeWrongly(wrong, OPTIONS);
  for (const mode of ['replay', 'reference', 'bounded'] as const) {
    test(`${name}, ${mode}: every check holds, every receipt verifies, nobody is left out`, () => {
      const { dossier, receipts, roots, claims, effect } = draftOf(venue, caseOf(venue, { mode }));
      for (const { name: check, holds, detail } of dossier.checks) {
        if (check !== 'the fund can pay what is paid') assert.ok(holds, `${check}: ${detail}`);
      }
      assert.equal(dossier.conservation.residual, '0');
      assert.equal(dossier.conservation.attributionResidual, '0');
      assert.equal(receipts.length, venue.state.account.rows - 1);
      for (const receipt of receipts) {
        const failed = verifyReceipt(receipt, roots).filter(({ holds }) => !holds);
        assert.deepEqual(failed, [], `account ${receipt.statement.account} ${receipt.statement.reason}`);
      }
      const refunded = claims.claims.filter(({ statement }) => statement.refund !== '0');
      assert.ok(refunded.length > 5, `${refunded.length} refunded, ${venue.liquidated} liquidated`);
      assert.equal(effect.accounts, refunded.filter(({ statement }) => statement.paid !== '0').length);
      const total = refunded.reduce((sum, { statement }) => sum + BigInt(statement.refund), 0n);
      assert.equal(roots.total, String(total));
    });
  }
}

test('an interval that is wider than the policy settles alone is a question, and its lower end is what is paid', () => {
  const venue = tradeWrongly(FALSE_INDEX, OPTIONS);
  const limited = { ...DEFAULT_POLICY, intervalLimit: '0' };
  const { claims, receipts, roots } = draftOf(venue, caseOf(venue, { mode: 'bounded', policy: limited }));
  const wide = draftOf(venue, caseOf(venue, { mode: 'bounded' }));
  let questions = 0;
  for (const { account, statement } of claims.claims) {
    const { interval, difference, reason } = statement;
    assert.ok(interval !== null);
    if (interval.low !== interval.high) {
      assert.equal(difference, interval.low);
      if (reason !== 'HOUSE') assert.equal(reason, 'QUESTION');
      questions++;
      // Where the policy settles it alone, the account has the higher end.
      assert.equal(wide.claims.claims[account - 1]?.statement.difference, interval.high);
    } else assert.notEqual(reason, 'QUESTION');
  }
  assert.ok(questions > 5, `${questions} questions`);
  for (const receipt of receipts) {
    assert.deepEqual(
      verifyReceipt(receipt, roots).filter(({ holds }) => !holds),
      [],
    );
  }
});

test('the same case and the same history give the same dossier, to the byte; no account can be known by it', () => {
  const venue = tradeWrongly(FALSE_INDEX, OPTIONS);
  const [one, two] = [draftOf(venue, caseOf(venue)), draftOf(venue, caseOf(venue))];
  assert.equal(toHex(dossierHash(one.dossier)), toHex(dossierHash(two.dossier)));
  const text = canonicalJson(one.dossier as unknown as Json);
  for (const { statement } of one.claims.claims) {
    if (statement.key !== '00'.repeat(32)) assert.ok(!text.includes(statement.key), 'a key');
    if (statement.refund.length > 6)
      assert.ok(!text.includes(`"${statement.refund}"`), `the refund of ${statement.account}`);
  }
  const other = draftOf(venue, caseOf(venue), { secret: new Uint8Array(32).fill(6) });
  assert.notEqual(other.roots.refundRoot, one.roots.refundRoot);
});

test('a second round pays what the first one did not: here nothing', () => {
  const venue = tradeWrongly(FALSE_INDEX, OPTIONS);
  const first = draftOf(venue, caseOf(venue));
  const paid = new Map(first.claims.claims.map(({ account, statement }) => [account, BigInt(statement.refund)]));
  const reversed = new Map(first.claims.claims.map(({ account, statement }) => [account, BigInt(statement.reversed)]));
  const previous = { round: 1, dossier: toHex(dossierHash(first.dossier)), paid, reversed };
  const second = draftOf(venue, caseOf(venue), { previous });
  assert.equal(second.dossier.round, 2);
  assert.equal(second.dossier.previous, previous.dossier);
  assert.equal(second.roots.total, '0');
  assert.ok(first.claims.reversed > 0n);
  assert.equal(first.dossier.totals.reversed, null);
  assert.equal(second.dossier.totals.reversed, '0');
  const before = first.claims.claims.filter(({ statement }) => statement.refund !== '0').length;
  assert.equal(second.claims.claims.filter(({ statement }) => statement.reason === 'PAID_BEFORE').length, before);
  for (const receipt of second.receipts) {
    assert.deepEqual(
      verifyReceipt(receipt, second.roots).filter(({ holds }) => !holds),
      [],
    );
  }
});

test('of a case with late notices each price that is needed must be said; who they are and what they cost is not told', () => {
  const venue = tradeWrongly(FALSE_INDEX, OPTIONS);
  const inTime = draftOf(venue, caseOf(venue));
  const harmed = inTime.claims.claims.filter(
    ({ statement: { chains, reason } }) =>
      reason.startsWith('RESTORED') && chains.some(({ closes }) => closes.length > 0),
  );
  const accounts = harmed.slice(0, 3).map(({ account }) => account);
  assert.equal(accounts.length, 3);
  const { noticeMs, ...notices } = caseOf(venue).notices;
  const of = (prices: IncidentCase['notices']['late'][number]['prices']): IncidentCase => {
    const late = accounts.map((account) => ({ account, noticeMs: noticeMs + 3_600_000, prices }));
    return caseOf(venue, { notices: { ...notices, noticeMs, late } });
  };
  assert.throws(() => draftOf(venue, of([])), /^Error: late_notice_without_price: account \d+ has something else in/);
  const { prices } = inTime.run.worlds.valuation;
  const later = prices.map((price, market) => ({ market, price: (price * 101n) / 100n })).slice(1);
  const { claims, dossier, receipts, roots } = draftOf(venue, of(later));
  assert.equal(claims.mitigation.accounts, 3);
  assert.notEqual(claims.mitigation.cost, 0n);
  assert.deepEqual(dossier.mitigation, { accounts: 'fewer than 5', cost: null });
  assert.notEqual(dossier.case.hash, inTime.dossier.case.hash);
  assert.deepEqual(dossier.conservation, inTime.dossier.conservation);
  for (const receipt of receipts) {
    assert.equal(receipt.statement.notice !== null, accounts.includes(receipt.statement.account));
    assert.deepEqual(
      verifyReceipt(receipt, roots).filter(({ holds }) => !holds),
      [],
    );
  }
});
