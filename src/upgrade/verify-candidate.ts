/**
 * Verifies a candidate against its control in seven ways. Both must be at rest. Every check is made, whatever the others found, so that
 * one look says all that is wrong; a check that cannot be made on what it finds has failed.
 */
import type { ReadableHistory } from '../chain/branches.ts';
import { toHex } from '../chain/digest.ts';
import type { State } from '../engine/state.ts';
import { type SqlSession, SqlFailed } from '../store/database.ts';
import { type StateHead, stateHeadOf } from '../store/load-state.ts';
import { STATE_TABLES } from '../store/state-columns.ts';
import { checkAbsentValues } from './absent-values.ts';
import { compareSchemas } from './compare-schema.ts';
import {
  checkCachedIndexes,
  compareAccounts,
  compareFingerprints,
  rootOf,
  stateFingerprint,
} from './compare-states.ts';
import { compareTables } from './compare-tables.ts';
import { Findings, type UpgradeFinding } from './finding.ts';
import { historyFingerprint, knownIndexes, orphansOf, type Side } from './history-fingerprint.ts';
import { checkPages, indexFilesOf, type PagesVerdict, type Untouched } from './page-checks.ts';
import { BESIDE_ROLE, ReadBefore } from './read-before.ts';
import { readSchema, type Schema } from './read-schema.ts';
import { readState } from './read-state.ts';
import { compareReplays, type LedState } from './replay-differential.ts';
import type { Verdict } from './states.ts';
import { type Declared, NOTHING_DECLARED } from './upgrade-migration.ts';

export const CHECKS = [
  'rows',
  'fingerprint',
  'replay',
  'cached_indexes',
  'accounts',
  'pages',
  'absent_values',
] as const;

type CheckName = (typeof CHECKS)[number];

interface Check {
  readonly name: CheckName;
  readonly verdict: Verdict;
  /** Findings of this check. */
  readonly found: number;
  /** What it looked at, or why it could not. */
  readonly about: string;
}

export interface Verification {
  /** Fails when a check does. `pages` alone may be inconclusive and hold nothing up: not every server can check them. */
  readonly verdict: Verdict;
  readonly checks: readonly Check[];
  readonly findings: readonly UpgradeFinding[];
  readonly found: number;
  /** Rows of the control that were compared, and the root of its state. */
  readonly rows: number;
  readonly stateRoot: string;
  readonly height: number;
}

export interface VerifyInput {
  readonly control: SqlSession;
  /** A session of its own, in a transaction: nothing that verification does to it is kept. */
  readonly candidate: SqlSession;
  readonly declared: Declared;
  readonly history: ReadableHistory;
  /** Folder of the journal's snapshots. */
  readonly folder: string;
  /** How many of the last blocks are replayed. */
  readonly blocks: number;
  /** Throws when the time of the procedure is over. */
  readonly checkTime: () => void;
  /** What was read of both before, in other sessions. */
  readonly before?: ReadBefore | undefined;
  readonly led?: LedState | undefined;
  /** Runs work in another session of the candidate, in a transaction of its own, for what can go on beside; not where there is one session. */
  readonly beside?: (<T>(work: (session: SqlSession) => Promise<T>) => Promise<T>) | undefined;
}

/** Verifies. Never throws for what a candidate holds; throws when a session is lost, and what `checkTime` throws. */
export function verifyCandidate(input: VerifyInput): Promise<Verification> {
  return new CandidateVerification(input).run();
}

const STATES: readonly string[] = STATE_TABLES.map(({ name }) => name).concat('state_table');

/** The state of a control that was read already, in the look that `before` has of it. */
export function rememberState(before: ReadBefore, state: State): Promise<unknown> {
  const read: ReadState = { state, unread: new Findings() };
  return before.once('control', STATES, 'state', () => Promise.resolve(read));
}

/** A state, or what of it could not be read. */
interface ReadState {
  readonly state: State | undefined;
  readonly unread: Findings;
}

class CandidateVerification {
  private readonly input: VerifyInput;
  private readonly before: ReadBefore;
  private readonly findings = new Findings();
  private readonly checks: Check[] = [];
  private rows = 0;
  private stateRoot = '';
  private height = -1;

  constructor(input: VerifyInput) {
    this.input = input;
    this.before = input.before ?? new ReadBefore();
  }

  async run(): Promise<Verification> {
    const { control, candidate, declared, beside } = this.input;
    await this.before.begin('control', control);
    await this.before.begin('candidate', candidate);
    const untouched: Untouched = {
      isDeclared: (table) => table in declared.tables || table in declared.newTables,
      files: await indexFilesOf(control),
    };
    const snapshot = beside === undefined ? '' : await exportedSnapshot(candidate);
    const looking = beside?.(async (session) => {
      await session.query(`set transaction snapshot '${snapshot}'`);
      this.before.beginBeside(BESIDE_ROLE, session, 'candidate');
      return this.lookBeside(session, untouched);
    });
    looking?.catch(() => undefined);
    const look = async (): Promise<Beside> => {
      this.before.beginBeside(BESIDE_ROLE, candidate, 'candidate');
      return this.lookBeside(candidate, untouched);
    };
    let found = looking;
    try {
      return await this.checkAll(() => (found ??= look()));
    } finally {
      // Whatever ended the checks, nobody uses the session any more.
      await looking?.catch(() => undefined);
    }
  }

  /** What needs nothing of the other checks. */
  private async lookBeside(session: SqlSession, untouched: Untouched): Promise<Beside> {
    const findings = new Findings();
    const verdict = await checkPages(session, findings, this.before, untouched);
    await session.query('savepoint links');
    try {
      return { findings, verdict, orphans: await orphansOf(session, this.input.declared, this.sideOf(BESIDE_ROLE)) };
    } catch (error) {
      if (!(error instanceof SqlFailed)) throw error;
      await session.query('rollback to savepoint links');
      return { findings, verdict, orphans: error };
    }
  }

  private async checkAll(lookBeside: () => Promise<Beside>): Promise<Verification> {
    const { control, candidate, declared } = this.input;
    const { before } = this;
    for (const session of [control, candidate]) await session.query("set local timezone = 'UTC'");
    const schemas = { control: await readSchema(control), candidate: await readSchema(candidate) };
    const differing = new Set<string>(Object.keys(declared.tables));
    await this.check('rows', async (findings) => {
      const { checkTime } = this.input;
      this.rows = await compareTables({ control, candidate, schemas, declared, checkTime, before }, findings);
      compareSchemas(schemas.control, schemas.candidate, declared, findings);
      return `${this.rows} rows of ${schemas.control.tables.size} tables, both ways${before.about}`;
    });
    for (const { path } of this.findings.kept) differing.add(path.slice(0, path.indexOf('/')));
    await this.checkStates(schemas, lookBeside);
    await this.check('pages', async (findings) => {
      const beside = await lookBeside();
      findings.addAll(beside.findings);
      const { indexes, whole, absent } = beside.verdict;
      return {
        about: [`${indexes} indexes, ${whole} of them with all rows`, ...absent].join('; '),
        isAbsent: absent.length > 0,
      };
    });
    await this.check('absent_values', async (findings) => {
      const columns = await checkAbsentValues(control, candidate, schemas, declared, differing, findings, before);
      return `defaults of ${columns} columns, values of ${[...differing].join(', ') || 'no table that differs'}`;
    });
    return {
      verdict: this.checks.some(({ verdict }) => verdict === 'fail') ? 'fail' : 'pass',
      checks: CHECKS.map((name) => this.checks.find((each) => each.name === name) as Check),
      findings: this.findings.kept,
      found: this.findings.count,
      rows: this.rows,
      stateRoot: this.stateRoot,
      height: this.height,
    };
  }

  private async checkStates(
    schemas: { readonly control: Schema; readonly candidate: Schema },
    lookBeside: () => Promise<Beside>,
  ): Promise<void> {
    const { control, candidate, declared, history, folder, blocks } = this.input;
    const unread = new Findings();
    const heads = [await stateHeadOf(control), await headOrNone(candidate)] as const;
    const [head] = heads;
    const read = async (session: SqlSession, as: Declared): Promise<ReadState> => {
      const found = new Findings();
      return { state: await readState(session, schemas, as, found), unread: found };
    };
    this.height = head?.height ?? -1;
    const changed = Object.entries(declared.tables).filter(([name]) => name.startsWith('state_'));
    const ownRead = await this.before.once('control', STATES, 'state', () => read(control, NOTHING_DECLARED));
    const otherRead = await this.before.once('candidate', STATES, `state ${JSON.stringify(changed)}`, () =>
      this.candidateState(schemas),
    );
    const [own, other] = [ownRead.state, otherRead.state];
    for (const each of [ownRead, otherRead]) unread.addAll(each.unread);
    await this.check('replay', (findings) => {
      const state = requireState(head, other);
      const verdict = compareReplays(state, { history, folder, height: this.height, blocks }, findings, this.input.led);
      const sealed = history.block(this.height);
      if (sealed !== undefined && toHex(sealed.stateRoot) !== verdict.root) {
        findings.add('block/sealed/state_root', toHex(sealed.stateRoot), verdict.root);
      }
      return Promise.resolve(`${verdict.blocks} blocks of the journal, ${verdict.synthetic} made up`);
    });
    await this.check('cached_indexes', async (findings) => {
      const known = await knownIndexes(candidate, this.height);
      const open = checkCachedIndexes(requireState(head, other), known, findings);
      return `${open} open positions of ${known.size} markets`;
    });
    await this.check('accounts', (findings) => {
      const { accounts, liquidatable } = compareAccounts(requireState(head, own), requireState(head, other), findings);
      return Promise.resolve(`${accounts} accounts, ${liquidatable} liquidatable at sealed prices`);
    });
    await this.check('fingerprint', async (findings) => {
      findings.addAll(unread);
      compareHeads(heads, findings);
      if (own !== undefined && other !== undefined) {
        this.stateRoot = rootOf(own);
        compareFingerprints(stateFingerprint(own), stateFingerprint(other), findings);
      }
      const last = Number.MAX_SAFE_INTEGER;
      const ownSide = this.sideOf('control');
      const [ours, theirs] = await Promise.all([
        historyFingerprint(control, last, declared, ownSide),
        historyFingerprint(candidate, last, declared, this.sideOf('candidate')),
      ]);
      compareFingerprints(ours, theirs, findings);
      const { orphans } = await lookBeside();
      if (orphans instanceof SqlFailed) throw orphans;
      // Where there are none, there are none in the control, whose rows are the same or are findings.
      const isNone = [...orphans.values()].every((n) => n === '0');
      if (!isNone) compareFingerprints(await orphansOf(control, declared, ownSide), orphans, findings);
      return `${ours.size + orphans.size} numbers of the history, the state at block ${this.height}`;
    });
  }

  private sideOf(role: Side['role']): Side {
    return { role, before: this.before };
  }

  private async candidateState(schemas: { readonly control: Schema; readonly candidate: Schema }): Promise<ReadState> {
    const unread = new Findings();
    try {
      const state = await this.guarded((session) => readState(session, schemas, this.input.declared, unread));
      return { state, unread };
    } catch (error) {
      if (!(error instanceof SqlFailed)) throw error;
      unread.add('state/schema/tables', 'readable', error.message);
      return { state: undefined, unread };
    }
  }

  /** A statement that the candidate refuses must not end the transaction that all checks share. */
  private async guarded<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const { candidate } = this.input;
    await candidate.query('savepoint guarded');
    try {
      return await work(candidate);
    } catch (error) {
      if (error instanceof SqlFailed) await candidate.query('rollback to savepoint guarded');
      throw error;
    }
  }

  private async check(
    name: CheckName,
    work: (findings: Findings) => Promise<string | { readonly about: string; readonly isAbsent: boolean }>,
  ): Promise<void> {
    this.input.checkTime();
    const findings = new Findings();
    const end = (verdict: Verdict, about: string): void => {
      this.findings.addAll(findings);
      this.checks.push({ name, verdict, found: findings.count, about });
    };
    try {
      const result = await this.guarded(() => work(findings));
      const { about, isAbsent } = typeof result === 'string' ? { about: result, isAbsent: false } : result;
      end(findings.count > 0 ? 'fail' : isAbsent ? 'inconclusive' : 'pass', about);
    } catch (error) {
      if (!(error instanceof SqlFailed) && !(error instanceof NotChecked) && !isOfHistory(error)) throw error;
      if (findings.count === 0) findings.add(`${name}/check/made`, 'possible', (error as Error).message);
      end('fail', (error as Error).message);
    }
  }
}

/** Names the moment that a transaction sees, for another one to see the same. */
async function exportedSnapshot(session: SqlSession): Promise<string> {
  const [row] = await session.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot');
  return row?.snapshot ?? '';
}

/** What was found in a session of its own. */
interface Beside {
  readonly findings: Findings;
  readonly verdict: PagesVerdict;
  /** How many rows point at none, or why they cannot be counted. */
  readonly orphans: Map<string, string> | SqlFailed;
}

/** A check for which what it needs is not there. */
class NotChecked extends Error {}

function requireState(head: StateHead | undefined, state: State | undefined): State {
  if (head === undefined) throw new NotChecked('the control keeps no state: `makewhole store catch-up`');
  if (state === undefined) throw new NotChecked('the rows of the state are none of a state');
  return state;
}

function isOfHistory(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NoSuchState' || error.name === 'JournalCorrupt');
}

async function headOrNone(candidate: SqlSession): Promise<StateHead | undefined> {
  await candidate.query('savepoint head');
  try {
    return await stateHeadOf(candidate);
  } catch (error) {
    if (!(error instanceof SqlFailed)) throw error;
    await candidate.query('rollback to savepoint head');
    return undefined;
  }
}

function compareHeads([own, other]: readonly [StateHead | undefined, StateHead | undefined], findings: Findings): void {
  const textOf = (head: StateHead | undefined): string =>
    head === undefined ? 'none' : `block ${head.height} of fork ${head.fork}, root ${toHex(head.stateRoot)}`;
  if (textOf(own) !== textOf(other)) findings.add('state_head/0/height', textOf(own), textOf(other));
}
