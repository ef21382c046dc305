/**
 * The lease: who writes, by the word of the database alone. Whoever takes it gets the next epoch; from that moment on every write with an
 * older one is refused by the database (`migrations/0003-lease.ts`), however late the old writer wakes up, and whatever it believes of
 * itself. Times are the database's own. (M. Kleppmann, "How to do distributed locking", 2016: fencing tokens.)
 */
import { sameBytes, toHex } from '../chain/digest.ts';
import { type Database, SqlFailed, type SqlSession } from './database.ts';

/** SQLSTATE of a write with an epoch that is not the newest. */
const FENCED_CODE = 'MW001';

/** The database refused a writer whose epoch is not the newest: another has the lease. Nothing was written. */
export class Fenced extends Error {
  readonly code = 'fenced';
  constructor(epoch: number, cause?: unknown) {
    const why = cause instanceof Error ? cause.message : 'a newer one was taken';
    super(`the database refuses what is written with epoch ${epoch}: ${why}`, { cause });
    this.name = 'Fenced';
  }
}

/** Another process has the lease. Nothing was changed. */
export class LeaseHeld extends Error {
  readonly code = 'lease_held';
  readonly epoch: number;
  constructor(epoch: number, seat: string, leftMs: number) {
    super(`another exchange writes to this database: ${seat} has epoch ${epoch} for another ${leftMs} ms`);
    this.name = 'LeaseHeld';
    this.epoch = epoch;
  }
}

/** The database belongs to another exchange: its rows are none of this history. Nothing was changed. */
export class LeaseOfAnotherExchange extends Error {
  readonly code = 'database_of_another_exchange';
  constructor(theirs: string, ours: string) {
    super(`this database belongs to exchange ${theirs}, not to ${ours}`);
    this.name = 'LeaseOfAnotherExchange';
  }
}

/** The last holder had a block that this journal lacks, or has otherwise: a copy that fell behind, or another branch. Nothing was changed. */
export class JournalBehindLease extends Error {
  readonly code = 'journal_behind_lease';
  constructor(height: number, hash: Uint8Array, found: Uint8Array | undefined) {
    const here = found === undefined ? 'this journal has none there' : `this journal's is ${toHex(found)}`;
    super(`whoever wrote last had block ${height} with hash ${toHex(hash)}; ${here}`);
    this.name = 'JournalBehindLease';
  }
}

/** A block that is durable in the holder's journal; undefined before the first. */
export interface DurableBlock {
  readonly height: number;
  readonly hash: Uint8Array;
}

export interface LeaseRequest {
  /** Identity of the history: a database serves one. */
  readonly exchange: string;
  /** Where the holder runs: one that died without a word is followed at once by its own seat, by any other when its time is over. */
  readonly seat: string;
  /** Birth certificate of the process, and its id. */
  readonly birthId: string;
  readonly birth: object;
  readonly timeMs: number;
  /** The newest durable block of the journal. */
  readonly durable: DurableBlock | undefined;
  /** Hash of the journal's block at a height, undefined where it has none. */
  readonly hashAt: (height: number) => Uint8Array | undefined;
}

interface LeaseRow {
  readonly epoch: number;
  readonly exchange: string;
  readonly seat: string;
  readonly left_ms: number;
  readonly is_released: boolean;
  readonly durable_height: number;
  readonly durable_hash: Uint8Array | null;
}

const NEWEST = `select epoch, exchange, seat, released_at is not null as is_released, durable_height, durable_hash,
  ceil(extract(epoch from until - clock_timestamp()) * 1000)::bigint as left_ms
  from lease order by epoch desc limit 1`;

/** The holder of the lease while it lasts; undefined when it is free, or the database has no schema yet. */
export async function leaseHolder(
  session: SqlSession,
): Promise<{ readonly epoch: number; readonly seat: string; readonly leftMs: number } | undefined> {
  const [there] = await session.query<{ is_there: boolean }>("select to_regclass('lease') is not null as is_there");
  if (there?.is_there !== true) return undefined;
  const [row] = await session.query<LeaseRow>(NEWEST);
  if (row === undefined || row.is_released || row.left_ms <= 0) return undefined;
  return { epoch: row.epoch, seat: row.seat, leftMs: row.left_ms };
}

/**
 * Takes the lease: the next epoch, for `timeMs` of the database's clock. Refuses (throws) while another seat has it (`LeaseHeld`), in
 * a database of another exchange, and a journal that lacks what the last holder had made durable (`JournalBehindLease`). Of two who try
 * at once one comes first; the other finds it there.
 */
export function takeLease(database: Database, request: LeaseRequest): Promise<Lease> {
  const { exchange, seat, birthId, birth, timeMs, durable } = request;
  return database.transaction(async (session) => {
    // Waits for whoever writes at this moment: behind it, what was checked before stands.
    await session.query('select epoch from fence for update');
    const [last] = await session.query<LeaseRow>(NEWEST);
    if (last !== undefined) {
      requireSuccessor(last, request);
      // Its own seat may have lost the end of its journal with the machine's power; any other has all that was projected, or is none.
      if (last.seat !== seat) await requireTip(session, request);
    }
    const [taken] = await session.query<{ epoch: number }>('update fence set epoch = epoch + 1 returning epoch');
    const { epoch } = taken as { epoch: number };
    await session.query(
      `insert into lease (epoch, exchange, seat, birth_id, birth, taken_at, until, durable_height, durable_hash)
        values ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + make_interval(secs => $6), $7, $8)`,
      [
        epoch,
        exchange,
        seat,
        birthId,
        JSON.stringify(birth),
        timeMs / 1000,
        durable?.height ?? -1,
        durable?.hash ?? null,
      ],
    );
    return new Lease(database, epoch, timeMs);
  });
}

function requireSuccessor(last: LeaseRow, { exchange, seat, hashAt }: LeaseRequest): void {
  if (last.exchange !== exchange) throw new LeaseOfAnotherExchange(last.exchange, exchange);
  if (!last.is_released && last.left_ms > 0 && last.seat !== seat) {
    throw new LeaseHeld(last.epoch, last.seat, last.left_ms);
  }
  if (last.durable_hash !== null) requireBlock(last.durable_height, last.durable_hash, hashAt);
}

async function requireTip(session: SqlSession, { hashAt }: LeaseRequest): Promise<void> {
  const [tip] = await session.query<{ height: number; hash: Uint8Array }>(
    'select height, hash from block order by height desc limit 1',
  );
  if (tip !== undefined) requireBlock(tip.height, tip.hash, hashAt);
}

function requireBlock(height: number, hash: Uint8Array, hashAt: LeaseRequest['hashAt']): void {
  const found = hashAt(height);
  const theirs = Uint8Array.from(hash);
  if (found === undefined || !sameBytes(found, theirs)) throw new JournalBehindLease(height, theirs, found);
}

/** Made by `takeLease`. */
export class Lease {
  private readonly database: Database;
  readonly epoch: number;
  readonly timeMs: number;

  constructor(database: Database, epoch: number, timeMs: number) {
    this.database = database;
    this.epoch = epoch;
    this.timeMs = timeMs;
  }

  /**
   * Begins a transaction that writes: it may until it ends, and nobody takes the lease meanwhile. Refuses (throws `Fenced`) by what the
   * database says.
   */
  async fence(session: SqlSession): Promise<void> {
    await this.orFenced(async () => {
      if (this.database.engine === 'postgres') {
        // A process that stands still in a transaction would keep everybody out: the server ends it.
        await session.query("set local idle_in_transaction_session_timeout = '30s'");
      }
      await session.query("select require_epoch(set_config('makewhole.epoch', $1, true))", [String(this.epoch)]);
    });
  }

  /** Has the lease for its whole time again, even when that was over, if nobody took it; tells what is durable. Throws `Fenced`. */
  async renew(durable: DurableBlock | undefined): Promise<void> {
    await this.database.transaction(async (session) => {
      await this.fence(session);
      await session.query(
        `update lease set until = clock_timestamp() + make_interval(secs => $2),
          durable_height = coalesce($3, durable_height), durable_hash = coalesce($4, durable_hash) where epoch = $1`,
        [this.epoch, this.timeMs / 1000, durable?.height ?? null, durable?.hash ?? null],
      );
    });
  }

  /** Gives the lease back: the next one need not wait. Nothing is written with this epoch any more. Throws `Fenced`. */
  async release(durable: DurableBlock | undefined): Promise<void> {
    await this.renew(durable);
    await this.database.transaction(async (session) => {
      await this.fence(session);
      await session.query(
        'update lease set released_at = clock_timestamp(), until = clock_timestamp() where epoch = $1',
        [this.epoch],
      );
      // From here on this epoch is as old as any: what is still on its way is refused.
      await session.query('update fence set epoch = epoch + 1');
    });
  }

  private async orFenced(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw error instanceof SqlFailed && error.code === FENCED_CODE ? new Fenced(this.epoch, error) : error;
    }
  }
}
