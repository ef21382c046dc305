/** Measurements in child processes: each starts fresh, so that none runs in code, or beside memory, of another. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { MeasurementName, Measurements } from './measurements.ts';
import { rebuildError, type SentError } from './sent-error.ts';
import type { Tell } from './series.ts';

type Request<Name extends MeasurementName> = Parameters<Measurements[Name]>[0];
type Result<Name extends MeasurementName> = Awaited<ReturnType<Measurements[Name]>>;

/** Measures in a process of its own and returns the result. Throws what the measurement refuses. */
export async function measureInChild<Name extends MeasurementName>(
  name: Name,
  request: Request<Name>,
  tell: Tell,
): Promise<Result<Name>> {
  const file = fileURLToPath(new URL('./child.ts', import.meta.url));
  const answer = await runNode(['--expose-gc', file, name, JSON.stringify(request)], tell);
  const { result, error } = JSON.parse(answer) as { result?: Result<Name>; error?: SentError };
  if (error !== undefined) throw rebuildError(error);
  if (result === undefined) throw new Error(`the measurement ${name} gave no result`);
  return result;
}

/** Where and with what a process is run. */
export interface ProcessOptions {
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs this Node.js and returns its stdout. Its lines on stderr are told on. Throws when it does not end with 0. */
export async function runNode(args: readonly string[], tell: Tell, options: ProcessOptions = {}): Promise<string> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
    ...(options.folder !== undefined && { cwd: options.folder }),
  });
  const end = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code === 0 ? '' : String(signal ?? code)));
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    tell(line);
  });
  const [output, fault] = await Promise.all([text(child.stdout), end]);
  if (fault === '') return output;
  throw new Error(`${args.join(' ')} ended with ${fault}\n${lines.slice(-20).join('\n')}`);
}
