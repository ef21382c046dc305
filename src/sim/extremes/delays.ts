/** How much later the guarded world took each forced action that the unguarded one took. */
import type { ForcedLog } from './forced-log.ts';

export interface Delays {
  /** Added delay of each action, ms of exchange time, rising. What was held and never came counts as well. */
  readonly addedMs: readonly number[];
  /** Actions of the unguarded world that the guard held when the run ended. */
  readonly missed: number;
  /** Those that it held until they were due no more. */
  readonly lapsed: number;
  /** Those that never became due in the guarded world: it had gone another way by then. */
  readonly notDue: number;
  /** Actions of the guarded world alone. */
  readonly onlyGuarded: number;
}

/** For so long a hold counts when nothing is said of the action again: until the next health check of all accounts. */
const REPEATED_MS = 5_000;

/**
 * Pairs the actions of both worlds: the n-th against an account or order here with the n-th there. The added delay is the longest
 * that the guard held the action at a time in between: once one came later the worlds go different ways, and what then is due later
 * is not the guard's delay. `held` has the times of the holds of each action, rising, by name.
 */
export function delaysOf(
  open: ForcedLog,
  guarded: ForcedLog,
  held: ReadonlyMap<string, readonly number[]>,
  endMs: number,
): Delays {
  const addedMs: number[] = [];
  let [missed, lapsed, notDue, onlyGuarded] = [0, 0, 0, 0];
  for (const [name, times] of open.times) {
    const others = guarded.times.get(name) ?? [];
    const holds = held.get(name) ?? [];
    const last = holds.at(-1) ?? Number.NEGATIVE_INFINITY;
    times.forEach((timeMs, place) => {
      const other = others[place];
      if (other === undefined && last < timeMs) {
        notDue++;
        return;
      }
      addedMs.push(heldBetween(holds, timeMs, other ?? endMs));
      if (other !== undefined) return;
      if (endMs - last <= STILL_MS) missed++;
      else lapsed++;
    });
  }
  for (const [name, times] of guarded.times) {
    onlyGuarded += Math.max(0, times.length - (open.times.get(name)?.length ?? 0));
  }
  addedMs.sort((left, right) => left - right);
  return { addedMs, missed, lapsed, notDue, onlyGuarded };
}

/** An action that was last held so long before the end is not held any more. */
const STILL_MS = 30_000;

/**
 * For how long at a time an action was held between two times, the longest of its holds: one goes on while it is told again in time. An
 * action that was due no more in between and is due anew waits anew.
 */
function heldBetween(holds: readonly number[], fromMs: number, toMs: number): number {
  let longest = 0;
  let sinceMs = Number.NEGATIVE_INFINITY;
  let untilMs = Number.NEGATIVE_INFINITY;
  for (const timeMs of holds) {
    if (timeMs < fromMs || timeMs >= toMs) continue;
    if (timeMs > untilMs) sinceMs = timeMs;
    untilMs = Math.min(timeMs + REPEATED_MS, toMs);
    longest = Math.max(longest, untilMs - sinceMs);
  }
  return longest;
}

/** The value that `share` of the sorted values do not exceed (nearest rank), 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted.length === 0 ? 0 : (sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number);
}
