/** Follows a journal in files that another thread or process appends to: entries as they come, without an end. */
import type { Entry } from '../chain/entry.ts';
import { JournalCorrupt } from './journal.ts';
import type { JournalWalk } from './journal-walk.ts';

/** What is written while it is read may look damaged: it is looked at so often again before it is believed to be. */
const LOOKS = 20;

/**
 * The entries from the walk's position on. At the end of what is written it calls `pause`, and goes on when that returns true. Refuses
 * (`JournalCorrupt`) what stays damaged. A write that is cut short is waited for.
 */
export function* tailEntries(walk: JournalWalk, pause: () => boolean): Generator<Entry> {
  let looks = 0;
  do {
    const before = walk.position;
    try {
      yield* walk.entries();
      looks = 0;
    } catch (error) {
      if (!(error instanceof JournalCorrupt)) throw error;
      looks = walk.position === before ? looks + 1 : 1;
      if (looks === LOOKS) throw error;
    }
  } while (pause());
}
