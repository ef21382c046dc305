// `makewhole incident scope`: where history left its record, and the draft of a case.
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import type { Block } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import { loadSnapshot, readerOf } from '../chain/snapshot.ts';
import type { State } from '../engine/state.ts';
import { type Scope, scopeOf } from '../incident/scope.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import { DEFAULT_POLICY } from '../remedy/default-policy.ts';
import { CASE_FORMAT, caseHash, type IncidentCase } from '../remedy/incident-case.ts';
import { deadForks } from '../remedy/incident-run.ts';
import { wholeNumber } from './arguments.ts';
import { writeCaseFile } from './case-file.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import type { Output } from './output.ts';

interface ScopeOptions {
  readonly journal: string;
  readonly live?: string[];
  readonly out?: string;
  readonly name: string;
  readonly reason?: string;
  readonly from?: number;
  readonly to?: number;
  readonly dropHalts?: boolean;
}

/** Adds the command `incident scope`. */
export function registerScope(incident: Command, frame: Frame): void {
  addCommand(incident, 'scope', {
    summary: 'where history left its record, and the draft of a case',
    description:
      'Replays a journal and finds the last block whose recorded root its history leads to. Where a process held what no command had\n' +
      'written, it is found from the snapshots that were kept (--live names further ones), and proved by the recorded roots.\n' +
      'With --out it writes a case: with the deviations that were found, the default policy and the whole record behind the last\n' +
      'good block. What was told falsely, or done by mistake, is for people to add: no replay can find it. Reads only.\n' +
      'Ends with exit code 1 when the process held anything that its history does not lead to.',
    examples: [
      ['incident scope --journal day', 'what its process held that its history does not lead to'],
      [
        'incident scope --journal day --live bad.snapshot --out case.json --reason "an index was lost"',
        'the same, with a copy of what it loaded, as a case',
      ],
      [
        'incident scope --journal day --from 700 --out case.json --reason "a feed was wrong"',
        'a case from block 700 on',
      ],
    ],
  })
    .requiredOption('--journal <folder>', 'the journal of the exchange')
    .option('--live <snapshot>', 'what a process held; may be given again', collect)
    .option('--out <file>', 'write the draft of a case to this new file')
    .option('--name <words>', 'name of the case: words joined by hyphens', 'incident')
    .option('--reason <text>', 'what happened, in public words; with --out')
    .option('--from <height>', 'the last good block, when people know an earlier one', wholeNumber(0, 2 ** 40))
    .option('--to <height>', 'the block that is compared (default: the last)', wholeNumber(0, 2 ** 40))
    .option('--drop-halts', 'the case leaves out what halted the venue (default: it is kept)')
    .action(action<ScopeOptions>(frame, scope));
}

function scope(output: Output, options: ScopeOptions): ExitCode {
  const { journal: folder, live = [], out, reason } = options;
  if (out !== undefined && reason === undefined) {
    throw new CommandError('missing_argument', 'a case says what happened: --reason TEXT');
  }
  openForReading(folder);
  const history = new JournalReader(folder);
  const head = options.to ?? history.height;
  const found = scopeOf({ history, head, folder, kept: (block) => keptOf(live, block) });
  const { lastGood, deviations, unexplained, lines } = found;
  sayScope(output, found);
  const incident = out === undefined ? undefined : draftOf(history, found, options, reason as string);
  if (out !== undefined && incident !== undefined) {
    writeCaseFile(out, incident);
    output.say(`Wrote ${out}.`);
  }
  output.result({
    lastGood: { height: lastGood.height, fork: lastGood.fork, stateRoot: toHex(lastGood.stateRoot) },
    deviations: deviations.length,
    lines,
    unexplained: unexplained ?? null,
    file: out ?? null,
    case: incident === undefined ? null : toHex(caseHash(incident)),
  });
  return unexplained === undefined && deviations.length === 0 ? exitCodes.ok : exitCodes.finding;
}

function sayScope(output: Output, { lastGood, deviations, unexplained, lines }: Scope): void {
  if (deviations.length === 0 && unexplained === undefined) {
    output.say(`Every recorded root follows from its commands, up to block ${lastGood.height}.`);
    output.say('What was wrong, if anything, came in by a command: a case says which.');
    return;
  }
  output.say(`Last good block: ${lastGood.height}, fork ${lastGood.fork}.`);
  for (const { afterSequence, writes } of deviations) {
    output.say(`After command ${afterSequence} the process held ${writes.length} values that no command had written:`);
  }
  for (const line of lines.slice(0, 40)) output.say(`  ${line}`);
  if (lines.length > 40) output.say(`  … and ${lines.length - 40} more`);
  if (unexplained === undefined) output.say('With them every recorded root follows.');
  else {
    const { what, height } = unexplained;
    output.say(`NOT EXPLAINED: ${what} of block ${height}. A copy of what the process held would help: --live FILE.`);
  }
}

/** What the given copies hold of a block, whether it vouches for them or not. */
function keptOf(files: readonly string[], block: Block): State | undefined {
  for (const file of files) {
    const bytes = readFileSync(file);
    const result = loadSnapshot(readerOf(bytes), block, sha256, crc32);
    if ('state' in result) return result.state;
    if (result.refusal.suspect !== undefined) return result.refusal.suspect;
  }
  return undefined;
}

function draftOf(
  history: JournalReader,
  { lastGood, deviations }: Scope,
  { name, from, to, dropHalts }: ScopeOptions,
  reason: string,
): IncidentCase {
  const blockAt = (height: number): Block => {
    const block = history.block(height);
    if (block === undefined)
      throw new CommandError('block_not_found', `no block ${height}, the last is ${history.height}`);
    return block;
  };
  const first = from === undefined ? lastGood : blockAt(from);
  if (first.height > lastGood.height) {
    throw new CommandError('not_good', `block ${first.height} is behind the last good one, ${lastGood.height}`);
  }
  const last = blockAt(to ?? history.height);
  const voidedBranches = deadForks(first.height, last.height, history);
  return {
    format: CASE_FORMAT,
    name,
    reason,
    from: { fork: first.fork, height: first.height, stateRoot: toHex(first.stateRoot) },
    to: { fork: last.fork, height: last.height },
    corrections: {
      commands: [],
      deviations: deviations.filter(({ afterSequence }) => afterSequence >= first.lastSequence),
      keepHalts: dropHalts !== true,
      ...(voidedBranches.length === 0 ? {} : { voidedBranches }),
    },
    mode: 'replay',
    reactivePpm: 10_000,
    policy: DEFAULT_POLICY,
    notices: { noticeMs: last.lastMs, reopenMs: last.lastMs, graceMs: 0, late: [] },
  };
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
