// What every command has in common: --json, examples in its help, and an end that is an exit code.
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from './errors.ts';
import { Output, type Streams } from './output.ts';

/** What a command needs from the program it belongs to. */
export interface Frame {
  readonly streams: Streams;
  /** The exit code of the command that ran. */
  exitCode: ExitCode;
}

export interface CommandText {
  readonly summary: string;
  /** The paragraphs that --help prints under the usage line. */
  readonly description: string;
  /** Each a command line without the program's name, and what it does. */
  readonly examples: readonly (readonly [line: string, effect: string])[];
}

/** Adds a command `name` to the program, with --json and its help; the caller adds its own options and its action. */
export function addCommand(program: Command, name: string, { summary, description, examples }: CommandText): Command {
  const lines = examples.map(([line, effect]) => `  $ makewhole ${line}\n      ${effect}`);
  return program
    .command(name)
    .summary(summary)
    .description(description)
    .option('--json', 'print one JSON object on stdout, and no prose')
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/**
 * Returns the action for `command.action(...)`: it calls `work` with the command's voice, its parsed options and its
 * positional arguments, and keeps the exit code that `work` returns. Throws when `work` owes --json its object.
 */
export function action<Options>(
  frame: Frame,
  work: (output: Output, options: Options, args: readonly string[]) => ExitCode | Promise<ExitCode>,
): (...values: unknown[]) => Promise<void> {
  return async (...values) => {
    const command = values.at(-1) as Command;
    // A command of a command finds --json where the parser put it: with the outer one.
    const options: Options & { json?: boolean } = command.optsWithGlobals();
    const output = new Output(frame.streams, options.json === true);
    frame.exitCode = await work(output, options, command.args);
    const isDone = frame.exitCode === exitCodes.ok || frame.exitCode === exitCodes.finding;
    if (isDone && output.json && !output.hasResult) throw new Error(`${command.name()} printed no result`);
  };
}
