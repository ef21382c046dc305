import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { type PayoutName, planHash, type Transfer, transferId, transfersIn } from './refund-plan.ts';

const NAME: PayoutName = { incident: '0f'.repeat(32), round: 2 };

const transfer = (account: number, amount: bigint, cause: Transfer['cause'] = 'refund'): Transfer => ({
  cause,
  account,
  amount,
  id: transferId(NAME, account, cause),
});

test('an id is the first 128 bits of SHA-256 over what the transfer is for', () => {
  const expected = createHash('sha256')
    .update('refund')
    .update(Buffer.from(NAME.incident, 'hex'))
    .update(Buffer.from([0, 0, 0, 2, 0, 1, 0, 7]))
    .update('reversal')
    .digest()
    .subarray(0, 16);
  assert.deepEqual(Buffer.from(transferId(NAME, 65_543, 'reversal')), expected);
});

test('another incident, round, account or cause has another id', () => {
  const ids = [
    transferId(NAME, 3, 'refund'),
    transferId(NAME, 4, 'refund'),
    transferId(NAME, 3, 'reversal'),
    transferId({ ...NAME, round: 3 }, 3, 'refund'),
    transferId({ ...NAME, incident: '1f'.repeat(32) }, 3, 'refund'),
  ].map((id) => Buffer.from(id).toString('hex'));
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(transferId(NAME, 3, 'refund'), transferId({ ...NAME }, 3, 'refund'));
});

test('the hash of a plan is another one for another amount, account, cause, order, or one transfer less', () => {
  const [a, b] = [transfer(3, 5n), transfer(4, 6n)];
  const hashes = [
    [a, b],
    [b, a],
    [a],
    [],
    [a, { ...b, amount: 7n }],
    [a, { ...b, account: 5 }],
    [a, { ...b, cause: 'reversal' as const }],
    [a, { ...b, id: a.id }],
  ].map(planHash);
  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(planHash([a, b]), planHash([{ ...a }, { ...b }]));
});

test('the transfers of commands are read as they were planned, whatever stands between them', () => {
  const planned = [transfer(9, 30n, 'reversal'), transfer(3, 5n), transfer(4, 2n ** 51n)];
  const commands = new CommandBuffer(4);
  for (const { cause, account, amount, id } of planned) {
    if (cause === 'reversal') commands.reverseCredit(7, account, Number(amount), id);
    else commands.reserveRefund(7, account, Number(amount), id);
    commands.placeOrder(7, account, 1, 2, 3, 0, 0, 'x');
    commands.postRefund(7, id);
  }
  const { bytes, i32, f64, rows } = commands;
  const read = transfersIn(bytes, i32, f64, rows);
  assert.deepEqual(
    read?.map(({ cause, account, amount, id, timeMs }) => ({
      cause,
      account,
      amount,
      id: Uint8Array.from(id),
      timeMs,
    })),
    planned.map((each) => ({ ...each, timeMs: 7 })),
  );
  assert.deepEqual(
    read?.map(({ row }) => row),
    [0, 4, 8],
  );
  commands.reserveRefund(7, 3, 0.5, planned[0]?.id as Uint8Array);
  assert.equal(transfersIn(commands.bytes, commands.i32, commands.f64, commands.rows), undefined);
});
