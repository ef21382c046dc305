/** Takes the projection back to an earlier block: behind it the journal goes on otherwise, or not at all. */
import type { Database, SqlSession } from './database.ts';
import { PROJECTED_TABLES } from './projected-tables.ts';
import { forgetState } from './write-state.ts';

/** Removes everything behind the block at a height (−1: everything), in one transaction that `before` may refuse. */
export function cutBack(
  database: Database,
  height: number,
  before?: (session: SqlSession) => Promise<void>,
): Promise<void> {
  return database.transaction(async (session) => {
    await before?.(session);
    const [kept] = await session.query<{ height: number }>('select height from state_head');
    if (kept !== undefined && kept.height > height) await forgetState(session);
    for (const { name } of PROJECTED_TABLES) await session.query(`delete from ${name} where height > $1`, [height]);
    await session.query('delete from projected_block where height > $1', [height]);
    await session.query('delete from dead_range where since_height > $1', [height]);
    await session.query('delete from rollback where height > $1', [height]);
    await session.query('delete from block where height > $1', [height]);
  });
}

/** Removes everything that is projected; what else the database holds stays. */
export async function emptyProjection(session: SqlSession): Promise<void> {
  const tables = [...PROJECTED_TABLES.map(({ name }) => name), 'projected_block', 'dead_range', 'rollback'];
  await session.query(`truncate state_head, state_table, block, ${tables.join(', ')}`);
}
