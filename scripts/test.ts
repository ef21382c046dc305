// What `npm test` runs: the static checks in order, then every test but the long ones. It stops at the first check that fails, and
// the tests come last so that their summary is the last thing printed. They run in two processes, one for each of two processors.
//
//   npm test                   everything
//   npm test -- margin laws    only the tests whose path contains "margin" or "laws", without the static checks
//   npm test -- --long         the long tests alone (`*.long.test.ts`), which `npm run suite` runs
//   npm test -- --soak         those that take minutes each (`*.soak.test.ts`), by hand: `npm run soak`
import { spawn, spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Check {
  readonly heading: string;
  readonly mend: string;
  readonly args: readonly string[];
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tool = (path: string): string => join('node_modules', path);

const checks: readonly Check[] = [
  {
    heading: 'format (biome)',
    mend: 'npm run format -- FILES writes the format',
    args: [tool('@biomejs/biome/bin/biome'), 'format', '--max-diagnostics=20'],
  },
  {
    heading: 'lint (oxlint, with types)',
    mend: 'the rules are in .oxlintrc.json',
    args: [tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', '.'],
  },
  {
    heading: 'types (tsc)',
    mend: 'the settings are in tsconfig.json',
    args: [tool('typescript/bin/tsc'), '--project', 'tsconfig.json'],
  },
  {
    heading: 'types of the pure half (tsc, no Node.js, no browser)',
    mend: 'engine, chain, guard, remedy and api know the language alone: no console, no process, no timers',
    args: [tool('typescript/bin/tsc'), '--project', 'tsconfig.pure.json'],
  },
  {
    heading: 'dead code (knip)',
    mend: 'delete what nothing uses; entry files are named in knip.json',
    args: [tool('knip/bin/knip.js'), '--no-progress'],
  },
];

/** Runs the pinned Node.js in the project's root and returns its exit code; a run that could not start counts as failed. */
function runNode(args: readonly string[]): number {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (result.error) console.error(String(result.error));
  return result.status ?? 1;
}

const KINDS = { '--long': '.long.test.ts', '--soak': '.soak.test.ts' } as const;
type Kind = keyof typeof KINDS;
const PROCESSES = 2;

function kindOf(file: string): Kind | undefined {
  return (Object.keys(KINDS) as Kind[]).find((kind) => file.endsWith(KINDS[kind]));
}

function testFiles(patterns: readonly string[], kind: Kind | undefined): string[] {
  const all = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root }).sort();
  const files = all.filter((file) => kindOf(file) === kind);
  return patterns.length === 0 ? files : files.filter((file) => patterns.some((pattern) => file.includes(pattern)));
}

/** The files in as many parts as there are processes: stories and programs, which take longest, are dealt out first. */
function parts(files: readonly string[]): string[][] {
  const weight = (file: string): number => (/^test|store|upgrade|cli|incident/.test(file) ? 1e9 : 0) + sizeOf(file);
  const dealt = [...files].sort((a, b) => weight(b) - weight(a));
  const count = Math.min(PROCESSES, files.length);
  return Array.from({ length: count }, (_, part) => dealt.filter((__, at) => at % count === part));
}

function sizeOf(file: string): number {
  return statSync(join(root, file)).size;
}

interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs test files in one process. The output of the first part is shown as it comes, that of others when they are through. */
function runTests(files: readonly string[], isShown: boolean): Promise<Ran> {
  const args = [
    '--import',
    './test/random-seed.ts',
    '--test',
    '--test-isolation=none',
    '--test-reporter=spec',
    ...files,
  ];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      output += text;
      if (isShown) process.stdout.write(text);
    });
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** The summaries of all parts as one, in the runner's own form. */
function summaryOf(outputs: readonly string[]): string {
  const names = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo'];
  const sum = (name: string): number =>
    outputs.reduce((total, output) => total + Number(new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0), 0);
  return names.map((name) => `ℹ ${name} ${sum(name)}`).join('\n');
}

async function runAll(files: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  const ran = await Promise.all(parts(files).map((part, at) => runTests(part, at === 0)));
  for (const { output } of ran.slice(1)) process.stdout.write(output);
  if (ran.length > 1) {
    console.log(`\n== all ${ran.length} parts\n${summaryOf(ran.map(({ output }) => output))}`);
    console.log(`ℹ duration_ms ${performance.now() - startedMs}`);
  }
  return ran.find(({ code }) => code !== 0)?.code ?? 0;
}

async function main(words: readonly string[]): Promise<number> {
  const kind = words.find((word): word is Kind => word in KINDS);
  const patterns = words.filter((word) => !(word in KINDS));
  if (patterns.length === 0 && kind === undefined) {
    for (const { heading, mend, args } of checks) {
      const startedMs = performance.now();
      console.log(`\n== ${heading}`);
      const code = runNode(args);
      if (code !== 0) {
        console.log(`\nnpm test stopped: "${heading}" failed (${mend}). The tests were not run.`);
        return code;
      }
      console.log(`ok, ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    }
  }
  const files = testFiles(patterns, kind);
  if (files.length === 0) {
    console.error(`npm test: no test file's path contains ${patterns.map((pattern) => `"${pattern}"`).join(' or ')}`);
    return 2;
  }
  console.log(`\n== tests (${files.length} ${files.length === 1 ? 'file' : 'files'})`);
  return runAll(files);
}

process.exitCode = await main(process.argv.slice(2));
