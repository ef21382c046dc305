/**
 * What ties a running exchange to its database: the lease, renewed all the time, and the projection that follows the journal. A database
 * that does not answer is waited for; one that says that another writes ends the exchange.
 */
import type { Database } from '../store/database.ts';
import { SqlFailed } from '../store/database.ts';
import { DiskFilled } from '../store/disk-room.ts';
import { Follower } from '../store/follow-journal.ts';
import { type DurableBlock, Fenced, type Lease, LeaseHeld, leaseHolder, takeLease } from '../store/lease.ts';
import { appliedMigrations, migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import {
  type DatabaseState,
  readStateAtOnce,
  type RecoveredFromDatabase,
  type RefusedState,
} from '../store/recover-from-database.ts';
import { forgetState } from '../store/write-state.ts';
import type { BirthCertificate } from '../upgrade/birth.ts';

const LEASE_MS = 15_000;
/** By the own clocks the time is over sooner than by that of the database. */
const LEASE_SHARE = 0.8;
const RENEWALS = 5;
/** SQLSTATEs of two that make the same tables at once. */
const MADE_AT_ONCE = new Set(['23505', '42P07', '42710']);

/** The schema is of an earlier release: bringing it up is an upgrade, with all that belongs to it. Nothing was changed. */
class SchemaBehind extends Error {
  readonly code = 'schema_behind';
  constructor(missing: readonly string[]) {
    super(
      `the database lacks ${missing.join(', ')}: run \`makewhole upgrade\`, or start on an empty database, which is filled from the journal`,
    );
    this.name = 'SchemaBehind';
  }
}

/** The exchange has ended: it takes no database any more, whoever still asked for it. */
class LinkEnded extends Error {
  readonly code = 'exchange_ended';
  constructor() {
    super('the exchange has ended: its database is not opened again');
    this.name = 'LinkEnded';
  }
}

export interface DatabaseLinkOptions {
  readonly open: () => Promise<Database>;
  readonly journalFolder: string;
  readonly birth: BirthCertificate;
  readonly durable: () => DurableBlock | undefined;
  readonly hashAt: (height: number) => Uint8Array | undefined;
  /** What the database keeps of the state, judged by the journal: naming what differs may need a replay. */
  readonly judge: (state: DatabaseState | undefined) => RecoveredFromDatabase | RefusedState;
  /** Clocks as of `LiveClock`: a machine that slept has not counted, one whose wall was set back has not seen the time pass. */
  readonly wallMs: () => number;
  readonly countMs: () => number;
  /** Is told what the database refuses or fails at; it is tried again. */
  readonly onTrouble: (error: Error) => void;
  /** Is told, at a start, that the database's state is not that of its block: it is written anew. */
  readonly onDifference: (refused: RefusedState) => void;
  /** Is told that the exchange must end: another writes, or the journal cannot be followed. */
  readonly onLost: (error: Error) => void;
}

interface Attached {
  readonly database: Database;
  readonly lease: Lease;
  readonly follower: Follower;
  readonly timer: NodeJS.Timeout;
}

/** Another writes, or the database ended: waiting changes nothing. */
function isFinal(error: unknown): error is Error {
  return error instanceof Fenced || error instanceof DiskFilled;
}

export class DatabaseLink {
  private readonly options: DatabaseLinkOptions;
  private attached: Attached | undefined;
  private newestEpoch = 0;
  private further: readonly string[] = [];
  private closedHeight = -1;
  /** Readings of the clocks when the lease was renewed last. */
  private renewedWallMs = 0;
  private renewedCountMs = 0;
  private renewing: Promise<void> | undefined;
  private attaching: Promise<void> | undefined;
  private isEnded = false;

  constructor(options: DatabaseLinkOptions) {
    this.options = options;
  }

  /** The epoch that is written with, or was last. */
  get epoch(): number {
    return this.newestEpoch;
  }

  get isAttached(): boolean {
    return this.attached !== undefined;
  }

  /** True while the lease's time is running by the own clocks, whichever of them has gone further. */
  get isRunning(): boolean {
    if (this.attached === undefined) return false;
    const { wallMs, countMs } = this.options;
    const passedMs = Math.max(wallMs() - this.renewedWallMs, countMs() - this.renewedCountMs);
    return passedMs < LEASE_MS * LEASE_SHARE;
  }

  /** Height of the last block that the database has, or had when it was closed; −1 while that is not known. */
  get height(): number {
    return Math.max(this.closedHeight, this.attached?.follower.height ?? -1);
  }

  /**
   * Opens the database, takes the lease and begins to follow the journal. Refuses (throws) as `open` and `takeLease` do, and a schema of
   * an earlier release (`SchemaBehind`) or of a later one. An empty database gets the schema. `further` migrations are those of an
   * upgrade that has proved that this release goes on with them. `isStart`: nobody knows who had its hands in the database meanwhile, and
   * nobody waits yet, so the state in it is read and judged. Refuses (`LinkEnded`) once the exchange has ended.
   */
  attach(further: readonly string[] = [], isStart = false): Promise<void> {
    const attaching = this.attachNow(further, isStart);
    this.attaching = attaching;
    return attaching;
  }

  private async attachNow(further: readonly string[], isStart: boolean): Promise<void> {
    if (this.isEnded) throw new LinkEnded();
    this.further = [...this.further, ...further];
    const database = await this.options.open();
    try {
      await this.prepare(database);
      const lease = await this.take(database);
      if (isStart) await this.mendState(database, lease);
      const { journalFolder, onTrouble } = this.options;
      const follower = new Follower({
        folder: journalFolder,
        database,
        before: (session) => lease.fence(session),
        onTrouble: (error) => (isFinal(error) ? this.lose(error) : onTrouble(error)),
      });
      void follower.failed.then((error) => (error === undefined ? undefined : this.lose(error)));
      const timer = setInterval(() => void this.renew(), LEASE_MS / RENEWALS);
      this.attached = { database, lease, follower, timer };
      this.newestEpoch = lease.epoch;
      this.closedHeight = -1;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** The journal has grown. */
  wake(): void {
    this.attached?.follower.wake();
  }

  /** Resolves when the database has the block at a height; rejects where it will not. */
  async reached(height: number): Promise<void> {
    await this.attached?.follower.reached(height);
  }

  /** Lets go of the database: the lease is given back, whoever comes next need not wait. What fails on the way is told. */
  async detach(): Promise<void> {
    const { attached } = this;
    if (attached === undefined) return;
    this.closedHeight = attached.follower.height;
    this.attached = undefined;
    clearInterval(attached.timer);
    await this.renewing;
    const { onTrouble, durable } = this.options;
    const orTell = (work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => onTrouble(error instanceof Error ? error : new Error(String(error))));
    await orTell(attached.follower.stop());
    await orTell(attached.lease.release(durable()));
    await orTell(attached.database.close());
  }

  /** Lets go of the database for good: one that is being opened meanwhile is let go of as well. */
  async end(): Promise<void> {
    this.isEnded = true;
    await this.attaching?.catch(() => undefined);
    await this.detach();
  }

  /** A state that is not that of its block belongs to none from now on: the follower writes it whole. */
  private async mendState(database: Database, lease: Lease): Promise<void> {
    const judged = this.options.judge(await readStateAtOnce(database));
    // Behind a rollback the state is that of the branch that ended: the follower sees to it.
    if (judged.accepted || judged.refusal === 'no_state' || judged.refusal === 'block_on_dead_branch') return;
    this.options.onDifference(judged);
    await database.transaction(async (session) => {
      await lease.fence(session);
      await forgetState(session);
    });
    // Whatever the reading took, the lease has its whole time again.
    await this.renewOf(lease);
  }

  private async prepare(database: Database): Promise<void> {
    // Whoever has the lease writes with the schema that is there: it is not touched.
    const holder = await leaseHolder(database);
    if (holder !== undefined && holder.seat !== this.options.birth.seat) {
      throw new LeaseHeld(holder.epoch, holder.seat, holder.leftMs);
    }
    const [hashes] = await database.query<{ is_there: boolean }>(
      "select to_regclass('migration_hash') is not null as is_there",
    );
    const applied = hashes?.is_there === true ? await appliedMigrations(database) : [];
    const missing = MIGRATIONS.map(({ name }) => name).filter((name) => !applied.some((each) => each.name === name));
    if (applied.length > 0 && missing.length > 0) throw new SchemaBehind(missing);
    const isProved = applied.some(({ name }) => this.further.includes(name));
    const own = applied.filter(({ name }) => !this.further.includes(name));
    if (isProved && own.length === MIGRATIONS.length) return;
    try {
      await migrate(database, MIGRATIONS);
    } catch (error) {
      if (!(error instanceof SqlFailed) || !MADE_AT_ONCE.has(error.code)) throw error;
      await migrate(database, MIGRATIONS);
    }
  }

  private async take(database: Database): Promise<Lease> {
    const { birth, durable, hashAt } = this.options;
    this.note();
    const lease = await takeLease(database, {
      exchange: birth.exchange,
      seat: birth.seat,
      birthId: birth.id,
      birth,
      timeMs: LEASE_MS,
      durable: durable(),
      hashAt,
    });
    return lease;
  }

  /** Has the lease for its whole time again, if the database answers and says so. One at a time; what fails is told. */
  renew(): Promise<void> {
    const { attached } = this;
    if (attached === undefined) return Promise.resolve();
    this.renewing ??= this.renewOf(attached.lease).finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async renewOf(lease: Lease): Promise<void> {
    const { wallMs, countMs, durable, onTrouble } = this.options;
    // The time counts from before the database was asked.
    const [wall, count] = [wallMs(), countMs()];
    try {
      await lease.renew(durable());
      this.note(wall, count);
    } catch (error) {
      if (isFinal(error)) this.lose(error);
      else onTrouble(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private note(wall = this.options.wallMs(), count = this.options.countMs()): void {
    this.renewedWallMs = wall;
    this.renewedCountMs = count;
  }

  private lose(error: Error): void {
    if (this.attached !== undefined) this.options.onLost(error);
  }
}
