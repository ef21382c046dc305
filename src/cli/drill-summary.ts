// What a drill came to, as a person reads it.
import type { DrillResult, VetoCount } from '../sim/drill/result.ts';
import { readableCount } from './money.ts';
import { textTable } from './table.ts';

/** Dollars with thousands separators. */
export function readableUsd(value: number): string {
  return value.toLocaleString('en-US', { style: 'currency', currency: 'USD' });
}

const WHERE: Readonly<Record<VetoCount['by'], string>> = {
  start: 'before the start',
  upgrade: 'by the upgrade',
  database: 'by the database',
  door: 'at the door',
  verdict: 'at a forced action',
  finding: 'in the guard’s copies',
  engine: 'by the engine',
};

const ABOUT_LENGTH = 72;

/** What the guard said no to, as a table of lines. */
export function vetoTable(vetoes: readonly VetoCount[]): string[] {
  const rows = vetoes.map(({ by, check, class: of, count, about }) => [
    WHERE[by],
    check,
    of,
    readableCount(count),
    about.length <= ABOUT_LENGTH ? about : `${about.slice(0, ABOUT_LENGTH - 1)}…`,
  ]);
  return textTable(
    [['where', 'check', 'class', 'times', 'the first time'], ...rows],
    ['left', 'left', 'left', 'right'],
  ).split('\n');
}

/** The result in a few lines. */
export function resultLines(result: DrillResult): string[] {
  const { scenario, guard, accounts, markets, corrupted, wrongful, legitimate, vetoes, seconds } = result;
  const lines = [
    '',
    `${scenario}, guard ${guard}: ${readableCount(accounts)} accounts, ${markets} markets, ${corrupted.length} of them corrupted`,
    `  wrongful forced actions    ${readableCount(wrongful.count)} on ${readableCount(wrongful.accounts)} accounts, ${readableUsd(wrongful.notionalUsd)}`,
    `  legitimate forced actions  ${readableCount(legitimate.count)}`,
  ];
  if (vetoes.length > 0) lines.push('  what was refused:', ...vetoTable(vetoes).map((line) => `    ${line}`));
  lines.push(...remedyLines(result), `${seconds.toFixed(1)} s.`);
  return lines;
}

function remedyLines({ rollback, secondWave, remedy, noRemedy, timings }: DrillResult): string[] {
  const lines: string[] = [];
  if (rollback !== null) {
    const identity = rollback.custodyIdentity ? 'holds on both branches' : 'IS BROKEN';
    lines.push(
      `  rolled back to block       ${rollback.restores}, fork ${rollback.forkId}; ${rollback.carriedDeposits} deposits and ${rollback.carriedWithdrawals} withdrawals carried; custody identity ${identity}`,
    );
  }
  if (secondWave !== null) {
    lines.push(
      `  second wave                ${secondWave.careless} forced actions opened carelessly, ${secondWave.ladder} by the ladder`,
    );
  }
  if (remedy !== null) {
    lines.push(
      `  claims                     ${readableCount(remedy.refunded)} of ${readableCount(remedy.assessed)} accounts are paid ${readableUsd(remedy.totalUsd)}, the largest ${readableUsd(remedy.largestUsd)}`,
      `  conservation residual      ${remedy.conservationResidual}`,
      `  receipts                   ${readableCount(remedy.receipts)}, verified ${readableCount(remedy.receiptsVerified)}, by the second verifier ${readableCount(remedy.independentVerified)}`,
    );
  }
  if (noRemedy !== null) lines.push(`  no remedy                  ${noRemedy}`);
  if (timings !== null) {
    lines.push(
      `  scope ${timings.scopeSeconds.toFixed(1)} s, draft ${timings.draftSeconds.toFixed(1)} s, payout ${timings.payoutSeconds.toFixed(1)} s`,
    );
  }
  return lines;
}
