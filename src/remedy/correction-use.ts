/**
 * Whether every correction of a case meets something that it can correct. One that meets nothing would leave all accounts as they are, and
 * look like an incident that harmed nobody: it is a mistake of who wrote it.
 */
import { commandRows, writeCommand } from '../chain/command-record.ts';
import type { CommandRecord } from '../chain/command-value.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { COMMAND_BYTES, COMMAND_KINDS } from '../engine/command.ts';
import { isForced } from '../guard/guarded-replay.ts';
import type { CorrectionSet } from './correction.ts';
import { isAbout } from './correction-series.ts';
import { isOfRemedy } from './other-world.ts';

const WORDS = COMMAND_BYTES / 4;

export interface CorrectionFault {
  readonly finding: 'not_from_outside' | 'corrects_nothing';
  readonly about: string;
}

export class CorrectionUse {
  private readonly sequences: ReadonlySet<number>;
  private readonly series: NonNullable<CorrectionSet['series']>;
  /** Places of the series that no sample was about yet. */
  private readonly unused: Set<number>;
  private derived: CorrectionFault | undefined;

  constructor({ commands, series = [] }: CorrectionSet) {
    this.sequences = new Set(commands.map(({ sequence }) => sequence));
    this.series = series;
    this.unused = new Set(series.keys());
    for (const { sequence, commands: given } of commands) {
      const kind = given.map(kindOf).find(isDerived);
      if (kind !== undefined) this.derived ??= notFromOutside(`in the place of command ${sequence}`, kind);
    }
  }

  /** Takes in a recorded batch of the window. */
  take({ words, floats, rows, commands, firstSequence }: BatchEntry): void {
    const isNamed = [...this.sequences].some((each) => each >= firstSequence && each < firstSequence + commands);
    if (!isNamed && this.unused.size === 0) return;
    let sequence = firstSequence;
    for (let row = 0; row < rows; sequence++) {
      const kind = words[row * WORDS] as number;
      if (this.sequences.has(sequence) && isDerived(kind)) {
        this.derived ??= notFromOutside(`command ${sequence}`, kind);
      }
      for (const place of this.unused) {
        const each = this.series[place];
        if (each !== undefined && isAbout(each, words, floats, row)) this.unused.delete(place);
      }
      row += commandRows(words, row);
    }
  }

  /** What of the corrections corrects nothing, behind the last batch of the window. */
  fault(): CorrectionFault | undefined {
    if (this.derived !== undefined) return this.derived;
    const [place] = this.unused;
    const wrong = place === undefined ? undefined : this.series[place];
    if (wrong === undefined) return undefined;
    const { sample, market, source, fromMs, toMs } = wrong;
    const about = `no ${sample} of source ${source} in market ${market} from ${fromMs} to ${toMs} is in the window`;
    return { finding: 'corrects_nothing', about };
  }
}

/** The code of a command in readable form, of one that is given as bytes too. */
function kindOf(command: CommandRecord): number {
  const bytes = writeCommand(command);
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
}

/** True for what follows from other commands, and is made anew. */
function isDerived(kind: number): boolean {
  return isForced(kind) || isOfRemedy(kind);
}

function notFromOutside(where: string, kind: number): CorrectionFault {
  return { finding: 'not_from_outside', about: `${where}: ${COMMAND_KINDS[kind]} follows from other commands` };
}
