// The measurements of the remedy on a tiny workload: what they count and prove. Times are not looked at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureCases } from '../../bench/remedy-cases.ts';
import { measureCone } from '../../bench/remedy-cone.ts';
import { measureDraft } from '../../bench/remedy-draft.ts';
import { exitCodes } from '../../src/cli/errors.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';

const source = { parameters: { operations: 4_000, markets: 6, accounts: 80, liveTarget: 60, seed: 5 } };
const silent = (): void => undefined;

test('the curve: each cone is proved by a full replay, and one that would be nearly all is left to it', async () => {
  const points = [
    { market: 6, dropped: 1 },
    { market: 6, dropped: 20 },
    { market: 0, dropped: 40 },
    { market: 5, dropped: 0 },
  ];
  const result = await measureCone({ source, points, isVerified: true }, silent);
  const [one, many, all, lost] = result.points;
  assert.deepEqual([one?.kind, one?.isSame, one?.markets], ['cone', true, 1]);
  assert.deepEqual([many?.kind, many?.isSame], ['cone', true]);
  assert.ok((many?.differing ?? 0) > 20 && (many?.accounts ?? 0) > 1 && (many?.executed ?? 0) < result.commands);
  assert.equal(all?.kind, 'beyond');
  assert.deepEqual([lost?.kind, lost?.isSame], ['cone', true]);
  assert.match(all?.why ?? '', /^\d markets, \d+ of \d+ commands$/);
});

test('the draft: from a journal to a receipt for every account', async () => {
  const request = { source, dropped: 5, batchCommands: 64, blockCommands: 1000 };
  const result = await measureDraft(request, silent);
  // The traders, the insurance fund and the fee account.
  assert.deepEqual([result.assessed, result.residual], [82, '0']);
  assert.ok(result.commands > 4_000 && result.draftSeconds > 0);
});

test('what asking costs: a further case and one of a kept window execute what they touch', async () => {
  const request = { source, market: 6, dropped: 3, batchCommands: 64, blockCommands: 1000 };
  const result = await measureCases(request, silent);
  assert.ok(result.executed > 0 && result.executed * 2 < result.commands && result.fileMegabytes > 0);
  assert.equal(result.dropped, 3);
});

test('the command prints the curve and the draft as a person reads them', async () => {
  const streams = memoryStreams();
  const tiny = ['--operations', '2000', '--markets', '4', '--accounts', '50', '--live', '50', '--dropped', '3'];
  assert.equal(await runProgram(['bench', 'remedy', ...tiny], streams), exitCodes.ok, streams.stderr.text);
  const told = streams.stdout.text + streams.stderr.text;
  assert.match(told, /wrong +of market +markets +executed/);
  assert.match(told, /Draft: [\d.]+ s .* 52 receipts/);
});
