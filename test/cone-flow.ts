// Windows of trading to be corrected: the states at their start, and the batches of what was asked and what was forced.
import { commandRows } from '../src/chain/command-record.ts';
import type { BatchEntry } from '../src/chain/entry.ts';
import { applyCommand } from '../src/engine/apply.ts';
import { COMMAND, COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import type { EventRecord } from '../src/engine/event.ts';
import { genesis, type State } from '../src/engine/state.ts';
import { VENUE } from '../src/engine/tables.ts';
import { appendForced } from '../src/guard/forced-command.ts';
import { isForced } from '../src/guard/guarded-replay.ts';
import { type Deviation, deviate } from '../src/remedy/deviation.ts';

/** What the remedy adds has no cone, and is not what is asked here. */
const LEFT_OUT: ReadonlySet<number> = new Set([
  COMMAND.carryWithdrawal,
  COMMAND.repayReceivable,
  COMMAND.reserveRefund,
  COMMAND.postRefund,
  COMMAND.voidRefund,
  COMMAND.reverseCredit,
]);

/** A window: `states(n)` gives n states of their own at its start. */
export interface FlowWindow {
  readonly batches: readonly BatchEntry[];
  /** What was written into the world other than by commands. */
  readonly deviations: readonly Deviation[];
  readonly states: (count: number) => State[];
}

/** Appends the next commands for the state as it is; is shown what came of them. */
export interface Asking {
  readonly next: (state: State, commands: CommandBuffer) => void;
  readonly observe?: (events: readonly EventRecord[]) => void;
}

export interface FlowOptions {
  /** Whether a proposal is carried out, by its number in the window; all are unless said. */
  readonly mayForce?: ((number: number) => boolean) | undefined;
  /** What is written into the state before a step of the window, other than by a command. */
  readonly writes?: ((step: number, state: State) => Deviation['writes']) | undefined;
}

/** Trades `before` steps and then `steps` more, which are the window. Every proposal that may be is carried out behind its tick. */
export function tradeWindow(
  asking: Asking,
  before: number,
  steps: number,
  { mayForce = () => true, writes = () => [] }: FlowOptions = {},
): FlowWindow {
  const state = genesis();
  const opening = new CommandBuffer();
  const batches: BatchEntry[] = [];
  const deviations: Deviation[] = [];
  let proposals = 0;
  for (let step = 0; step < before + steps; step++) {
    const asked = new CommandBuffer();
    const written = step < before ? [] : writes(step - before, state);
    if (written.length > 0) {
      const deviation = { afterSequence: sequenceOf(state), writes: written };
      deviations.push(deviation);
      deviate(state, deviation);
    }
    asking.next(state, asked);
    const done = step < before ? opening : new CommandBuffer();
    const first = sequenceOf(state) + 1;
    const [from, commands] = [done.rows, done.commands];
    for (let row = 0; row < asked.rows; ) {
      const rows = commandRows(asked.i32, row);
      const kind = asked.i32[row * 16] as number;
      if (isForced(kind) || LEFT_OUT.has(kind)) {
        row += rows;
        continue;
      }
      take(state, asked, row, rows, done, asking);
      if (kind === COMMAND.tick) {
        const forced = new CommandBuffer();
        for (let event = 0; event < state.events.count; event++) {
          const isHeld = step >= before && !mayForce(proposals);
          const due = new CommandBuffer(4);
          if (!appendForced(state.events, event, timeOf(state), due)) continue;
          proposals++;
          if (!isHeld) forced.append(due.bytes.subarray(0, due.rows * COMMAND_BYTES), due.commands);
        }
        for (let at = 0; at < forced.rows; at++) take(state, forced, at, 1, done, asking);
      }
      row += rows;
    }
    if (step >= before && done.rows > from) batches.push(batchOf(done, first, done.commands - commands));
  }
  const states = (count: number): State[] => Array.from({ length: count }, () => replayed(opening));
  return { batches, deviations, states };
}

function take(state: State, from: CommandBuffer, row: number, rows: number, into: CommandBuffer, asking: Asking): void {
  state.events.clear();
  applyCommand(state, from.i32, from.f64, row, row + rows);
  into.append(from.bytes.subarray(row * COMMAND_BYTES, (row + rows) * COMMAND_BYTES), 1);
  asking.observe?.(state.events.all());
}

function batchOf({ bytes, rows }: CommandBuffer, firstSequence: number, commands: number): BatchEntry {
  const own = bytes.slice(0, rows * COMMAND_BYTES);
  return {
    kind: 'commands',
    fork: 0,
    firstSequence,
    commands,
    rows,
    closesBlock: false,
    bytes: own,
    words: new Int32Array(own.buffer),
    floats: new Float64Array(own.buffer),
  };
}

function replayed({ i32, f64, rows }: CommandBuffer): State {
  const state = genesis();
  for (let row = 0; row < rows; ) row += applyCommand(state, i32, f64, row, rows);
  state.events.clear();
  return state;
}

function sequenceOf({ venue }: State): number {
  return venue.f64[venue.rowFloats + VENUE.SEQUENCE] as number;
}

function timeOf({ venue }: State): number {
  return venue.f64[venue.rowFloats + VENUE.TIME_MS] as number;
}
