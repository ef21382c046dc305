// `makewhole inspect`: a block, an account or a market as it stood at a height.
import type { Command } from 'commander';
import { type Block, blockHash } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import { chainId, VENUE_NAME } from '../chain/fork-id.ts';
import { sha256 } from '../journal/node-digest.ts';
import { wholeNumber } from './arguments.ts';
import { readCaseFile } from './case-file.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { accountView, marketView, type View } from './inspect-view.ts';
import { blockAt, stateAt } from './state-at.ts';
import { textTable } from './table.ts';

interface InspectOptions {
  readonly journal: string;
  readonly block?: number;
  readonly account?: number;
  readonly market?: string;
  readonly case?: string;
}

/** Adds the command `inspect`. */
export function registerInspect(program: Command, frame: Frame): void {
  addCommand(program, 'inspect', {
    summary: 'show a block, an account or a market at a height',
    description:
      'Replays a journal up to a block, checking every root on the way, and shows what stood there:\n' +
      'the block itself, an account with its margin and positions, or a market with its prices, funding and book.\n' +
      'A block of a branch that a rollback ended is shown as it was.',
    examples: [
      ['inspect --journal day', 'the last block'],
      ['inspect --journal day --block 700', 'block 700'],
      ['inspect --journal day --market BTC-USD-PERP --block 700', 'a market as it stood at the end of block 700'],
      ['inspect --journal day --account 42 --json', 'an account as it stands at the end'],
    ],
  })
    .requiredOption('--journal <folder>', 'the journal to read')
    .option('--block <height>', 'the block (default: the last)', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--account <number>', 'an account, by its number', wholeNumber(1, 2 ** 24))
    .option('--market <name>', 'a market, by its symbol')
    .option('--case <file>', 'a case: what the process held in memory on a branch that a rollback ended')
    .action(
      action<InspectOptions>(frame, (output, options): ExitCode => {
        const { account, market } = options;
        if (account !== undefined && market !== undefined) {
          throw new CommandError('options_conflict', 'choose --account or --market, not both');
        }
        const { block, endedBy } = blockAt(options.journal, options.block);
        // What a process held on a branch that died may not follow from its commands: its blocks are there all the same.
        const isAsked = account !== undefined || market !== undefined;
        const incident = options.case === undefined ? undefined : readCaseFile(options.case);
        const isRead = isAsked || endedBy === undefined || incident !== undefined;
        const state = isRead ? stateAt(options.journal, block.height, incident).state : undefined;
        const views: View[] = [blockView(block, endedBy)];
        if (state !== undefined && account !== undefined) views.push(...accountView(state, account));
        if (state !== undefined && market !== undefined) views.push(...marketView(state, market));
        for (const { title, rows, alignments } of views) output.say(`${title}\n${textTable(rows, alignments)}\n`);
        output.result(Object.assign({}, ...views.map(({ json }) => json)));
        return exitCodes.ok;
      }),
    );
}

function blockView(block: Block, endedBy: number | undefined): View {
  const { height, fork, restores, firstSequence, lastSequence, firstMs, lastMs, release } = block;
  const json = {
    height,
    fork,
    chainId: chainId(VENUE_NAME, fork),
    restores: restores ?? null,
    endedBy: endedBy ?? null,
    firstSequence,
    lastSequence,
    firstMs,
    lastMs,
    release,
    hash: toHex(blockHash(block, sha256)),
    parentHash: toHex(block.parentHash),
    commandsRoot: toHex(block.commandsRoot),
    stateRoot: toHex(block.stateRoot),
    rulesHash: toHex(block.rulesHash),
  };
  const time = `${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`;
  const rows = [
    ['commands', `${firstSequence} to ${lastSequence}`],
    ['time', time],
    ['fork', endedBy === undefined ? String(fork) : `${fork}, dead: block ${endedBy} restores an earlier one`],
    ['chain id', `${json.chainId}: what clients sign on this fork`],
    ...(restores === undefined ? [] : [['restores', `block ${restores}`]]),
    ['engine release', String(release)],
    ['hash', json.hash],
    ['parent', json.parentHash],
    ['commands root', json.commandsRoot],
    ['state root', json.stateRoot],
    ['rules hash', json.rulesHash],
  ];
  return { title: `Block ${height}`, rows, alignments: [], json: { block: json } };
}
