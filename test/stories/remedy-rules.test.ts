// The rules of the policy beside the amounts: rollback, withdrawals that have left, a fund too small, attribution, owners, insiders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND } from '../../src/engine/command.ts';
import { INSTRUCTION } from '../../src/engine/flags.ts';
import { RULE } from '../../src/engine/rules.ts';
import { INSURANCE_FUND } from '../../src/engine/state.ts';
import { STATUS } from '../../src/engine/status.ts';
import { ACCOUNT } from '../../src/engine/tables.ts';
import { all, only, USDC } from '../../src/engine/venue.fixture.ts';
import { conservationResidual } from '../../src/engine/conservation.ts';
import { attribute } from '../../src/remedy/attribution.ts';
import { payAll } from '../../src/remedy/claim-payment.ts';
import type { Claims } from '../../src/remedy/claims.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import type { Statement } from '../../src/remedy/statement.ts';
import { cents, IncidentForTest } from './remedy-venue.fixture.ts';

const statementOf = ({ claims }: Claims, account: number): Statement => {
  const claim = claims.find((each) => each.account === account);
  assert.ok(claim, `account ${account} was not assessed`);
  return claim.statement;
};
const refund = (claims: Claims, account: number): string => cents(statementOf(claims, account).refund);

/** A long of 10 at 3,200 that is sold by force at a false 3,050; the other side of it is `short`. */
function forcedSale(more: (venue: IncidentForTest, market: number, long: number) => void = () => undefined): {
  venue: IncidentForTest;
  market: number;
  long: number;
  short: number;
} {
  const venue = new IncidentForTest();
  const market = venue.market({ INITIAL_MARGIN: 60_000, PRICE_BAND: 100_000 });
  venue.setRule(RULE.liquidation_step, 1_000_000);
  venue.setRule(RULE.liquidation_fee, 244_809);
  venue.price(market, 3_200);
  const [long, short] = [venue.trader(2_000), venue.trader(100_000)];
  venue.trade(long, short, market, 1_000, 3_200);
  venue.isGood();
  more(venue, market, long);
  assert.equal(only(venue.wrongPrice(market, 3_050, 3_195), 'liquidated').account, long);
  venue.price(market, 3_240);
  return { venue, market, long, short };
}

test('closed by force and wrongly, nobody ends below where they stood; who trades on there has what comes of it', () => {
  const { venue, market, long, short } = forcedSale();
  // The true price falls: the position would have lost as well, but 1,704 were there before.
  venue.price(market, 3_100);
  const fallen = venue.claims();
  assert.equal(refund(fallen, long), '1724.00');
  assert.equal(statementOf(fallen, long).reason, 'RESTORED_BEFORE');
  assert.equal(refund(venue.claims({}, { pays: 'D' }), long), '724.00');
  // With a little money again it buys one, and loses by it: that is its own.
  venue.deposit(long, 500);
  venue.trade(long, short, market, 100, 3_100);
  venue.price(market, 3_050);
  const traded = venue.claims();
  assert.equal(traded.unexplained, 0n);
  assert.equal(statementOf(traded, long).chains[0]?.loss, null);
  assert.equal(statementOf(traded, long).reason, 'RESTORED');
});

test('E3: what a rollback gave back is not paid again: per-event lists would pay 2,124 twice', () => {
  const { venue, long } = forcedSale();
  const before = venue.claims();
  assert.equal(refund(before, long), '2124.00');
  // The window of a history that was rolled back begins behind the block that restores: the loss is on the dead branch.
  const restored = new IncidentForTest();
  const market = restored.market({ INITIAL_MARGIN: 60_000, PRICE_BAND: 100_000 });
  restored.price(market, 3_200);
  const [holder, short] = [restored.trader(2_000), restored.trader(100_000)];
  restored.trade(holder, short, market, 1_000, 3_200);
  restored.isGood();
  restored.price(market, 3_240);
  const claims = restored.claims({}, {}, { coveredByRollback: new Set([holder]) });
  assert.equal(statementOf(claims, holder).difference, '0');
  assert.equal(statementOf(claims, holder).reason, 'COVERED_BY_ROLLBACK');
  assert.equal(refund(claims, holder), '0.00');
  assert.equal(statementOf(claims, short).reason, 'UNAFFECTED_HASH_EQUAL');
});

/** Σ of what the venue owes, receivables negative, in whole USDC. */
function liabilities({ state }: IncidentForTest): number {
  let sum = 0;
  for (let row = 1; row < state.account.rows; row++) {
    const at = row * 8;
    sum += (state.account.f64[at + ACCOUNT.BALANCE_HIGH] as number) * 2 ** 50;
    sum +=
      (state.account.f64[at + ACCOUNT.BALANCE_LOW] as number) - (state.account.f64[at + ACCOUNT.RECEIVABLE] as number);
  }
  return sum / USDC;
}

test('E4: 8,000 of phantom profit that left are carried: W owes 7,000, and what the venue owes is what the vault has', () => {
  const venue = new IncidentForTest();
  const [w, others] = [venue.trader(1_000), venue.trader(999_000)];
  assert.equal(liabilities(venue), 1_000_000);
  // The rolled-back branch: 8,000 left the vault, 5,000 came in.
  const carried = venue.submit((buffer, timeMs) => buffer.carryWithdrawal(timeMs, w, 8_000 * USDC, 1));
  assert.equal(only(carried, 'withdrawalCarried').taken, 1_000 * USDC);
  assert.equal(liabilities(venue), 992_000);
  assert.equal(venue.state.account.f64[w * 8 + ACCOUNT.RECEIVABLE], 7_000 * USDC);
  venue.deposit(others, 5_000);
  assert.equal(liabilities(venue), 997_000);
  assert.ok(conservationResidual(venue.state).isZero());
  // A second time it is refused: the same money leaves once.
  const again = venue.submit((buffer, timeMs) => buffer.carryWithdrawal(timeMs, w, 8_000 * USDC, 1));
  assert.equal(only(again, 'refused').command, COMMAND.carryWithdrawal);
});

test('E4 without a rollback: the credit is taken back in full, though it has left, and nobody pays it a second time', () => {
  const venue = new IncidentForTest();
  const market = venue.market({ SIZE_STEP: 1e9, INITIAL_MARGIN: 20_000 });
  venue.price(market, 92_000);
  const index = [{ table: 'market', row: market, column: 'fundingIndex', index: 0, value: 5e14 }] as const;
  venue.preset([{ ...index[0], value: 4e14 }]);
  const [w, other, third] = [venue.trader(1_000), venue.trader(100_000), venue.trader(100_000)];
  // 0.2 BTC: an index that falls by 4,000 pays its long 800; by 40,000 it would be 8,000.
  venue.trade(w, other, market, 200, 92_000);
  venue.isGood();
  venue.deviate([{ ...index[0], value: 4e14 - 40_000 * 1e5 * 1e6 }]);
  venue.trade(third, w, market, 200, 92_000);
  const asked = venue.submit((buffer, timeMs) => buffer.requestWithdrawal(timeMs, w, 8_000 * USDC));
  const { withdrawal } = only(asked, 'withdrawalRequested');
  venue.submit((buffer, timeMs) => buffer.settleWithdrawal(timeMs, withdrawal, true));
  const claims = venue.claims();
  assert.equal(claims.conservation.residual, 0n);
  assert.equal(claims.unexplained, 0n);
  const { difference, causes, reversed, reason } = statementOf(claims, w);
  assert.equal(cents(difference), '0.00');
  assert.deepEqual(
    causes.map(({ cause, amount }) => [cause, cents(amount)]),
    [
      ['funding', '-8000.00'],
      ['external', '8000.00'],
    ],
  );
  assert.equal(cents(reversed), '8000.00');
  assert.equal(reason, 'GAIN_REVERSED');
  const id = new Uint8Array(16).fill(7);
  const taken = venue.submit((buffer, timeMs) => buffer.reverseCredit(timeMs, w, Number(reversed), id));
  assert.equal(only(taken, 'creditReversed').taken, 1_000 * USDC);
  assert.equal(venue.state.account.f64[w * 8 + ACCOUNT.RECEIVABLE], 7_000 * USDC);
});

test('E7: a fund of 900,000 for claims of 1.2 million: small ones in full, the rest in proportion, insiders last', () => {
  const amounts = [4_000, 9_000, 60_000, 127_000, 1_000_000];
  const statements = amounts.map(
    (amount, place) => ({ account: place + 3, refund: String(amount * USDC) }) as Statement,
  );
  const fund = 900_000n * 100_000_000n;
  const policy = { ...DEFAULT_POLICY, smallFirst: String(10_000 * USDC) };
  const dollars = (paid: readonly bigint[]): string[] => paid.map((each) => cents(each).replace(/\.\d\d$/, ''));
  const { paid, dust } = payAll(statements, new Set(), fund, policy);
  assert.deepEqual(
    paid.map((each) => (each + 50_000_000n) / 100_000_000n),
    [4_000n, 9_000n, 47_035n, 96_663n, 743_302n],
  );
  assert.equal(paid.reduce((sum, each) => sum + each, 0n) + dust, fund);
  const even = payAll(statements, new Set(), fund, { ...policy, smallFirst: '0' });
  assert.deepEqual(dollars(even.paid), ['3000', '6750', '45000', '95250', '750000']);
  // The largest is of the venue's own people: the others are paid in full first.
  const insiders = payAll(statements, new Set([7]), fund, policy);
  assert.deepEqual(dollars(insiders.paid), ['4000', '9000', '60000', '127000', '700000']);
});

test('E9: the parts of two causes that overlap: whatever is undone first, they sum to 2,124; published are 1,587 and 537', () => {
  const worth = [276n, 1_650n, 600n, 2_400n];
  const parts = attribute(2, (set) => worth[set] as bigint);
  assert.deepEqual(parts, [1_587n, 537n]);
  const priceFirst = [1_650n - 276n, 2_400n - 1_650n];
  const fundingFirst = [2_400n - 600n, 600n - 276n];
  for (const order of [parts, priceFirst, fundingFirst])
    assert.equal((order[0] as bigint) + (order[1] as bigint), 2_124n);
});

test('who stood on both sides of the forced flow is paid what all accounts of the owner lack together', () => {
  const venue = new IncidentForTest();
  const market = venue.market({ INITIAL_MARGIN: 60_000, PRICE_BAND: 100_000 });
  venue.setRule(RULE.liquidation_step, 1_000_000);
  venue.setRule(RULE.liquidation_fee, 0);
  venue.price(market, 3_200);
  const [long, short, buyer] = [venue.trader(2_000), venue.trader(100_000), venue.trader(100_000)];
  venue.trade(long, short, market, 1_000, 3_200);
  venue.isGood();
  venue.wrongPrice(market, 3_050, 3_200);
  venue.place(buyer, market, { price: 3_050, size: 600 });
  const fills = venue.place(INSURANCE_FUND, market, {
    sell: true,
    price: 3_050,
    size: 600,
    instruction: INSTRUCTION.IOC,
    reduceOnly: true,
  });
  assert.equal(only(fills, 'filled').size, 600);
  venue.price(market, 3_200);
  // 10 × 150 lost, 6 × 150 gained.
  const strangers = venue.claims();
  assert.equal(refund(strangers, long), '1500.00');
  const owned = venue.claims({}, {}, { declarations: { insiders: [], owners: [[long, buyer]] } });
  assert.equal(refund(owned, long), '600.00');
  assert.equal(cents(statementOf(owned, long).netted), '900.00');
  assert.equal(statementOf(owned, buyer).reason, 'GAIN_NOT_PURSUED');
  assert.equal(statementOf(owned, long).reason, 'RESTORED');
});

test('charges beyond what floats hold are known to the last unit', () => {
  const venue = new IncidentForTest();
  const market = venue.market({ MAXIMUM_ORDER: 5_000_000 });
  venue.price(market, 3);
  const [long, short] = [venue.trader(1_000_000), venue.trader(1_000_000)];
  for (const lots of [4_999_999, 4_999_998]) venue.trade(long, short, market, lots, 3);
  venue.preset([{ table: 'market', row: market, column: 'fundingIndex', index: 0, value: 12_345 }]);
  venue.trade(long, short, market, 1, 3);
  venue.isGood();
  const value = 4_000_000_000_000_007;
  venue.deviate([{ table: 'market', row: market, column: 'fundingIndex', index: 0, value }]);
  const events = venue.place(long, market, { sell: true, price: 3, size: 1 });
  assert.equal(all(events, 'orderAccepted').length, 1);
  venue.place(short, market, { price: 3, size: 1 });
  const claims = venue.claims();
  const exact = (9_999_998n * (BigInt(value) - 12_345n) + 999_999n) / 1_000_000n;
  assert.ok(exact > 2n ** 53n && BigInt(Number(exact)) !== exact);
  const part = statementOf(claims, long).causes.find(({ cause }) => cause === 'funding');
  assert.equal(part?.amount, String(exact));
  assert.equal(claims.unexplained, 0n);
  assert.equal(claims.conservation.residual, 0n);
});

test('money that a process wrote into an account is a credit that nobody brought: it is taken back, and the sums know it', () => {
  const venue = new IncidentForTest();
  const market = venue.market();
  venue.price(market, 100);
  const [lucky, plain] = [venue.trader(1_000), venue.trader(1_000)];
  venue.isGood();
  venue.deviate([{ table: 'account', row: lucky, column: 'balanceLow', index: 0, value: 6_000 * USDC }]);
  venue.price(market, 101);
  const claims = venue.claims();
  assert.equal(claims.conservation.residual, 0n);
  assert.equal(claims.unexplained, 0n);
  assert.equal(claims.writtenResidual, 0n);
  const { causes, reversed, reason } = statementOf(claims, lucky);
  assert.deepEqual(causes, [{ cause: 'wrong_credit', amount: String(-5_000 * USDC) }]);
  assert.equal(cents(reversed), '5000.00');
  assert.equal(reason, 'GAIN_REVERSED');
  assert.equal(statementOf(claims, plain).reason, 'UNAFFECTED_HASH_EQUAL');
  // Who does not say that something was written there has a difference that nothing explains: it blocks.
  assert.equal(
    cents(venue.claims({}, {}, { corrections: { commands: [], deviations: [], keepHalts: true } }).unexplained),
    '10000.00',
  );
});

test('what an earlier round took back too much is given back by the next one, to the last unit; what it took too little is taken', () => {
  const venue = new IncidentForTest();
  const market = venue.market();
  venue.price(market, 100);
  const lucky = venue.trader(1_000);
  venue.deposit(INSURANCE_FUND, 1_000);
  venue.isGood();
  venue.deviate([{ table: 'account', row: lucky, column: 'balanceLow', index: 0, value: 6_000 * USDC }]);
  venue.price(market, 101);
  const takenBefore = (usdc: number): Statement =>
    statementOf(venue.claims({}, {}, { reversedBefore: new Map([[lucky, BigInt(usdc * USDC)]]) }), lucky);
  const right = takenBefore(5_000);
  assert.deepEqual([right.reversed, right.returned, right.refund], ['0', '0', '0']);
  const less = takenBefore(4_000);
  assert.deepEqual([cents(less.reversed), less.returned, less.refund], ['1000.00', '0', '0']);
  const more = takenBefore(5_300);
  assert.deepEqual([more.reversed, cents(more.returned), cents(more.refund)], ['0', '300.00', '300.00']);
  assert.equal(more.reason, 'GIVEN_BACK');
  // Both rounds carried out: everybody has what they would have had, and a round behind them has nothing to do.
  const id = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);
  venue.submit((buffer, timeMs) => buffer.reverseCredit(timeMs, lucky, 5_300 * USDC, id(1)));
  venue.submit((buffer, timeMs) => buffer.reserveRefund(timeMs, lucky, Number(more.refund), id(2)));
  venue.submit((buffer, timeMs) => buffer.postRefund(timeMs, id(2)));
  const after = venue.claims();
  assert.equal(after.conservation.residual, 0n);
  assert.equal(after.unexplained, 0n);
  const { difference, refund: due, reversed } = statementOf(after, lucky);
  assert.deepEqual([difference, due, reversed], ['0', '0', '0']);
});

test('an order that a halt kept out is goodwill and not paid without a claim; who would have sold it gained', () => {
  const venue = new IncidentForTest();
  const market = venue.market({ INITIAL_MARGIN: 60_000, PRICE_BAND: 100_000 });
  venue.price(market, 3_200);
  const [buyer, seller] = [venue.trader(10_000), venue.trader(10_000)];
  venue.place(seller, market, { sell: true, price: 3_200, size: 100 });
  venue.isGood();
  venue.submit((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.CANCEL_ONLY, 0));
  venue.place(buyer, market, { price: 3_200, size: 100 });
  venue.submit((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.OK, 0));
  venue.price(market, 3_300);
  const halted = venue.claims({ keepHalts: true });
  assert.equal(statementOf(halted, buyer).difference, '0');
  const claims = venue.claims({ keepHalts: false });
  assert.equal(claims.conservation.residual, 0n);
  assert.equal(claims.unexplained, 0n);
  const { causes, reason, refund: due } = statementOf(claims, buyer);
  assert.deepEqual(
    causes.map(({ cause, amount }) => [cause, cents(amount)]),
    [['order_inability', '100.00']],
  );
  assert.deepEqual([reason, due], ['OUTSIDE_POLICY', '0']);
  assert.equal(cents(statementOf(claims, seller).difference), '-100.00');
  const goodwill = { tiers: { ...DEFAULT_POLICY.tiers, order_inability: 'T1' as const } };
  assert.equal(refund(venue.claims({ keepHalts: false }, goodwill), buyer), '100.00');
});

test('what was paid in an earlier round is not paid again, and a refund that was posted is part of what an account has', () => {
  const { venue, long } = forcedSale();
  const first = BigInt(statementOf(venue.claims(), long).refund);
  const again = venue.claims({}, {}, { paidBefore: new Map([[long, first]]) });
  assert.equal(statementOf(again, long).refund, '0');
  assert.equal(statementOf(again, long).reason, 'PAID_BEFORE');
  venue.deposit(INSURANCE_FUND, 10_000);
  const id = new Uint8Array(16).fill(1);
  venue.submit((buffer, timeMs) => buffer.reserveRefund(timeMs, long, Number(first), id));
  const posted = venue.submit((buffer, timeMs) => buffer.postRefund(timeMs, id));
  assert.equal(all(posted, 'refundPosted').length, 1);
  const after = venue.claims();
  assert.equal(after.conservation.residual, 0n);
  assert.equal(after.unexplained, 0n);
  assert.equal(statementOf(after, long).difference, '0');
});

test('an account that was opened behind the last good block is assessed and listed apart; all others are those of the start', () => {
  let later = 0;
  const { venue, long } = forcedSale((incident) => {
    later = incident.trader(500);
  });
  const claims = venue.claims();
  assert.equal(claims.ofStartingRoot, venue.state.account.rows - 2);
  const claim = claims.claims.find(({ account }) => account === later);
  assert.equal(claim?.isOfStart, false);
  assert.equal(claim?.statement.reason, 'CREATED_LATER');
  assert.equal(claims.claims.find(({ account }) => account === long)?.isOfStart, true);
  assert.equal(claims.claims.filter(({ isOfStart }) => isOfStart).length, claims.ofStartingRoot);
});
