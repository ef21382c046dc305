// The worked examples of the definition of what is owed, to the cent, through the engine and both worlds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRecord } from '../../src/engine/event.ts';
import { INSTRUCTION, ORDER_KIND } from '../../src/engine/flags.ts';
import { RULE } from '../../src/engine/rules.ts';
import { FEE_ACCOUNT, INSURANCE_FUND } from '../../src/engine/state.ts';
import { all, only } from '../../src/engine/venue.fixture.ts';
import type { Claims } from '../../src/remedy/claims.ts';
import type { PolicyName } from '../../src/remedy/refund-policy.ts';
import type { Statement } from '../../src/remedy/statement.ts';
import { cents, IncidentForTest } from './remedy-venue.fixture.ts';

function statementOf({ claims }: Claims, account: number): Statement {
  const claim = claims.find((each) => each.account === account);
  assert.ok(claim, `account ${account} was not assessed`);
  return claim.statement;
}

/** What must hold of every run before anything is paid. */
function requireExact(claims: Claims, venue: IncidentForTest): void {
  assert.equal(claims.conservation.residual, 0n, 'conservation');
  assert.equal(claims.unexplained, 0n, 'attribution');
  assert.equal(claims.writtenResidual, 0n, 'written');
  assert.equal(claims.claims.length, venue.state.account.rows - 1, 'every account has its claim');
}

const difference = (claims: Claims, account: number): string => cents(statementOf(claims, account).difference);
const refund = (claims: Claims, account: number): string => cents(statementOf(claims, account).refund);
const partOf = (claims: Claims, account: number, cause: string): string =>
  cents(statementOf(claims, account).causes.find((each) => each.cause === cause)?.amount ?? 0n);

function equityOf(event: EventRecord<'liquidated'>): string {
  return cents(BigInt(event.equityHigh) * (1n << 50n) + BigInt(event.equityLow));
}

/** Liquidations take everything at once, in markets whose maintenance margin is 1 %. */
function venueAt(ticks: number, changes = {}): { venue: IncidentForTest; market: number } {
  const venue = new IncidentForTest();
  const market = venue.market({ INITIAL_MARGIN: 20_000, MAINTENANCE_FACTOR: 500_000, PRICE_BAND: 100_000, ...changes });
  venue.setRule(RULE.liquidation_step, 1_000_000);
  venue.price(market, ticks);
  return { venue, market };
}

// E0 ————————————————————————————————————————————————————————————————————————————————————————————————————————————————————

/** 2 BTC at 92,000, lots of 0.001; the index stands at 5,213.40 and is zeroed; the short has `collateral`. */
function phantomFunding(collateral: number): {
  venue: IncidentForTest;
  short: number;
  long: number;
  liquidated: EventRecord<'liquidated'>[];
} {
  const { venue, market } = venueAt(92_000, { SIZE_STEP: 1e9 });
  const index = (usdc: number): void =>
    venue.preset([
      { table: 'market', row: market, column: 'fundingIndex', index: 0, value: Math.round(usdc * 1e5 * 1e6) },
    ]);
  index(5_211.7);
  const [short, long] = [venue.trader(collateral - 3.4), venue.trader(500_000)];
  venue.trade(long, short, market, 1_999, 92_000);
  index(5_213.4);
  // The last lot settles the rest: a true accrual of 1.70 on almost 2 BTC, to which a deposit adds up to 3.40.
  venue.trade(long, short, market, 1, 92_000);
  venue.deposit(short, 3.4 - 1.999 * 1.7);
  venue.isGood();
  venue.deviate([{ table: 'market', row: market, column: 'fundingIndex', index: 0, value: 0 }]);
  const events = venue.price(market, 92_000);
  return { venue, short, long, liquidated: all(events, 'liquidated') };
}

test('E0: an index zeroed at 5,213.40 charges a short of 2 BTC 10,426.80: with 10,000 it is gone, with 20,000 it is not', () => {
  const poor = phantomFunding(10_000);
  assert.deepEqual(
    poor.liquidated.map((event) => [event.account, equityOf(event)]),
    [[poor.short, '-426.80']],
  );
  const claims = poor.venue.claims();
  requireExact(claims, poor.venue);
  assert.equal(difference(claims, poor.short), '10426.80');
  assert.equal(partOf(claims, poor.short, 'funding'), '10426.80');
  assert.equal(refund(claims, poor.short), '10426.80');
  assert.equal(statementOf(claims, poor.short).reason, 'RESTORED');

  const rich = phantomFunding(20_000);
  assert.deepEqual(rich.liquidated, []);
  const none = rich.venue.claims();
  requireExact(none, rich.venue);
  // Nobody settled by the false index: with the true one again, nobody lacks anything.
  assert.equal(difference(none, rich.short), '0.00');
  assert.equal(statementOf(none, rich.short).reason, 'UNAFFECTED_HASH_EQUAL');
});

test('E0, the other side: 10,426.80 of phantom funding that a long settled is taken back, and nothing else of it', () => {
  const { venue, long, short } = phantomFunding(20_000);
  const other = venue.trader(500_000);
  // A lot more settles the long by the false index.
  venue.trade(long, other, 1, 1, 92_000);
  const claims = venue.claims();
  requireExact(claims, venue);
  assert.equal(difference(claims, long), '-10426.80');
  assert.equal(cents(statementOf(claims, long).reversed), '10426.80');
  assert.equal(statementOf(claims, long).reason, 'GAIN_REVERSED');
  assert.equal(difference(claims, short), '0.00');
  const kept = venue.claims({}, { windfalls: 'P0' });
  assert.equal(statementOf(kept, long).reversed, '0');
  assert.equal(statementOf(kept, long).reason, 'GAIN_NOT_PURSUED');
});

// E1, E10 ———————————————————————————————————————————————————————————————————————————————————————————————————————————————

/** Long 10 ETH from 3,200 with 2,000; sold by force at 3,050 with a penalty of 224 while the true price was 3,195. */
function forcedSale(): { venue: IncidentForTest; market: number; long: number } {
  // 3 % maintenance: at 3,050 an equity of 500 is below 915.
  const { venue, market } = venueAt(3_200, { INITIAL_MARGIN: 60_000 });
  const [long, short] = [venue.trader(2_000), venue.trader(100_000)];
  venue.setRule(RULE.liquidation_fee, 244_809);
  venue.trade(long, short, market, 1_000, 3_200);
  venue.price(market, 3_198);
  venue.isGood();
  const events = venue.wrongPrice(market, 3_050, 3_195);
  const taken = only(events, 'liquidated');
  assert.deepEqual([taken.account, cents(BigInt(taken.penalty))], [long, '224.00']);
  const minute = 60_000;
  venue.price(market, 3_260, minute);
  venue.price(market, 3_100, minute);
  venue.price(market, 3_240, minute);
  return { venue, market, long };
}

test('E1: each policy pays for one forced sale what the table says, and interest of 8 % for 7 days is 3.26', () => {
  const { venue, long } = forcedSale();
  const expected: Record<PolicyName, string> = {
    A: '224.00',
    B: '1674.00',
    C: '724.00',
    D: '2124.00',
    E: '1704.00',
    F: '2324.00',
    G: '2124.00',
    DE: '2124.00',
  };
  for (const [pays, amount] of Object.entries(expected)) {
    // Two minutes later the price is 3,100: the fixed later time of policy C.
    const claims = venue.claims({}, { pays: pays as PolicyName, laterMs: 120_000 });
    requireExact(claims, venue);
    assert.equal(refund(claims, long), amount, `policy ${pays}`);
  }
  const week = { fromMs: 0, toMs: 7 * 86_400_000 };
  const claims = venue.claims({}, { interest: { ppmYear: 80_000, yearDays: 365, days: 'begun' } }, { interest: week });
  assert.equal(cents(statementOf(claims, long).interest), '3.26');
  assert.equal(refund(claims, long), '2127.26');
});

test('E1: the parts of the loss are the price and the penalty, and the fund has what the account lacks', () => {
  const { venue, long } = forcedSale();
  const claims = venue.claims();
  assert.equal(partOf(claims, long, 'liquidation_price'), '1900.00');
  assert.equal(partOf(claims, long, 'penalty_and_fees'), '224.00');
  assert.equal(difference(claims, INSURANCE_FUND), '-2124.00');
  assert.equal(cents(claims.returned), '2124.00');
  const [chain] = statementOf(claims, long).chains;
  assert.equal(cents(chain?.loss ?? 0n), '1704.00');
});

test('E10: who is short 10 ETH elsewhere comes out even by restoration, and lacks 450 by the price at the event', () => {
  const { venue, long } = forcedSale();
  const elsewhere = 10n * (3_200n - 3_240n);
  const total = (pays: PolicyName): string => {
    const { actual, refund: paid } = statementOf(venue.claims({}, { pays }), long);
    return cents(BigInt(actual.end) + BigInt(paid) + elsewhere * 100_000_000n);
  };
  assert.equal(total('D'), '2000.00');
  assert.equal(total('B'), '1550.00');
});

// E2 ————————————————————————————————————————————————————————————————————————————————————————————————————————————————————

test('E2: liquidated wrongly at 88,000 and anyway at 87,200: 3,990 better off, which nobody pursues', () => {
  const { venue, market } = venueAt(90_000);
  const [long, short] = [venue.trader(14_300), venue.trader(1_000_000)];
  venue.setRule(RULE.liquidation_fee, 70_454);
  venue.trade(long, short, market, 500, 90_000);
  venue.isGood();
  const wrong = only(venue.wrongPrice(market, 88_000, 90_000), 'liquidated');
  assert.equal(cents(BigInt(wrong.penalty)), '310.00');
  venue.price(market, 87_200);
  const claims = venue.claims();
  requireExact(claims, venue);
  assert.equal(difference(claims, long), '-3990.00');
  assert.equal(partOf(claims, long, 'liquidated_anyway'), '-3990.00');
  assert.equal(refund(claims, long), '0.00');
  assert.equal(statementOf(claims, long).reason, 'LIQUIDATED_ANYWAY');
  assert.equal(statementOf(claims, long).reversed, '0');
});

test('E2: liquidated wrongly at 86,100 and anyway at 87,200: 5,510 is paid, and not the whole way to the entry', () => {
  const { venue, market } = venueAt(90_000, { INITIAL_MARGIN: 30_000, MAINTENANCE_FACTOR: 1_000_000 });
  const [long, short] = [venue.trader(24_500), venue.trader(1_000_000)];
  venue.setRule(RULE.liquidation_fee, 24_003);
  venue.trade(long, short, market, 500, 90_000);
  venue.isGood();
  const wrong = only(venue.wrongPrice(market, 86_100, 90_000), 'liquidated');
  assert.equal(cents(BigInt(wrong.penalty)), '310.00');
  venue.setRule(RULE.liquidation_fee, 22_936);
  venue.price(market, 87_200);
  const claims = venue.claims();
  requireExact(claims, venue);
  assert.equal(refund(claims, long), '5510.00');
  assert.equal(partOf(claims, long, 'liquidated_anyway'), '5510.00');
});

// E5, E8 ————————————————————————————————————————————————————————————————————————————————————————————————————————————————

/** The cascade in PAXG: 400 sold by force at 4,400, then 30 at 4,350 because of it; the fair price was 4,600 all the time. */
function cascade(): { venue: IncidentForTest; a: number; b: number; c: number; makers: readonly [number, number] } {
  const { venue, market } = venueAt(4_600);
  const [a, b, c] = [venue.trader(89_000), venue.trader(8_200), venue.trader(100_000)];
  const makers = [venue.trader(2_000_000), venue.trader(2_000_000)] as const;
  const short = venue.trader(5_000_000);
  venue.trade(a, short, market, 40_000, 4_600);
  venue.trade(b, short, market, 3_000, 4_600);
  venue.isGood();
  const first = only(venue.wrongPrice(market, 4_400, 4_600), 'liquidated');
  assert.deepEqual([first.account, cents(BigInt(first.penalty))], [a, '9000.00']);
  const second = only(venue.wrongPrice(market, 4_350, 4_600), 'liquidated');
  assert.deepEqual([second.account, cents(BigInt(second.penalty))], [b, '700.00']);
  venue.place(makers[0], market, { price: 4_409, size: 30_000 });
  venue.place(makers[1], market, { price: 4_410, size: 8_000 });
  venue.place(c, market, { price: 4_300, size: 5_000 });
  const sells = { sell: true, price: 4_300, size: 43_000, instruction: INSTRUCTION.IOC, reduceOnly: true };
  assert.equal(all(venue.place(INSURANCE_FUND, market, sells), 'filled').length, 3);
  venue.price(market, 4_600);
  return { venue, a, b, c, makers };
}

test('E5, E8: the cascade: whoever lost lacks it, whoever bought has it, and all of it sums to nothing', () => {
  const { venue, a, b, c, makers } = cascade();
  const claims = venue.claims();
  requireExact(claims, venue);
  assert.equal(difference(claims, a), '89000.00');
  assert.equal(difference(claims, b), '8200.00');
  assert.equal(difference(claims, c), '-15000.00');
  const made = makers.reduce((sum, maker) => sum + BigInt(statementOf(claims, maker).difference), 0n);
  assert.equal(cents(made), '-72500.00');
  assert.equal(difference(claims, INSURANCE_FUND), '-9700.00');
  const all = claims.claims.reduce((sum, { statement }) => sum + BigInt(statement.difference), 0n);
  assert.equal(all, 0n);
  // P0: the fund returns the penalties, the house pays the rest, winners keep what they have.
  const due = claims.claims.reduce((sum, { statement }) => sum + BigInt(statement.refund), 0n);
  assert.equal(cents(due - claims.returned), '87500.00');
  assert.equal(claims.reversed, 0n);
  assert.equal(statementOf(claims, c).reason, 'GAIN_NOT_PURSUED');
});

test('E5, E8 by P2: fills against the forced flow are adjusted to 4,508: C gives back 10,400, the makers 37,540', () => {
  const { venue, c, makers } = cascade();
  const claims = venue.claims({}, { windfalls: 'P2', bandPpm: 20_000 });
  requireExact(claims, venue);
  assert.equal(cents(statementOf(claims, c).reversed), '10400.00');
  const given = makers.reduce((sum, maker) => sum + BigInt(statementOf(claims, maker).reversed), 0n);
  assert.equal(cents(given), '37540.00');
  const due = claims.claims.reduce((sum, { statement }) => sum + BigInt(statement.refund), 0n);
  assert.equal(cents(due - claims.returned - claims.reversed), '39560.00');
  assert.equal(statementOf(claims, FEE_ACCOUNT).reason, 'HOUSE');
});

// E6 ————————————————————————————————————————————————————————————————————————————————————————————————————————————————————

test('E6: 900 lost and 1,100 gained in one market, 250 lost in another: gross 1,150, whole account 50, by chain 250', () => {
  const { venue, market: first } = venueAt(3_200);
  const second = venue.market({ INITIAL_MARGIN: 20_000, MAINTENANCE_FACTOR: 500_000, PRICE_BAND: 200_000 });
  venue.price(second, 3_000);
  const [trader, maker, seller] = [venue.trader(100_000), venue.trader(1_000_000), venue.trader(100_000)];
  const stop = (size: number, trigger: number) => ({ kind: ORDER_KIND.STOP_LOSS_MARKET, sell: true, size, trigger });
  venue.trade(trader, maker, first, 1_000, 3_200);
  venue.trade(trader, maker, second, 100, 3_000);
  venue.trade(seller, maker, first, 1_000, 3_200);
  venue.isGood();
  venue.place(maker, first, { price: 3_110, size: 1_000 });
  venue.place(maker, second, { price: 2_750, size: 100 });
  venue.place(trader, first, stop(1_000, 3_150));
  venue.place(trader, second, stop(100, 2_900));
  // Both stops fire at prices that are false; then somebody else's stop sells to the trader, who bids on.
  venue.wrongPrice(first, 3_120, 3_200);
  venue.wrongPrice(second, 2_800, 3_000);
  venue.place(trader, first, { price: 3_090, size: 1_000 });
  venue.place(seller, first, stop(1_000, 3_100));
  venue.wrongPrice(first, 3_095, 3_200);
  venue.price(first, 3_200);
  venue.price(second, 3_000);
  for (const [netting, amount] of [
    ['gross', '1150.00'],
    ['account', '50.00'],
    ['chain', '250.00'],
  ] as const) {
    const claims = venue.claims({}, { netting });
    requireExact(claims, venue);
    assert.equal(difference(claims, trader), '50.00');
    assert.equal(partOf(claims, trader, 'trigger'), '1150.00');
    assert.equal(partOf(claims, trader, 'voluntary_fill'), '-1100.00');
    assert.equal(refund(claims, trader), amount, netting);
  }
});
