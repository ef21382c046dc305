// The extremes as a person reads them.
import type { ExtremesResult } from '../sim/extremes/summary.ts';
import type { ForcedCounts } from '../sim/extremes/forced-log.ts';
import { BOUNDS, type ExtremeRow } from '../sim/extremes/row.ts';
import { readableCount } from './money.ts';
import { type Alignment, textTable } from './table.ts';

const HEADING = [
  '',
  'extreme',
  'basis',
  'forced',
  'guarded',
  'a minute',
  'I',
  'II',
  'III',
  'inputs',
  'delay p99',
  'fund',
  's',
  '',
];
const ALIGNMENTS: readonly Alignment[] = [
  ...(['right', 'left', 'left', 'right', 'right', 'right', 'right'] as const),
  ...(['right', 'right', 'right', 'right', 'right', 'right', 'left'] as const),
];

/** The table, what held anything back and why, what is not supported, and the verdict. */
export function extremesText(result: ExtremesResult, seconds: number): string {
  const { rows } = result;
  return [
    '',
    textTable([HEADING, ...rows.map(rowCells)], ALIGNMENTS),
    '',
    'forced: liquidations, triggers, cancels and settlements without the guard; guarded: with it; a minute: most liquidations in one;',
    'I, II, III: holds by class of check, behind II those without a disagreement of sources; fund: USDC that the insurance fund paid for',
    'accounts with less than nothing, without the guard and with it. By the raw inputs alone, sources of a market disagree when their spots',
    'are more than 1 % apart or the marks of venues more than 2 %, now or within the last 30 s; the own book does when it moves the mark 2 % away.',
    ...rows.flatMap(notesOf),
    '',
    verdict(result),
    `${result.cases} cases (${result.recorded} rows recorded), ${readableCount(result.forcedActions)} forced actions, ${seconds.toFixed(0)} s`,
  ].join('\n');
}

function rowCells(row: ExtremeRow): string[] {
  const { classIIVetoes, classIIHoldsWithoutDisagreement } = row;
  return [
    String(row.number),
    row.name,
    row.basis,
    readableCount(total(row.forced.unguarded)),
    row.isSame ? 'the same' : readableCount(total(row.forced.guarded)),
    readableCount(row.mostInAMinute),
    readableCount(row.classIVetoes),
    classIIVetoes === 0 ? '0' : `${readableCount(classIIVetoes)} (${readableCount(classIIHoldsWithoutDisagreement)})`,
    readableCount(row.classIIIDelays),
    readableCount(row.heldInputs),
    `${readableCount(row.addedDelayMs.p99)} ms`,
    fund(row),
    row.seconds.toFixed(1),
    row.misses.length === 0 ? '' : 'missed',
  ];
}

/** What the fund paid without the guard, and with it where that is another sum; USDC. */
function fund({ insuranceLoss: { unguarded, guarded } }: ExtremeRow): string {
  const [before, after] = [readableCount(Math.round(unguarded)), readableCount(Math.round(guarded))];
  return before === after ? before : `${before} → ${after}`;
}

function total(counts: ForcedCounts): number {
  return counts.liquidations + counts.triggers + counts.cancels + counts.settlements;
}

const REASONS_SHOWN = 4;

function notesOf(row: ExtremeRow): string[] {
  const head = `${row.number}  ${row.name}`;
  const lines = [
    ...row.reasons
      .slice(0, REASONS_SHOWN)
      .map(
        ({ check, class: of, count, first }) =>
          `   ${check} (class ${of}) ${readableCount(count)} times, first ${first}`,
      ),
    ...(row.limits === undefined ? [] : [`   ${row.limits}`]),
    ...ownBook(row),
    ...row.misses.map((miss) => `   missed: ${miss}`),
  ];
  return lines.length === 0 ? [] : ['', `${head}: ${row.source}`, ...lines];
}

function ownBook({ classIIHoldsOnOwnBook }: ExtremeRow): string[] {
  if (classIIHoldsOnOwnBook === 0) return [];
  const count = readableCount(classIIHoldsOnOwnBook);
  return [
    `   ${count} of class II where the own book had moved the mark far from all sources, and nothing was due at theirs`,
  ];
}

function verdict(result: ExtremesResult): string {
  const { misses, missed } = result;
  const inCases = missed.length === 0 ? [] : [`in case ${[...new Set(missed)].join(', ')}`];
  if (misses.length + inCases.length > 0) return `Bounds are missed: ${[...inCases, ...misses].join('; ')}.`;
  return (
    `Every bound holds: no veto of class I, class II only where a source disagrees (${result.classIIVetoes}), added delay ` +
    `${result.addedDelayMsP99} ms at p99 (at most ${BOUNDS.delayMs}), insurance ${result.insuranceCostPercent} % (at most ${BOUNDS.insurancePercent}).`
  );
}
