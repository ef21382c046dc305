// `makewhole run`: one market day through the exchange.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { ThreadedListening } from '../exchange/threaded-listening.ts';
import { Guard } from '../guard/guard.ts';
import type { Journal } from '../journal/journal.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { saveSnapshot, snapshotHeights } from '../journal/snapshot-folder.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { Session } from '../sim/session.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, exitCodes } from './errors.ts';
import { readableCount } from './money.ts';
import { openDay } from './open-day.ts';
import type { Output } from './output.ts';
import { startProgress } from './progress.ts';
import { runDay } from './run-day.ts';
import { inputsDigest } from './run-inputs.ts';
import { claimFolder } from './run-record.ts';
import { Holds } from './warrants-held.ts';
import { type FinishedRun, runResult, summaryText } from './run-summary.ts';

/** A second thread listens for the guard where it has a processor of its own: the exchange, its roots and it. */
const PROCESSORS = 3;

interface RunOptions {
  readonly data?: string;
  readonly market?: string[];
  readonly day?: string;
  readonly accounts: number;
  readonly seed: number;
  readonly tick?: number;
  readonly journal?: string;
  /** Off: forced actions happen without a warrant. On unless said. */
  readonly guard?: 'on' | 'off';
}

/** Adds the command `run`. */
export function registerRun(program: Command, frame: Frame): void {
  addCommand(program, 'run', {
    summary: 'trade one market day through the exchange',
    description:
      'Trades one UTC day through the exchange: recorded prices (or the built-in modelled day), seeded makers and takers,\n' +
      'and everything that follows: books, trades, funding, liquidations. The same options give the same bytes.\n' +
      'With --journal the day is durable: a run that was cut off is taken up where its journal ends.',
    examples: [
      ['run', 'the built-in day, modelled on 19 January 2026'],
      ['run --data prices/XBTUSD_1m_2020-03.csv.gz --day 2020-03-12', 'a recorded crash'],
      ['run --data prices --market SOL-USD-PERP --market SUI-USD-PERP', 'two markets of a folder'],
      ['run --accounts 5000 --seed 7 --journal day --json', 'durable, and one JSON object on stdout'],
    ],
  })
    .option('--data <path>', 'recorded price bars: a file or a folder (`makewhole data` lists the formats)')
    .option('--market <name>', 'trade only this market; may be given again', collect)
    .option('--day <YYYY-MM-DD>', 'the UTC day (default: the last full day of the data)')
    .option('--accounts <n>', 'accounts that trade', wholeNumber(10, 1_000_000), 2000)
    .option('--seed <n>', 'decides what the traders do', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--tick <ms>', 'time between two ticks of the clock', wholeNumber(1000, 30_000))
    .option('--journal <folder>', 'where the journal is kept (default: in memory)')
    .addOption(
      new Option('--guard <on|off>', 'whether a forced action needs a warrant').choices(['on', 'off']).default('on'),
    )
    .action(
      action<RunOptions>(frame, async (output, options) => {
        const run = await runWith(output, options);
        output.say(summaryText(run));
        output.result(runResult(run));
        return exitCodes.ok;
      }),
    );
}

/** What was noticed in the data is said at once, with --json too: it must reach whoever reads the log. */
const FINDINGS_SHOWN = 5;

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Runs the day that the options ask for, with a progress bar. */
async function runWith(output: Output, options: RunOptions): Promise<FinishedRun> {
  const { data, market, day: utcDay, tick, seed, accounts } = options;
  const day = openDay({ data, market, day: utcDay, tickMs: tick, seed });
  const session = new Session({ day, seed, accounts });
  const markets = readableCount(day.markets.length);
  output.say(`Trading ${day.day} in ${markets} markets with ${readableCount(session.accounts)} accounts …`);
  for (const { code, message } of day.findings.slice(0, FINDINGS_SHOWN)) output.warn(`${code}: ${message}`);
  if (day.findings.length > FINDINGS_SHOWN)
    output.warn(`… and ${day.findings.length - FINDINGS_SHOWN} more like these`);
  const journal = openJournal(output, options.journal, () => ({
    madeBy: 'run',
    inputs: inputsDigest(day, seed, session.accounts),
    guard: options.guard ?? 'on',
    day: day.day,
    source: day.source,
    markets: day.markets.length,
    accounts: session.accounts,
    seed,
    tickMs: day.tickMs,
  }));
  const roots = new ThreadedRoots();
  const listening =
    options.guard === 'off' || availableParallelism() < PROCESSORS ? undefined : new ThreadedListening();
  const holds = new Holds();
  const progress = startProgress(output, 'day', session.clock.ticks);
  try {
    const run = runDay({
      session,
      guard:
        options.guard === 'off'
          ? undefined
          : new Guard({ onVerdict: (verdict) => holds.count(verdict), ...(listening !== undefined && { listening }) }),
      journal,
      roots,
      saveSnapshot: (state, block) => {
        if (options.journal !== undefined) saveSnapshot(options.journal, state, block);
      },
      onTick: (done, note) => progress.update(done, note),
      onRecovered: (commands, blocks) =>
        output.say(`Taken up after ${readableCount(commands)} commands in ${readableCount(blocks)} blocks.`),
    });
    progress.stop();
    for (const line of holds.lines()) output.say(line);
    return run;
  } finally {
    progress.stop();
    journal.close();
    await roots.close();
    await listening?.close();
  }
}

function openJournal(
  output: Output,
  folder: string | undefined,
  record: () => Parameters<typeof claimFolder>[1],
): Journal {
  if (folder === undefined) return new MemoryJournal();
  mkdirSync(folder, { recursive: true });
  claimFolder(folder, record());
  const { journal, tornTail } = openFileJournal(folder);
  const newest = snapshotHeights(folder)[0] ?? -1;
  if (newest > journal.height) {
    journal.close();
    throw new CommandError(
      'journal_shorter_than_snapshot',
      `${folder} ends with block ${journal.height}, but holds a snapshot of block ${newest}: its end is lost`,
      exitCodes.corruption,
    );
  }
  if (tornTail !== undefined) {
    output.warn(
      `${tornTail.file}: ${tornTail.cutBytes} bytes of an unfinished write were cut at byte ${tornTail.offset}`,
    );
  }
  return journal;
}
