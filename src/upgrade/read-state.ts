/** The state that a side of an upgrade has in its tables, read through what its migration declares to change. */
import type { SqlSession } from '../store/database.ts';
import { loadState, UnreadableState } from '../store/load-state.ts';
import type { State } from '../engine/state.ts';
import { quoted } from './compare-rows.ts';
import type { Findings } from './finding.ts';
import type { Schema } from './read-schema.ts';
import type { Declared } from './upgrade-migration.ts';

/**
 * Runs `work` in a session that sees the state's tables as the control has them: those whose columns a migration changes through the
 * expressions that give the old ones. Temporary views stand before the tables of their names, for this session alone, and go with it.
 */
export async function asControl<T>(
  session: SqlSession,
  control: Schema,
  declared: Declared,
  work: (session: SqlSession) => Promise<T>,
): Promise<T> {
  const views = Object.entries(declared.tables).flatMap(([table, { removed, changed }]) => {
    const before = control.tables.get(table);
    const isChanged = Object.keys(removed).length > 0 || Object.keys(changed).length > 0;
    if (before === undefined || !isChanged || !table.startsWith('state_')) return [];
    const columns = before.columns.map(({ name, type }) => {
      const expression = removed[name] ?? changed[name]?.back ?? quoted(name);
      return `(${expression})::${type} as ${quoted(name)}`;
    });
    return [{ table, text: `select ${columns.join(', ')} from public.${quoted(table)}` }];
  });
  try {
    for (const { table, text } of views) await session.query(`create temporary view ${quoted(table)} as ${text}`);
    return await work(session);
  } finally {
    for (const { table } of views) await session.query(`drop view if exists pg_temp.${quoted(table)}`).catch(() => []);
  }
}

/** True when a migration changes what the tables of the state hold, or takes columns from them: they are then read `asControl`. */
export function isStateChanged({ tables }: Declared): boolean {
  return Object.entries(tables).some(
    ([name, { removed, changed }]) =>
      name.startsWith('state_') && Object.keys(removed).length + Object.keys(changed).length > 0,
  );
}

/**
 * The state in the tables of the candidate, as the control would have it. Undefined, with a finding, where its rows are none of a state.
 */
export async function readState(
  session: SqlSession,
  schemas: { readonly control: Schema; readonly candidate: Schema },
  declared: Declared,
  findings: Findings,
): Promise<State | undefined> {
  try {
    return await asControl(session, schemas.control, declared, loadState);
  } catch (error) {
    if (!(error instanceof UnreadableState)) throw error;
    const [path = 'state', what = ''] = error.message.split(': ');
    findings.add(path, 'a value', what);
    return undefined;
  }
}
