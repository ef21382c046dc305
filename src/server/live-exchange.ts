/**
 * An exchange that keeps running, in real time: ticks by the clock, what its traffic brings between them, blocks, snapshots, a database
 * that follows. It starts from whatever it was left in, takes commands only as far as it is ready, and stops sealed.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Block, blockHash } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import type { ActResult } from '../exchange/act.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { LiveClock } from '../exchange/live-clock.ts';
import type { Reopening } from '../exchange/reopen.ts';
import type { Guard } from '../guard/guard.ts';
import type { HeldCommand } from '../guard/screen.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { DurableBlock } from '../store/lease.ts';
import { type DatabaseState, judgeDatabaseState } from '../store/recover-from-database.ts';
import { type BirthCertificate, birthOf } from '../upgrade/birth.ts';
import { ControlRefused } from './control-socket.ts';
import { DatabaseLink } from './database-link.ts';
import type { Start } from './find-start.ts';
import { fundingGapMs } from './live-facts.ts';
import { type LiveOptions, stateOfDatabase } from './live-options.ts';
import { LiveReadiness } from './live-readiness.ts';
import { PriceMoves } from './price-moves.ts';
import { clockNotice, differenceNotice, heldNotice, startNotice } from './notice.ts';
import { recoverFolder, type RecoveredFolder, type ToldOfRecovery } from './recover-folder.ts';

/** Ticks that are made up for one after the other; at speed 1 more of them are left out. */
const TICKS_MADE_UP = 4;
const LONGEST_SLEEP_MS = 250;
/** How long is waited for the database where something rests on it. */
const PROJECTED_WITHIN_MS = 20_000;

export class LiveExchange {
  readonly birth: BirthCertificate;
  readonly readiness: LiveReadiness;
  readonly clock: LiveClock;
  readonly moves = new PriceMoves();
  readonly link: DatabaseLink | undefined;
  private readonly options: LiveOptions;
  private readonly parts: RecoveredFolder;
  private readonly buffer = new CommandBuffer(1 << 12);
  private readonly stopping = new AbortController();
  /** What the guard did not take of the commands that are being submitted. */
  private held: HeldCommand[] = [];
  private durable: DurableBlock | undefined;
  private lost: Error | undefined;
  private isPaused = false;
  /** The database is closed by the owner's word, and trading goes on. */
  private isReleased = false;
  private toldHeld = '';

  private constructor(options: LiveOptions, database: DatabaseState | undefined) {
    const { dir, speed, tell, traffic, disk, onPublish, from } = options;
    this.options = options;
    this.isPaused = options.isPaused === true;
    const told: ToldOfRecovery = {
      tell,
      unready: () => this.readiness.shutBy('cancel_only'),
      onHeldCommand: (held) => this.held.push(held),
      onPublish: (batch) => onPublish?.(batch),
    };
    const { accounts } = traffic;
    this.parts = recoverFolder({ folder: dir.journal, disk, accounts, speed, from, database }, told);
    tell(startNotice(this.parts.start, this.parts.recovered.replay));
    const { journal, exchange, block } = this.parts;
    const wallMs = options.wallMs ?? Date.now;
    const countMs = options.countMs ?? (() => performance.now());
    const lastMs = exchange.sequence === 0 ? undefined : exchange.timeMs;
    this.clock = new LiveClock({ wallMs, countMs, lastMs, speed });
    this.durable = { height: block.height, hash: blockHash(block, sha256) };
    this.birth = birthOf(dir.record.exchange, dir.path, block, wallMs());
    if (options.openDatabase !== undefined) {
      this.link = new DatabaseLink({
        open: options.openDatabase,
        journalFolder: dir.journal,
        birth: this.birth,
        durable: () => this.durable,
        hashAt: (height) => {
          const at = journal.block(height);
          return at === undefined ? undefined : blockHash(at, sha256);
        },
        judge: (read) => judgeDatabaseState(read, journal, { folder: dir.journal, differences: 1 }),
        wallMs,
        countMs,
        onDifference: (refused) => tell(differenceNotice(refused)),
        onTrouble: (error) => tell({ name: 'database_trouble', message: error.message, isTrouble: true }),
        onLost: (error) => this.lose(error),
      });
    }
    this.readiness = new LiveReadiness({
      state: exchange.state,
      guard: this.parts.guard,
      reopening: this.parts.reopening,
      link: this.link,
      head: () => ({ height: journal.height, fork: journal.fork }),
      heldBy: () => this.heldBy(),
      isReleased: () => this.isReleased,
    });
    this.readiness.recovered(this.parts);
    this.readiness.restarted(lastMs ?? 0);
  }

  /**
   * Recovers the exchange of a data folder and takes the lease of its database. Refuses (throws) as `recoverFolder` and
   * `DatabaseLink.attach` do.
   */
  static async open(options: LiveOptions): Promise<LiveExchange> {
    const live = new LiveExchange(options, await stateOfDatabase(options));
    try {
      await live.link?.attach([], true);
      return live;
    } catch (error) {
      await live.close();
      throw error;
    }
  }

  get exchange(): Exchange {
    return this.parts.exchange;
  }

  get guard(): Guard {
    return this.parts.guard;
  }

  get reopening(): Reopening {
    return this.parts.reopening;
  }

  get state(): State {
    return this.exchange.state;
  }

  /** Where the replay of the start began; undefined: before the first command. */
  get start(): Start | undefined {
    return this.parts.start;
  }

  /** Height of the last block of the journal, its branch, and its root as hexadecimal digits. */
  get head(): { readonly height: number; readonly fork: number; readonly stateRoot: string } {
    const { journal } = this.parts;
    const block = journal.block(journal.height);
    return { height: journal.height, fork: journal.fork, stateRoot: block === undefined ? '' : toHex(block.stateRoot) };
  }

  /** True when something ended it: nothing more is appended. */
  get isLost(): boolean {
    return this.lost !== undefined;
  }

  /** Why no commands are taken: `paused`, `lease_lapsed`; empty when they are. */
  heldBy(): string {
    if (this.isPaused) return 'paused';
    if (this.link !== undefined && !this.isReleased && !this.link.isRunning) return 'lease_lapsed';
    return '';
  }

  /** Runs until it is stopped. Rejects with what else ended it; then nothing more is appended. Closes everything in either case. */
  async run(): Promise<void> {
    try {
      while (!this.stopping.signal.aborted) {
        await this.turn();
        await sleep(this.sleepMs(), undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
      this.requireOurs();
      this.exchange.finish();
      const { journal, kept } = this.parts;
      this.noteDurable(journal.height);
      kept.tryWhole(this.state, journal.block(journal.height) as Block);
      await this.isProjected(journal.height);
    } finally {
      await this.close();
    }
  }

  /** Ends `run`: what is open is sealed, all of it durable, the lease given back. */
  stop(): void {
    this.stopping.abort();
  }

  /** What is due by the clock now. Throws what must end the exchange. */
  async turn(): Promise<void> {
    this.requireOurs();
    const { traffic, speed } = this.options;
    const { tickMs } = traffic;
    const timeMs = this.clock.read();
    if (this.clock.jump !== undefined) this.options.tell(clockNotice(this.clock.jump));
    if (this.isHeld()) return;
    const dueMs = Math.floor(timeMs / tickMs) * tickMs;
    const lastMs = this.exchange.sequence === 0 ? dueMs - tickMs : this.exchange.timeMs;
    const isFarBehind = dueMs - lastMs > TICKS_MADE_UP * tickMs * Math.max(1, speed);
    if (isFarBehind && speed === 1) return this.tick(dueMs);
    const first = Math.floor(lastMs / tickMs) * tickMs + tickMs;
    const most = first + TICKS_MADE_UP * tickMs * Math.max(1, Math.ceil(speed));
    for (let atMs = first; atMs <= Math.min(dueMs, most); atMs += tickMs) {
      this.tick(atMs);
      await nextTurn();
      if (this.stopping.signal.aborted || this.isHeld()) return;
    }
    if (dueMs > most) this.clock.waitAt(most);
  }

  /**
   * Takes commands at the exchange's time; returns those that the guard did not take, by their row. Refuses (`ControlRefused`) while it
   * is not ready for any; and what was taken while the lease came to be over (`unconfirmed`): it stands if the lease is had again.
   */
  submit(commands: CommandBuffer): readonly HeldCommand[] {
    this.requireReady();
    this.held = [];
    this.append(() => this.exchange.submit(commands));
    this.requireConfirmed();
    return this.held;
  }

  /** Carries out a signed act at the exchange's time: also while markets are shut. Refuses (`ControlRefused`) while it is held. */
  act(signed: unknown): ActResult {
    this.requireOurs();
    const held = this.heldBy();
    if (held !== '') throw new ControlRefused('held', held);
    const result = this.append(() => this.exchange.act(signed, this.exchange.timeMs));
    this.requireConfirmed();
    return result;
  }

  /**
   * Holds all commands, seals what is open, and waits until the database has it; closes the database too when `closes`. Refuses
   * (`ControlRefused`) when the database does not get there: then it goes on.
   */
  async pause(closes: boolean): Promise<number> {
    // Most of what is open becomes durable and projected while commands are still taken: fewer are kept waiting, for less.
    this.seal();
    await this.isProjected(this.parts.journal.height);
    this.isPaused = true;
    this.seal();
    const { height } = this.parts.journal;
    if (!(await this.isProjected(height))) {
      this.isPaused = false;
      throw new ControlRefused('database_behind', `the database has block ${this.link?.height ?? -1}, not ${height}`);
    }
    if (closes) await this.link?.detach();
    return height;
  }

  /**
   * Goes on after a pause; markets begin their way anew when it was long, or when `withLadder`. `migrations` are those that an upgrade has
   * brought meanwhile.
   */
  async resume(withLadder: boolean, migrations: readonly string[] = []): Promise<void> {
    await this.attach(migrations);
    this.isReleased = false;
    this.isPaused = false;
    if (withLadder) this.restartLadder('resumed');
  }

  /** Closes the database while trading goes on, and opens it again. */
  async release(): Promise<void> {
    this.isReleased = true;
    await this.link?.detach();
  }

  async reattach(): Promise<void> {
    await this.attach();
    this.isReleased = false;
  }

  /** Seals what is open and keeps a snapshot of it; returns its height. */
  snapshot(): number {
    this.seal();
    const { journal, kept } = this.parts;
    const block = journal.block(journal.height) as Block;
    kept.keepWhole(this.state, block);
    return block.height;
  }

  /** Waits until the database has a block, as far as there is one that is open; false when it does not get there in time. */
  private async isProjected(height: number): Promise<boolean> {
    const { link } = this;
    if (link?.isAttached !== true) return true;
    const reached = link.reached(height).then(
      () => true,
      () => false,
    );
    const waiting = new AbortController();
    const late = sleep(PROJECTED_WITHIN_MS, false, { signal: waiting.signal }).catch(() => false);
    const isThere = await Promise.race([reached, late]);
    waiting.abort();
    return isThere;
  }

  private async attach(migrations: readonly string[] = []): Promise<void> {
    if (this.link === undefined || this.link.isAttached) return;
    await this.link.attach(migrations);
    this.readiness.announced();
  }

  private tick(timeMs: number): void {
    const { exchange, buffer, options } = this;
    const { traffic, hasTraders } = options;
    buffer.clear();
    this.held = [];
    if (exchange.sequence === 0) traffic.opening(timeMs, this.state, buffer);
    else {
      const gapMs = timeMs - exchange.timeMs;
      if (gapMs > fundingGapMs(this.state))
        this.restartLadder(`${gapMs} ms without a tick: no funding accrues over them`);
      traffic.step(timeMs, this.state, buffer, hasTraders && this.readiness.unready() === '');
    }
    this.append(() => exchange.submit(buffer));
    this.moves.take(this.state, timeMs);
    this.readiness.ticked();
  }

  private restartLadder(why: string): void {
    this.reopening.restart();
    this.readiness.restarted(this.exchange.timeMs + 1);
    this.options.tell({ name: 'stood_still', message: why, isTrouble: true });
  }

  /** Appends to the journal; what was there before is durable behind it. */
  private append<T>(work: () => T): T {
    this.requireOurs();
    const { height } = this.parts.journal;
    try {
      return work();
    } catch (error) {
      this.lose(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      if (this.lost === undefined) {
        this.noteDurable(height);
        this.link?.wake();
      }
    }
  }

  private seal(): void {
    this.append(() => this.exchange.finish());
    this.noteDurable(this.parts.journal.height);
  }

  private noteDurable(height: number): void {
    if (height <= (this.durable?.height ?? -1)) return;
    const block = this.parts.journal.block(height);
    if (block !== undefined) this.durable = { height, hash: blockHash(block, sha256) };
  }

  private isHeld(): boolean {
    const held = this.heldBy();
    if (held !== this.toldHeld) this.options.tell(heldNotice(held));
    this.toldHeld = held;
    return held !== '';
  }

  private requireReady(): void {
    this.requireOurs();
    const shut = this.readiness.unready();
    const held = this.heldBy();
    if (held !== '') throw new ControlRefused('held', held);
    if (shut !== '') throw new ControlRefused('not_ready', shut);
  }

  /** A process that stood still in the midst of its work cannot know who has taken over meanwhile: it promises nothing. */
  private requireConfirmed(): void {
    if (this.heldBy() !== 'lease_lapsed') return;
    const about = `the lease came to be over while command ${this.exchange.sequence} was taken; ask when commands are taken again`;
    throw new ControlRefused('unconfirmed', about);
  }

  private requireOurs(): void {
    if (this.lost !== undefined) throw this.lost;
  }

  private lose(error: Error): void {
    this.lost ??= error;
    this.stopping.abort();
  }

  private sleepMs(): number {
    const { traffic, speed } = this.options;
    const untilMs = traffic.tickMs - (this.clock.timeMs % traffic.tickMs);
    return Math.max(1, Math.min(LONGEST_SLEEP_MS, untilMs / speed));
  }

  /** Lets go of everything. Of an exchange that was lost nothing more is written. */
  async close(): Promise<void> {
    this.readiness.silent();
    await this.link?.end();
    try {
      this.parts.journal.close();
    } finally {
      await this.parts.roots.close();
    }
  }
}
