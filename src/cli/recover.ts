// `makewhole recover`: what a start of an exchange would begin with, proved, to the end of its journal.
import { type Command, Option } from 'commander';
import { toHex } from '../chain/digest.ts';
import { DataDir } from '../server/data-dir.ts';
import { DatabaseStateRefused, type StartKind } from '../server/find-start.ts';
import type { Notice } from '../server/notice.ts';
import { recoverFolder } from '../server/recover-folder.ts';
import { describeRowDifference } from '../store/compare-rows.ts';
import { type DatabaseState, readStateAtOnce } from '../store/recover-from-database.ts';
import { action, addCommand, type Frame } from './command.ts';
import { type ExitCode, exitCodes } from './errors.ts';
import type { Output } from './output.ts';
import { openDatabase } from './store-database.ts';

interface RecoverOptions {
  readonly dataDir: string;
  readonly database?: string;
  readonly from: StartKind;
}

/** Adds the command `recover`. */
export function registerRecover(program: Command, frame: Frame): void {
  addCommand(program, 'recover', {
    summary: 'bring an exchange that does not run to the end of its journal',
    description:
      'Does what `serve` does first: takes the newest state that is proved, by a snapshot, by the rows of the database, or none, and replays\n' +
      'what the journal has behind it, comparing every root. What a crash left unfinished is finished; nothing is traded. From the database\n' +
      'only where the root of its rows is that of the sealed block, by the database and by the journal: otherwise it names the first row\n' +
      'that differs and ends with 1.',
    examples: [
      ['recover --data-dir venue', 'from the newest snapshot that verifies'],
      [
        'recover --from database --data-dir venue --database postgres://localhost/makewhole',
        'from the rows of a server',
      ],
    ],
  })
    .option('--data-dir <folder>', 'the data folder of the exchange', 'makewhole-data')
    .option('--database <url>', 'a PostgreSQL server (default: DATABASE_URL, else the embedded one)')
    .addOption(
      new Option('--from <where>', 'what it begins with, at best')
        .choices(['snapshot', 'database', 'journal'])
        .default('snapshot'),
    )
    .action(action<RecoverOptions>(frame, recoverExchange));
}

async function recoverExchange(output: Output, options: RecoverOptions): Promise<ExitCode> {
  const { from, dataDir } = options;
  const dir = DataDir.reopen(dataDir);
  const notices: Notice[] = [];
  const tell = (notice: Notice): void => {
    notices.push(notice);
    if (notice.isTrouble) output.warn(`${notice.name}: ${notice.message}`);
  };
  try {
    const database = from === 'database' ? await stateOf(options) : undefined;
    const parts = recoverFolder(
      { folder: dir.journal, disk: undefined, accounts: 0, speed: 1, from, database },
      { tell, unready: () => '', onHeldCommand: () => undefined, onPublish: () => undefined },
    );
    const { journal, start, block, recovered, exchange } = parts;
    journal.close();
    await parts.roots.close();
    const { blocks, commands } = recovered.replay;
    const began = start === undefined ? 'the first command' : `block ${start.block.height} of the ${start.kind}`;
    output.result({
      asOf: { height: block.height, fork: block.fork },
      recovered: true,
      from: start?.kind ?? 'journal',
      fromHeight: start?.block.height ?? null,
      height: block.height,
      fork: block.fork,
      stateRoot: toHex(block.stateRoot),
      sequence: exchange.sequence,
      blocks,
      commands,
      notices: notices.map(({ name, message }) => ({ name, message })),
    });
    output.say(`Recovered from ${began}: ${blocks} blocks and ${commands} commands replayed, every root as recorded.`);
    output.say(`Block ${block.height} on fork ${block.fork}, root ${toHex(block.stateRoot)}.`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof DatabaseStateRefused)) throw error;
    const { refusal, about, height = null, differences } = error.refused;
    output.result({ recovered: false, refusal, about, height, differences });
    output.say(`REFUSED: ${refusal}: ${about}`);
    for (const difference of differences) output.say(describeRowDifference(difference));
    return exitCodes.finding;
  } finally {
    dir.close();
  }
}

async function stateOf({ database: url, dataDir }: RecoverOptions): Promise<DatabaseState | undefined> {
  const named = url ?? process.env['DATABASE_URL'];
  const database = await openDatabase({ dataDir, ...(named === undefined || named === '' ? {} : { database: named }) });
  try {
    return await readStateAtOnce(database);
  } finally {
    await database.close();
  }
}
