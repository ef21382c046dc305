// A thread that is woken though there is nothing new goes on waiting: a late notice must not pass for a message.
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { toHex } from '../chain/digest.ts';
import { PageCollector } from '../chain/staged-pages.ts';
import { computeRoots } from '../chain/state-tree.ts';
import { touchAll } from '../chain/touched-pages.ts';
import { genesis } from '../engine/state.ts';
import { sha256 } from './node-digest.ts';
import { RootExchange } from './root-exchange.ts';
import { SyncExchange } from './sync-exchange.ts';

/** Wakes whoever waits for the first word of `memory`, again and again, without a change of it. */
async function wakeForNothing(memory: SharedArrayBuffer): Promise<void> {
  const words = new Int32Array(memory);
  let woken = 0;
  for (let n = 0; n < 200 && woken < 20; n++) {
    woken += Atomics.notify(words, 0);
    await setTimeout(5);
  }
  assert.ok(woken > 0, 'the thread never waited');
}

test('the thread that computes roots', async () => {
  const exchange = new RootExchange();
  const thread = new Worker(new URL('./root-thread.ts', import.meta.url), { workerData: exchange.memory });
  try {
    await wakeForNothing(exchange.memory);
    const UNPACKED = 1;
    assert.equal(new Int32Array(exchange.memory)[UNPACKED], 0);
    const state = genesis();
    const expected = toHex(computeRoots(state, sha256).stateRoot);
    touchAll(state);
    new PageCollector(exchange).finish(state);
    assert.equal(toHex(exchange.wait(0).stateRoot), expected);
  } finally {
    await thread.terminate();
  }
});

test('the thread that syncs, and the journal that waits for it', async () => {
  const exchange = new SyncExchange();
  const thread = new Worker(new URL('./sync-thread.ts', import.meta.url), { workerData: exchange.memory });
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-sync-'));
  const descriptor = openSync(join(folder, 'file'), 'w');
  try {
    await wakeForNothing(exchange.memory);
    const [REQUESTED, ANSWERED] = [0, 1];
    const words = new Int32Array(exchange.memory);
    assert.equal(words[ANSWERED], 0);
    exchange.request(descriptor);
    exchange.wait();
    assert.deepEqual([words[REQUESTED], words[ANSWERED]], [1, 1]);
  } finally {
    await thread.terminate();
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
});
