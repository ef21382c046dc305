// `makewhole verify`: replays a journal from its first command and compares every block.
import { Argument, type Command } from 'commander';
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import { replay } from '../chain/replay.ts';
import { genesis } from '../engine/state.ts';
import { decodeHolds } from '../guard/hold-record.ts';
import { JournalCorrupt } from '../journal/journal.ts';
import { JournalWalk } from '../journal/journal-walk.ts';
import { crc32, sha256 } from '../journal/node-digest.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { openForReading } from './journal-folder.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { verifyReceipts } from './receipt.ts';
import { startProgress } from './progress.ts';
import { verifyWarrants } from './warrants.ts';

interface VerifyOptions {
  readonly journal?: string;
  readonly roots?: string;
}

/** Where history first differs from its record: in what it leads to, or in its very bytes. */
type Found = NonNullable<ReturnType<typeof replay>['firstDivergence']> | DamagedBytes;

interface DamagedBytes {
  readonly what: 'journal_corrupt';
  readonly height: number;
  readonly sequence: number;
  readonly file: string;
  readonly offset: number;
  readonly message: string;
}

export interface VerifyResult {
  readonly blocks: number;
  readonly commands: number;
  readonly equal: boolean;
  readonly stateRoot: string | null;
  readonly firstDivergence: Found | null;
  /** Entries of holds that are no lines of holds. They change no state, so nothing diverges by them. */
  readonly unreadableHolds: number;
  readonly seconds: number;
}

/** Adds the command `verify`. */
export function registerVerify(program: Command, frame: Frame): void {
  addCommand(program, 'verify', {
    summary: 'replay a journal and compare every block',
    description:
      'Replays a journal from its first command and compares the commands root and the state root of every block.\n' +
      'Names the first divergence and ends with exit code 1 when there is one. Reads only; the journal may be in use.\n' +
      'With `warrants` it computes the warrant of every forced action again, and checks acts and holds, instead.\n' +
      'With `receipt` it checks a refund receipt offline instead: nothing is needed but the file and the public roots.',
    examples: [
      ['verify --journal day', 'replay the journal in the folder day'],
      ['verify --journal day --json', 'the same, as one JSON object'],
      ['verify warrants --journal day', 'compute the warrant of every forced action again'],
      ['verify receipt receipt.json --roots roots.json', 'check a refund receipt, statement by statement'],
      ['verify receipt receipts --roots roots.json', 'check every receipt in the folder receipts'],
    ],
  })
    .addArgument(new Argument('[what]', 'what to verify instead of the replay').choices(['warrants', 'receipt']))
    .argument('[file]', 'the receipt, or a folder of receipts')
    .option('--journal <folder>', 'the journal to replay')
    .option('--roots <file>', 'the public roots of the incident, for a receipt')
    .action(
      action<VerifyOptions>(frame, (output, { journal, roots }, [what, file]) => {
        if (what === 'receipt') return verifyReceipts(output, required(file, 'name the file of the receipt'), roots);
        const folder = required(journal, 'say which journal: --journal FOLDER');
        return what === 'warrants' ? verifyWarrants(output, folder) : verify(output, folder);
      }),
    );
}

function required(value: string | undefined, how: string): string {
  if (value === undefined) throw new CommandError('missing_argument', how);
  return value;
}

async function verify(output: Output, folder: string): Promise<ExitCode> {
  const result = await verifyJournal(output, folder);
  output.result(result);
  const counts = `${readableCount(result.commands)} commands in ${readableCount(result.blocks)} blocks`;
  const rate = readableCount(result.commands / Math.max(result.seconds, 1e-3));
  if (result.firstDivergence === null) {
    output.say(`Equal: ${counts} replayed in ${result.seconds.toFixed(1)} s (${rate} a second).`);
    output.say(`Every block's roots agree; the last state root is ${result.stateRoot ?? 'none: no block was sealed'}.`);
    if (result.unreadableHolds === 0) return exitCodes.ok;
    output.say(`${readableCount(result.unreadableHolds)} entries of holds cannot be read.`);
    return exitCodes.finding;
  }
  output.say(`DIVERGES after ${counts}.`);
  output.say(describe(result.firstDivergence));
  return exitCodes.finding;
}

function describe(found: Found): string {
  if (found.what === 'journal_corrupt') {
    return `First divergence: journal_corrupt behind block ${found.height}, after command ${found.sequence}: ${found.message}`;
  }
  const { what, height, sequence, recorded, replayed } = found;
  return `First divergence: ${what} of block ${height}, after command ${sequence}\n  recorded ${recorded}\n  replayed ${replayed}`;
}

/** Replays the journal in a folder; never changes it. Throws named errors when there is none. */
async function verifyJournal(output: Output, folder: string): Promise<VerifyResult> {
  const { entryBytes } = openForReading(folder);
  const walk = new JournalWalk(folder, crc32);
  const progress = startProgress(output, 'replay', Math.max(1, entryBytes));
  const roots = new ThreadedRoots();
  const startMs = performance.now();
  let read = 0;
  let blocks = 0;
  let commands = 0;
  let unreadableHolds = 0;
  const counted = function* (): Generator<ReturnType<typeof walk.entries> extends Generator<infer E> ? E : never> {
    for (const entry of walk.entries()) {
      if (entry.kind === 'block') blocks++;
      else {
        commands += entry.commands;
        read += entry.bytes.length;
        if (blocks % 16 === 0)
          progress.update(
            Math.min(read, entryBytes),
            `${readableCount(commands)} commands  ${readableCount(blocks)} blocks`,
          );
      }
      yield entry;
    }
  };
  const seconds = (): number => Number(((performance.now() - startMs) / 1000).toFixed(3));
  try {
    const sealer = new BlockSealer(sha256, roots, BEFORE_GENESIS);
    const onHolds = (bytes: Uint8Array): void => {
      if (decodeHolds(bytes) === undefined) unreadableHolds++;
    };
    const found = replay(genesis(), counted(), { sealer, hash: sha256, amend: null, onHolds });
    progress.stop();
    tellTail(output, walk);
    const { equal, stateRoot, firstDivergence } = found;
    const { blocks: replayed, commands: applied } = found;
    return {
      blocks: replayed,
      commands: applied,
      equal,
      stateRoot,
      firstDivergence,
      unreadableHolds,
      seconds: seconds(),
    };
  } catch (error) {
    if (!(error instanceof JournalCorrupt)) throw error;
    const { file, offset, message } = error;
    const { height, sequence } = walk.position;
    const firstDivergence = { what: 'journal_corrupt' as const, height, sequence, file, offset, message };
    return { blocks, commands, equal: false, stateRoot: null, firstDivergence, unreadableHolds, seconds: seconds() };
  } finally {
    progress.stop();
    await roots.close();
  }
}

function tellTail(output: Output, { tornTail }: JournalWalk): void {
  if (tornTail === undefined) return;
  const { file, offset, cutBytes } = tornTail;
  output.warn(`${file}: ${cutBytes} bytes of an unfinished write behind byte ${offset} are not part of the history`);
}
