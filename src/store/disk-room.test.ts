import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DiskFull, freeBytes, requireRoom, sizeOf } from './disk-room.ts';
import { copyPglite, PGLITE_FOLDER } from './pglite-folders.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-room-'));
after(() => rmSync(folder, { recursive: true }));

test('files are counted wherever they are in a folder; room is asked for with a margin, and what lacks is named', () => {
  const own = join(folder, 'sized');
  mkdirSync(join(own, 'a', 'b'), { recursive: true });
  writeFileSync(join(own, 'one'), 'abc');
  writeFileSync(join(own, 'a', 'b', 'two'), 'defgh');
  assert.equal(sizeOf(own), 8);
  requireRoom(own, 1_000_000, () => 68_108_864);
  assert.throws(
    () => requireRoom(own, 1_000_001, () => 68_108_864),
    (error) =>
      error instanceof DiskFull && error.code === 'disk_full' && /69 MB free, 69 MB are needed/.test(error.message),
  );
});

test('a copy that would fill the disk is refused before it is begun, and nothing of it is there', () => {
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  mkdirSync(join(from, PGLITE_FOLDER), { recursive: true });
  const file = join(from, PGLITE_FOLDER, 'relation');
  writeFileSync(file, 'rows');
  copyPglite(from, to);
  assert.ok(existsSync(join(to, PGLITE_FOLDER, 'relation')));
  // As long as all that is free, without taking any of it.
  truncateSync(file, freeBytes(folder));
  assert.throws(() => copyPglite(from, to), DiskFull);
  assert.equal(existsSync(to), false, 'a copy that was begun anew is none');
  truncateSync(file, 4);
  copyPglite(from, to);
  assert.ok(existsSync(join(to, PGLITE_FOLDER, 'relation')));
});
