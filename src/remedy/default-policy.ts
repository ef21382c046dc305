/** The policy that the venue publishes before anything happens: what a case pays by, unless it names another document. */
import { CAUSE_NAMES, type Cause } from './cause.ts';
import { POLICY_FORMAT, type PolicyDocument, type Tier } from './policy-document.ts';

const USDC = 100_000_000;

/**
 * Causes that are not paid without a claim. What came from outside in one world alone is in the account's own hands already, and what
 * was sent to another account is in that one's: paying it would pay twice.
 */
const ON_CLAIM: Partial<Record<Cause, Tier>> = {
  rollback: 'T2',
  panic_close: 'T2',
  order_inability: 'T3',
  external: 'T2',
  transfer: 'T2',
};

export const DEFAULT_POLICY: PolicyDocument = {
  format: POLICY_FORMAT,
  version: 4,
  paragraphs: [
    {
      number: 1,
      text: 'As far as money can do it, each account is put in the position it would have been in had the correct data been used, never worse than before the incident where it was closed by force and wrongly. Nobody is worse off through the remedy; it is computed by published code from a published log, by the same rule for all, insiders last.',
    },
    {
      number: 2,
      text: 'What an account lacks is its equity in the counterfactual minus its equity in the actual world, everything done already included, both at one valuation. It is netted per causal chain: the markets that forced actions link. Who provably was told later is valued at the prices of the time at which they knew and could act; what the market did until then is the house’s.',
    },
    {
      number: 3,
      text: 'For each chain the larger of two amounts is paid: what the account lacks, and, where all that it held was closed by force and wrongly, what it lost since the last good block. What it holds or trades on there afterwards is its own. Never less than nothing.',
    },
    {
      number: 4,
      text: 'Who would have been liquidated in any case is paid the difference between the two liquidations, where it is one.',
    },
    {
      number: 5,
      text: 'What an account has more than it would have had is not pursued. What the system credited and nobody owed is taken back as far as it is still there; the rest is a receivable, for which nobody is liquidated.',
    },
    {
      number: 6,
      text: 'Without a claim are paid: prices of liquidations, penalties and fees, triggers, deleveraging, own fills, funding, losses kept back, and interest. On a claim with evidence, by rule: what a rollback erased (a leg elsewhere that was closed because a fill here seemed real), own closes for fear as far as they were outside the band, and what came from outside in one of the worlds alone; up to 100,000 USDC an account. By goodwill: orders that a halted venue could not take; up to 1,000 USDC an account.',
    },
    {
      number: 7,
      text: 'Where more orders of a minute than the horizon allows came out otherwise, the replay of that market is no evidence: its wrongful forced actions are undone at the reference price instead. Where reactive orders make it uncertain, the end in favour of the account holds, unless the interval is wider than the limit: then the lower end is paid and a question is open.',
    },
    {
      number: 8,
      text: 'If the fund does not suffice, small claims are paid first, up to an amount that everybody gets in full; the rest is shared in proportion to what each claims beyond it, and what is still owed is a dated receivable.',
    },
    {
      number: 9,
      text: 'Accounts of one declared owner are netted with each other in a chain: who lost on one what was gained on another lost nothing. The accounts of the venue itself are parties to the sums and are never paid; what they gained is returned first.',
    },
    {
      number: 10,
      text: 'A claim may be opened within 30 days with a correction of the inputs; it is decided within 5 business days by computing everything again, with reasons, and reviewed by others within 15. What is not disputed is paid first, on no condition. If a correction shows that the rule was wrong, all accounts are computed again alike.',
    },
  ],
  pays: 'DE',
  netting: 'chain',
  windfalls: 'P1',
  bandPpm: 20_000,
  horizonPpm: 50_000,
  laterMs: 86_400_000,
  intervalLimit: String(1_000 * USDC),
  smallFirst: String(10_000 * USDC),
  singleCap: { equityPpm: 3_000_000, least: String(1_000_000 * USDC) },
  interest: { ppmYear: 80_000, yearDays: 365, days: 'begun' },
  goodwill: '0',
  awards: { T2: String(100_000 * USDC), T3: String(1_000 * USDC) },
  tiers: Object.fromEntries(CAUSE_NAMES.map((cause) => [cause, ON_CLAIM[cause] ?? 'T1'])) as Record<Cause, Tier>,
  claimDays: { open: 30, decide: 5, review: 15 },
};
