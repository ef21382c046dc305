/**
 * The steps of a procedure that brings another release of the program, not of the schema: the candidate follows the live journal as a
 * shadow and must agree with this release, block by block, but for what is declared; then it takes the exchange over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '../chain/digest.ts';
import { COMMAND_BYTES } from '../engine/command.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import type { Json } from '../remedy/canonical-json.ts';
import { appliedMigrations } from '../store/migrate.ts';
import { forgetState } from '../store/write-state.ts';
import { compared, ReleaseComparison } from './compare-releases.ts';
import { Findings } from './finding.ts';
import type { Standing } from './hand-over.ts';
import { madeUpCommands } from './made-up-commands.ts';
import { rehearseBoots } from './rehearse-boots.ts';
import { hashOf, OWN_RELEASE } from './release.ts';
import { withLive } from './steps-before.ts';
import { drainAndFence, fingerprint } from './steps-cutover.ts';
import {
  evidenceContent,
  failedWith,
  passed,
  type ReleaseRun,
  type StepResult,
  takeUpgradeLease,
  type UpgradeContext,
  withDatabase,
} from './upgrade-context.ts';

const LOOK_MS = 100;

function runOf({ release }: UpgradeContext): ReleaseRun {
  if (release === undefined) throw new TypeError('it is no upgrade of a release');
  return release;
}

/** U0: which release, what it may do otherwise, what serves now. */
export async function planRelease(context: UpgradeContext): Promise<StepResult> {
  const { release, handOver, hasDatabase } = runOf(context);
  const reader = new JournalReader(context.journal);
  const block = reader.block(reader.height);
  const standing = await handOver.live.standing();
  const content: Record<string, Json> = {
    release: { folder: release.folder, hash: release.hash, declared: release.declared.map((each) => ({ ...each })) },
    limits: { ...context.limits },
    control: { folder: OWN_RELEASE, hash: hashOf(OWN_RELEASE) },
    served: handOver.served ?? null,
    running: standing !== undefined,
    database: hasDatabase ? context.world.engine : 'none',
    exchange: context.exchange,
    journal: { height: reader.height, stateRoot: block === undefined ? null : toHex(block.stateRoot) },
  };
  if (block === undefined)
    return failedWith([{ path: 'journal/0/block', control: 'a sealed block', candidate: 'none' }], content);
  if (standing !== undefined && handOver.served === undefined) {
    const found = { path: 'serve/0/options', control: 'known', candidate: 'none: start the exchange again' };
    return failedWith([found], content);
  }
  return passed(content);
}

/**
 * Both releases along the journal, kept from step to step; one that was interrupted begins anew. Once the candidate has taken over, both
 * begin at the block that it took over at: from there on its outcome is the record's.
 */
async function comparisonOf(context: UpgradeContext): Promise<ReleaseComparison> {
  const { memory, journal } = context;
  const { release } = runOf(context);
  if (memory.comparison !== undefined) return memory.comparison;
  const taken = evidenceContent(context, 'REOPEN')['running'] === true;
  const from = taken ? (evidenceContent(context, 'FINGERPRINT')['height'] as number) : undefined;
  const recorder = taken ? 'candidate' : 'control';
  memory.comparison = await ReleaseComparison.start(release, journal, recorder, from);
  return memory.comparison;
}

/** Goes on to the end of the journal as it is when it gets there, or, when said, at least to a height. */
async function follow(context: UpgradeContext, findings: Findings, least = -1): Promise<ReleaseComparison> {
  const comparison = await comparisonOf(context);
  for (;;) {
    context.checkTime();
    const isFurther = await comparison.next(findings);
    if (findings.count > 0) return comparison;
    if (isFurther) continue;
    if ((comparison.last?.control.height ?? -1) >= least) return comparison;
    await sleep(LOOK_MS);
  }
}

/** A pair that failed, or was broken off, is of no further use. */
async function dropComparison({ memory }: UpgradeContext): Promise<void> {
  const { comparison } = memory;
  memory.comparison = undefined;
  await comparison?.end();
}

/** What differs, the first block first. */
function judged(findings: Findings, content: Record<string, Json>): StepResult {
  return findings.count === 0 ? passed(content) : failedWith(findings.kept, { ...content, found: findings.count });
}

/** U1: every block since the first, and the candidate started on a copy: after this release, killed, started again, and this release after it. */
export async function rehearseRelease(context: UpgradeContext): Promise<StepResult> {
  const findings = new Findings();
  // One that was interrupted may have stopped between two blocks.
  await dropComparison(context);
  const comparison = await comparisonOf(context);
  comparison.compareSchemas(findings);
  await compareMigrations(context, comparison, findings);
  if (findings.count === 0) await follow(context, findings);
  context.onPlace('releases compared');
  const content = compared(comparison);
  if (findings.count > 0) return judged(findings, content);
  return judged(findings, { ...content, boots: await rehearseBoots(runOf(context), context, findings) });
}

/** A release whose store needs more than the database has would not start: that is an upgrade of its own, before this one. */
async function compareMigrations(
  context: UpgradeContext,
  { candidate }: ReleaseComparison,
  findings: Findings,
): Promise<void> {
  if (!runOf(context).hasDatabase) return;
  const applied = await withLive(context, (database) => appliedMigrations(database));
  for (const name of candidate.hello.migrations) {
    if (!applied.some((each) => each.name === name)) findings.add(`migration_hash/${name}/row`, 'none', 'needed');
  }
}

/** U2: on along the live journal for as long as was planned, every account's margin at its end. */
export async function shadowRelease(context: UpgradeContext): Promise<StepResult> {
  const { limits, now } = context;
  const findings = new Findings();
  requireUnchanged(context, findings);
  if (findings.count > 0) return judged(findings, {});
  const untilMs = now() + (limits.shadowMs ?? 0);
  let comparison = await follow(context, findings);
  while (findings.count === 0 && now() < untilMs) {
    await sleep(Math.min(LOOK_MS, Math.max(1, untilMs - now())));
    comparison = await follow(context, findings);
  }
  return judged(findings, compared(comparison));
}

/** The release that takes over is the one that was compared. */
function requireUnchanged(context: UpgradeContext, findings: Findings): void {
  const { release } = runOf(context);
  const found = hashOf(release.folder);
  if (found !== release.hash) findings.add('release/0/hash', release.hash, found);
}

/** U4: both at the journal's end; then no commands are taken any more. */
export async function cancelOnlyRelease(context: UpgradeContext): Promise<StepResult> {
  const { venue, now, onPlace } = context;
  const findings = new Findings();
  const comparison = await follow(context, findings);
  if (findings.count > 0) return judged(findings, compared(comparison));
  const pausedMs = now();
  await venue.pause();
  onPlace('paused');
  return passed({ running: wasRunning(context), pausedMs });
}

function wasRunning(context: UpgradeContext): boolean {
  return evidenceContent(context, 'PLAN')['running'] === true;
}

/** U5: the old process has ended, its folder is held, and its epoch in the database is over. */
export async function drainRelease(context: UpgradeContext): Promise<StepResult> {
  const { handOver, hasDatabase } = runOf(context);
  // Whoever starts next begins there.
  if ((await handOver.live.standing()) !== undefined) await handOver.live.snapshot();
  await handOver.live.stop();
  context.onPlace('stopped');
  const { height } = new JournalReader(context.journal);
  return hasDatabase ? drainAndFence(context) : passed({ height, database: 'none' });
}

/** U6: where the journal ends, and the database. */
export async function fingerprintRelease(context: UpgradeContext): Promise<StepResult> {
  const reader = new JournalReader(context.journal);
  const block = reader.block(reader.height);
  const tip = { height: reader.height, stateRoot: block === undefined ? null : toHex(block.stateRoot) };
  if (!runOf(context).hasDatabase) return passed(tip);
  const { content } = await fingerprint(context);
  return passed({ ...content, ...tip });
}

/** U7: nothing is migrated; both releases come to the last block. */
export async function reachRelease(context: UpgradeContext): Promise<StepResult> {
  const findings = new Findings();
  const { height } = new JournalReader(context.journal);
  const comparison = await follow(context, findings, height);
  return judged(findings, compared(comparison));
}

/** U8: at the last block: the record's root, every account's margin, and blocks that nobody traded. */
export async function verifyRelease(context: UpgradeContext): Promise<StepResult> {
  const findings = new Findings();
  const { height } = new JournalReader(context.journal);
  const comparison = await follow(context, findings, height);
  await comparison.compareMargins(height, findings);
  let synthetic = 0;
  for (; synthetic < context.limits.blocks && findings.count === 0; synthetic++) {
    context.checkTime();
    const commands = await madeUpFor(comparison, synthetic);
    const name = `synthetic/${synthetic}`;
    await comparison.apply(name, height, commands, findings);
    if (findings.count === 0) await comparison.compareMargins(height, findings);
  }
  requireUnchanged(context, findings);
  return judged(findings, { ...compared(comparison), synthetic });
}

async function madeUpFor({ control }: ReleaseComparison, n: number): Promise<Uint8Array> {
  const ask = { ask: 'rows', from: 1, to: 1 << 20 } as const;
  const markets = await control.ask({ ...ask, table: 'state_market', columns: ['spot'] });
  const venue = await control.ask({ ...ask, table: 'state_venue', columns: ['time_ms'] });
  const spots = new Map(markets.rows.map(([spot], at) => [at + 1, Number(spot)]));
  const { i32, rows } = madeUpCommands(Number(venue.rows[0]?.[0]), spots, n);
  return new Uint8Array(i32.buffer, i32.byteOffset, rows * COMMAND_BYTES).slice();
}

/** U9: the candidate starts on the folder, holding all commands, at the block that was verified. */
export async function bootRelease(context: UpgradeContext): Promise<StepResult> {
  const { handOver, release } = runOf(context);
  const findings = new Findings();
  requireUnchanged(context, findings);
  if (findings.count > 0) return judged(findings, {});
  if (!wasRunning(context)) return passed({ running: false });
  await giveUpLease(context);
  const running = await handOver.live.standing();
  const standing = running?.program === release.folder ? running : await startedInstead(context, running);
  context.onPlace('candidate serves');
  const { bornHeight, bornRoot, process: pid, shut } = standing;
  const tip = evidenceContent(context, 'FINGERPRINT');
  if (bornHeight !== tip['height'] || bornRoot !== tip['stateRoot']) {
    const control = `block ${JSON.stringify(tip['height'])}, ${JSON.stringify(tip['stateRoot'])}`;
    findings.add('birth/0/state_root', control, `block ${bornHeight}, ${bornRoot}`);
  }
  if (shut === '') findings.add('birth/0/paused', 'holds all commands', 'takes them');
  return judged(findings, { height: bornHeight, stateRoot: bornRoot, process: pid });
}

async function startedInstead(context: UpgradeContext, running: Standing | undefined): Promise<Standing> {
  const { handOver, release } = runOf(context);
  // Somebody started the old one meanwhile.
  if (running !== undefined) await handOver.live.stop();
  return handOver.live.start(release.folder, true);
}

/** Whoever starts next need not wait; and where its outcome differs it goes on from the last block alone, not from a state before it. */
async function giveUpLease(context: UpgradeContext): Promise<void> {
  const { release, handOver, hasDatabase } = runOf(context);
  if (!hasDatabase || (await handOver.live.standing()) !== undefined) return;
  await withDatabase(context.world.openLive(), async (live) => {
    const lease = await takeUpgradeLease(context, live);
    if (release.declared.length > 0) {
      await live.transaction(async (session) => {
        await lease.fence(session);
        await forgetState(session);
      });
    }
    await lease.release(undefined);
  });
}

const FALSIFIED = [
  ['state_market', 'funding_index'],
  ['state_market', 'mark'],
  ['state_market', 'initial_margin'],
] as const;

/** U10: the comparison is alive: a value that is falsified in a copy of the candidate's state is found, each by its name. */
export async function canaryRelease(context: UpgradeContext): Promise<StepResult> {
  const findings = new Findings();
  const { height } = new JournalReader(context.journal);
  const comparison = await follow(context, findings, height);
  if (findings.count > 0) return judged(findings, compared(comparison));
  const denials: Json[] = [];
  const known = new Findings();
  await comparison.compareTables(height, known);
  let before = known.count;
  for (const [table, column] of FALSIFIED) {
    if (comparison.candidate.hello.tables[table]?.includes(column) !== true) continue;
    await comparison.candidate.ask({ ask: 'falsify', table, row: 1, column });
    const found = new Findings();
    await comparison.compareTables(height, found);
    const isDenied = found.count > before;
    before = found.count;
    denials.push({ canary: `${table}/1/${column}`, denied: isDenied });
    if (!isDenied && !comparison.isDeclared(height, table, column)) {
      return failedWith([{ path: `${table}/1/${column}`, control: 'denied', candidate: 'passed' }], { denials });
    }
  }
  return passed({ denials });
}

/** U11: the candidate goes on; done when it takes commands. */
export async function reopenRelease(context: UpgradeContext): Promise<StepResult> {
  const { now } = context;
  const { live } = runOf(context).handOver;
  if (!wasRunning(context)) return passed({ running: false });
  await dropComparison(context);
  await live.resume();
  for (;;) {
    context.checkTime();
    const standing = await live.standing();
    if (standing === undefined) {
      return failedWith([{ path: 'serve/0/process', control: 'serves', candidate: 'ended' }]);
    }
    if (standing.shut === '') return passed({ running: true, resumedMs: now(), height: standing.height });
    await sleep(LOOK_MS);
  }
}

/** U12: this release shadows what the candidate makes of the live journal, and both agree with its record. */
export async function soakRelease(context: UpgradeContext): Promise<StepResult> {
  const { limits, now } = context;
  const { release, handOver } = runOf(context);
  const findings = new Findings();
  const untilMs = now() + limits.soakMs;
  for (;;) {
    const comparison = await follow(context, findings);
    const standing = await handOver.live.standing();
    if (wasRunning(context) && standing?.program !== release.folder) {
      findings.add('serve/0/process', release.folder, standing?.program ?? 'ended');
    }
    if (findings.count > 0 || now() >= untilMs) return judged(findings, compared(comparison));
    await sleep(Math.min(LOOK_MS, Math.max(1, untilMs - now())));
  }
}

/** U13: it is over. */
export async function commitRelease(context: UpgradeContext): Promise<StepResult> {
  const { release } = runOf(context);
  await dropComparison(context);
  return passed({ release: release.folder, hash: release.hash, running: wasRunning(context) });
}

/** The first block of the candidate's with which this release does not agree; undefined where there is none. */
function differingBlock({ chain }: UpgradeContext): string | undefined {
  const last = chain().findLast(({ state }) => state === 'SOAK');
  const { findings = [] } = (last?.content ?? {}) as { readonly findings?: readonly { readonly path: string }[] };
  return findings.find(({ path }) => path.startsWith('block/'))?.path;
}

/**
 * Back to the release that served before. Once people traded (C) that is possible only as far as it agrees with what was recorded since:
 * otherwise the exchange stays closed, for people to decide (`incident rollback`), and the answer says at which block.
 */
export async function goBackRelease(context: UpgradeContext, abort: 'A' | 'B' | 'C'): Promise<StepResult> {
  const { handOver, release, hasDatabase } = runOf(context);
  const { live } = handOver;
  await dropComparison(context);
  handOver.dropCopy();
  const before = evidenceContent(context, 'PLAN')['served'];
  const standing = await live.standing();
  const isCandidate = standing !== undefined && standing.program === release.folder;
  if (!wasRunning(context)) return passed({ abort, running: false });
  if (standing !== undefined && !isCandidate) {
    // The old process never ended.
    await context.venue.resume();
    return passed({ abort, resumedMs: context.now() });
  }
  const differs = differingBlock(context);
  if (isCandidate) {
    // What this release agrees with it can go on from.
    if (differs === undefined) await live.snapshot();
    await live.stop();
  }
  context.onPlace('candidate stopped');
  if (hasDatabase) await giveUpLease(context);
  if (differs !== undefined) {
    const way = 'go back before it (`incident rollback`), then start the release that served before';
    return passed({ abort, closed: `${differs}: this release has another outcome; ${way}` });
  }
  if (typeof before !== 'string') return passed({ abort, closed: 'nobody knows which release served' });
  try {
    const { bornHeight, bornRoot } = await live.start(before, false);
    return passed({ abort, height: bornHeight, stateRoot: bornRoot, resumedMs: context.now() });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ServeRefused') throw error;
    return passed({ abort, closed: error.message });
  }
}
