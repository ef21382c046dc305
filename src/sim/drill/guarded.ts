/**
 * With the guard: the same copy of the database is refused by the root that its block vouches for; the process starts on its journal, and
 * the ladder leads each market back. Then the stronger variant: a loader that is late writes the same zeros into the memory of the
 * running process, and the guard's images find them before anything is forced.
 */
import { copyState } from '../../chain/copy-state.ts';
import { auditState } from '../../engine/audit.ts';
import { statusOf } from '../../engine/market.ts';
import { STATUS } from '../../engine/status.ts';
import type { ReopeningStep } from '../../exchange/reopen.ts';
import { componentName } from '../../guard/finding.ts';
import { type Compared, ForcedTally } from './forced-tally.ts';
import { copyJournal } from './journal-copy.ts';
import { type Closed, CleanTwin, type ParadexOptions, progressOf } from './paradex.ts';
import type { VetoCount } from './result.ts';
import { copyOf, load, trust, zeroIndexes } from './restart-race.ts';
import { DrillVenue, type VenueTold } from './venue.ts';
import { Vetoes } from './veto-count.ts';
import { DrillWorld } from './world.ts';

export interface Guarded {
  readonly compared: Compared;
  readonly vetoes: readonly VetoCount[];
}

/** What a run with the guard is told of, from some point on. */
export class Watch {
  forced = new ForcedTally();
  readonly vetoes = new Vetoes();
  steps: ReopeningStep[] = [];
  isWatching = false;

  readonly told: VenueTold = {
    onEvents: (events) => this.forced.take(events),
    onVerdict: (verdict) => this.isWatching && this.vetoes.verdict(verdict),
    onFinding: (finding) => this.isWatching && this.vetoes.finding(finding),
    onHeldCommand: (held) => this.isWatching && this.vetoes.held(held),
    onStep: (step) => this.steps.push(step),
  };

  /** From here on anew. */
  restart(isShared: (order: number) => boolean): void {
    this.forced = new ForcedTally(isShared);
    this.steps = [];
    this.isWatching = true;
  }
}

/** Runs both variants; the first one leaves the venue open and trading. */
export function runGuarded(options: ParadexOptions, closed: Closed, watch: Watch): Guarded {
  const { told } = options;
  const { world } = closed;
  const twin = new Watch();
  const onStep = (step: ReopeningStep): void => void twin.steps.push(step);
  const clean = new CleanTwin(options, closed, world.venue.journal, true, { onStep });
  clean.open();
  clean.world.trade(clean.world.at('late'));
  const late = copyJournal(clean.world.venue.journal);
  const atLate = clean.forced.count;

  watch.restart(closed.isShared);
  refuse(closed, watch);
  const vetoes = watch.vetoes.all;
  const refusal = vetoes[0]?.about ?? '';
  told.onMoment?.({ kind: 'refused start', timeMs: world.at('restart'), refusal, vetoes });
  const { equal } = world.venue.start({ isGuarded: true, hasLadder: true });
  if (!equal) throw new Error('the journal of a closed venue does not lead to its last block');
  world.setStatus(STATUS.OK, 'restart');
  const progress = progressOf(world, told, 'back up the ladder', world.at('restart'), 'guardedEnd');
  world.trade(world.at('guardedEnd'), progress === undefined ? {} : { onTick: progress });
  const steps = watch.steps;
  clean.world.trade(clean.world.at('guardedEnd'));
  const compared = watch.forced.against(clean.forced);
  told.onMoment?.({
    kind: 'reopened',
    timeMs: world.at('guardedEnd'),
    steps,
    wrongful: compared.wrongful.count,
    isUndelayed: isSameLadder(steps, twin.steps),
  });
  const inMemory = writeLate(options, closed, late, clean, atLate);
  return { compared: sum(compared, inMemory.compared), vetoes: [...watch.vetoes.all, ...inMemory.vetoes] };
}

/** What a start on the database's copy is told: by the root of its block, and by the audit of what was loaded. */
function refuse({ state, block, corrupted }: Closed, { vetoes }: Watch): void {
  const copied = trust(load(copyOf(state, block), block));
  zeroIndexes(copied, corrupted);
  const result = load(copyOf(copied, block), block);
  if (!('refusal' in result)) throw new Error('a copy with other rows has the same root');
  vetoes.note('start', result.refusal.what, 'I', result.refusal.message);
  for (const { invariant, table, row, message } of auditState(copied)) {
    vetoes.note('start', `audit_${invariant}`, 'I', `${table} ${row}: ${message}`);
  }
}

/** The same moves of the same markets at the same times. */
function isSameLadder(steps: readonly ReopeningStep[], others: readonly ReopeningStep[]): boolean {
  const text = (all: readonly ReopeningStep[]): string =>
    all.map(({ market, move, standing, timeMs }) => `${market} ${move} ${standing.rung} ${timeMs}`).join('\n');
  return text(steps) === text(others);
}

/** On a copy of the clean run: zeros in the memory of a process that trades, and what comes of them beside the clean run. */
function writeLate(
  options: ParadexOptions,
  closed: Closed,
  journal: ReturnType<typeof copyJournal>,
  clean: CleanTwin,
  before: number,
): Guarded {
  const { told, day } = options;
  const watch = new Watch();
  const venue = new DrillVenue(journal, options.accounts, watch.told, true);
  const world = new DrillWorld(options, venue);
  const { equal } = venue.start({ isGuarded: true, hasLadder: false });
  if (!equal) throw new Error('the journal of a running venue does not lead to its state');
  watch.restart(closed.isShared);
  const { state } = venue;
  const clear = copyState(state);
  zeroIndexes(state, closed.corrupted);
  world.trade(world.at('guardedEnd'));
  const compared = watch.forced.against(clean.forced.from(before));
  const open = day.markets.filter((_, place) => {
    const row = place + 1;
    return !closed.corrupted.includes(row) && statusOf(state, row) === statusOf(clear, row);
  });
  told.onMoment?.({
    kind: 'late write',
    timeMs: world.at('late'),
    quarantined: venue.guard?.quarantine.all.map(({ component }) => componentName(component)) ?? [],
    vetoes: watch.vetoes.all,
    compared,
    otherMarketsOpen: open.length,
  });
  return { compared, vetoes: watch.vetoes.all };
}

function sum(one: Compared, other: Compared): Compared {
  return {
    wrongful: {
      count: one.wrongful.count + other.wrongful.count,
      accounts: new Set([...one.accounts, ...other.accounts]).size,
      notionalUsd: one.wrongful.notionalUsd + other.wrongful.notionalUsd,
    },
    legitimate: { count: one.legitimate.count },
    accounts: [...new Set([...one.accounts, ...other.accounts])].sort((a, b) => a - b),
  };
}
