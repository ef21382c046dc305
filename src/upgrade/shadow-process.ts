/** A release that answers what it makes of a journal, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { programOf } from './release.ts';
import {
  SHADOW_PROTOCOL,
  type ShadowAnswers,
  type ShadowAsk,
  type ShadowFailure,
  type ShadowHello,
} from './shadow-protocol.ts';

/** The engine of a release broke on what the journal holds. */
export class ShadowBroke extends Error {
  readonly height: number;
  constructor({ failed, height }: ShadowFailure) {
    super(failed);
    this.name = 'ShadowBroke';
    this.height = height;
  }
}

/** A release that does not answer: it was ended, or does not know how. */
export class ShadowGone extends Error {
  constructor(folder: string, how: string) {
    super(`the shadow of ${folder} ${how}`);
    this.name = 'ShadowGone';
  }
}

const LAST_WORDS = 2000;

export class ShadowProcess {
  readonly hello: ShadowHello;
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly folder: string;
  private readonly said: () => string;

  private constructor(
    folder: string,
    child: ChildProcess,
    lines: AsyncIterator<string>,
    hello: ShadowHello,
    said: () => string,
  ) {
    this.folder = folder;
    this.child = child;
    this.lines = lines;
    this.hello = hello;
    this.said = said;
  }

  /**
   * Starts the shadow of a release, before the first command or at the end of a block. Refuses (throws `ShadowGone`) one that does not
   * speak this protocol, or has no snapshot of the block.
   */
  static async start(folder: string, journal: string, from?: number): Promise<ShadowProcess> {
    const place = from === undefined ? [] : ['--from', String(from)];
    const { file, args } = programOf(folder, ['shadow', '--journal', journal, ...place]);
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let text = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (part: string) => (text = (text + part).slice(-LAST_WORDS)));
    // A process that is gone is told by the end of its lines.
    child.on('error', (error) => (text += error.message));
    child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const said = (): string => text.trim();
    const first = await lines.next();
    const hello = first.done === true ? undefined : parsed(first.value);
    if (hello === undefined || hello['protocol'] !== SHADOW_PROTOCOL) {
      child.kill('SIGKILL');
      const how = first.done === true ? `ended: ${said()}` : `does not speak protocol ${SHADOW_PROTOCOL}`;
      throw new ShadowGone(folder, how);
    }
    return new ShadowProcess(folder, child, lines, hello as unknown as ShadowHello, said);
  }

  /** Throws `ShadowBroke` with what its engine said, `ShadowGone` when it is no more. One at a time. */
  async ask<Kind extends ShadowAsk['ask']>(ask: Extract<ShadowAsk, { ask: Kind }>): Promise<ShadowAnswers[Kind]> {
    this.child.stdin?.write(`${JSON.stringify(ask)}\n`);
    const { value, done } = await this.lines.next();
    if (done === true) throw new ShadowGone(this.folder, `ended: ${this.said()}`);
    const answer = parsed(value);
    if (answer === undefined) throw new ShadowGone(this.folder, `answered ${value.slice(0, 200)}`);
    if (typeof answer['failed'] === 'string') throw new ShadowBroke(answer as unknown as ShadowFailure);
    return answer as unknown as ShadowAnswers[Kind];
  }

  /** Ends it. */
  async end(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
