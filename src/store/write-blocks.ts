/**
 * Writes projected blocks: several in one transaction, all of it or nothing. Each table's rows are chained block by block into a digest,
 * so that rows which were changed by hand are found (`store audit`).
 */
import { sha256 } from '../journal/node-digest.ts';
import { copyLine, type Database, type SqlSession } from './database.ts';
import type { ProjectedBlock } from './projected-block.ts';
import { PROJECTED_TABLES, type ProjectedName } from './projected-tables.ts';

const BLOCK_COLUMNS = [
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
] as const;

const DIGEST_COLUMNS = ['height', 'table_name', 'rows', 'digest'] as const;
const NOTHING = new Uint8Array(32);
const encoder = new TextEncoder();

/** A block that does not follow the last one that was written: a bug of the caller. Nothing was written. */
export class ProjectionOutOfStep extends Error {
  constructor(expected: number, given: number) {
    super(`the next block of the projection is ${expected}, not ${given}`);
    this.name = 'ProjectionOutOfStep';
  }
}

/** The digest of a table behind one more block's rows. */
export function nextDigest(before: Uint8Array, lines: string): Uint8Array {
  const bytes = encoder.encode(lines);
  const all = new Uint8Array(before.length + bytes.length);
  all.set(before);
  all.set(bytes, before.length);
  return sha256(all);
}

export class BlockWriter {
  private readonly database: Database;
  private readonly digests: Map<ProjectedName, Uint8Array>;
  /** Height of the last block that was written, −1 when there is none. */
  height: number;

  private constructor(database: Database, height: number, digests: Map<ProjectedName, Uint8Array>) {
    this.database = database;
    this.height = height;
    this.digests = digests;
  }

  /** Goes on behind the last block that the database has. */
  static async open(database: Database): Promise<BlockWriter> {
    const [head] = await database.query<{ height: number | null }>('select max(height) as height from block');
    const rows = await database.query<{ table_name: ProjectedName; digest: Uint8Array }>(
      'select distinct on (table_name) table_name, digest from projected_block order by table_name, height desc',
    );
    const digests = new Map(rows.map(({ table_name: name, digest }) => [name, digest]));
    return new BlockWriter(database, head?.height ?? -1, digests);
  }

  /** Writes blocks in one transaction, and with them what else belongs to it. Refuses (throws) blocks that do not follow. */
  async write(blocks: readonly ProjectedBlock[], also?: (session: SqlSession) => Promise<void>): Promise<void> {
    let next = this.height + 1;
    for (const { block } of blocks) if (block.height !== next++) throw new ProjectionOutOfStep(next - 1, block.height);
    const digests = new Map(this.digests);
    const chained = blocks.map((block) => digestLines(block, digests)).join('');
    await this.database.transaction(async (session) => {
      await session.copy('block', BLOCK_COLUMNS, blocks.map(blockLine).join(''));
      for (const { name, columns } of PROJECTED_TABLES) {
        const lines = blocks.map(({ tables }) => tables.find(({ table }) => table === name)?.lines ?? '').join('');
        if (lines !== '')
          await session.copy(
            name,
            columns.map(([column]) => column),
            lines,
          );
      }
      if (chained !== '') await session.copy('projected_block', DIGEST_COLUMNS, chained);
      for (const each of blocks) await writeRollback(session, each);
      await also?.(session);
    });
    for (const [name, digest] of digests) this.digests.set(name, digest);
    this.height = next - 1;
  }
}

function blockLine({ block, hash }: ProjectedBlock): string {
  return copyLine([
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
  ]);
}

function digestLines({ block, tables }: ProjectedBlock, digests: Map<ProjectedName, Uint8Array>): string {
  return tables
    .map(({ table, rows, lines }) => {
      const digest = nextDigest(digests.get(table) ?? NOTHING, lines);
      digests.set(table, digest);
      return copyLine([block.height, table, rows, digest]);
    })
    .join('');
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
