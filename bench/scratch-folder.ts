/** Folders for what a benchmark writes, removed when it is done. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `use` with a new folder inside `parent` (the system's folder for temporary files unless said) and removes it. */
export async function withScratchFolder<T>(
  parent: string | undefined,
  use: (folder: string) => T | Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(parent ?? tmpdir(), 'makewhole-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const FILESYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0x794c7630: 'overlay',
  0x01021994: 'tmpfs',
};

/** The kind of file system that a folder is on; on `tmpfs` nothing is ever durable, so a sync there costs nothing. */
export function filesystemOf(folder: string): string {
  const { type } = statfsSync(folder);
  return FILESYSTEMS[type] ?? `0x${type.toString(16)}`;
}
