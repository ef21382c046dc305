// The program `makewhole`: its commands, and the one place where a command's end becomes an exit code.
import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { registerBench } from './bench.ts';
import type { Frame } from './command.ts';
import { registerControl } from './control.ts';
import { registerData } from './data.ts';
import { registerDrill } from './drill.ts';
import { CommandError, type ExitCode, exitCodes, toCommandError } from './errors.ts';
import { registerExtremes } from './extremes.ts';
import { registerIncident } from './incident.ts';
import { registerInspect } from './inspect.ts';
import { registerMatrix } from './matrix.ts';
import { type Streams, toJson } from './output.ts';
import { registerKey } from './key.ts';
import { registerRecover } from './recover.ts';
import { registerRun } from './run.ts';
import { registerServe } from './serve.ts';
import { registerShadow } from './shadow.ts';
import { registerStart } from './start.ts';
import { registerStore } from './store.ts';
import { registerUpgrade } from './upgrade.ts';
import { registerVerify } from './verify.ts';
import { registerWarrants } from './warrants-view.ts';

/** Every command, in the order of the help page. A new command adds its line here. */
const registrations: readonly ((program: Command, frame: Frame) => void)[] = [
  registerStart,
  registerDrill,
  registerRun,
  registerServe,
  registerRecover,
  registerControl,
  registerVerify,
  registerMatrix,
  registerWarrants,
  registerIncident,
  registerInspect,
  registerStore,
  registerUpgrade,
  registerShadow,
  registerKey,
  registerData,
  registerBench,
  registerExtremes,
];

const exitCodesText = `
Exit codes:
  0   done
  1   done, and something was found (a divergence, a failed check)
  2   the arguments or the input are wrong, or the system refused (a missing file, a full disk)
  3   stored history is corrupt
  70  a bug in makewhole

People read stderr; with --json a command prints one JSON object on stdout: its result, or {"error", "message"}.`;

function createProgram(frame: Frame): Command {
  const { stdout, stderr } = frame.streams;
  const program = new Command('makewhole')
    .description('A perpetual-futures exchange whose history can be checked, replayed and made whole.')
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // The parser's refusals are thrown as well; they are printed once, by `report`, in the form of every named error.
      outputError: () => undefined,
    })
    .addHelpText('after', exitCodesText);
  for (const register of registrations) register(program, frame);
  return program;
}

/** Prints a named error: for people on stderr, and for programs as the one JSON object on stdout. A bug shows its stack. */
function report(error: CommandError, streams: Streams, json: boolean): void {
  if (json) streams.stdout.write(`${toJson({ error: error.name, message: error.message })}\n`);
  streams.stderr.write(`makewhole: ${error.name}: ${error.message}\n`);
  if (error.exitCode === exitCodes.bug && error.cause instanceof Error) streams.stderr.write(`${error.cause.stack}\n`);
}

/**
 * Runs one command line (`args` without the program's name) and returns its exit code. It never throws, and it does not
 * end the process.
 */
export async function runProgram(args: readonly string[], streams: Streams): Promise<ExitCode> {
  const frame: Frame = { streams, exitCode: exitCodes.ok };
  const json = args.includes('--json');
  try {
    await createProgram(frame).parseAsync([...args], { from: 'user' });
    return frame.exitCode;
  } catch (thrown) {
    const code = thrown instanceof CommanderError ? thrown.code : '';
    // Help or a version that was asked for is an answer. Help in place of a missing command is a refusal.
    if (code === 'commander.helpDisplayed' || code === 'commander.version') return exitCodes.ok;
    const error =
      code === 'commander.help'
        ? new CommandError('missing_command', 'name one of the commands listed above')
        : toCommandError(thrown);
    report(error, streams, json);
    return error.exitCode;
  }
}
