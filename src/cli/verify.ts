// `makewhole verify`: replays a journal from its first command and compares every block.
import { Argument, type Command } from 'commander';
import type { History } from '../chain/branches.ts';
import { toHex } from '../chain/digest.ts';
import type { Divergence } from '../chain/block-difference.ts';
import { decodeHolds } from '../guard/hold-record.ts';
import { type BranchVerdict, isSound, verifyBranches } from '../incident/verify-branches.ts';
import { JournalCorrupt } from '../journal/journal.ts';
import { JournalReader } from '../journal/journal-reader.ts';
import type { JournalWalk } from '../journal/journal-walk.ts';
import { sha256 } from '../journal/node-digest.ts';
import { caseHash, type IncidentCase } from '../remedy/incident-case.ts';
import { ThreadedRoots } from '../journal/threaded-roots.ts';
import { wholeNumber } from './arguments.ts';
import { readCaseFile } from './case-file.ts';
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
  readonly fork?: number;
  readonly case?: string;
}

/** Where history first differs from its record: in what it leads to, in a rollback, or in its very bytes. */
type Found = Divergence | RollbackFault | DamagedBytes;

interface DamagedBytes {
  readonly what: 'journal_corrupt';
  readonly height: number;
  readonly sequence: number;
  readonly file: string;
  readonly offset: number;
  readonly message: string;
}

interface RollbackFault {
  readonly what: 'rollback';
  /** Of the block that restores, and the sequence that it goes back to. */
  readonly height: number;
  readonly sequence: number;
  readonly message: string;
}

export interface VerifyResult {
  /** Of all branches, those that rollbacks ended too. */
  readonly blocks: number;
  readonly commands: number;
  readonly equal: boolean;
  readonly stateRoot: string | null;
  readonly firstDivergence: Found | null;
  readonly branches: readonly BranchVerdict[];
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
      'Branches that rollbacks ended are verified too, and every rollback is made again.\n' +
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
    .option('--case <file>', 'a case: what processes held in memory on the branches that its rollbacks ended')
    .option('--fork <number>', 'warrants: on the way to the last block of this fork', wholeNumber(0, 0x7fff_ffff))
    .option('--roots <file>', 'the public roots of the incident, for a receipt')
    .action(
      action<VerifyOptions>(frame, (output, { journal, roots, fork, case: caseFile }, [what, file]) => {
        if (what === 'receipt') return verifyReceipts(output, required(file, 'name the file of the receipt'), roots);
        const folder = required(journal, 'say which journal: --journal FOLDER');
        return what === 'warrants' ? verifyWarrants(output, folder, fork) : verify(output, folder, caseFile);
      }),
    );
}

function required(value: string | undefined, how: string): string {
  if (value === undefined) throw new CommandError('missing_argument', how);
  return value;
}

async function verify(output: Output, folder: string, caseFile: string | undefined): Promise<ExitCode> {
  const result = await verifyJournal(output, folder, caseFile === undefined ? undefined : readCaseFile(caseFile));
  output.result(result);
  const counts = `${readableCount(result.commands)} commands in ${readableCount(result.blocks)} blocks`;
  const rate = readableCount(result.commands / Math.max(result.seconds, 1e-3));
  if (result.branches.length > 1) for (const branch of result.branches) output.say(branchText(branch));
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

function branchText({
  fork,
  from,
  to,
  restores,
  isDead,
  blocks,
  firstDivergence,
  isAllowed,
  rollback,
}: BranchVerdict): string {
  const begins = restores === undefined ? '' : `, begins with block ${restores} again`;
  const ended = isDead ? ', ended by a rollback' : '';
  const differs =
    firstDivergence === null ? '' : `; ${firstDivergence.what} differs from block ${firstDivergence.height} on`;
  const allowed = differs !== '' && isAllowed ? ', as its certificate says' : '';
  const fault = rollback === undefined || rollback.fault === '' ? '' : `; ${rollback.fault}`;
  const { length } = ['', differs, fault].filter((text) => text !== '');
  const verdict = length === 0 ? `: ${readableCount(blocks)} blocks agree` : `${differs}${allowed}${fault}`;
  return `Fork ${fork}, blocks ${from} to ${to}${begins}${ended}${verdict}.`;
}

function describe(found: Found): string {
  if (found.what === 'journal_corrupt') {
    const { height, sequence, message } = found as DamagedBytes;
    return `First divergence: journal_corrupt behind block ${height}, after command ${sequence}: ${message}`;
  }
  if (found.what === 'rollback') {
    const { height, message } = found as RollbackFault;
    return `First divergence: rollback at block ${height}: ${message}`;
  }
  const { what, height, sequence, recorded, replayed } = found as Divergence;
  return `First divergence: ${what} of block ${height}, after command ${sequence}\n  recorded ${recorded}\n  replayed ${replayed}`;
}

/** Replays the journal in a folder, every branch of it; never changes it. Throws named errors when there is none. */
async function verifyJournal(
  output: Output,
  folder: string,
  incident: IncidentCase | undefined,
): Promise<VerifyResult> {
  openForReading(folder);
  const startMs = performance.now();
  const reader = new JournalReader(folder);
  const progress = startProgress(output, 'replay', Math.max(1, reader.commands));
  const threads: ThreadedRoots[] = [];
  let unreadableHolds = 0;
  const seconds = (): number => Number(((performance.now() - startMs) / 1000).toFixed(3));
  try {
    const branches = verifyBranches(reader, {
      hash: sha256,
      ...(incident === undefined
        ? {}
        : { known: { incident: toHex(caseHash(incident)), deviations: incident.corrections.deviations } }),
      roots: () => {
        const roots = new ThreadedRoots();
        threads.push(roots);
        return roots;
      },
      onHolds: (bytes) => {
        if (decodeHolds(bytes) === undefined) unreadableHolds++;
      },
      onProgress: (commands) =>
        progress.update(Math.min(commands, reader.commands), `${readableCount(commands)} commands`),
    });
    progress.stop();
    tellTail(output, reader.walk);
    const firstDivergence = firstFound(branches, reader);
    const blocks = branches.reduce((sum, branch) => sum + branch.blocks, 0);
    const commands = branches.reduce((sum, branch) => sum + branch.commands, 0);
    const stateRoot = branches.at(-1)?.stateRoot ?? null;
    const equal = firstDivergence === null;
    return { blocks, commands, equal, stateRoot, firstDivergence, branches, unreadableHolds, seconds: seconds() };
  } catch (error) {
    if (!(error instanceof JournalCorrupt)) throw error;
    const { file, offset, message } = error;
    const { height, sequence } = reader.walk.position;
    const firstDivergence = { what: 'journal_corrupt' as const, height, sequence, file, offset, message };
    const counts = { blocks: reader.height + 1, commands: reader.commands };
    return {
      ...counts,
      equal: false,
      stateRoot: null,
      firstDivergence,
      branches: [],
      unreadableHolds,
      seconds: seconds(),
    };
  } finally {
    progress.stop();
    for (const roots of threads) await roots.close();
  }
}

/** What is first other than it must be; null when nothing is. */
function firstFound(branches: readonly BranchVerdict[], history: History): Found | null {
  const branch = branches.find((each) => !isSound(each));
  if (branch === undefined) return null;
  const { rollback, from, restores, firstDivergence } = branch;
  if (rollback === undefined || rollback.fault === '') return firstDivergence;
  const sequence = history.block(restores ?? 0)?.lastSequence ?? 0;
  return { what: 'rollback', height: from, sequence, message: rollback.fault };
}

function tellTail(output: Output, { tornTail }: JournalWalk): void {
  if (tornTail === undefined) return;
  const { file, offset, cutBytes } = tornTail;
  output.warn(`${file}: ${cutBytes} bytes of an unfinished write behind byte ${offset} are not part of the history`);
}
