// `makewhole store`: the history in a SQL database, made from the journal, made again, and compared with it.
import type { Command } from 'commander';
import { JournalReader } from '../journal/journal-reader.ts';
import { auditStore, type StoreAudit } from '../store/audit-store.ts';
import { readCaseRows } from '../store/case-rows.ts';
import { describeRowDifference } from '../store/compare-rows.ts';
import type { Database } from '../store/database.ts';
import { catchUp, rebuild, type Written } from '../store/follow-journal.ts';
import { compareCase, describeCaseDifference } from '../store/load-case.ts';
import { judgeDatabaseState, readStateAtOnce, type RefusedState } from '../store/recover-from-database.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { startProgress } from './progress.ts';
import { type DatabaseOptions, journalOf, openDatabase } from './store-database.ts';
import { registerStoreCases } from './store-cases.ts';
import { asWriter, requireSchema } from './store-writer.ts';
import { textTable } from './table.ts';

interface StoreOptions extends DatabaseOptions {
  readonly differences: number;
  readonly case?: string;
}

/** Adds the command `store` and those under it. */
export function registerStore(program: Command, frame: Frame): void {
  const store = program
    .command('store')
    .summary('the history in a SQL database: rebuild, catch up, audit, recover')
    .description(
      'Works on the tables that an exchange projects its history into: PostgreSQL by its URL, or the embedded database of a data ' +
        'folder. The journal is the truth; the tables can be made from it at any time, and are compared with it row by row.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ makewhole store audit --journal day --database postgres://localhost/makewhole',
    );
  addStore(store, frame, 'rebuild', {
    summary: 'project the whole journal anew',
    description:
      'Empties the projected tables and makes them again from the first command on, by a replay that compares every root.',
    isWriter: true,
    work: (output, folder, database) => build(output, folder, database, rebuild),
  });
  addStore(store, frame, 'catch-up', {
    summary: 'project what the database lacks',
    description:
      'Projects the blocks that the database does not have. Blocks that it has and the journal has not, or has otherwise, are removed ' +
      'first: a machine that lost its power may have lost the end of the journal, and not that of the database.',
    isWriter: true,
    work: (output, folder, database) => build(output, folder, database, catchUp),
  });
  addStore(store, frame, 'audit', {
    summary: 'compare the database with the journal, row by row',
    description:
      'Replays the journal and compares every row of every block with the database, then the running digests and the sums. Names the ' +
      'first row and column that differs: `table/row/column: journal, database`. Ends with 1 when something does.',
    isWriter: false,
    work: audit,
  }).option('--case <folder>', 'compare what was loaded of this case (`store cases`) too');
  registerStoreCases(store, frame);
  addStore(store, frame, 'recover', {
    summary: 'say whether an exchange may start from the database',
    description:
      'Reads the state that the database keeps and computes its root. An exchange may start from it only where that is the root of the ' +
      'sealed block in the journal; otherwise this names what differs, table, row and column, and ends with 1.',
    isWriter: false,
    work: recoverCheck,
  })
    .option('--check', 'what it does in any case: it changes nothing')
    .option('--differences <n>', 'how many differences are named, at most', wholeNumber(1, 1000), 20);
}

interface StoreText {
  readonly summary: string;
  readonly description: string;
  readonly isWriter: boolean;
  readonly work: (output: Output, folder: string, database: Database, options: StoreOptions) => Promise<ExitCode>;
}

function addStore(
  store: Command,
  frame: Frame,
  name: string,
  { summary, description, isWriter, work }: StoreText,
): Command {
  return addCommand(store, name, {
    summary,
    description,
    examples: [
      [`store ${name} --journal day --database postgres://localhost/makewhole`, 'a server'],
      [`store ${name} --data-dir venue`, 'the journal and the embedded database of the data folder venue'],
    ],
  })
    .option('--journal <folder>', 'the journal (default: that of the data folder)')
    .option('--database <url>', 'a PostgreSQL server (default: DATABASE_URL)')
    .option('--data-dir <folder>', 'a data folder: its journal, and its embedded database unless a server is named')
    .action(
      action<StoreOptions>(frame, async (output, options) => {
        const folder = journalOf(options);
        openForReading(folder);
        const database = await openDatabase(options);
        try {
          await requireSchema(database, isWriter);
          return await work(output, folder, database, options);
        } finally {
          await database.close();
        }
      }),
    );
}

async function build(output: Output, folder: string, database: Database, project: typeof rebuild): Promise<ExitCode> {
  const startMs = performance.now();
  const progress = startProgress(output, 'blocks', Math.max(1, new JournalReader(folder).height + 1));
  let written: Written = { height: -1, journalHeight: -1, blocks: 0, rows: 0 };
  try {
    const onWritten = (now: Written): void => {
      written = now;
      progress.update(now.height + 1, `${readableCount(now.rows)} rows`);
    };
    await asWriter(database, folder, (before) =>
      project({ folder, database, onWritten, ...(before === undefined ? {} : { before }) }),
    );
  } finally {
    progress.stop();
  }
  const seconds = Number(((performance.now() - startMs) / 1000).toFixed(3));
  const { height, blocks, rows } = written;
  output.result({ asOf: placeOf(folder, height), height, blocks, rows, seconds, engine: database.engine });
  const rate = readableCount(rows / Math.max(seconds, 1e-3));
  output.say(
    `${readableCount(rows)} rows of ${readableCount(blocks)} blocks written in ${seconds.toFixed(1)} s (${rate} a second).`,
  );
  output.say(`The database has every block up to ${height}.`);
  return exitCodes.ok;
}

/** What the database has otherwise than the folder of a case, as text; null where it has all of it, undefined where none is named. */
async function caseDifference(database: Database, folder: string | undefined): Promise<string | null | undefined> {
  if (folder === undefined) return undefined;
  const rows = readCaseRows(folder);
  if ('refusal' in rows) return `${rows.refusal}: ${rows.about}`;
  const difference = await compareCase(database, rows);
  return difference === undefined ? null : describeCaseDifference(difference);
}

async function audit(
  output: Output,
  folder: string,
  database: Database,
  { case: caseFolder }: StoreOptions,
): Promise<ExitCode> {
  const startMs = performance.now();
  const progress = startProgress(output, 'audit', Math.max(1, new JournalReader(folder).height + 1));
  let result: StoreAudit;
  try {
    result = await auditStore({
      folder,
      database,
      onProgress: (height, rows) => progress.update(height + 1, `${readableCount(rows)} rows`),
    });
  } finally {
    progress.stop();
  }
  const seconds = Number(((performance.now() - startMs) / 1000).toFixed(3));
  const { firstDifference, height, journalHeight, rows, tables } = result;
  const ofCase = await caseDifference(database, caseFolder);
  const equal = firstDifference === undefined && typeof ofCase !== 'string';
  const asOf = placeOf(folder, height);
  output.result({
    asOf,
    equal,
    height,
    journalHeight,
    rows,
    tables,
    firstDifference: firstDifference ?? null,
    ...(ofCase === undefined ? {} : { caseDifference: ofCase }),
    seconds,
  });
  if (firstDifference !== undefined) {
    output.say(`DIFFERS after ${readableCount(rows)} rows.`);
    output.say(describeRowDifference(firstDifference));
    return exitCodes.finding;
  }
  if (typeof ofCase === 'string') {
    output.say(`The case DIFFERS: ${ofCase}`);
    return exitCodes.finding;
  }
  output.say(totalsText(result));
  output.say(`Equal: ${readableCount(rows)} rows up to block ${height}, compared in ${seconds.toFixed(1)} s.`);
  if (journalHeight > height)
    output.say(`The journal goes on to block ${journalHeight}: \`makewhole store catch-up\`.`);
  return exitCodes.ok;
}

function totalsText({ tables }: StoreAudit): string {
  const rows = tables.map(({ table, database: { rows: count, sums } }) => {
    return [
      table,
      readableCount(count),
      Object.entries(sums)
        .map(([name, sum]) => `${name} ${sum}`)
        .join(', '),
    ];
  });
  return textTable([['table', 'rows', 'sums'], ...rows], ['left', 'right', 'left']);
}

async function recoverCheck(
  output: Output,
  folder: string,
  database: Database,
  { differences }: StoreOptions,
): Promise<ExitCode> {
  const history = new JournalReader(folder);
  const result = judgeDatabaseState(await readStateAtOnce(database), history, { folder, differences });
  if (result.accepted) {
    const { height, fork } = result.block;
    output.result({ asOf: { height, fork }, accepted: true, height, fork, journalHeight: history.height });
    output.say(`An exchange may start from the database: its state is that of block ${height}, by its root.`);
    if (history.height > height) output.say(`${history.height - height} blocks of the journal come behind it.`);
    return exitCodes.ok;
  }
  const { refusal, about, height = null } = result;
  output.result({
    asOf: height === null ? null : placeOf(folder, height),
    accepted: false,
    refusal,
    about,
    height,
    differences: result.differences,
  });
  output.say(`REFUSED: ${refusal}: ${about}`);
  for (const line of differenceLines(result)) output.say(line);
  return exitCodes.finding;
}

function differenceLines({ differences }: RefusedState): string[] {
  return differences.map(describeRowDifference);
}

/** The place in the history that an answer is of; null where the journal has no such block. */
function placeOf(folder: string, height: number): { readonly height: number; readonly fork: number } | null {
  const block = new JournalReader(folder).block(height);
  return block === undefined ? null : { height, fork: block.fork };
}
