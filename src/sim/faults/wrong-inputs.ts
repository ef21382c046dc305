/**
 * What a fault did to an exchange, as its record needs to be corrected: which commands should have been others, and which values no command
 * wrote. It is what the people of a venue find out afterwards; here it is known while it happens.
 */
import { commandRows } from '../../chain/command-record.ts';
import type { CommandRecord } from '../../chain/command-value.ts';
import { diffStates } from '../../chain/state-difference.ts';
import { COMMAND_BYTES } from '../../engine/command.ts';
import type { State } from '../../engine/state.ts';
import { isForced } from '../../guard/guarded-replay.ts';
import type { CorrectedCommand } from '../../remedy/correction.ts';
import type { Deviation } from '../../remedy/deviation.ts';
import { MOST_WRITES, writesTo } from '../../remedy/find-deviation.ts';

/** By place of a command in a batch: what should have been there; undefined where it is as it should be. */
export type Rights = readonly (readonly CommandRecord[] | undefined)[];

export class WrongInputs {
  readonly commands: CorrectedCommand[] = [];
  readonly deviations: Deviation[] = [];
  /** Why no correction says what the fault did; undefined while one does. */
  unsaid: string | undefined;

  /** Takes in a batch as it was applied; forced actions stand behind the ticks that proposed them. */
  takeBatch(rows: Uint8Array, firstSequence: number, rights: Rights): void {
    const words = new Int32Array(rows.buffer, rows.byteOffset, rows.length / 4);
    let place = 0;
    for (let row = 0, sequence = firstSequence; row < rows.length / COMMAND_BYTES; sequence++) {
      if (!isForced(words[row * 16] as number)) {
        const commands = rights[place++];
        if (commands !== undefined) this.commands.push({ sequence, commands });
      }
      row += commandRows(words, row);
    }
    if (place < rights.length) this.unsaid ??= 'a forced action came from outside';
  }

  /** Takes in what was written between two commands, the first of them `afterSequence`. */
  takeWrites(before: State, after: State, afterSequence: number): void {
    const differences = diffStates(before, after, MOST_WRITES + 1);
    const writes = writesTo(differences);
    if (writes === undefined) this.unsaid ??= `${differences.length} values were written and more, or rows taken away`;
    else if (writes.length > 0) this.deviations.push({ afterSequence, writes });
  }

  /** The last command before anything was wrong; undefined where nothing was. */
  get lastRight(): number | undefined {
    const all = [
      ...this.commands.map(({ sequence }) => sequence - 1),
      ...this.deviations.map(({ afterSequence }) => afterSequence),
    ];
    return all.length === 0 ? undefined : Math.min(...all);
  }
}
