/**
 * Grace: what a doubt of class III may do. A forced action that is only implausible waits so long from when it was first proposed,
 * and then goes on, flagged. It never waits longer, however long the doubt lasts; one that is no longer proposed is forgotten.
 */
import { actionKey, isOfHealthCheck } from './action-key.ts';
import type { ForcedAction } from './verdict.ts';

/** The doubts that slow down, beside a breaker that prices do not explain; all others are told and nothing else. */
const SLOWING = /^(price_flat|price_quorum)$/;

export function isSlowing(name: string): boolean {
  return SLOWING.test(name);
}

interface Waiting {
  readonly sinceMs: number;
  readonly isOfHealth: boolean;
}

export class Grace {
  /** When each action that was in doubt at the tick before was first proposed, by account and what would be done; and at this tick. */
  private waiting = new Map<string, Waiting>();
  private seen = new Map<string, Waiting>();
  private tickMs = -1;
  private healthMs = -1;

  /**
   * A tick is judged, the last health check being that of `healthMs`; the same tick may begin again. What the tick before could
   * have proposed again and did not is forgotten.
   */
  begin(tickMs: number, healthMs: number): void {
    if (tickMs === this.tickMs) return;
    if (this.healthMs !== this.tickMs) {
      for (const [key, waiting] of this.waiting) if (waiting.isOfHealth) this.seen.set(key, waiting);
    }
    this.waiting = this.seen;
    this.seen = new Map();
    this.tickMs = tickMs;
    this.healthMs = healthMs;
  }

  /** True when an action that is in doubt has waited long enough. */
  isOver(account: number, action: ForcedAction, timeMs: number, graceMs: number): boolean {
    const key = actionKey(account, action);
    const sinceMs = this.waiting.get(key)?.sinceMs ?? timeMs;
    this.seen.set(key, { sinceMs, isOfHealth: isOfHealthCheck(action) });
    return timeMs - sinceMs >= graceMs;
  }
}
