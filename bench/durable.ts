/** The exchange as it stands in a process that serves: journal in files, synced for every batch, blocks, roots in another thread. */
import type { Block } from '../src/chain/block.ts';
import { COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { Exchange } from '../src/exchange/exchange.ts';
import { recover } from '../src/exchange/recover.ts';
import { openFileJournal } from '../src/journal/file-journal.ts';
import type { Journal } from '../src/journal/journal.ts';
import { sha256 } from '../src/journal/node-digest.ts';
import { ThreadedRoots } from '../src/journal/threaded-roots.ts';
import type { Recording } from './recording.ts';
import { JOURNAL_CALLS, type LoopTimes, ROOT_CALLS, timeCalls } from './loop-times.ts';

const COMMAND_WORDS = COMMAND_BYTES / 4;

/** How commands are grouped. */
export interface Grouping {
  /** Commands in a batch: written and synced together. At most: a paced run takes what has arrived. */
  readonly batchCommands: number;
  readonly blockCommands: number;
}

export interface DurableExchange {
  readonly exchange: Exchange;
  readonly journal: Journal;
  readonly close: () => Promise<void>;
}

export interface DurableOptions extends Grouping {
  /** Told when a batch is durable. */
  readonly onPublish?: () => void;
  readonly onBlock?: (block: Block) => void;
  /** Adds up where the loop's time goes. */
  readonly times?: LoopTimes;
}

/** Opens an exchange with a new journal in `folder`, and in it the venue of the recording, sealed and durable. */
export function openDurable(folder: string, recording: Recording, options: DurableOptions): DurableExchange {
  const { times, blockCommands } = options;
  const opened = openFileJournal(folder);
  const threaded = new ThreadedRoots();
  const journal = times === undefined ? opened.journal : timeCalls(opened.journal, JOURNAL_CALLS, times);
  const roots = times === undefined ? threaded : timeCalls(threaded, ROOT_CALLS, times);
  const { state, sealer } = recover(journal, {
    hash: sha256,
    roots,
    capacity: recording.outcome.rows,
  });
  const exchange = new Exchange({
    state,
    journal,
    sealer,
    pipelined: true,
    blockCommands,
    // The workload's clock runs many times faster than the wall's: blocks end by their number of commands alone.
    blockMs: Number.POSITIVE_INFINITY,
    ...(options.onPublish !== undefined && { onPublish: options.onPublish }),
    ...(options.onBlock !== undefined && { onBlock: options.onBlock }),
  });
  for (const batch of batchesOf(recording.opening, 4096)) exchange.submit(batch);
  exchange.finish();
  return {
    exchange,
    journal,
    close: async () => {
      opened.journal.close();
      await threaded.close();
    },
  };
}

/** The commands in batches of at least `rows` rows but the last. The buffer is used again for the next batch. */
export function* batchesOf({ i32, bytes, rows }: CommandBuffer, batchRows: number): Generator<CommandBuffer> {
  const batch = new CommandBuffer(batchRows + 16);
  for (let from = 0; from < rows; ) {
    let to = from;
    let commands = 0;
    while (to < rows && to - from < batchRows) {
      to += i32[to * COMMAND_WORDS + 1] as number;
      commands++;
    }
    batch.clear();
    batch.append(bytes.subarray(from * COMMAND_BYTES, to * COMMAND_BYTES), commands);
    yield batch;
    from = to;
  }
}
