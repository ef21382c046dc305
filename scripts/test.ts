// What `npm test` runs: the static checks in order, then every test. It stops at the first check that fails, and the
// test runner comes last so that its summary is the last thing printed.
//
//   npm test                   everything
//   npm test -- margin laws    only the tests whose path contains "margin" or "laws", without the static checks
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
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

function testFiles(patterns: readonly string[]): string[] {
  const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root }).sort();
  return patterns.length === 0 ? files : files.filter((file) => patterns.some((pattern) => file.includes(pattern)));
}

function main(patterns: readonly string[]): number {
  if (patterns.length === 0) {
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
  const files = testFiles(patterns);
  if (files.length === 0) {
    console.error(`npm test: no test file's path contains ${patterns.map((pattern) => `"${pattern}"`).join(' or ')}`);
    return 2;
  }
  console.log(`\n== tests (${files.length} ${files.length === 1 ? 'file' : 'files'})`);
  return runNode(['--test', '--test-isolation=none', '--test-reporter=spec', ...files]);
}

process.exitCode = main(process.argv.slice(2));
