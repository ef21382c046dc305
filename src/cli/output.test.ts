import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Output, toJson } from './output.ts';
import { memoryStreams } from './streams.fixture.ts';

test('for people: prose on stderr, nothing on stdout', () => {
  const streams = memoryStreams();
  const output = new Output(streams, false);
  output.say('3 blocks');
  output.warn('a source was silent');
  output.result({ blocks: 3 });
  assert.equal(streams.stderr.text, '3 blocks\nwarning: a source was silent\n');
  assert.equal(streams.stdout.text, '');
});

test('for programs: one line of JSON on stdout, warnings alone on stderr', () => {
  const streams = memoryStreams();
  const output = new Output(streams, true);
  output.say('3 blocks');
  output.warn('a source was silent');
  output.result({ blocks: 3, residual: 0n });
  assert.equal(streams.stdout.text, '{"blocks":3,"residual":"0"}\n');
  assert.equal(streams.stderr.text, 'warning: a source was silent\n');
});

test('a second result throws', () => {
  const output = new Output(memoryStreams(), true);
  output.result({});
  assert.throws(() => output.result({}), /one result/);
});

test('a number that JSON would turn into null throws and is named', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => toJson({ rate: value }), /rate is/);
  }
});
