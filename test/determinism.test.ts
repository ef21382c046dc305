// The same options give the same bytes: twice on this Node.js, and on another one if MAKEWHOLE_OTHER_NODE names it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/** Runs a short day with `node` and returns the hash of every byte of its journal. */
function journalHash(node: string, folder: string): string {
  const args = [main, 'run', '--accounts', '40', '--seed', '3', '--tick', '30000', '--journal', folder, '--json'];
  const child = spawnSync(node, args, { encoding: 'utf8' });
  assert.equal(child.status, 0, child.stderr);
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.segment')) hash.update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

test('two runs with the same options write the same journal, byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-same-'));
  try {
    const first = journalHash(process.execPath, join(folder, 'first'));
    const other = process.env.MAKEWHOLE_OTHER_NODE ?? process.execPath;
    assert.equal(journalHash(other, join(folder, 'second')), first);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
