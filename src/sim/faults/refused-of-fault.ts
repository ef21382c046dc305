/** What the engine refused of the commands that a fault made. */
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS } from '../../engine/event.ts';
import { REFUSALS } from '../../engine/refusal.ts';
import type { Taken } from './venue.ts';

/** Names of refusals. `changed` says by place which commands a fault made, `held` which rows of `commands` were not taken. */
export function refusedOfFault(
  { events: { values, count }, firstSequence }: Taken,
  commands: CommandBuffer,
  changed: readonly boolean[],
  held: ReadonlySet<number>,
): string[] {
  if (!changed.includes(true)) return [];
  const kept = keptPlaces(commands, changed, held);
  const refusals: string[] = [];
  for (let event = 0; event < count; event++) {
    const at = event * EVENT_FLOATS;
    if (values[at] !== EVENT.refused) continue;
    if (kept[(values[at + 1] as number) - firstSequence] !== true) continue;
    refusals.push(REFUSALS[values[at + 3] as number] ?? 'refused');
  }
  return refusals;
}

/** Whether a fault made it, by place among the commands that were taken. */
function keptPlaces(commands: CommandBuffer, changed: readonly boolean[], held: ReadonlySet<number>): boolean[] {
  const kept: boolean[] = [];
  let place = 0;
  for (let row = 0; row < commands.rows; row += Math.max(1, commands.i32[row * 16 + 1] as number)) {
    const isChanged = changed[place++] === true;
    if (!held.has(row)) kept.push(isChanged);
  }
  return kept;
}
