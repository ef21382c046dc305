/** The state that a side of an upgrade has in its tables, read through what its migration declares to change. */
import type { SqlSession } from '../store/database.ts';
import { loadState, UnreadableState } from '../store/load-state.ts';
import type { State } from '../engine/state.ts';
import { quoted } from './compare-rows.ts';
import type { Findings } from './finding.ts';
import type { Schema } from './read-schema.ts';
import type { Declared } from './upgrade-migration.ts';

/**
 * The state in the tables of the candidate, as the control would have it: a table whose columns the migration changes is read through the
 * expressions that give the old ones. Undefined, with a finding, where its rows are none of a state.
 */
export async function readState(
  session: SqlSession,
  schemas: { readonly control: Schema; readonly candidate: Schema },
  declared: Declared,
  findings: Findings,
): Promise<State | undefined> {
  const views = Object.entries(declared.tables).flatMap(([table, { removed, changed }]) => {
    const before = schemas.control.tables.get(table);
    const isChanged = Object.keys(removed).length > 0 || Object.keys(changed).length > 0;
    if (before === undefined || !isChanged || !table.startsWith('state_')) return [];
    const columns = before.columns.map(({ name, type }) => {
      const expression = removed[name] ?? changed[name]?.back ?? quoted(name);
      return `(${expression})::${type} as ${quoted(name)}`;
    });
    return [{ table, text: `select ${columns.join(', ')} from public.${quoted(table)}` }];
  });
  try {
    // A temporary view stands before the table of its name, for this session alone.
    for (const { table, text } of views) await session.query(`create temporary view ${quoted(table)} as ${text}`);
    return await loadState(session);
  } catch (error) {
    if (!(error instanceof UnreadableState)) throw error;
    const [path = 'state', what = ''] = error.message.split(': ');
    findings.add(path, 'a value', what);
    return undefined;
  } finally {
    for (const { table } of views) await session.query(`drop view if exists pg_temp.${quoted(table)}`).catch(() => []);
  }
}
