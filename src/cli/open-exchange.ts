// The exchange that a journal leads to, for a command that goes on with it; the exchange itself must not be running.
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { Guard } from '../guard/guard.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { CommandError, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { BLOCK_COMMANDS, BLOCK_MS } from './run-day.ts';
import { guardOf } from './run-record.ts';

/**
 * Replays the journal in a folder and gives `use` an exchange where it ends, with a guard unless the run had none. Refuses (named) a
 * journal that is not there, in use, damaged, or that diverges.
 */
export async function withExchange<T>(folder: string, use: (exchange: Exchange) => T): Promise<T> {
  openForReading(folder);
  const guarded = guardOf(folder) === 'off' ? {} : { guard: new Guard() };
  const { journal } = openFileJournal(folder);
  const roots = new ThreadedRoots();
  try {
    const { state, sealer, replay } = recover(journal, { hash: sha256, roots, ...guarded });
    if (replay.firstDivergence !== null) {
      const { what, height } = replay.firstDivergence;
      const message = `block ${height}: ${what}; see \`makewhole verify\``;
      throw new CommandError('journal_diverges', message, exitCodes.corruption);
    }
    const blocks = { blockCommands: BLOCK_COMMANDS, blockMs: BLOCK_MS };
    const exchange = new Exchange({ state, journal, sealer, ...blocks, ...guarded });
    const result = use(exchange);
    exchange.finish();
    return result;
  } finally {
    journal.close();
    await roots.close();
  }
}
