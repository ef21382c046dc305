// The laws of the source: what CONTRIBUTING asks and a machine can check. Each law is shown to fail on its samples.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import {
  fileSize,
  lineCount,
  manyLines,
  namesSaySomething,
  noMachinePaths,
  noNarrowedTests,
  nothingUnfinished,
  plainText,
} from './laws/form.ts';
import { importOrder, noBarrels, pureImports, testImportsStayInTests } from './laws/imports.ts';
import { isCode, type Law, type Sample } from './laws/law.ts';
import { mask } from './laws/mask.ts';
import { noBigintInEngine, noShiftBy32, purity } from './laws/purity.ts';

const lawsOfCode: readonly Law[] = [
  importOrder,
  pureImports,
  testImportsStayInTests,
  noBarrels,
  purity,
  noBigintInEngine,
  noShiftBy32,
  noNarrowedTests,
];
const lawsOfText: readonly Law[] = [fileSize, namesSaySomething, nothingUnfinished, noMachinePaths, plainText];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = '{src,test,bench,scripts,web,docs}/**/*.{ts,tsx,mjs,css,html,sql,sh,md,json}';

function readFiles(): Sample[] {
  const paths = globSync([folders, '*.{md,json}', 'makewhole', '.ci/run'], { cwd: root });
  return paths
    .filter((path) => path !== 'package-lock.json' && !/(^|\/)(node_modules|dist)\//.test(path))
    .sort()
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(root, path), 'utf8') }));
}

const files = readFiles();

test('the laws see the files of the project', () => {
  const paths = files.map(({ path }) => path);
  for (const path of ['src/cli/main.ts', 'test/laws/mask.ts', 'scripts/run.mjs', 'makewhole', 'package.json']) {
    assert.ok(paths.includes(path), path);
  }
});

for (const law of [...lawsOfCode, ...lawsOfText]) {
  test(`law: ${law.name}`, () => {
    const governed = lawsOfCode.includes(law) ? files.filter(({ path }) => isCode(path)) : files;
    const broken = governed.flatMap(({ path, text }) =>
      law.check(path, text).map(({ line, message }) => `${path}:${line}: ${message}`),
    );
    assert.deepEqual(broken, []);
  });

  test(`this law can fail: ${law.name}`, () => {
    assert.ok(law.refused.length > 0 && law.accepted.length > 0);
    for (const { path, text } of law.refused) {
      assert.notDeepEqual(law.check(path, text), [], `it should refuse ${path}: ${text.slice(0, 200)}`);
    }
    for (const { path, text } of law.accepted) {
      assert.deepEqual(law.check(path, text), [], `it should accept ${path}: ${text.slice(0, 200)}`);
    }
  });
}

test('a violation names its line', () => {
  assert.deepEqual(noShiftBy32.check('src/chain/a.ts', '/* one\n   two */\nconst a = b >> 32n;'), [
    {
      line: 3,
      message: 'V8 may abort the process here: read the upper half through an Int32Array over the same buffer',
    },
  ]);
});

test('masking blanks comments and the contents of strings, and keeps every other character in its place', () => {
  const text = [
    "const a = 'x' + `y ${ 1 + `z ${'w'}` } /* v */` + \"its\"; // u",
    'const b = /[/"`]/g.test(c) ? d / e / f : g; /* h',
    "   'i */ const j = k\\l;",
  ].join('\n');
  const { code, withoutComments } = mask(text);
  assert.equal(code.length, text.length);
  assert.equal(withoutComments.length, text.length);
  assert.deepEqual(code.replaceAll(/ +/g, ' ').split('\n'), [
    "const a = ' ' + ` 1 + ` ' ' ` ` + \" \"; ",
    'const b = "` .test(c) ? d / e / f : g; ',
    ' const j = k\\l;',
  ]);
  assert.match(withoutComments, /\/\* v \*\/` \+ "its"; +\n/);
});

test('masking any text, however broken, keeps its length and its lines', () => {
  const pieces = fc.constantFrom(
    '`',
    '${',
    '}',
    '{',
    "'",
    '"',
    '/',
    '//',
    '/*',
    '*/',
    '\\',
    '\n',
    'a',
    ' ',
    '[',
    ']',
    '(',
    ')',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const text = parts.join('');
      const { code, withoutComments } = mask(text);
      const breaks = (of: string): number[] => [...of.matchAll(/\n/g)].map(({ index }) => index);
      for (const result of [code, withoutComments]) {
        assert.equal(result.length, text.length);
        assert.deepEqual(breaks(result), breaks(text));
      }
    }),
  );
});

test(`files over ${manyLines} lines, as advice`, (t) => {
  for (const { path, text } of files) {
    const count = lineCount(text);
    if (path.startsWith('src/') && count > manyLines) t.diagnostic(`${path} has ${count} lines`);
  }
});
