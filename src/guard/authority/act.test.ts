import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { RULE } from '../../engine/rules.ts';
import { type Act, actBytes, actHash, canonicalAct } from './act.ts';
import { actOf, ANN, enrolment, signed } from './act.fixture.ts';
import { decodeAct, decodeRecord, decodeSignedAct, recordLine } from './decode-act.ts';
import { isPublicKey, isSignedBy, publicKeyOf, signHash } from './signature.ts';

const act: Act = {
  venue: '5a'.repeat(32),
  fork: 0,
  nonce: '00112233445566778899aabbccddeeff',
  notBeforeMs: 5,
  expiryMs: 1000,
  reason: 'Kurs „gestört“ 🟥',
  what: {
    kind: 'commands',
    commands: [
      { kind: 'setStatus', market: 0, status: 2, paused: 0 },
      { kind: 'setRule', rule: RULE.guard_grace, value: 10_000 },
    ],
  },
};

/** SHA-256 of `makewhole act 2`, a line feed and the line below, by other means. */
const HASH = '27964d9e1b27eeaf84e85cc75e8691f6fcfd1b026eb0e8f6fb4cf71d66b224ee';

test('the canonical line and the hash of an act are these, for good', () => {
  assert.equal(
    canonicalAct(act),
    `{"venue":"${'5a'.repeat(32)}",` +
      '"fork":0,"nonce":"00112233445566778899aabbccddeeff","notBeforeMs":5,"expiryMs":1000,' +
      '"reason":"Kurs \\u201egest\\u00f6rt\\u201c \\ud83d\\udfe5","what":{"kind":"commands","commands":[' +
      '{"kind":"setStatus","market":0,"status":2,"paused":0},{"kind":"setRule","rule":24,"value":10000}]}}',
  );
  assert.equal(actHash(act), HASH);
});

test('what is read has the same hash whatever the order of its fields, and is what was written', () => {
  const { venue, fork, nonce, what, ...others } = act;
  const disordered = { ...others, what: { ...what, kind: what.kind }, nonce, fork, venue };
  const read = decodeAct(JSON.parse(JSON.stringify(disordered)));
  assert.deepEqual(read, act);
  assert.equal(actHash(read as Act), HASH);
  const record = { atMs: 7, ...signed(act, ANN) };
  assert.deepEqual(decodeRecord(recordLine(record)), record);
  assert.deepEqual(decodeRecord(recordLine(record).replace(',"act"', ', "act"')), {
    bad: 'record: not in canonical form',
  });
});

test('a signature is that of RFC 8032: another implementation takes it, and its test vector comes out', () => {
  const seed = Uint8Array.from(Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'));
  assert.equal(publicKeyOf(seed), 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  assert.equal(
    signHash('', seed),
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  const { signatures } = signed(act, ANN);
  const x = Buffer.from(ANN.key, 'hex').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const [signature] = signatures;
  assert.ok(verify(null, Buffer.from(HASH, 'hex'), key, Buffer.from(signature?.signature ?? '', 'hex')));
  assert.deepEqual(signed(act, ANN), signed(act, ANN));
});

test('only points of the right order in their one encoding are keys', () => {
  assert.ok(isPublicKey(ANN.key));
  for (const bad of ['00'.repeat(32), '01'.padEnd(64, '0'), 'ff'.repeat(32), `ec${'ff'.repeat(30)}7f`]) {
    assert.equal(isPublicKey(bad), false, bad);
    assert.equal(isSignedBy(bad, HASH, '00'.repeat(64)), false, bad);
  }
});

const commandsOf = (...commands: object[]): unknown => ({ ...act, what: { kind: 'commands', commands } });

const { reason: _, ...withoutReason } = act;

const bad: readonly (readonly [why: RegExp, value: unknown])[] = [
  [/^act: not an object/, null],
  [/^act.extra: no such field/, { ...act, extra: 1 }],
  [/^act.reason: missing/, withoutReason],
  [/^fork: not a whole number/, { ...act, fork: -1 }],
  [/^nonce: not 32/, { ...act, nonce: 'x' }],
  [/^expiryMs: not a whole number/, { ...act, expiryMs: 1.5 }],
  [/^reason: a text is missing/, { ...act, reason: ' ' }],
  [/^reason: the text has a lone surrogate/, { ...act, reason: 'a\ud800' }],
  [/^reason: a character that steers/, { ...act, reason: 'a\u001b[2J' }],
  [/^reason: a character that steers what/, { ...act, reason: 'a\u202ea' }],
  [/^what.kind: unknown/, { ...act, what: { kind: 'pay' } }],
  [/^what.commands: not a list/, { ...act, what: { kind: 'commands', commands: {} } }],
  [/^what.commands: 0 entries/, commandsOf()],
  [
    /^what.commands.kind: not of an administrator/,
    commandsOf({ kind: 'deposit', account: 3, amount: 1, reference: 1 }),
  ],
  [/^what.commands.timeMs: the exchange gives the time/, commandsOf({ kind: 'setRule', rule: 1, value: 1, timeMs: 1 })],
  [/command setRule, field value: a number is missing/, commandsOf({ kind: 'setRule', rule: 1 })],
  [/command setRule, field other: no such field/, commandsOf({ kind: 'setRule', rule: 1, value: 1, other: 1 })],
  [/^market: not a whole number/, { ...act, what: { kind: 'lift', component: { kind: 'market', market: '1' } } }],
  [/^what.component.market: 0 is none/, { ...act, what: { kind: 'lift', component: { kind: 'market', market: 0 } } }],
  [/^what.component: no market/, { ...act, what: { kind: 'reopen', component: { kind: 'account', account: 3 } } }],
  [/^what.keys.role: unknown/, { ...act, what: { kind: 'enrol', keys: [{ key: ANN.key, role: 'king' }] } }],
  [/^what.key: not 64/, { ...act, what: { kind: 'retire', key: ANN.key.toUpperCase() } }],
];

for (const [why, value] of bad) {
  test(`what is no act is refused by its field: ${why.source}`, () => {
    const read = decodeAct(value);
    assert.ok('bad' in read, JSON.stringify(read));
    assert.match(read.bad, why);
    assert.ok('bad' in decodeSignedAct({ act: value, signatures: [] }));
  });
}

test('reading never throws, whatever the JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.ok('bad' in decodeSignedAct(value));
      const read = decodeAct({ ...act, what: value });
      assert.ok('bad' in read);
    }),
  );
});

test('the commands of an act carry the time at which it is carried out', () => {
  const bytes = actBytes(act, 1_234_567);
  const floats = new Float64Array(bytes.buffer);
  assert.deepEqual([bytes.length, floats[1], floats[9]], [128, 1_234_567, 1_234_567]);
  assert.equal(actBytes(enrolment().act, 1).length, 0);
  const reopen = actBytes(actOf({ kind: 'reopen', component: { kind: 'market', market: 3 } }), 1);
  const same = actBytes(
    actOf({ kind: 'commands', commands: [{ kind: 'setStatus', market: 3, status: 0, paused: 0 }] }),
    1,
  );
  assert.deepEqual(reopen, same);
});
