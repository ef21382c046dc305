/** Roots in the course of a session: a block after every so many commands. */
import { sameBytes, toHex } from '../src/chain/digest.ts';
import { DirectRoots, type RootComputer } from '../src/chain/roots.ts';
import { computeRoots, type StateRoots } from '../src/chain/state-tree.ts';
import { TABLE_NAMES } from '../src/chain/touched-pages.ts';
import { applyCommands } from '../src/engine/batch.ts';
import { genesis, type State } from '../src/engine/state.ts';
import { sha256 } from '../src/journal/node-digest.ts';
import { ThreadedRoots } from '../src/journal/threaded-roots.ts';
import { batchesOf } from './durable.ts';
import { requireState } from './fingerprint.ts';
import type { Recording } from './recording.ts';
import { collectGarbage, rounded, type Tell } from './series.ts';
import { applyOpening } from './session.ts';

/** The roots of a session with a block after every so many commands. */
export interface BlockPoint {
  readonly blockCommands: number;
  readonly blocks: number;
  readonly pagesPerBlock: number;
  /** Computed in the engine's own thread. */
  readonly nsPerPage: number;
  readonly nsPerCommand: number;
  /** What the engine's thread does when another computes the roots: it copies the pages. */
  readonly copyNsPerCommand: number;
}

/** Two ways to the same root that do not agree: nothing measured counts. */
export class RootsDiffer extends Error {
  constructor(what: string, found: Uint8Array, expected: Uint8Array) {
    super(`${what}: the root is ${toHex(found)}, from all pages it is ${toHex(expected)}`);
    this.name = 'RootsDiffer';
  }
}

/** Refuses (throws) a root that is not the state's own; does nothing without a state. */
export function requireRoot(what: string, { stateRoot }: StateRoots, state: State | undefined): void {
  if (state === undefined) return;
  const expected = computeRoots(state, sha256).stateRoot;
  if (!sameBytes(stateRoot, expected)) throw new RootsDiffer(what, stateRoot, expected);
}

/** Applies the recording in blocks; `atEnd` is called after each. Throws unless it ends in the recorded state. */
export function applyInBlocks(recording: Recording, blockCommands: number, atEnd: (state: State) => void): State {
  const state = genesis(recording.outcome.rows);
  applyOpening(state, recording.opening);
  atEnd(state);
  for (const block of batchesOf(recording.commands, blockCommands)) {
    state.events.clear();
    applyCommands(state, block.i32, block.f64, block.rows);
    atEnd(state);
  }
  requireState('the session in blocks', state, recording.outcome.fingerprint);
  return state;
}

/** Measures the roots of all blocks, computed in this thread and in another one. */
export async function measureBlocks(recording: Recording, blockCommands: number, tell: Tell): Promise<BlockPoint> {
  const direct = timeRequests(recording, blockCommands, new DirectRoots(sha256));
  const threaded = new ThreadedRoots();
  try {
    const copied = timeRequests(recording, blockCommands, threaded);
    const commands = recording.commands.commands;
    const nsPerCommand = rounded(direct.elapsedNs / commands, 1);
    tell(`blocks of ${blockCommands}: ${nsPerCommand} ns a command`);
    return {
      blockCommands,
      blocks: direct.blocks,
      pagesPerBlock: Math.round(direct.pages / direct.blocks),
      nsPerPage: Math.round(direct.elapsedNs / direct.pages),
      nsPerCommand,
      copyNsPerCommand: rounded(copied.elapsedNs / commands, 1),
    };
  } finally {
    await threaded.close();
  }
}

interface RequestTimes {
  readonly elapsedNs: number;
  readonly blocks: number;
  readonly pages: number;
}

/** Times the requests alone, without that of the opened venue, and checks the last root. */
function timeRequests(recording: Recording, blockCommands: number, roots: RootComputer): RequestTimes {
  collectGarbage();
  let elapsedMs = 0;
  let blocks = -1;
  let pages = 0;
  let last: StateRoots | undefined;
  const state = applyInBlocks(recording, blockCommands, (live) => {
    // The root of the block before, computed meanwhile.
    if (blocks >= 0) last = roots.wait();
    const touched = TABLE_NAMES.reduce((sum, name) => sum + touchedPages(live, name), 0);
    const startedMs = performance.now();
    roots.request(live);
    if (blocks++ < 0) return;
    elapsedMs += performance.now() - startedMs;
    pages += touched;
  });
  last = roots.wait();
  requireRoot(`after blocks of ${blockCommands} commands`, last, state);
  return { elapsedNs: elapsedMs * 1e6, blocks, pages };
}

function touchedPages(state: State, name: (typeof TABLE_NAMES)[number]): number {
  const { touched, pages } = state[name];
  let count = 0;
  for (let page = touched.indexOf(1); page >= 0 && page < pages; page = touched.indexOf(1, page + 1)) count++;
  return count;
}
