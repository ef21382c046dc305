/** A rollback in files: cut off anywhere, it never happened or the next start finishes it; altered anywhere, it is found. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { certificateRoot } from '../chain/certificate.ts';
import type { BatchEntry, Entry } from '../chain/entry.ts';
import { HEADER_BYTES } from '../chain/entry-frame.ts';
import { DirectRoots } from '../chain/roots.ts';
import { USDC } from '../engine/venue.fixture.ts';
import { recover } from '../exchange/recover.ts';
import { type Disk, fileDisk } from '../journal/disk.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { type Journal, JournalCorrupt, JournalFailed } from '../journal/journal.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { rollBack } from './roll-back.ts';
import { digestOf, StoppableVenue } from './rollback.fixture.ts';
import { isSound, verifyBranches } from './verify-branches.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-rollback-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const options = { hash: sha256, reason: 'a test' };
const SEGMENT = '00000001.segment';

/** A venue in files that traded, stopped, and is about to be rolled back: what withdrew, what came. */
function stopped(path: string): { readonly good: number; readonly w: number } {
  const { journal } = openFileJournal(path);
  const venue = new StoppableVenue(journal);
  const [w, b] = venue.open(1_000, 50_000) as [number, number];
  const good = venue.height;
  venue.submit((commands, timeMs) => commands.transfer(timeMs, b, w, 9_000 * USDC));
  venue.settle(venue.withdraw(w, 10_000));
  venue.deposit(b, 500);
  venue.exchange.finish();
  journal.close();
  return { good, w };
}

function open(path: string): Journal {
  return openFileJournal(path).journal;
}

function started(journal: Journal): ReturnType<typeof recover> {
  const recovered = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
  assert.ok(recovered.replay.equal, JSON.stringify(recovered.replay.firstDivergence));
  return recovered;
}

const original = join(folder, 'original');
const { good } = stopped(original);
const before = readFileSync(join(original, SEGMENT)).length;
const whole = join(folder, 'whole');
cpSync(original, whole, { recursive: true });
const journal = open(whole);
assert.ok(rollBack(journal, { ...options, restores: good }).accepted);
const digest = digestOf(journal);
journal.close();
const bytes = readFileSync(join(whole, SEGMENT));

describe('a rollback that is cut off', () => {
  test('at any row: it never happened and can be made again, or the next start finishes it: the same bytes', () => {
    let [never, finished] = [0, 0];
    const copy = join(folder, 'cut');
    for (let at = before; at <= bytes.length; at += HEADER_BYTES / 2) {
      rmSync(copy, { recursive: true, force: true });
      cpSync(whole, copy, { recursive: true });
      truncateSync(join(copy, SEGMENT), at);
      const cut = open(copy);
      if (cut.fork === 0) {
        never++;
        started(cut);
        assert.ok(rollBack(cut, { ...options, restores: good }).accepted, `cut at ${at}`);
      } else finished++;
      started(cut);
      assert.equal(digestOf(cut), digest, `cut at byte ${at}`);
      cut.close();
    }
    assert.ok(never > 10 && finished > 10, `${never} ${finished}`);
  });

  test('by a disk that fails at any write: the same bytes in the end', () => {
    const copy = join(folder, 'failing');
    let failed = 0;
    for (let writes = 0; ; writes++) {
      rmSync(copy, { recursive: true, force: true });
      cpSync(original, copy, { recursive: true });
      let left = writes;
      const write: Disk['write'] = (descriptor, parts, position) => {
        if (left-- <= 0) throw new Error('the disk is full');
        return fileDisk.write(descriptor, parts, position);
      };
      const { journal: failing } = openFileJournal(copy, { disk: { ...fileDisk, write } });
      const isDone = ((): boolean => {
        try {
          return rollBack(failing, { ...options, restores: good }).accepted;
        } catch (error) {
          assert.ok(error instanceof JournalFailed, String(error));
          return false;
        }
      })();
      failing.close();
      const again = open(copy);
      if (again.fork === 0) assert.ok(rollBack(again, { ...options, restores: good }).accepted);
      started(again);
      assert.equal(digestOf(again), digest, `after ${writes} writes`);
      again.close();
      if (isDone) break;
      failed++;
    }
    assert.ok(failed >= 4, String(failed));
  });

  test('an unfinished one is not rolled back before a start has finished it', () => {
    const copy = join(folder, 'unfinished');
    cpSync(whole, copy, { recursive: true });
    truncateSync(join(copy, SEGMENT), bytes.length - 3 * HEADER_BYTES);
    const cut = open(copy);
    const result = rollBack(cut, { ...options, restores: good });
    assert.equal(result.accepted ? 'accepted' : result.refusal, 'rollback_unfinished');
    cut.close();
  });

  test('a start in the middle that is cut off itself ends with the same bytes', () => {
    const copy = join(folder, 'twice');
    const certificateEnd = bytes.indexOf('}\n', before) + 2;
    const from = Math.ceil(certificateEnd / HEADER_BYTES) * HEADER_BYTES;
    for (let first = from; first < bytes.length; first += 2 * HEADER_BYTES) {
      for (let second = first; second < bytes.length; second += 3 * HEADER_BYTES) {
        rmSync(copy, { recursive: true, force: true });
        cpSync(whole, copy, { recursive: true });
        truncateSync(join(copy, SEGMENT), first);
        const cut = open(copy);
        started(cut);
        cut.close();
        truncateSync(join(copy, SEGMENT), second);
        const again = open(copy);
        started(again);
        assert.equal(digestOf(again), digest, `${first} ${second}`);
        again.close();
      }
    }
  });
});

describe('a rollback that is altered', () => {
  test('in any byte of its certificate, block and first batch: damage is found', () => {
    const copy = join(folder, 'flipped');
    cpSync(whole, copy, { recursive: true });
    const altered = Buffer.from(bytes);
    for (let at = before; at < bytes.length; at++) {
      altered[at] = (altered[at] as number) ^ 0x10;
      writeFileSync(join(copy, SEGMENT), altered);
      altered[at] = bytes[at] as number;
      const reader = new JournalReader(copy);
      assert.ok(reader.damage instanceof JournalCorrupt || reader.height < journal.height, `byte ${at}`);
    }
  });

  /** The entries of the journal with its certificate replaced, checksums in order: as a forger would write it. */
  function forged(change: (certificate: Uint8Array) => Uint8Array, seals: boolean): MemoryJournal {
    const memory = new MemoryJournal();
    let root: Uint8Array | undefined;
    for (const entry of new JournalReader(whole).entries(-1) as Iterable<Entry>) {
      if (entry.kind === 'block') {
        const isFirst = entry.block.restores !== undefined;
        if (isFirst || root === undefined) {
          memory.appendBlock(isFirst && root !== undefined ? { ...entry.block, commandsRoot: root } : entry.block);
        }
      } else if (entry.certificate === undefined) memory.append(entry as BatchEntry);
      else {
        const certificate = change(entry.certificate);
        if (seals) root = certificateRoot(certificate, sha256);
        memory.appendRestore(certificate, good);
      }
    }
    return memory;
  }

  test('in any byte of its certificate by a forger who mends the checksums: the block names another', () => {
    const length = [...new JournalReader(whole).entries(-1)].flatMap((entry) =>
      entry.kind === 'commands' && entry.certificate !== undefined ? [entry.certificate.length] : [],
    )[0] as number;
    for (let at = 0; at < length; at += 7) {
      const memory = forged((certificate) => {
        const copy = certificate.slice();
        copy[at] = (copy[at] as number) ^ 1;
        return copy;
      }, false);
      const { replay } = recover(memory, { hash: sha256, roots: new DirectRoots(sha256) });
      assert.equal(replay.equal, false, `byte ${at}`);
    }
  });

  test('by a forger who makes a block of it too: the record gives another certificate', () => {
    const replaced = (from: string, to: string) => (certificate: Uint8Array) => {
      const text = Buffer.from(certificate).toString('latin1');
      assert.ok(text.includes(from), `${from} is not in ${text}`);
      return new Uint8Array(Buffer.from(text.replace(from, to), 'latin1'));
    };
    const verdictsOf = (change: (certificate: Uint8Array) => Uint8Array) =>
      verifyBranches(forged(change, true), { hash: sha256, roots: () => new DirectRoots(sha256) });
    assert.ok(verdictsOf((certificate) => certificate).every(isSound));
    for (const [from, to] of [
      ['"voided_transfer":1', '"voided_transfer":2'],
      ['"owed":"900000000000"', '"owed":"800000000000"'],
      ['"deposits":{"count":1', '"deposits":{"count":2'],
      ['"cancelledWithdrawals":[]', '"cancelledWithdrawals":[9]'],
      ['"deadStates":"follow"', '"deadStates":"differ"'],
    ] as const) {
      // What it takes more it has less of spaces behind.
      const verdicts = verdictsOf((certificate) => {
        const made = replaced(from, to)(certificate);
        const end = made.indexOf(10) + 1;
        const rows = Math.ceil(end / HEADER_BYTES) * HEADER_BYTES;
        return new Uint8Array(Buffer.concat([made.subarray(0, end), Buffer.alloc(rows - end, ' ')]));
      });
      assert.ok(!verdicts.every(isSound), `${from} → ${to} is not found`);
    }
  });
});
