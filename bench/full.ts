/** The whole engine: a session applied from the first command to the last, everything on. */
import { createHash } from 'node:crypto';
import { marketCount, type State } from '../src/engine/state.ts';
import { FiguresDiffer } from './matching.ts';
import { measureSeries, type Series } from './series.ts';
import { applyOpening, applySession, emptyState, type Session, type SessionCounts } from './session.ts';

export interface FullResult extends Series, SessionCounts {
  /** All commands applied, prices and ticks among them; times are per operation of the workload. */
  readonly commands: number;
  readonly positions: number;
  readonly liveOrders: number;
  readonly markets: number;
}

/** SHA-256 of all rows of all tables ever used. */
export function fingerprint(state: State): string {
  const hash = createHash('sha256');
  for (const [name, table] of state.tables()) {
    hash.update(`${name} ${table.rows} ${table.free}\n`).update(table.bytes.subarray(0, table.rows * table.schema.rowBytes));
  }
  return hash.digest('hex');
}

/** Opens a venue and applies the session; returns the nanoseconds of the session alone, and the state. */
export function runSession(session: Session): { state: State; elapsedNs: number; events: number } {
  const state = emptyState(session.workload);
  applyOpening(state, session.opening);
  const startedMs = performance.now();
  const events = applySession(state, session.commands);
  return { state, elapsedNs: (performance.now() - startedMs) * 1e6, events };
}

/** Measures a session, `runs` times after a first run. Throws unless each ends in the very state of the recording run. */
export function measureFull(session: Session, runs: number): FullResult {
  const { counts, workload, commands } = session;
  const expected = fingerprint(session.state);
  const series = measureSeries(runs, () => {
    const { state, elapsedNs, events } = runSession(session);
    if (events !== counts.events) throw new FiguresDiffer('events', events, counts.events);
    const found = fingerprint(state);
    if (found !== expected) throw new Error(`the state after the session is ${found}, but its recording left ${expected}`);
    return elapsedNs / workload.operations;
  });
  return {
    ...series,
    ...counts,
    commands: commands.commands,
    markets: marketCount(session.state),
    positions: session.state.position.live,
    liveOrders: session.state.order.live,
  };
}
