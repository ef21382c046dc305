/** How far it reached, what was halted, and what was decided about it. */
import type { Dossier, RollbackFacts } from '../dossier.ts';
import { worldCharts } from './charts.ts';
import { REASONS } from '../claim.ts';
import type { Block, Section, Table } from './document.ts';
import type { MeasuredOptions, ReportInput } from './report-input.ts';
import { clockText, countText, shortDayText, spanText, toldUsdcText, usdcText } from './text.ts';

/** 5: how far it reached. */
export function radiusSection({ dossier }: ReportInput): Section {
  const { accounts, forced, reasons } = dossier;
  return {
    id: 'blast-radius',
    title: 'How far it reached',
    blocks: [
      ...worldCharts(dossier),
      {
        kind: 'facts',
        facts: [
          ['Accounts assessed', countText(accounts.assessed)],
          ['… of the state root of the last good block', countText(accounts.ofStartingRoot)],
          ['… opened since', countText(accounts.createdLater)],
          ['Accounts refunded', countText(accounts.refunded)],
          ['Accounts that have more than they would have had', countText(accounts.gained)],
          ['Accounts that are the same in both worlds', countText(accounts.unaffected)],
          ['Accounts with an open question', countText(accounts.questions)],
          [
            'Forced actions that were wrong',
            `${countText(forced.wrongful.count)}; notional ${toldUsdcText(forced.wrongful.notional)}`,
          ],
          ['Forced actions that happen in both worlds', countText(forced.legitimate.count)],
        ],
      },
      { kind: 'table', table: reasonTable(reasons) },
    ],
  };
}

function reasonTable(reasons: Dossier['reasons']): Table {
  return {
    caption: 'Every account has a reason',
    columns: [
      { name: 'Reason', isNumber: false },
      { name: 'What it says of an account', isNumber: false },
      { name: 'Accounts', isNumber: true },
    ],
    rows: reasons.map(({ reason, accounts }) => [`\`${reason}\``, REASONS[reason], countText(accounts)]),
  };
}

const HALTS = 'What was halted, and for how long';

/** 6: what was halted. */
export function haltsSection({ dossier }: ReportInput): Section {
  const { halts } = dossier;
  const blocks: Block[] = [];
  if (halts.length === 0) blocks.push({ kind: 'paragraph', text: 'Nothing was halted.' });
  else {
    const rows = halts.map(({ what, market, fromMs, toMs }) => [
      market ?? 'the whole venue',
      what.toLowerCase(),
      `${shortDayText(fromMs)}, ${clockText(fromMs, true)}`,
      toMs === null ? 'still so at the check time' : spanText(toMs - fromMs),
    ]);
    const columns = ['Where', 'What', 'From (UTC)', 'For'].map((name) => ({ name, isNumber: false }));
    blocks.push({ kind: 'table', table: { caption: 'What was not open as usual', columns, rows } });
  }
  if (halts.length === 0) return { id: 'halts', title: HALTS, blocks };
  const kept = dossier.case.keepHalts ? 'halts the corrected world as well' : 'is left out of the corrected world';
  blocks.push({
    kind: 'paragraph',
    text: `What halted the venue ${kept}: who could not trade then is compared accordingly.`,
  });
  return { id: 'halts', title: HALTS, blocks };
}

/** 7: the decision about a rollback. */
export function decisionSection({ dossier, notes, options }: ReportInput): Section {
  const blocks: Block[] = (notes?.decision ?? []).map((text): Block => ({ kind: 'paragraph', text }));
  if (options !== undefined) blocks.push(...optionBlocks(options));
  if (dossier.rollback === null) {
    blocks.push({
      kind: 'paragraph',
      text: 'In the window of this report nothing was rolled back: what is lacking is made good in money.',
    });
  } else blocks.push(...rollbackBlocks(dossier.rollback));
  return { id: 'rollback', title: 'What was decided', blocks };
}

const OPTION_NAMES = { do_nothing: 'Do nothing', forward_fix: 'Repair and pay', rollback: 'Roll back' } as const;

/** Fewer than five accounts are not told: a number of accounts beside a cost would tell what one of them is paid. */
const told = (accounts: number): string => countText(accounts > 0 && accounts < 5 ? 'fewer than 5' : accounts);

function optionBlocks({ options, recommended, because }: MeasuredOptions): Block[] {
  const names = Object.keys(OPTION_NAMES) as (keyof typeof OPTION_NAMES)[];
  const table: Table = {
    caption: 'What each remedy would have done, by replay',
    columns: [
      { name: 'Remedy', isNumber: false },
      { name: 'Accounts harmed', isNumber: true },
      { name: 'Accounts benefited', isNumber: true },
      { name: 'Cost to the fund, USDC', isNumber: true },
      { name: 'Honest trades undone', isNumber: true },
      { name: 'Left as receivables, USDC', isNumber: true },
    ],
    rows: names.map((name) => {
      const { harmed, benefited, fundCost, honestTradesUndone, receivables, debtors } = options[name];
      // What few accounts would owe is what the fund pays for them.
      const amount = (of: string): string => (debtors > 0 && debtors < 5 ? 'not told' : usdcText(of));
      const numbers = [told(harmed.accounts), told(benefited.accounts), amount(fundCost)];
      return [OPTION_NAMES[name], ...numbers, countText(honestTradesUndone.trades), amount(receivables)];
    }),
  };
  const text = `By the published order of preference: ${OPTION_NAMES[recommended].toLowerCase()}, because ${because}.`;
  return [
    { kind: 'table', table },
    { kind: 'paragraph', text },
  ];
}

function rollbackBlocks(rollback: RollbackFacts): Block[] {
  const fates = Object.entries(rollback.fates).map(([fate, count]) => [fate.replaceAll('_', ' '), countText(count)]);
  return [
    {
      kind: 'paragraph',
      text: `History was rolled back to block ${rollback.restores.height}; what followed stays readable as a dead branch, and trading went on as fork ${rollback.forkId}.`,
    },
    {
      kind: 'facts',
      facts: [
        ['State root that was restored', `\`${rollback.restores.root}\``],
        ['Head of the dead branch', `block ${rollback.deadHead.height}, \`${rollback.deadHead.hash}\``],
        ['Deposits carried over', countText(rollback.carriedDeposits)],
        ['Settled withdrawals carried over', countText(rollback.carriedWithdrawals)],
        ['Receivables that this left', toldUsdcText(rollback.receivables)],
        [
          'What the accounts have = what custody has',
          rollback.custodyIdentity ? 'holds on both branches' : 'DOES NOT HOLD',
        ],
      ],
    },
    {
      kind: 'table',
      table: {
        caption: 'What became of every command of the dead branch',
        columns: [
          { name: 'Fate', isNumber: false },
          { name: 'Commands', isNumber: true },
        ],
        rows: fates,
      },
    },
  ];
}
