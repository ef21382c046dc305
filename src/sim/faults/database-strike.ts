/**
 * What comes of a database that goes wrong: what the guard says to it, by the product's own means (the upgrade's procedure, its seven
 * checks, the start from a database, the fence), and what a process holds that loads it without a look.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { diffStates } from '../../chain/state-difference.ts';
import type { State } from '../../engine/state.ts';
import { type Database, SqlFailed, type SqlSession } from '../../store/database.ts';
import { cutBack } from '../../store/cut-back.ts';
import { catchUp } from '../../store/follow-journal.ts';
import { loadState } from '../../store/load-state.ts';
import { recoverFromDatabase } from '../../store/recover-from-database.ts';
import { lastHeight } from '../../store/write-blocks.ts';
import { migrateInChunks, sayEpoch } from '../../upgrade/chunks.ts';
import { Procedure, type UpgradeOutcome } from '../../upgrade/procedure.ts';
import { gatesOf, NOTHING_KNOWN } from '../../upgrade/readiness.ts';
import { readSchema, type Schema } from '../../upgrade/read-schema.ts';
import { asControl } from '../../upgrade/read-state.ts';
import { rowsDigest } from '../../upgrade/rows-digest.ts';
import { comparing, withDatabase } from '../../upgrade/upgrade-context.ts';
import { UpgradeFiles, upgradeId } from '../../upgrade/upgrade-files.ts';
import { NOTHING_DECLARED, upgradeMigrationHash } from '../../upgrade/upgrade-migration.ts';
import { STOPPED } from '../../upgrade/venue.ts';
import { verifyCandidate } from '../../upgrade/verify-candidate.ts';
import type { DatabaseScene, DatabaseWork, ShownPosition } from './database-fault.ts';
import { databaseMutation } from './database-mutation.ts';
import {
  baseJournal,
  baseName,
  type DatabasePlace,
  EXCHANGE,
  makeBase,
  makePlace,
  OLD_EPOCH,
  SEAT,
} from './database-place.ts';
import type { DatabaseStrike, MutatedRows, Refused } from './database-outcome.ts';
import { type DatabaseSite, openSite } from './database-site.ts';
import { HARMLESS, loaded, migrationOf, sceneOf, withBadBackup } from './database-work.ts';
import type { Regime } from './fault.ts';
import type { TrueRun } from './true-run.ts';

/** The place that is open. */
interface Here {
  readonly key: string;
  readonly place: DatabasePlace;
  /** Of the live database. */
  readonly schema: Schema;
  /** Of its rows, once a procedure has asked for it. */
  digest: string | undefined;
}

const NO_SCHEMA: Schema = { tables: new Map(), facts: new Map() };

type MakesWork = (scene: DatabaseScene) => DatabaseWork;

const LIMITS = { budgetMs: 3_600_000, holdMs: 0, soakMs: 0, blocks: 3 };
const SEED = new Uint8Array(32).fill(5);
const FENCED = 'MW001';
const LISTED = 5;
/** A projection stopped so many blocks before the rest. */
const STALE_BLOCKS = 16;

class Undone extends Error {}

/** The databases of one thread of a matrix. One cell's are open at a time. */
export class DatabaseStrikes {
  private readonly seed: number;
  private readonly url: string | undefined;
  private opened: DatabaseSite | undefined;
  private readonly bases = new Map<Regime, Promise<void>>();
  private at: Here | undefined;
  private readonly open = new Map<'control' | 'candidate', Database>();
  private upgrades = 0;

  constructor(seed: number, url: string | undefined) {
    this.seed = seed;
    this.url = url;
  }

  /** What the guard says. `isWhole`: in the phase upgrade by the whole procedure, else by what it verifies with. */
  async guarded(
    run: TrueRun,
    what: MakesWork,
    random: DatabaseScene['random'],
    isWhole: boolean,
  ): Promise<DatabaseStrike> {
    const place = await this.place(run);
    const work = what(sceneOf(run, place, random));
    if (work.place === 'old writer') return this.fenced(work);
    if (work.place === 'projection') return this.shown(run.base.regime, work, true);
    if (run.phase === 'restart') return this.started(work, 'start');
    const { regime } = run.base;
    if (isWhole) return this.upgraded(regime, work);
    if (work.place === 'backup') return this.started(work, 'backup');
    if (work.place !== 'following') return this.verified(await this.copy('candidate'), work, work.up);
    return withDatabase(this.follow(regime, work), (followed) => this.verified(followed, work, []));
  }

  /** What a process holds that loads it without a look. */
  async unguarded(run: TrueRun, what: MakesWork, random: DatabaseScene['random']): Promise<DatabaseStrike> {
    const place = await this.place(run);
    const work = what(sceneOf(run, place, random));
    if (work.place === 'projection') return this.shown(run.base.regime, work, false);
    if (work.place === 'following' && run.phase === 'upgrade')
      return this.strike(await this.followed(run.base.regime, work));
    const loaded = await this.tried('candidate', async (session) => {
      for (const statement of work.up) await session.query(statement);
      return this.read(session, work);
    });
    return this.strike(loaded);
  }

  /** What comes of rows that were changed behind the exchange's back: noticed, or without any effect; else undefined. */
  async mutated(run: TrueRun, number: number, random: DatabaseScene['random']): Promise<MutatedRows> {
    const place = await this.place(run);
    const { name, of, statements } = databaseMutation(number);
    const up = statements(place.state, random);
    const result = (outcome: MutatedRows['outcome'], about: string): MutatedRows => ({ name, up, outcome, about });
    try {
      if (of === 'state') {
        const { refused, loaded: state } = await this.started({ up }, 'start');
        if (refused !== undefined) return result('noticed', refused.about);
        const isSame = typeof state !== 'string' && diffStates(place.state, state, 1).length === 0;
        return result(isSame ? 'without effect' : 'unnoticed', '');
      }
      const { refused } = await this.verified(await this.copy('candidate'), { up }, up);
      if (refused !== undefined) return result('noticed', refused.about);
      const [before, after] = [
        await this.tried('candidate', rowsDigest),
        await this.tried('candidate', async (session) => {
          for (const statement of up) await session.query(statement);
          return rowsDigest(session);
        }),
      ];
      return result(before === after ? 'without effect' : 'unnoticed', '');
    } catch (error) {
      if (!(error instanceof SqlFailed)) throw error;
      // The database does not take such a row.
      return result('noticed', error.message.split(' (SQLSTATE')[0] as string);
    }
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    await this.leave();
    await this.opened?.close();
    this.opened = undefined;
  }

  private get site(): DatabaseSite {
    this.opened ??= openSite(this.url);
    return this.opened;
  }

  private async place(run: TrueRun): Promise<DatabasePlace> {
    const { regime } = run.base;
    const key = `${regime} ${run.phase}`;
    if (this.at?.key === key) return this.at.place;
    await this.leave();
    const base = this.bases.get(regime) ?? makeBase(this.site, regime, this.seed);
    this.bases.set(regime, base);
    await base;
    const place = await makePlace(this.site, run);
    this.at = { key, place, schema: NO_SCHEMA, digest: undefined };
    const candidate = await this.copy('candidate');
    this.at = { ...this.at, schema: await candidate.hold((session) => readSchema(session)) };
    return place;
  }

  private async leave(): Promise<void> {
    for (const database of this.open.values()) await database.close();
    this.open.clear();
    this.at = undefined;
  }

  private get here(): Here {
    return this.at as Here;
  }

  /** A copy of the live database; what is done to it is undone. */
  private async copy(role: 'control' | 'candidate'): Promise<Database> {
    const known = this.open.get(role);
    if (known !== undefined) return known;
    await this.site.copy(this.here.place.live, role);
    const database = await this.site.open(role);
    this.open.set(role, database);
    return database;
  }

  /** Runs `work` in a transaction of a copy, with the newest epoch, and undoes it. */
  private async tried<T>(role: 'control' | 'candidate', work: (session: SqlSession) => Promise<T>): Promise<T> {
    const database = await this.copy(role);
    let result: T | undefined;
    try {
      await database.transaction(async (session) => {
        await sayEpoch(session);
        result = await work(session);
        throw new Undone();
      });
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
    }
    return result as T;
  }

  /** Loads the state as a reader of the new release sees it. */
  private async read(session: SqlSession, { reading = [], declared = NOTHING_DECLARED }: DatabaseWork) {
    for (const statement of reading) await session.query(statement);
    return loaded(session, (own) => asControl(own, this.here.schema, declared, loadState));
  }

  /** The database's own word: who writes with an epoch that is over is refused, whatever it writes. */
  private async fenced({ up }: DatabaseWork): Promise<DatabaseStrike> {
    const database = await this.copy('candidate');
    let refused: Refused | undefined;
    try {
      await database.transaction(async (session) => {
        await session.query("select set_config('makewhole.epoch', $1, true)", [String(OLD_EPOCH)]);
        for (const statement of up) await session.query(statement);
        throw new Undone();
      });
    } catch (error) {
      if (error instanceof SqlFailed && error.code === FENCED)
        refused = { check: 'fence', about: error.message.split(' (SQLSTATE')[0] as string };
      else if (!(error instanceof Undone)) throw error;
    }
    const state = await this.tried('candidate', async (session) => {
      if (refused === undefined) for (const statement of up) await session.query(statement);
      return loaded(session, loadState);
    });
    return { ...this.strike(state), by: 'fence', refused, findings: refused === undefined ? [] : [refused.about] };
  }

  /** A database that stopped to follow: with a guard its lag keeps the gate of the projections shut, and nobody is shown anything. */
  private async shown(regime: Regime, { acts }: DatabaseWork, isGuarded: boolean): Promise<DatabaseStrike> {
    const { reader, state } = this.here.place;
    await this.site.copy(baseName(regime), 'stale');
    return withDatabase(this.site.open('stale'), async (database) => {
      await cutBack(database, (await lastHeight(database)) - STALE_BLOCKS, sayEpoch);
      const lagBlocks = reader.height - (await lastHeight(database));
      const gates = gatesOf({ ...NOTHING_KNOWN, projections: { lagBlocks } });
      const gate = gates.find(({ name }) => name === 'projections');
      if (isGuarded && gate?.holds === false) {
        const refused = { check: 'readiness_projections', about: gate.found };
        return { ...this.strike(state), by: 'readiness', refused, findings: [gate.found] };
      }
      const rows = await database.query<ShownPosition>(
        `select distinct on (account, market) account, market, size_lots from position_version
          order by account, market, height desc`,
      );
      return { ...this.strike(state), acts: acts?.(rows) ?? [] };
    });
  }

  /** A start from the rows: their root must be the sealed block's. */
  private async started(work: DatabaseWork, by: 'start' | 'backup'): Promise<DatabaseStrike> {
    const { reader, journal } = this.here.place;
    return this.tried('candidate', async (session) => {
      for (const statement of work.up) await session.query(statement);
      const result = await recoverFromDatabase(session, reader, { folder: journal, differences: LISTED });
      if (result.accepted) return { ...this.strike(result.state), by };
      const findings = result.differences.map(({ table, row, column }) => `${table}/${row}/${column}`);
      const about = findings[0] ?? result.about;
      const refused = { check: `${by === 'start' ? 'recover' : 'backup'}_${result.refusal}`, about };
      return { ...this.strike(result.about), by, refused, findings: findings.length > 0 ? findings : [result.about] };
    });
  }

  /** The seven checks of a candidate, behind statements that are undone, beside its control. */
  private async verified(candidate: Database, work: DatabaseWork, up: readonly string[]): Promise<DatabaseStrike> {
    const { reader: history, journal: folder } = this.here.place;
    const { declared = NOTHING_DECLARED } = work;
    const control = await this.copy('control');
    return comparing(control, candidate, async (own, other) => {
      await sayEpoch(other);
      for (const statement of up) await other.query(statement);
      const checkTime = (): void => undefined;
      const input = { control: own, candidate: other, declared, history, folder, blocks: LIMITS.blocks, checkTime };
      const { verdict, checks, findings } = await verifyCandidate(input);
      const paths = findings.slice(0, LISTED).map(({ path }) => path);
      const failed = checks.find((check) => check.verdict === 'fail');
      if (verdict === 'pass') return { ...this.strike(await this.read(other, work)), by: 'verification' };
      const refused = { check: `verify_${failed?.name ?? 'rows'}`, about: paths[0] ?? '' };
      return { ...this.strike(refused.about), by: 'verification', refused, findings: paths };
    });
  }

  /** The whole procedure, from its plan on. */
  private async upgraded(regime: Regime, work: DatabaseWork): Promise<DatabaseStrike> {
    const { live, journal } = this.here.place;
    const isFollowing = work.place === 'following';
    // What follows begins with the base, and the journal grows behind its back.
    const name = isFollowing ? 'following' : live;
    const folder = isFollowing ? join(this.site.folder, 'journal_following') : journal;
    if (isFollowing) {
      await this.site.copy(baseName(regime), name);
      cpSync(baseJournal(this.site, regime), folder, { recursive: true, force: true });
    }
    const migration = migrationOf(work);
    const number = ++this.upgrades;
    const id = upgradeId(number, upgradeMigrationHash(migration));
    const inner = this.site.world(name, number);
    const before = isFollowing ? undefined : (this.here.digest ??= await withDatabase(inner.openLive(), rowsDigest));
    const outcome = await new Procedure({
      id,
      files: new UpgradeFiles(join(this.site.folder, 'upgrades'), id),
      world: work.place === 'backup' ? withBadBackup(inner, work.up) : inner,
      venue: STOPPED,
      migration: work.place === 'backup' ? HARMLESS : migration,
      journal: folder,
      exchange: EXCHANGE,
      seat: SEAT,
      limits: LIMITS,
      seed: SEED,
      onPlace: (at) => {
        if (isFollowing && at === 'candidate verified') cpSync(journal, folder, { recursive: true, force: true });
      },
    }).run();
    const strike = { ...this.strikeOf(outcome), by: 'procedure' as const };
    if (isFollowing)
      return { ...strike, loaded: strike.refused === undefined ? await this.followed(regime, work) : '' };
    const isLiveUntouched = (await withDatabase(inner.openLive(), rowsDigest)) === before;
    if (strike.refused !== undefined) return { ...strike, isLiveUntouched };
    const state = await withDatabase(inner.openLive(), (database) =>
      database.hold((session) => loaded(session, loadState)),
    );
    return { ...strike, loaded: state, isLiveUntouched };
  }

  private strikeOf({ verdict, abort, findings, steps }: UpgradeOutcome): DatabaseStrike {
    const paths = findings.slice(0, LISTED).map(({ path }) => path);
    if (verdict === 'pass') return this.strike('');
    const state = steps.find((step) => step.verdict !== 'pass')?.state.toLowerCase() ?? 'plan';
    const refused = { check: `upgrade_${state}`, about: paths[0] ?? verdict };
    return { ...this.strike(refused.about), refused, abort, findings: paths };
  }

  /** A candidate that a migration was applied to before the venue went on, at the venue's end. */
  private async follow(regime: Regime, work: DatabaseWork): Promise<Database> {
    await this.site.copy(baseName(regime), 'followed');
    const database = await this.site.open('followed');
    await migrateInChunks(database, migrationOf(work));
    await catchUp({ database, folder: this.here.place.journal, before: sayEpoch });
    return database;
  }

  /** What it holds, read without a look. */
  private async followed(regime: Regime, work: DatabaseWork): Promise<State | string> {
    return withDatabase(this.follow(regime, work), (database) =>
      database.transaction(async (session) => {
        await sayEpoch(session);
        return this.read(session, work);
      }),
    );
  }

  private strike(state: State | string): DatabaseStrike {
    const { engine } = this.site;
    return {
      engine,
      by: undefined,
      refused: undefined,
      loaded: state,
      abort: null,
      findings: [],
      acts: [],
      isLiveUntouched: null,
    };
  }
}
