/** The steps while people trade: the plan, the rehearsal on a copy, and the candidate that follows the live journal. */
import { toHex } from '../chain/digest.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import type { Json } from '../remedy/canonical-json.ts';
import { type Database, SqlFailed, type SqlSession } from '../store/database.ts';
import { catchUp } from '../store/follow-journal.ts';
import { stateHeadOf } from '../store/load-state.ts';
import { appliedMigrations } from '../store/migrate.ts';
import { recoverFromDatabase } from '../store/recover-from-database.ts';
import { lastHeight } from '../store/write-blocks.ts';
import { readTablesAhead } from './compare-tables.ts';
import { historyFingerprint } from './history-fingerprint.ts';
import { migrateBack, migrateInChunks, appliedChunks, sayEpoch } from './chunks.ts';
import { ReadBefore } from './read-before.ts';
import { readSchema } from './read-schema.ts';
import { asControl, isStateChanged } from './read-state.ts';
import { markOf, TipState } from './tip-state.ts';
import { LedState } from './replay-differential.ts';
import {
  failedWith,
  jsonOf,
  passed,
  rolledBack,
  type StepResult,
  type UpgradeContext,
  withDatabase,
} from './upgrade-context.ts';
import { type Declared, NOTHING_DECLARED, upgradeMigrationHash } from './upgrade-migration.ts';
import { type Verification, type VerifyInput, rememberState, verifyCandidate } from './verify-candidate.ts';

/** U0: what is to be done, to what, within what time; refuses what cannot be begun. */
export async function plan(context: UpgradeContext): Promise<StepResult> {
  const { migration, limits, world, exchange } = context;
  const { name, up, down, declared } = migration;
  const reader = new JournalReader(context.journal);
  const block = reader.block(reader.height);
  const live = await withLive(context, async (database) => ({
    applied: (await appliedMigrations(database)).map((each) => `${each.name} ${each.hash}`),
    begun: await appliedChunks(database, name),
    head: await stateHeadOf(database),
    isFenced: await hasFence(database),
  }));
  const content: Record<string, Json> = {
    migration: {
      name,
      hash: upgradeMigrationHash(migration),
      up: [...up],
      down: [...down],
      declared: asJson(declared),
      ...(migration.brings === undefined ? {} : { brings: [...migration.brings] }),
    },
    limits: { ...limits },
    database: { engine: world.engine, name: world.name, schema: live.applied, state: live.head?.height ?? null },
    exchange,
    journal: { height: reader.height, stateRoot: block === undefined ? null : toHex(block.stateRoot) },
  };
  const refuse = (path: string, control: string, candidate: string): StepResult =>
    failedWith([{ path, control, candidate }], content);
  if (block === undefined) return refuse('journal/0/block', 'a sealed block', 'none');
  if (live.head === undefined) return refuse('state_head/0/height', 'a sealed block', 'none');
  if (!live.isFenced) return refuse('fence/0/epoch', 'a number', 'none');
  if (live.begun.length > 0) return refuse(`upgrade_chunk/${name}/applied`, 'not applied', 'applied');
  return passed(content);
}

/** A database without a fence could be written to by two at once: it is filled anew from the journal, not upgraded. */
async function hasFence(database: Database): Promise<boolean> {
  const [row] = await database.query<{ is_there: boolean }>("select to_regclass('fence') is not null as is_there");
  return row?.is_there === true;
}

/**
 * U1: a copy of the live database stands still from here on, the control. The migration is rehearsed on a copy of that, the candidate, so
 * that what may go live later is what was rehearsed; the way back in a transaction of the candidate that is rolled back.
 */
export async function rehearse(context: UpgradeContext): Promise<StepResult> {
  const { world, venue, journal, memory, onPlace } = context;
  const known = { before: new ReadBefore(), led: new LedState() };
  memory.known = known;
  await venue.releaseDatabase();
  try {
    await world.copy('live', 'control');
  } finally {
    await venue.reopenDatabase();
  }
  onPlace('control copied');
  // It goes on to the journal's end, and its state with it: the state that a migration meets is that of now.
  await withDatabase(world.open('control'), (database) => catchUp({ folder: journal, database, before: sayEpoch }));
  onPlace('control at the tip');
  await world.copy('control', 'candidate');
  onPlace('candidate copied');
  return seenAtOnce(world.open('control'), (control) =>
    withDatabase(world.open('candidate'), async (candidate) => {
      const forwards = await rehearseForwards(context, control, candidate);
      if (forwards.verdict !== 'pass') return forwards;
      onPlace('rehearsed forwards');
      const back = await rehearseBack(context, control, candidate, known.before.ofCopy());
      return back.verdict === 'pass' ? { ...forwards, content: { ...forwards.content, ...back.content } } : back;
    }),
  );
}

/** Runs `work` with a session of a database that sees one moment of it throughout. */
function seenAtOnce<T>(open: Promise<Database>, work: (session: SqlSession) => Promise<T>): Promise<T> {
  return withDatabase(open, (database) => database.hold((session) => rolledBack(session, () => work(session))));
}

class InterruptedHere extends Error {}

async function rehearseForwards(
  context: UpgradeContext,
  control: SqlSession,
  candidate: Database,
): Promise<StepResult> {
  const { migration, checkTime, memory } = context;
  // The control is read while the candidate is migrated.
  const [restored, crashes] = await both(
    restoredBackup(context, control).then(async (result) => {
      if (result.verdict === 'pass') await readControlAhead(context, control);
      return result;
    }),
    crashAtEveryChunk(context, candidate),
  );
  if (restored.verdict !== 'pass') return restored;
  const { content } = restored;
  if (typeof crashes !== 'number') return failedWith([crashes], content);
  checkTime();
  const ranTwice = await migrateInChunks(candidate, migration);
  if (ranTwice > 0) {
    const finding = { path: 'migration/again/statements', control: '0', candidate: String(ranTwice) };
    return failedWith([finding], { ...content, crashes, ranTwice });
  }
  const after = await verification(context, control, candidate, migration.declared, memory.known?.before);
  return { verdict: after.verdict, content: { ...content, crashes, ranTwice, ...contentOf(after) } };
}

/** What both come to, once both have ended; throws what one has thrown only then. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

/** Reads what verification will ask of the control, by one process of the server: the migration has the others. */
async function readControlAhead({ migration, memory, checkTime }: UpgradeContext, control: SqlSession): Promise<void> {
  const before = memory.known?.before;
  if (before === undefined) return;
  await control.query("set local timezone = 'UTC'");
  await control.query('set local max_parallel_workers_per_gather = 0');
  const { declared } = migration;
  await readTablesAhead(control, await readSchema(control), declared, before, checkTime);
  await historyFingerprint(control, Number.MAX_SAFE_INTEGER, declared, { role: 'control', before });
  await control.query('set local max_parallel_workers_per_gather to default');
}

/** The control is a backup that was restored: it must be the state of a sealed block, by the journal and its snapshots. */
async function restoredBackup({ journal, memory }: UpgradeContext, control: SqlSession): Promise<StepResult> {
  const before = memory.known?.before;
  await before?.begin('control', control);
  const options = { folder: journal, differences: 20 };
  const restored = await recoverFromDatabase(control, new JournalReader(journal), options);
  if (restored.accepted) {
    const { height, stateRoot } = restored.block;
    if (before !== undefined) await rememberState(before, restored.state);
    return passed({ backup: { height, stateRoot: toHex(stateRoot) } });
  }
  const found = restored.differences.map(({ table, row, column, journal: ours, database }) => {
    return { path: `${table}/${row}/${column}`, control: ours, candidate: database };
  });
  const path = `state_head/${restored.height ?? 0}/state_root`;
  const named = { path, control: 'sealed', candidate: restored.about };
  return failedWith(found.length > 0 ? found : [named], { backup: restored.refusal });
}

/** The way back gives the control again; what it did is rolled back. */
function rehearseBack(
  context: UpgradeContext,
  control: SqlSession,
  candidate: Database,
  before: ReadBefore,
): Promise<StepResult> {
  const work = async (session: SqlSession): Promise<StepResult> => {
    try {
      await migrateBack(session, context.migration);
    } catch (error) {
      if (!(error instanceof SqlFailed)) throw error;
      return failedWith([{ path: 'migration/down/statement', control: 'runs', candidate: error.message }]);
    }
    const back = await verifyCandidate(verifyInput(context, control, session, NOTHING_DECLARED, before));
    if (back.verdict !== 'pass') return { verdict: back.verdict, content: { way: 'down', ...contentOf(back) } };
    return passed({ wayBack: { rows: back.rows, found: back.found } });
  };
  return candidate.hold((session) => rolledBack(session, () => work(session)));
}

/** Interrupts the migration before and behind each commit, and goes on; returns how often. A statement that fails is a finding. */
async function crashAtEveryChunk(
  context: UpgradeContext,
  database: Database,
): Promise<number | { path: string; control: string; candidate: string }> {
  const { migration, checkTime, onPlace } = context;
  let crashes = 0;
  for (const [at] of migration.up.entries()) {
    for (const place of ['before_commit', 'after_commit'] as const) {
      checkTime();
      try {
        await migrateInChunks(database, migration, (ordinal, where) => {
          if (ordinal !== at || where !== place) return;
          onPlace(`chunk ${ordinal} ${place}`);
          throw new InterruptedHere();
        });
      } catch (error) {
        if (error instanceof SqlFailed) {
          return { path: `migration/${at}/statement`, control: 'runs', candidate: error.message };
        }
        if (!(error instanceof InterruptedHere)) throw error;
        crashes++;
      }
    }
  }
  await migrateInChunks(database, migration);
  return crashes;
}

/** U2: the candidate is made, migrated and verified, and follows the live journal. */
export async function shadow(context: UpgradeContext): Promise<StepResult> {
  const { world, migration, memory, onPlace } = context;
  // The one that was rehearsed on, whose rows are not read again unless they were written since.
  if (await isCandidateMade(context)) memory.known?.before.forget('candidate');
  return seenAtOnce(world.open('control'), (control) =>
    withDatabase(world.open('candidate'), async (candidate) => {
      await migrateInChunks(candidate, migration, (ordinal, place) => onPlace(`chunk ${ordinal} ${place}`));
      const verified = await verification(context, control, candidate, migration.declared, memory.known?.before);
      if (verified.verdict !== 'pass') return { verdict: verified.verdict, content: contentOf(verified) };
      onPlace('candidate verified');
      return followed(context, control, candidate, contentOf(verified));
    }),
  );
}

/**
 * Begun before and broken off, it goes on where it was; one that followed the journal already is made anew, since the control did not.
 * Returns whether it was made.
 */
async function isCandidateMade({ world, onPlace }: UpgradeContext): Promise<boolean> {
  if (await world.has('candidate')) {
    const height = await withDatabase(world.open('control'), lastHeight);
    const found = await withDatabase(world.open('candidate'), lastHeight);
    if (found === height) return false;
  }
  await world.copy('control', 'candidate');
  onPlace('candidate copied');
  return true;
}

/** The candidate goes on with the journal as the live one does, by this release: what it cannot write, it could not live with. */
async function followed(
  { journal, migration, memory, onPlace }: UpgradeContext,
  control: SqlSession,
  candidate: Database,
  content: StepResult['content'],
): Promise<StepResult> {
  try {
    await catchUp({ folder: journal, database: candidate, before: sayEpoch });
  } catch (error) {
    if (!(error instanceof SqlFailed)) throw error;
    return failedWith([{ path: 'projection/blocks/write', control: 'written', candidate: error.message }], content);
  }
  onPlace('candidate followed');
  const reader = new JournalReader(journal);
  const before = await readSchema(control);
  const { mark, recovered } = await candidate.hold(async (session) => ({
    mark: await markOf(session),
    recovered: await asControl(session, before, migration.declared, () =>
      recoverFromDatabase(session, reader, { folder: journal, differences: 20 }),
    ),
  }));
  const height = await lastHeight(candidate);
  if (recovered.accepted) {
    const { state, block } = recovered;
    const followedTo = { height, state: block.height, stateRoot: toHex(block.stateRoot) };
    if (!isStateChanged(migration.declared)) memory.tip = TipState.of({ state, height: block.height, mark }, journal);
    return passed({ ...content, followed: followedTo });
  }
  const found = recovered.differences.map(({ table, row, column, journal: ours, database }) => ({
    path: `${table}/${row}/${column}`,
    control: ours,
    candidate: database,
  }));
  const named = { path: `state_head/${height}/state_root`, control: 'sealed', candidate: recovered.about };
  return failedWith(found.length > 0 ? found : [named], content);
}

/** All seven checks of two databases at rest. */
function verification(
  context: UpgradeContext,
  control: SqlSession,
  candidate: Database,
  declared: Declared,
  before: ReadBefore | undefined,
): Promise<Verification> {
  const inTransaction = <T>(work: (session: SqlSession) => Promise<T>): Promise<T> =>
    candidate.hold((session) => rolledBack(session, () => work(session)));
  const beside = context.world.engine === 'postgres' ? inTransaction : undefined;
  return inTransaction((session) =>
    verifyCandidate({ ...verifyInput(context, control, session, declared, before), beside }),
  );
}

function verifyInput(
  { journal, limits, memory, checkTime }: UpgradeContext,
  control: SqlSession,
  candidate: SqlSession,
  declared: Declared,
  before: ReadBefore | undefined,
): VerifyInput {
  const history = new JournalReader(journal);
  const { blocks } = limits;
  const { led } = memory.known ?? {};
  return { control, candidate, declared, history, folder: journal, blocks, checkTime, before, led };
}

function contentOf({ checks, findings, found, rows, stateRoot, height }: Verification): Record<string, Json> {
  return {
    checks: checks.map(({ name, verdict, found: own, about }) => ({ name, verdict, found: own, about })),
    findings: findings.map(jsonOf),
    found,
    rows,
    stateRoot,
    height,
  };
}

/** Runs `work` on the live database, whoever has it open otherwise. */
export async function withLive<T>(
  { world, venue }: Pick<UpgradeContext, 'world' | 'venue'>,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const isShared = world.engine === 'postgres';
  if (!isShared) await venue.releaseDatabase();
  try {
    return await withDatabase(world.openLive(), work);
  } finally {
    if (!isShared) await venue.reopenDatabase();
  }
}

function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
