// `makewhole warrants`: what was forced and what was held, in plain words, each warrant computed again.
import type { Command } from 'commander';
import { findPosition, type State } from '../engine/state.ts';
import { POSITION } from '../engine/tables.ts';
import type { HoldRecord } from '../guard/hold-record.ts';
import { type JudgedWarrant, WarrantVerifier } from '../guard/verify-warrants.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { type ExitCode, exitCodes } from './errors.ts';
import { readableCount } from './money.ts';
import type { Output } from './output.ts';
import { replayWarrants } from './replay-warrants.ts';
import { readWarrant, type WarrantRecord } from './warrant-record.ts';
import { holdLines, warrantLines } from './warrant-words.ts';

interface WarrantsOptions {
  readonly journal: string;
  readonly account?: number;
  readonly fork?: number;
}

/** Of each, so many are told to people; --json has all. */
const SHOWN = 100;

interface Listed {
  readonly judged: JudgedWarrant;
  /** What the stored line says; of an action without one, what the computation gives. */
  readonly record: WarrantRecord | undefined;
}

/** Adds the command `warrants`. */
export function registerWarrants(program: Command, frame: Frame): void {
  addCommand(program, 'warrants', {
    summary: 'show what was forced on an account, and what was held, with the reasons',
    description:
      'Replays a journal and shows every forced action with its warrant: when, what, why, by which prices, and whether the ' +
      'warrant is the one that the history gives. Then what the guard held: since when, why, until when.\n' +
      'Ends with exit code 1 when a warrant is not valid. Reads only; the journal may be in use.',
    examples: [
      ['warrants --journal day --account 42', 'what was forced on account 42, and what was held'],
      ['warrants --journal day --json', 'all accounts, as one JSON object'],
    ],
  })
    .requiredOption('--journal <folder>', 'the journal to read')
    .option('--account <number>', 'only this account, by its number', wholeNumber(1, 2 ** 24))
    .option('--fork <number>', 'up to the end of this fork (default: the present one)', wholeNumber(0, 0x7fff_ffff))
    .action(action<WarrantsOptions>(frame, (output, options) => showWarrants(output, options)));
}

async function showWarrants(output: Output, { journal, account, fork }: WarrantsOptions): Promise<ExitCode> {
  const listed: Listed[] = [];
  const holds: HoldRecord[] = [];
  const verifier = new WarrantVerifier((judged) => {
    const stored = readWarrant(judged.stored ?? '');
    const computed = readWarrant(judged.computed ?? '');
    const isOf = account === undefined || stored?.account === account || computed?.account === account;
    if (isOf) listed.push({ judged, record: stored ?? computed });
  });
  const state = await replayWarrants(output, journal, verifier, fork, (records, at) => {
    for (const record of records) if (account === undefined || concerns(at, record, account)) holds.push(record);
  });
  const warrants = listed.map(({ judged, record }) => jsonOf(judged, record));
  output.result({ account: account ?? null, warrants, holds, unreadableHolds: verifier.unreadableHolds });
  const about = account === undefined ? '' : ` of account ${account}`;
  output.say(`Forced actions${about}: ${readableCount(listed.length)}`);
  say(
    output,
    listed.map(({ judged, record }) => warrantLines(state, judged, record)),
  );
  output.say(`Holds${about}: ${readableCount(holds.length)} entries of the record`);
  say(
    output,
    holds.map((record) => holdLines(state, record)),
  );
  if (verifier.unreadableHolds > 0) output.warn(`${verifier.unreadableHolds} entries of holds cannot be read`);
  if (verifier.holds.invalid > 0) {
    output.warn(`${verifier.holds.invalid} records of holds are false or missing: see \`makewhole verify warrants\``);
  }
  const areHoldsSound = verifier.holds.invalid === 0 && verifier.unreadableHolds === 0;
  const isSound = listed.every(({ judged }) => judged.why === undefined) && areHoldsSound;
  return isSound ? exitCodes.ok : exitCodes.finding;
}

function say(output: Output, items: readonly (readonly string[])[]): void {
  for (const lines of items.slice(0, SHOWN)) output.say(`\n${lines.join('\n')}`);
  if (items.length > SHOWN) output.say(`\n… and ${readableCount(items.length - SHOWN)} more: --json has them all`);
  output.say();
}

function jsonOf({ why, command, refusal, height, stored }: JudgedWarrant, record: WarrantRecord | undefined): object {
  const verdict = why ?? 'valid';
  return {
    verdict,
    command: command ?? null,
    refusal: refusal ?? null,
    height,
    stored: stored !== undefined,
    warrant: record ?? null,
  };
}

/** Whether a hold concerns an account: its own, or one of what it rested on at that time: the venue, a market that it is in. */
function concerns(state: State, { account: owner, component }: HoldRecord, account: number): boolean {
  if (owner !== undefined) return owner === account;
  if (component === 'venue' || component === `account ${account}`) return true;
  const market = Number(/^market (\d+)$/.exec(component ?? '')?.[1] ?? 0);
  if (market === 0 || account >= state.account.rows || market >= state.market.rows) return false;
  const row = findPosition(state, account, market);
  const { f64, i32 } = state.position;
  return row !== 0 && (f64[row * 16 + POSITION.SIZE] !== 0 || i32[row * 32 + POSITION.ORDER_COUNT] !== 0);
}
