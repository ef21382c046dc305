// An invented incident, like the one of 19 January 2026, as public documents: what the report is written from in tests.
import { type Dossier, type MarketSeries, type Point, type PublicDivergence, dossierHash } from '../dossier.ts';
import { DEFAULT_POLICY } from '../default-policy.ts';
import { toHex } from '../../chain/digest.ts';
import { policyHash } from '../policy-document.ts';
import type { MeasuredOption, ReportInput } from './report-input.ts';

const START_MS = 1_768_796_874_000;
const MINUTE = 60_000;
const hash = (digit: string): string => digit.repeat(64);
const usdc = (amount: number): string => String(BigInt(Math.round(amount * 100)) * 1_000_000n);

/** Funding index in 1e-6 price units, of which a thousand are a USDC: right throughout, but for a stretch in which the venue has another one. */
function indexSeries(market: string, index: number, rate: number): MarketSeries {
  const points = Array.from({ length: 73 }, (_, at): Point => {
    const other = BigInt(Math.round((index + rate * at) * 1e9));
    const isFalse = at >= 6 && at < 51;
    return {
      timeMs: START_MS + at * 5 * MINUTE,
      actual: String(isFalse ? BigInt(Math.round(rate * (at - 6) * 1e9)) : other),
      other: String(other),
    };
  });
  return { market, what: 'funding index', unitsUsdc: '1000', points };
}

function equity(): Point[] {
  return Array.from({ length: 73 }, (_, at): Point => {
    const other = 3_214_500 + 900 * at + ((at * 7919) % 13) * 1_700;
    const lost = at < 6 ? 0 : Math.min(648_200, (at - 5) * (at - 5) * 41_000);
    return { timeMs: START_MS + at * 5 * MINUTE, actual: usdc(other - lost), other: usdc(other) };
  });
}

function divergence(): PublicDivergence[] {
  const markets: readonly (readonly [string, number])[] = [
    ['BTC-USD-PERP', 21_000],
    ['ETH-USD-PERP', 14_000],
    ['PAXG-USD-PERP', 96_000],
    ['SOL-USD-PERP', 4_000],
  ];
  return markets.flatMap(([market, most], row) =>
    Array.from({ length: 90 }, (_, at): PublicDivergence => {
      const different = Math.max(
        0,
        Math.round((most / 1_000_000) * 400 * Math.max(0, 1 - Math.abs(at - 30 - row * 6) / 26)),
      );
      const divergencePpm = Math.floor((different * 1_000_000) / 400);
      return {
        market,
        minuteMs: START_MS - (START_MS % MINUTE) + (at + 30) * MINUTE,
        orders: 400,
        different,
        divergencePpm,
        volumePpm: Math.floor(divergencePpm / 3),
      };
    }).filter(({ different }) => different > 0),
  );
}

const at = (minutes: number): number => START_MS + minutes * MINUTE;

const MARKETS: readonly (readonly [string, number, number])[] = [
  ['BTC-USD-PERP', 5_213.4, 0.31],
  ['ETH-USD-PERP', 204.11, 0.012],
  ['PAXG-USD-PERP', -61.7, -0.004],
  ['SOL-USD-PERP', 11.92, 0.0008],
  ['XRP-USD-PERP', 0.2214, 0.00002],
];

export const DOSSIER: Dossier = {
  format: 'makewhole-dossier/1',
  round: 1,
  previous: null,
  case: {
    hash: hash('1'),
    name: 'paradex-2026-01-19',
    reason:
      'In a maintenance that was planned, a service came back before the data that it publishes, and the funding indexes of some markets were set to zero. Positions were charged their market’s whole lifetime of funding at once: shorts lost what longs gained, accounts that were healthy were liquidated, and the venue was stopped.',
    mode: 'replay',
    from: { fork: 0, height: 16_047, stateRoot: hash('2'), timeMs: START_MS },
    to: { fork: 1, height: 16_121, stateRoot: hash('3'), timeMs: at(360) },
    keepHalts: true,
    correctedCommands: 4,
    deviations: 1,
    corrections: hash('4'),
    markets: MARKETS.map(([market]) => market),
    restorationMs: at(379),
  },
  policy: { hash: toHex(policyHash(DEFAULT_POLICY)), document: DEFAULT_POLICY },
  accounts: {
    assessed: 4_812,
    ofStartingRoot: 4_809,
    createdLater: 3,
    refunded: 212,
    gained: 178,
    unaffected: 4_377,
    questions: 'fewer than 5',
  },
  reasons: [
    { reason: 'RESTORED', accounts: 171 },
    { reason: 'RESTORED_BEFORE', accounts: 41 },
    { reason: 'GAIN_NOT_PURSUED', accounts: 178 },
    { reason: 'LIQUIDATED_ANYWAY', accounts: 14 },
    { reason: 'UNAFFECTED_HASH_EQUAL', accounts: 4_377 },
    { reason: 'EVEN', accounts: 24 },
    { reason: 'HOUSE', accounts: 'fewer than 5' },
    { reason: 'CREATED_LATER', accounts: 'fewer than 5' },
  ],
  forced: {
    wrongful: { count: 341, accounts: 201, notional: usdc(8_402_118.4) },
    legitimate: { count: 19 },
  },
  totals: {
    refund: usdc(650_431.77),
    paid: usdc(650_431.77),
    owed: '0',
    dust: '0',
    interest: usdc(142.53),
    goodwill: '0',
    gainsNotPursued: usdc(88_213.09),
    reversed: usdc(12_004),
  },
  mitigation: { accounts: 7, cost: usdc(4_120.75) },
  awards: [],
  causes: [
    { cause: 'liquidation_price', amount: usdc(402_118.24), accounts: 201 },
    { cause: 'funding', amount: usdc(171_902.1), accounts: 63 },
    { cause: 'penalty_and_fees', amount: usdc(83_411.5), accounts: 201 },
    { cause: 'trigger', amount: usdc(9_204), accounts: 17 },
    { cause: 'voluntary_fill', amount: usdc(-18_106.2), accounts: 29 },
    { cause: 'several', amount: usdc(1_759.6), accounts: 6 },
  ],
  distribution: [
    { from: '1', to: usdc(100), accounts: 38, total: usdc(1_902.4) },
    { from: usdc(100), to: usdc(1_000), accounts: 88, total: usdc(39_411.9) },
    { from: usdc(1_000), to: usdc(10_000), accounts: 71, total: usdc(244_019.11) },
    { from: usdc(10_000), to: null, accounts: 15, total: usdc(365_098.36) },
  ],
  fund: {
    balance: usdc(4_120_000),
    sharePpm: 157_871,
    sources: [
      { source: 'returned by the fund', amount: usdc(81_200) },
      { source: 'reversed credits', amount: usdc(12_004) },
      { source: 'house', amount: usdc(557_227.77) },
    ],
    suffices: true,
  },
  conservation: {
    before: usdc(61_204_118.33),
    actual: { equities: '6132011833000017', clearing: '4', external: '11590000000021' },
    other: { equities: '6132011833000019', clearing: '2', external: '11590000000021' },
    residual: '0',
    attributionResidual: '0',
  },
  divergence: { horizonPpm: 50_000, minutes: divergence(), byReference: ['PAXG-USD-PERP'] },
  timeline: [
    { timeMs: at(0), fork: 0, height: 16_047, what: 'The last good block; maintenance begins.' },
    {
      timeMs: at(31),
      fork: 0,
      height: 16_052,
      what: 'Funding indexes of five markets are zero: the first wrong charge.',
    },
    { timeMs: at(33.4), fork: 0, height: 16_053, what: 'First liquidation that would not have happened.' },
    { timeMs: at(52), fork: 0, height: 16_058, what: 'The venue is stopped; withdrawals stay pending.' },
    { timeMs: at(254), fork: 1, height: 16_101, what: 'Rolled back to block 16047; trading goes on as fork 1.' },
    { timeMs: at(371), fork: 1, height: 16_125, what: 'Liquidations are allowed again, last of all.' },
  ],
  halts: [
    { what: 'MAINTENANCE', market: null, fromMs: at(0), toMs: at(31) },
    { what: 'all trading', market: null, fromMs: at(52), toMs: at(254) },
    { what: 'withdrawals', market: null, fromMs: at(0), toMs: null },
    { what: 'post-only', market: 'PAXG-USD-PERP', fromMs: at(254), toMs: at(300) },
  ],
  markets: [
    ...MARKETS.map(([market, index, rate]) => indexSeries(market, index, rate)),
    { ...indexSeries('PAXG-USD-PERP', 4_602, 0.3), what: 'mark', unitsUsdc: '2000000000/2' },
  ],
  harmedEquity: equity(),
  rollback: {
    forkId: 1,
    restores: { height: 16_047, root: hash('2') },
    deadHead: { height: 16_100, root: hash('5'), hash: hash('6') },
    carriedDeposits: 11,
    carriedWithdrawals: 2,
    fates: { carried: 13, voided_order: 20_411, voided_tick: 318, voided_forced_action: 360, voided_refused: 2_114 },
    receivables: usdc(7_000),
    custodyIdentity: true,
  },
  roots: {
    format: 'makewhole-roots/1',
    incident: hash('1'),
    policy: toHex(policyHash(DEFAULT_POLICY)),
    round: 1,
    interest: { fromMs: START_MS, toMs: at(379) },
    refundRoot: hash('7'),
    total: usdc(650_431.77),
    sumRoot: hash('8'),
    leaves: 4_812,
  },
  effect: hash('9'),
  checks: [
    { name: 'conservation', holds: true, detail: 'residual 0' },
    { name: 'attribution', holds: true, detail: 'largest residual 0' },
    { name: 'completeness', holds: true, detail: '4,809 leaves of the starting root, 4,809 accounts in it' },
    { name: 'second verifier', holds: true, detail: '4,812 of 4,812 receipts hold' },
    { name: 'fund', holds: true, detail: '650,431.77 of 4,120,000.00' },
    { name: 'single cap', holds: true, detail: 'no refund above it' },
  ],
};

function option(harmed: number, benefited: number, cost: number, trades: number, receivables: number): MeasuredOption {
  return {
    harmed: { accounts: harmed },
    benefited: { accounts: benefited },
    fundCost: usdc(cost),
    honestTradesUndone: { trades },
    receivables: usdc(receivables),
    debtors: receivables === 0 ? 0 : 5,
  };
}

/** The input of a report of that incident, with all that can be given. */
export const INPUT: ReportInput = {
  dossier: DOSSIER,
  dossierHash: toHex(dossierHash(DOSSIER)),
  notes: {
    format: 'makewhole-report-notes/1',
    rootCause: [
      'The loader of a restarted process copied the table of markets row by row and took a default where a column was not there yet. Nothing compared what it had loaded with the state root of the last block (`restore.ts`, change 4f1c).',
    ],
    detection: [
      'Users wrote that healthy positions were closed; the on-call engineer stopped the venue 21 minutes after the first wrong charge. No earlier layer looked at the step of an index, only at its value, and zero is a legal value.',
    ],
    decision: [
      'The window was short, few external effects had settled, and the replay showed that a forward fix would leave 212 accounts without the positions that they had: history was rolled back.',
    ],
    actions: [
      {
        what: 'State is loaded only if its root is the one of the last block',
        owner: 'exchange',
        due: '2 February 2026',
        test: 'restore-root',
      },
      {
        what: 'Steps of funding indexes are bounded at the door',
        owner: 'guard',
        due: '26 January 2026',
        test: 'matrix C01',
      },
    ],
  },
  options: {
    options: {
      do_nothing: option(212, 178, 0, 0, 0),
      forward_fix: option(4, 190, 702_400, 0, 0),
      rollback: option(6, 206, 57_210, 1_204, 7_000),
    },
    recommended: 'rollback',
    because: 'more accounts than the limit were wrongly forced, and the window is short',
  },
  approvals: [
    { key: hash('a'), expiryMs: at(411) },
    { key: hash('b'), expiryMs: at(418) },
  ],
  desk: {
    timeMs: at(9_000),
    opened: 31,
    undecided: 6,
    adjusted: 'fewer than 5',
    denied: 14,
    awarded: { T2: { awards: 8, amount: usdc(6_204.5) }, T3: { awards: 'fewer than 5', amount: null } },
    late: 0,
  },
  payout: {
    incident: hash('1'),
    round: 1,
    payments: 212,
    posted: 212,
    postedTotal: usdc(650_431.77),
    pendingTotal: '0',
    timeMs: at(430),
  },
};
