/**
 * Runs cases over one history: by the cone of their corrections where there is one, else by a full replay of both worlds. The window of a case is
 * replayed once for all cases that have it, so that a further hypothesis, or a dispute, costs what it touches. What a cone says is what the full replay
 * says; a payout is drawn up by the full replay all the same (`draft.ts`).
 */
import type { ReadableHistory } from '../chain/branches.ts';
import type { Hash } from '../chain/digest.ts';
import type { RootComputer } from '../chain/roots.ts';
import type { State } from '../engine/state.ts';
import { unwindInsurance } from '../exchange/unwind.ts';
import { beyondCone, runByCone } from '../remedy/cone-run.ts';
import type { IncidentCase } from '../remedy/incident-case.ts';
import { type IncidentFinding, type IncidentRun, runIncident, unfitness } from '../remedy/incident-run.ts';
import { isOfWindow, type ReplayedWindow, replayWindow } from '../remedy/window-run.ts';
import { HonestTrades } from './honest-trades.ts';
import type { WindowFile } from './window-file.ts';

/** How a case was run, and what it took. */
export interface Method {
  readonly method: 'cone' | 'full replay';
  /** Commands that were executed in the other world, over all passes of a cone; of those in the window. */
  readonly executed: number;
  readonly commands: number;
  /** Markets of the cone; null where everything was replayed. */
  readonly markets: number | null;
  /** Why there was no cone; null where there was one, or none was asked for. */
  readonly beyond: string | null;
}

/** The run of a case, the trades of it that would have happened all the same, and how it was run. */
export interface CaseRun {
  readonly run: IncidentRun;
  readonly trades: Pick<HonestTrades, 'honest' | 'notional'>;
  readonly method: Method;
}

export interface CaseRunnerOptions {
  readonly history: ReadableHistory;
  /** The state at the end of the block at a height: a new one at each call. */
  readonly stateAt: (height: number) => State;
  readonly hash: Hash;
  /** A new one at each call. */
  readonly roots: () => RootComputer;
  /** Where the window is kept between two calls. */
  readonly file?: Pick<WindowFile, 'load' | 'save'> | undefined;
  /** As of `ConeOptions`. */
  readonly mostPpm?: number;
}

export class CaseRunner {
  private readonly options: CaseRunnerOptions;
  private replayed: ReplayedWindow | undefined;

  constructor(options: CaseRunnerOptions) {
    this.options = options;
  }

  /** Runs a case; `isFull`: by the full replay, whatever its corrections touch. What is found wrong with it comes back by name. */
  run(incident: IncidentCase, isFull = false): CaseRun | IncidentFinding {
    if (isFull) return this.fully(incident, null);
    const unfit = unfitness(incident, this.options.history);
    if (unfit !== undefined) return unfit;
    const never = beyondCone(incident);
    if (never !== undefined) return this.fully(incident, never);
    const replayed = this.windowOf(incident);
    if ('finding' in replayed) return replayed;
    const { mostPpm } = this.options;
    const found = runByCone(replayed, incident, {
      unwind: unwindInsurance,
      ...(mostPpm === undefined ? {} : { mostPpm }),
    });
    if ('finding' in found) return found;
    if (found.kind === 'beyond') return this.fully(incident, found.why);
    const { run, honest, markets, executed, commands } = found;
    const method: Method = { method: 'cone', executed, commands, markets, beyond: null };
    return { run, trades: { honest: honest.trades, notional: honest.notional }, method };
  }

  private windowOf(incident: IncidentCase): ReplayedWindow | IncidentFinding {
    if (this.replayed !== undefined && isOfWindow(this.replayed, incident)) return this.replayed;
    const kept = this.load(incident);
    const replayed = kept ?? replayWindow(this.input(incident));
    if ('finding' in replayed) return replayed;
    this.replayed = replayed;
    if (kept === undefined) this.options.file?.save(replayed);
    return replayed;
  }

  private load({ from, to, corrections }: IncidentCase): ReplayedWindow | undefined {
    const { file, history } = this.options;
    const [first, last] = [history.block(from.height), history.block(to.height)];
    if (first === undefined || last === undefined) return undefined;
    return file?.load(first, last, corrections.deviations);
  }

  private fully(incident: IncidentCase, beyond: string | null): CaseRun | IncidentFinding {
    const trades = new HonestTrades();
    const run = runIncident({ ...this.input(incident), unwind: unwindInsurance, onEvents: trades.observe });
    if ('finding' in run) return run;
    const { commands } = run.replay;
    return { run, trades, method: { method: 'full replay', executed: commands, commands, markets: null, beyond } };
  }

  private input(incident: IncidentCase): Parameters<typeof replayWindow>[0] {
    const { history, stateAt, hash, roots } = this.options;
    return { incident, history, start: stateAt(incident.from.height), hash, roots: roots() };
  }
}
