/** Sessions recorded by another thread, so that what is measured later runs in code that the recording has not shaped. */
import { Worker } from 'node:worker_threads';
import { COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import type { Capacity } from '../src/engine/state.ts';
import { rebuildError, type SentError } from './sent-error.ts';
import type { SessionCounts } from './session.ts';
import type { WorkloadSource, WorkloadSummary } from './workload-source.ts';

/** What a session leads to, as the recording run found it. */
interface Outcome {
  readonly counts: SessionCounts;
  /** Of the state after the last command (`fingerprint.ts`). */
  readonly fingerprint: string;
  readonly positions: number;
  readonly liveOrders: number;
  /** Rows that its tables came to: a state that has room for them from the start never grows. */
  readonly rows: Required<Capacity>;
}

/** A session that was recorded elsewhere: its commands, and what they must lead to. */
export interface Recording {
  readonly workload: WorkloadSummary;
  readonly opening: CommandBuffer;
  readonly commands: CommandBuffer;
  readonly outcome: Outcome;
}

/** What the recording thread is asked for. */
export interface RecordingRequest {
  readonly source: WorkloadSource;
  /** False leaves out the answers to proposals: an exchange's loop gives them itself. */
  readonly withForced: boolean;
}

/** What it answers with. */
export type RecordingAnswer =
  | { readonly error: SentError }
  | {
      readonly workload: WorkloadSummary;
      readonly outcome: Outcome;
      readonly opening: SentCommands;
      readonly commands: SentCommands;
    };

export interface SentCommands {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** Records the session of a workload in a thread of its own. Throws what the thread refuses. */
export async function recordInThread(request: RecordingRequest): Promise<Recording> {
  const file = new URL('./recording-thread.ts', import.meta.url);
  const thread = new Worker(file, { workerData: request });
  const answer = await new Promise<RecordingAnswer>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the recording thread ended with ${code}`)));
  });
  if ('error' in answer) throw rebuildError(answer.error);
  const { workload, outcome, opening, commands } = answer;
  return { workload, outcome, opening: bufferOf(opening), commands: bufferOf(commands) };
}

function bufferOf({ bytes, count }: SentCommands): CommandBuffer {
  const buffer = new CommandBuffer(Math.max(1, bytes.length / COMMAND_BYTES));
  buffer.append(bytes, count);
  return buffer;
}
