/** The steps when people trade again, and the ways back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../store/database.ts';
import { catchUp } from '../store/follow-journal.ts';
import { LeaseHeld } from '../store/lease.ts';
import { lastHeight } from '../store/write-blocks.ts';
import { sayEpoch } from './chunks.ts';
import { evidenceHash } from './evidence.ts';
import { carryFence } from './steps-cutover.ts';
import { withLive } from './steps-before.ts';
import type { Abort } from './states.ts';
import {
  failedWith,
  passed,
  type StepResult,
  takeUpgradeLease,
  type UpgradeContext,
  withDatabase,
} from './upgrade-context.ts';

/** U11: the exchange takes up the new database; its own rungs lead back to trading. */
export async function reopen(context: UpgradeContext): Promise<StepResult> {
  const { venue, now, world, migration } = context;
  // The procedure's lease ends here: whoever comes next need not wait.
  await withDatabase(world.openLive(), async (live) => (await takeUpgradeLease(context, live)).release(undefined));
  await venue.resume(migration.brings);
  return passed({ running: venue.isRunning, database: world.name, resumedMs: now() });
}

const LOOK_MS = 1000;

/** U12: the old world follows the journal, so that it could take over with all that happened; both have the same rows at every look. */
export async function soak(context: UpgradeContext): Promise<StepResult> {
  const { journal, limits, now, world, checkTime } = context;
  const untilMs = now() + limits.soakMs;
  let looks = 0;
  for (;;) {
    checkTime();
    const old = await withDatabase(world.open('old'), async (database) => {
      // Its state is brought to the end when it is to take over.
      await catchUp({ folder: journal, database, before: sayEpoch, stateBlocks: 0 });
      return digestsOf(database, await lastHeight(database));
    });
    const found = await withLive(context, (live) => digestsOf(live, old.height));
    looks++;
    // The live one may be a few blocks behind: it is asked again.
    if (found.height >= old.height || now() >= untilMs) {
      const differing = [...old.tables].find(([table, digest]) => found.tables.get(table) !== digest);
      if (found.height >= old.height && differing !== undefined) {
        const [table, digest] = differing;
        const theirs = found.tables.get(table) ?? 'none';
        return failedWith([{ path: `projected_block/${table}/digest`, control: digest, candidate: theirs }], { looks });
      }
      if (found.height < old.height) return { verdict: 'inconclusive', content: { looks, height: found.height } };
    }
    if (now() >= untilMs) return passed({ looks, height: old.height });
    await sleep(Math.min(LOOK_MS, Math.max(1, untilMs - now())));
  }
}

async function digestsOf(database: Database, height: number): Promise<{ height: number; tables: Map<string, string> }> {
  const rows = await database.query<{ table_name: string; digest: string }>(
    `select distinct on (table_name) table_name, encode(digest, 'hex') as digest from projected_block
      where height <= $1 order by table_name, height desc`,
    [height],
  );
  const tables = new Map(rows.map(({ table_name: name, digest }) => [name, digest]));
  return { height: Math.min(height, await lastHeight(database)), tables };
}

/** U13: it is over. The old database stays, set aside; the copy that stood still goes. */
export async function commit({ world, chain }: UpgradeContext): Promise<StepResult> {
  await world.drop('control');
  const last = chain().at(-1);
  return passed({ evidence: last === undefined ? null : evidenceHash(last), old: await world.has('old') });
}

/** Goes back, by the way that belongs to where the procedure stands. Done twice, it is done once. */
export async function goBack(context: UpgradeContext, abort: Abort): Promise<StepResult> {
  const { world, venue, following, journal, now, onPlace } = context;
  await following.end();
  const isSwapped = (await world.has('old')) && !(await world.has('candidate'));
  const hasCandidateGone = await world.has('failed');
  if (abort !== 'A' && (isSwapped || hasCandidateGone)) {
    await venue.pause();
    if (!hasCandidateGone) {
      await withDatabase(world.open('old'), (database) => catchUp({ folder: journal, database, before: sayEpoch }));
      await carryFence(context, 'live', 'old');
      onPlace('old caught up');
    }
    await world.swap('old', 'failed');
    onPlace('swapped back');
  }
  // What holds the old world back is given up: a lease that the procedure has taken.
  if (context.chain().some(({ state }) => state === 'CANCEL_ONLY') || abort !== 'A') await giveLeaseBack(context);
  await venue.resume();
  const resumedMs = now();
  for (const role of ['candidate', 'control'] as const) await world.drop(role);
  return passed({ abort, resumedMs, failed: await world.has('failed') });
}

async function giveLeaseBack(context: UpgradeContext): Promise<void> {
  const { venue, world } = context;
  await venue.pause();
  await withDatabase(world.openLive(), async (live) => {
    try {
      await (await takeUpgradeLease(context, live)).release(undefined);
    } catch (error) {
      // Another has it: the exchange itself, which was started again.
      if (!(error instanceof LeaseHeld)) throw error;
    }
  });
}
