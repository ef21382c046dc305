/**
 * Faults that nobody thought of: a bit, a field or a row of the state, or an input on its way, is not what it was. Each is a function
 * of its number and the cell's own chance.
 */
import { readCommand, writeCommand } from '../../chain/command-record.ts';
import type { CommandRecord, FieldValue } from '../../chain/command-value.ts';
import { TABLE_NAMES } from '../../chain/touched-pages.ts';
import type { State } from '../../engine/state.ts';
import type { Column, Table } from '../../engine/table.ts';
import type { Random } from '../random.ts';
import type { Fault, FaultScene } from './fault.ts';

const STATE_KINDS = ['bit', 'field', 'row copied', 'rows swapped', 'fields swapped'] as const;
const INPUT_KINDS = ['bit', 'field', 'dropped', 'twice', 'order', 'fields swapped'] as const;
const HARM: Fault['harm'] = ['forced', 'missed', 'money', 'trade', 'stopped'];

/** Mutation number `number`: what it does to the state (in memory or as it is loaded) or to the inputs of a few ticks. */
export function mutation(number: number): Fault {
  const where = number % 4;
  const id = `M${number}`;
  if (where === 3) {
    const kind = INPUT_KINDS[Math.floor(number / 4) % INPUT_KINDS.length] as (typeof INPUT_KINDS)[number];
    const inputs = (records: readonly CommandRecord[], { random }: FaultScene) => mutateInputs(records, kind, random);
    return { id, name: `input: ${kind}`, class: 'I', harm: HARM, lastsTicks: 1 + (number % 3), inputs };
  }
  const kind = STATE_KINDS[Math.floor(number / 4) % STATE_KINDS.length] as (typeof STATE_KINDS)[number];
  const write = ({ state, random }: FaultScene): void => mutateState(state, kind, random);
  const strikes = where === 2 ? { loaded: write } : { memory: write };
  return { id, name: `state: ${kind}`, class: 'I', harm: HARM, ...strikes };
}

function mutateState(state: State, kind: (typeof STATE_KINDS)[number], random: Random): void {
  const tables = TABLE_NAMES.map((name) => state[name]).filter((table) => table.rows > 1);
  const table = tables[random.below(tables.length)] as Table;
  const row = 1 + random.below(table.rows - 1);
  const other = 1 + random.below(table.rows - 1);
  const { rowBytes, columns } = table.schema;
  const column = columns[random.below(columns.length)] as Column;
  table.touch(row);
  if (kind === 'bit') {
    const at = row * rowBytes + random.below(rowBytes);
    table.bytes[at] = (table.bytes[at] as number) ^ (1 << random.below(8));
  } else if (kind === 'field') write(table, row, column, otherValue(table.read(row, column), random));
  else if (kind === 'row copied') table.bytes.copyWithin(row * rowBytes, other * rowBytes, (other + 1) * rowBytes);
  else if (kind === 'rows swapped') {
    const kept = table.bytes.slice(row * rowBytes, (row + 1) * rowBytes);
    table.bytes.copyWithin(row * rowBytes, other * rowBytes, (other + 1) * rowBytes);
    table.bytes.set(kept, other * rowBytes);
    table.touch(other);
  } else {
    const kept = table.read(row, column);
    write(table, row, column, table.read(other, column));
    write(table, other, column, kept);
    table.touch(other);
  }
}

function write(table: Table, row: number, { kind, offset }: Column, value: number): void {
  if (kind === 'f64') table.f64[row * table.rowFloats + offset] = value;
  else table.i32[row * table.rowWords + offset] = value;
}

/** A value that a broken program might have left there. */
export function otherValue(value: number, random: Random): number {
  switch (random.below(7)) {
    case 0:
      return 0;
    case 1:
      return -value;
    case 2:
      return value + 1;
    case 3:
      return value * 10 ** random.between(1, 8);
    case 4:
      return Math.floor(value / 10 ** random.between(1, 8));
    case 5:
      return random.next();
    default:
      return Number.NaN;
  }
}

function mutateInputs(
  records: readonly CommandRecord[],
  kind: (typeof INPUT_KINDS)[number],
  random: Random,
): readonly CommandRecord[] {
  const inputs = [...records];
  if (inputs.length === 0) return inputs;
  const at = random.below(inputs.length);
  const other = random.below(inputs.length);
  const record = inputs[at] as CommandRecord;
  switch (kind) {
    case 'bit': {
      const bytes = writeCommand(record);
      const byte = random.below(bytes.length);
      // The first eight bytes say what and how much it is: a command that claims other rows eats those behind it.
      bytes[byte] = (bytes[byte] as number) ^ (1 << random.below(8));
      inputs[at] = readCommand(wholeRows(bytes));
      break;
    }
    case 'field':
      inputs[at] = changed(record, random);
      break;
    case 'dropped':
      inputs.splice(at, 1);
      break;
    case 'twice':
      inputs.splice(other, 0, { ...record });
      break;
    case 'order':
      inputs[at] = inputs[other] as CommandRecord;
      inputs[other] = record;
      break;
    default:
      swapFields(inputs, at, other, random);
  }
  return inputs;
}

/** Bytes whose first row claims as many rows as there are: what claims others is a command of its own kind, not a whole one. */
function wholeRows(bytes: Uint8Array): Uint8Array {
  const own = bytes.slice();
  new Int32Array(own.buffer)[1] = own.length / 64;
  return own;
}

function numbersOf(record: CommandRecord): string[] {
  return Object.keys(record).filter((field) => typeof record[field] === 'number');
}

function changed(record: CommandRecord, random: Random): CommandRecord {
  const fields = numbersOf(record);
  const field = fields[random.below(fields.length)] as string;
  const value = otherValue(record[field] as number, random);
  const isWritable = Number.isFinite(value) && Math.abs(value) < 2 ** 31;
  return { ...record, [field]: isWritable ? value + 0 : 0 };
}

function swapFields(inputs: CommandRecord[], at: number, other: number, random: Random): void {
  const [one, two] = [inputs[at] as CommandRecord, inputs[other] as CommandRecord];
  const shared = numbersOf(one).filter((field) => typeof two[field] === 'number');
  const field = shared[random.below(shared.length)];
  if (field === undefined) return;
  inputs[at] = { ...one, [field]: two[field] as FieldValue };
  inputs[other] = { ...two, [field]: one[field] as FieldValue };
}

/** A float with one of its 64 bits flipped. */
export function flipped(value: number, bit: number): number {
  const words = new Uint32Array(new Float64Array([value]).buffer);
  const word = bit >> 5;
  words[word] = ((words[word] as number) ^ (1 << (bit & 31))) >>> 0;
  return new Float64Array(words.buffer)[0] as number;
}
