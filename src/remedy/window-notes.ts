/** A window as plain values, and back: what is kept of one between two calls of a command. */
import { State } from '../engine/state.ts';
import type { TableName } from '../engine/tables.ts';
import { DivergenceCount, type DivergenceMinute } from './divergence.ts';
import { FlowLedger, type FlowNotes } from './flow-ledger.ts';
import { FlowListener, type HeardFlows } from './flow-listener.ts';
import { type MarketMinute, MarketSeries } from './market-series.ts';
import { Floats, Whole } from './numbers.ts';
import { completeIndex, type TouchNotes } from './touch-index.ts';
import { type TrueIndexNotes, TrueIndexes } from './true-index.ts';
import type { Window } from './window.ts';

/** The rows of a state, table by table. */
type StateRows = readonly {
  readonly name: TableName;
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly free: number;
  readonly live: number;
}[];

type Numbers = 'chunkOf' | 'rowOf' | 'touched' | 'refusal' | 'made';

/** Numbers, text, typed arrays, maps and sets of them: nothing that a copy of values loses. */
export interface WindowNotes {
  readonly start: StateRows;
  readonly end: StateRows;
  /** Rows of all chunks, and how many words each has. */
  readonly words: Int32Array;
  readonly chunkWords: readonly number[];
  readonly numbers: Readonly<Record<Numbers, Int32Array>>;
  readonly given: Float64Array;
  readonly touch: Omit<TouchNotes, 'start' | 'end' | 'chunks' | 'given' | Numbers>;
  readonly flows: FlowNotes;
  readonly heard: Omit<HeardFlows, 'ledger'>;
  readonly minutes: ReadonlyMap<number, readonly MarketMinute[]>;
  readonly divergence: readonly DivergenceMinute[];
  readonly truth: TrueIndexNotes;
  readonly rest: Pick<Window, 'trades' | 'written' | 'takings' | 'houseFills' | 'countedIn'>;
}

/** The notes of a window; they share memory with it. */
export function notesOf(window: Window): WindowNotes {
  const { index, flows, series, divergence, truth, trades, written, takings, houseFills, countedIn } = window;
  const { start, end, chunks, given, deviations, firstSequence, commands, givenByBatch, decisions, ticks } = index;
  const { held, health, ties, definesAccounts, beyond } = index;
  const own = (numbers: Whole): Int32Array => numbers.values.subarray(0, numbers.length);
  const chunkWords = chunks.map(({ words }) => words.length);
  const words = new Int32Array(chunkWords.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    words.set(chunk.words, at);
    at += chunk.words.length;
  }
  const { ledger, ...heard } = flows.heard;
  return {
    start: rowsOf(start),
    end: rowsOf(end),
    words,
    chunkWords,
    numbers: {
      chunkOf: own(index.chunkOf),
      rowOf: own(index.rowOf),
      touched: own(index.touched),
      refusal: own(index.refusal),
      made: own(index.made),
    },
    given: given.values.subarray(0, given.length),
    touch: {
      deviations,
      firstSequence,
      commands,
      givenByBatch,
      decisions,
      ticks,
      held,
      health,
      ties,
      definesAccounts,
      beyond,
    },
    flows: ledger.notes,
    heard,
    minutes: series.all,
    divergence: divergence.minutes,
    truth: truth.notes,
    rest: { trades, written, takings, houseFills, countedIn },
  };
}

/** The window of notes. */
export function windowOf(notes: WindowNotes): Window {
  const { words, chunkWords, numbers, given, touch, rest } = notes;
  const [start, end] = [stateOf(notes.start), stateOf(notes.end)];
  let at = 0;
  const chunks = chunkWords.map((length) => {
    const own = words.slice(at, (at += length));
    return { words: own, floats: new Float64Array(own.buffer) };
  });
  const whole = (name: Numbers): Whole => {
    const all = new Whole(0);
    all.values = numbers[name];
    all.length = numbers[name].length;
    return all;
  };
  const all = new Floats(0);
  all.values = given;
  all.length = given.length;
  const index = completeIndex({
    ...touch,
    start,
    end,
    chunks,
    given: all,
    chunkOf: whole('chunkOf'),
    rowOf: whole('rowOf'),
    touched: whole('touched'),
    refusal: whole('refusal'),
    made: whole('made'),
  });
  const divergence = new DivergenceCount();
  for (const { minuteMs, market, orders, different, lots, otherLots } of notes.divergence) {
    divergence.add(minuteMs, market, orders, different, lots, otherLots);
  }
  const flows = new FlowListener(start, { ...notes.heard, ledger: new FlowLedger(notes.flows) });
  return {
    ...rest,
    index,
    flows,
    series: new MarketSeries(notes.minutes),
    divergence,
    truth: new TrueIndexes(notes.truth),
  };
}

function rowsOf(state: State): StateRows {
  return state.tables().map(([name, { bytes, rows, free, live, schema }]) => {
    return { name, bytes: bytes.subarray(0, rows * schema.rowBytes), rows, free, live };
  });
}

function stateOf(tables: StateRows): State {
  const state = new State();
  for (const { name, bytes, rows, free, live } of tables) {
    const table = state[name];
    table.reserve(rows);
    table.bytes.set(bytes);
    table.rows = rows;
    table.free = free;
    table.live = live;
  }
  state.index.restore(state);
  return state;
}
