// `makewhole bench store`: what it costs to project a history into a SQL database.
import type { Command } from 'commander';
import { measureInChild } from '../../bench/in-child.ts';
import type { StoreBenchResult } from '../../bench/store.ts';
import { P5M50 } from '../../bench/workload.ts';
import { wholeNumber } from './arguments.ts';
import {
  addWorkloadOptions,
  startMachine,
  type WorkloadOptions,
  workloadSource,
  workloadText,
} from './bench-options.ts';
import { action, addCommand, type Frame } from './command.ts';
import { exitCodes } from './errors.ts';
import { readableCount } from './money.ts';

/** About five million rows. */
const OPERATIONS = 1_600_000;

interface StoreBenchOptions extends WorkloadOptions {
  readonly batch: number;
  readonly block: number;
  readonly database?: string;
  readonly folder?: string;
  readonly audit?: boolean;
}

/** Adds `bench store`. */
export function registerBenchStore(bench: Command, frame: Frame): void {
  const command = addCommand(bench, 'store', {
    summary: 'a journal projected into a database: rows a second',
    description:
      'Writes a journal and projects it into a database from its first command on, as `store rebuild` does: a replay that compares every ' +
      'root, rows of all tables, the state beside them, indexes and digests. With --audit it is compared row by row afterwards.',
    examples: [
      ['bench store', 'the embedded database, five million rows'],
      ['bench store --database postgres://localhost/empty --audit', 'an empty database on a server, and its audit'],
      ['bench store --operations 200000 --json', 'fewer rows, as JSON'],
    ],
  });
  addWorkloadOptions(command)
    .option('--batch <n>', 'commands of a batch of the journal', wholeNumber(1, 65_536), 1024)
    .option('--block <n>', 'commands of a block', wholeNumber(1, 10_000_000), 16_384)
    .option('--database <url>', 'an empty database on a PostgreSQL server (default: the embedded one)')
    .option('--audit', 'compare every row afterwards')
    .option('--folder <folder>', 'where to write (default: the folder for temporary files)')
    .action(
      action<StoreBenchOptions>(frame, async (output, options) => {
        const machine = startMachine(output);
        const { batch, block, database, folder, audit } = options;
        const request = {
          source: workloadSource(options, { ...P5M50, operations: OPERATIONS }),
          batchCommands: batch,
          blockCommands: block,
          isAudited: audit === true,
          ...(database !== undefined && { url: database }),
          ...(folder !== undefined && { folder }),
        };
        const result = await measureInChild('store', request, (text) => output.say(text));
        output.result({ ...result, ...machine });
        output.say(`\n${storeText(result)}`);
        return exitCodes.ok;
      }),
    );
}

function storeText(result: StoreBenchResult): string {
  const { rows, rowsPerSecond, seconds, cpuSeconds, auditSeconds, engine, commands, blocks, workload } = result;
  const audit = auditSeconds === null ? '' : ` Compared with the journal in ${auditSeconds} s.`;
  return [
    `${readableCount(rowsPerSecond)} rows a second into ${engine}: ${readableCount(rows)} in ${seconds} s, ${cpuSeconds} s of processors beside the server's.${audit}`,
    `${readableCount(commands)} commands in ${readableCount(blocks)} blocks. ${workloadText(workload)}.`,
  ].join('\n');
}
