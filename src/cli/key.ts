// `makewhole key`: keys of people, and the acts that they write, sign, check and carry out.
import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { type Act, actHash } from '../guard/authority/act.ts';
import { decodeAct } from '../guard/authority/decode-act.ts';
import { effectOf } from '../guard/authority/effect.ts';
import { venueOf } from '../guard/authority/recorded-acts.ts';
import { isSignedBy, signHash } from '../guard/authority/signature.ts';
import { type ContentOptions, contentOf } from './act-content.ts';
import { readActFile, replaceActFile, sayAct, writeActFile } from './act-file.ts';
import { wholeNumber } from './arguments.ts';
import { action, addCommand, type Frame } from './command.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { newKey, readKeyFile, writeKeyFile } from './key-file.ts';
import { submitAct } from './key-submit.ts';
import type { Output } from './output.ts';
import { blockAt } from './state-at.ts';

/** Adds the command `key` with its own commands. */
export function registerKey(program: Command, frame: Frame): void {
  const key = addCommand(program, 'key', {
    summary: 'keys of people, and the acts that they sign',
    description:
      'Makes Ed25519 keys, and writes, signs, checks and carries out acts: what people decide about an exchange. One key stops\n' +
      'at once; what loosens or resumes needs two distinct keys over the same content, before it expires.',
    examples: [
      ['key new --out ann.key', 'a new key; its file is for its owner alone'],
      [
        'key act --venue HASH --status MAINTENANCE --reason "feed is wrong" --expires 2026-01-19T13:00:00Z --out stop.json',
        'an act',
      ],
      ['key sign --key ann.key --act stop.json', 'sign it'],
      ['key check stop.json', 'what it does, and who signed it'],
      ['key submit stop.json --journal day', 'carry it out on the journal of an exchange that is not running'],
    ],
  });
  registerNew(key, frame);
  registerShow(key, frame);
  registerVenue(key, frame);
  registerAct(key, frame);
  registerSign(key, frame);
  registerCheck(key, frame);
  registerSubmit(key, frame);
}

function registerNew(key: Command, frame: Frame): void {
  addCommand(key, 'new', {
    summary: 'make a key',
    description:
      'Makes an Ed25519 key and writes it to a new file with mode 600. Prints the public key; the seed is never printed.',
    examples: [['key new --out ann.key', 'into this file']],
  })
    .option('--out <file>', 'the new file (default: named after the key)')
    .action(
      action<{ out?: string }>(frame, (output, { out }) => {
        const made = newKey();
        const file = out ?? `makewhole-${made.key.slice(0, 8)}.key`;
        writeKeyFile(file, made);
        output.say(`Wrote ${file}. Public key:`);
        output.say(made.key);
        output.result({ file, key: made.key });
        return exitCodes.ok;
      }),
    );
}

function registerShow(key: Command, frame: Frame): void {
  addCommand(key, 'show', {
    summary: 'print the public key of a key file',
    description: 'Prints the public key of a key file, for an enrolment.',
    examples: [['key show ann.key', 'its public key']],
  })
    .argument('<file>', 'a key file')
    .action(
      action(frame, (output, _options, [file]) => {
        const shown = readKeyFile(file as string).key;
        output.say(shown);
        output.result({ key: shown });
        return exitCodes.ok;
      }),
    );
}

function registerVenue(key: Command, frame: Frame): void {
  addCommand(key, 'venue', {
    summary: 'print what acts name an exchange by',
    description:
      'Prints the hash of the first act in a journal, the enrolment of its first keys: what every later act names, so that it can\n' +
      'be carried out on this exchange and on no other with the same keys. The exchange may be running.',
    examples: [['key venue --journal day', 'for --venue']],
  })
    .requiredOption('--journal <folder>', 'the journal of the exchange')
    .action(
      action<{ journal: string }>(frame, (output, { journal }) => {
        const venue = venueOf(blockAt(journal, undefined).reader.entries(-1));
        if (venue === null) throw new CommandError('no_roster', `${journal} has no keys: its first act enrols them`);
        output.say(venue);
        output.result({ venue });
        return exitCodes.ok;
      }),
    );
}

interface ActOptions extends ContentOptions {
  readonly out: string;
  readonly venue?: string;
  readonly fork: number;
  readonly notBefore: number;
  readonly expires: number;
  readonly reason: string;
}

function registerAct(key: Command, frame: Frame): void {
  addCommand(key, 'act', {
    summary: 'write an act, to be signed',
    description:
      'Writes an act without signatures and says what it does. An act is about one thing; --command takes several commands in\n' +
      'readable form, without their time. Times are the exchange’s: milliseconds, or 2026-01-19T13:00:00Z.',
    examples: [
      ['key act --enrol operator:KEY --enrol operator:KEY --enrol guard:KEY --enrol guard:KEY …', 'the first act'],
      ['key act --venue HASH --status CANCEL_ONLY --market 3 --pause withdrawals …', 'a stop'],
      ['key act --rule guard_quorum --value 3 …', 'a limit of the guard'],
      ['key act --parameter INITIAL_MARGIN --market 3 --value 100000 …', 'a parameter'],
      ['key act --announce later.json …', 'say now that later.json will be carried out'],
      ['key act --lift market:3 …', 'end a quarantine'],
    ],
  })
    .requiredOption('--out <file>', 'the new act file')
    .requiredOption('--reason <text>', 'why; part of what is signed')
    .requiredOption('--expires <time>', 'until when it may be carried out', exchangeTime)
    .option('--not-before <time>', 'from when on it may be carried out', exchangeTime, 0)
    .option('--venue <hash>', 'the exchange that it is for, as `key venue` prints it; only its first act names none')
    .option('--fork <n>', 'the branch of history that it is for', wholeNumber(0, 2 ** 32 - 1), 0)
    .option('--status <name>', 'set the status of the venue, or of --market')
    .option('--pause <operations>', 'with --status: what is paused besides, with commas')
    .option('--rule <name>', 'set a rule to --value')
    .option('--parameter <name>', 'set a parameter of --market to --value')
    .option('--market <n>', 'the market, by its number', wholeNumber(0, 2 ** 31 - 1))
    .option('--value <n>', 'the new value', anyNumber)
    .option('--command <json>', 'a command in readable form; may be given again', collect)
    .option('--lift <component>', 'end the quarantine of venue, market:N or account:N')
    .option('--reopen <component>', 'open venue or market:N')
    .option('--announce <act file>', 'announce this act')
    .option('--enrol <role:key>', 'enrol operator:KEY or guard:KEY; may be given again', collect)
    .option('--retire <key>', 'retire this key for good')
    .option('--revoke-refunds <case:round>', 'take back the approval of a payout: one key stops it')
    .action(action<ActOptions>(frame, writeAct));
}

function writeAct(output: Output, options: ActOptions): ExitCode {
  const { out, venue = null, fork, notBefore: notBeforeMs, expires: expiryMs, reason } = options;
  const nonce = randomBytes(16).toString('hex');
  const what = contentOf(options);
  if (venue === null && what.kind !== 'enrol') {
    throw new CommandError('venue_missing', 'name the exchange with --venue, as `key venue` prints it');
  }
  const act = decodeAct({ venue, fork, nonce, notBeforeMs, expiryMs, reason, what });
  if ('bad' in act) throw new CommandError('not_an_act', act.bad);
  writeActFile(out, { act, signatures: [] });
  output.say(`Wrote ${out}, not signed yet.`);
  sayAct(output, act);
  output.result({ file: out, ...describe(act) });
  return exitCodes.ok;
}

function describe(act: Act): { readonly hash: string; readonly effect: readonly string[] } {
  return { hash: actHash(act), effect: effectOf(act) };
}

function registerSign(key: Command, frame: Frame): void {
  addCommand(key, 'sign', {
    summary: 'add a signature to an act',
    description: 'Says what an act does, signs its content hash with a key, and adds the signature to the act file.',
    examples: [['key sign --key ann.key --act stop.json', 'sign it']],
  })
    .requiredOption('--key <file>', 'the key file')
    .requiredOption('--act <file>', 'the act file')
    .action(
      action<{ key: string; act: string }>(frame, (output, { key: keyFile, act: file }) => {
        const { act, signatures } = readActFile(file);
        const { key: own, seed } = readKeyFile(keyFile);
        sayAct(output, act);
        if (signatures.some((each) => each.key === own)) {
          throw new CommandError(
            'already_signed',
            `${file} has a signature of ${own}: a second one of it counts for nothing`,
          );
        }
        const all = [...signatures, { key: own, signature: signHash(actHash(act), seed) }];
        replaceActFile(file, { act, signatures: all });
        output.say(`Signed with ${own}; ${all.length === 1 ? '1 signature' : `${all.length} signatures`}.`);
        output.result({ file, ...describe(act), signatures: all.map((each) => each.key) });
        return exitCodes.ok;
      }),
    );
}

function registerCheck(key: Command, frame: Frame): void {
  addCommand(key, 'check', {
    summary: 'say what an act does and whose signatures hold',
    description:
      'Says what an act does and checks each of its signatures. Whether they are enough only the exchange can say: it depends on\n' +
      'the keys that are enrolled and on what is in force. Ends with exit code 1 when a signature does not hold.',
    examples: [['key check stop.json', 'one act']],
  })
    .argument('<file>', 'an act file')
    .action(
      action(frame, (output, _options, [file]) => {
        const { act, signatures } = readActFile(file as string);
        const hash = actHash(act);
        const checked = signatures.map(({ key: of, signature }) => ({
          key: of,
          valid: isSignedBy(of, hash, signature),
        }));
        sayAct(output, act);
        for (const { key: of, valid } of checked) output.say(`${valid ? 'signed by     ' : 'DOES NOT HOLD '} ${of}`);
        const distinct = new Set(checked.filter(({ valid }) => valid).map(({ key: of }) => of)).size;
        output.say(`${distinct} distinct ${distinct === 1 ? 'key' : 'keys'} signed it.`);
        const valid = checked.every((each) => each.valid);
        output.result({ ...describe(act), signatures: checked, distinct, valid });
        return valid ? exitCodes.ok : exitCodes.finding;
      }),
    );
}

function registerSubmit(key: Command, frame: Frame): void {
  addCommand(key, 'submit', {
    summary: 'carry out an act on a journal',
    description:
      'Replays a journal, and carries out an act where it ends, at the exchange’s time there. The exchange must not be running.\n' +
      'Ends with exit code 1 when the act is refused; nothing happened then.',
    examples: [['key submit stop.json --journal day', 'carry it out']],
  })
    .argument('<file>', 'an act file')
    .requiredOption('--journal <folder>', 'the journal of the exchange')
    .action(
      action<{ journal: string }>(frame, (output, { journal }, [file]) =>
        submitAct(output, readActFile(file as string), journal),
      ),
    );
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function anyNumber(text: string): number {
  const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number in plain digits.');
}

const STAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z$/;

/** Milliseconds, or a moment as 2026-01-19T13:00:00Z. Refuses days that do not exist. */
function exchangeTime(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const timeMs = STAMP.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes 30 February for 2 March.
  if (!Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text.slice(0, 10))) return timeMs;
  throw new InvalidArgumentError('It must be milliseconds, or a moment as 2026-01-19T13:00:00Z.');
}
