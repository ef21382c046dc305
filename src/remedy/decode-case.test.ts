import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../chain/digest.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import { decodeCase } from './decode-case.ts';
import { DEFAULT_POLICY } from './default-policy.ts';
import { CASE_FORMAT, caseHash, caseJson, correctionsHash, type IncidentCase, restorationMs } from './incident-case.ts';

const CASE: IncidentCase = {
  format: CASE_FORMAT,
  name: 'paradex-2026-01-19',
  reason: 'Rows had not arrived when a service started.',
  from: { fork: 0, height: 12, stateRoot: 'ab'.repeat(32) },
  to: { fork: 1, height: 40 },
  corrections: {
    commands: [
      { sequence: 7, commands: [] },
      {
        sequence: 9,
        commands: [{ kind: 'oraclePrice', timeMs: 5, market: 1, source: 0, price: 100, sourceMs: 5 }],
      },
    ],
    series: [
      {
        sample: 'oraclePrice',
        market: 2,
        source: 1,
        fromMs: 10,
        toMs: 20,
        rule: { kind: 'points', points: [{ fromMs: 10, price: 7 }] },
      },
      {
        sample: 'venueQuote',
        market: 2,
        source: 3,
        fromMs: 10,
        toMs: 20,
        rule: { kind: 'ratio', numerator: 100, denominator: 1 },
      },
      { sample: 'collateralPrice', market: 0, source: 0, fromMs: 1, toMs: 2, rule: { kind: 'absent' } },
    ],
    deviations: [
      {
        afterSequence: 6,
        writes: [
          { table: 'market', row: 3, column: 'fundingIndex', index: 0, value: 0 },
          { table: 'market', row: 3, column: 'mark', index: 0, value: Number.NaN },
          { table: 'market', row: 3, column: 'spot', index: 0, value: -0 },
          { table: 'order', row: 0, column: 'live', index: 0, value: 4 },
        ],
      },
    ],
    keepHalts: true,
    release: 1,
    voidedBranches: [0],
  },
  mode: 'bounded',
  reactivePpm: 10_000,
  prices: [{ market: 1, price: 123_456_789_012_345_678n }],
  policy: DEFAULT_POLICY,
  notices: {
    noticeMs: 100,
    reopenMs: 90,
    graceMs: 5,
    late: [{ account: 8, noticeMs: 300, prices: [{ market: 2, price: -77n }] }],
  },
};

/** The case as a file holds it. */
function asFile(incident: IncidentCase): Json {
  return JSON.parse(canonicalJson(caseJson(incident))) as Json;
}

test('a case survives its file to the last bit, and has one hash', () => {
  const read = decodeCase(asFile(CASE));
  assert.ok(!('bad' in read), 'bad' in read ? read.bad : '');
  assert.deepEqual(read, CASE);
  assert.equal(toHex(caseHash(read)), toHex(caseHash(CASE)));
});

test('whatever is changed, the hash of the case is another; that of the corrections when they are', () => {
  const changed: Partial<IncidentCase>[] = [
    { reason: 'another' },
    { mode: 'replay' },
    { reactivePpm: 10_001 },
    { prices: [{ market: 1, price: 1n }] },
    { notices: { ...CASE.notices, graceMs: 6 } },
    { notices: { ...CASE.notices, late: [{ account: 8, noticeMs: 300, prices: [{ market: 2, price: -78n }] }] } },
    { policy: { ...DEFAULT_POLICY, version: DEFAULT_POLICY.version + 1 } },
    { corrections: { ...CASE.corrections, keepHalts: false } },
  ];
  const hashes = new Set(
    [CASE, ...changed.map((change) => ({ ...CASE, ...change }))].map((each) => toHex(caseHash(each))),
  );
  assert.equal(hashes.size, changed.length + 1);
  const other = { ...CASE.corrections, voidedBranches: [1] };
  assert.notEqual(toHex(correctionsHash(CASE.corrections)), toHex(correctionsHash(other)));
});

test('restoration is the later of notice and reopening, and the grace behind it', () => {
  assert.equal(restorationMs(CASE.notices, 3), 105);
  assert.equal(restorationMs(CASE.notices, 8), 305);
});

/** The file with one value replaced (undefined: taken out), at a path of keys and places. */
function changedFile(path: string, value: Json | undefined): Json {
  const file = asFile(CASE) as Record<string, Json>;
  const keys = path.split('.');
  const last = keys.pop() as string;
  let at = file as Record<string, Json>;
  for (const key of keys) at = at[key] as Record<string, Json>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return file;
}

const REFUSED: readonly (readonly [path: string, value: Json | undefined, named: RegExp])[] = [
  ['format', 'makewhole-case/2', /^format is no one of makewhole-case\/1/],
  ['extra', 1, /^extra is not known/],
  ['name', 'A name', /^name is no name/],
  ['reason', '', /^reason is no text/],
  ['from.stateRoot', 'AB'.repeat(32), /^from\.stateRoot/],
  ['from.height', -1, /^from\.height/],
  ['to.height', 3, /^to\.height is before/],
  ['mode', 'guess', /^mode/],
  ['reactivePpm', 1.5, /^reactivePpm/],
  ['corrections.keepHalts', undefined, /^corrections\.keepHalts is missing/],
  ['corrections.keepHalts', 'yes', /^corrections\.keepHalts/],
  ['corrections.release', 99, /^corrections\.release is no known engine release \(1\)/],
  ['corrections.voidedBranches', [1, 1], /^corrections\.voidedBranches\[1\] is out of order/],
  ['corrections.commands.1.sequence', 7, /^corrections\.commands\[1\] is out of order, or there twice/],
  ['corrections.commands.1.commands.0.kind', 'mint', /^corrections\.commands\[1\]\.commands\[0\]\.kind/],
  ['corrections.commands.1.commands.0.price', undefined, /^corrections\.commands\[1\]\.commands\[0\]\.price/],
  ['corrections.deviations.0.writes.0.table', 'money', /^corrections\.deviations\[0\]\.writes\[0\]\.table/],
  ['corrections.deviations.0.writes.0.value', 'f64:0', /^corrections\.deviations\[0\]\.writes\[0\]\.value/],
  ['corrections.deviations.0.writes.0.value', 'f64:4000000000000000', /writes\[0\]\.value is no whole number/],
  ['corrections.deviations.0.writes.0.value', null, /writes\[0\]\.value is no whole number/],
  ['corrections.series.0.sample', 'rumour', /^corrections\.series\[0\]\.sample/],
  ['corrections.series.0.rule.kind', 'better', /^corrections\.series\[0\]\.rule\.kind/],
  ['corrections.series.0.rule.points', [], /points is empty/],
  ['corrections.series.0.rule.points.0', { fromMs: 10 }, /points\[0\] has no price/],
  ['corrections.series.0.rule.points.0.mark', 3, /points\[0\]\.mark is not known/],
  ['corrections.series.1.rule.denominator', 0, /denominator/],
  ['corrections.series.1.toMs', 9, /series\[1\]\.toMs is before/],
  ['corrections.series.2.market', 1, /series\[2\]\.market/],
  ['prices.0.price', '1e9', /^prices\[0\]\.price/],
  ['notices.graceMs', undefined, /^notices\.graceMs is missing/],
  ['notices.late.0.prices', undefined, /^notices\.late\[0\]\.prices is missing/],
  ['notices.late.0.prices.0.price', 77, /^notices\.late\[0\]\.prices\[0\]\.price/],
  ['notices.late.0.account', 2, /^notices\.late\[0\]\.account/],
  ['notices.late.0.noticeMs', 100, /^notices\.late\[0\] could act no later than everybody/],
  ['policy.pays', 'Z', /^policy: pays/],
  ['policy', 3, /^policy/],
];

for (const [path, value, named] of REFUSED) {
  test(`a case is refused by the field: ${path} = ${JSON.stringify(value)}`, () => {
    const read = decodeCase(changedFile(path, value));
    assert.ok('bad' in read);
    assert.match(read.bad, named);
  });
}

test('what is no object is no case', () => {
  for (const value of [null, 3, 'case', [], [asFile(CASE)]]) assert.ok('bad' in decodeCase(value));
});
