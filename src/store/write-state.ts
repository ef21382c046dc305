/** Brings the tables of the state in the database to the end of a block. */
import type { Block } from '../chain/block.ts';
import { blockHash } from '../chain/block.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { SqlSession } from './database.ts';
import { linesOf } from './line-buffer.ts';
import { quotedColumns, STATE_TABLES, type StateTable } from './state-columns.ts';
import type { StateRows } from './state-rows.ts';

/** Writes the rows of the state at the end of a block, in a transaction of the caller. */
export async function writeState(
  session: SqlSession,
  block: Block,
  { isWhole, tables, counts }: StateRows,
): Promise<void> {
  if (isWhole) await session.query(`truncate ${STATE_TABLES.map(({ name }) => name).join(', ')}`);
  for (const each of STATE_TABLES) {
    const rows = tables.find(({ table }) => table === each.table);
    if (rows === undefined) continue;
    if (isWhole) await session.copy(each.name, quotedColumns(each), [rows.lines]);
    else await merge(session, each, rows.lines);
  }
  await forgetState(session);
  await session.copy('state_table', ['name', 'rows', 'free', 'live'], [linesOf(counts)]);
  await session.query('insert into state_head (height, fork, state_root, block_hash) values ($1, $2, $3, $4)', [
    block.height,
    block.fork,
    block.stateRoot,
    blockHash(block, sha256),
  ]);
}

/** No block's state is kept any more; what rows there are belong to none. */
export async function forgetState(session: SqlSession): Promise<void> {
  await session.query('delete from state_table');
  await session.query('delete from state_head');
}

/** Changed rows go through a table of the session: an update in place leaves less behind than a delete and an insert. */
async function merge(session: SqlSession, table: StateTable, lines: Uint8Array): Promise<void> {
  const columns = quotedColumns(table);
  const changed = `changed_${table.name}`;
  await session.query(`create temporary table if not exists ${changed} (like ${table.name}) on commit delete rows`);
  await session.copy(changed, columns, [lines]);
  const updates = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  const names = columns.join(', ');
  await session.query(
    `insert into ${table.name} (${names}) select ${names} from ${changed} on conflict (row) do update set ${updates.join(', ')}`,
  );
  await session.query(`delete from ${changed}`);
}
