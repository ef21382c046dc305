/** The guard at the door: what is submitted is judged before any of it is applied, and inputs are remembered as they came. */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import type { CommandSource } from './authority/command-source.ts';
import type { Known } from './known.ts';
import type { Quarantine } from './quarantine.ts';
import type { Check } from './verdict.ts';

/** A submitted command that is not taken, and why. */
export interface HeldCommand {
  /** First row of the command in what was submitted, and its kind as in `COMMAND`. */
  readonly row: number;
  readonly command: number;
  /** Account and market it names, 0 where it names none. */
  readonly account: number;
  readonly market: number;
  readonly timeMs: number;
  readonly check: Check;
}

export class Screen {
  private readonly known: Known;

  constructor(known: Known) {
    this.known = known;
  }

  /** Judges submitted commands against the state that they find; returns those that must not be taken. */
  judge(_state: State, _commands: CommandBuffer, _quarantine: Quarantine, _source: CommandSource): HeldCommand[] {
    return [];
  }

  /** Takes in samples of rows that are about to be applied, up to the first tick. */
  before(_state: State, _words: Int32Array, _floats: Float64Array, _from: number, _to: number): void {
    void this.known;
  }
}
