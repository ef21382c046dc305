// An exchange that is served by a process, a client that keeps sending, and `upgrade` as a process that can be killed: all as people run them.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { commandRows, readCommand } from '../../src/chain/command-record.ts';
import { COMMAND_BYTES } from '../../src/engine/command.ts';
import { JournalReader } from '../../src/journal/journal-reader.ts';
import { askControl, ControlAnswered, ExchangeNotRunning } from '../../src/server/control-client.ts';
import { readServedRecord } from '../../src/server/served-record.ts';
import type { UpgradeOutcome } from '../../src/upgrade/procedure.ts';
import { type Abort, ruleOf, type UpgradeState } from '../../src/upgrade/states.ts';
import { upgradesIn } from '../../src/upgrade/upgrade-files.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const LOOK_MS = 20;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as a process. */
export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  private text = '';

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    this.child.stdout?.on('data', (part) => (stdout += String(part)));
    this.child.stderr?.on('data', (part) => (this.text += String(part)));
    this.ended = new Promise((resolve) =>
      this.child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr: this.text })),
    );
  }

  /** What it said so far. */
  get said(): string {
    return this.text;
  }

  kill(): Promise<Ended> {
    this.child.kill('SIGKILL');
    return this.ended;
  }
}

/** An exchange in a folder. Whoever serves it may change: an upgrade starts another process. */
export class LiveVenue {
  readonly folder: string;
  private readonly database: readonly string[];
  private served: Program | undefined;

  constructor(folder: string, database: readonly string[] = []) {
    this.folder = folder;
    this.database = database;
  }

  get socket(): string {
    return join(this.folder, 'control.sock');
  }

  get journal(): string {
    return join(this.folder, 'journal');
  }

  /** Serves, and waits until commands are taken. */
  async serve(): Promise<void> {
    const options = ['--accounts', '20', '--tick', '1000', '--speed', '20'];
    this.served = new Program(['serve', '--data-dir', this.folder, ...options, ...this.database]);
    await this.taking();
  }

  /** Waits until the exchange takes commands, whoever serves it. */
  async taking(): Promise<void> {
    let end: Ended | undefined;
    void this.served?.ended.then((ended) => (end = ended));
    while (!(await this.isTaking())) {
      if (end !== undefined && !(await this.isServed())) throw new Error(`it ended: ${JSON.stringify(end)}`);
      await sleep(LOOK_MS);
    }
  }

  async ask(ask: string, more: object = {}): Promise<Record<string, unknown>> {
    return askControl(this.socket, { ask, ...more });
  }

  private async isServed(): Promise<boolean> {
    try {
      await this.ask('status');
      return true;
    } catch (error) {
      if (error instanceof ExchangeNotRunning) return false;
      throw error;
    }
  }

  private async isTaking(): Promise<boolean> {
    if (!(await this.isServed())) return false;
    const { gates, heldBy } = (await this.ask('status')) as {
      readonly gates: { readonly name: string; readonly isOpen: boolean }[];
      readonly heldBy: string;
    };
    const from = gates.findIndex(({ isOpen }) => !isOpen);
    return heldBy === '' && (from < 0 || from > gates.findIndex(({ name }) => name === 'cancel_only'));
  }

  /** The process that serves now. */
  async process(): Promise<number> {
    const { birth } = (await this.ask('status')) as { readonly birth: { readonly process: number } };
    return birth.process;
  }

  /** Ends whoever serves as a crash would. */
  async kill(): Promise<void> {
    const pid = await this.process();
    process.kill(pid, 'SIGKILL');
    await gone(pid);
  }

  /** Stops whoever serves; nothing when nobody does. */
  async stop(): Promise<void> {
    if (!(await this.isServed())) return;
    const pid = await this.process();
    await this.ask('stop');
    await gone(pid);
  }

  /** The folder of the release that serves. */
  get program(): string | undefined {
    return readServedRecord(this.folder)?.program;
  }

  upgrade(what: string, ...more: string[]): Program {
    return new Program(['upgrade', what, '--data-dir', this.folder, ...this.database, ...more]);
  }

  /** Runs `upgrade` to its end, and returns what it came to. */
  async upgraded(what: string, ...more: string[]): Promise<UpgradeOutcome> {
    const { stdout, stderr } = await this.upgrade(what, ...more, '--json').ended;
    assert.notEqual(stdout, '', stderr);
    const outcome = JSON.parse(stdout) as UpgradeOutcome & { readonly error?: string };
    assert.equal(outcome.error, undefined, stdout);
    return outcome;
  }

  /** Runs `upgrade`, and kills it as soon as the document of a step is there. Its end, when it ended by itself. */
  async upgradedTo(state: string, what: string, ...more: string[]): Promise<Ended | undefined> {
    const program = this.upgrade(what, ...more);
    let end: Ended | undefined;
    void program.ended.then((ended) => (end = ended));
    while (!this.hasDocument(state)) {
      if (end !== undefined) return end;
      await sleep(LOOK_MS);
    }
    const last = await program.kill();
    return last.signal === null ? last : undefined;
  }

  /** Waits until a running upgrade has written the document of a step. */
  async written(program: Program, state: string): Promise<void> {
    while (!this.hasDocument(state)) {
      const isRunning = program.child.exitCode === null && program.child.signalCode === null;
      await sleep(LOOK_MS);
      assert.ok(isRunning || this.hasDocument(state), program.said);
    }
  }

  /** The last upgrade of all, as `upgrade status` tells it. */
  async lastUpgrade(): Promise<UpgradeOutcome & { readonly isActive: boolean }> {
    const { stdout } = await this.upgrade('status', '--json').ended;
    const { upgrades } = JSON.parse(stdout) as {
      readonly upgrades: (UpgradeOutcome & { readonly isActive: boolean })[];
    };
    const last = upgrades.at(-1);
    assert.ok(last !== undefined);
    return last;
  }

  hasDocument(state: string): boolean {
    return this.documents.some((name) => name.endsWith(`-${state}.json`));
  }

  /** How an upgrade that was killed goes back: a slow machine may have let it come further than it was to be killed at. */
  get expectedAbort(): Abort {
    const last = /^\d+-([A-Z_]+)\.json$/.exec(this.documents.at(-1) ?? '')?.[1];
    const rule = ruleOf(last as UpgradeState);
    return ruleOf(rule.next ?? rule.state).abort;
  }

  private get documents(): string[] {
    const upgrades = join(this.folder, 'upgrades');
    const last = upgradesIn(upgrades).at(-1);
    return last === undefined
      ? []
      : readdirSync(join(upgrades, last))
          .filter((name) => name.endsWith('.json'))
          .sort();
  }
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(LOOK_MS);
  }
}

/** Cancels orders one after the other, each of another number that no order has, and keeps what was answered: each is in the journal. */
export class SendingClient {
  private readonly venue: LiveVenue;
  /** Numbers of orders by the sequence that was answered. */
  readonly answered = new Map<number, number>();
  private isOver = false;
  private readonly running: Promise<void>;

  constructor(venue: LiveVenue) {
    this.venue = venue;
    this.running = this.run();
  }

  /** Waits until so many more were answered. */
  async more(count: number): Promise<void> {
    const until = this.answered.size + count;
    while (this.answered.size < until) await sleep(LOOK_MS);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (let n = 1; !this.isOver; n++) {
      const cancel = { kind: 'cancelOrder', account: 3, order: 2 ** 40 + n };
      try {
        const { firstSequence, held } = await this.venue.ask('submit', { commands: [cancel] });
        assert.deepEqual(held, []);
        this.answered.set(firstSequence as number, cancel.order);
      } catch (error) {
        // Not answered: it may be in the journal or not, and is none of those that must be.
        if (!(error instanceof ExchangeNotRunning) && !(error instanceof ControlAnswered)) throw error;
      }
      await sleep(LOOK_MS);
    }
  }

  /** Everything that was answered is in the journal, at its sequence. */
  requireKept(): void {
    const left = new Map(this.answered);
    for (const entry of new JournalReader(this.venue.journal).entries(-1)) {
      if (entry.kind === 'block' || entry.commands === 0) continue;
      let sequence = entry.firstSequence;
      for (let row = 0; row < entry.rows; sequence++) {
        const rows = commandRows(entry.words, row);
        const order = left.get(sequence);
        if (order !== undefined) {
          const record = readCommand(entry.bytes.slice(row * COMMAND_BYTES, (row + rows) * COMMAND_BYTES));
          assert.deepEqual([record.kind, record['order']], ['cancelOrder', order], `command ${sequence}`);
          left.delete(sequence);
        }
        row += rows;
      }
    }
    assert.deepEqual([...left.keys()], [], 'answered, and not in the journal');
    assert.ok(this.answered.size > 0);
  }
}
