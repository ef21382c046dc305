/** A release that is to take the place of the running one: its folder, what it is made of, and what it is declared to do otherwise. */
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Something in which the candidate's outcome is meant to differ. */
export interface DeclaredDifference {
  /** Height of the first block in which it may. */
  readonly from: number;
  /** `state_market`, …; `margin` (equity, initial, maintenance, liquidatable of each account); `event`, whose columns are kinds. */
  readonly table: string;
  /** `*` for a table that only one of both has. */
  readonly column: string;
  readonly reason: string;
}

export interface Release {
  /** Real path. */
  readonly folder: string;
  /** SHA-256 of all its sources, by their paths. */
  readonly hash: string;
  readonly declared: readonly DeclaredDifference[];
}

/** A folder that is no release, or a file that declares nothing that can be. Nothing was done. */
class BadRelease extends Error {
  readonly code: 'bad_release' | 'bad_declaration';
  constructor(code: BadRelease['code'], message: string) {
    super(message);
    this.name = 'BadRelease';
    this.code = code;
  }
}

const MAIN = join('src', 'cli', 'main.ts');

/** The folder of the release that this process runs. */
export const OWN_RELEASE = realpathSync(fileURLToPath(new URL('../..', import.meta.url)));

/** Reads the release in a folder. Refuses (throws `BadRelease`) a folder without its program, and declarations of another form. */
export function readRelease(folder: string, declared: unknown): Release {
  const wanted = [MAIN, 'package.json'];
  const missing = wanted.find((path) => !existsSync(join(folder, path)));
  if (missing !== undefined) throw new BadRelease('bad_release', `${folder} is no release: it has no ${missing}`);
  const path = realpathSync(folder);
  return { folder: path, hash: hashOf(path), declared: declaredOf(declared) };
}

/** SHA-256 of everything that a release runs but for its dependencies, which its lock file names. */
export function hashOf(folder: string): string {
  const files = ['package.json', 'package-lock.json'].filter((name) => existsSync(join(folder, name)));
  const sources = ['bench', 'src']
    .filter((name) => existsSync(join(folder, name)))
    .flatMap((name) => readdirSync(join(folder, name), { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(folder.length + 1))
    .sort();
  const lines = [...files, ...sources].map((name) => `${hash('sha256', readFileSync(join(folder, name)))} ${name}\n`);
  return hash('sha256', lines.join(''));
}

function declaredOf(value: unknown): DeclaredDifference[] {
  if (value === undefined) return [];
  const refuse = (at: number, what: string): never => {
    throw new BadRelease('bad_declaration', `difference ${at}: ${what}`);
  };
  if (!Array.isArray(value)) throw new BadRelease('bad_declaration', 'it is no list of differences');
  return value.map((each: Partial<DeclaredDifference> | null, at) => {
    const { from, table, column, reason, ...more } = each ?? {};
    const [unknown] = Object.keys(more);
    if (unknown !== undefined) refuse(at, `${unknown} is not known`);
    if (!Number.isSafeInteger(from) || (from as number) < 0) refuse(at, 'from is no height');
    for (const [name, text] of Object.entries({ table, column, reason })) {
      if (typeof text !== 'string' || text === '') refuse(at, `${name} is no text`);
    }
    return { from, table, column, reason } as DeclaredDifference;
  });
}

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * How a command of a release is run: by its own Node.js and dependencies, where it has them, else by those of this process.
 */
export function programOf(folder: string, args: readonly string[]): Program {
  const node = join(folder, 'node_modules', '.bin', 'node');
  const isOwn = existsSync(join(folder, 'node_modules'));
  const shared = isOwn ? [] : ['--import', new URL('./shared-modules.ts', import.meta.url).href];
  return { file: existsSync(node) ? node : process.execPath, args: [...shared, join(folder, MAIN), ...args] };
}
