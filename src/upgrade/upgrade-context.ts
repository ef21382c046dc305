/** What every step of a procedure works with. */
import type { Roster } from '../guard/authority/roster.ts';
import type { Json } from '../remedy/canonical-json.ts';
import type { Database, SqlSession } from '../store/database.ts';
import { type Lease, takeLease } from '../store/lease.ts';
import type { ReleaseComparison } from './compare-releases.ts';
import type { Evidence } from './evidence.ts';
import type { Following } from './following.ts';
import type { UpgradeFinding } from './finding.ts';
import type { HandOver } from './hand-over.ts';
import type { Release } from './release.ts';
import type { Override } from './sign-off.ts';
import type { UpgradeState, Verdict } from './states.ts';
import type { TipState } from './tip-state.ts';
import type { ReadBefore } from './read-before.ts';
import type { LedState } from './replay-differential.ts';
import type { UpgradeMigration } from './upgrade-migration.ts';
import type { Venue } from './venue.ts';
import type { World } from './world.ts';

export interface UpgradeLimits {
  /** From the first step's begin on. */
  readonly budgetMs: number;
  /** How long a step that cannot tell is tried again. */
  readonly holdMs: number;
  /** How long the old world is kept warm beside the new one before it is over. */
  readonly soakMs: number;
  /** Blocks that are replayed. */
  readonly blocks: number;
  /** How long a release shadows the live journal before it takes over; not at all unless said. */
  readonly shadowMs?: number;
}

/** What an upgrade of the program, not of the schema, works with. */
export interface ReleaseRun {
  readonly release: Release;
  readonly handOver: HandOver;
  /** False: the exchange has a journal alone, by its operator's word. */
  readonly hasDatabase: boolean;
}

export interface UpgradeContext {
  readonly id: string;
  readonly world: World;
  readonly venue: Venue;
  readonly migration: UpgradeMigration;
  /** The journal's folder. */
  readonly journal: string;
  /** Identity of the history, and the seat of whoever has the data folder. */
  readonly exchange: string;
  readonly seat: string;
  readonly limits: UpgradeLimits;
  readonly now: () => number;
  /** Throws `BudgetExceeded` when the time is over. */
  readonly checkTime: () => void;
  /** Told of places within a step; what it throws ends the procedure there, as a crash would. */
  readonly onPlace: (place: string) => void;
  readonly chain: () => readonly Evidence[];
  /** Follows the journal with the candidate, or with the old world, while other steps go on. */
  readonly following: Following;
  /** What is kept in memory from one step to the next; a procedure that was interrupted has none of it, and does without. */
  readonly memory: {
    tip: TipState | undefined;
    comparison?: ReleaseComparison | undefined;
    roster?: Roster;
    known?: Known;
  };
  /** The folder of all upgrades, where people's sign-offs are; undefined: nobody is asked. */
  readonly upgrades?: string;
  /** What of the ready-check is passed over by whoever runs it, where no roster asks for more. */
  readonly overrides?: readonly Override[];
  /** Of an upgrade of a release. */
  readonly release?: ReleaseRun;
}

/** What verification has read so far, of the control and of the copy that is compared with it. */
interface Known {
  readonly before: ReadBefore;
  readonly led: LedState;
}

/** What a step comes to. */
export interface StepResult {
  readonly verdict: Verdict;
  readonly content: Readonly<Record<string, Json>>;
}

/** The time budget of the plan is over. */
export class BudgetExceeded extends Error {
  readonly code = 'time_budget_exceeded';
  constructor(budgetMs: number) {
    super(`the time budget of ${budgetMs} ms is over`);
    this.name = 'BudgetExceeded';
  }
}

/** What a step that passed before has in its document, nothing where there is none. */
export function evidenceContent({ chain }: UpgradeContext, of: UpgradeState): Readonly<Record<string, Json>> {
  return (chain().find(({ state }) => state === of)?.content ?? {}) as Readonly<Record<string, Json>>;
}

export const passed = (content: StepResult['content']): StepResult => ({ verdict: 'pass', content });

export function failedWith(findings: readonly UpgradeFinding[], content: StepResult['content'] = {}): StepResult {
  return { verdict: 'fail', content: { ...content, found: findings.length, findings: findings.map(jsonOf) } };
}

export function jsonOf({ path, control, candidate }: UpgradeFinding): Json {
  return { path, control, candidate };
}

/** Runs `work` with a database that is closed again, whatever comes of it. */
export async function withDatabase<T>(open: Promise<Database>, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await open;
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Runs `work` in a transaction of a session that is rolled back: what verification makes for itself is gone with it. */
export async function rolledBack<T>(session: SqlSession, work: () => Promise<T>): Promise<T> {
  await session.query('begin isolation level repeatable read');
  try {
    return await work();
  } finally {
    await session.query('rollback').catch(() => []);
  }
}

/** Runs `work` in transactions of two databases that are rolled back. */
export async function comparing<T>(
  control: Database,
  candidate: Database,
  work: (control: SqlSession, candidate: SqlSession) => Promise<T>,
): Promise<T> {
  return control.hold((own) =>
    candidate.hold((other) => rolledBack(own, () => rolledBack(other, () => work(own, other)))),
  );
}

const LEASE_MS = 60_000;

/**
 * Takes the lease of a database for the procedure: the next epoch; who wrote with an older one is refused from now on. What is durable is
 * read from the database itself, whose blocks were compared with the journal's: no time for more while nobody can trade.
 */
export async function takeUpgradeLease({ id, exchange, seat }: UpgradeContext, database: Database): Promise<Lease> {
  const [last] = await database.query<{ height: number; hash: Uint8Array }>(
    'select height, hash from block order by height desc limit 1',
  );
  const [held] = await database.query<{ height: number; hash: Uint8Array }>(
    `select b.height, b.hash from block b
      join (select durable_height from lease order by epoch desc limit 1) l on l.durable_height = b.height`,
  );
  return takeLease(database, {
    exchange,
    seat,
    birthId: `upgrade ${id}`,
    birth: { upgrade: id, process: process.pid },
    timeMs: LEASE_MS,
    durable: last === undefined ? undefined : { height: last.height, hash: Uint8Array.from(last.hash) },
    hashAt: (height) => (held?.height === height ? Uint8Array.from(held.hash) : undefined),
  });
}
