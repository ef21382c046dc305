// `makewhole store cases`: loads what the folder of a case knows beside the journal into the database.
import type { Command } from 'commander';
import { readCaseRows } from '../store/case-rows.ts';
import type { Database } from '../store/database.ts';
import { loadCase } from '../store/load-case.ts';
import { action, addCommand, type Frame } from './command.ts';
import { type ExitCode, exitCodes } from './errors.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { type DatabaseOptions, openDatabase } from './store-database.ts';
import { requireSchema } from './store-writer.ts';

interface CasesOptions extends Omit<DatabaseOptions, 'journal'> {
  readonly case: string;
  readonly replace?: boolean;
}

/** Adds the command `store cases`. */
export function registerStoreCases(store: Command, frame: Frame): void {
  addCommand(store, 'cases', {
    summary: 'load the claims of a case into the database',
    description:
      'Checks the folder of a case (its documents agree, all claims together lead to the published roots, its last good block is the\n' +
      'database’s own) and writes the incident and a row for each claim, all of it or nothing: the views `incident` and `claim` show\n' +
      'them beside what the journal says was approved and paid. What is there already is left; a rebuild leaves it too. The exchange may\n' +
      'run. Claims are private: whoever reads the database reads them. Ends with 1 when something contradicts.',
    examples: [
      ['store cases --case case --database postgres://localhost/makewhole', 'a server'],
      ['store cases --case case --data-dir venue', 'the embedded database of the data folder venue'],
    ],
  })
    .requiredOption('--case <folder>', 'the folder of the case, with its private parts')
    .option('--replace', 'put this round in the place of what the database has of it')
    .option('--database <url>', 'a PostgreSQL server (default: DATABASE_URL)')
    .option('--data-dir <folder>', 'a data folder: its embedded database unless a server is named')
    .action(
      action<CasesOptions>(frame, async (output, options) => {
        const database = await openDatabase(options);
        try {
          await requireSchema(database, false);
          return await loadInto(database, output, options);
        } finally {
          await database.close();
        }
      }),
    );
}

async function loadInto(
  database: Database,
  output: Output,
  { case: folder, replace }: CasesOptions,
): Promise<ExitCode> {
  const rows = readCaseRows(folder);
  const loaded = 'refusal' in rows ? rows : await loadCase(database, rows, replace === true);
  const [asOf = null] = await database.query<{ height: number; fork: number }>('select height, fork from as_of');
  if ('refusal' in rows || 'refusal' in loaded) {
    const { refusal, about } = loaded as Extract<typeof loaded, { refusal: string }>;
    output.result({ asOf, loaded: false, refusal, about });
    output.say(`REFUSED: ${refusal}: ${about}`);
    return exitCodes.finding;
  }
  const { incident, round, dossier, claimRows } = rows;
  output.result({ asOf, loaded: true, incident, round, dossier, claims: claimRows.length, rows: loaded.rows });
  const what = `round ${round} of ${incident}, ${readableCount(claimRows.length)} claims`;
  output.say(loaded.rows === 0 ? `The database has it already: ${what}.` : `Loaded: ${what}.`);
  return exitCodes.ok;
}
