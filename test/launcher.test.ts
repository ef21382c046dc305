// The launcher that npm start, npm test and ./makewhole go through, on a small project of its own with a stand-in for npm.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const standInForNpm = `
import { appendFileSync, mkdirSync } from 'node:fs';
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
await new Promise((resolve) => setTimeout(resolve, 100));
if (process.env.NPM_FAILS) process.exit(7);
mkdirSync('node_modules', { recursive: true });
`;

const script = `
console.log(JSON.stringify({ cwd: process.cwd(), args: process.argv.slice(2) }));
process.exitCode = Number(process.argv[2]);
`;

interface Project {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  npmCalls(): number;
}

function makeProject(t: TestContext): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'makewhole-launcher-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'scripts'));
  copyFileSync(join(root, 'scripts', 'run.mjs'), join(folder, 'scripts', 'run.mjs'));
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  writeFileSync(join(folder, 'script.mjs'), script);
  mkdirSync(join(folder, 'npm'));
  writeFileSync(join(folder, 'npm', 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'npm', 'npm-cli.js'), standInForNpm);
  const env = { ...process.env, npm_execpath: join(folder, 'npm', 'npm-cli.js'), npm_node_execpath: process.execPath };
  const calls = join(folder, 'npm-calls');
  return {
    folder,
    env,
    npmCalls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').length : 0),
  };
}

function launch({ folder, env }: Project, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [join(folder, 'scripts', 'run.mjs'), ...args], {
    cwd: tmpdir(),
    env: { ...env, ...more },
    encoding: 'utf8',
  });
}

test('the script is found from the project, and runs in the folder of the caller, with its arguments and exit code', (t) => {
  const project = makeProject(t);
  const { status, stdout } = launch(project, ['script.mjs', '3', '--json']);
  assert.equal(status, 3);
  assert.deepEqual(JSON.parse(stdout), { cwd: realpathSync(tmpdir()), args: ['3', '--json'] });
});

test('dependencies are installed once, and again when the lockfile changes', (t) => {
  const project = makeProject(t);
  const first = launch(project, ['script.mjs', '0']);
  assert.match(first.stderr, /Installing dependencies/);
  assert.equal(launch(project, ['script.mjs', '0']).stderr, '');
  assert.equal(project.npmCalls(), 1);
  writeFileSync(join(project.folder, 'package-lock.json'), '{ "changed": true }');
  launch(project, ['script.mjs', '0']);
  assert.equal(project.npmCalls(), 2);
});

test('a failed installation stops with a message, runs nothing, and leaves no lock', (t) => {
  const project = makeProject(t);
  const { status, stdout, stderr } = launch(project, ['script.mjs', '0'], { NPM_FAILS: 'yes' });
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /could not be installed: "npm ci" in .* ended with 7/);
  assert.equal(launch(project, ['script.mjs', '0']).status, 0);
});

test('two first runs at once install once', async (t) => {
  const project = makeProject(t);
  const run = join(project.folder, 'scripts', 'run.mjs');
  const codes = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise((resolve) => {
          spawn(process.execPath, [run, 'script.mjs', '0'], { env: project.env, stdio: 'ignore' }).on('exit', resolve);
        }),
    ),
  );
  assert.deepEqual(codes, [0, 0, 0]);
  assert.equal(project.npmCalls(), 1);
});

test('the lock of a process that died is taken over', (t) => {
  const project = makeProject(t);
  const dead = spawnSync(process.execPath, ['-e', '']);
  mkdirSync(join(project.folder, '.makewhole-installing'));
  writeFileSync(join(project.folder, '.makewhole-installing', 'pid'), String(dead.pid));
  assert.equal(launch(project, ['script.mjs', '0']).status, 0);
  assert.equal(existsSync(join(project.folder, '.makewhole-installing')), false);
});

test('./makewhole works from another folder', () => {
  const { status, stdout } = spawnSync(join(root, 'makewhole'), ['data', '--json'], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  assert.deepEqual(Object.keys(JSON.parse(stdout) as object), ['formats']);
});
