/**
 * Acknowledgement latency: commands arrive at a fixed rate, whatever the exchange does, and each waits from its arrival until
 * its batch is durable and published. A stall is paid by every command that arrives meanwhile, as clients pay it.
 */
import { COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import type { Exchange } from '../src/exchange/exchange.ts';
import { type Grouping, openDurable } from './durable.ts';
import type { Recording } from './recording.ts';
import { collectGarbage, rounded, type Tell } from './series.ts';

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
  const { rate, seconds, batchCommands } = request;
  const total = Math.min(recording.commands.rows, Math.ceil(rate * seconds));
  const arrivals = new Arrivals(total, rate);
  const onPublish = (): void => arrivals.published();
  const { exchange, close } = openDurable(folder, recording, { ...request, onPublish });
  try {
    collectGarbage();
    arrivals.start();
    const batches = send(exchange, recording.commands, arrivals, batchCommands);
    const latency = { rate, commands: total, batches, ...percentiles(arrivals.waits) };
    tell(`at ${rate} commands a second: p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms`);
    exchange.finish();
    return latency;
  } finally {
    await close();
  }
}

/** Commands that arrive at equal distances, and how long each waits. */
class Arrivals {
  /** Of every command, milliseconds. */
  readonly waits: Float64Array;
  private readonly perMs: number;
  private startedMs = 0;
  /** Ends of the batches that were sent and are not durable yet, oldest first. */
  private readonly ends: number[] = [];
  private answered = 0;

  constructor(total: number, rate: number) {
    this.waits = new Float64Array(total);
    this.perMs = rate / 1000;
  }

  start(): void {
    this.startedMs = performance.now();
  }

  /** How many have arrived by now. */
  arrived(): number {
    return Math.min(this.waits.length, Math.floor((performance.now() - this.startedMs) * this.perMs));
  }

  /** All up to number `end` were sent. */
  sent(end: number): void {
    this.ends.push(end);
  }

  /** The oldest batch is durable now; nothing happens before the first one was sent. */
  published(): void {
    const end = this.ends.shift();
    if (end === undefined) return;
    const sinceStartMs = performance.now() - this.startedMs;
    for (let n = this.answered; n < end; n++) this.waits[n] = sinceStartMs - (n + 1) / this.perMs;
    this.answered = end;
  }
}

/** Sends all that has arrived, at most a batch, and waits for the disk when nothing has; returns the number of batches. */
function send(exchange: Exchange, commands: CommandBuffer, arrivals: Arrivals, batchCommands: number): number {
  const batch = new CommandBuffer(batchCommands);
  const total = arrivals.waits.length;
  let batches = 0;
  for (let sent = 0; sent < total; ) {
    const count = Math.min(arrivals.arrived() - sent, batchCommands);
    if (count === 0) {
      exchange.flush();
      continue;
    }
    batch.clear();
    batch.append(commands.bytes.subarray(sent * COMMAND_BYTES, (sent + count) * COMMAND_BYTES), count);
    sent += count;
    batches++;
    arrivals.sent(sent);
    exchange.submit(batch);
  }
  exchange.flush();
  return batches;
}

/** Nearest-rank percentiles of the waits, which it sorts. */
export function percentiles(waits: Float64Array): Pick<Latency, 'p50Ms' | 'p99Ms' | 'p999Ms' | 'maxMs'> {
  waits.sort();
  const at = (share: number): number => rounded(waits[Math.max(0, Math.ceil(waits.length * share) - 1)] as number, 3);
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1) };
}
