/** The history of a base of the corruption matrix in a journal, from its first command on, so that whoever has the journal can replay it. */
import { BEFORE_GENESIS, BlockSealer } from '../../chain/block-sealer.ts';
import { DirectRoots } from '../../chain/roots.ts';
import { applyUntilTick } from '../../engine/batch.ts';
import { COMMAND_BYTES } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { genesis, type State } from '../../engine/state.ts';
import { VENUE } from '../../engine/tables.ts';
import type { Journal } from '../../journal/journal.ts';
import { sha256 } from '../../journal/node-digest.ts';
import { type Base, buildBase, type OnBatch, takeOut } from '../faults/base.ts';
import type { Regime } from '../faults/fault.ts';
import { Random } from '../random.ts';

const BLOCK_MS = 60_000;
const NO_ROWS = new Uint8Array();

/** Of a hundred accounts with positions so many take out most of what they need not leave, each time they are asked. */
const THIN_SHARE = 90;

export interface RecordedBaseOptions {
  readonly regime: Regime;
  readonly seed: number;
  readonly accounts: number;
  /** How often accounts take out what they need not leave, beyond what `buildBase` has them take. */
  readonly thinned?: number | undefined;
}

/** Builds the venue of a regime as `buildBase` does; an empty journal gets all of its commands, and its last block is of the base. */
export function recordedBase(journal: Journal, { regime, seed, accounts, thinned = 0 }: RecordedBaseOptions): Base {
  const sealer = new BlockSealer(sha256, new DirectRoots(sha256), BEFORE_GENESIS);
  const seal = (state: State): void => {
    sealer.close(state);
    for (let block = sealer.wait(); block !== undefined; block = sealer.wait()) journal.appendBlock(block);
  };
  const end = (state: State): void => {
    journal.append({ bytes: NO_ROWS, commands: 0, firstSequence: journal.sequence + 1, closesBlock: true });
    seal(state);
  };
  end(genesis());
  let startMs = 0;
  const onBatch: OnBatch = (state, commands, from, to) => {
    const { f64 } = state.venue;
    const timeMs = f64[64 + VENUE.TIME_MS] as number;
    const firstSequence = journal.sequence + 1;
    const count = (f64[64 + VENUE.SEQUENCE] as number) - journal.sequence;
    const bytes = commands.bytes.subarray(from * COMMAND_BYTES, to * COMMAND_BYTES);
    const closesBlock = timeMs - startMs >= BLOCK_MS;
    journal.append({ bytes, commands: count, firstSequence, closesBlock });
    sealer.add(bytes, count);
    if (!closesBlock) return;
    startMs = timeMs;
    seal(state);
  };
  const base = buildBase(regime, seed, accounts, onBatch);
  const { state, timeMs } = base;
  for (let round = 0; round < thinned; round++) {
    const commands = new CommandBuffer(64);
    takeOut(state, timeMs, new Random(seed).fork(`thin ${round}`), commands, THIN_SHARE);
    for (let row = 0; row < commands.rows; row = applyUntilTick(state, commands.i32, commands.f64, row, commands.rows));
    onBatch(state, commands, 0, commands.rows);
    state.events.clear();
  }
  if (sealer.openCommands > 0) end(state);
  journal.sync();
  return { ...base, sequence: journal.sequence };
}
