/**
 * Acknowledgement latency: commands arrive at a fixed rate, whatever the exchange does, and each waits from its arrival until
 * its batch is durable. A stall is paid by every command that arrives meanwhile, as clients pay it.
 */
import { COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { type DurableExchange, type Grouping, openDurable } from './durable.ts';
import { collectGarbage, rounded, type Tell } from './series.ts';
import type { Recording } from './recording.ts';

export interface Latency {
  /** Commands that arrived a second. */
  readonly rate: number;
  readonly commands: number;
  readonly batches: number;
  /** Milliseconds from the arrival of a command until it was durable. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export interface LatencyRequest extends Grouping {
  readonly rate: number;
  readonly seconds: number;
}

/** Sends the first commands of the recording at the given rate for the given time. Every command of a session is one row. */
export async function measureLatency(
  folder: string,
  recording: Recording,
  request: LatencyRequest,
  tell: Tell,
): Promise<Latency> {
  let durableMs = 0;
  const onPublish = (): void => {
    durableMs = performance.now();
  };
  const durable = openDurable(folder, recording, { ...request, onPublish });
  try {
    collectGarbage();
    const total = Math.min(recording.commands.rows, Math.round(request.rate * request.seconds));
    const found = send(durable, recording.commands, { ...request, total }, () => durableMs);
    durable.exchange.finish();
    const latency = { rate: request.rate, commands: total, batches: found.batches, ...percentiles(found.waits) };
    tell(`at ${request.rate} commands a second: p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms`);
    return latency;
  } finally {
    await durable.close();
  }
}

/** Sends all that has arrived, at most a batch, as soon as the batch before is published; returns every command's wait. */
function send(
  { exchange }: DurableExchange,
  commands: CommandBuffer,
  { rate, total, batchCommands }: LatencyRequest & { readonly total: number },
  publishedMs: () => number,
): { waits: Float64Array; batches: number } {
  const waits = new Float64Array(total);
  const batch = new CommandBuffer(batchCommands);
  const perMs = rate / 1000;
  let batches = 0;
  const startedMs = performance.now();
  for (let sent = 0; sent < total; batches++) {
    let arrived = sent;
    while (arrived === sent) arrived = Math.min(total, Math.floor((performance.now() - startedMs) * perMs));
    const count = Math.min(arrived - sent, batchCommands);
    batch.clear();
    batch.append(commands.bytes.subarray(sent * COMMAND_BYTES, (sent + count) * COMMAND_BYTES), count);
    exchange.submit(batch);
    const sinceStartMs = publishedMs() - startedMs;
    for (let n = sent; n < sent + count; n++) waits[n] = sinceStartMs - (n + 1) / perMs;
    sent += count;
  }
  return { waits, batches };
}

/** Nearest-rank percentiles of the waits, which it sorts. */
export function percentiles(waits: Float64Array): Pick<Latency, 'p50Ms' | 'p99Ms' | 'p999Ms' | 'maxMs'> {
  waits.sort();
  const at = (share: number): number => rounded(waits[Math.max(0, Math.ceil(waits.length * share) - 1)] as number, 3);
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1) };
}
