/**
 * Grace: what a doubt of class III may do. A forced action that is only implausible waits so long from when it was first proposed,
 * and then goes on, flagged. It never waits longer, however long the doubt lasts; one that is no longer proposed is forgotten.
 */
import type { ForcedAction } from './verdict.ts';

/** The doubts that slow down; all others are told and nothing else. */
const SLOWING = /^(breaker_|price_flat$|price_alone$)/;

export function isSlowing(name: string): boolean {
  return SLOWING.test(name);
}

export class Grace {
  /** When each waiting action was first proposed, by account and what would be done. */
  private waiting = new Map<string, number>();
  private seen = new Map<string, number>();

  /** A tick's judgement begins. */
  begin(): void {
    this.seen = new Map();
  }

  /** True when an action that is in doubt has waited long enough. */
  isOver(account: number, action: ForcedAction, timeMs: number, graceMs: number): boolean {
    const key = `${account} ${action.kind} ${'order' in action ? action.order : ''}`;
    const sinceMs = this.waiting.get(key) ?? timeMs;
    this.seen.set(key, sinceMs);
    return timeMs - sinceMs >= graceMs;
  }

  /** The judgement of a tick ends: what was not proposed again is forgotten. */
  end(): void {
    this.waiting = this.seen;
  }
}
