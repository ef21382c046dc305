// `makewhole incident dispute`: the claims desk of a case that was drafted.
import { Argument, type Command, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { CaseFolder, writeCaseFolder } from '../incident/case-folder.ts';
import { DisputeDesk } from '../incident/dispute-desk.ts';
import type { Method } from '../incident/case-runner.ts';
import { type ClaimsOptions, claimsOfRun, type Draft, type PreviousRound } from '../incident/draft.ts';
import { sha256 } from '../journal/node-digest.ts';
import { toHex } from '../chain/digest.ts';
import { AWARD_BASIS, type AwardBasis } from '../remedy/award.ts';
import { CAUSE_NAMES, type Cause } from '../remedy/cause.ts';
import type { Claims } from '../remedy/claims.ts';
import { disputeStatistics } from '../remedy/dispute.ts';
import { dossierHash } from '../remedy/dossier.ts';
import { caseHash, type IncidentCase } from '../remedy/incident-case.ts';
import type { IncidentFinding } from '../remedy/incident-run.ts';
import { methodText, withCaseRuns } from './case-runs.ts';
import { action, addCommand, type Frame } from './command.ts';
import { readDeclarations } from './declarations-file.ts';
import { CommandError, type ExitCode, exitCodes } from './errors.ts';
import { runDraft } from './incident-draft.ts';
import { openForReading } from './journal-folder.ts';
import { readJsonFile } from './json-file.ts';
import { decimalUnits } from './money.ts';
import type { Output } from './output.ts';
import { textTable } from './table.ts';

interface DisputeOptions {
  readonly case: string;
  readonly account?: string;
  readonly dispute?: string;
  readonly all?: boolean;
  readonly full?: boolean;
  readonly window?: string;
  readonly text?: string;
  readonly correction?: string;
  readonly evidence?: string;
  readonly journal?: string;
  readonly declarations?: string;
  readonly reasons?: string;
  readonly paragraph?: string;
  readonly cause?: Cause;
  readonly basis?: string;
  readonly amount?: string;
  readonly out?: string;
  readonly by: string;
  readonly now?: string;
}

/** What the desk does, by the word of the command. */
const STEPS: Readonly<Record<string, (desk: Desk) => ExitCode | Promise<ExitCode>>> = {
  list,
  questions,
  open,
  evidence,
  rerun,
  adjust,
  award,
  round,
  deny,
  uphold: (desk) => review(desk, true),
  return: (desk) => review(desk, false),
  close,
};

/** Adds the command `incident dispute`. */
export function registerDispute(incident: Command, frame: Frame): void {
  addCommand(incident, 'dispute', {
    summary: 'the claims desk: open a dispute, compute again, decide with reasons',
    description:
      'Keeps the register of disputes of a case in its folder; each entry binds the one before. A claimant opens a dispute, with a\n' +
      'correction of the case where there is one; `rerun` computes everything again with it and says what it changes, by what the\n' +
      'correction touches where that gives what a full replay gives; `adjust`, by a full replay, gives all\n' +
      'accounts a new round alike, of which each is paid what it was not paid before; `deny` does not; `award` gives the claimant what\n' +
      'the policy pays on a claim: of tier T2 by rule, on evidence, of T3 what people decide, and `round` (or `adjust`) pays what was\n' +
      'awarded. All give reasons and cite a paragraph of the policy. Somebody else may `uphold` a decision or `return` it. Nothing here holds a payment.',
    examples: [
      [
        'incident dispute open --case remedy --account 41 --text "my stop was at 3,100" --correction c.json',
        'open one',
      ],
      [
        'incident dispute rerun --case remedy --dispute 1 --journal day',
        'compute everything again with its correction',
      ],
      [
        'incident dispute rerun --case remedy --all --journal day',
        'of all that are open: what each costs is what it touches',
      ],
      [
        'incident dispute adjust --case remedy --dispute 1 --journal day --reasons "…" --paragraph 2 --out round-2',
        'a new round for all accounts',
      ],
      [
        'incident dispute award --case remedy --dispute 2 --cause rollback --basis leg.json --reasons "…" --paragraph 6',
        'what a rollback erased, by the rule, on the evidence that was brought',
      ],
      ['incident dispute round --case remedy --journal day --out round-2', 'a new round that pays what was awarded'],
      ['incident dispute list --case remedy', 'where each stands'],
      ['incident dispute questions --case remedy', 'whose interval is too wide to be settled alone'],
    ],
  })
    .addArgument(new Argument('<step>', 'what is done').choices(Object.keys(STEPS)))
    .requiredOption('--case <folder>', 'the folder of the case')
    .option('--account <number>', 'whose claim it is (open)')
    .option('--dispute <number>', 'which dispute')
    .option('--all', 'all disputes that brought a correction and are not decided (rerun)')
    .option('--full', 'replay both worlds whole, whatever the correction touches (rerun)')
    .option('--window <file>', 'keep what the replay of the window noted here, and use what is there (rerun)')
    .option('--text <text>', 'what the claimant says (open, evidence)')
    .option('--correction <file>', 'JSON: what is right in the place of what the case says (open)')
    .option('--evidence <file>', 'a file whose hash is kept (evidence)')
    .option('--journal <folder>', 'the journal (rerun, adjust, round)')
    .option('--declarations <file>', 'as for the draft (rerun, adjust, round)')
    .option('--reasons <text>', 'why (adjust, award, deny, uphold, return)')
    .option('--paragraph <number>', 'of the policy (adjust, award, deny)')
    .addOption(new Option('--cause <cause>', 'what for (award)').choices(CAUSE_NAMES))
    .option(
      '--basis <file>',
      'JSON: market, size, price, truePrice, costs of what the evidence shows (award of tier T2)',
    )
    .option('--amount <usdc>', 'how much (award of tier T3), or less than the rule gives (T2)')
    .option('--out <folder>', 'where the new round is written (adjust, round)')
    .option('--by <name>', 'who does it', 'desk')
    .option('--now <ms>', 'when, milliseconds since 1970; the time of the machine unless said')
    .action(
      action<DisputeOptions>(frame, (output, options, [step]) => {
        const folder = new CaseFolder(options.case);
        const desk = new Desk(output, options, new DisputeDesk(folder));
        return (STEPS[step as string] as (desk: Desk) => ExitCode | Promise<ExitCode>)(desk);
      }),
    );
}

/** One call of the command. */
class Desk {
  readonly output: Output;
  readonly options: DisputeOptions;
  readonly desk: DisputeDesk;

  constructor(output: Output, options: DisputeOptions, desk: DisputeDesk) {
    this.output = output;
    this.options = options;
    this.desk = desk;
  }

  get nowMs(): number {
    return this.options.now === undefined ? Date.now() : this.whole('now');
  }

  get number(): number {
    return this.whole('dispute');
  }

  required(name: 'text' | 'journal' | 'reasons' | 'out' | 'evidence'): string {
    const value = this.options[name];
    if (value === undefined) throw new CommandError('missing_argument', `say --${name}`);
    return value;
  }

  whole(name: 'account' | 'dispute' | 'paragraph' | 'now'): number {
    const value = this.options[name];
    if (value === undefined) throw new CommandError('missing_argument', `say --${name}`);
    if (!/^\d{1,15}$/.test(value)) throw new CommandError('invalid_argument', `--${name} ${value}: no whole number`);
    return Number(value);
  }

  /** What `--amount` says, 1e-8 USDC; undefined where it says nothing. */
  get amount(): bigint | undefined {
    const { amount } = this.options;
    if (amount === undefined) return undefined;
    const [, usdc, cents = ''] = /^(\d{1,12})(?:\.(\d{1,8}))?$/.exec(amount) ?? [];
    if (usdc === undefined) throw new CommandError('invalid_argument', `--amount ${amount}: no amount in USDC`);
    return BigInt(usdc + cents.padEnd(8, '0'));
  }

  /** Says where a dispute stands, and that is the result. */
  done(number: number, more: object = {}): ExitCode {
    const dispute = this.desk.register.dispute(number);
    this.output.say(`Dispute ${number}: ${dispute?.state}.`);
    this.output.result({ dispute: number, account: dispute?.account, state: dispute?.state, ...more });
    return exitCodes.ok;
  }
}

/** Accounts whose interval is wider than the policy settles alone: whoever can say what they would have done is asked. */
function questions({ desk, output }: Desk): ExitCode {
  const open = desk.folder.claims
    .filter(({ statement }) => statement.reason === 'QUESTION')
    .map(({ account, statement: { interval, refund } }) => ({ account, interval, refund }));
  const rows = open.map(({ account, interval, refund }) => [
    String(account),
    decimalUnits(BigInt(interval?.low ?? 0)),
    decimalUnits(BigInt(interval?.high ?? 0)),
    decimalUnits(BigInt(refund)),
  ]);
  const heading = ['account', 'lacks at least', 'at most USDC', 'is due now'];
  output.say(textTable([heading, ...rows], ['right', 'right', 'right', 'right']));
  output.result({ questions: open });
  return exitCodes.ok;
}

function open(call: Desk): ExitCode {
  const { desk, options } = call;
  const correction = options.correction === undefined ? undefined : readJsonFile(options.correction);
  const number = desk.open(call.whole('account'), call.required('text'), correction, options.by, call.nowMs);
  return call.done(number);
}

function evidence(call: Desk): ExitCode {
  const hash = toHex(sha256(readFileSync(call.required('evidence'))));
  call.desk.note(call.number, { kind: 'evidence', text: call.required('text'), hash }, call.options.by, call.nowMs);
  return call.done(call.number, { hash });
}

async function rerun(call: Desk): Promise<ExitCode> {
  const { desk, options, output } = call;
  const numbers = options.all === true ? desk.openCorrections : [call.number];
  const incidents = numbers.map((number) => desk.amendedCase(number));
  const journal = call.required('journal');
  openForReading(journal);
  const results = await withCaseRuns(journal, options.window, (run, history) =>
    incidents.map((incident, place) => {
      const found = run(incident, options.full === true);
      const claims = 'finding' in found ? found : claimsOfRun({ ...roundOptions(call), incident, history }, found.run);
      if (!('finding' in found)) output.say(methodText(found.method));
      return noteRerun(call, numbers[place] as number, incident, claims, 'finding' in found ? null : found.method);
    }),
  );
  const [first] = results;
  output.result(options.all !== true && first !== undefined ? first : { disputes: results });
  return exitCodes.ok;
}

/** Keeps what a correction changes, and says it; what it returns is the result as JSON. */
function noteRerun(
  { desk, output, options, nowMs }: Desk,
  number: number,
  incident: IncidentCase,
  claims: Claims | IncidentFinding,
  replayed: Method | null,
): object {
  const account = desk.register.dispute(number)?.account ?? 0;
  const finding = 'finding' in claims ? claims.finding : null;
  const changed = 'finding' in claims ? { before: 0n, after: 0n, others: 0 } : desk.changed(account, claims);
  const { before, after, others } = changed;
  const of = { case: toHex(caseHash(incident)), finding, before: String(before), after: String(after), others };
  desk.note(number, { kind: 'rerun', ...of }, options.by, nowMs);
  if ('finding' in claims)
    output.say(`With the correction the journal is not explained: ${claims.finding}: ${claims.about}`);
  else {
    output.say(
      `Account ${account}: ${decimalUnits(before)} USDC were due, with the correction ${decimalUnits(after)}.`,
    );
    output.say(`Of ${others} other accounts something else is due as well.`);
  }
  const state = desk.register.dispute(number)?.state;
  output.say(`Dispute ${number}: ${state}.`);
  const amounts = { beforeUsd: decimalUnits(before), afterUsd: decimalUnits(after) };
  return { dispute: number, account, state, ...of, ...amounts, replayed };
}

/** Draws up the new round first: only what is there can be decided on. */
async function adjust(call: Desk): Promise<ExitCode> {
  const { desk, number } = call;
  const [reasons, paragraph] = [call.required('reasons'), call.whole('paragraph')];
  const { dueUsd, ...drawn } = await drawRound(call, desk.amendedCase(number));
  const decision = { kind: 'decide', decision: 'adjust', reasons, paragraph, round: drawn } as const;
  desk.note(number, decision, call.options.by, call.nowMs);
  return call.done(number, { round: drawn.number, dossier: drawn.dossier, dueUsd });
}

/** Draws up the next round by a case, with all that was awarded, and writes it. */
async function drawRound(
  call: Desk,
  incident: IncidentCase,
): Promise<{ readonly number: number; readonly dossier: string; readonly dueUsd: string }> {
  const { desk, output } = call;
  const out = call.required('out');
  desk.requireNotDrawn();
  const previous = desk.previousRound();
  const draft = await draftAgain(call, incident, previous);
  if ('finding' in draft) throw new CommandError('not_rerun', `${draft.finding}: ${draft.about}`);
  const { round: number } = draft.dossier;
  // Before it is written: what is cut off in between is taken away, not drawn twice.
  desk.noteDrawn(out, number);
  writeCaseFolder(out, incident, draft, desk.folder.secret, previous);
  const dueUsd = decimalUnits(BigInt(draft.roots.total));
  output.say(`Round ${number} is in ${out}: ${dueUsd} USDC more are due.`);
  return { number, dossier: toHex(dossierHash(draft.dossier)), dueUsd };
}

/** Decides that something is paid on a claim; the next round pays it. */
function award(call: Desk): ExitCode {
  const { desk, number, output, options } = call;
  const [reasons, paragraph] = [call.required('reasons'), call.whole('paragraph')];
  if (options.cause === undefined) throw new CommandError('missing_argument', 'say --cause');
  const basis = options.basis === undefined ? null : readBasis(options.basis);
  const terms = desk.awardTerms(number, options.cause, basis, call.amount);
  desk.note(
    number,
    { kind: 'decide', decision: 'award', reasons, paragraph, round: null, award: terms },
    options.by,
    call.nowMs,
  );
  const awardedUsd = decimalUnits(terms.amount);
  output.say(`${awardedUsd} USDC are awarded; the next round pays it.`);
  return call.done(number, { cause: terms.cause, awardedUsd });
}

/** A new round of the case as it is: it pays what was awarded. */
async function round(call: Desk): Promise<ExitCode> {
  const { number, dossier, dueUsd } = await drawRound(call, call.desk.incident);
  call.output.result({ round: number, dossier, dueUsd });
  return exitCodes.ok;
}

function readBasis(file: string): AwardBasis {
  const basis = readJsonFile(file);
  const wrong = AWARD_BASIS(basis, '');
  if (wrong !== undefined) throw new CommandError('not_a_basis', `${file}: ${wrong}`);
  return basis as AwardBasis;
}

function deny(call: Desk): ExitCode {
  const [reasons, paragraph] = [call.required('reasons'), call.whole('paragraph')];
  const event = { kind: 'decide', decision: 'deny', reasons, paragraph, round: null } as const;
  call.desk.note(call.number, event, call.options.by, call.nowMs);
  return call.done(call.number);
}

function review(call: Desk, upheld: boolean): ExitCode {
  const reasons = call.required('reasons');
  call.desk.note(call.number, { kind: 'review', upheld, reasons }, call.options.by, call.nowMs);
  return call.done(call.number);
}

function close(call: Desk): ExitCode {
  call.desk.note(call.number, { kind: 'close' }, call.options.by, call.nowMs);
  return call.done(call.number);
}

function list({ desk, output, nowMs }: Desk): ExitCode {
  const { disputes } = desk.register;
  const day = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);
  const rows = disputes.map(({ number, account, state, openedMs, dueMs }) => [
    String(number),
    String(account),
    state,
    day(openedMs),
    day(dueMs),
  ]);
  output.say(
    textTable([['dispute', 'account', 'state', 'opened', 'due'], ...rows], ['right', 'right', 'left', 'left', 'left']),
  );
  output.result({ disputes, statistics: disputeStatistics(desk.register, nowMs) });
  return exitCodes.ok;
}

/** What was awarded, and what people declared. */
function roundOptions({ desk, options: { declarations } }: Desk): Pick<ClaimsOptions, 'awards' | 'declarations'> {
  return {
    awards: desk.awards,
    ...(declarations === undefined ? {} : { declarations: readDeclarations(declarations) }),
  };
}

/** A new round by a case, behind an earlier one: by a full replay of both worlds, as everything that can be paid. */
function draftAgain(call: Desk, incident: IncidentCase, previous: PreviousRound): Promise<Draft | IncidentFinding> {
  const journal = call.required('journal');
  openForReading(journal);
  return runDraft(journal, incident, { ...roundOptions(call), secret: call.desk.folder.secret, previous });
}
