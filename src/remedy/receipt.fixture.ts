// Statements of invented accounts, whose numbers agree with each other and with a policy.
import type { AwardStatement } from './award.ts';
import { CAUSE_NAMES, type Cause } from './cause.ts';
import type { Reason } from './claim.ts';
import type { PolicyDocument, Tier } from './policy-document.ts';
import { makeReceipts, type ReceiptOptions, type Receipts } from './receipt.ts';
import { chainAmountOf, dueOf, excludedOf, type InterestSpan } from './statement-amounts.ts';
import type { CauseAmount, ChainStatement, CloseStatement, Flow, Statement } from './statement.ts';
import { toHex } from '../chain/digest.ts';
import { policyHash } from './policy-document.ts';

const CLAIMED: readonly Cause[] = ['voluntary_fill', 'rollback', 'panic_close'];
const tierOf = (cause: Cause): Tier => (CLAIMED.includes(cause) ? 'T2' : cause === 'order_inability' ? 'T3' : 'T1');

/** A policy like the default one, with these members instead. */
export function policyLike(members: Partial<PolicyDocument> = {}): PolicyDocument {
  return {
    format: 'makewhole-policy/1',
    version: 1,
    paragraphs: [{ number: 1, text: 'Nobody ends below where they stood — “as far as money can do it”.' }],
    pays: 'DE',
    netting: 'chain',
    windfalls: 'P1',
    bandPpm: 20_000,
    horizonPpm: 50_000,
    laterMs: 86_400_000,
    intervalLimit: '100000000000',
    smallFirst: '1000000000000',
    singleCap: { equityPpm: 20_000_000, least: '100000000000000' },
    interest: { ppmYear: 80_000, yearDays: 365, days: 'begun' },
    goodwill: '100000000',
    awards: { T2: '50000000000', T3: '5000000000' },
    tiers: Object.fromEntries(CAUSE_NAMES.map((cause) => [cause, tierOf(cause)])) as Record<Cause, Tier>,
    claimDays: { open: 30, decide: 5, review: 15 },
    ...members,
  };
}

const SPAN: InterestSpan = { fromMs: 1_768_796_874_000, toMs: 1_768_819_600_000 };

/** What happened to an account in one chain: by flow in the actual world, and by cause between the worlds. */
interface InventedChain {
  readonly markets: readonly number[];
  readonly flows: readonly (readonly [what: string, amount: bigint])[];
  readonly causes: readonly (readonly [cause: Cause, amount: bigint])[];
  readonly isForced?: boolean;
  readonly closes?: readonly CloseStatement[];
}

export interface InventedAccount {
  readonly account: number;
  readonly start: bigint;
  readonly chains: readonly InventedChain[];
  readonly members?: Partial<
    Pick<
      Statement,
      | 'interval'
      | 'notice'
      | 'awards'
      | 'netted'
      | 'paidBefore'
      | 'returned'
      | 'reversed'
      | 'reason'
      | 'forced'
      | 'warrants'
    >
  >;
}

const total = (list: readonly (readonly [string, bigint])[]): bigint =>
  list.reduce((sum, [, amount]) => sum + amount, 0n);

function chainStatement(policy: PolicyDocument, chain: InventedChain): ChainStatement {
  const causes = chain.causes.map(([cause, amount]): CauseAmount => ({ cause, amount: String(amount) }));
  const draft: ChainStatement = {
    markets: chain.markets,
    flows: chain.flows.map(([what, amount]): Flow => ({ what, amount: String(amount) })),
    causes,
    difference: String(total(chain.causes)),
    excluded: String(excludedOf(policy, causes)),
    loss: chain.isForced === true ? String(-total(chain.flows)) : null,
    closes: chain.closes ?? [],
    amount: '0',
  };
  return { ...draft, amount: String(chainAmountOf(policy, draft)) };
}

/** The statement of an invented account, by this policy. */
export function statementOf(policy: PolicyDocument, { account, start, chains, members }: InventedAccount): Statement {
  const stated = chains.map((chain) => chainStatement(policy, chain));
  const flows = stated.flatMap((chain) => chain.flows);
  const causes = stated.flatMap((chain) => chain.causes);
  const actual = start + chains.reduce((sum, chain) => sum + total(chain.flows), 0n);
  const difference = chains.reduce((sum, chain) => sum + total(chain.causes), 0n);
  const draft: Statement = {
    account,
    key: account.toString(16).padStart(64, 'a'),
    policy: toHex(policyHash(policy)),
    start: String(start),
    actual: { flows, end: String(actual) },
    other: {
      flows: [{ what: 'fills', amount: String(actual + difference - start) }],
      end: String(actual + difference),
    },
    difference: String(difference),
    causes,
    interval: null,
    notice: null,
    chains: stated,
    netted: '0',
    principal: '0',
    interest: '0',
    goodwill: '0',
    awards: [],
    paidBefore: '0',
    returned: '0',
    refund: '0',
    paid: '0',
    owed: '0',
    reversed: '0',
    reason: 'UNAFFECTED_HASH_EQUAL',
    forced: [],
    warrants: [],
    ...members,
  };
  const { principal, interest, goodwill, refund } = dueOf(policy, draft, SPAN);
  const owed = refund / 4n;
  const zero: Reason = difference < 0n ? 'GAIN_NOT_PURSUED' : difference === 0n ? 'EVEN' : 'OUTSIDE_POLICY';
  return {
    ...draft,
    principal: String(principal),
    interest: String(interest),
    goodwill: String(goodwill),
    refund: String(refund),
    paid: String(refund - owed),
    owed: String(owed),
    reason: members?.reason ?? (refund > 0n ? 'RESTORED' : zero),
  };
}

const DECIDED = {
  round: 1,
  evidence: 'c7'.repeat(32),
  paragraph: 1,
  reasons: 'the fills of the other venue were shown',
};

/**
 * Awards of 83 USDC by this policy: 10 lots elsewhere that cost 2 USDC a lot to have again, and 1 of costs; 10 lots bought back for fear at
 * 1 USDC beyond the band of 2 %; 2 of fills that the policy does not pay without a claim; 50 of goodwill, all that the policy gives.
 */
export const AWARDS: readonly AwardStatement[] = [
  {
    ...DECIDED,
    dispute: 1,
    cause: 'rollback',
    amount: '2100000000',
    basis: { market: 3, size: '10', price: '300000000', truePrice: '500000000', costs: '100000000' },
  },
  {
    ...DECIDED,
    dispute: 2,
    cause: 'panic_close',
    amount: '1000000000',
    basis: { market: 3, size: '-10', price: '610000000', truePrice: '500000000', costs: '0' },
  },
  { ...DECIDED, dispute: 4, cause: 'voluntary_fill', amount: '200000000', basis: null },
  { ...DECIDED, dispute: 7, cause: 'order_inability', amount: '5000000000', basis: null, evidence: null },
];

const usdc = (amount: number): bigint => BigInt(amount) * 100_000_000n;

/** A warrant as the guard writes it, of an account that was liquidated on the tick of this sequence. */
export function warrantOf(account: number, sequence: number): string {
  return JSON.stringify({
    id: `0-${sequence}-${account}-liquidate`,
    fork: 0,
    height: 40,
    sequence,
    timeMs: SPAN.fromMs,
    account,
    action: { kind: 'liquidate', share: 1_000_000 },
    markets: [{ market: 3, mark: '9200000000000', oracles: [{ source: 1, price: 92_000, timeMs: 5, sequence: 7 }] }],
    equity: { sealed: '1000000000000', now: '-42680000000' },
    maintenance: '184000000000',
    split: { price: '0', funding: '-1042680000000', fees: '0', trades: '0', transfers: '0', rules: '0' },
    residual: '0',
    checks: [
      ['I', 'status_allows', '', true, 'allowed', 'allowed'],
      ['II', 'unhealthy', '', true, 'equity -42680000000', 'below 184000000000 or nothing'],
      ['III', 'stillness', 'market 3', false, '9', '5'],
    ],
  });
}

const close = (market: number, size: number, price: number): CloseStatement => ({
  fork: 0,
  sequence: 9_001,
  market,
  size: String(size),
  price: String(price),
  penalty: '22400000000',
  eventPrice: '319500000000',
  laterPrice: '310000000000',
  restorationPrice: '324000000000',
  bestPrice: '326000000000',
});

/** Accounts of every kind: harmed, by several chains, lucky, untouched, the house's, with a question, reversed. */
export function inventedAccounts(policy: PolicyDocument): InventedAccount[] {
  const high = usdc(400);
  const low = usdc(380);
  const isNarrow = high - low <= BigInt(policy.intervalLimit);
  return [
    {
      account: 2,
      start: usdc(900_000),
      chains: [{ markets: [0], flows: [['fees', usdc(310)]], causes: [['penalty_and_fees', -usdc(310)]] }],
      members: { reason: 'HOUSE' },
    },
    {
      account: 3,
      start: usdc(1_980),
      chains: [
        {
          markets: [3],
          flows: [
            ['liquidations', -usdc(1_480)],
            ['penalties', -usdc(224)],
          ],
          causes: [
            ['liquidation_price', usdc(1_900)],
            ['penalty_and_fees', usdc(224)],
          ],
          isForced: true,
          closes: [close(3, 10, 305_000_000_000)],
        },
        {
          markets: [1, 2],
          flows: [
            ['fills', usdc(70)],
            ['fees', -1n],
          ],
          causes: [
            ['voluntary_fill', usdc(12)],
            ['funding', -usdc(5)],
          ],
        },
      ],
      members: {
        forced: [
          { fork: 0, sequence: 9_001, kind: 'liquidate', warrant: 0 },
          { fork: 0, sequence: 9_044, kind: 'deleverage', warrant: -1 },
        ],
        warrants: [warrantOf(3, 8_999)],
      },
    },
    { account: 4, start: usdc(10), chains: [] },
    {
      account: 7,
      start: usdc(5_000),
      chains: [{ markets: [3], flows: [['funding', usdc(10_426)]], causes: [['funding', -usdc(10_426)]] }],
      members: { reversed: String(usdc(10_000)), reason: 'GAIN_REVERSED' },
    },
    {
      account: 8,
      start: usdc(30),
      chains: [{ markets: [3], flows: [['funding', usdc(4)]], causes: [['funding', -usdc(4)]] }],
      members: { returned: String(usdc(6)), reason: 'GIVEN_BACK' },
    },
    {
      account: 1_000_000,
      start: 0n,
      chains: [{ markets: [1], flows: [['fills', 5n]], causes: [['trigger', isNarrow ? high : low]] }],
      members: { interval: { low: String(low), high: String(high) } },
    },
    {
      account: 1_000_001,
      start: 77n,
      chains: [{ markets: [0], flows: [], causes: [['funding', -1n]] }],
      members: { reason: 'CREATED_LATER' },
    },
    {
      account: 1_000_002,
      start: usdc(40),
      chains: [
        { markets: [5], flows: [['taken', -usdc(9)]], causes: [['liquidation_price', usdc(9)]], isForced: true },
      ],
      members: { paidBefore: String(usdc(12)), reason: 'PAID_BEFORE' },
    },
    {
      account: 1_000_003,
      start: usdc(70),
      chains: [{ markets: [3], flows: [], causes: [['voluntary_fill', usdc(2)]] }],
      members: { awards: AWARDS, paidBefore: String(usdc(20)), reason: 'AWARDED' },
    },
  ];
}

/** Receipts of these statements, with a secret that the tests know. */
export function receiptsOf(
  policy: PolicyDocument,
  statements: readonly Statement[],
  members: Partial<ReceiptOptions> = {},
): Receipts {
  const incident = new Uint8Array(32).fill(7);
  const secret = new Uint8Array(32).fill(9);
  return makeReceipts({ incident, policy, round: 1, interest: SPAN, secret, ...members }, statements);
}
