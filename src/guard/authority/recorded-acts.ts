/** The acts of an entry of a journal: judged again where they stand, and taken in as they were. */
import type { Entry } from '../../chain/entry.ts';
import type { State } from '../../engine/state.ts';
import { VENUE } from '../../engine/tables.ts';
import { decodeLines, encodeLines } from '../warrant.ts';
import { actHash } from './act.ts';
import type { Authority } from './authority.ts';
import { type ActRecord, decodeRecord, recordLine } from './decode-act.ts';
import type { ActVerdict } from './judge-act.ts';

/** The verdict on an act of a history, and the line it was read from. */
interface RecordedAct {
  readonly verdict: ActVerdict;
  readonly line: string;
}

/** The rows of an entry that holds an act. */
export function encodeRecord(record: ActRecord): Uint8Array {
  return encodeLines([recordLine(record)]);
}

/**
 * What the acts of a history name its exchange by (`Authority.venue`); null when it has none. Reads up to its first act: an act before any
 * enrolment stands in no history that a start accepts.
 */
export function venueOf(entries: Iterable<Entry>): string | null {
  for (const entry of entries) {
    if (entry.kind === 'block' || entry.acts === undefined) continue;
    const [line] = decodeLines(entry.acts);
    const record = line === undefined ? undefined : decodeRecord(line);
    if (record !== undefined && !('bad' in record)) return actHash(record.act);
  }
  return null;
}

/** Judges the acts of an entry at the end of `state`, on branch `fork`; those that stand are taken in, the others are not. */
export function followActs(authority: Authority, state: State, bytes: Uint8Array, fork: number): RecordedAct[] {
  const nowMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
  return decodeLines(bytes).map((line) => {
    const record = decodeRecord(line);
    const atMs = 'bad' in record ? nowMs : record.atMs;
    const verdict = authority.judge(record, { fork, atMs, nowMs });
    if (verdict.accepted) authority.propose(verdict.record);
    return { verdict, line };
  });
}
