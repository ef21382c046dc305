/**
 * Check 3: the same blocks on both sides. The last K blocks of the journal lead to the candidate's state, and from that state on made-up
 * blocks (a crash of every price, ticks that charge funding, a restart between) lead to the same roots as from the journal's.
 */
import { isPassed, passedOver, type ReadableHistory } from '../chain/branches.ts';
import { BlockSealer, headOf } from '../chain/block-sealer.ts';
import { copyState } from '../chain/copy-state.ts';
import { sameBytes } from '../chain/digest.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { applyCommands } from '../engine/batch.ts';
import type { State } from '../engine/state.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import { stateAtBlock } from '../incident/state-at-block.ts';
import { sha256 } from '../journal/node-digest.ts';
import { addDifferences, rootOf } from './compare-states.ts';
import type { Findings } from './finding.ts';
import { madeUpCommands } from './made-up-commands.ts';

export interface ReplayInput {
  readonly history: ReadableHistory;
  /** The folder of the journal's snapshots. */
  readonly folder: string;
  /** The block at whose end the candidate's state is. */
  readonly height: number;
  readonly blocks: number;
}

export interface ReplayVerdict {
  /** Blocks of the journal that were replayed, and made-up ones. */
  readonly blocks: number;
  readonly synthetic: number;
  /** The root that the journal leads to. */
  readonly root: string;
}

/** The state that a journal leads to, and how it was come to. */
interface Led {
  readonly of: ReplayInput;
  readonly state: State;
  readonly blocks: number;
  readonly root: string;
}

/** The state of the journal that was led to last: a history that was read is not another the next time. */
export class LedState {
  private last: Led | undefined;

  /** As `journalState`, which is not called again for what was asked last. */
  of(input: ReplayInput): Led {
    const { last } = this;
    const isSame =
      last?.of.folder === input.folder && last.of.height === input.height && last.of.blocks === input.blocks;
    if (isSame) return last;
    const { state, blocks } = journalState(input);
    this.last = { of: input, state, blocks, root: rootOf(state) };
    return this.last;
  }
}

/** The state that the journal leads to at a height, over its last blocks. Refuses (throws `NoSuchState`) as `stateAtBlock` does. */
function journalState({ history, folder, height, blocks }: ReplayInput): { state: State; blocks: number } {
  const passed = passedOver(history.restores, height);
  let from = height;
  for (let left = blocks; left > 0 && from > 0; left--) {
    from--;
    while (from > 0 && isPassed(passed, from)) from--;
  }
  const { state, block } = stateAtBlock(history, from, { folder, head: height });
  if (from === height) return { state, blocks: 0 };
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), headOf(block, sha256));
  const entries = entriesUpTo(history.entries(from), from, height);
  const result = replay(state, entries, { sealer, hash: sha256, history, head: height, amend: null });
  if (result.firstDivergence === null) return { state, blocks: result.blocks };
  const { what, height: at } = result.firstDivergence;
  throw new Error(`block ${at} of the journal: ${what}`);
}

/** Compares; adds each row in which the candidate's state is not the journal's, or behaves otherwise. */
export function compareReplays(
  candidate: State,
  input: ReplayInput,
  findings: Findings,
  led = new LedState(),
): ReplayVerdict {
  const { state: control, blocks, root } = led.of(input);
  if (rootOf(candidate) !== root) {
    const before = findings.count;
    addDifferences(control, candidate, findings);
    if (findings.count === before) findings.add('state/0/root', root, rootOf(candidate));
    // A state that is not the journal's is not run: it may not even end.
    return { blocks, synthetic: 0, root };
  }
  return { blocks, synthetic: runSynthetic(copyState(control), copyState(candidate), input.blocks, findings), root };
}

function runSynthetic(control: State, candidate: State, blocks: number, findings: Findings): number {
  const own = control;
  let other = candidate;
  // Pages that no command touched have the hash that they had: roots of states of which one block changes little.
  const ownRoots = new DirectRoots(sha256);
  let otherRoots = new DirectRoots(sha256);
  for (let n = 0; n < blocks; n++) {
    const commands = madeUpCommands(timeOf(own), spotsOf(own), n);
    for (const state of [own, other]) {
      state.events.clear();
      applyCommands(state, commands.i32, commands.f64, commands.rows);
      state.events.clear();
    }
    ownRoots.request(own);
    otherRoots.request(other);
    if (!sameBytes(ownRoots.wait().stateRoot, otherRoots.wait().stateRoot)) {
      addDifferences(own, other, findings);
      return n + 1;
    }
    // A restart: what is derived from the tables is made anew on one side alone.
    if (n === Math.floor(blocks / 2)) {
      other = copyState(other);
      otherRoots = new DirectRoots(sha256);
    }
  }
  return blocks;
}

function timeOf({ venue }: State): number {
  return venue.f64[venue.rowFloats + VENUE.TIME_MS] as number;
}

function spotsOf({ market }: State): Map<number, number> {
  const spots = new Map<number, number>();
  for (let row = 1; row < market.rows; row++) {
    spots.set(row, market.f64[row * market.rowFloats + MARKET.SPOT] as number);
  }
  return spots;
}
