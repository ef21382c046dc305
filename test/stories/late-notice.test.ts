// Accounts that provably were told later: they are valued at the prices of their own restoration, and the house bears what that costs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RULE } from '../../src/engine/rules.ts';
import { INSURANCE_FUND } from '../../src/engine/state.ts';
import { only } from '../../src/engine/venue.fixture.ts';
import type { Claims } from '../../src/remedy/claims.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import { lateNoticesOf, missingPrice } from '../../src/remedy/late-notice.ts';
import { makeReceipts, type Receipts } from '../../src/remedy/receipt.ts';
import type { PolicyName } from '../../src/remedy/refund-policy.ts';
import type { Statement } from '../../src/remedy/statement.ts';
import { verifyReceipt } from '../../src/remedy/verify-receipt.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { cents, IncidentForTest } from './remedy-venue.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-late-'));
after(() => rmSync(folder, { recursive: true }));

/**
 * Long 10 ETH from 3,200 with 2,000, sold by force at 3,050 with a penalty of 224 while the true price was 3,195; at the check time it is
 * 3,240, and it lacks 2,124. Another long of 4 is left alone.
 */
function forcedSale(): { venue: IncidentForTest; market: number; long: number; other: number } {
  const venue = new IncidentForTest();
  const market = venue.market({ INITIAL_MARGIN: 60_000, MAINTENANCE_FACTOR: 500_000, PRICE_BAND: 100_000 });
  venue.setRule(RULE.liquidation_step, 1_000_000);
  venue.price(market, 3_200);
  const [long, other, short] = [venue.trader(2_000), venue.trader(100_000), venue.trader(100_000)];
  venue.setRule(RULE.liquidation_fee, 244_809);
  venue.trade(long, short, market, 1_000, 3_200);
  venue.trade(other, short, market, 400, 3_200);
  venue.price(market, 3_198);
  venue.isGood();
  const taken = only(venue.wrongPrice(market, 3_050, 3_195), 'liquidated');
  assert.equal(taken.account, long);
  venue.price(market, 3_240, 60_000);
  return { venue, market, long, other };
}

/** Told an hour later, when the price was this. */
function toldAt(
  venue: IncidentForTest,
  market: number,
  usdc: number,
  ...accounts: number[]
): Parameters<typeof venue.claims>[2] {
  const prices = [{ market, price: BigInt(venue.units(market, usdc)) }];
  const late = accounts.map((account) => ({ account, noticeMs: 3_600_000, prices }));
  return { late: lateNoticesOf({ notices: { noticeMs: 0, reopenMs: 0, graceMs: 5, late } }) };
}

function statementOf({ claims }: Claims, account: number): Statement {
  const claim = claims.find((each) => each.account === account);
  assert.ok(claim);
  return claim.statement;
}

const partOf = ({ causes }: Statement, cause: string): string =>
  cents(causes.find((each) => each.cause === cause)?.amount ?? 0n);

const POLICY = { ...DEFAULT_POLICY, interest: { ...DEFAULT_POLICY.interest, ppmYear: 0 } };

function receiptsOf(statements: readonly Statement[], policy = POLICY): Receipts {
  const own = { incident: new Uint8Array(32).fill(1), policy, round: 1, interest: { fromMs: 0, toMs: 0 } };
  return makeReceipts({ ...own, secret: new Uint8Array(32).fill(2), hash: sha256 }, statements);
}

/** What either verifier finds wrong with the receipts of these statements: the same of both. */
function failedOf(statements: readonly Statement[]): string[] {
  const { receipts, roots } = receiptsOf(statements);
  const verifier = join(import.meta.dirname, '../../verifier/verify-receipt.mjs');
  const failed = receipts.flatMap((receipt, place) => {
    const file = join(folder, `${place}.json`);
    writeFileSync(file, JSON.stringify(receipt));
    const { stdout, stderr } = spawnSync(process.execPath, [verifier, file]);
    assert.equal(String(stderr), '');
    const lines = String(stdout).trim().split('\n');
    const ours = verifyReceipt(receipt, roots);
    assert.deepEqual(
      lines,
      ours.map(({ statement, holds }) => `${holds ? 'PASS' : 'FAIL'}  ${statement}`),
    );
    return ours.filter(({ holds }) => !holds).map(({ statement }) => statement);
  });
  return [...new Set(failed)];
}

test('told when 10 ETH cost 60 more: 600 more is due, as a cause by itself, and the sums of the check time hold', () => {
  const { venue, market, long } = forcedSale();
  const inTime = venue.claims();
  const claims = venue.claims({}, {}, toldAt(venue, market, 3_300, long));
  const [before, own] = [statementOf(inTime, long), statementOf(claims, long)];
  assert.deepEqual([cents(before.difference), cents(own.difference)], ['2124.00', '2724.00']);
  assert.equal(cents(own.refund), '2724.00');
  assert.equal(partOf(own, 'late_notice'), '600.00');
  assert.equal(partOf(own, 'liquidation_price'), partOf(before, 'liquidation_price'));
  assert.deepEqual(own.notice, {
    restorationMs: 3_600_005,
    markets: [{ market, checkPrice: '324000000', price: '330000000', actual: '0', other: '1000' }].map((each) => ({
      ...each,
      checkPrice: String(venue.units(market, 3_240)),
      price: String(venue.units(market, 3_300)),
    })),
  });
  assert.deepEqual([claims.mitigation.accounts, cents(claims.mitigation.cost)], [1, '600.00']);
  assert.deepEqual(inTime.mitigation, { accounts: 0, cost: 0n });
  // Nobody else has another claim by it, and the house what it had: it bears the 600.
  assert.equal(claims.conservation.residual, 0n);
  assert.deepEqual(claims.conservation, inTime.conservation);
  assert.equal(claims.unexplained, 0n);
  assert.equal(claims.returned, inTime.returned);
  for (const { account, statement } of claims.claims) {
    if (account !== long) assert.deepEqual(statement, statementOf(inTime, account));
  }
  assert.equal(statementOf(claims, INSURANCE_FUND).notice, null);
  assert.deepEqual(failedOf(claims.claims.map(({ statement }) => statement)), []);
});

test('told when the price was lower: less is lacking, and never less is paid than what the account had before', () => {
  const { venue, market, long } = forcedSale();
  const told = toldAt(venue, market, 3_100, long);
  const claims = venue.claims({}, {}, told);
  const own = statementOf(claims, long);
  assert.deepEqual([cents(own.difference), partOf(own, 'late_notice')], ['724.00', '-1400.00']);
  assert.equal(cents(own.refund), '1704.00');
  assert.equal(cents(statementOf(venue.claims({}, { pays: 'D' }, told), long).refund), '724.00');
  assert.equal(cents(claims.mitigation.cost), '-1400.00');
  assert.equal(claims.conservation.residual, 0n);
});

test('E10 at its own time: short 10 ETH elsewhere, told at 3,300, it comes out even by restoration, whatever the price', () => {
  const { venue, market, long } = forcedSale();
  for (const usdc of [2_900, 3_240, 3_300, 4_000]) {
    const elsewhere = 10n * (3_200n - BigInt(usdc)) * 100_000_000n;
    const total = (pays: PolicyName): string => {
      const { actual, refund } = statementOf(venue.claims({}, { pays }, toldAt(venue, market, usdc, long)), long);
      return cents(BigInt(actual.end) + BigInt(refund) + elsewhere);
    };
    // Below 2,987.60 restoration is nothing, and nobody is asked to give anything back.
    assert.equal(total('D'), usdc < 2_988 ? cents(276_00000000n + elsewhere) : '2000.00', String(usdc));
    // The position in kind is worth what it is worth then.
    if (usdc > 3_000) assert.equal(total('G'), '2000.00', String(usdc));
  }
});

test('who has the same in both worlds lost nothing by later notice, and says so', () => {
  const { venue, market, other } = forcedSale();
  const claims = venue.claims({}, {}, toldAt(venue, market, 3_300, other));
  const own = statementOf(claims, other);
  assert.deepEqual(own.notice, { restorationMs: 3_600_005, markets: [] });
  assert.deepEqual([own.difference, own.reason, claims.mitigation.cost], ['0', 'UNAFFECTED_HASH_EQUAL', 0n]);
  assert.deepEqual(failedOf([own]), []);
});

test('a price that the case does not say is missed by name, where it is needed, and so is an account that is not there', () => {
  const { venue, market, long, other } = forcedSale();
  const { worlds } = venue.worlds();
  const missing = (account: number, prices: readonly { market: number; price: bigint }[]): string | undefined => {
    const late = [{ account, noticeMs: 1, prices }];
    const notices = { noticeMs: 0, reopenMs: 0, graceMs: 0, late };
    return missingPrice({ ...worlds, late: lateNoticesOf({ notices }) });
  };
  assert.equal(missing(long, []), `account ${long} has something else in market ${market}, of which no price is said`);
  assert.equal(missing(long, [{ market, price: 1n }]), undefined);
  assert.equal(missing(other, []), undefined);
  assert.equal(missing(999, []), 'there is no account 999');
});

test('whatever of it a venue alters in a receipt of its own trees, both verifiers say which statement is false', () => {
  const { venue, market, long } = forcedSale();
  const own = statementOf(venue.claims({}, {}, toldAt(venue, market, 3_300, long)), long);
  const late = 'what later notice made of it is its sizes at the later prices';
  const [of] = own.notice?.markets ?? [];
  assert.ok(own.notice !== null && of !== undefined);
  for (const change of [
    { price: '1' },
    { checkPrice: '1' },
    { actual: '3' },
    { other: '999' },
    { market: market + 1 },
  ]) {
    assert.deepEqual(failedOf([{ ...own, notice: { ...own.notice, markets: [{ ...of, ...change }] } }]), [late]);
  }
  assert.deepEqual(failedOf([{ ...own, notice: null }]), [late]);
  assert.deepEqual(failedOf([{ ...own, notice: { ...own.notice, markets: [of, of] } }]), [late]);
});
