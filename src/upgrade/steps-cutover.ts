/** The steps while nobody trades: drain, fence, fingerprint, the candidate at the tip, the exchange of the two, and its drill. */
import { sameBytes, toHex } from '../chain/digest.ts';
import { DirectRoots } from '../chain/roots.ts';
import type { State } from '../engine/state.ts';
import { MARKET, POSITION } from '../engine/tables.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import type { Json } from '../remedy/canonical-json.ts';
import { type Database, type SqlSession, SqlFailed } from '../store/database.ts';
import { catchUp } from '../store/follow-journal.ts';
import { LeaseHeld, takeLease } from '../store/lease.ts';
import { loadState, stateHeadOf } from '../store/load-state.ts';
import { recoverFromDatabase } from '../store/recover-from-database.ts';
import { PROJECTED_TABLES } from '../store/projected-tables.ts';
import { lastHeight } from '../store/write-blocks.ts';
import { countMoved } from './compare-states.ts';
import { compareTables } from './compare-tables.ts';
import { Findings } from './finding.ts';
import { readSchema, type Schema } from './read-schema.ts';
import { asControl, isStateChanged } from './read-state.ts';
import { sayEpoch } from './chunks.ts';
import type { UpgradeState } from './states.ts';
import { TipState } from './tip-state.ts';
import {
  comparing,
  failedWith,
  passed,
  type StepResult,
  takeUpgradeLease,
  type UpgradeContext,
  withDatabase,
} from './upgrade-context.ts';

/** So many blocks are replayed in no time; a state that was read longer ago is read again before anybody is kept waiting. */
const FRESH_BLOCKS = 16;

/** U4: no new risk: the exchange takes no commands any more, what is in flight is finished. */
export async function cancelOnly(context: UpgradeContext): Promise<StepResult> {
  const { venue, following, journal, memory, migration, now, checkTime, onPlace } = context;
  // The candidate is at the journal's end, and its state verified, before anybody is kept waiting.
  const candidate = await following.begin('candidate');
  const reader = new JournalReader(journal);
  await following.reached(reader.height, checkTime);
  const isFresh = reader.height - (memory.tip?.height ?? -Infinity) <= FRESH_BLOCKS;
  if (isStateChanged(migration.declared)) memory.tip = undefined;
  else if (!isFresh) memory.tip = await TipState.take(candidate, journal);
  await following.reached(heightNow(reader), checkTime);
  const height = await lastHeight(candidate);
  onPlace('candidate follows');
  const pausedMs = now();
  await venue.pause();
  onPlace('paused');
  return passed({ running: venue.isRunning, candidateHeight: height, pausedMs });
}

/** Height of the last block of a journal that has grown since it was read. */
function heightNow(reader: JournalReader): number {
  let { height } = reader;
  for (const entry of reader.entries(height)) if (entry.kind === 'block') ({ height } = entry.block);
  return height;
}

/** U5: the live database has every block, its next epoch is ours, and a writer of the old one is refused. */
export async function drainAndFence(context: UpgradeContext): Promise<StepResult> {
  const { world, venue, journal, onPlace } = context;
  // On resuming the exchange may have been started again since.
  await venue.pause();
  return withDatabase(world.openLive(), async (live) => {
    if (!venue.isRunning) await catchUp({ folder: journal, database: live, before: sayEpoch });
    const before = await epochOf(live);
    try {
      const lease = await takeUpgradeLease(context, live);
      onPlace('fenced');
      const probe = await writeWith(live, before);
      const content = { epochBefore: before, epoch: lease.epoch, height: await lastHeight(live), probe };
      return probe === 'refused' ? passed(content) : failedWith([leak(before)], content);
    } catch (error) {
      if (!(error instanceof LeaseHeld)) throw error;
      return { verdict: 'inconclusive', content: { why: error.message } };
    }
  });
}

const leak = (epoch: number): { path: string; control: string; candidate: string } => ({
  path: `fence/${epoch}/write`,
  control: 'refused',
  candidate: 'taken',
});

async function epochOf(session: SqlSession): Promise<number> {
  const [row] = await session.query<{ epoch: number }>('select epoch from fence');
  return row?.epoch ?? 0;
}

/** Tries to write with an epoch that is over, in vain, or else in a transaction that is rolled back. */
async function writeWith(database: Database, epoch: number): Promise<'refused' | 'taken'> {
  return database.hold(async (session) => {
    await session.query('begin');
    try {
      await session.query("select set_config('makewhole.epoch', $1, true)", [String(epoch)]);
      await session.query('delete from bar where false');
      return 'taken';
    } catch (error) {
      if (!(error instanceof SqlFailed)) throw error;
      return 'refused';
    } finally {
      await session.query('rollback');
    }
  });
}

/** U6: what the live database is at the tip. */
export async function fingerprint({ world }: UpgradeContext): Promise<StepResult> {
  return withDatabase(world.openLive(), async (live) => passed({ fingerprint: await tipOf(live) }));
}

/** Last block and state, and the digest of each table's rows from the first block on. */
async function tipOf(session: SqlSession): Promise<Record<string, Json>> {
  const [block] = await session.query<{ height: number; hash: Uint8Array; state_root: Uint8Array }>(
    'select height, hash, state_root from block order by height desc limit 1',
  );
  const tables: Record<string, Json> = {};
  for (const { name } of PROJECTED_TABLES) {
    const [row] = await session.query<{ digest: Uint8Array }>(
      'select digest from projected_block where table_name = $1 order by height desc limit 1',
      [name],
    );
    tables[name] = row === undefined ? 'none' : toHex(Uint8Array.from(row.digest));
  }
  const hex = (bytes: Uint8Array | undefined): string | null =>
    bytes === undefined ? null : toHex(Uint8Array.from(bytes));
  return { height: block?.height ?? -1, hash: hex(block?.hash), stateRoot: hex(block?.state_root), tables };
}

/** U7: the migrated copy is brought to the tip. The migration itself ran on it before, statement by statement. */
export async function migrateToTip(context: UpgradeContext): Promise<StepResult> {
  const { world, following, checkTime } = context;
  const height = await withDatabase(world.openLive(), lastHeight);
  const candidate = await following.begin('candidate');
  try {
    await following.reached(height, checkTime);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failedWith([{ path: `block/${height}/row`, control: 'projected', candidate: why }]);
  }
  return passed({ height: await lastHeight(candidate) });
}

/**
 * U8 at the tip: everything up to the control's height was verified before. What came since is compared row by row, the digests of all
 * that was ever written are equal, and the state in the candidate's tables has the root of the sealed block.
 */
export async function verifyTip(context: UpgradeContext): Promise<StepResult> {
  const { world, following, memory } = context;
  const candidate = await following.begin('candidate');
  const findings = new Findings();
  return withDatabase(world.openLive(), async (live) => {
    const [own, other] = [await tipOf(live), await tipOf(candidate)];
    comparePlaces('block', own, other, findings);
    comparePlaces('projected_block', own['tables'] as Places, other['tables'] as Places, findings);
    const from = (contentOf(context, 'SHADOW')['height'] as number | undefined) ?? -1;
    const rows = await comparing(live, candidate, (control, changed) =>
      compareSince(context, control, changed, from, findings),
    );
    const height = own['height'] as number;
    const { tip } = memory;
    if (tip === undefined) await verifyWhole(context, live, candidate, findings);
    else await candidate.hold((session) => tip.check(session, height, findings));
    const content = { height, stateRoot: own['stateRoot'] as string, rows, isWhole: tip === undefined };
    return findings.count === 0 ? passed(content) : failedWith(findings.kept, { ...content, found: findings.count });
  });
}

/** The rows behind a height of the tables that the migration changes. Of all others the digests say that the same was written. */
async function compareSince(
  { migration, checkTime }: UpgradeContext,
  control: SqlSession,
  candidate: SqlSession,
  height: number,
  findings: Findings,
): Promise<number> {
  const { declared } = migration;
  const isCompared = (name: string): boolean => HISTORY.includes(name) && name in declared.tables;
  const only = ({ tables, facts }: Schema): Schema => ({
    tables: new Map([...tables].filter(([name]) => isCompared(name))),
    facts,
  });
  const whole = { control: await readSchema(control), candidate: await readSchema(candidate) };
  // A new table that says which rows are its own has to have those of now: what writes both is not believed.
  const empty: Schema = { tables: new Map(), facts: new Map() };
  const fresh = { control: empty, candidate: whole.candidate };
  await compareTables({ control, candidate, schemas: fresh, declared, checkTime }, findings);
  const schemas = { control: only(whole.control), candidate: only(whole.candidate) };
  const shared = HISTORY.filter((name) => schemas.control.tables.has(name) && schemas.candidate.tables.has(name));
  for (const session of [control, candidate]) await narrowTo(session, height, shared);
  return compareTables({ control, candidate, schemas, declared: { ...declared, newTables: {} }, checkTime }, findings);
}

/** Where the state could not be verified beforehand: all of it now. */
async function verifyWhole(
  { journal, migration }: UpgradeContext,
  live: Database,
  candidate: Database,
  findings: Findings,
): Promise<void> {
  const options = { folder: journal, differences: Findings.LIMIT };
  const control = await readSchema(live);
  const recovered = await candidate.hold((session) =>
    asControl(session, control, migration.declared, () =>
      recoverFromDatabase(session, new JournalReader(journal), options),
    ),
  );
  if (recovered.accepted) return;
  for (const { table, row, column, journal: ours, database } of recovered.differences) {
    findings.add(`${table}/${row}/${column}`, ours, database);
  }
  if (recovered.differences.length === 0) findings.add('state/0/root', 'sealed', recovered.about);
}

/** Tables whose rows say the block that they came with. */
const HISTORY: readonly string[] = ['block', ...PROJECTED_TABLES.map(({ name }) => name)];

/** Lets a session see of history tables only what came behind a height: temporary views stand before the tables. */
async function narrowTo(session: SqlSession, height: number, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const rows = `select * from public."${name}" where height > ${Math.trunc(height)}`;
    await session.query(`create temporary view "${name}" as ${rows}`);
  }
}

function contentOf({ chain }: UpgradeContext, of: UpgradeState): Places {
  return (chain().find(({ state }) => state === of)?.content ?? {}) as Places;
}

type Places = Readonly<Record<string, Json>>;

function comparePlaces(table: string, own: Places, other: Places, findings: Findings): void {
  for (const name of new Set([...Object.keys(own), ...Object.keys(other)])) {
    const [ours, theirs] = [own[name] ?? 'none', other[name] ?? 'none'];
    if (typeof ours === 'object' || ours === theirs) continue;
    findings.add(`${table}/tip/${name}`, String(ours), JSON.stringify(theirs));
  }
}

/** U9: the candidate takes the place of the live database, and is shown to be one that can be started from, by one writer alone. */
export async function bootLadder(context: UpgradeContext): Promise<StepResult> {
  const { world, following, onPlace } = context;
  await following.end();
  if (await world.has('candidate')) await carryFence(context, 'live', 'candidate');
  onPlace('fence carried');
  await world.swap('candidate', 'old');
  onPlace('swapped');
  return withDatabase(world.openLive(), async (live) => {
    const before = await epochOf(live);
    const lease = await takeUpgradeLease(context, live);
    const probe = await writeWith(live, before);
    const second = await secondWriter(context, live);
    const verified = contentOf(context, 'VERIFY')['stateRoot'] as string;
    const head = await stateHeadOf(live);
    const content = { epoch: lease.epoch, probe, second, height: await lastHeight(live) };
    if (probe !== 'refused') return failedWith([leak(before)], content);
    if (second !== 'refused') {
      return failedWith([{ path: 'lease/2/holder', control: 'refused', candidate: 'taken' }], content);
    }
    // Started from is what was verified: the database has the state whose rows were compared, and says so.
    const root = head === undefined ? 'none' : toHex(head.stateRoot);
    if (root !== verified) {
      return failedWith([{ path: 'state_head/0/state_root', control: verified, candidate: root }], content);
    }
    return passed({ ...content, stateRoot: root });
  });
}

/** Another exchange that is started now does not get the lease. */
async function secondWriter({ exchange, seat, id }: UpgradeContext, live: Database): Promise<'refused' | 'taken'> {
  try {
    const request = { exchange, seat: `${seat} second`, birthId: `drill ${id}`, birth: {}, timeMs: 1 };
    await takeLease(live, { ...request, durable: undefined, hashAt: () => undefined });
    return 'taken';
  } catch (error) {
    if (error instanceof LeaseHeld) return 'refused';
    throw error;
  }
}

/**
 * Brings the fence and the leases of one database to another that is to take its place: no epoch is given twice, and whoever wrote to the
 * one is too old for the other.
 */
export async function carryFence(
  { world }: Pick<UpgradeContext, 'world'>,
  from: 'live' | 'old',
  to: 'candidate' | 'old',
): Promise<void> {
  const columns = 'epoch, exchange, seat, birth_id, birth, taken_at, until, released_at, durable_height, durable_hash';
  const source = from === 'live' ? world.openLive() : world.open(from);
  const { epoch, leases } = await withDatabase(source, async (database) => ({
    epoch: await epochOf(database),
    leases: await database.query<Record<string, unknown>>(
      `select epoch, exchange, seat, birth_id, birth::text as birth, taken_at::text as taken_at, until::text as until,
        released_at::text as released_at, durable_height, durable_hash from lease order by epoch`,
    ),
  }));
  await withDatabase(world.open(to), (database) =>
    database.transaction(async (session) => {
      await session.query('update fence set epoch = greatest(epoch, $1::bigint) + 1', [epoch]);
      await session.query('delete from lease');
      for (const lease of leases) {
        const values = columns.split(', ').map((name) => lease[name]);
        await session.query(
          `insert into lease (${columns}) values ($1, $2, $3, $4, $5, $6::timestamptz, $7::timestamptz, $8::timestamptz, $9, $10)`,
          values,
        );
      }
    }),
  );
}

const FALSIFIED = [
  ['funding_index', MARKET.FUNDING_INDEX],
  ['mark', MARKET.MARK],
  ['initial_margin', MARKET.INITIAL_MARGIN],
] as const;

/** U10: the checks are alive: an index, a mark and a margin that are zeroed in the live state, in memory, are each denied; undone, it passes. */
export async function canary(context: UpgradeContext): Promise<StepResult> {
  const { world, memory } = context;
  const { state, head } = await withDatabase(world.openLive(), async (live) => ({
    state: memory.tip?.state ?? (await indexed(context, live)),
    head: await stateHeadOf(live),
  }));
  if (head === undefined)
    return failedWith([{ path: 'state_head/0/height', control: 'a sealed block', candidate: 'none' }]);
  const roots = memory.tip?.roots ?? new DirectRoots(sha256);
  const isSealed = (): boolean => {
    roots.request(state);
    return sameBytes(roots.wait().stateRoot, head.stateRoot);
  };
  const { market } = state;
  const denials: Json[] = [];
  for (const [name, column] of FALSIFIED) {
    const row = marketOf(state, column);
    if (row === 0) continue;
    const write = (value: number): void => {
      market.f64[row * market.rowFloats + column] = value;
      market.touch(row);
    };
    const value = market.f64[row * market.rowFloats + column] as number;
    const accounts = countMoved(state, [...holdersOf(state, row)], () => write(0));
    const isDenied = !isSealed();
    write(value);
    denials.push({ canary: `market/${row}/${name}`, denied: isDenied, accounts });
    if (!isDenied) {
      return failedWith([{ path: `market/${row}/${name}`, control: 'denied', candidate: 'passed' }], { denials });
    }
  }
  if (isSealed()) return passed({ denials });
  return failedWith([{ path: 'state/0/root', control: toHex(head.stateRoot), candidate: 'another' }], { denials });
}

/** Accounts with a position in a market. */
function holdersOf({ position }: State, market: number): Set<number> {
  const found = new Set<number>();
  for (let row = 1; row < position.rows; row++) {
    const isOpen = position.f64[row * position.rowFloats + POSITION.SIZE] !== 0;
    if (isOpen && position.i32[row * position.rowWords + POSITION.MARKET] === market) {
      found.add(position.i32[row * position.rowWords + POSITION.ACCOUNT] as number);
    }
  }
  return found;
}

async function indexed({ world, migration }: UpgradeContext, live: Database): Promise<State> {
  const { declared } = migration;
  const control = isStateChanged(declared) ? await withDatabase(world.open('old'), readSchema) : undefined;
  const state = await live.hold((session) =>
    control === undefined ? loadState(session) : asControl(session, control, declared, loadState),
  );
  state.index.restore(state);
  return state;
}

/** A market in which a column has a value. */
function marketOf({ market }: State, column: number): number {
  for (let row = 1; row < market.rows; row++) if (market.f64[row * market.rowFloats + column] !== 0) return row;
  return 0;
}
