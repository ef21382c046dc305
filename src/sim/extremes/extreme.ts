/**
 * A legal extreme: what markets, people and operators really do at their wildest, and what no guard may stop. Each is played twice,
 * with a guard and without, on the same orders.
 */
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import type { State } from '../../engine/state.ts';
import type { MarketDay } from '../market-day.ts';
import type { Random } from '../random.ts';
import type { OperatorAct } from './operators.ts';

/** What a script sees before each tick of the session. */
export interface Scene {
  /** 0 is the opening. */
  readonly tick: number;
  /** Time of the coming tick, and since the start. */
  readonly timeMs: number;
  readonly passedMs: number;
  /** The unguarded world as it stands: what is asked is asked of both. */
  readonly state: State;
  readonly session: { readonly accounts: number; readonly day: MarketDay };
  readonly random: Random;
}

/** Changes what is on its way, or adds to it at the tick's time; the tick itself follows. */
type Script = (inputs: CommandBuffer, scene: Scene) => void;

/** An extreme made ready to be played. */
export interface Scenario {
  readonly basis: 'recorded' | 'modelled';
  /** One sentence: where prices come from, and what of the extreme is shown how. */
  readonly source: string;
  readonly day: MarketDay;
  readonly accounts: number;
  readonly script?: Script;
  /** What the operators do at the time of the tick before, signed. */
  readonly acts?: (scene: Scene) => readonly OperatorAct[];
  /** What the exchange does not do, in one sentence. */
  readonly limits?: string;
}

export interface Stage {
  /** Folder of recorded data, undefined: all is modelled. */
  readonly data: string | undefined;
  readonly seed: number;
}

export interface Extreme {
  /** Its place in the list of the 25. */
  readonly number: number;
  readonly name: string;
  readonly open: (stage: Stage) => Scenario;
}
