/** Loads the folder of a case into a database, once, and compares what is there with it. */
import { toHex } from '../chain/digest.ts';
import { CLAIM_DOCUMENT, type CaseRefusal, type CaseRows, INCIDENT_DOCUMENT } from './case-rows.ts';
import { type ComparedTable, firstDifference, linesBetween, type RowDifference } from './compare-rows.ts';
import type { Database, SqlSession } from './database.ts';
import { linesOf } from './line-buffer.ts';

/** Rows that were written; 0 where all of it was there already. */
export interface CaseLoaded {
  readonly rows: number;
}

/**
 * Writes a round of a case, all of it or nothing. What is there already, the same, is left; a round that is there otherwise is refused
 * (`rows_differ`) unless it is to be replaced. The last good block of the case must be one that the database has (`block_missing`), with
 * the case's fork and root (`other_history`). Nothing is written while an upgrade goes on, which has taken its copy (`upgrade_active`).
 */
export function loadCase(database: Database, rows: CaseRows, isReplacing: boolean): Promise<CaseLoaded | CaseRefusal> {
  return database.transaction(async (session) => {
    // One at a time: whoever comes second sees what the first has written.
    await session.query('lock table incident_document in share row exclusive mode');
    const refused = await refusalOf(session, rows);
    if (refused !== undefined) return refused;
    const difference = await compareCase(session, rows);
    if (difference === undefined) return { rows: 0 };
    const isThere = difference.table !== INCIDENT_DOCUMENT.name || difference.database !== 'none';
    if (isThere && !isReplacing) return { refusal: 'rows_differ', about: describeCaseDifference(difference) };
    for (const { name } of [CLAIM_DOCUMENT, INCIDENT_DOCUMENT]) {
      await session.query(`delete from ${name} where incident = $1 and round = $2`, [rows.incident, rows.round]);
    }
    for (const [{ name, columns }, values] of tablesOf(rows)) {
      await session.copy(
        name,
        columns.map(([column]) => column),
        [linesOf(values)],
      );
    }
    return { rows: 1 + rows.claimRows.length };
  });
}

async function refusalOf(session: SqlSession, { from }: CaseRows): Promise<CaseRefusal | undefined> {
  const [upgrade] = await session.query<{ id: string }>('select id from upgrade where is_active');
  if (upgrade !== undefined) return { refusal: 'upgrade_active', about: `upgrade ${upgrade.id}` };
  const [block] = await session.query<{ fork: number; state_root: Uint8Array }>(
    'select fork, state_root from block where height = $1',
    [from.height],
  );
  if (block === undefined) return { refusal: 'block_missing', about: `the database has no block ${from.height}` };
  const root = toHex(Uint8Array.from(block.state_root));
  if (block.fork === from.fork && root === from.stateRoot) return undefined;
  const about = `block ${from.height} is ${root} of fork ${block.fork}, the case says ${from.stateRoot} of fork ${from.fork}`;
  return { refusal: 'other_history', about };
}

/** The first row and column in which the database has this round of the case otherwise; undefined where all is the same. */
export async function compareCase(session: SqlSession, rows: CaseRows): Promise<RowDifference | undefined> {
  for (const [table, values] of tablesOf(rows)) {
    // The name is 64 hexadecimal digits: it needs no quoting.
    const compared: ComparedTable = { ...table, height: 'round', only: `incident = '${rows.incident}'` };
    const found = await linesBetween(session, compared, rows.round, rows.round);
    const difference = firstDifference(compared, linesOf(values), found);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** `claim_document/round 1 account 7/refund: case 100, database 101`. */
export function describeCaseDifference({ table, row, column, journal, database }: RowDifference): string {
  return `${table}/${row}/${column}: case ${journal}, database ${database}`;
}

function tablesOf({ incidentRow, claimRows }: CaseRows) {
  return [
    [INCIDENT_DOCUMENT, [incidentRow]],
    [CLAIM_DOCUMENT, claimRows],
  ] as const;
}
