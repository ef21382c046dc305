/** The window of a case, replayed once in the actual world: it must lead to every recorded root, as in the run of the case. */
import type { Block } from '../chain/block.ts';
import { BlockSealer, headOf } from '../chain/block-sealer.ts';
import { copyState } from '../chain/copy-state.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { type ReplayResult, replay } from '../chain/replay.ts';
import type { IncidentCase } from './incident-case.ts';
import { differs, finding, type IncidentFinding, type IncidentRunOptions, unfitness } from './incident-run.ts';
import { type Window, WindowRecorder } from './window.ts';

/** What was replayed, and from where to where. */
export interface ReplayedWindow {
  readonly window: Window;
  readonly from: Block;
  readonly to: Block;
  readonly replay: ReplayResult;
}

export type WindowOptions = Pick<IncidentRunOptions, 'incident' | 'history' | 'start' | 'hash' | 'roots'>;

/**
 * Replays the window of a case, whose deviations are part of it. `start` stands at the last good block and is written to. What the history
 * is found to be comes back by name: it has another window, or does not lead to its own roots.
 */
export function replayWindow({
  incident,
  history,
  start,
  hash,
  roots,
}: WindowOptions): ReplayedWindow | IncidentFinding {
  const [from, to] = [history.block(incident.from.height), history.block(incident.to.height)];
  const unfit = unfitness(incident, history);
  if (unfit !== undefined || from === undefined || to === undefined) return unfit ?? finding('block_unknown', 'none');
  const recorder = new WindowRecorder(copyState(start), start, incident.corrections.deviations);
  const result = replay(start, entriesUpTo(history.entries(from.height), from.height, to.height), {
    sealer: new BlockSealer(hash, roots, headOf(from, hash)),
    hash,
    history,
    head: to.height,
    amend: null,
    apply: (_, entry: BatchEntry) => {
      recorder.take(entry);
      return entry.commands;
    },
  });
  if (result.firstDivergence !== null) return differs(result.firstDivergence);
  return { window: recorder.finish(), from, to, replay: result };
}

/** True when a case is of this window: the same blocks, and the same deviations in it. */
export function isOfWindow({ from, to, window }: ReplayedWindow, incident: IncidentCase): boolean {
  const isFrom = incident.from.height === from.height && incident.from.fork === from.fork;
  const isTo = incident.to.height === to.height && incident.to.fork === to.fork;
  const { deviations } = incident.corrections;
  return isFrom && isTo && JSON.stringify(deviations) === JSON.stringify(window.index.deviations);
}
