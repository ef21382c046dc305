// Documents on a disk that is full, and those that a procedure does not go on behind.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Disk, fileDisk } from '../journal/disk.ts';
import { evidenceText, makeEvidence } from './evidence.ts';
import { PgliteWorld } from './pglite-world.ts';
import { Procedure } from './procedure.ts';
import { EvidenceRefused } from './procedure-record.ts';
import { UpgradeFiles } from './upgrade-files.ts';
import { NO_MIGRATION } from './upgrade-migration.ts';
import { STOPPED } from './venue.ts';

const folder = mkdtempSync(join(tmpdir(), 'makewhole-upgrade-files-'));
after(() => rmSync(folder, { recursive: true }));

const SEED = new Uint8Array(32).fill(5);
const OTHER = new Uint8Array(32).fill(6);
const REPORT = { verdict: 'pass', abort: null, beganMs: 1, endedMs: 2, content: { rows: 3 } } as const;
const PLAN = makeEvidence([], '1-aaaaaaaa', { ...REPORT, state: 'PLAN' }, SEED);
const REHEARSE = makeEvidence([PLAN], '1-aaaaaaaa', { ...REPORT, state: 'REHEARSE' }, SEED);

/** A disk that takes half of each write once it is full. */
class FullDisk implements Disk {
  isFull = false;

  sync(descriptor: number): void {
    fileDisk.sync(descriptor);
  }

  truncate(descriptor: number, bytes: number): void {
    fileDisk.truncate(descriptor, bytes);
  }

  write(descriptor: number, parts: readonly Uint8Array[], position: number): void {
    if (!this.isFull) return fileDisk.write(descriptor, parts, position);
    fileDisk.write(
      descriptor,
      parts.map((part) => part.subarray(0, part.length / 2)),
      position,
    );
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' });
  }
}

test('a document that the disk does not take is not there, nor half of it; with room again it is written', () => {
  const disk = new FullDisk();
  const files = new UpgradeFiles(join(folder, 'full'), '1-aaaaaaaa', disk);
  files.write(PLAN);
  disk.isFull = true;
  assert.throws(() => files.write(REHEARSE), { code: 'ENOSPC' });
  assert.deepEqual(readdirSync(join(folder, 'full', '1-aaaaaaaa')), ['00-PLAN.json']);
  assert.deepEqual(files.verify(), { sound: true, chain: [PLAN] });
  disk.isFull = false;
  files.write(REHEARSE);
  assert.deepEqual(files.verify(), { sound: true, chain: [PLAN, REHEARSE] });
  assert.throws(() => files.write(REHEARSE), /is there already/);
});

test('room for the way back is kept whole or not at all, is no document, and is given back', () => {
  const disk = new FullDisk();
  const files = new UpgradeFiles(join(folder, 'reserve'), '1-aaaaaaaa', disk);
  const names = (): string[] => readdirSync(join(folder, 'reserve', '1-aaaaaaaa'));
  disk.isFull = true;
  assert.throws(() => files.reserve(), { code: 'ENOSPC' });
  assert.deepEqual(names(), []);
  disk.isFull = false;
  files.reserve();
  files.reserve();
  files.write(PLAN);
  assert.deepEqual(names(), ['00-PLAN.json', 'reserve']);
  assert.deepEqual(files.verify(), { sound: true, chain: [PLAN] });
  files.freeReserve();
  assert.deepEqual(names(), ['00-PLAN.json']);
  const refused = new UpgradeFiles(join(folder, 'reserve'), '2-aaaaaaaa', disk);
  refused.reserve();
  refused.freeReserve();
  assert.deepEqual(readdirSync(join(folder, 'reserve')), ['1-aaaaaaaa'], 'one that was never begun leaves nothing');
});

function procedureIn(upgrades: string, seed: Uint8Array): Procedure {
  return new Procedure({
    id: '1-aaaaaaaa',
    files: new UpgradeFiles(upgrades, '1-aaaaaaaa'),
    world: new PgliteWorld(join(upgrades, 'database'), 1),
    venue: STOPPED,
    migration: NO_MIGRATION,
    journal: join(upgrades, 'journal'),
    exchange: 'ours',
    seat: 'here',
    limits: { budgetMs: 1000, holdMs: 0, soakMs: 0, blocks: 1 },
    seed,
  });
}

test('nobody goes on with an upgrade that another key began, nor behind documents that were edited', () => {
  const upgrades = join(folder, 'resumed');
  const files = new UpgradeFiles(upgrades, '1-aaaaaaaa');
  files.write(PLAN);
  files.write(REHEARSE);
  assert.equal(procedureIn(upgrades, SEED).outcome().steps.length, 2);
  const refused = (seed: Uint8Array, code: string, about: RegExp): void =>
    assert.throws(
      () => procedureIn(upgrades, seed),
      (error) => error instanceof EvidenceRefused && error.code === code && about.test(error.message),
    );
  refused(OTHER, 'evidence_of_another_key', /^1-aaaaaaaa, document 0: key_changed/);
  const file = join(upgrades, '1-aaaaaaaa', '01-REHEARSE.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"rows":3', '"rows":4'));
  refused(SEED, 'evidence_edited', /document 1: signature_wrong/);
  // One that another key signed in its place, and one that lacks the one before.
  writeFileSync(file, evidenceText(makeEvidence([PLAN], '1-aaaaaaaa', { ...REPORT, state: 'REHEARSE' }, OTHER)));
  refused(SEED, 'evidence_of_another_key', /document 1: key_changed/);
  writeFileSync(file, evidenceText(REHEARSE));
  rmSync(join(upgrades, '1-aaaaaaaa', '00-PLAN.json'));
  refused(SEED, 'evidence_edited', /document 0: wrong_place/);
});
