/**
 * Brings the true world's orders and inputs to a faulty one. Orders and withdrawals have other ids there: those that both worlds
 * gave to the same command are paired. What a fault makes of the inputs is brought as it is.
 */
import { readCommand, writeCommand } from '../../chain/command-record.ts';
import { BadCommandRecord, type CommandRecord } from '../../chain/command-value.ts';
import { COMMAND_BYTES } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { namedId } from '../../remedy/other-names.ts';
import type { TrueRun, TrueTick } from './true-run.ts';
import { idsOf, withdrawalKey } from './true-run.ts';
import type { Taken } from './venue.ts';
import type { Rights } from './wrong-inputs.ts';

/** Commands of one tick as they are submitted. */
export interface Fed {
  readonly commands: CommandBuffer;
  /** By place: the command of the true world that it is, -1 for one that a fault made. */
  readonly origins: readonly number[];
  /** First rows, by place. */
  readonly starts: readonly number[];
  /** By place: it is not what the true world had. */
  readonly changed: readonly boolean[];
  /** By place: what the true world has there, in this one's ids; undefined where it is the same. */
  readonly rights: Rights;
  /** Records that a fault added, changed or took away. */
  readonly touched: readonly CommandRecord[];
  /** Records that no bytes can say: refused before they are commands. */
  readonly malformed: readonly BadCommandRecord[];
}

type Change = (inputs: readonly CommandRecord[]) => readonly CommandRecord[];

export class Feed {
  private readonly run: TrueRun;
  private readonly here = new Map<number, number>();
  private readonly there = new Map<number, number>();

  constructor(run: TrueRun) {
    this.run = run;
  }

  /** The true world's id of an order of this world; undefined when it has none. */
  trueOrder(id: number): number | undefined {
    return this.there.get(id) ?? (this.run.given.has(id) ? undefined : id);
  }

  /** The commands of a tick in this world's ids; those about what is not there are left out. */
  feed(tick: TrueTick, change?: Change): Fed {
    const plain = this.translate(tick);
    if (change === undefined) return plain;
    const records = plain.starts.map((row) => readCommand(plain.commands.bytes, row));
    const origins = new Map(records.map((record, place) => [record, place]));
    return this.changed(plain, records, origins, change(records));
  }

  private translate(tick: TrueTick): Fed {
    const commands = new CommandBuffer(256);
    const origins: number[] = [];
    const starts: number[] = [];
    for (let place = 0; place + 1 < tick.starts.length; place++) {
      const [from, to] = [tick.starts[place] as number, tick.starts[place + 1] as number];
      const row = commands.rows;
      commands.append(tick.bytes.subarray(from * COMMAND_BYTES, to * COMMAND_BYTES), 1);
      if (!this.rename(commands, row)) {
        commands.rows = row;
        commands.commands--;
        continue;
      }
      origins.push(place);
      starts.push(row);
    }
    const changed = starts.map(() => false);
    return { commands, origins, starts, changed, rights: [], touched: [], malformed: [] };
  }

  /** Puts this world's id into a command that names one; false when there is none. */
  private rename({ i32, f64 }: CommandBuffer, row: number): boolean {
    const named = namedId(i32, row);
    if (named === undefined) return true;
    const { at, isWithdrawal } = named;
    const theirs = f64[at] as number;
    const id = this.idHere(isWithdrawal ? withdrawalKey(theirs) : theirs);
    if (id === undefined) return false;
    f64[at] = isWithdrawal ? -id : id;
    return true;
  }

  private idHere(id: number): number | undefined {
    return this.here.get(id) ?? (this.run.given.has(id) ? undefined : id);
  }

  private changed(
    plain: Fed,
    records: readonly CommandRecord[],
    places: ReadonlyMap<CommandRecord, number>,
    inputs: readonly CommandRecord[],
  ): Fed {
    const commands = new CommandBuffer(256);
    const origins: number[] = [];
    const starts: number[] = [];
    const changed: boolean[] = [];
    /** By place: where it stands in the true world, undefined for one that a fault added. */
    const stand: (number | undefined)[] = [];
    const touched: CommandRecord[] = [];
    const malformed: BadCommandRecord[] = [];
    const kept = new Set(inputs);
    const replaced = records.filter((record) => !kept.has(record));
    const seen = new Set<CommandRecord>();
    for (const record of inputs) {
      const place = seen.has(record) ? undefined : places.get(record);
      seen.add(record);
      const bytes = place === undefined ? bytesOf(record, malformed) : rowsOf(plain, place);
      if (place === undefined) touched.push(record);
      if (bytes === undefined) continue;
      starts.push(commands.rows);
      commands.append(bytes, 1);
      changed.push(place === undefined);
      const stands = place ?? places.get(replaced.find((other) => isOf(other, record)) ?? record);
      if (place === undefined && stands !== undefined) replaced.splice(replaced.indexOf(records[stands] as never), 1);
      origins.push(stands === undefined ? -1 : (plain.origins[stands] as number));
      stand.push(stands);
    }
    touched.push(...replaced);
    return { commands, origins, starts, changed, rights: rightsOf(records, changed, stand), touched, malformed };
  }

  /** Pairs the ids that both worlds gave for the commands of a tick. `held` are the first rows that were not taken. */
  pair(tick: TrueTick, fed: Fed, taken: Taken, held: ReadonlySet<number>): void {
    const ids = idsOf(taken);
    let place = 0;
    fed.starts.forEach((row, number) => {
      if (held.has(row)) return;
      const own = ids.get(place++);
      const theirs = tick.ids.get(fed.origins[number] as number);
      if (own === undefined || theirs === undefined) return;
      theirs.forEach((id, at) => {
        const mine = own[at];
        if (mine === undefined || this.here.has(id)) return;
        this.here.set(id, mine);
        this.there.set(mine, id);
      });
    });
  }
}

function rowsOf({ commands, starts }: Fed, place: number): Uint8Array {
  const from = starts[place] as number;
  const to = starts[place + 1] ?? commands.rows;
  return commands.bytes.subarray(from * COMMAND_BYTES, to * COMMAND_BYTES);
}

function bytesOf(record: CommandRecord, malformed: BadCommandRecord[]): Uint8Array | undefined {
  try {
    return wholeRows(writeCommand(record));
  } catch (error) {
    if (!(error instanceof BadCommandRecord)) throw error;
    malformed.push(error);
    return undefined;
  }
}

/**
 * What should have been in the place of each command. One that a fault took away belongs before the next one that is there, or behind the
 * last.
 */
function rightsOf(
  records: readonly CommandRecord[],
  changed: readonly boolean[],
  stand: readonly (number | undefined)[],
): Rights {
  const own = stand.map((at) => (at === undefined ? [] : [records[at] as CommandRecord]));
  const here = new Set(stand);
  const before = stand.map((): CommandRecord[] => []);
  const behind: CommandRecord[] = [];
  records.forEach((record, at) => {
    if (here.has(at)) return;
    const next = stand.findIndex((other) => other !== undefined && other > at);
    (before[next] ?? behind).push(record);
  });
  return stand.map((_, place) => {
    const added = [...(before[place] ?? []), ...(own[place] ?? []), ...(place === stand.length - 1 ? behind : [])];
    return changed[place] === true || added.length > 1 ? added : undefined;
  });
}

/** What claims other rows than its own cannot be told apart from what follows: it is refused where commands are decoded. */
function wholeRows(bytes: Uint8Array): Uint8Array {
  const claimed = new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
  if (claimed * COMMAND_BYTES === bytes.length) return bytes;
  throw new BadCommandRecord('raw', 'bytes', `claims ${claimed} rows of ${bytes.length / COMMAND_BYTES}`);
}

/** True when a record that a fault made seems to stand for one that is gone: the same kind, account and market. */
function isOf(gone: CommandRecord, record: CommandRecord): boolean {
  return gone.kind === record.kind && gone['account'] === record['account'] && gone['market'] === record['market'];
}
