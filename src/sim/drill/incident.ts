/**
 * The two cases of the drill as documents: the restart race, which is measured before anybody decides and then rolled back, and the careless
 * reopening, which is made good by claims. And how the first one is scoped and priced.
 */
import { copyState } from '../../chain/copy-state.ts';
import { toHex } from '../../chain/digest.ts';
import { DirectRoots } from '../../chain/roots.ts';
import type { State } from '../../engine/state.ts';
import { STATUS } from '../../engine/status.ts';
import { unwindInsurance } from '../../exchange/unwind.ts';
import { HonestTrades } from '../../incident/honest-trades.ts';
import { type Measurement, measure } from '../../incident/measure.ts';
import { type Scope, scopeOf } from '../../incident/scope.ts';
import { sha256 } from '../../journal/node-digest.ts';
import type { CorrectionSet } from '../../remedy/correction.ts';
import { DEFAULT_POLICY } from '../../remedy/default-policy.ts';
import { CASE_FORMAT, type IncidentCase } from '../../remedy/incident-case.ts';
import { runIncident } from '../../remedy/incident-run.ts';
import type { Block } from '../../chain/block.ts';
import type { LastGood, Recorded } from './make-whole.ts';
import type { Closed, ParadexOptions } from './paradex.ts';
import { zeroIndexes } from './restart-race.ts';

/** The certificate says it, for everybody to read. */
export const RACE_REASON =
  'A restart raced the copy of the database: the funding indexes of some markets were loaded as zero, and the accounts that held ' +
  'positions there were settled for the market’s whole life at once.';
const IF_NOT_ROLLED_BACK =
  'This case says what is due if trading goes on from where it was stopped; a rollback makes it void, and then nothing of it is paid.';
const REOPENING_REASON =
  'After the rollback the venue was opened at once, with empty books and running liquidations: a few aggressive orders moved the mark ' +
  'of one market far from every outside source, and accounts were liquidated at it.';

/** An account's orders are reactive once its own rows or the mark of their market have differed by this. */
const REACTIVE_PPM = 1000;

export interface Window {
  readonly from: Block;
  readonly to: Block;
}

/** The case of the race: what the process held from the last good block on is taken out of it. */
function raceCase(closed: Closed, corrections: CorrectionSet, to: Block): IncidentCase {
  const { world, block } = closed;
  return caseOf(
    `${nameOf(closed)}-race`,
    `${RACE_REASON} ${IF_NOT_ROLLED_BACK}`,
    corrections,
    { from: block, to },
    world.at('rollback'),
  );
}

/** The case of the careless reopening: the command that opened the venue should have let orders be cancelled, and no more. */
export function reopeningCase(closed: Closed, openedSequence: number, window: Window): IncidentCase {
  const timeMs = closed.world.at('careless');
  const right = { kind: 'setStatus', timeMs, market: 0, status: STATUS.CANCEL_ONLY, paused: 0 } as const;
  const corrections = { commands: [{ sequence: openedSequence, commands: [right] }], deviations: [], keepHalts: true };
  return caseOf(nameOf(closed), REOPENING_REASON, corrections, window, closed.world.at('end'));
}

function nameOf({ world }: Closed): string {
  return `paradex-${world.day.day}`;
}

/** A case of a drill: by replay and the default policy, everybody told at its end. */
export function caseOf(
  name: string,
  reason: string,
  corrections: CorrectionSet,
  { from, to }: Window,
  reopenMs: number,
): IncidentCase {
  return {
    format: CASE_FORMAT,
    name,
    reason,
    from: { fork: from.fork, height: from.height, stateRoot: toHex(from.stateRoot) },
    to: { fork: to.fork, height: to.height },
    corrections,
    mode: 'replay',
    reactivePpm: REACTIVE_PPM,
    policy: DEFAULT_POLICY,
    notices: { noticeMs: to.lastMs, reopenMs, graceMs: 0, late: [] },
  };
}

export interface Measured {
  readonly scope: Scope;
  readonly incident: IncidentCase;
  readonly measurement: Measurement;
  /** From the halt until it was known which values had been written and by what they are proved. */
  readonly scopeSeconds: number;
}

/** Finds out from the journal and the database's copy what was wrong, and what each remedy would do. */
export function measureRace(options: ParadexOptions, closed: Closed): Measured {
  const { journal } = options;
  const startMs = performance.now();
  const kept = (block: Block): State | undefined => (block.height === closed.block.height ? copied(closed) : undefined);
  const scope = scopeOf({ history: journal, kept });
  const scopeSeconds = (performance.now() - startMs) / 1000;
  if (scope.unexplained !== undefined) throw new Error(`the race is not explained: ${scope.lines.join('; ')}`);
  const corrections = { commands: [], deviations: scope.deviations, keepHalts: true };
  const incident = raceCase(closed, corrections, journal.block(journal.height) as Block);
  return { scope, incident, measurement: measureCase(options, closed, incident), scopeSeconds };
}

/** What each remedy would do about a case, from its last good state. Throws where the case does not hold. */
export function measureCase(
  { journal }: Pick<Recorded, 'journal'>,
  { state }: LastGood,
  incident: IncidentCase,
): Measurement {
  const trades = new HonestTrades();
  const run = runIncident({
    incident,
    history: journal,
    start: copyState(state),
    hash: sha256,
    roots: new DirectRoots(sha256),
    unwind: unwindInsurance,
    onEvents: trades.observe,
  });
  if ('finding' in run) throw new Error(`the case ${incident.name} does not hold: ${run.finding} ${run.about}`);
  return measure(incident, run, trades);
}

/** What is in the database's copy, whether its block vouches for it or not. */
function copied({ state, corrupted }: Closed): State {
  const copy = copyState(state);
  zeroIndexes(copy, corrupted);
  return copy;
}
