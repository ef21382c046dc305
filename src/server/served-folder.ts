/** Starts and stops the exchange of a data folder, by its control socket and the record of how it was served. */
import { spawn } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HandOver, type ServedFolder, ServeRefused, type Standing } from '../upgrade/hand-over.ts';
import { programOf } from '../upgrade/release.ts';
import { askControl, ExchangeNotRunning } from './control-client.ts';
import { socketPath } from './data-dir.ts';
import { readServedRecord } from './served-record.ts';

const LOOK_MS = 50;
const LAST_WORDS = 1000;

/** Who holds a data folder while nothing is served from it. Both are done once, however often. */
export interface FolderHold {
  take(): void;
  free(): void;
}

const NO_HOLD: FolderHold = { take: () => undefined, free: () => undefined };

class ServedByProcess implements ServedFolder {
  private readonly path: string;
  private readonly argumentsFrom: string;
  private readonly more: readonly string[];
  private readonly hold: FolderHold;

  /** The folder `path`, served with the options that `argumentsFrom` was served with, and `more`. */
  constructor(path: string, argumentsFrom: string, more: readonly string[], hold: FolderHold) {
    this.path = path;
    this.argumentsFrom = argumentsFrom;
    this.more = more;
    this.hold = hold;
  }

  async standing(): Promise<Standing | undefined> {
    let answer: Record<string, unknown>;
    try {
      answer = await askControl(socketPath(this.path), { ask: 'status' });
    } catch (error) {
      if (error instanceof ExchangeNotRunning) return undefined;
      throw error;
    }
    const { asOf, birth, gates, heldBy } = answer as {
      readonly asOf: { readonly height: number; readonly stateRoot: string };
      readonly birth: { readonly process: number; readonly height: number; readonly stateRoot: string };
      readonly gates: readonly { readonly name: string; readonly isOpen: boolean; readonly found: string }[];
      readonly heldBy: string;
    };
    const shutAt = gates.findIndex(({ isOpen }) => !isOpen);
    const takesFrom = gates.findIndex(({ name }) => name === 'cancel_only');
    const shut = gates[shutAt];
    const isShut = shut !== undefined && shutAt <= takesFrom;
    return {
      process: birth.process,
      program: resolve(readServedRecord(this.path)?.program ?? ''),
      bornHeight: birth.height,
      bornRoot: birth.stateRoot,
      height: asOf.height,
      stateRoot: asOf.stateRoot,
      shut: heldBy !== '' ? heldBy : isShut ? `${shut.name}: ${shut.found}` : '',
    };
  }

  async start(program: string, isPaused: boolean): Promise<Standing> {
    const served = readServedRecord(this.argumentsFrom);
    if (served === undefined) throw new ServeRefused(program, 'it is not known with which options');
    const options = withoutPlace(served.args, this.more);
    const args = ['serve', ...options, '--data-dir', this.path, ...this.more, ...(isPaused ? ['--paused'] : [])];
    const { file, args: all } = programOf(program, args);
    const log = join(this.path, 'serve.log');
    const descriptor = openSync(log, 'a', 0o600);
    const from = statSync(log).size;
    this.hold.free();
    // What was not said by the options is not to be said by this process either.
    const env = { ...process.env, DATABASE_URL: '' };
    const child = spawn(file, all, { detached: true, stdio: ['ignore', descriptor, descriptor], env });
    closeSync(descriptor);
    child.unref();
    let isEnded = false;
    child.on('error', () => (isEnded = true));
    child.on('exit', () => (isEnded = true));
    for (;;) {
      const standing = await this.standing();
      if (standing?.process === child.pid) return standing as Standing;
      if (isEnded) {
        const said = readFileSync(log, 'utf8').slice(from).trim().slice(-LAST_WORDS);
        throw new ServeRefused(program, said);
      }
      await sleep(LOOK_MS);
    }
  }

  async stop(): Promise<void> {
    const standing = await this.standing();
    if (standing !== undefined) {
      await askControl(socketPath(this.path), { ask: 'stop' });
      await ended(standing.process);
    }
    this.hold.take();
  }

  async resume(): Promise<void> {
    await askControl(socketPath(this.path), { ask: 'resume' });
  }

  async snapshot(): Promise<void> {
    await askControl(socketPath(this.path), { ask: 'snapshot' });
  }

  async kill(): Promise<void> {
    const standing = await this.standing();
    if (standing === undefined) return;
    process.kill(standing.process, 'SIGKILL');
    await ended(standing.process);
  }
}

/** Options of `serve` without those that say where: the folder, and, where `more` names another, the database. */
function withoutPlace(args: readonly string[], more: readonly string[]): string[] {
  const dropped = ['--data-dir', ...more.filter((arg) => arg.startsWith('--'))];
  return args.filter((arg, at) => !dropped.includes(arg) && !dropped.includes(args[at - 1] ?? ''));
}

async function ended(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(LOOK_MS);
  }
}

/** The exchange of the data folder `path` (real), and a copy of it in the folder `beside`, for a rehearsal. */
export function handOverOf(path: string, beside: string, hold: FolderHold): HandOver {
  const dropCopy = (): void => rmSync(beside, { recursive: true, force: true });
  return {
    live: new ServedByProcess(path, path, [], hold),
    served: readServedRecord(path)?.program,
    copy: () => {
      dropCopy();
      mkdirSync(beside, { recursive: true });
      cpSync(join(path, 'exchange.json'), join(beside, 'exchange.json'));
      // The segments last: no snapshot is of a block that the copy has not.
      for (const isSegment of [false, true]) {
        const filter = (from: string): boolean =>
          from.endsWith('journal') || (!basename(from).startsWith('lock') && from.endsWith('.segment') === isSegment);
        cpSync(join(path, 'journal'), join(beside, 'journal'), { recursive: true, filter });
      }
      return new ServedByProcess(beside, path, ['--database', 'none', '--traders', 'off'], NO_HOLD);
    },
    copyJournal: join(beside, 'journal'),
    dropCopy,
  };
}
