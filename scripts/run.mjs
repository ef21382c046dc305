// `node scripts/run.mjs SCRIPT ARGS`: make sure the dependencies are installed, then run SCRIPT (a path inside this
// project) with the pinned Node.js, in the caller's folder. Plain JavaScript, so that an older Node.js can read it.
// Everything this file says goes to stderr: stdout belongs to SCRIPT.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.makewhole-installed');
const lock = join(root, '.makewhole-installing');
const pinned = join(root, 'node_modules', '.bin', 'node');
const leastNode = [24, 12];

/** The hash of the lockfile: the stamp holds it once that very lockfile is installed. */
function wanted() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function isInstalled() {
  try {
    return readFileSync(stamp, 'utf8') === wanted();
  } catch {
    return false;
  }
}

function fail(message) {
  console.error(`makewhole: ${message}`);
  process.exit(1);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The process that holds the lock, or undefined while it is about to write its id or has just let go. */
function lockHolder(folder) {
  try {
    return Number(readFileSync(join(folder, 'pid'), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function lockAgeMs() {
  try {
    return Date.now() - statSync(lock).mtimeMs;
  } catch {
    return 0;
  }
}

/** Takes the lock folder of a process that died away, by a rename that only one waiter can win. */
function clearDeadLock(deadPid) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  // Another waiter may have cleared the dead lock and taken a new one between our look and our rename: give it back.
  if (lockHolder(aside) !== deadPid) renameSync(aside, lock);
  else rmSync(aside, { recursive: true, force: true });
}

/** Returns true when this process holds the lock, false when another process finished the installation meanwhile. */
function takeLock() {
  let told = false;
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`cannot write in ${root}: ${error.message}`);
    }
    if (isInstalled()) return false;
    const holder = lockHolder(lock);
    if (holder === undefined ? lockAgeMs() > 10_000 : !isAlive(holder)) clearDeadLock(holder);
    else if (!told) {
      told = true;
      console.error('Waiting for another process that is installing the dependencies ...');
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function runNpmCi() {
  // --include: a production setting in the caller's environment must not leave out the pinned Node.js or the checks.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  // The npm the caller used, on the Node.js that is not being replaced by this installation.
  const { npm_node_execpath: node = process.execPath, npm_execpath: npm = '' } = process.env;
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const result = npm.endsWith('npm-cli.js')
    ? spawnSync(node, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (result.error) fail(`npm could not be started (${result.error.message}). Node.js with npm is needed.`);
  if (result.status !== 0) {
    fail(
      `the dependencies could not be installed: "npm ci" in ${root} ended with ${result.status ?? result.signal}.\n` +
        'Its own message is above. Nothing else was changed; run the same command again when it is mended.',
    );
  }
}

function install() {
  if (!takeLock()) return;
  process.on('exit', () => rmSync(lock, { recursive: true, force: true }));
  if (!isInstalled()) {
    console.error('Installing dependencies (npm ci), about half a minute ...');
    runNpmCi();
    writeFileSync(stamp, wanted());
  }
  rmSync(lock, { recursive: true, force: true });
}

function chooseNode() {
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])) return process.execPath;
  return fail(
    `Node.js ${leastNode.join('.')} or newer is needed on ${process.platform}-${process.arch}, ` +
      `for which none is pinned; this is ${process.version}.`,
  );
}

const [script, ...rest] = process.argv.slice(2);
if (script === undefined) fail('usage: node scripts/run.mjs SCRIPT ARGS');
if (!isInstalled()) install();

// Large tables in large pages (Linux with glibc; elsewhere it means nothing): rows at random places are a fifth quicker to reach.
const child = spawn(chooseNode(), [resolve(root, script), ...rest], {
  stdio: 'inherit',
  env: {
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compile'),
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
    ...process.env,
  },
});
child.on('error', (error) => fail(`the pinned Node.js could not be started: ${error.message}`));
// A terminal sends Ctrl-C to the whole group, the child included: passing it on would make it arrive twice.
const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
process.on('SIGINT', () => hasTerminal || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
