/**
 * The public interface of faults: what can go wrong with a running exchange, as an object that an outsider can write. A fault says
 * what it does to inputs, memory, a load, an operator's hand; the harness runs it in every regime and phase, beside a true world
 * that gets the same orders and the true inputs, and says what came of it. See `docs/faults.md`.
 */
import type { CommandRecord } from '../../chain/command-value.ts';
import type { State } from '../../engine/state.ts';
import type { CheckClass } from '../../guard/verdict.ts';
import type { Random } from '../random.ts';
import type { DatabaseScene, DatabaseWork } from './database-fault.ts';

/** What the market does meanwhile. */
export const REGIMES = ['calm', 'crash', 'squeeze', 'thin'] as const;
export type Regime = (typeof REGIMES)[number];

/** What the venue does when the fault strikes. */
export const PHASES = ['steady', 'upgrade', 'restart', 'reopen'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * What a fault does where nobody looks. forced: positions closed, triggers fired, orders cancelled that the true world leaves alone;
 * missed: forced actions of the true world that never come; money: accounts with other money than in the true world; trade: fills
 * that the true world does not have, or at other prices; stopped: the exchange stands still.
 */
export type Harm = 'forced' | 'missed' | 'money' | 'trade' | 'stopped';

/** Where and when a fault strikes. Everything in it is a function of seed, regime and phase. */
export interface FaultScene {
  readonly regime: Regime;
  readonly phase: Phase;
  /** The faulty world as it stands: to read from. Only `memory` and `loaded` may write to it. */
  readonly state: State;
  /** The market that it is about (row), with many positions, long and short, and a funding index far from zero; and another one. */
  readonly market: number;
  readonly otherMarket: number;
  /** Accounts with positions in `market`, those nearest to liquidation first. */
  readonly accounts: readonly number[];
  /** Ticks since the fault struck, from 0; and the exchange's time of the coming tick. */
  readonly ticks: number;
  readonly timeMs: number;
  readonly random: Random;
}

export interface Fault {
  /** `C01` … of the corruption matrix, or a name of your own. */
  readonly id: string;
  /** One line: what goes wrong. */
  readonly name: string;
  /** The class of check that must find it. */
  readonly class: CheckClass;
  /** What it does without a guard. */
  readonly harm: readonly Harm[];
  /** Why it cannot harm in a phase, in a regime, or anywhere: such a cell needs no harm without a guard. */
  readonly harmless?: { readonly [when in Phase | Regime | `${Regime} ${Phase}` | 'always']?: string };
  /** For so many ticks it strikes anew; once unless said. */
  readonly lastsTicks?: number;
  /** Changes what is on its way into the exchange before a tick: orders, samples, then the tick itself, in order. */
  readonly inputs?: (inputs: readonly CommandRecord[], scene: FaultScene) => readonly CommandRecord[];
  /** Writes into the memory of the running exchange, between two ticks. */
  readonly memory?: (scene: FaultScene) => void;
  /** Changes what a starting process has loaded: used in the phases upgrade and restart; in the others it strikes as `memory`. */
  readonly loaded?: (scene: FaultScene) => void;
  /** Changes the database that a starting process loads its state from: in the phases upgrade and restart, and in no other. */
  readonly database?: (scene: DatabaseScene) => DatabaseWork;
  /** What an operator asks for by hand, without a second person unless `signed` says more. */
  readonly operator?: (scene: FaultScene) => readonly CommandRecord[];
  /**
   * Who signs it: `one` operator; both with keys that were `retired` when the fault strikes, since others took their place; both, for a
   * branch of history that was given up.
   */
  readonly signed?: 'one' | 'retired' | 'dead branch';
}
