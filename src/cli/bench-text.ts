// What people read of the benchmarks of the chain.
import type { JournalResult } from '../../bench/journal.ts';
import type { ReplayBenchResult } from '../../bench/replay.ts';
import type { RootBenchResult } from '../../bench/root.ts';
import type { SecondsSeries, Series } from '../../bench/series.ts';
import type { SnapshotBenchResult } from '../../bench/snapshot.ts';
import { workloadText } from './bench-options.ts';
import { readableCount } from './money.ts';
import { textTable } from './table.ts';

function timesText({ nsPerOp, best, spread, cpuNsPerOp }: Series): string {
  return `${nsPerOp} ns a command, best ${best}, spread ${(spread * 100).toFixed(0)} %, ${cpuNsPerOp} of a processor`;
}

/** The result of `bench journal`. */
export function journalText(result: JournalResult): string {
  const { shares, latency } = result;
  return [
    `${readableCount(result.opsPerSecond)} durable commands a second (${timesText(result)}).`,
    `Of these ns the engine's thread gives ${shares.engine} to the engine, ${shares.append} to appending, ${shares.sync} to syncs, ${shares.roots} to roots.`,
    `Batches of ${readableCount(result.batchCommands)}, blocks of ${readableCount(result.blockCommands)}: ${readableCount(result.blocks)} blocks, ${readableCount(result.syncs)} syncs, ${readableCount(result.journalBytes)} bytes on ${result.filesystem}.`,
    `At ${readableCount(latency.rate)} a second a command is durable after ${latency.p50Ms} ms (half of them), ${latency.p99Ms} ms (99 %), ${latency.p999Ms} ms (99.9 %), at most ${latency.maxMs} ms.`,
    `${workloadText(result.workload)}.`,
  ].join('\n');
}

/** The result of `bench replay`. */
export function replayText(result: ReplayBenchResult): string {
  return [
    `${readableCount(result.opsPerSecond)} commands a second replayed, every root checked (${timesText(result)}).`,
    `${readableCount(result.commands)} commands in ${readableCount(result.blocks)} blocks. ${workloadText(result.workload)}.`,
  ].join('\n');
}

/** The result of `bench root`. */
export function rootText({ pages, full, touched, blocks, workload }: RootBenchResult): string {
  const right = ['right', 'right', 'right', 'right', 'right'] as const;
  return [
    `From all ${readableCount(pages)} pages: ${full.seconds} s, ${readableCount(full.nsPerPage)} ns a page.`,
    '',
    textTable(
      [
        ['touched pages', 'ns a page', 'µs'],
        ...touched.map((point) => [
          readableCount(point.pages),
          readableCount(point.nsPerPage),
          readableCount(point.microseconds),
        ]),
      ],
      right,
    ),
    '',
    textTable(
      [
        ['commands a block', 'pages a block', 'ns a page', 'ns a command', 'copy alone'],
        ...blocks.map((point) => [
          readableCount(point.blockCommands),
          readableCount(point.pagesPerBlock),
          readableCount(point.nsPerPage),
          point.nsPerCommand.toFixed(1),
          point.copyNsPerCommand.toFixed(1),
        ]),
      ],
      right,
    ),
    `"copy alone": ns a command in the engine's thread while another computes the roots. ${workloadText(workload)}.`,
  ].join('\n');
}

/** The result of `bench snapshot`. */
export function snapshotText({
  accounts,
  positions,
  liveOrders,
  bytes,
  write,
  load,
  filesystem,
}: SnapshotBenchResult): string {
  const line = (what: string, { seconds, best, first }: SecondsSeries): string =>
    `${what}: ${seconds} s (best ${best}, first ${first}).`;
  return [
    `${readableCount(accounts)} accounts, ${readableCount(positions)} positions, ${readableCount(liveOrders)} live orders: ${readableCount(bytes)} bytes.`,
    line(`Written and durable on ${filesystem}`, write),
    line('Loaded and verified', load),
  ].join('\n');
}
