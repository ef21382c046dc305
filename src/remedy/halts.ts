/** When the venue and its markets stood still in the actual world: from the statuses that were set. */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { marketName, type State } from '../engine/state.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import type { Halt } from './dossier.ts';

const STATUS_NAMES = Object.fromEntries(Object.entries(STATUS).map(([name, code]) => [code, name]));

interface Open {
  readonly what: string;
  readonly fromMs: number;
}

export class Halts {
  private readonly ended: (Omit<Halt, 'market'> & { readonly row: number })[] = [];
  /** By market row, 0 for the venue. */
  private readonly open = new Map<number, Open>();

  /** What stands still at the last good block has stood so at least since then. */
  constructor(before: State, fromMs: number) {
    const { venue, market } = before;
    this.set(0, venue.i32[128 + VENUE.STATUS] as number, venue.i32[128 + VENUE.PAUSED] as number, fromMs);
    for (let row = 1; row < market.rows; row++) {
      const at = row * 256;
      this.set(row, market.i32[at + MARKET.STATUS] as number, market.i32[at + MARKET.PAUSED] as number, fromMs);
    }
  }

  /** Takes the events of the actual world, at `timeMs`. */
  take({ values, count }: EventBuffer, timeMs: number): void {
    for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
      if (values[at] !== EVENT.statusSet) continue;
      this.set(values[at + 2] as number, values[at + 3] as number, values[at + 4] as number, timeMs);
    }
  }

  private set(row: number, status: number, paused: number, timeMs: number): void {
    const what = wordsOf(status, paused);
    const open = this.open.get(row);
    if (open?.what === what) return;
    if (open !== undefined) this.ended.push({ ...open, row, toMs: timeMs });
    if (what === '') this.open.delete(row);
    else this.open.set(row, { what, fromMs: timeMs });
  }

  /** All spans by their start; names of markets are those of a state that has them. */
  spans(state: State): Halt[] {
    const still = [...this.open].map(([row, open]) => ({ ...open, row, toMs: null }));
    const name = (row: number): string | null => (row === 0 ? null : marketName(state, row));
    return [...this.ended, ...still]
      .sort((a, b) => a.fromMs - b.fromMs || a.row - b.row)
      .map(({ row, what, fromMs, toMs }) => ({ what, market: name(row), fromMs, toMs }));
  }
}

function wordsOf(status: number, paused: number): string {
  const operations = Object.entries(OPERATION).flatMap(([name, bit]) => ((paused & bit) === 0 ? [] : [name]));
  const words = status === STATUS.OK ? [] : [STATUS_NAMES[status] as string];
  if (operations.length > 0) words.push(`paused ${operations.join(', ')}`);
  return words.join(', ');
}
