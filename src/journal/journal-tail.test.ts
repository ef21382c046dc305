import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFileJournal } from './file-journal.ts';
import { JournalCorrupt } from './journal.ts';
import { fill, linesOf, segmentsOf, withFolder } from './journal.fixture.ts';
import { tailEntries } from './journal-tail.ts';
import { JournalWalk } from './journal-walk.ts';
import { crc32 } from './node-digest.ts';
import { segmentName } from './segment-files.ts';

/** The segments of a journal of a few hundred entries. */
function written(folder: string): Buffer[] {
  const { journal } = openFileJournal(folder, { segmentBytes: 16_384 });
  fill(
    journal,
    Array.from({ length: 60 }, (_, n) => (n * 7) % 23),
  );
  journal.close();
  return segmentsOf(folder).map((path) => readFileSync(path));
}

test('entries come as they are written, however few bytes at a time, across segments; none twice', () => {
  withFolder((folder) => {
    const segments = written(join(folder, 'whole'));
    assert.ok(segments.length > 2);
    const expected = linesOf(new JournalWalk(join(folder, 'whole'), crc32).entries());
    for (const step of [5, 64, 1000, 5000]) {
      const grows = join(folder, `grows-${step}`);
      mkdirSync(grows);
      let [segment, from] = [0, 0];
      const pause = (): boolean => {
        const bytes = segments[segment];
        if (bytes === undefined) return false;
        const file = join(grows, segmentName(segment + 1));
        appendFileSync(file, bytes.subarray(from, from + step));
        from += step;
        if (from >= bytes.length) [segment, from] = [segment + 1, 0];
        return true;
      };
      const found = linesOf(tailEntries(new JournalWalk(grows, crc32), pause));
      assert.deepEqual(found, expected, `${step} bytes at a time`);
    }
  });
});

test('what is written into room that was made ahead is found; what stays damaged is refused', () => {
  withFolder((folder) => {
    const [bytes = Buffer.alloc(0)] = written(join(folder, 'whole'));
    const grows = join(folder, 'grows');
    mkdirSync(grows);
    const file = join(grows, segmentName(1));
    writeFileSync(file, Buffer.alloc(bytes.length));
    let [upTo, looks] = [0, 0];
    const damagedAt = 8192 + 70;
    const pause = (): boolean => {
      looks++;
      upTo = Math.min(bytes.length, upTo + 512);
      const now = Buffer.alloc(bytes.length);
      bytes.copy(now, 0, 0, upTo);
      if (upTo > damagedAt) now[damagedAt] = (bytes[damagedAt] as number) ^ 1;
      writeFileSync(file, now);
      return true;
    };
    let entries = 0;
    assert.throws(() => {
      for (const _ of tailEntries(new JournalWalk(grows, crc32), pause)) entries++;
    }, JournalCorrupt);
    assert.ok(entries > 10 && existsSync(file));
    assert.ok(looks > 30, 'it is looked at again before it is refused');
  });
});
