import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COMMAND_BYTES, COMMAND_KINDS } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { BigEndianMachine, requireLittleEndian } from './byte-order.ts';
import { commandRows, readCommand, writeCommand } from './command-record.ts';
import vectors from './command-vectors.json' with { type: 'json' };
import forcedVectors from './forced-command-vectors.json' with { type: 'json' };
import remedyVectors from './remedy-command-vectors.json' with { type: 'json' };
import { BadCommandRecord, type CommandRecord } from './command-value.ts';
import { fromHex, toHex } from './digest.ts';

interface Vector {
  readonly name: string;
  readonly record: CommandRecord;
  readonly rows: readonly string[];
}
const all = [...vectors, ...forcedVectors, ...remedyVectors] as unknown as readonly Vector[];

const tick: CommandRecord = { kind: 'tick', timeMs: 5 };

for (const { name, record, rows } of all) {
  test(`vector: ${name}`, () => {
    assert.deepEqual(readCommand(fromHex(rows.join(''))), record);
    assert.equal(toHex(writeCommand(record)), rows.join(''));
    assert.ok(rows.every((row) => row.length === 2 * COMMAND_BYTES));
  });
}

test('there is a vector for every kind, and for rows that no kind explains', () => {
  const kinds = new Set(all.map(({ record }) => record.kind));
  assert.deepEqual([...kinds].sort(), [...COMMAND_KINDS.filter((kind) => kind !== 'none'), 'raw'].sort());
});

test('the engine writes the bytes of the vectors', () => {
  const buffer = new CommandBuffer(1);
  buffer.placeOrder(1_768_800_000_001, 3, 1, 925_001, 7, 1 | (1 << 4) | (1 << 6) | (2 << 7), 0, 'maker-1/é');
  const vector = all.find(({ name }) => name === 'placeOrder, with a client id');
  assert.equal(toHex(buffer.bytes.subarray(0, 2 * COMMAND_BYTES)), vector?.rows.join(''));
});

test('whatever the rows hold, the record says them to the last bit, also through JSON', () => {
  const anyByte = fc.uint8Array({ minLength: COMMAND_BYTES * 4, maxLength: COMMAND_BYTES * 4 });
  const places = fc.array(fc.tuple(fc.nat(4 * COMMAND_BYTES - 1), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...all), places, anyByte, fc.boolean(), (vector, changes, noise, isNoise) => {
      const bytes = isNoise ? noise : new Uint8Array(4 * COMMAND_BYTES);
      if (!isNoise) {
        bytes.set(fromHex(vector.rows.slice(0, 4).join('')));
        for (const [at, value] of changes) bytes[at] = value;
      }
      const record = JSON.parse(JSON.stringify(readCommand(bytes))) as CommandRecord;
      const rows = commandRows(new Int32Array(bytes.buffer), 0);
      assert.equal(toHex(writeCommand(record)), toHex(bytes.subarray(0, rows * COMMAND_BYTES)));
    }),
  );
});

test('a command is read at its row, and takes one row when it claims more than are there', () => {
  const buffer = new CommandBuffer(4);
  buffer.tick(5);
  buffer.placeOrder(6, 1, 1, 2, 3, 0, 0, 'a');
  const bytes = buffer.bytes.slice(0, 3 * COMMAND_BYTES);
  assert.equal(readCommand(bytes, 0).kind, 'tick');
  assert.equal(readCommand(bytes, 1)['clientId'], 'a');
  const torn = bytes.slice(0, 2 * COMMAND_BYTES);
  assert.equal(commandRows(new Int32Array(torn.buffer), 1), 1);
  assert.deepEqual(readCommand(torn, 1), { kind: 'raw', timeMs: 6, bytes: toHex(torn.subarray(COMMAND_BYTES)) });
});

const refused: readonly (readonly [string, unknown, string])[] = [
  ['an unknown kind', { kind: 'mint', timeMs: 1 }, 'kind'],
  ['no time', { kind: 'tick' }, 'timeMs'],
  ['a field too many', { ...tick, market: 1 }, 'market'],
  ['a missing field', { kind: 'cancelOrder', timeMs: 1, account: 3 }, 'order'],
  ['a number as text', { kind: 'cancelOrder', timeMs: 1, account: '3', order: 1 }, 'account'],
  ['a fraction where a row number belongs', { kind: 'cancelOrder', timeMs: 1, account: 3.5, order: 1 }, 'account'],
  ['a number beyond 32 bits', { kind: 'cancelAll', timeMs: 1, account: 2 ** 31, market: 0 }, 'account'],
  ['a price that is no number', { kind: 'collateralPrice', timeMs: 1, price: Number.NaN, sourceMs: 1 }, 'price'],
  [
    'a key of 31 bytes',
    { kind: 'defineAccount', timeMs: 1, kindOfAccount: 1, feeClass: 0, key: '00'.repeat(31) },
    'key',
  ],
  ['a key of no digits', { kind: 'defineAccount', timeMs: 1, kindOfAccount: 1, feeClass: 0, key: 'zz' }, 'key'],
  [
    'a client id of 65 bytes',
    { kind: 'cancelByClientId', timeMs: 1, account: 1, clientId: 'x'.repeat(65) },
    'clientId',
  ],
  ['half a character', { kind: 'cancelByClientId', timeMs: 1, account: 1, clientId: '\ud800' }, 'clientId'],
  [
    'a market without parameters',
    { kind: 'defineMarket', timeMs: 1, fundingPeriodS: 1, venues: 0, name: 'A' },
    'parameters',
  ],
  ['a batch without orders', { kind: 'placeBatch', timeMs: 1, account: 1 }, 'orders'],
  ['half a row', { kind: 'raw', timeMs: null, bytes: '00' }, 'bytes'],
];
for (const [name, record, field] of refused) {
  test(`a record is refused for ${name}`, () => {
    assert.throws(
      () => writeCommand(record as CommandRecord),
      (error) => error instanceof BadCommandRecord && error.field === field,
    );
  });
}

test('a market is refused for a parameter that is missing, and for one that does not exist', () => {
  const market = all.find(({ record }) => record.kind === 'defineMarket')?.record as CommandRecord;
  const parameters = market['parameters'] as Readonly<Record<string, number>>;
  const { tickSize, ...others } = parameters;
  assert.ok(tickSize);
  assert.throws(() => writeCommand({ ...market, parameters: others }), /parameters\.tickSize: missing/);
  assert.throws(() => writeCommand({ ...market, parameters: { ...parameters, mark: 1 } }), /parameters\.mark: no such/);
});

test('a big-endian machine is refused by name', () => {
  assert.doesNotThrow(() => requireLittleEndian());
  assert.throws(() => requireLittleEndian(Uint8Array.of(0, 0, 0, 1)), BigEndianMachine);
});
