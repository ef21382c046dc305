/** Telling events, in the words of `engine/event.ts`. */
import { EVENT_FIELDS, type EventKind, type EventRecord } from '../../engine/event.ts';
import type { World } from './world.ts';

type Fields<K extends EventKind> = Partial<Record<(typeof EVENT_FIELDS)[K][number], number | bigint>>;

/** Adds an event of the present command; fields that are not given are 0. */
export function tell<K extends EventKind>(world: World, kind: K, fields: Fields<K>): void {
  const given = fields as Readonly<Record<string, number | bigint | undefined>>;
  const record: Record<string, number | string> = { kind, sequence: world.sequence };
  for (const field of EVENT_FIELDS[kind]) record[field] = Number(given[field] ?? 0);
  world.events.push(record as EventRecord);
}
