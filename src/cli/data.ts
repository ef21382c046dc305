// `makewhole data`: where the public archives of market data are, and how to lay the files down for `--data`.
import type { Command } from 'commander';
import { action, addCommand, type Frame } from './command.ts';
import { type DataFormat, dataFormats } from './data-formats.ts';
import { CommandError, exitCodes } from './errors.ts';
import { textTable } from './table.ts';

/** Adds the command `data [format]`. It reads no network and no file: it says where things are. */
export function registerData(program: Command, frame: Frame): void {
  addCommand(program, 'data', {
    summary: 'say where recorded market data is and how to lay it down',
    description:
      'Says where the public archive of each input format is, which columns are read, and how to lay the files down.\n' +
      'Recorded data is not part of makewhole: fetch what you want to trade and name its path with --data.',
    examples: [
      ['data', 'list the formats'],
      ['data binance_klines', 'one format: archive, columns, steps'],
      ['data --json', 'every format in full, as one JSON object'],
    ],
  })
    .argument('[format]', 'a format of the list')
    .action(
      action(frame, (output, _options, [name]) => {
        const formats = name === undefined ? dataFormats : [findFormat(name)];
        output.say(name === undefined ? describeAll() : formats.map(describeFormat).join('\n'));
        output.result({ formats });
        return exitCodes.ok;
      }),
    );
}

function findFormat(name: string): DataFormat {
  const format = dataFormats.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  const names = dataFormats.map((candidate) => candidate.name).join(', ');
  throw new CommandError('unknown_format', `there is no data format "${name}"; the formats are ${names}`);
}

function describeAll(): string {
  const rows = dataFormats.map(({ name, holds }) => [name, holds]);
  return [
    textTable([['format', 'holds'], ...rows]),
    '',
    'Files are read as .csv or .csv.gz, and told apart by their header line. Put them in a folder of your own, outside',
    'this project, and name the folder or one file: makewhole run --data PATH',
    'A format in full: makewhole data FORMAT',
  ].join('\n');
}

function describeFormat({ name, holds, columns, stamps, archive, addresses, layDown }: DataFormat): string {
  return [
    `${name}: ${holds}`,
    '',
    `Archive: ${archive}`,
    ...addresses.map((address) => `  ${address}`),
    '',
    'Header line:',
    `  ${columns}`,
    `Stamps: ${stamps}`,
    '',
    'How to lay it down:',
    ...layDown.map((step, index) => `  ${index + 1}. ${step}`),
  ].join('\n');
}
