// Determinism is a contract: the pure half gives the same result for the same input, on every machine and at any time.
import { isPure, isTest, type Law, matches, sourceFolder, type Violation } from './law.ts';
import { masked } from './mask.ts';

const refusedNames: Readonly<Record<string, string>> = {
  Date: 'a clock',
  performance: 'a clock',
  setTimeout: 'a timer',
  setInterval: 'a timer',
  setImmediate: 'a timer',
  queueMicrotask: 'asynchronous',
  async: 'asynchronous',
  await: 'asynchronous',
  Promise: 'asynchronous',
  console: 'output',
  process: 'the process',
  Buffer: 'of Node.js alone',
  globalThis: 'a door to everything',
  eval: 'code from text',
  Intl: 'depends on the locale',
  WeakRef: 'depends on the garbage collector',
  FinalizationRegistry: 'depends on the garbage collector',
};

// Not a member (`event.process`), not a key (`process: 1`), but `...process` and `a ? Date : b` in call or `new` form.
const namePattern = new RegExp(
  `(?<!(?<!\\.\\.)\\.)(?<![\\w$])(?<name>${Object.keys(refusedNames).join('|')})(?![\\w$])(?!\\s*\\??\\s*:)`,
  'g',
);

const localePattern = /\.(?<member>toLocale\w*|localeCompare)\b/g;

/** What the language specifies to the last bit. sqrt, exp, pow, log and the trigonometry are left to the implementation. */
const exactMath = ['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'trunc'];
const mathPattern = new RegExp(
  `(?<![\\w$.])Math(?![\\w$])(?!\\.(?:${exactMath.join('|')})\\b)(?<member>\\.\\w+)?`,
  'g',
);

const forInPattern = /\bfor\s*\(\s*(?:const|let|var)?\s*[\w$]+\s+in\b/g;
const dynamicImportPattern = /\bimport\s*\(/g;

// A power is exact when both sides are written out as integers and the result is one too, or when the base is 2 or a bigint.
const powerPattern = /(?<base>[\w$.]+|[)\]])\s*\*\*=?\s*(?<exponent>-?[\w$.]+|[(])/g;

function isExactPower(base: string, exponent: string): boolean {
  if (/^\d+n$/.test(base)) return true;
  if (!/^\d+$/.test(base) || !/^-?\d+$/.test(exponent)) return false;
  if (base === '2') return Math.abs(Number(exponent)) <= 1022;
  return Number(exponent) >= 0 && BigInt(base) ** BigInt(exponent) <= 2n ** 53n;
}

function checkPure(path: string, text: string): Violation[] {
  if (!isPure(path)) return [];
  const { code } = masked(text);
  return [
    ...matches(code, namePattern, ({ groups }) => {
      const name = groups?.['name'] ?? '';
      return `${name} is ${refusedNames[name]}: not in the pure half`;
    }),
    ...matches(
      code,
      localePattern,
      ({ groups }) => `${groups?.['member']} depends on the locale: not in the pure half`,
    ),
    ...matches(code, mathPattern, ({ groups }) => `Math${groups?.['member'] ?? ''} is not one of the exact functions`),
    ...matches(code, forInPattern, () => 'for … in visits keys in an order that is no part of the state'),
    ...matches(code, dynamicImportPattern, () => 'import() is asynchronous: not in the pure half'),
    ...inexactPowers(code),
  ];
}

function inexactPowers(code: string): Violation[] {
  return matches(code, powerPattern, ({ groups }) => {
    const { base = '', exponent = '' } = groups ?? {};
    return isExactPower(base, exponent) ? '' : `${base} ** ${exponent} may not be exact`;
  }).filter(({ message }) => message !== '');
}

const pureFile = (text: string): { path: string; text: string } => ({ path: 'src/engine/apply.ts', text });

export const purity: Law = {
  name: 'the pure half has no clock, no chance, no input or output, nothing asynchronous, nothing inexact',
  check: checkPure,
  refused: [
    'const now = Date.now();',
    'const at = new Date(0);',
    'const dice = Math.random();',
    'const t = performance.now();',
    'setTimeout(() => 1, 5);',
    'export async function f() {}',
    'let p: Promise<void>;',
    'console.log(1);',
    'const { env } = process;',
    'const all = [...process];',
    'const size = Buffer.byteLength(name);',
    'const g = globalThis;',
    'const decay = Math.exp(-x);',
    'const root = Math.sqrt(x);',
    'const { floor } = Math;',
    'const y = x ** 2;',
    'const y = 1.5 ** 3;',
    'const y = 10 ** 20;',
    'const y = 10 ** -2;',
    'const y = f(x) ** 2;',
    'x **= 2;',
    'for (const key in row) use(key);',
    'for(key in row) use(key);',
    'names.sort((a, b) => a.localeCompare(b));',
    'const text = `${Date.now()}`;',
    "const { f } = import('./f.ts');",
    'const r = /x/.test(s) ? new Date() : 1;',
  ].map(pureFile),
  accepted: [
    ...[
      '// Date.now() is refused here, and console too',
      "throw new Error('no Date, no Math.random(), no process');",
      'const note = `Math.random is refused`;',
      'const isDate = /Date/.test(name) && a / b / c;',
      'interface Row { readonly process: number; date?: string }',
      'use(event.process, row.Date);',
      'const a = Math.floor(x / 2) + Math.max(1, 2) + Math.imul(3, 4);',
      'const safe = 2 ** 53 + 10 ** 8 + 2 ** -50;',
      'const updateDate = 1; const asyncRow = 2;',
      'for (const key of keys) use(key in row);',
    ].map(pureFile),
    { path: 'src/exchange/clock.ts', text: 'export const now = () => Date.now();' },
    { path: 'src/engine/apply.test.ts', text: "test('a', async () => { await f(Math.random()); });" },
  ],
};

const bigintPattern = /\b(?:BigInt|BigInt64Array|BigUint64Array|bigint|\d[\d_]*n|0x[\da-fA-F_]+n)\b/g;
const bigintExcuse = /^\/\/ law exception \(bigint\): \S.{20,}$/m;

export const noBigintInEngine: Law = {
  name: 'no bigint in the engine, unless the file says why',
  check: (path, text) => {
    if (sourceFolder(path) !== 'engine' || isTest(path) || bigintExcuse.test(text)) return [];
    return matches(
      masked(text).code,
      bigintPattern,
      ([found]) => `${found}: bigint is ten times slower than two limbs`,
    );
  },
  refused: [
    'const a = BigInt(b);',
    'const a = 1_000n;',
    'const a = 0xffn;',
    'let a: bigint;',
    'const a = new BigInt64Array(4);',
    '// law exception (bigint): \nconst a = 1n;',
  ].map(pureFile),
  accepted: [
    ...[
      '// BigInt and 10n are for the naive engine',
      '// law exception (bigint): printed once in a message, never while a command is applied\nconst a = 1n;',
      'const a1n = 1; const b = 10; const n = a1n;',
    ].map(pureFile),
    { path: 'src/engine/amount.test.ts', text: 'const a = 1n;' },
    { path: 'src/sim/naive.ts', text: 'const a = 1n;' },
  ],
};

const shiftPattern = />>=?\s*(?:BigInt\(\s*32\s*\)|32n|0x20n)(?![\w$])/g;

export const noShiftBy32: Law = {
  name: 'no bigint is shifted right by 32',
  check: (_path, text) =>
    matches(masked(text).code, shiftPattern, () => {
      // Optimised, `BigInt.asIntN(64, array[i] >> 32n)` on a BigInt64Array aborts the process in V8 of Node.js 24 and 26.
      return 'V8 may abort the process here: read the upper half through an Int32Array over the same buffer';
    }),
  refused: ['const high = wide >> 32n;', 'wide >>= 32n;', 'const high = wide >> BigInt(32);', 'a >>\n  0x20n;'].map(
    pureFile,
  ),
  accepted: ['const a = wide >> 31n;', "const message = 'a >> 32n';", '// a >> 32n', 'const a = b >> 32;'].map(
    pureFile,
  ),
};
