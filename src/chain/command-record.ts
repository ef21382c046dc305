/**
 * Commands in readable form: an object a person, a test vector or a report can hold, and the bytes it stands for.
 *
 * The fields are the columns of `COMMAND_SCHEMAS`, in camel case; a client id, a market's parameters and the orders of a
 * batch, which follow in further rows, are fields too. What is written is what was read, to the last bit: rows that the
 * readable form cannot say exactly (a malformed command is a fact, and is in the journal) are read as their bytes.
 */
import {
  COMMAND_BYTES,
  COMMAND_KINDS,
  COMMAND_SCHEMAS,
  type CommandKind,
  MARKET_PARAMETERS,
} from '../engine/command.ts';
import type { Column } from '../engine/table.ts';
import {
  BadCommandRecord,
  type CommandRecord,
  camelCase,
  decodeUtf8,
  encodeUtf8,
  type FieldValue,
  hexField,
  isPlain,
  numberField,
  withoutPadding,
} from './command-value.ts';
import { sameBytes, toHex } from './digest.ts';

const HEAD_COLUMNS = ['KIND', 'ROWS', 'TIME_MS'];
/** Columns whose value is the length of what follows in further rows: not fields of their own. */
const LENGTH_COLUMNS = ['CLIENT_ID_LENGTH', 'COUNT'];
const CLIENT_ID_LIMIT = 64;

/** How many rows the command at `row` takes: what it claims when that is at least one and at most what is there, else one. */
export function commandRows(words: Int32Array, row: number): number {
  const claimed = words[row * (COMMAND_BYTES / 4) + 1] as number;
  return claimed >= 1 && claimed <= words.length / (COMMAND_BYTES / 4) - row ? claimed : 1;
}

/** The command whose first row is `row` of `bytes`. Never throws: rows with no readable form come back as `raw` bytes. */
export function readCommand(bytes: Uint8Array, row = 0): CommandRecord {
  const claimed = new Int32Array(copyOfRows(bytes, row, 1).buffer)[1] as number;
  const rows = claimed >= 1 && claimed <= bytes.length / COMMAND_BYTES - row ? claimed : 1;
  const own = copyOfRows(bytes, row, rows);
  const record = readFields(own);
  return record !== undefined && sameBytes(writeCommand(record), own) ? record : rawRecord(own);
}

/** The bytes of the command that the record says: whole rows. Refuses (`BadCommandRecord`) unknown, missing or wrong fields. */
export function writeCommand(record: CommandRecord): Uint8Array {
  if (record.kind === 'raw') return writeRaw(record);
  if (!Object.hasOwn(COMMAND_SCHEMAS, record.kind)) throw new BadCommandRecord(String(record.kind), 'kind', 'unknown');
  const following = followingRows(record);
  const bytes = new Uint8Array(COMMAND_BYTES + following.bytes.length);
  bytes.set(following.bytes, COMMAND_BYTES);
  const words = new Int32Array(bytes.buffer);
  words[0] = COMMAND_KINDS.indexOf(record.kind);
  words[1] = bytes.length / COMMAND_BYTES;
  new Float64Array(bytes.buffer)[1] = numberField(record, 'timeMs', false);
  const known = new Set(['kind', 'timeMs', ...following.fields]);
  for (const column of COMMAND_SCHEMAS[record.kind].columns) {
    if (HEAD_COLUMNS.includes(column.name)) continue;
    if (LENGTH_COLUMNS.includes(column.name)) {
      words[column.offset] = following.length;
      continue;
    }
    known.add(camelCase(column.name));
    writeColumn(record, column, bytes);
  }
  const unknown = Object.keys(record).find((field) => !known.has(field));
  if (unknown !== undefined) throw new BadCommandRecord(record.kind, unknown, 'no such field');
  return bytes;
}

function rawRecord(bytes: Uint8Array): CommandRecord {
  const time = new Float64Array(bytes.buffer)[1] as number;
  return { kind: 'raw', timeMs: isPlain(time) ? time : null, bytes: toHex(bytes) };
}

function writeRaw(record: CommandRecord): Uint8Array {
  const bytes = hexField(record, 'bytes');
  if (bytes.length === 0 || bytes.length % COMMAND_BYTES !== 0) {
    throw new BadCommandRecord('raw', 'bytes', `${bytes.length} bytes are not whole rows`);
  }
  return bytes;
}

function readFields(bytes: Uint8Array): CommandRecord | undefined {
  const words = new Int32Array(bytes.buffer);
  const kind = COMMAND_KINDS[words[0] as number];
  const timeMs = new Float64Array(bytes.buffer)[1] as number;
  if (kind === undefined || kind === 'none' || !isPlain(timeMs)) return undefined;
  const record: Record<string, FieldValue> = { kind, timeMs };
  for (const column of COMMAND_SCHEMAS[kind].columns) {
    if (HEAD_COLUMNS.includes(column.name) || LENGTH_COLUMNS.includes(column.name)) continue;
    const value = readColumn(column, bytes);
    if (value === undefined) return undefined;
    record[camelCase(column.name)] = value;
  }
  return readFollowing(kind, bytes, record) ? (record as unknown as CommandRecord) : undefined;
}

function readColumn(column: Column, bytes: Uint8Array): FieldValue | undefined {
  if (column.count > 1) {
    const wide = bytes.subarray(column.offset * 4, (column.offset + column.count) * 4);
    return column.name === 'NAME' ? decodeUtf8(withoutPadding(wide)) : toHex(wide);
  }
  const values = column.kind === 'f64' ? new Float64Array(bytes.buffer) : new Int32Array(bytes.buffer);
  const value = values[column.offset] as number;
  return isPlain(value) ? value : undefined;
}

function writeColumn(record: CommandRecord, column: Column, bytes: Uint8Array): void {
  const field = camelCase(column.name);
  if (column.count > 1) {
    const value = column.name === 'NAME' ? encodeUtf8(record, field) : hexField(record, field);
    const most = column.count * 4;
    const fits = column.name === 'NAME' ? value.length <= most : value.length === most;
    if (!fits) throw new BadCommandRecord(record.kind, field, `${value.length} bytes where ${most} belong`);
    bytes.set(value, column.offset * 4);
  } else if (column.kind === 'f64') {
    new Float64Array(bytes.buffer)[column.offset] = numberField(record, field, false);
  } else {
    new Int32Array(bytes.buffer)[column.offset] = numberField(record, field, true);
  }
}

/** Reads what is in the rows after the first into `record`; false when they are not what the kind has. */
function readFollowing(kind: CommandKind, bytes: Uint8Array, record: Record<string, FieldValue>): boolean {
  const floats = new Float64Array(bytes.buffer);
  if (kind === 'defineMarket') {
    if (bytes.length !== 3 * COMMAND_BYTES) return false;
    const parameters: Record<string, number> = {};
    MARKET_PARAMETERS.forEach((parameter, at) => {
      parameters[camelCase(parameter)] = floats[COMMAND_BYTES / 8 + at] as number;
    });
    record['parameters'] = parameters;
    return Object.values(parameters).every(isPlain);
  }
  if (kind === 'placeBatch') {
    const orders: CommandRecord[] = [];
    const words = new Int32Array(bytes.buffer);
    for (let row = 1; row < bytes.length / COMMAND_BYTES; row += commandRows(words, row)) {
      orders.push(readCommand(bytes, row));
    }
    record['orders'] = orders;
    return true;
  }
  const lengthColumn = COMMAND_SCHEMAS[kind].columns.find(({ name }) => name === 'CLIENT_ID_LENGTH');
  if (lengthColumn === undefined) return true;
  const length = new Int32Array(bytes.buffer)[lengthColumn.offset] as number;
  if (length < 0 || length > CLIENT_ID_LIMIT) return false;
  const clientId = decodeUtf8(bytes.subarray(COMMAND_BYTES, COMMAND_BYTES + length));
  if (clientId === undefined) return false;
  record['clientId'] = clientId;
  return true;
}

interface Following {
  readonly bytes: Uint8Array;
  /** What the length column of the first row says of them. */
  readonly length: number;
  /** The fields that they hold. */
  readonly fields: readonly string[];
}

/** The rows after the first, from the fields that they hold. */
function followingRows(record: CommandRecord): Following {
  if (record.kind === 'defineMarket') return { bytes: parameterRows(record), length: 0, fields: ['parameters'] };
  if (record.kind === 'placeBatch') return orderRows(record);
  const columns = COMMAND_SCHEMAS[record.kind as CommandKind].columns;
  if (!columns.some(({ name }) => name === 'CLIENT_ID_LENGTH'))
    return { bytes: new Uint8Array(), length: 0, fields: [] };
  const clientId = encodeUtf8(record, 'clientId');
  if (clientId.length > CLIENT_ID_LIMIT) {
    throw new BadCommandRecord(record.kind, 'clientId', `${clientId.length} bytes, at most ${CLIENT_ID_LIMIT}`);
  }
  // An order without a client id has no second row; a cancel by client id always has one.
  const rows = clientId.length > 0 || record.kind === 'cancelByClientId' ? 1 : 0;
  const bytes = new Uint8Array(rows * COMMAND_BYTES);
  bytes.set(clientId);
  return { bytes, length: clientId.length, fields: ['clientId'] };
}

function parameterRows(record: CommandRecord): Uint8Array {
  const given = record['parameters'];
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new BadCommandRecord(record.kind, 'parameters', 'missing');
  }
  const parameters = given as Readonly<Record<string, number>>;
  const names = MARKET_PARAMETERS.map(camelCase);
  const unknown = Object.keys(parameters).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new BadCommandRecord(record.kind, `parameters.${unknown}`, 'no such parameter');
  const values = names.map((name) => {
    const value = parameters[name];
    if (value === undefined || !isPlain(value))
      throw new BadCommandRecord(record.kind, `parameters.${name}`, 'missing');
    return value;
  });
  return new Uint8Array(Float64Array.from(values).buffer);
}

function orderRows(record: CommandRecord): Following {
  const orders = record['orders'];
  if (!Array.isArray(orders)) throw new BadCommandRecord(record.kind, 'orders', 'missing');
  const parts = (orders as readonly CommandRecord[]).map(writeCommand);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, length: orders.length, fields: ['orders'] };
}

/** A copy that starts at the beginning of its buffer, so that both views of it can be read. */
function copyOfRows(bytes: Uint8Array, row: number, rows: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(rows * COMMAND_BYTES);
  copy.set(bytes.subarray(row * COMMAND_BYTES, (row + rows) * COMMAND_BYTES));
  return copy;
}
