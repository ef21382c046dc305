/** By which rule is paid, and the formula with an example. */
import { CAUSES, type Cause } from '../cause.ts';
import type { PolicyDocument } from '../policy-document.ts';
import { POLICIES } from '../refund-policy.ts';
import type { DeskFacts } from '../desk-facts.ts';
import type { Dossier } from '../dossier.ts';
import type { Block, Section } from './document.ts';
import type { ReportInput } from './report-input.ts';
import { countText, shareText, spanText, timeText, toldUsdcText, usdcText, wholeUsdcText } from './text.ts';
import { EXAMPLE_TEXT, exampleTable } from './worked-example.ts';

const NETTING = {
  chain: 'per causal chain: the markets that forced actions link',
  account: 'over the whole account',
  gross: 'not at all: each part by itself',
} as const;

const WINDFALLS = {
  P0: 'nothing is taken back of windfalls: the house pays',
  P1: 'what the system credited and nobody traded for is taken back, as far as it is still there',
  P2: 'the same, and fills against wrongful forced flow are adjusted to the edge of the band',
} as const;

function onClaim({ tiers }: PolicyDocument): string {
  const names = (Object.keys(CAUSES) as Cause[]).filter((cause) => tiers[cause] !== 'T1');
  return names.length === 0 ? 'nothing' : names.map((cause) => cause.replaceAll('_', ' ')).join(', ');
}

/** 8: the policy. */
export function policySection({ dossier }: ReportInput): Section {
  const { hash, document: policy } = dossier.policy;
  const rule = POLICIES[policy.pays];
  return {
    id: 'policy',
    title: 'The policy that was used',
    blocks: [
      {
        kind: 'paragraph',
        text: `Version ${policy.version} of the policy, published before anybody knew who gets what, and named by its hash \`${hash}\`.`,
      },
      { kind: 'list', items: policy.paragraphs.map(({ text }) => text), isNumbered: true },
      {
        kind: 'facts',
        facts: [
          ['Rule', `${policy.pays}: ${rule.name} (${rule.formula})`],
          ['Netted', NETTING[policy.netting]],
          ['Windfalls', `${policy.windfalls}: ${WINDFALLS[policy.windfalls]}`],
          ['Divergence horizon', `${shareText(policy.horizonPpm)} of the orders of a minute`],
          ['Interval settled without a question', `up to ${wholeUsdcText(policy.intervalLimit)} USDC wide`],
          [
            'If the fund is too small',
            `up to ${wholeUsdcText(policy.smallFirst)} USDC of every claim first, the rest in proportion`,
          ],
          [
            'Interest',
            `${shareText(policy.interest.ppmYear)} a year, simple, on ${policy.interest.yearDays} days, for days that have ${policy.interest.days === 'begun' ? 'begun' : 'passed'}`,
          ],
          ['Goodwill', `${wholeUsdcText(policy.goodwill)} USDC to each refunded account`],
          ['Paid on a claim alone', onClaim(policy)],
          [
            'Awarded on claims, at most',
            `${wholeUsdcText(policy.awards.T2)} USDC by rule and ${wholeUsdcText(policy.awards.T3)} USDC as goodwill, to each account`,
          ],
        ],
      },
    ],
  };
}

/** 9: the formula, and one example. */
export function formulaSection({ dossier }: ReportInput): Section {
  const { case: incident, policy, roots } = dossier;
  const { fromMs, toMs } = roots.interest;
  return {
    id: 'formula',
    title: 'The formula, and one example',
    blocks: [
      {
        kind: 'formula',
        lines: [
          'difference = equity it would have − equity it has',
          'equity     = equity at the last good block + Σ flows',
          'Σ causes   = difference, for every account, to the last unit',
          'principal  = Σ over causal chains of what the policy gives, never below nothing',
          'refund     = principal + interest + goodwill + awards on claims + what an earlier round took back too much',
          '             − what was paid before',
        ],
      },
      {
        kind: 'paragraph',
        text: `Both equities are at one valuation, and everything that was done already is in the one that it has: a rollback, a reversal, an earlier payment. Interest runs from ${timeText(fromMs)} to ${timeText(toMs)}, ${spanText(toMs - fromMs)}. The counterfactual was computed ${MODES[incident.mode]}.`,
      },
      { kind: 'paragraph', text: EXAMPLE_TEXT },
      { kind: 'table', table: exampleTable(policy.document, roots.interest) },
    ],
  };
}

const MODES = {
  replay: 'by replaying every command on the corrected state',
  reference: 'by undoing each wrongful forced action at the reference price; no book was replayed',
  bounded: 'twice, with and without the orders of those who may have reacted, which gives an interval',
} as const;

/** How the claims of this round were decided. */
function deskBlocks(desk: DeskFacts | undefined): Block[] {
  if (desk === undefined) return [{ kind: 'paragraph', text: 'No claim has been opened against this round.' }];
  const { timeMs, opened, undecided, late, adjusted, denied, awarded } = desk;
  const award = ({ awards, amount }: DeskFacts['awarded']['T2']): string =>
    awards === 0 ? 'none' : `${countText(awards)}, ${toldUsdcText(amount)}`;
  return [
    {
      kind: 'facts',
      facts: [
        ['Claims opened against this round', `${countText(opened)}, as of ${timeText(timeMs)}`],
        ['Not decided yet', `${countText(undecided)}; beyond the days that the policy gives: ${countText(late)}`],
        ['Adjusted: all accounts computed again', countText(adjusted)],
        ['Denied, with reasons', countText(denied)],
        ['Awarded by rule, on evidence (T2)', award(awarded.T2)],
        ['Awarded as goodwill (T3)', award(awarded.T3)],
      ],
    },
  ];
}

/** What was awarded so far, which this round's refunds hold. */
function awardedText({ awards }: Dossier): string {
  return awards
    .map(
      ({ tier, accounts, amount }) =>
        ` Awarded on claims so far in ${tier}: to ${countText(accounts)} accounts, ${toldUsdcText(amount)}.`,
    )
    .join('');
}

/** 13: claims. */
export function claimsSection({ dossier, desk }: ReportInput): Section {
  const { document: policy } = dossier.policy;
  const { claimDays } = policy;
  return {
    id: 'claims',
    title: 'Claims',
    blocks: [
      {
        kind: 'list',
        isNumbered: true,
        items: [
          `A claim may be opened within ${claimDays.open} days, with the correction that it rests on.`,
          `It is decided within ${claimDays.decide} business days, by computing everything again with the correction, with reasons.`,
          `It can be reviewed by others within ${claimDays.review} days.`,
          'What is not disputed is paid first, on no condition.',
          'A correction that shows a rule to be wrong has all accounts computed again alike, in another round.',
        ],
      },
      {
        kind: 'paragraph',
        text: `What this policy pays on a claim alone: ${onClaim(policy)}. ${dossier.round === 1 ? 'Refunded without being asked' : 'Refunded by this round'}: ${usdcText(dossier.totals.refund)} USDC.${awardedText(dossier)}`,
      },
      ...deskBlocks(desk),
    ],
  };
}
