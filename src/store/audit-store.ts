/**
 * Compares a database with the journal that it is projected from: every row of every block, byte for byte; the running digests that were
 * written with them; totals as the database itself sums them up; and rows that are of no block. The journal is replayed from its first
 * command; nothing of the database is believed.
 */
import { compareTotals, orphanOf } from './audit-totals.ts';
import { type ComparedTable, firstDifference, linesBetween, type RowDifference } from './compare-rows.ts';
import type { Database, SqlValue } from './database.ts';
import { linesOf } from './line-buffer.ts';
import type { ProjectedBlock } from './projected-block.ts';
import { PROJECTED_TABLES, type ProjectedName } from './projected-tables.ts';
import { Projection, type ProjectionTarget } from './projection.ts';
import { SumsOfLines, type TableTotals } from './table-sums.ts';
import { BLOCK_COLUMNS, blockRow, DIGEST_COLUMNS, DigestChain, lastHeight } from './write-blocks.ts';

/** Blocks that are read and compared at once, at most. */
const COMPARED_BLOCKS = 512;
const BYTES = new Set(['hash', 'parent_hash', 'commands_root', 'state_root', 'rules_hash', 'digest']);

const BLOCK: ComparedTable = {
  name: 'block',
  columns: BLOCK_COLUMNS.map((name) => [name, name === 'is_followed' ? 'truth' : BYTES.has(name) ? 'bytes' : 'whole']),
  order: ['height'],
};
const DIGEST: ComparedTable = {
  name: 'projected_block',
  columns: DIGEST_COLUMNS.map((name) => [name, name === 'table_name' ? 'text' : BYTES.has(name) ? 'bytes' : 'whole']),
  order: ['table_name'],
};
const ROLLBACK: ComparedTable = {
  name: 'rollback',
  columns: [
    ['height', 'whole'],
    ['fork', 'whole'],
    ['restores', 'whole'],
    ['certificate', 'json'],
  ],
  order: [],
};
const DEAD_RANGE: ComparedTable = {
  name: 'dead_range',
  columns: [
    ['from_height', 'whole'],
    ['to_height', 'whole'],
    ['since_height', 'whole'],
  ],
  order: ['from_height'],
  height: 'since_height',
};

export interface AuditedTable {
  readonly table: ProjectedName;
  readonly journal: TableTotals;
  readonly database: TableTotals;
}

export interface StoreAudit {
  /** Height of the database's last block, and of the journal's. */
  readonly height: number;
  readonly journalHeight: number;
  /** Rows of the projected tables that were compared. */
  readonly rows: number;
  /** Totals of each table; empty where a difference was found before. */
  readonly tables: readonly AuditedTable[];
  readonly firstDifference: RowDifference | undefined;
}

export interface AuditOptions {
  readonly folder: string;
  readonly database: Database;
  /** Is told up to which block, and how many rows, all agrees; and the height of the last block. */
  readonly onProgress?: (height: number, rows: number, last: number) => void;
}

/**
 * Audits a database up to the last block that it has as this begins; whoever projects may go on. What is behind in the journal is no
 * difference. Refuses (throws) a journal that is damaged or diverges.
 */
export async function auditStore(options: AuditOptions): Promise<StoreAudit> {
  const { database, folder } = options;
  for (const { name } of PROJECTED_TABLES) {
    await database.query('select brin_summarize_new_values($1::regclass)', [`${name}_at`]);
  }
  const height = await lastHeight(database);
  const target = new AuditTarget(options, height);
  const projection = new Projection({ folder, isLive: false, stateBlocks: 0, isContinued: false }, target);
  target.onEnd = () => void projection.stop();
  try {
    await projection.done;
  } finally {
    await projection.stop();
  }
  const { rows, journalHeight } = target;
  const found = target.difference ?? (await target.compareRest());
  if (found !== undefined) return { height, journalHeight, rows, tables: [], firstDifference: found };
  const { tables, difference } = await compareTotals(database, target.totals(), height);
  const orphan = difference ?? (await orphanOf(database, height));
  return { height, journalHeight, rows, tables, firstDifference: orphan };
}

class AuditTarget implements ProjectionTarget {
  private readonly options: AuditOptions;
  private readonly last: number;
  private readonly digests = new DigestChain();
  private readonly sums = new Map(PROJECTED_TABLES.map((table) => [table.name, new SumsOfLines(table)] as const));
  private readonly rollbacks: SqlValue[][] = [];
  private readonly deadRanges: SqlValue[][] = [];
  private height = -1;
  readonly mostBlocks = COMPARED_BLOCKS;
  journalHeight = -1;
  rows = 0;
  difference: RowDifference | undefined;
  /** Is called when there is nothing more to compare. */
  onEnd: () => void = () => undefined;

  constructor(options: AuditOptions, last: number) {
    this.options = options;
    this.last = last;
  }

  reading(height: number): void {
    this.journalHeight = height;
  }

  // A projection from the first command on asks for nothing.
  blocks = (): Promise<[]> => Promise.resolve([]);
  cut = (): Promise<undefined> => Promise.resolve(undefined);
  bars = (): Promise<[]> => Promise.resolve([]);

  async take(given: readonly ProjectedBlock[]): Promise<void> {
    const blocks = given.filter(({ block }) => block.height <= this.last);
    if (blocks.length > 0 && this.difference === undefined) await this.compare(blocks);
    if (blocks.length < given.length || this.difference !== undefined) this.onEnd();
  }

  /** Rollbacks; and blocks that the journal does not have. */
  async compareRest(): Promise<RowDifference | undefined> {
    if (this.height < this.last) {
      const missing = `height ${this.height + 1}`;
      return { table: 'block', row: missing, column: 'row', journal: 'none', database: `up to ${this.last}` };
    }
    return (
      (await this.differenceIn(ROLLBACK, 0, this.last, [linesOf(this.rollbacks)])) ??
      (await this.differenceIn(DEAD_RANGE, 0, this.last, [linesOf(this.deadRanges)]))
    );
  }

  totals(): (readonly [ProjectedName, TableTotals])[] {
    return [...this.sums].map(([name, { totals }]) => [name, totals] as const);
  }

  private async compare(blocks: readonly ProjectedBlock[]): Promise<void> {
    const [from, to] = [this.height + 1, this.height + blocks.length];
    for (const each of blocks) this.note(each);
    this.difference =
      (await this.differenceIn(BLOCK, from, to, [linesOf(blocks.map(blockRow))])) ??
      (await this.compareTables(blocks, from, to));
    const chained = blocks.flatMap((block) => {
      return this.digests.rowsOf(block).sort((a, b) => (a[1] < b[1] ? -1 : 1));
    });
    this.difference ??= await this.differenceIn(DIGEST, from, to, [linesOf(chained)]);
    this.height = to;
    this.options.onProgress?.(to, this.rows, Math.min(this.last, this.journalHeight));
  }

  private async compareTables(
    blocks: readonly ProjectedBlock[],
    from: number,
    to: number,
  ): Promise<RowDifference | undefined> {
    for (const table of PROJECTED_TABLES) {
      const own = blocks.flatMap(({ tables }) => tables.filter((each) => each.table === table.name));
      for (const { lines, rows } of own) {
        this.rows += rows;
        (this.sums.get(table.name) as SumsOfLines).add(lines, rows);
      }
      const found = await this.differenceIn(
        table,
        from,
        to,
        own.map(({ lines }) => lines),
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private async differenceIn(
    table: ComparedTable,
    from: number,
    to: number,
    expected: readonly Uint8Array[],
  ): Promise<RowDifference | undefined> {
    return firstDifference(table, Buffer.concat(expected), await linesBetween(this.options.database, table, from, to));
  }

  private note({ block, rollback }: ProjectedBlock): void {
    if (rollback === undefined) return;
    const { deadFrom, deadTo, certificate } = rollback;
    this.rollbacks.push([block.height, block.fork, block.restores ?? null, certificate]);
    if (deadTo >= deadFrom) this.deadRanges.push([deadFrom, deadTo, block.height]);
  }
}
