/** Who takes in what events tell: the guard itself as it is called, or another thread over the same memory. */
import type { EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import type { Known } from './known.ts';
import { hearEvents } from './listener.ts';
import { OWN_ROOM, type Room } from './room.ts';

export interface Listening {
  /** Where the images are. */
  readonly room: Room;
  /**
   * Takes in the events from number `from` on; the state is as they left it. `isPart`: more of the same run follows. Orders, accounts,
   * positions and trades may still be under way when it returns, except behind a tick and behind what is proposed.
   */
  hear(known: Known, state: State, from: number, isPart: boolean): void;
  /** Waits until all that was told of batches before number `batch` has been taken in: what cannot be is in the images. */
  awaitBefore(known: Known, batch: number): void;
  /** Waits until all that was told so far has been taken in. */
  awaitAll(known: Known): void;
  /** An event buffer is about to be filled, by batch number `batch`: waits for what earlier ones wrote there. */
  awaitBuffer(known: Known, events: EventBuffer, batch: number): void;
}

const NOTHING_TO_AWAIT = (): void => undefined;

export const OWN_LISTENING: Listening = {
  room: OWN_ROOM,
  hear: hearEvents,
  awaitBefore: NOTHING_TO_AWAIT,
  awaitAll: NOTHING_TO_AWAIT,
  awaitBuffer: NOTHING_TO_AWAIT,
};
