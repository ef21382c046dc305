/** What the two runs of a cell, with the guard and without, came to beside the true world. */
import { runCell } from './cell.ts';
import type { CellRun, Hold } from './cell-run.ts';
import type { DatabaseStrike, LookedAt } from './database-outcome.ts';
import { type Detection, detectionKey } from './detection.ts';
import { dueKey, targetOf } from './dues.ts';
import type { Fault, Harm, Phase, Regime } from './fault.ts';
import { equities, type ForcedEvent, otherTrades } from './outcome.ts';
import { endOf } from './phases.ts';
import { TICK_MS } from './regime-day.ts';
import type { TrueRun } from './true-run.ts';

/** What the half with the guard says. */
export interface GuardedHalf {
  /** Forced actions that are not due in the true world and were not before; what the first of them are. */
  readonly wrongful: number;
  readonly wrongfulActions: readonly string[];
  /** Forced actions that are due in the true world only when a price moves by a hair, which honest sources differ by. */
  readonly marginal: number;
  /** Forced actions that happened. */
  readonly actions: number;
  readonly detectedBy: string | null;
  readonly detectedClass: Fault['class'] | null;
  readonly detectedWhere: Detection['by'] | null;
  readonly delayCommands: number | null;
  readonly delayMs: number | null;
  readonly quarantined: readonly string[];
  /** Of those, what does not depend on what the fault touched. */
  readonly outside: readonly string[];
  /** Forced actions of the true world that came later or not within the cell; the longest delay, up to the cell's end. */
  readonly delayed: number;
  readonly never: number;
  readonly delayMostMs: number;
  /** Holds of what does not depend on the fault and would have been right: forced actions that were due, orders like any other. */
  readonly falseHolds: number;
  readonly stopped: string | null;
  /** What was said of the database that a process starts from; null where none is struck. */
  readonly database: DatabaseLook | null;
}

/** How a database was looked at, and what was found in it. */
interface DatabaseLook extends Pick<DatabaseStrike, 'engine' | 'abort' | 'findings' | 'isLiveUntouched'> {
  readonly by: LookedAt | null;
}

/** What the guard says in a venue where nothing goes wrong: it is no detection of anything. */
export type Control = ReadonlySet<string>;

export function controlOf(run: TrueRun): Control {
  return new Set(runCell(run, undefined, true).detections.map(detectionKey));
}

/** Why a fault cannot harm in a cell; null when it can. */
export function harmlessIn({ harmless }: Fault, regime: Regime, phase: Phase): string | null {
  return harmless?.[`${regime} ${phase}`] ?? harmless?.[phase] ?? harmless?.[regime] ?? harmless?.always ?? null;
}

/** Judges a run with the guard beside the true world. */
export function guardedHalf(run: TrueRun, cell: CellRun, control: Control, database?: DatabaseStrike): GuardedHalf {
  const { wrongful, marginal } = judgeForced(run, cell);
  const detection = cell.detections.find((each) => !control.has(detectionKey(each)));
  const { delayed, never, mostMs } = delays(run, cell);
  return {
    wrongful: wrongful.length,
    wrongfulActions: wrongful.slice(0, 5).map(nameOf),
    marginal,
    actions: cell.outcome.forced.length,
    detectedBy: detection?.check ?? null,
    detectedClass: detection?.class ?? null,
    detectedWhere: detection?.by ?? null,
    delayCommands: detection === undefined ? null : Math.max(0, detection.sequence - cell.struckSequence),
    delayMs: detection === undefined ? null : Math.max(0, detection.timeMs - cell.struckMs),
    quarantined: cell.quarantined,
    outside: cell.outside,
    delayed,
    never,
    delayMostMs: mostMs,
    falseHolds: new Set(cell.holds.filter((hold) => isFalse(run, hold)).map(holdName)).size,
    stopped: cell.stopped ?? null,
    database: database === undefined ? null : lookOf(database),
  };
}

function lookOf({ engine, by, abort, findings, isLiveUntouched }: DatabaseStrike): DatabaseLook {
  return { engine, by: by ?? null, abort, findings, isLiveUntouched };
}

function holdName({ kind, account, market, target }: Hold): string {
  return `${kind} ${account} ${market} ${target}`;
}

/** A command that is like any other, or an action that is due in the true world: neither depends on what the fault touched. */
function isFalse(run: TrueRun, { kind, target, tick, isOfFault }: Hold): boolean {
  if (isOfFault) return false;
  if (kind === 'command') return true;
  const due = run.dues.first.get(dueKey(kind, target));
  return due !== undefined && due <= tick;
}

/** The key under which the true world has what a forced action is. */
function keyOf(forced: ForcedEvent, trueOrder?: (id: number) => number | undefined): string {
  return dueKey(forced.kind, targetOf(forced, trueOrder));
}

/** A cancel for the band of the restricted modes, in a venue that its ladder leads, of an order that is outside of it. */
function isLed(run: TrueRun, { kind, market, tick, sell, price }: ForcedEvent): boolean {
  return (
    run.hasLadder && kind === 'forceCancel' && price !== undefined && run.dues.isOutside(tick, market, sell, price)
  );
}

/** Worlds that part a little reach a price a tick earlier or later. */
const LEAD_TICKS = 1;

/** Forced actions that are not due in the true world and were not before, and how many are due there only within a hair. */
export function judgeForced(
  run: TrueRun,
  cell: CellRun,
): { readonly wrongful: ForcedEvent[]; readonly marginal: number } {
  const wrongful: ForcedEvent[] = [];
  let marginal = 0;
  for (const forced of cell.outcome.forced) {
    const { tick } = forced;
    const key = keyOf(forced, cell.trueOrder);
    const due = run.dues.first.get(key);
    if (due !== undefined && due <= tick) continue;
    const near = Math.min(due ?? Number.POSITIVE_INFINITY, run.dues.near.get(key) ?? Number.POSITIVE_INFINITY);
    if (near <= tick + LEAD_TICKS || cell.isDue(forced) || isLed(run, forced)) marginal++;
    else wrongful.push(forced);
  }
  return { wrongful, marginal };
}

function nameOf({ kind, account, market, order, sequence }: ForcedEvent): string {
  return `${kind} of account ${account} market ${market} order ${order} after command ${sequence}`;
}

/** Forced actions of the true world that come later or never. */
function delays(run: TrueRun, cell: CellRun): { delayed: number; never: number; mostMs: number } {
  const happened = new Map<string, number>();
  for (const forced of cell.outcome.forced) {
    const key = keyOf(forced, cell.trueOrder);
    if (!happened.has(key)) happened.set(key, forced.tick);
  }
  let delayed = 0;
  let never = 0;
  let mostMs = 0;
  const seen = new Set<string>();
  for (const forced of run.outcome.forced) {
    const { tick } = forced;
    const key = keyOf(forced);
    if (seen.has(key)) continue;
    seen.add(key);
    const here = happened.get(key);
    if (here !== undefined && here <= tick) continue;
    delayed++;
    if (here === undefined) never++;
    mostMs = Math.max(mostMs, ((here ?? endOf(run.phase)) - tick) * TICK_MS);
  }
  return { delayed, never, mostMs };
}

/**
 * An account has other money from this difference on, and all together from that: 0.0001 and 0.01 USDC. Without a fault both worlds
 * have the same to the last unit.
 */
const MONEY_LEAST = 1e4;
const MONEY_SUM = 1e6;
/** Ticks that a forced action may lag before it counts as missed: what comes in the cell's last ticks is not judged. */
const LAG_TICKS = 3;

/** What a run without a guard did that the true world does not have. */
export function harmOf(run: TrueRun, cell: CellRun): Harm[] {
  const harm: Harm[] = [];
  if (judgeForced(run, cell).wrongful.length > 0) harm.push('forced');
  const until = endOf(run.phase) - LAG_TICKS;
  const happened = new Set(cell.outcome.forced.map((forced) => keyOf(forced, cell.trueOrder)));
  const isMissed = run.outcome.forced.some(
    (forced) => forced.tick <= until && forced.kind !== 'forceCancel' && !happened.has(keyOf(forced)),
  );
  if (isMissed) harm.push('missed');
  if (hasOtherMoney(run, cell)) harm.push('money');
  if (otherTrades(run.outcome, cell.outcome) > 0) harm.push('trade');
  if (cell.stopped !== undefined) harm.push('stopped');
  return harm;
}

function hasOtherMoney(run: TrueRun, cell: CellRun): boolean {
  if (cell.stopped !== undefined) return false;
  const theirs = equities(run.state, run.state);
  const ours = equities(cell.state, run.state);
  let sum = 0;
  for (let account = 1; account < Math.max(theirs.length, ours.length); account++) {
    const difference = Math.abs((ours[account] ?? 0) - (theirs[account] ?? 0));
    if (Number.isNaN(difference)) return true;
    if (difference >= MONEY_LEAST) sum += difference;
  }
  return sum >= MONEY_SUM;
}
