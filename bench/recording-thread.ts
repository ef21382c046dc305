/** The thread of `recording.ts`: records one session and answers with its commands. */
import { parentPort, workerData } from 'node:worker_threads';
import { COMMAND, COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { fingerprint } from './fingerprint.ts';
import type { RecordingAnswer, RecordingRequest, SentCommands } from './recording.ts';
import { sendError } from './sent-error.ts';
import { recordSession } from './session.ts';
import { openWorkload, summaryOf } from './workload-source.ts';

const COMMAND_WORDS = COMMAND_BYTES / 4;
const FORCED: readonly number[] = [COMMAND.liquidate, COMMAND.forceCancel, COMMAND.fireTrigger, COMMAND.settlePosition];

function record({ source, withForced }: RecordingRequest): RecordingAnswer {
  const workload = openWorkload(source);
  const { opening, commands, counts, state } = recordSession(workload);
  const outcome = {
    counts,
    fingerprint: fingerprint(state),
    positions: state.position.live,
    liveOrders: state.order.live,
    rows: { accounts: state.account.rows, positions: state.position.rows, orders: state.order.rows },
  };
  const sent = withForced ? commands : withoutForced(commands);
  return { workload: summaryOf(workload, source), outcome, opening: bytesOf(opening), commands: bytesOf(sent) };
}

/** The commands but those that answer a proposal. Every command of a session is one row. */
function withoutForced(commands: CommandBuffer): CommandBuffer {
  const kept = new CommandBuffer(Math.max(1, commands.rows));
  for (let row = 0; row < commands.rows; row++) {
    if (FORCED.includes(commands.i32[row * COMMAND_WORDS] as number)) continue;
    kept.append(commands.bytes.subarray(row * COMMAND_BYTES, (row + 1) * COMMAND_BYTES), 1);
  }
  return kept;
}

function bytesOf({ bytes, rows, commands }: CommandBuffer): SentCommands {
  return { bytes: bytes.subarray(0, rows * COMMAND_BYTES), count: commands };
}

function answer(): RecordingAnswer {
  try {
    return record(workerData as RecordingRequest);
  } catch (error) {
    return { error: sendError(error) };
  }
}

const sent = answer();
parentPort?.postMessage(
  sent,
  'error' in sent ? [] : ([sent.opening.bytes.buffer, sent.commands.bytes.buffer] as ArrayBuffer[]),
);
