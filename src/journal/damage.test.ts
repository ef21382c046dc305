import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { HEADER_BYTES } from '../chain/entry-frame.ts';
import { fileDisk } from './disk.ts';
import { openFileJournal } from './file-journal.ts';
import { batchFrom, copySegment, crashed, fill, linesOf, segmentsOf, withFolder } from './journal.fixture.ts';
import { JournalCorrupt, JournalFailed } from './journal.ts';
import { JournalWalk, type TornTail } from './journal-walk.ts';
import { crc32 } from './node-digest.ts';
import { lastByte } from './tail.ts';

const SEGMENT_BYTES = 16_384;
const options = { segmentBytes: SEGMENT_BYTES };
/** Rows of the batches; a block of three rows comes after every second. The last entry is a batch. */
const SIZES = [3, 1, 0, 12, 40];

interface Walked {
  readonly lines: string[];
  readonly corrupt: JournalCorrupt | undefined;
  readonly tornTail: TornTail | undefined;
}

/** Reads a journal as opening it does, and changes nothing. */
function walk(folder: string): Walked {
  const walked = new JournalWalk(folder, crc32);
  const lines: string[] = [];
  try {
    for (const entry of walked.entries()) lines.push(...linesOf([entry]));
  } catch (error) {
    assert.ok(error instanceof JournalCorrupt, String(error));
    return { lines, corrupt: error, tornTail: undefined };
  }
  return { lines, corrupt: undefined, tornTail: walked.tornTail };
}

/** Gives `body` a journal as a crash leaves it, one segment with zeros behind its entries, and where each entry ends. */
function withJournal(
  body: (folder: string, file: string, ends: readonly number[], lines: readonly string[]) => void,
): void {
  withFolder((folder) => {
    const { journal } = openFileJournal(join(folder, 'a'), options);
    const ends: number[] = [];
    for (const [at, rows] of SIZES.entries()) {
      const before = journal.bytes;
      fill(journal, [rows], at % 2 === 1 ? 1 : 2);
      if (at % 2 === 1) ends.push(before + HEADER_BYTES * (1 + rows));
      ends.push(journal.bytes);
    }
    crashed(join(folder, 'a'), join(folder, 'b'));
    const lines = linesOf(journal.entries());
    journal.close();
    assert.equal(lines.length, ends.length);
    body(join(folder, 'b'), segmentsOf(join(folder, 'b'))[0] as string, ends, lines);
  });
}

test('a journal as a crash leaves it is whole', () => {
  withJournal((folder, file, ends, lines) => {
    assert.equal(statSync(file).size, SEGMENT_BYTES);
    assert.deepEqual(walk(folder), { lines, corrupt: undefined, tornTail: undefined });
    assert.equal(ends.length, 7);
  });
});

test('any flipped bit of any entry, the last one included, is refused with its file and its entry', () => {
  withJournal((folder, file, ends, lines) => {
    const good = readFileSync(file);
    const used = ends.at(-1) as number;
    // Every byte of the headers, every seventh of the rows.
    const isHeader = (at: number): boolean => [0, ...ends].some((start) => at >= start && at < start + HEADER_BYTES);
    for (let at = 0; at < used; at += isHeader(at + 1) ? 1 : 7) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] as number) ^ (1 << (at % 8));
      writeFileSync(file, bad);
      const walked = walk(folder);
      const entry = ends.findIndex((end) => at < end);
      assert.ok(walked.corrupt, `byte ${at}`);
      assert.equal(walked.corrupt.file, basename(file));
      assert.equal(walked.corrupt.offset, entry === 0 ? 0 : ends[entry - 1], `byte ${at}: ${walked.corrupt.message}`);
      assert.deepEqual(walked.lines, lines.slice(0, entry));
    }
  });
});

test('a flipped bit behind the last entry is cut, and the message says where', () => {
  withJournal((folder, file, ends, lines) => {
    const good = readFileSync(file);
    const used = ends.at(-1) as number;
    for (let at = used; at < SEGMENT_BYTES; at += 61) {
      const bad = Buffer.from(good);
      bad[at] = 1 << (at % 8);
      writeFileSync(file, bad);
      const tornTail = { file: basename(file), offset: used, cutBytes: at + 1 - used };
      assert.deepEqual(walk(folder), { lines, corrupt: undefined, tornTail });
    }
  });
});

test('a journal cut at any byte keeps every whole entry before it', () => {
  withJournal((folder, file, ends, lines) => {
    const used = ends.at(-1) as number;
    for (let length = used; length >= 0; length--) {
      truncateSync(file, length);
      const whole = ends.filter((end) => end <= length);
      const offset = whole.at(-1) ?? 0;
      const walked = walk(folder);
      assert.deepEqual(walked.lines, lines.slice(0, whole.length), `${length} bytes`);
      assert.equal(walked.corrupt, undefined);
      if (length === offset) assert.equal(walked.tornTail, undefined);
      else {
        const cutBytes = lastByte(readFileSync(file), length) - offset;
        assert.deepEqual(walked.tornTail, { file: basename(file), offset, cutBytes }, `${length} bytes`);
      }
    }
  });
});

test('whichever sectors of the last write are missing, it is cut', () => {
  withJournal((folder, file, ends, lines) => {
    const good = readFileSync(file);
    const [start, end] = ends.slice(-2) as [number, number];
    const sectors = Array.from({ length: 8 }, (_, n) => Math.floor(start / 512) + n).filter((n) => n * 512 < end);
    fc.assert(
      fc.property(fc.subarray(sectors, { minLength: 1 }), (missing) => {
        const bad = Buffer.from(good);
        for (const sector of missing) bad.fill(0, Math.max(start, sector * 512), (sector + 1) * 512);
        writeFileSync(file, bad);
        const walked = walk(folder);
        assert.equal(walked.corrupt, undefined);
        assert.deepEqual(walked.lines, lines.slice(0, -1));
        // Where all of it is missing, nothing is left to cut.
        const isBlank = bad.subarray(start).every((byte) => byte === 0);
        assert.equal(walked.tornTail?.offset, isBlank ? undefined : start);
      }),
    );
  });
});

test('garbage behind the last entry is cut', () => {
  withJournal((folder, file, ends, lines) => {
    const used = ends.at(-1) as number;
    for (const length of [1, 63, 64, 65, 700, 5000]) {
      truncateSync(file, used);
      writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(length, randomBytes(1)[0] || 1)]));
      const walked = walk(folder);
      assert.deepEqual([walked.lines, walked.corrupt], [lines, undefined]);
      assert.deepEqual(walked.tornTail, { file: basename(file), offset: used, cutBytes: length });
    }
  });
});

/** Two batches after a first one, with or without a sync between them, and the first of the two damaged. */
function damagedPair(
  sync: 'none' | 'begun' | 'awaited' | 'whole',
  damage: (bytes: Buffer, from: number) => void,
): Walked {
  return withFolder((folder) => {
    const { journal } = openFileJournal(join(folder, 'a'), options);
    fill(journal, [4]);
    const from = journal.bytes;
    journal.append(batchFrom(5, 20));
    if (sync === 'whole') journal.sync();
    if (sync === 'begun' || sync === 'awaited') journal.beginSync();
    if (sync === 'awaited') journal.awaitSync();
    journal.append(batchFrom(25, 20));
    crashed(join(folder, 'a'), join(folder, 'b'));
    journal.close();
    const [file] = segmentsOf(join(folder, 'b')) as [string];
    const bytes = readFileSync(file);
    damage(bytes, from);
    writeFileSync(file, bytes);
    return walk(join(folder, 'b'));
  });
}

test('writes that were not synced may arrive in any order: the first missing one and all behind it are cut', () => {
  for (const sync of ['none', 'begun'] as const) {
    for (const lost of [0, 512, 1024]) {
      const walked = damagedPair(sync, (bytes, from) => bytes.fill(0, Math.max(from, lost), lost + 512));
      assert.deepEqual([walked.lines.length, walked.corrupt], [1, undefined]);
      assert.equal(walked.tornTail?.offset, 5 * HEADER_BYTES);
    }
  }
});

test('a write that was synced before the next one began cannot be missing: it is damage', () => {
  for (const sync of ['awaited', 'whole'] as const) {
    for (const lost of [0, 512, 1024]) {
      const { corrupt } = damagedPair(sync, (bytes, from) => bytes.fill(0, Math.max(from, lost), lost + 512));
      assert.equal(corrupt?.offset, 5 * HEADER_BYTES);
    }
  }
});

/** Several segments, as a crash leaves them. */
function withSegments(body: (folder: string, segments: string[]) => void): void {
  withFolder((folder) => {
    const { journal } = openFileJournal(join(folder, 'a'), options);
    fill(journal, [200, 200, 200, 200, 10]);
    crashed(join(folder, 'a'), join(folder, 'b'));
    journal.close();
    const segments = segmentsOf(join(folder, 'b'));
    assert.ok(segments.length >= 4);
    body(join(folder, 'b'), segments);
  });
}

test('a segment that is missing, cut, swapped or from elsewhere is refused', () => {
  withSegments((folder, [, second, third]) => {
    rmSync(second as string);
    assert.match(walk(folder).corrupt?.message ?? '', /00000002\.segment, byte 0: the segment is missing/);
    renameSync(third as string, second as string);
    copySegment(second as string, third as string);
    assert.match(walk(folder).corrupt?.message ?? '', /00000002\.segment, byte 0: it was written into segment 3/);
  });
  withSegments((folder, [first, second]) => {
    truncateSync(second as string, statSync(second as string).size - 1);
    assert.match(walk(folder).corrupt?.message ?? '', /00000002.*, and a later segment follows/);
    truncateSync(first as string, 201 * HEADER_BYTES);
    truncateSync(second as string, 0);
    assert.match(walk(folder).corrupt?.message ?? '', /00000003\.segment, byte 0: it does not follow the entry before/);
  });
  withSegments((folder, [first, second, third, fourth]) => {
    for (const path of [third, fourth]) rmSync(path as string);
    writeFileSync(second as string, Buffer.concat([readFileSync(first as string).subarray(0, 201 * HEADER_BYTES)]));
    assert.match(walk(folder).corrupt?.message ?? '', /00000002\.segment, byte 0: it was written into segment 1/);
  });
});

test('opening cuts the torn end, says so once, and goes on', () => {
  withJournal((folder, file, ends, lines) => {
    const used = ends.at(-1) as number;
    const bytes = readFileSync(file);
    bytes.fill(0, used - 600, used);
    writeFileSync(file, bytes);
    const { journal, tornTail } = openFileJournal(folder, options);
    const start = ends.at(-2) as number;
    assert.deepEqual(tornTail, { file: basename(file), offset: start, cutBytes: used - 600 - start });
    assert.deepEqual(linesOf(journal.entries()), lines.slice(0, -1));
    fill(journal, [5]);
    crashed(folder, `${folder}-again`);
    journal.close();
    const again = openFileJournal(`${folder}-again`, options);
    assert.equal(again.tornTail, undefined);
    assert.equal(again.journal.sequence, 16 + 5);
    again.journal.close();
  });
});

test('opening refuses damage, changes nothing, and gives the lock back', () => {
  withJournal((folder, file, ends) => {
    const bytes = readFileSync(file);
    bytes[ends[1] as number] = 0;
    writeFileSync(file, bytes);
    for (let n = 0; n < 2; n++) {
      assert.throws(() => openFileJournal(folder, options), { name: 'JournalCorrupt', offset: ends[1] });
      assert.deepEqual(readFileSync(file), bytes);
    }
  });
});

test('when a write or a sync fails, it throws, and nothing more is accepted', () => {
  for (const failing of ['write', 'sync', 'truncate'] as const) {
    withFolder((folder) => {
      let isBroken = false;
      const fails = (name: string): void => {
        if (isBroken && name === failing) throw new Error('no space left on device');
      };
      const { journal } = openFileJournal(folder, {
        ...options,
        disk: {
          write: (...args) => (fails('write'), fileDisk.write(...args)),
          sync: (...args) => (fails('sync'), fileDisk.sync(...args)),
          truncate: (...args) => (fails('truncate'), fileDisk.truncate(...args)),
        },
      });
      fill(journal, [5, 5]);
      isBroken = true;
      const append = (): void => {
        journal.append(batchFrom(11, 240));
        journal.beginSync();
        journal.awaitSync();
      };
      assert.throws(append, (error) => error instanceof JournalFailed && /no space left/.test(String(error.cause)));
      isBroken = false;
      assert.throws(append, JournalFailed);
      assert.throws(() => journal.sync(), JournalFailed);
      journal.close();
      const { journal: again } = openFileJournal(folder, options);
      assert.ok(again.sequence >= 10);
      again.close();
    });
  }
});
