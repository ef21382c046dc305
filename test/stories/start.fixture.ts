// A journal that grows by a random flow under its guard, and starts from what is kept of it.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Block } from '../../src/chain/block.ts';
import { describeDifference, diffStates } from '../../src/chain/state-difference.ts';
import { CommandBuffer } from '../../src/engine/command-buffer.ts';
import { STATUS } from '../../src/engine/status.ts';
import { memoryOf } from '../../src/exchange/guard-memory.ts';
import { actOf, ANN, BEN, enrolment, signed } from '../../src/guard/authority/act.fixture.ts';
import { rollBack } from '../../src/incident/roll-back.ts';
import { fileDisk } from '../../src/journal/disk.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { lastSegment } from '../../src/journal/segment-files.ts';
import type { StartKind } from '../../src/server/find-start.ts';
import type { Notice } from '../../src/server/notice.ts';
import { type RecoveredFolder, recoverFolder } from '../../src/server/recover-folder.ts';
import { Random } from '../../src/sim/random.ts';
import { RandomFlow } from '../../src/sim/random-flow.ts';

/** These tests are of no power cut: nothing waits for the disk. */
const disk = { ...fileDisk, sync: () => undefined };

export interface Opened extends RecoveredFolder {
  readonly folder: string;
  readonly notices: readonly Notice[];
  readonly events: string[];
  /** Lets go of the files, as a process that is killed does. */
  kill(): Promise<void>;
}

export function open(folder: string, from: StartKind): Opened {
  const notices: Notice[] = [];
  const events: string[] = [];
  const parts = recoverFolder(
    { folder, disk, accounts: 16, speed: 1, from },
    {
      tell: (notice) => notices.push(notice),
      unready: () => '',
      onHeldCommand: () => undefined,
      onPublish: (batch) => events.push(...[...batch.events.all()].map(({ kind }) => kind)),
    },
  );
  return {
    ...parts,
    folder,
    notices,
    events,
    kill: async () => {
      parts.journal.close();
      await parts.roots.close();
    },
  };
}

/** All that a start must find again. */
function requireSame(a: Opened, b: Opened, about: string): void {
  assert.deepEqual(diffStates(b.exchange.state, a.exchange.state).map(describeDifference), [], about);
  assert.deepEqual(a.recovered.sealer.head, b.recovered.sealer.head, about);
  assert.equal(a.recovered.sealer.openCommands, b.recovered.sealer.openCommands, about);
  const remembered = ({ guard, reopening }: Opened): unknown => memoryOf({ guard, history: reopening.history });
  assert.deepEqual(remembered(a), remembered(b), about);
}

export const segmentsOf = (folder: string): Buffer[] =>
  Array.from({ length: lastSegment(folder) }, (_, n) =>
    readFileSync(join(folder, `${String(n + 1).padStart(8, '0')}.segment`)),
  );

/** A journal that grows by a random flow under its guard, and what of it is common to two exchanges that take the same. */
export class Story {
  readonly random: Random;
  private readonly flow: RandomFlow;
  private readonly buffer = new CommandBuffer();
  private acts = 0;
  accepted = 0;

  constructor(seed: number) {
    this.random = new Random(`starts ${seed}`);
    this.flow = new RandomFlow(seed, 0);
  }

  /** So many steps, given to each of the exchanges. */
  run(steps: number, ...exchanges: readonly Opened[]): void {
    const { buffer, flow } = this;
    for (let step = 0; step < steps; step++) {
      buffer.clear();
      flow.next(buffer);
      for (const { exchange } of exchanges) {
        try {
          exchange.submit(buffer);
        } catch (error) {
          // The flow knows forced actions, which are the guard's alone.
          if (!(error instanceof Error) || error.name !== 'Error' || !error.message.includes('no warrant')) throw error;
        }
      }
      const [first] = exchanges;
      if (first !== undefined) flow.observe([...first.exchange.state.events.all()]);
    }
  }

  /** An act of people: keys, a status, an announcement. */
  act(...exchanges: readonly Opened[]): void {
    const [{ exchange, guard }] = exchanges as readonly [Opened];
    const timeMs = exchange.timeMs;
    const nonce = (++this.acts).toString(16).padStart(32, '0');
    const change = {
      venue: guard.authority.venue,
      fork: exchanges[0]?.recovered.sealer.head.fork ?? 0,
      nonce,
      notBeforeMs: 0,
      expiryMs: timeMs + 3_600_000,
    };
    const status = this.random.chance(500_000) ? STATUS.OK : STATUS.CANCEL_ONLY;
    const act = guard.authority.roster.isEmpty
      ? enrolment(change)
      : this.random.chance(300_000)
        ? signed(actOf({ kind: 'announce', hash: nonce.repeat(2) }, change), ANN)
        : signed(
            actOf(
              { kind: 'commands', commands: [{ kind: 'setStatus', market: this.random.below(3), status, paused: 0 }] },
              change,
            ),
            ANN,
            BEN,
          );
    for (const each of exchanges) if (each.exchange.act(act, timeMs).accepted) this.accepted++;
  }
}

export const temporary = (after: (work: () => void) => void): string => {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-start-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

export const blockOf = ({ journal }: Opened): Block => journal.block(journal.height) as Block;

export interface Seen {
  starts: number;
  /** Blocks that a start from a snapshot need not replay. */
  spared: number;
  rollbacks: number;
  acts: number;
  readonly kinds: Set<string>;
}

/**
 * Random sessions of one exchange, killed at any point. Each start is made twice, from a snapshot and from the first command of a copy:
 * all must be the same, and stay so.
 */
export async function liveAndStart(root: string, seed: number, lives: number, seen: Seen): Promise<void> {
  const story = new Story(seed);
  const { random } = story;
  // With keys a rollback needs an act, which is another story.
  const hasKeys = seed % 2 === 0;
  let life = open(join(root, `venue ${seed}`), 'snapshot');
  for (let n = 0; n < lives; n++) {
    for (let part = 0; part < 4; part++) {
      story.run(20 + random.below(80), life);
      if (hasKeys) story.act(life);
      if (random.chance(400_000)) {
        life.exchange.finish();
        life.kept.keepWhole(life.exchange.state, blockOf(life));
      }
    }
    for (const kind of life.events) seen.kinds.add(kind);
    if (!hasKeys && n % 2 === 1) {
      life.exchange.finish();
      const restores = life.journal.height - 1 - random.below(3);
      const result = rollBack(life.journal, { hash: sha256, restores, reason: 'a test', settled: [] });
      assert.ok(result.accepted, result.accepted ? '' : `${result.refusal}: ${result.about}`);
      seen.rollbacks++;
    }
    await life.kill();
    const { folder } = life;
    const newest = join(folder, `${String(lastSegment(folder)).padStart(8, '0')}.segment`);
    // A process that is killed may leave half of its last write.
    if (random.chance(500_000)) writeFileSync(newest, Buffer.alloc(1 + random.below(100), 7), { flag: 'a' });
    const copy = join(root, `copy ${seed} ${n}`);
    cpSync(folder, copy, { recursive: true });
    const about = `seed ${seed}, life ${n}`;
    life = open(folder, 'snapshot');
    const other = open(copy, 'journal');
    assert.ok(life.recovered.replay.equal && other.recovered.replay.equal);
    assert.equal(other.start, undefined);
    if (life.start !== undefined) seen.starts++;
    seen.spared += other.recovered.replay.blocks - life.recovered.replay.blocks;
    requireSame(life, other, about);
    story.run(60, life, other);
    if (hasKeys) story.act(life, other);
    story.run(40, life, other);
    requireSame(life, other, `${about}, later`);
    life.exchange.finish();
    other.exchange.finish();
    assert.deepEqual(segmentsOf(folder), segmentsOf(copy), `${about}: every byte that follows`);
    await other.kill();
  }
  seen.acts += story.accepted;
  await life.kill();
}
