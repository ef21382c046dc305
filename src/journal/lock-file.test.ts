import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withFolder } from './journal.fixture.ts';
import { JournalLocked, takeLock } from './lock-file.ts';

const lockFile = fileURLToPath(new URL('./lock-file.ts', import.meta.url));

test('a lock is held once, and again after it was given back', () =>
  withFolder((folder) => {
    const unlock = takeLock(folder);
    assert.throws(() => takeLock(folder), JournalLocked);
    unlock();
    unlock();
    const again = takeLock(folder);
    assert.deepEqual(readdirSync(folder), ['lock']);
    again();
    assert.deepEqual(readdirSync(folder), []);
  }));

test('the lock of another process is respected while it lives, and taken over once it is dead', async () => {
  await withFolder(async (folder) => {
    const source = `import { takeLock } from ${JSON.stringify(lockFile)}; takeLock(${JSON.stringify(folder)}); process.stdout.write('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    assert.throws(() => takeLock(folder), new RegExp(`process ${child.pid}`));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    assert.ok(existsSync(join(folder, 'lock')));
    takeLock(folder)();
    assert.deepEqual(readdirSync(folder), []);
  });
});

test('a process number that came again is not its holder', { skip: lacksStartTimes() }, () =>
  withFolder((folder) => {
    const file = join(folder, 'lock');
    writeFileSync(file, `${process.pid} started 1`);
    const unlock = takeLock(folder);
    assert.match(readFileSync(file, 'utf8'), new RegExp(`^${process.pid} started \\d+$`));
    unlock();
  }),
);

test('a lock that says nothing is not taken over', () =>
  withFolder((folder) => {
    writeFileSync(join(folder, 'lock'), '');
    assert.throws(() => takeLock(folder), JournalLocked);
  }));

test('of two that find a dead lock, one takes it', () =>
  withFolder((folder) => {
    writeFileSync(join(folder, 'lock'), '999999999');
    // The other one is between the two steps of taking over.
    writeFileSync(join(folder, 'lock.of-999999999'), '999999999');
    assert.throws(() => takeLock(folder), /which is dead/);
  }));

function lacksStartTimes(): string | false {
  return existsSync('/proc/self/stat') ? false : 'this system does not tell when a process started';
}
