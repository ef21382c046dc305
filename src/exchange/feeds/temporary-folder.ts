// For tests: files of a test's own making in a folder that is deleted when the test ends.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What of a test's context is used: to be told when the test has ended. */
interface TestEnd {
  after(work: () => void): void;
}

/** Writes `files` (path to contents) into a new folder and returns the folder. */
export function temporaryFolder(context: TestEnd, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-feeds-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  }
  return folder;
}

/** Writes one file and returns its path. */
export function temporaryFile(context: TestEnd, name: string, contents: string | Uint8Array): string {
  return join(temporaryFolder(context, { [name]: contents }), name);
}
