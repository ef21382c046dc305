/**
 * Writes projected blocks: several in one transaction, all of it or nothing. Each table's rows are chained block by block into a digest,
 * so that rows which were changed by hand are found (`store audit`).
 */
import { sha256 } from '../journal/node-digest.ts';
import { type Database, type SqlSession, SqlFailed, type SqlValue } from './database.ts';
import { linesOf } from './line-buffer.ts';
import type { ProjectedBlock } from './projected-block.ts';
import { PROJECTED_TABLES, type ProjectedName } from './projected-tables.ts';
import { writeState } from './write-state.ts';

export const BLOCK_COLUMNS = [
  'height',
  'fork',
  'restores',
  'hash',
  'parent_hash',
  'first_sequence',
  'last_sequence',
  'first_ms',
  'last_ms',
  'commands_root',
  'state_root',
  'rules_hash',
  'release',
  'is_followed',
] as const;

export const DIGEST_COLUMNS = ['height', 'table_name', 'rows', 'digest'] as const;
/** SQLSTATE of a row whose key is there. */
export const UNIQUE_VIOLATION = '23505';
const NOTHING = new Uint8Array(32);

/** A block that does not follow the last one that was written: a bug of the caller. Nothing was written. */
class ProjectionOutOfStep extends Error {
  constructor(expected: number, given: number) {
    super(`the next block of the projection is ${expected}, not ${given}`);
    this.name = 'ProjectionOutOfStep';
  }
}

/** Another process projects into the same database, and has written the block first. Nothing was written by this one. */
export class ProjectedByAnother extends Error {
  readonly code = 'projected_by_another';
  constructor(height: number) {
    super(`another process projects into this database: it has written block ${height}`);
    this.name = 'ProjectedByAnother';
  }
}

/** The digest of each table behind the blocks so far: SHA-256 of the one before and of the hash of the next block's lines. */
export class DigestChain {
  private readonly digests: Map<ProjectedName, Uint8Array>;

  constructor(digests: ReadonlyMap<ProjectedName, Uint8Array> = new Map()) {
    this.digests = new Map(digests);
  }

  copy(): DigestChain {
    return new DigestChain(this.digests);
  }

  /** Takes in a block; returns its rows of `projected_block`. */
  rowsOf({ block, tables }: ProjectedBlock): [height: number, table: string, rows: number, digest: Uint8Array][] {
    return tables.map(({ table, rows, hash }) => {
      const all = new Uint8Array(NOTHING.length * 2);
      all.set(this.digests.get(table) ?? NOTHING);
      all.set(hash, NOTHING.length);
      const digest = sha256(all);
      this.digests.set(table, digest);
      return [block.height, table, rows, digest];
    });
  }
}

export class BlockWriter {
  private readonly database: Database;
  private digests: DigestChain;
  /** Height of the last block that was written, −1 when there is none. */
  height: number;

  private constructor(database: Database, height: number, digests: DigestChain) {
    this.database = database;
    this.height = height;
    this.digests = digests;
  }

  /** Goes on behind the last block that the database has. */
  static async open(database: Database): Promise<BlockWriter> {
    const rows = await database.query<{ table_name: ProjectedName; digest: Uint8Array }>(
      'select distinct on (table_name) table_name, digest from projected_block order by table_name, height desc',
    );
    const digests = new Map(rows.map(({ table_name: name, digest }) => [name, Uint8Array.from(digest)]));
    return new BlockWriter(database, await lastHeight(database), new DigestChain(digests));
  }

  /**
   * Writes blocks in one transaction, and with them what else belongs to it (`also` runs first). Refuses (throws) blocks that do not
   * follow; so does the database, should another have written the same ones.
   */
  async write(blocks: readonly ProjectedBlock[], also?: (session: SqlSession) => Promise<void>): Promise<void> {
    let next = this.height + 1;
    for (const { block } of blocks) if (block.height !== next++) throw new ProjectionOutOfStep(next - 1, block.height);
    const digests = this.digests.copy();
    const chained = blocks.flatMap((block) => digests.rowsOf(block));
    await this.database.transaction(async (session) => {
      await also?.(session);
      await this.writeHeads(session, blocks);
      for (const { name, columns } of PROJECTED_TABLES) {
        const lines = blocks.flatMap(({ tables }) => tables.filter(({ table }) => table === name));
        if (lines.length === 0) continue;
        const names = columns.map(([column]) => column);
        await session.copy(
          name,
          names,
          lines.map((each) => each.lines),
        );
      }
      if (chained.length > 0) await session.copy('projected_block', DIGEST_COLUMNS, [linesOf(chained)]);
      for (const each of blocks) {
        await writeRollback(session, each);
        if (each.state !== undefined) await writeState(session, each.block, each.state);
      }
    });
    this.digests = digests;
    this.height = next - 1;
  }

  /** Heights are unique: that another has written the same block shows here, before anything else is written. */
  private async writeHeads(session: SqlSession, blocks: readonly ProjectedBlock[]): Promise<void> {
    try {
      await session.copy('block', BLOCK_COLUMNS, [linesOf(blocks.map(blockRow))]);
    } catch (error) {
      const isThere = error instanceof SqlFailed && error.code === UNIQUE_VIOLATION;
      throw isThere ? new ProjectedByAnother(this.height + 1) : error;
    }
  }
}

/** Height of the last block in the database, −1 when it has none. */
export async function lastHeight(session: SqlSession): Promise<number> {
  const [head] = await session.query<{ height: number | null }>('select max(height) as height from block');
  return head?.height ?? -1;
}

/** The row of a block, in the order of `BLOCK_COLUMNS`. */
export function blockRow({ block, hash, isFollowed }: ProjectedBlock): SqlValue[] {
  return [
    block.height,
    block.fork,
    block.restores ?? null,
    hash,
    block.parentHash,
    block.firstSequence,
    block.lastSequence,
    block.firstMs,
    block.lastMs,
    block.commandsRoot,
    block.stateRoot,
    block.rulesHash,
    block.release,
    isFollowed,
  ];
}

async function writeRollback(session: SqlSession, { block, rollback }: ProjectedBlock): Promise<void> {
  if (rollback === undefined) return;
  const { deadFrom, deadTo, certificate } = rollback;
  await session.query('insert into rollback (height, fork, restores, certificate) values ($1, $2, $3, $4)', [
    block.height,
    block.fork,
    block.restores,
    certificate,
  ]);
  if (deadTo < deadFrom) return;
  await session.query('insert into dead_range (from_height, to_height, since_height) values ($1, $2, $3)', [
    deadFrom,
    deadTo,
    block.height,
  ]);
}
