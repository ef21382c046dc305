import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUOTE_KNOWN } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { readCommand } from '../chain/command-record.ts';
import { type CorrectedSeries, correctedSample } from './correction-series.ts';

const oracle = (rule: CorrectedSeries['rule'], more: Partial<CorrectedSeries> = {}): CorrectedSeries => ({
  sample: 'oraclePrice',
  market: 2,
  source: 1,
  fromMs: 100,
  toMs: 200,
  rule,
  ...more,
});

function ofOracle(series: readonly CorrectedSeries[], timeMs: number, price: number, market = 2, source = 1): unknown {
  const buffer = new CommandBuffer(4);
  buffer.oraclePrice(timeMs, market, source, price, timeMs);
  const bytes = correctedSample(series, buffer.i32, buffer.f64, 0);
  return bytes === undefined || bytes === null ? bytes : readCommand(bytes)['price'];
}

test('points hold from their time on, within the series, of its source and market alone', () => {
  const series = [
    oracle({
      kind: 'points',
      points: [
        { fromMs: 120, price: 7 },
        { fromMs: 150, price: 8 },
      ],
    }),
  ];
  assert.equal(ofOracle(series, 99, 5), undefined);
  assert.equal(ofOracle(series, 110, 5), 5);
  assert.equal(ofOracle(series, 120, 5), 7);
  assert.equal(ofOracle(series, 149, 5), 7);
  assert.equal(ofOracle(series, 200, 5), 8);
  assert.equal(ofOracle(series, 201, 5), undefined);
  assert.equal(ofOracle(series, 150, 5, 3), undefined);
  assert.equal(ofOracle(series, 150, 5, 2, 0), undefined);
});

test('a ratio is rounded to the nearest, halves up, also below zero; the last series named holds; absent is silent', () => {
  const half = oracle({ kind: 'ratio', numerator: 1, denominator: 2 });
  assert.equal(ofOracle([half], 150, 5), 3);
  assert.equal(ofOracle([half], 150, -5), -2);
  assert.equal(ofOracle([half], 150, -6), -3);
  assert.equal(ofOracle([half, oracle({ kind: 'absent' })], 150, 5), null);
  assert.equal(ofOracle([oracle({ kind: 'absent' }), half], 150, 4), 2);
});

test('of a quote only what is known and named changes', () => {
  const buffer = new CommandBuffer(4);
  buffer.venueQuote(150, 2, 3, QUOTE_KNOWN.MARK | QUOTE_KNOWN.IMPACT_BID, 150, 10, 0, 9, 0);
  const rule = { kind: 'ratio', numerator: 3, denominator: 1 } as const;
  const series = [oracle(rule, { sample: 'venueQuote', source: 3 })];
  const bytes = correctedSample(series, buffer.i32, buffer.f64, 0);
  assert.ok(bytes);
  const { mark, index, impactBid, impactAsk } = readCommand(bytes) as unknown as Record<string, number>;
  assert.deepEqual({ mark, index, impactBid, impactAsk }, { mark: 30, index: 0, impactBid: 27, impactAsk: 0 });
  assert.equal(
    correctedSample([oracle(rule, { sample: 'venueQuote', source: 2 })], buffer.i32, buffer.f64, 0),
    undefined,
  );
});

test('what is no sample is left alone', () => {
  const buffer = new CommandBuffer(4);
  buffer.tick(150);
  assert.equal(correctedSample([oracle({ kind: 'absent' })], buffer.i32, buffer.f64, 0), undefined);
});
