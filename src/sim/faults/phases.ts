/** What the venue does before and while a fault strikes, phase by phase. */
import { STATUS } from '../../engine/status.ts';
import type { Phase } from './fault.ts';
import { LAST_TICK, STRIKE_TICK } from './regime-day.ts';

/** An upgrade begins so many ticks before the strike with cancel-only; a maintenance lasts so many. */
const CANCEL_ONLY_TICKS = 6;
const MAINTENANCE_TICKS = 18;
/** In the phase restart a snapshot is kept so many ticks before the process is killed. */
const SNAPSHOT_TICKS = 4;
/** Ticks after the strike that a cell goes on. */
const AFTER_TICKS = 36;

/** The last tick of a cell. */
export function endOf(phase: Phase): number {
  return phase === 'reopen' ? LAST_TICK : STRIKE_TICK + AFTER_TICKS;
}

/** True before the tick at which a snapshot is kept that a later process may load. */
export function isSnapshotTick(phase: Phase, tick: number): boolean {
  return phase === 'restart' && tick === STRIKE_TICK - SNAPSHOT_TICKS;
}

/** True before the tick at which a new process starts. */
export function isStartTick(phase: Phase, tick: number, hasLadder: boolean): boolean {
  return tick === STRIKE_TICK && (phase === 'upgrade' || phase === 'restart' || (phase === 'reopen' && hasLadder));
}

/** The venue's status that its people set before a tick, undefined when they set none. */
export function statusBefore(phase: Phase, tick: number): number | undefined {
  if (phase === 'upgrade' && tick === STRIKE_TICK - CANCEL_ONLY_TICKS) return STATUS.CANCEL_ONLY;
  if (phase === 'reopen' && tick === STRIKE_TICK - MAINTENANCE_TICKS) return STATUS.MAINTENANCE;
  if ((phase === 'upgrade' || phase === 'reopen') && tick === STRIKE_TICK) return STATUS.OK;
  return undefined;
}
