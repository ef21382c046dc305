import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BackgroundSync } from './background-sync.ts';
import { withFolder } from './journal.fixture.ts';

test('a file is made durable in another thread, again and again', async () => {
  await withFolder(async (folder) => {
    const sync = new BackgroundSync();
    const file = openSync(join(folder, 'a'), 'w');
    for (let n = 0; n < 20; n++) {
      writeSync(file, 'more');
      sync.begin(file);
      sync.wait();
    }
    closeSync(file);
    await sync.close();
  });
});

test('a sync that fails says why, to who waits for it', async () => {
  const sync = new BackgroundSync();
  sync.begin(999_999);
  assert.throws(() => sync.wait(), /EBADF/);
  await sync.close();
});

test('a thread that was never needed is not ended', async () => {
  await new BackgroundSync().close();
});
