// The corruption matrix as people read it.
import type { MatrixResult, MatrixRow } from '../sim/faults/matrix.ts';
import {
  type CaseSummary,
  isHarmExpected,
  isUndetected,
  type MatrixSummary,
  summariseCases,
} from '../sim/faults/matrix-summary.ts';
import { readableCount } from './money.ts';
import { textTable } from './table.ts';

const NAME_WIDTH = 52;
const LISTED = 12;

/** One line a case. */
export function caseTable(result: MatrixResult, isGuarded: boolean): string {
  const cases = summariseCases(result.rows);
  const guarded = ['wrongful', 'detected by', 'delay'];
  const heading = ['case', 'what goes wrong', 'class', ...(isGuarded ? guarded : []), 'harm without guard', 'notes'];
  const lines = cases.map((each) => [
    each.id,
    each.name.length > NAME_WIDTH ? `${each.name.slice(0, NAME_WIDTH - 1)}…` : each.name,
    each.class,
    ...(isGuarded ? [String(each.wrongful), detectedBy(each), delay(each)] : []),
    `${each.harmful}/${each.harmExpected} ${each.harm.join(' ')}`.trim(),
    notes(each),
  ]);
  return textTable([heading, ...lines], ['left', 'left', 'left', ...(isGuarded ? (['right'] as const) : [])]);
}

function detectedBy({ detectedBy: checks, undetected }: CaseSummary): string {
  const [first] = checks;
  const more = checks.length > 1 ? ` +${checks.length - 1}` : '';
  const missing = undetected > 0 ? `, NOT in ${undetected}` : '';
  return `${first ?? 'nothing'}${more}${missing}`;
}

function delay({ medianDelayCommands, medianDelayMs }: CaseSummary): string {
  if (medianDelayCommands === null || medianDelayMs === null) return '';
  return `${readableCount(medianDelayCommands)} commands, ${medianDelayMs / 1000} s`;
}

function notes({ delayed, falseHolds, outside, notes: said }: CaseSummary): string {
  const parts = [
    delayed > 0 ? `${delayed} due actions later or not` : '',
    falseHolds > 0 ? `${falseHolds} false holds` : '',
    outside > 0 ? `${outside} held outside` : '',
    ...said.map((note) => (said.length > 1 && note.length > 60 ? `${note.slice(0, 59)}…` : note)),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** What the whole came to, and each cell that is not as it must be. */
export function summaryLines(result: MatrixResult, summary: MatrixSummary, isGuarded: boolean): string[] {
  const { cells, cases, wrongful, undetected, harmWithoutGuard, harmExpected } = summary;
  const lines = [`${readableCount(cells)} cells of ${cases} ${cases === 1 ? 'case' : 'cases'}.`];
  if (isGuarded) {
    lines.push(`Wrongful forced actions: ${wrongful}. Undetected: ${undetected}. False holds: ${summary.falseHolds}.`);
    if (summary.medianDelayCommands !== null) {
      const seconds = (summary.medianDelayMs ?? 0) / 1000;
      lines.push(`Median delay of detection: ${summary.medianDelayCommands} commands, ${seconds} s of exchange time.`);
    }
  }
  lines.push(`Without a guard ${harmWithoutGuard} cells are harmed; ${harmExpected} can be.`);
  const { mutations } = result;
  if (mutations.mutations > 0) {
    const { mutations: count, detected, stopped, wrongful: wrong } = mutations;
    lines.push(
      `${readableCount(count)} mutations: ${wrong} wrongful; ${readableCount(detected)} were noticed, ${stopped} stopped the exchange.`,
    );
  }
  const { database } = mutations;
  if (database.mutations > 0) {
    const { mutations: count, noticed, withoutEffect, unnoticed } = database;
    lines.push(
      `${readableCount(count)} mutations of rows in the database: ${noticed} were noticed, ${withoutEffect} without effect, ${unnoticed.length} unnoticed.`,
    );
  }
  lines.push(...problems(result));
  return lines;
}

function problems({ rows, controls, mutations }: MatrixResult): string[] {
  const place = (row: MatrixRow): string => `${row.case} in ${row.regime}, ${row.phase}`;
  const found = [
    ...[...rows, ...controls, ...mutations.wrongfulRows]
      .filter(({ guarded }) => (guarded?.wrongful ?? 0) > 0)
      .map((row) => `wrongful: ${place(row)} (${row.name}): ${row.guarded?.wrongfulActions.join('; ')}`),
    ...rows.filter(isUndetected).map((row) => `undetected: ${place(row)}`),
    ...rows
      .filter(({ guarded }) => guarded?.database?.isLiveUntouched === false)
      .map((row) => `live database touched: ${place(row)}`),
    ...mutations.database.unnoticed.map(({ name, up }) => `unnoticed: ${name}: ${up.join('; ')}`),
    ...rows
      .filter((row) => isHarmExpected(row) && row.isHarmful === false)
      .map((row) => `harmless: ${place(row)}: ${row.harm?.join(' ') || 'nothing'} happened without a guard`),
    ...[...rows, ...controls]
      .filter(({ guarded }) => (guarded?.falseHolds ?? 0) > 0)
      .map((row) => `false holds: ${place(row)}: ${row.guarded?.falseHolds}`),
  ];
  if (found.length <= LISTED) return found;
  return [...found.slice(0, LISTED), `… and ${found.length - LISTED} more like these`];
}
