/** The scenes of a cell: what a fault is shown at each tick. */
import type { State } from '../../engine/state.ts';
import type { Random } from '../random.ts';
import type { FaultScene } from './fault.ts';
import type { TrueRun } from './true-run.ts';

/** The market that scenes are about, and the other one: rows of the regime's day. */
export const MARKET_ROW = 1;
export const OTHER_ROW = 2;

export class Scenes {
  private readonly run: TrueRun;
  private readonly random: Random;
  private accounts: readonly number[] | undefined;

  constructor(run: TrueRun, random: Random) {
    this.run = run;
    this.random = random;
  }

  /** What a fault is shown so many ticks after it struck. */
  at(state: State, ticks: number, timeMs: number): FaultScene {
    const { base, phase, accountsOf } = this.run;
    this.accounts ??= accountsOf(MARKET_ROW);
    return {
      regime: base.regime,
      phase,
      state,
      market: MARKET_ROW,
      otherMarket: OTHER_ROW,
      accounts: this.accounts,
      ticks,
      timeMs,
      random: this.random,
    };
  }
}
