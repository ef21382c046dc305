/** The totals: by cause, by size, where the money comes from, and that nothing is missing. */
import { CAUSES } from '../cause.ts';
import type { Dossier } from '../dossier.ts';
import { divergenceChart } from './charts.ts';
import type { BarRow, Block, Section, Table } from './document.ts';
import type { ReportInput } from './report-input.ts';
import { countText, exactUsdcText, shareText, toldUsdcText, usdcText, wholeUsdcText } from './text.ts';

const size = (amount: string): number => Number(BigInt(amount)) / 1e8;

function causeBars({ causes }: Dossier): Block {
  const bars = causes.map(({ cause, amount, accounts }): BarRow => {
    const note = cause === 'several' ? 'causes of fewer than five accounts each, together' : CAUSES[cause];
    const texts = [usdcText(amount), countText(accounts)];
    return { label: cause.replaceAll('_', ' '), note, value: size(amount), texts };
  });
  return {
    kind: 'bars',
    caption: 'What the refunded accounts lack, by cause',
    columns: ['Cause', 'USDC', 'Accounts'],
    bars,
  };
}

function rangeText({ from, to }: Dossier['distribution'][number]): string {
  if (to === null) return BigInt(from) <= 1n ? 'any' : `${wholeUsdcText(from)} and more`;
  return BigInt(from) <= 1n ? `below ${wholeUsdcText(to)}` : `${wholeUsdcText(from)} to ${wholeUsdcText(to)}`;
}

function distributionBars({ distribution }: Dossier): Block {
  const bars = distribution.map(
    (bucket): BarRow => ({
      label: rangeText(bucket),
      note: '',
      value: bucket.accounts,
      texts: [countText(bucket.accounts), usdcText(bucket.total)],
    }),
  );
  return {
    kind: 'bars',
    caption: 'Refunds by size; five accounts or more in each group',
    columns: ['Refund, USDC', 'Accounts', 'Together, USDC'],
    bars,
  };
}

const SOURCES = {
  'returned by the fund': '… returned by the fund, which had gained it',
  'reversed credits': '… from wrong credits that were taken back',
  house: '… from the house',
} as const;

/**
 * What is refunded beyond what the refunded accounts lack, or less than it, in the first round: a chain in which an account gained is not
 * set against another in which it lost, and who was closed by force does not end below what there was before; some causes are paid on a
 * claim alone. In a later round it follows from no public number.
 */
function beyondFacts({ round, causes, totals }: Dossier): [string, string][] {
  const lacked = causes.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  const beyond = BigInt(totals.refund) - BigInt(totals.interest) - BigInt(totals.goodwill) - lacked;
  if (round > 1 || beyond === 0n) return [];
  return beyond > 0n
    ? [['… of it beyond what they lack, by the policy', `${usdcText(String(beyond))} USDC`]]
    : [['What they lack beyond it, not paid without a claim', `${usdcText(String(-beyond))} USDC`]];
}

function moneyFacts(dossier: Dossier): Block {
  const { totals, fund } = dossier;
  const beyond = beyondFacts(dossier);
  const sources = fund.sources.map(({ source, amount }): readonly [string, string] => [
    SOURCES[source],
    toldUsdcText(amount),
  ]);
  return {
    kind: 'facts',
    facts: [
      ['Refunds', `${usdcText(totals.refund)} USDC`],
      ['… of it interest', `${usdcText(totals.interest)} USDC`],
      ['… of it goodwill', `${usdcText(totals.goodwill)} USDC`],
      ...beyond,
      ...sources,
      ['Paid now', `${usdcText(totals.paid)} USDC`],
      ['Still owed', `${usdcText(totals.owed)} USDC`],
      ['Balance of the fund', `${usdcText(fund.balance)} USDC; the refunds are ${shareText(fund.sharePpm)} of it`],
      ['Gains that are not pursued', toldUsdcText(totals.gainsNotPursued)],
      ['Taken back of wrong credits', toldUsdcText(totals.reversed)],
      ['Left in the fund by rounding', `${exactUsdcText(totals.dust)} USDC`],
    ],
  };
}

function conservationTable({ conservation }: Dossier): Table {
  const { actual, other, before, residual } = conservation;
  const row = (name: string, of: 'equities' | 'clearing' | 'external'): string[] => {
    if (other === null) return [name, exactUsdcText(actual[of]), 'not told', 'not told'];
    const moved = BigInt(other[of]) - BigInt(actual[of]);
    return [name, exactUsdcText(actual[of]), exactUsdcText(other[of]), exactUsdcText(String(moved))];
  };
  return {
    caption: 'Conservation: nothing is created and nothing is lost, in USDC and to the last unit',
    columns: [
      { name: 'At the check time', isNumber: false },
      { name: 'As it was', isNumber: true },
      { name: 'As it would have been', isNumber: true },
      { name: 'Difference', isNumber: true },
    ],
    rows: [
      row('Equity of all accounts, the house’s among them', 'equities'),
      row('In clearing', 'clearing'),
      row('Deposits less withdrawals, since the venue began', 'external'),
      [
        'Deposits less withdrawals, up to the last good block',
        exactUsdcText(before),
        exactUsdcText(before),
        exactUsdcText('0'),
      ],
      ['Residual: equity + clearing − external', '', '', exactUsdcText(residual)],
    ],
  };
}

/** Prices of the check time are those of everybody who was told in time. */
function mitigationText({ mitigation: { accounts, cost } }: Dossier): string {
  if (accounts === 0)
    return 'Nobody is known to have been told later than everybody: all are valued at the check time.';
  return `Accounts that provably were told later: ${countText(accounts)}. They are valued at the prices of the time at which they knew and could act; what the market made of their differences until then (the mitigation window) is ${toldUsdcText(cost)}, which the house bears. Conservation is of the check time, at which all are valued alike.`;
}

/** 10: the totals. */
export function totalsSection({ dossier }: ReportInput): Section {
  const blocks: Block[] = [];
  if (dossier.causes.length > 0) blocks.push(causeBars(dossier));
  if (dossier.distribution.length > 0) blocks.push(distributionBars(dossier));
  const { other, attributionResidual } = dossier.conservation;
  blocks.push(moneyFacts(dossier), { kind: 'table', table: conservationTable(dossier) });
  if (other === null) {
    blocks.push({
      kind: 'paragraph',
      text: 'Fewer than five accounts brought money in, or took it out, in one of the worlds alone. The sums of the corrected world would tell how much it was, and are not told; their residual is.',
    });
  }
  blocks.push(
    { kind: 'paragraph', text: mitigationText(dossier) },
    {
      kind: 'paragraph',
      text: `For every account the causes sum to its difference; the largest residual of any is ${attributionResidual}.`,
    },
    {
      kind: 'paragraph',
      text: 'What was checked before anybody could approve. Amounts of this list are whole numbers of 0.00000001 USDC.',
    },
    { kind: 'checks', checks: dossier.checks },
  );
  return { id: 'totals', title: 'Totals', blocks };
}

/** 11: divergence and uncertainty. */
export function divergenceSection({ dossier }: ReportInput): Section {
  const { divergence, accounts } = dossier;
  const chart = divergenceChart(divergence);
  const reference =
    divergence.byReference.length === 0
      ? 'No market is beyond the horizon: every one is replayed.'
      : `Beyond the horizon, and valued by the reference instead of their replay: ${divergence.byReference.join(', ')}.`;
  const blocks: Block[] = [
    {
      kind: 'paragraph',
      text: `The corrected world replays what people asked for when they saw the false one. Where more than ${shareText(divergence.horizonPpm)} of the orders of a minute come out otherwise, that is no evidence any more. ${reference}`,
    },
    chart ?? { kind: 'paragraph', text: 'No order came out otherwise.' },
    ...(chart === undefined
      ? []
      : [
          {
            kind: 'paragraph' as const,
            text: 'Volume apart is what was traded less what would have been, or the other way round, as a share of what was traded: above 100 % where more than twice as much would have been traded.',
          },
        ]),
    { kind: 'paragraph', text: `Accounts with an open question: ${countText(accounts.questions)}.` },
  ];
  return { id: 'divergence', title: 'Divergence and uncertainty', blocks };
}
