/** What whoever keeps an exchange running is told. */
import type { Block } from '../chain/block.ts';
import type { ReplayResult } from '../chain/replay.ts';
import type { ClockJump } from '../exchange/live-clock.ts';
import { describeRowDifference } from '../store/compare-rows.ts';
import type { RefusedState } from '../store/recover-from-database.ts';

export interface Notice {
  /** Lower case, words joined by underscores. */
  readonly name: string;
  readonly message: string;
  readonly isTrouble: boolean;
}

/** That the machine's clock was set, or that the machine slept, and what the exchange makes of it. */
export function clockNotice({ byMs, isFollowed }: ClockJump): Notice {
  const way = byMs < 0 ? 'back' : 'forward';
  const then = !isFollowed
    ? 'it is not believed: the exchange goes on with the clock that counts, until `control accept_clock`'
    : byMs < 0
      ? "the exchange's time goes on, a little slower"
      : "the exchange's time follows";
  const message = `the machine's clock went ${way} by ${Math.round(Math.abs(byMs))} ms; ${then}`;
  return { name: 'clock_jumped', message, isTrouble: true };
}

/** That commands are held (why), or taken again (empty). */
export function heldNotice(held: string): Notice {
  if (held === '') return { name: 'goes_on', message: 'commands are taken again', isTrouble: false };
  return { name: held, message: `no commands are taken: ${held}`, isTrouble: held === 'lease_lapsed' };
}

/** What a start began with, and what it replayed and compared. */
export function startNotice(
  start: { readonly kind: string; readonly block: Block } | undefined,
  { blocks, commands }: Pick<ReplayResult, 'blocks' | 'commands'>,
): Notice {
  const from = start === undefined ? 'the first command' : `block ${start.block.height} of the ${start.kind}`;
  const message = `from ${from}; ${blocks} blocks and ${commands} commands replayed, every root as recorded`;
  return { name: 'started', message, isTrouble: false };
}

/** That the state in the database was not that of its block. */
export function differenceNotice({ refusal, about, differences }: RefusedState): Notice {
  const first = differences.map(describeRowDifference);
  const message = [`${refusal}: ${about}`, ...first, 'nothing was started from it; it is written anew'].join('; ');
  return { name: 'database_differs', message, isTrouble: true };
}
