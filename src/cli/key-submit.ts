// `makewhole key submit`: carries out an act on the journal of an exchange that is not running.
import type { SignedAct } from '../guard/authority/decode-act.ts';
import { sayAct } from './act-file.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { withExchange } from './open-exchange.ts';
import type { Output } from './output.ts';
import { guardOf } from './run-record.ts';

/** Carries out the act where the journal ends. Refuses (named) a journal that is not there, in use, damaged, or that diverges. */
export async function submitAct(output: Output, act: SignedAct, folder: string): Promise<ExitCode> {
  openForReading(folder);
  if (guardOf(folder) === 'off') {
    throw new CommandError('no_guard', `${folder} is of a run without a guard: nobody there asks for acts`);
  }
  sayAct(output, act.act);
  const result = await withExchange(folder, (exchange) => exchange.act(act, exchange.timeMs));
  output.result(result);
  if (!result.accepted) {
    output.say(`REFUSED: ${result.refusal}: ${result.about}`);
    return exitCodes.finding;
  }
  output.say(`Carried out; the history ends with command ${result.sequence}.`);
  for (const refusal of result.refusals) output.say(`The engine refused a command of it: ${refusal}`);
  return exitCodes.ok;
}
