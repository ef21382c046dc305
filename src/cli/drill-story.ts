// A drill as a story: what happens when, in plain words.
import { OPTIONS } from '../incident/measure.ts';
import type { DrillTold, IndexRow, Moment, SideRow } from '../sim/drill/story.ts';
import { readableUsd, vetoTable } from './drill-summary.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { type Progress, startProgress } from './progress.ts';
import { textTable } from './table.ts';

interface Story {
  readonly told: DrillTold;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** Tells a drill to a person: a heading with the time, then what happened; a bar where it takes a while. */
export function storyOf(output: Output): Story {
  let bar: { readonly label: string; readonly progress: Progress } | undefined;
  const stop = (): void => {
    bar?.progress.stop();
    bar = undefined;
  };
  return {
    stop,
    told: {
      onMoment: (moment) => {
        stop();
        for (const line of linesOf(moment)) output.say(line);
      },
      onProgress: (label, done, total) => {
        if (bar?.label !== label) {
          stop();
          bar = { label, progress: startProgress(output, label, total) };
        }
        bar.progress.update(done, '');
      },
    },
  };
}

function clock(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(11, 19)} UTC`;
}

function heading(timeMs: number, text: string): string[] {
  return ['', `${clock(timeMs)}  ${text}`];
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `    ${line}`);
}

function linesOf(moment: Moment): string[] {
  switch (moment.kind) {
    case 'world':
      return [
        '',
        `${moment.day}. A venue with ${moment.rows.length} markets and ${readableCount(moment.accounts)} accounts.`,
        `Prices: ${moment.source}.`,
        'Each market has paid funding since it was listed. The index is what one unit has paid in all that time (negative: earned):',
        ...indent(indexTable(moment.rows)),
      ];
    case 'maintenance':
      return [
        ...heading(moment.timeMs, 'Scheduled maintenance: the database is moved to a larger machine. Trading stops.'),
        `    Last good block: ${readableCount(moment.height)}, after ${readableCount(moment.commands)} commands.`,
      ];
    case 'careless start':
      return [
        ...heading(moment.timeMs, 'The service restarts while rows are still being copied.'),
        `    The rows of ${moment.markets.length} markets have not arrived: ${moment.markets.join(', ')}.`,
        '    Their funding index is read as 0, the default of an empty column.',
        `    A check would have said: ${moment.refusal}.`,
        '    Nobody asks. The venue is opened.',
      ];
    case 'cascade':
      return cascadeLines(moment);
    case 'refused start':
      return [
        ...heading(moment.timeMs, 'The service restarts while rows are still being copied. The same zeros are loaded.'),
        '    The start is refused:',
        ...vetoTable(moment.vetoes).map((line) => `    ${line}`),
        '    The process starts on its own journal instead, which leads to the block’s root.',
      ];
    case 'reopened':
      return reopenedLines(moment);
    case 'late write':
      return [
        ...heading(
          moment.timeMs,
          'A second attempt: a loader that is late writes the zeros into the memory of the running process.',
        ),
        `    In quarantine at the next tick: ${quarantinedText(moment.quarantined)}.`,
        `    Wrongful forced actions: ${moment.compared.wrongful.count}. Other markets that stay open: ${moment.otherMarketsOpen}.`,
        ...vetoTable(moment.vetoes).map((line) => `    ${line}`),
      ];
    case 'rollback':
      return rollbackLines(moment);
    case 'second wave':
      return [
        ...heading(moment.timeMs, 'The venue is opened at once: the books are empty, liquidations run.'),
        `    A few orders in ${moment.market} move its mark up to ${(moment.furthest * 100).toFixed(1)} % from the fair price of ${moment.fair.toFixed(2)}, which no source left.`,
        `    Liquidated wrongly again: ${moment.compared.wrongful.accounts} accounts, ${readableUsd(moment.compared.wrongful.notionalUsd)}. The venue is stopped.`,
      ];
    case 'measured':
      return measuredLines(moment);
    case 'remedy':
      return remedyLines(moment);
  }
}

function indexTable(rows: readonly IndexRow[]): string {
  return textTable(
    [
      ['market', 'age, days', 'index, USDC a unit', 'of the price', ''],
      ...rows.map(({ market, ageHours, index, share, isCorrupted }) => [
        market,
        (ageHours / 24).toFixed(1),
        index.toPrecision(5),
        `${(share * 100).toFixed(2)} %`,
        isCorrupted ? 'will be lost' : '',
      ]),
    ],
    ['left', 'right', 'right', 'right'],
  );
}

function cascadeLines({ timeMs, compared, sides, withdrawnUsd }: Extract<Moment, { kind: 'cascade' }>): string[] {
  const { wrongful, legitimate } = compared;
  return [
    ...heading(timeMs, 'People stop the venue.'),
    '    At the first tick every position in those markets was settled for the market’s whole life at once:',
    ...indent(sideTable(sides)),
    `    Prices had not moved. ${readableCount(wrongful.count)} forced actions on ${readableCount(wrongful.accounts)} accounts, ${readableUsd(wrongful.notionalUsd)}, that the same hour without the fault does not have (it has ${legitimate.count}).`,
    `    Who gained took out ${readableUsd(withdrawnUsd)} before the halt.`,
  ];
}

function sideTable(sides: readonly SideRow[]): string {
  return textTable(
    [
      ['market', 'side', 'booked at once', 'accounts liquidated'],
      ...sides.map(({ market, side, bookedUsd, liquidated }) => [
        market,
        side,
        readableUsd(bookedUsd),
        readableCount(liquidated),
      ]),
    ],
    ['left', 'left', 'right', 'right'],
  );
}

const NAMES_SHOWN = 8;

function quarantinedText(names: readonly string[]): string {
  const markets = names.filter((name) => name.startsWith('market'));
  const others = names.length - markets.length;
  const shown = markets.slice(0, NAMES_SHOWN).join(', ');
  const more = markets.length > NAMES_SHOWN ? ` and ${markets.length - NAMES_SHOWN} more` : '';
  return `${shown}${more}${others > 0 ? `, and ${others} accounts that were charged by them` : ''}`;
}

function reopenedLines({ timeMs, steps, wrongful, isUndelayed }: Extract<Moment, { kind: 'reopened' }>): string[] {
  const rungs = new Map<string, { first: number; last: number; readonly markets: Set<number> }>();
  for (const { market, move, standing, timeMs: at } of steps) {
    if (move !== 'begin' && move !== 'up' && move !== 'done') continue;
    const name = move === 'done' ? 'done' : standing.rung.replace('_', '-');
    const known = rungs.get(name) ?? { first: at, last: at, markets: new Set<number>() };
    known.markets.add(market);
    known.first = Math.min(known.first, at);
    known.last = Math.max(known.last, at);
    rungs.set(name, known);
  }
  const rows = [...rungs].map(([rung, { first, last, markets }]) => [
    rung,
    clock(first),
    clock(last),
    `${markets.size}`,
  ]);
  const delay =
    isUndelayed === undefined
      ? []
      : [
          `    ${isUndelayed ? 'Every market moved at the same times as in the run without the fault: no downtime is the fault’s.' : 'Some markets moved at other times than in the run without the fault.'}`,
        ];
  return [
    ...heading(timeMs, 'All markets are led back rung by rung, liquidations last.'),
    ...indent(
      textTable([['rung', 'first market', 'last market', 'markets'], ...rows], ['left', 'left', 'left', 'right']),
    ),
    `    Wrongful forced actions: ${wrongful}.`,
    ...delay,
  ];
}

function rollbackLines({ timeMs, result }: Extract<Moment, { kind: 'rollback' }>): string[] {
  return [
    ...heading(
      timeMs,
      `Rolled back to block ${readableCount(result.restores)}, by a block of its own on fork ${result.forkId}.`,
    ),
    `    What had happened outside is carried: ${result.carriedDeposits} deposits, ${result.carriedWithdrawals} withdrawals. Custody identity: ${result.custodyIdentity ? 'holds on both branches' : 'BROKEN'}.`,
    ...Object.entries(result.fates).map(([fate, count]) => `    ${fate}: ${readableCount(count)} commands`),
  ];
}

const REMEDIES = { do_nothing: 'do nothing', forward_fix: 'forward fix', rollback: 'rollback' } as const;
const LINES_SHOWN = 4;

function measuredLines({ timeMs, lines, measurement }: Extract<Moment, { kind: 'measured' }>): string[] {
  const rows = OPTIONS.map((option) => {
    const { harmed, benefited, fundCost, honestTradesUndone } = measurement.options[option];
    return [
      REMEDIES[option],
      `${readableCount(harmed.accounts)}, ${readableUnits(harmed.amount)}`,
      `${readableCount(benefited.accounts)}, ${readableUnits(benefited.amount)}`,
      readableUnits(fundCost),
      readableCount(honestTradesUndone.trades),
    ];
  });
  const more = lines.length > LINES_SHOWN ? [`      … and ${lines.length - LINES_SHOWN} more`] : [];
  return [
    ...heading(
      timeMs,
      'What was wrong is found from the journal and the database’s copy, and proved by the recorded roots:',
    ),
    ...lines.slice(0, LINES_SHOWN).map((line) => `      ${line}`),
    ...more,
    '    What each remedy would do, by replay, before anybody decides:',
    ...indent(
      textTable(
        [['remedy', 'accounts harmed', 'accounts benefited', 'the fund pays', 'honest trades undone'], ...rows],
        ['left', 'right', 'right', 'right', 'right'],
      ),
    ),
    `    Recommended by the published order: ${REMEDIES[measurement.recommended]}: ${measurement.because}.`,
  ];
}

function readableUnits(units: bigint): string {
  return readableUsd(Number(units / 1_000_000n) / 100);
}

function remedyLines({ timeMs, result, shown, record }: Extract<Moment, { kind: 'remedy' }>): string[] {
  const causes = Object.entries(result.byCause).sort(([, one], [, other]) => Math.abs(other) - Math.abs(one));
  return [
    ...heading(timeMs, 'Who was harmed by the reopening is made whole.'),
    `    ${readableCount(result.assessed)} accounts are assessed, ${readableCount(result.refunded)} are paid ${readableUsd(result.totalUsd)}, the largest ${readableUsd(result.largestUsd)}.`,
    ...(causes.length === 0
      ? []
      : [
          `    By cause: ${causes.map(([cause, amount]) => `${cause.replaceAll('_', ' ')} ${readableUsd(amount)}`).join(', ')}.`,
        ]),
    `    Differences of all accounts less what came from outside: ${result.conservationResidual}.`,
    `    ${readableCount(result.receipts)} receipts; ${readableCount(result.receiptsVerified)} hold by the first verifier, ${readableCount(result.independentVerified)} by the second, which shares no code with it.`,
    ...paymentLines(shown, record),
  ];
}

function paymentLines(
  shown: readonly string[],
  record: Extract<Moment, { kind: 'remedy' }>['record'],
): readonly string[] {
  if (record === undefined) return ['    Nobody is owed anything: nothing is paid.'];
  return [
    '    Two operators are shown this, and sign:',
    ...shown.map((line) => `      ${line}`),
    `    Paid, the smallest hundredth first: ${readableCount(record.posted)} of ${readableCount(record.payments)}. Ledger, tree and the debit of the fund agree.`,
  ];
}
