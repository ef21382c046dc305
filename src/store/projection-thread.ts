/** The thread that replays a journal and gives its blocks as rows. It waits while too many bytes are on their way to the database. */
import { parentPort, workerData } from 'node:worker_threads';
import { blockHash } from '../chain/block.ts';
import { sameBytes } from '../chain/digest.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { sha256 } from '../journal/node-digest.ts';
import { planStretch } from './plan-stretch.ts';
import { hasMore, projectStretch, type RestoredPoint } from './project-stretch.ts';
import { bytesOf, type ProjectedBlock } from './projected-block.ts';
import {
  CONTROL,
  type ProjectionAnswer,
  type ProjectionMessage,
  type ProjectionQuestion,
  type ProjectionThreadData,
} from './projection-message.ts';

/** Bytes of rows that may be on their way, and how often the end of a journal is looked at. */
const MOST_BYTES = 1 << 26;
const LOOK_MS = 20;

const port = parentPort as NonNullable<typeof parentPort>;
const { folder, control, isLive, stateBlocks, isContinued } = workerData as ProjectionThreadData;
const words = new Int32Array(control);

/** The owner wants no more. */
class Stopped extends Error {}

function tell(message: ProjectionMessage): void {
  port.postMessage(message);
}

function ask<Kind extends ProjectionQuestion['kind']>(
  question: Extract<ProjectionQuestion, { kind: Kind }>,
): Promise<Extract<ProjectionAnswer, { kind: Kind }>> {
  return new Promise((resolve) => {
    port.once('message', resolve);
    tell({ kind: 'ask', question });
  });
}

/** Height of the block whose state the database has, as far as what was given is in it. */
let kept: number | undefined;

function give(block: ProjectedBlock): void {
  if (block.state !== undefined) kept = block.state.height;
  for (let bytes = Atomics.load(words, CONTROL.BYTES); bytes > MOST_BYTES; bytes = Atomics.load(words, CONTROL.BYTES)) {
    if (isStopped()) break;
    Atomics.wait(words, CONTROL.BYTES, bytes, 1000);
  }
  if (isStopped()) throw new Stopped();
  const bytes = bytesOf(block);
  Atomics.add(words, CONTROL.BYTES, bytes);
  const lines = [...block.tables, ...(block.state?.tables ?? [])].map((each) => each.lines.buffer);
  port.postMessage({ kind: 'block', block, bytes } satisfies ProjectionMessage, lines);
}

function isStopped(): boolean {
  return Atomics.load(words, CONTROL.STOP) !== 0;
}

function pause(): boolean {
  Atomics.wait(words, CONTROL.WAKE, Atomics.load(words, CONTROL.WAKE), LOOK_MS);
  return !isStopped();
}

/** The last block that the database and the journal have alike, −1 when there is none. */
async function commonBlock(reader: JournalReader): Promise<number> {
  for (let below: number | undefined; ; ) {
    const { blocks } = await ask({ kind: 'blocks', below });
    for (const [height, hash] of blocks) {
      const block = reader.block(height);
      if (block !== undefined && sameBytes(blockHash(block, sha256), hash)) return height;
      below = height;
    }
    if (blocks.length === 0) return -1;
  }
}

async function project(): Promise<void> {
  let reader = new JournalReader(folder);
  let next = 0;
  if (isContinued) {
    next = (await commonBlock(reader)) + 1;
    ({ kept } = await ask({ kind: 'cut', height: next - 1 }));
    // Whoever brings it to the end has the state of the end: where nothing is left to project, the last block comes once more, with it.
    if (!isLive && stateBlocks > 0 && next > 0 && !hasMore(reader, next) && kept !== next - 1) {
      next -= 1;
      ({ kept } = await ask({ kind: 'cut', height: next - 1 }));
    }
  }
  const points = new Map<number, RestoredPoint>();
  tell({ kind: 'reading', height: reader.height });
  while (!isStopped() && (isLive || hasMore(reader, next))) {
    const stretch = planStretch(reader, next, kept);
    const { start } = stretch;
    const lastMs = reader.block(start)?.lastMs;
    const isKnown = lastMs === undefined || points.has(start);
    const bars = isKnown ? [] : (await ask({ kind: 'bars', height: start, lastMs })).bars;
    const given = projectStretch({
      reader,
      folder,
      stretch,
      bars,
      points,
      isStartKept: kept !== undefined && kept === start,
      stateBlocks,
      ...(isLive ? { pause } : {}),
      onBlock: give,
    });
    next = given + 1;
    reader = new JournalReader(folder);
    tell({ kind: 'reading', height: reader.height });
  }
  if (reader.damage !== undefined) throw reader.damage;
}

try {
  await project();
  tell({ kind: 'end' });
} catch (error) {
  if (error instanceof Stopped) tell({ kind: 'end' });
  else if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    tell({ kind: 'failed', name: error.name, message: error.message, code });
  } else throw error;
}
