/** What a dossier tells of the course of an incident, kept while its worlds run: forced actions, halts, equities by time. */
import type { EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { EquitySamples } from './equity-samples.ts';
import { ForcedActions } from './forced-actions.ts';
import { Halts } from './halts.ts';
import type { WorldName } from './incident-worlds.ts';

export class IncidentRecord {
  readonly forced: ForcedActions;
  readonly halts: Halts;
  readonly equities: EquitySamples;

  /** `before` is the state at the last good block, at `fromMs`. */
  constructor(before: State, fork: number, fromMs: number) {
    this.forced = new ForcedActions(fork);
    this.halts = new Halts(before, fromMs);
    this.equities = new EquitySamples(before, fromMs);
  }

  /** Told of everything that happens in any of the worlds. */
  readonly observe = (world: WorldName, events: EventBuffer, state: State): void => {
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    if (world === 'actual') {
      this.forced.take(events);
      this.halts.take(events, timeMs);
    }
    if (world !== 'dropped') this.equities.take(world, state, timeMs);
  };
}
