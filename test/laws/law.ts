// What a law is: a rule about one source file, with samples that show that it can fail.

/** A place where a file breaks a law. */
export interface Violation {
  readonly line: number;
  readonly message: string;
}

export interface Sample {
  readonly path: string;
  readonly text: string;
}

/** A law is a pure function of a file's path (relative to the project's root, with forward slashes) and its text. */
export interface Law {
  readonly name: string;
  readonly check: (path: string, text: string) => readonly Violation[];
  /** Each must be refused. */
  readonly refused: readonly Sample[];
  /** Each must be accepted: the near misses. */
  readonly accepted: readonly Sample[];
}

/** Returns one violation for each match of `pattern` (a global expression) in `text`; `describe` words it. */
export function matches(text: string, pattern: RegExp, describe: (match: RegExpExecArray) => string): Violation[] {
  const found: Violation[] = [];
  for (const match of text.matchAll(pattern)) {
    found.push({ line: text.slice(0, match.index).split('\n').length, message: describe(match) });
  }
  return found;
}

export const isTest = (path: string): boolean => path.endsWith('.test.ts');

export const isCode = (path: string): boolean => /\.(ts|tsx|mjs)$/.test(path);

/** The folder of a file under src/, or undefined for a file elsewhere. */
export function sourceFolder(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** The folders of the half that decides: no clock, no chance, no input or output. */
const pureFolders: readonly string[] = ['engine', 'chain', 'guard', 'remedy', 'api'];

export function isPure(path: string): boolean {
  return !isTest(path) && pureFolders.includes(sourceFolder(path) ?? '');
}
