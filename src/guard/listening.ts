/** Who takes in what events tell: the guard itself as it is called, or another thread over the same memory. */
import type { State } from '../engine/state.ts';
import type { Known } from './known.ts';
import { hearEvents } from './listener.ts';
import { OWN_ROOM, type Room } from './room.ts';

export interface Listening {
  /** Where the images are. */
  readonly room: Room;
  /**
   * Takes in the events from number `from` on; the state is as they left it. `isPart`: more of the same run follows, so this may still
   * be under way when it returns. Otherwise all that was told so far has been taken in.
   */
  hear(known: Known, state: State, from: number, isPart: boolean): void;
}

export const OWN_LISTENING: Listening = { room: OWN_ROOM, hear: hearEvents };
