import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import { SqlFailed } from '../store/database.ts';
import { DiskFilled } from '../store/disk-room.ts';
import { CommandError, exitCodes, toCommandError } from './errors.ts';

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (thrown) {
    return thrown;
  }
  return assert.fail('it threw nothing');
}

test('a named error stays as it is', () => {
  const error = new CommandError('chain_broken', 'block 7 does not follow block 6', exitCodes.corruption);
  assert.equal(toCommandError(error), error);
});

test('what the argument parser refuses keeps its code as the name', () => {
  const error = toCommandError(new CommanderError(1, 'commander.missingArgument', "error: missing argument 'x'"));
  assert.deepEqual([error.name, error.message, error.exitCode], ['missing_argument', "missing argument 'x'", 2]);
});

test('what the system refuses is bad input, by name', async () => {
  const missing = toCommandError(await thrownBy(() => readFile('no-such-file')));
  assert.deepEqual([missing.name, missing.exitCode], ['file_not_found', exitCodes.badInput]);
  assert.match(missing.message, /no-such-file/);
  const folder = toCommandError(await thrownBy(() => readFile('.')));
  assert.equal(folder.name, 'not_a_file');
});

test('a database whose disk is full says so by the name that every full disk has', () => {
  const full = toCommandError(new SqlFailed('could not extend file', '53100', 'insert into t values (1)'));
  assert.deepEqual([full.name, full.exitCode], ['disk_full', exitCodes.badInput]);
  assert.equal(toCommandError(new SqlFailed('x', '42P01', 'select 1')).name, 'database_refused');
  const ended = toCommandError(new DiskFilled('folder', 0, 1));
  assert.deepEqual([ended.name, ended.exitCode], ['disk_full', exitCodes.badInput]);
});

test('a refusal of input keeps the code that its folder gave it', () => {
  const error = toCommandError(Object.assign(new Error('day.csv:7: a gap'), { code: 'bad_row' }));
  assert.deepEqual([error.name, error.message, error.exitCode], ['bad_row', 'day.csv:7: a gap', exitCodes.badInput]);
  const internal = toCommandError(Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' }));
  assert.equal(internal.name, 'bug');
});

test('what nobody named is a bug and keeps what was thrown', () => {
  const thrown = new TypeError('x is undefined');
  const bug = toCommandError(thrown);
  assert.deepEqual([bug.name, bug.exitCode, bug.cause], ['bug', exitCodes.bug, thrown]);
  assert.equal(toCommandError('a string').message, 'a string');
});
