// `makewhole key submit`: carries out an act on the journal of an exchange that is not running.
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import { Guard } from '../guard/guard.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { sayAct } from './act-file.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import type { Output } from './output.ts';
import { BLOCK_COMMANDS, BLOCK_MS } from './run-day.ts';
import { guardOf } from './run-record.ts';

/** Carries out the act where the journal ends. Refuses (named) a journal that is not there, in use, damaged, or that diverges. */
export async function submitAct(output: Output, act: SignedAct, folder: string): Promise<ExitCode> {
  openForReading(folder);
  if (guardOf(folder) === 'off') {
    throw new CommandError('no_guard', `${folder} is of a run without a guard: nobody there asks for acts`);
  }
  sayAct(output, act.act);
  const { journal } = openFileJournal(folder);
  const roots = new ThreadedRoots();
  try {
    const guard = new Guard();
    const { state, sealer, replay } = recover(journal, { hash: sha256, roots, guard });
    if (replay.firstDivergence !== null) {
      const { what, height } = replay.firstDivergence;
      throw new CommandError(
        'journal_diverges',
        `block ${height}: ${what}; see \`makewhole verify\``,
        exitCodes.corruption,
      );
    }
    const exchange = new Exchange({ state, journal, sealer, blockCommands: BLOCK_COMMANDS, blockMs: BLOCK_MS, guard });
    const result = exchange.act(act, exchange.timeMs);
    exchange.finish();
    output.result(result);
    if (!result.accepted) {
      output.say(`REFUSED: ${result.refusal}: ${result.about}`);
      return exitCodes.finding;
    }
    output.say(`Carried out; the history ends with command ${result.sequence}.`);
    for (const refusal of result.refusals) output.say(`The engine refused a command of it: ${refusal}`);
    return exitCodes.ok;
  } finally {
    journal.close();
    await roots.close();
  }
}
