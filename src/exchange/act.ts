/** A signed act on its way into the exchange: judged by the guard, its commands screened like any others, its bytes made. */
import { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import { REFUSALS } from '../engine/refusal.ts';
import type { State } from '../engine/state.ts';
import { actBytes } from '../guard/authority/act.ts';
import { sourceOf } from '../guard/authority/authority.ts';
import { type ActRecord, decodeSignedAct } from '../guard/authority/decode-act.ts';
import type { ActPlace, ActVerdict, RefusedAct } from '../guard/authority/judge-act.ts';
import { encodeRecord } from '../guard/authority/recorded-acts.ts';
import type { Guard } from '../guard/guard.ts';

/** What became of a submitted act. */
export type ActResult =
  | {
      readonly accepted: true;
      /** Content hash, and sequence of the last command behind it. */
      readonly hash: string;
      readonly sequence: number;
      /** Why the engine refused commands of it, by name: an act may allow what cannot be. */
      readonly refusals: readonly string[];
    }
  | RefusedAct<Extract<ActVerdict, { accepted: false }>['refusal'] | 'no_guard' | 'held'>;

/** An act that may be carried out. */
export interface JudgedAct {
  readonly accepted: true;
  readonly hash: string;
  readonly record: ActRecord;
  /** Its commands, and the rows of its entry in the journal. */
  readonly commands: CommandBuffer;
  readonly rows: Uint8Array;
}

/** Judges an act. Nothing is changed; a command of it that the guard's other checks hold refuses it whole, by the first of them. */
export function judgeSubmittedAct(
  signed: unknown,
  place: ActPlace,
  guard: Guard,
  state: State,
): JudgedAct | (ActResult & { readonly accepted: false }) {
  const verdict = guard.authority.judge(decodeSignedAct(signed), place);
  if (!verdict.accepted) return verdict;
  const { record, hash } = verdict;
  const commands = new CommandBuffer(16);
  commands.append(actBytes(record.act, record.atMs), 0);
  const [held] = guard.heldOf(state, commands, sourceOf(guard.authority, hash));
  if (held !== undefined) {
    const { name, about, found, expected } = held.check;
    return { accepted: false, refusal: 'held', about: `${name} ${about}: ${found}, not ${expected}` };
  }
  return { accepted: true, hash, record, commands, rows: encodeRecord(record) };
}

/** The result of an act that was carried out up to `sequence`; `events` are those of its batch, none when it made no commands. */
export function resultOf({ hash, commands }: JudgedAct, sequence: number, events: EventBuffer): ActResult {
  const refusals: string[] = [];
  for (let event = 0; commands.rows > 0 && event < events.count; event++) {
    const at = event * EVENT_FLOATS;
    if (events.values[at] !== EVENT.refused) continue;
    refusals.push(REFUSALS[events.values[at + 3] as number] as string);
  }
  return { accepted: true, hash, sequence, refusals };
}
