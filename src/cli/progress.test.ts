import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Output } from './output.ts';
import { startProgress } from './progress.ts';
import { memoryStreams } from './streams.fixture.ts';

function progressText(isTerminal: boolean, json: boolean): { stdout: string; stderr: string } {
  const streams = memoryStreams(isTerminal);
  const progress = startProgress(new Output(streams, json), 'trading', 10);
  progress.update(5, 'half');
  progress.update(10, 'done');
  progress.stop();
  progress.stop();
  return { stdout: streams.stdout.text, stderr: streams.stderr.text };
}

test('at a terminal the bar is drawn on stderr and ends full', () => {
  const { stdout, stderr } = progressText(true, false);
  assert.match(stderr, /trading █{30} 100% {2}done/);
  assert.equal(stdout, '');
});

test('piped, and with --json, nothing is drawn', () => {
  assert.deepEqual(progressText(false, false), { stdout: '', stderr: '' });
  assert.deepEqual(progressText(true, true), { stdout: '', stderr: '' });
});
