import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

test('one extreme as JSON: the fields that programs read, and an exit code of 0 when every bound holds', async () => {
  const streams = memoryStreams();
  const code = await runProgram(['extremes', '--case', '21', '--json'], streams);
  const result = JSON.parse(streams.stdout.text);
  assert.deepEqual([code, result.cases, result.rows.length], [0, 1, 1]);
  for (const field of [
    'classIVetoes',
    'classIIVetoes',
    'classIIHoldsWithoutDisagreement',
    'addedDelayMsP99',
    'insuranceCostPercent',
  ]) {
    assert.equal(result[field], 0, field);
  }
});
