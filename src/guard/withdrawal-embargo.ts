/**
 * Withdrawals after a rollback: they stay paused until the venue has stood open for a while with every market back on its last rung, so
 * that another rollback would not cross money that left. Whoever opens the venue earlier does not open them; how long it takes is a
 * limit of the guard (`reopen_soak`). A function of history: what is on its way when a process stops is so again after a restart.
 */
import { OPERATION, STATUS } from '../engine/status.ts';
import type { Standstill } from './reopening.ts';

/** What a tick is to the soak. Times in milliseconds. */
export interface SoakFacts {
  readonly timeMs: number;
  /** A pause between two ticks that is longer proves nothing and counts for nothing. */
  readonly gapMs: number;
  readonly soakMs: number;
  /** The venue's own status, and whether any market is still on its way back. */
  readonly venue: Standstill;
  readonly isReopening: boolean;
  /** What people decided for the venue last; undefined when no act did. */
  readonly decided: Standstill | undefined;
}

export class WithdrawalEmbargo {
  private isWatching = false;
  private soakedMs = 0;
  private seenMs: number | undefined;

  /** True from a rollback until its soak ended. */
  get isOn(): boolean {
    return this.isWatching;
  }

  /** A rollback restored a state in which the venue's own pauses were these. Withdrawals that people had paused are theirs to open. */
  begin(paused: number): void {
    this.isWatching = (paused & OPERATION.WITHDRAWALS) === 0;
    this.restart();
  }

  /** A recorded batch left the venue like this: that withdrawals are open behind it says that the soak was over. */
  recall({ paused }: Standstill): void {
    if ((paused & OPERATION.WITHDRAWALS) === 0) this.isWatching = false;
  }

  /** What the venue is set to when somebody opened withdrawals too early; undefined when nobody did. */
  correction(venue: Standstill): Standstill | undefined {
    if (!this.isWatching || (venue.paused & OPERATION.WITHDRAWALS) !== 0) return undefined;
    return { status: venue.status, paused: venue.paused | OPERATION.WITHDRAWALS };
  }

  /** Lets a tick pass. Returns what the venue is set to when the soak is over, undefined while it is not. */
  pass({ timeMs, gapMs, soakMs, venue, isReopening, decided }: SoakFacts): Standstill | undefined {
    if (!this.isWatching) return undefined;
    if (venue.status !== STATUS.OK || isReopening) {
      this.restart();
      return undefined;
    }
    const elapsedMs = timeMs - (this.seenMs ?? timeMs);
    if (elapsedMs <= gapMs) this.soakedMs += elapsedMs;
    this.seenMs = timeMs;
    if (this.soakedMs < soakMs) return undefined;
    this.isWatching = false;
    // Who paused withdrawals since then wants them so.
    const isWanted = ((decided?.paused ?? 0) & OPERATION.WITHDRAWALS) !== 0;
    return isWanted ? undefined : { status: venue.status, paused: venue.paused & ~OPERATION.WITHDRAWALS };
  }

  private restart(): void {
    this.soakedMs = 0;
    this.seenMs = undefined;
  }
}
