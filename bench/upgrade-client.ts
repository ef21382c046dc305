/**
 * A client that keeps sending orders to a running exchange, in a process of its own: one after the other, each taken back when the next
 * one comes. Between two orders that were taken lies a gap; a line on stdin (a name) begins a new part, whose gaps are counted
 * by themselves; the end of stdin ends it. Prints the parts as JSON.
 */
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCommand } from '../src/chain/command-record.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { REFUSALS } from '../src/engine/refusal.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags } from '../src/engine/flags.ts';

export interface ClientRequest {
  readonly socket: string;
  readonly account: number;
  readonly market: number;
  readonly priceTicks: number;
  readonly sizeLots: number;
  /** Between an answer and the next order. */
  readonly everyMs: number;
}

export interface ClientPart {
  readonly name: string;
  /** Orders that were sent, and those that were taken. */
  readonly sent: number;
  readonly taken: number;
  /** What else was answered, by name, and how often. */
  readonly refused: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Between two orders that were taken. */
  readonly longestGapMs: number;
  /** When it ended, from the begin of the part. */
  readonly longestGapAtSeconds: number;
  readonly gapP50Ms: number;
  readonly gapP99Ms: number;
}

interface Part {
  readonly name: string;
  sent: number;
  readonly startMs: number;
  readonly gaps: number[];
  /** When each ended. */
  readonly endsMs: number[];
  readonly refused: Map<string, number>;
}

interface Answer {
  readonly error?: string;
  readonly message?: string;
  readonly events?: readonly {
    readonly kind: string;
    readonly order?: number;
    readonly account?: number;
    readonly refusal?: number;
  }[];
  readonly held?: readonly { readonly check: string }[];
}

const partOf = (name: string): Part => ({
  name,
  sent: 0,
  startMs: performance.now(),
  gaps: [],
  endsMs: [],
  refused: new Map(),
});

async function send(request: ClientRequest): Promise<ClientPart[]> {
  const { socket: path, account, market, priceTicks, sizeLots, everyMs } = request;
  const parts: ClientPart[] = [];
  let part = partOf('start');
  let isEnding = false;
  const socket = createConnection(path);
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  const commands = createInterface({ input: process.stdin });
  commands.on('line', (name) => {
    parts.push(reported(part));
    part = partOf(name);
  });
  commands.on('close', () => (isEnding = true));
  const flags = orderFlags(0, ORDER_KIND.LIMIT, INSTRUCTION.POST_ONLY, false);
  let lastMs = performance.now();
  let order = 0;
  while (!isEnding) {
    const buffer = new CommandBuffer(4);
    if (order !== 0) buffer.cancelOrder(0, account, order);
    buffer.placeOrder(0, account, market, priceTicks, sizeLots, flags);
    const records = Array.from({ length: buffer.rows }, (_, row) => readCommand(buffer.bytes, row));
    part.sent++;
    socket.write(`${JSON.stringify({ ask: 'submit', commands: records })}\n`);
    const line = await answers.next();
    if (line.done === true) break;
    const answer = JSON.parse(line.value) as Answer;
    const accepted = answer.events?.find((event) => event.kind === 'orderAccepted' && event.account === account);
    if (accepted?.order === undefined) {
      const why = whyNot(answer);
      part.refused.set(why, (part.refused.get(why) ?? 0) + 1);
    } else {
      const nowMs = performance.now();
      part.gaps.push(nowMs - lastMs);
      part.endsMs.push(nowMs);
      lastMs = nowMs;
      order = accepted.order;
    }
    await sleep(everyMs);
  }
  socket.end();
  return [...parts, reported(part)];
}

function whyNot({ error, message, held = [], events = [] }: Answer): string {
  const refusal = events.find(({ kind }) => kind === 'refused');
  return (
    (error === 'not_ready' ? `${error}: ${message}` : error) ??
    held[0]?.check ??
    (refusal === undefined ? 'no answer to it' : `refused ${REFUSALS[refusal.refusal ?? 0] ?? 'unknown'}`)
  );
}

function reported({ name, sent, startMs, gaps, endsMs, refused }: Part): ClientPart {
  const sorted = Float64Array.from(gaps).sort();
  const at = (share: number): number => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
  const longest = gaps.reduce((found, gap, n) => (gap > (gaps[found] ?? 0) ? n : found), 0);
  return {
    name,
    sent,
    taken: gaps.length,
    refused: Object.fromEntries(refused),
    seconds: Math.round(performance.now() - startMs) / 1000,
    longestGapMs: at(1),
    longestGapAtSeconds: Math.round((endsMs[longest] ?? startMs) - startMs) / 1000,
    gapP50Ms: at(0.5),
    gapP99Ms: at(0.99),
  };
}

process.stdout.write(JSON.stringify(await send(JSON.parse(process.argv[2] ?? '{}') as ClientRequest)));
