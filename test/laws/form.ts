// Laws about the form of files: sizes, names, unfinished work, machine paths.
import { isCode, isTest, type Law, matches, type Violation } from './law.ts';
import { masked } from './mask.ts';

const mostLines = 400;
/** Longer files are listed by the test, as advice. */
export const manyLines = 300;

export function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

const lines = (count: number): string => 'a\n'.repeat(count);

export const fileSize: Law = {
  name: `no file of src/ is longer than ${mostLines} lines`,
  check: (path, text) => {
    const count = lineCount(text);
    if (!path.startsWith('src/') || count <= mostLines) return [];
    return [{ line: mostLines + 1, message: `${count} lines: find the second thing this file is about` }];
  },
  refused: [{ path: 'src/engine/apply.ts', text: lines(mostLines + 1) }],
  accepted: [
    { path: 'src/engine/apply.ts', text: lines(mostLines) },
    { path: 'docs/api.md', text: lines(mostLines + 1) },
  ],
};

const emptyNames = ['util', 'utils', 'utilities', 'helper', 'helpers', 'common', 'misc'];

export const namesSaySomething: Law = {
  name: `no file or folder is named ${emptyNames.join(', ')}`,
  check: (path) => {
    const words = path.toLowerCase().split(/[/.\-_]/);
    const empty = words.find((word) => emptyNames.includes(word));
    return empty === undefined ? [] : [{ line: 1, message: `"${empty}" says nothing: name what is in it` }];
  },
  refused: ['src/engine/utils.ts', 'src/helpers/day.ts', 'test/test-helpers.ts', 'src/cli/Common.ts'].map((path) => ({
    path,
    text: '',
  })),
  accepted: [{ path: 'src/engine/amount.ts', text: '' }],
};

// Spelled in halves, so that this file does not break its own law.
const marks = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'];
const markPattern = new RegExp(`\\b(?:${marks.join('|')})\\b`, 'g');

export const nothingUnfinished: Law = {
  name: 'no mark of unfinished work',
  check: (_path, text) =>
    matches(text, markPattern, ([found]) => `${found}: finish it, or write down the limit and its reason`),
  refused: marks.map((mark) => ({ path: 'src/engine/apply.ts', text: `// ${mark}: later` })),
  accepted: [{ path: 'src/engine/apply.ts', text: '// a todo list is a list' }],
};

const machineFolders = ['work', 'root', 'tmp', 'home'];
const machinePattern = new RegExp(`(?<![\\w./*-])/(?:${machineFolders.join('|')})/`, 'g');

export const noMachinePaths: Law = {
  name: 'no path of one machine',
  check: (_path, text) => matches(text, machinePattern, ([found]) => `${found}: a path of one machine`),
  refused: machineFolders.map((folder) => ({ path: 'src/cli/run.ts', text: `const path = '/${folder}/data';` })),
  accepted: [
    { path: 'README.md', text: machineFolders.map((folder) => `see docs/${folder}/x and ./${folder}/`).join() },
    { path: 'src/engine/a.ts', text: '/** tmp/ and /* home/ */ const a = b / work / c;' },
  ],
};

export const plainText: Law = {
  name: 'text is UTF-8 without a byte order mark, with line feeds',
  check: (_path, text) => [
    ...matches(text, /^\uFEFF/g, () => 'a byte order mark'),
    ...matches(text, /\r/g, () => 'a carriage return'),
    ...matches(text, /\uFFFD/g, () => 'bytes that are not UTF-8'),
  ],
  refused: [
    { path: 'src/cli/run.ts', text: '\uFEFFconst a = 1;' },
    { path: 'src/cli/run.ts', text: 'const a = 1;\r\n' },
    { path: 'src/cli/run.ts', text: 'const a = "\uFFFD";' },
  ],
  accepted: [{ path: 'src/cli/run.ts', text: 'const a = "≤ é";\n' }],
};

function narrowedTests(path: string, text: string): Violation[] {
  if (!isCode(path) || !(isTest(path) || path.startsWith('test/'))) return [];
  const { code } = masked(text);
  return [
    ...matches(
      code,
      /\b(?:test|it|describe|suite)\s*\.\s*(?:only|skip|todo)\b/g,
      ([found]) => `${found} narrows the run`,
    ),
    ...matches(code, /\b(?:only|skip|todo)\s*:\s*true\b/g, ([found]) => `${found} narrows the run`),
    ...matches(code, /\.\s*(?:skip|todo)\(\s*\)/g, () => 'a test is left out without saying why'),
  ];
}

export const noNarrowedTests: Law = {
  name: 'no test is singled out or left out; one that cannot run says why',
  check: narrowedTests,
  refused: [
    'test.only("a", f);',
    'describe . skip("a", f);',
    'test("a", { skip: true }, f);',
    'test("a", { only: true }, f);',
    'test("a", (t) => t.skip());',
    'it.todo("a");',
  ].map((text) => ({ path: 'src/engine/apply.test.ts', text })),
  accepted: [
    ...[
      'test("a", { skip: hasData ? false : "MAKEWHOLE_DATA names no folder" }, f);',
      'test("a", (t) => t.skip("needs the recorded prices"));',
      'const text = "test.only and skip: true";',
    ].map((text) => ({ path: 'src/engine/apply.test.ts', text })),
    { path: 'src/chain/read.ts', text: 'reader.skip(); const options = { skip: true };' },
  ],
};
