// `makewhole control`: talks to an exchange that `serve` keeps running.
import { existsSync, realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { askControl } from '../server/control-client.ts';
import type { ControlRequest } from '../server/control-socket.ts';
import { socketPath } from '../server/data-dir.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { readJsonFile } from './json-file.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

interface ControlOptions {
  readonly dataDir: string;
  readonly file?: string;
  readonly closeDatabase?: boolean;
  readonly ladder?: boolean;
}

/** Adds the command `control`. */
export function registerControl(program: Command, frame: Frame): void {
  addCommand(program, 'control', {
    summary: 'talk to an exchange that `serve` keeps running',
    description:
      'Asks the exchange of a data folder: status, submit (commands of a JSON file), act (a signed act of a JSON file), pause, resume,\n' +
      'release_database, reopen_database, snapshot, accept_clock (the machine’s clock is right), stop.',
    examples: [
      ['control status --data-dir venue', 'how far it is, what it waits for'],
      ['control act --file stop.json --data-dir venue', 'a signed act, carried out at once'],
      ['control stop --data-dir venue', 'seals, syncs, gives the lease back'],
    ],
  })
    .argument('<ask>', 'what is asked')
    .option('--data-dir <folder>', 'the folder of the exchange', 'makewhole-data')
    .option('--file <path>', 'of submit: a JSON list of commands; of act: the act')
    .option('--close-database', 'of pause: closes the database too')
    .option('--ladder', 'of resume: markets begin their way anew')
    .action(action<ControlOptions>(frame, control));
}

async function control(output: Output, options: ControlOptions, [ask]: readonly string[]): Promise<ExitCode> {
  const { dataDir } = options;
  if (!existsSync(dataDir)) throw new CommandError('data_dir_not_found', `there is no folder ${dataDir}`);
  const answer = await askControl(socketPath(realpathSync(dataDir)), requestOf(String(ask), options));
  for (const line of linesOf(answer)) output.say(line);
  output.result(answer);
  return answer['accepted'] === false ? exitCodes.finding : exitCodes.ok;
}

function requestOf(ask: string, { file, closeDatabase, ladder }: ControlOptions): ControlRequest {
  switch (ask) {
    case 'submit':
      return { ask, commands: contentOf(file) };
    case 'act':
      return { ask, act: contentOf(file) };
    case 'pause':
      return { ask, ...(closeDatabase === true && { database: 'close' }) };
    case 'resume':
      return { ask, ladder: ladder === true };
    default:
      return { ask };
  }
}

function contentOf(file: string | undefined): unknown {
  if (file === undefined) throw new CommandError('missing_argument', 'say which: --file PATH');
  return readJsonFile(file);
}

interface Gate {
  readonly name: string;
  readonly isOpen: boolean;
  readonly found: string;
}

/** The answer for people: a status as lines and a table of gates, anything else as its fields. */
function linesOf(answer: Readonly<Record<string, unknown>>): string[] {
  const { gates, ...rest } = answer;
  const fields = Object.entries(rest)
    .filter(([name]) => name !== 'ok')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  if (!Array.isArray(gates)) return fields;
  const rows = (gates as Gate[]).map(({ name, isOpen, found }) => [name, isOpen ? 'open' : 'shut', found]);
  return [...fields, '', textTable([['gate', '', 'found'], ...rows])];
}
