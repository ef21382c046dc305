import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '@noble/hashes/sha2.js';
import { certificateRoot, decodeCertificate, encodeCertificate, type RollbackCertificate } from './certificate.ts';
import { CommandsRoot } from './commands-root.ts';

const CERTIFICATE: RollbackCertificate = {
  format: 'makewhole-rollback/1',
  forkId: 2,
  parent: 1,
  restores: { height: 3, hash: 'aa', root: 'bb' },
  deadHead: { height: 9, hash: 'cc', root: 'dd' },
  reason: 'a false index – für alle',
  incident: null,
  corrections: 'ee',
  orderPolicy: 'keep_tp_sl_and_reduce_only',
  deadStates: 'differ',
  fates: { hash: 'ff', counts: { carried: 2, voided_tick: 7 } },
  carried: {
    deposits: { count: 1, amount: '5' },
    withdrawals: { count: 1, amount: '8', owed: '7' },
    accounts: 0,
    markets: 0,
  },
  cancelledWithdrawals: null,
  commands: [12, [13, 3, 8, 1]],
  firstBatch: '00',
  approval: null,
};

test('a certificate is rows of ASCII, and reads back as it was', () => {
  const rows = encodeCertificate(CERTIFICATE);
  assert.equal(rows.length % 64, 0);
  assert.ok(rows.every((byte) => byte < 127));
  assert.deepEqual(decodeCertificate(rows), CERTIFICATE);
  const shuffled = Object.fromEntries(Object.entries(CERTIFICATE).toReversed()) as unknown as RollbackCertificate;
  assert.deepEqual(encodeCertificate(shuffled), rows);
});

test('only the very bytes of a certificate are one', () => {
  const rows = encodeCertificate(CERTIFICATE);
  const text = Buffer.from(rows).toString('latin1');
  const changed = (from: string, to: string) => new Uint8Array(Buffer.from(text.replace(from, to), 'latin1'));
  for (const [from, to] of [
    ['"forkId":2', '"forkId":-2'],
    ['"forkId":2', '"forkId":2.5'],
    ['"forkId":2,', ''],
    ['"forkId":2', '"forkId": 2'],
    ['"forkId":2,"parent":1', '"parent":1,"forkId":2'],
    ['rollback/1', 'rollback/2'],
    ['keep_tp', 'drop_tp'],
    ['"differ"', '"unsure"'],
    ['"carried":2', '"carried":"2"'],
    ['"carried":2', '"unheard":2'],
    ['[13,3,8,1]', '[13,3,8]'],
    ['"incident":null', '"incident":5'],
    ['\n', ' '],
  ] as const) {
    assert.ok(text.includes(from));
    assert.equal(decodeCertificate(changed(from, to)), undefined, `${from} → ${to}`);
  }
  const padded = new Uint8Array(rows.length + 64).fill(32);
  padded.set(rows);
  assert.equal(decodeCertificate(padded), undefined);
  const last = rows.slice();
  last[last.length - 1] = 33;
  assert.equal(decodeCertificate(last), undefined);
  assert.equal(decodeCertificate(new Uint8Array()), undefined);
});

test('the root of a certificate is that of its rows', () => {
  const rows = encodeCertificate(CERTIFICATE);
  const root = new CommandsRoot(sha256);
  root.add(rows);
  assert.deepEqual(certificateRoot(rows, sha256), root.finish());
});
