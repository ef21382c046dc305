/**
 * The claims desk of a case folder: `disputes.jsonl` is the register, append-only; corrections that claimants bring are kept beside it in
 * `disputes/`. A dispute is decided when everything was computed again with its correction; if the correction shows that the remedy
 * was wrong, all accounts get a new round alike, of which each is paid what it was not paid before.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { toHex } from '../chain/digest.ts';
import { sha256 } from '../journal/node-digest.ts';
import { amendCase } from '../remedy/amend-case.ts';
import { type AwardBasis, awardedIn, type AwardStatement, type AwardTerms, ruleOf } from '../remedy/award.ts';
import { canonicalJson, type Json } from '../remedy/canonical-json.ts';
import type { Cause } from '../remedy/cause.ts';
import type { Claim } from '../remedy/claim.ts';
import type { Claims } from '../remedy/claims.ts';
import { decodeCase } from '../remedy/decode-case.ts';
import { deskFacts } from '../remedy/desk-facts.ts';
import {
  type DisputeEvent,
  type DisputeRefusal,
  DisputeRegister,
  type DisputeState,
  disputeStatistics,
} from '../remedy/dispute.ts';
import { dossierHash } from '../remedy/dossier.ts';
import type { IncidentCase } from '../remedy/incident-case.ts';
import type { CaseFolder } from './case-folder.ts';
import type { PreviousRound } from './draft.ts';
import type { PayRecord } from './pay.ts';

const REGISTER = 'disputes.jsonl';
const CORRECTIONS = 'disputes';
const FACTS = 'desk.json';
const NEXT = 'next-round.json';
/** States in which a dispute can be computed again. */
const UNDECIDED: ReadonlySet<DisputeState> = new Set(['DISPUTE_OPEN', 'EVIDENCE', 'RE_RUN']);

/** What the desk refuses, by name, or what of its files is not as it must be. */
class DeskRefused extends Error {
  readonly code:
    | DisputeRefusal
    | 'register_damaged'
    | 'not_a_case'
    | 'not_a_correction'
    | 'no_correction'
    | 'round_not_paid'
    | 'round_drawn';
  constructor(code: DeskRefused['code'], message: string) {
    super(message);
    this.name = 'DeskRefused';
    this.code = code;
  }
}

/** What a correction changes: of the claimant, and of how many others. */
export interface Changed {
  /** All that is due to the account, whatever was paid of it, less what is taken back: before, and with the correction. */
  readonly before: bigint;
  readonly after: bigint;
  readonly others: number;
}

export class DisputeDesk {
  readonly register: DisputeRegister;
  readonly folder: CaseFolder;
  private readonly path: string;
  /** Bytes of the register that are whole lines. */
  private length = 0;

  /** Reads the register. Refuses (throws `DeskRefused`) one whose lines do not follow each other; a last line that was torn is nothing. */
  constructor(folder: CaseFolder) {
    this.folder = folder;
    this.path = join(folder.folder, REGISTER);
    const { dossier, claims } = folder;
    const statements = new Map(claims.map(({ account, statement }) => [account, statement]));
    this.register = new DisputeRegister({
      policy: dossier.policy.document,
      publishedMs: Math.max(dossier.case.to.timeMs, dossier.case.restorationMs),
      claimOf: (account) => statements.get(account),
      round: dossier.round,
    });
    if (existsSync(this.path)) this.readRegister();
  }

  private readRegister(): void {
    const text = readFileSync(this.path, 'utf8');
    const lines = text.split('\n').slice(0, -1);
    lines.forEach((line, at) => {
      const fault = this.register.read(line);
      if (fault !== undefined) throw new DeskRefused('register_damaged', `${this.path}, line ${at + 1}: ${fault}`);
      this.length += Buffer.byteLength(line) + 1;
    });
  }

  /** Opens a dispute; returns its number. A correction must make a case. */
  open(account: number, text: string, correction: unknown, by: string, atMs: number): number {
    const number = this.register.nextNumber;
    const stored = correction === undefined ? undefined : canonicalJson(correction as Json);
    if (stored !== undefined) this.amended(correction);
    const hash = stored === undefined ? null : hashOf(stored);
    this.append(number, atMs, by, { kind: 'open', account, text, correction: hash }, () => {
      if (stored !== undefined) this.keep(number, stored);
    });
    return number;
  }

  /** Appends an event to a dispute. */
  note(dispute: number, event: Exclude<DisputeEvent, { kind: 'open' }>, by: string, atMs: number): void {
    this.append(dispute, atMs, by, event, () => undefined);
  }

  /** The case with the correction of a dispute. */
  amendedCase(dispute: number): IncidentCase {
    const opened = this.register.dispute(dispute)?.entries[0]?.event;
    if (opened?.kind !== 'open') throw new DeskRefused('dispute_unknown', `there is no dispute ${dispute}`);
    if (opened.correction === null) throw new DeskRefused('no_correction', `dispute ${dispute} brought no correction`);
    const path = this.correctionPath(dispute);
    const stored = readFileSync(path, 'utf8').trimEnd();
    if (hashOf(stored) !== opened.correction)
      throw new DeskRefused('register_damaged', `${path} is not what was brought`);
    return this.amended(JSON.parse(stored));
  }

  /** Disputes that nobody has decided and that brought a correction: their numbers. */
  get openCorrections(): number[] {
    return this.register.disputes
      .filter(({ state, entries }) => {
        const opened = entries[0]?.event;
        return UNDECIDED.has(state) && opened?.kind === 'open' && opened.correction !== null;
      })
      .map(({ number }) => number);
  }

  /** The case as it is in the folder. */
  get incident(): IncidentCase {
    const incident = decodeCase(this.folder.case);
    if ('bad' in incident) throw new DeskRefused('not_a_case', `${this.folder.folder}: ${incident.bad}`);
    return incident;
  }

  /**
   * What may be awarded in a dispute for a cause. Of tier T2 it is what the rule gives by the basis, or by what the account lacks, within
   * what the policy still gives to it; of T3 what is said. Whether it may be is found when it is decided.
   */
  awardTerms(dispute: number, cause: Cause, basis: AwardBasis | null, said: bigint | undefined): AwardTerms {
    const account = this.register.dispute(dispute)?.account ?? 0;
    const { policy } = this.register;
    const tier = policy.tiers[cause];
    const terms = { cause, basis, amount: String(said ?? 0n) };
    if (tier !== 'T2' || said !== undefined) return terms;
    const claim = this.folder.statement(account);
    const before = [...(claim?.awards ?? []), ...(this.register.awards.get(account) ?? [])];
    const left = BigInt(policy.awards.T2) - awardedIn('T2', policy, before);
    const rule = ruleOf(policy, terms, claim?.causes ?? []);
    return { ...terms, amount: String(rule < left ? rule : left) };
  }

  /** All that was awarded, in the rounds before and by this register, by account. */
  get awards(): ReadonlyMap<number, readonly AwardStatement[]> {
    const awards = new Map<number, readonly AwardStatement[]>();
    for (const { account, statement } of this.folder.claims) {
      if (statement.awards.length > 0) awards.set(account, statement.awards);
    }
    for (const [account, own] of this.register.awards) awards.set(account, [...(awards.get(account) ?? []), ...own]);
    return awards;
  }

  /** What was paid and taken back up to and with the round in the folder: all of it, if the round is paid. */
  previousRound(): PreviousRound {
    const { dossier, claims, before } = this.folder;
    if (!this.isPaid(claims)) {
      throw new DeskRefused('round_not_paid', `round ${dossier.round} is not paid: what is not disputed is paid first`);
    }
    const sum = (earlier: ReadonlyMap<number, bigint>, field: 'paid' | 'reversed'): Map<number, bigint> => {
      const total = new Map(earlier);
      for (const { account, statement } of claims) {
        const amount = BigInt(statement[field]);
        if (amount !== 0n) total.set(account, (total.get(account) ?? 0n) + amount);
      }
      return total;
    };
    return {
      round: dossier.round,
      dossier: toHex(dossierHash(dossier)),
      paid: sum(before.paid, 'paid'),
      reversed: sum(before.reversed, 'reversed'),
    };
  }

  /**
   * Refuses (throws `round_drawn`) a second next round beside one that is there: each would pay what the other pays. One whose folder was
   * taken away is none.
   */
  requireNotDrawn(): void {
    const path = join(this.folder.folder, NEXT);
    if (!existsSync(path)) return;
    const { folder, round } = JSON.parse(readFileSync(path, 'utf8')) as { folder: string; round: number };
    if (!existsSync(folder)) return;
    const how = 'go on from it, or take it away if nothing of it was approved';
    throw new DeskRefused('round_drawn', `round ${round} is in ${folder} already: ${how}`);
  }

  /** Keeps where the next round is. */
  noteDrawn(folder: string, round: number): void {
    const note = `${canonicalJson({ folder: resolve(folder), round })}\n`;
    writeFileSync(join(this.folder.folder, NEXT), note, { mode: 0o600 });
  }

  /**
   * Whether the payout of the folder is of this round, and says that every payment is posted and every credit taken back; a round without
   * either is paid.
   */
  private isPaid(claims: readonly Claim[]): boolean {
    const payments = claims.filter(({ statement }) => statement.paid !== '0').length;
    const reversed = claims.reduce((sum, { statement }) => sum + BigInt(statement.reversed), 0n);
    if (payments === 0 && reversed === 0n) return true;
    const path = join(this.folder.folder, 'payout.json');
    if (!existsSync(path)) return false;
    const { incident, round } = this.folder.roots;
    const record = paymentIn(path);
    const isOfRound = record.incident === incident && record.round === round;
    return isOfRound && record.posted === payments && record.pending === 0 && record.reversedTotal === String(reversed);
  }

  /** What claims with the correction change against those in the folder. */
  changed(account: number, { claims }: Pick<Claims, 'claims'>): Changed {
    const taken = this.folder.before.reversed;
    const before = new Map(
      this.folder.claims.map((claim) => [claim.account, dueOf(claim) - (taken.get(claim.account) ?? 0n)]),
    );
    let others = 0;
    let after = 0n;
    for (const claim of claims) {
      if (claim.account === account) after = dueOf(claim);
      else if (dueOf(claim) !== (before.get(claim.account) ?? 0n)) others++;
    }
    return { before: before.get(account) ?? 0n, after, others };
  }

  private amended(correction: unknown): IncidentCase {
    const amended = amendCase(this.incident, correction);
    if ('bad' in amended) throw new DeskRefused('not_a_correction', amended.bad);
    return amended;
  }

  private correctionPath(dispute: number): string {
    return join(this.folder.folder, CORRECTIONS, `${dispute}.json`);
  }

  private keep(dispute: number, correction: string): void {
    mkdirSync(join(this.folder.folder, CORRECTIONS), { recursive: true, mode: 0o700 });
    writeFileSync(this.correctionPath(dispute), `${correction}\n`, { mode: 0o600 });
  }

  /** Writes what is public of the register, whole or not at all; it can be made again from the register. */
  private tell(atMs: number): void {
    const facts = deskFacts(disputeStatistics(this.register, atMs), atMs);
    const beside = join(this.folder.folder, `.${FACTS}.${process.pid}`);
    writeFileSync(beside, `${canonicalJson(facts as unknown as Json)}\n`);
    renameSync(beside, join(this.folder.folder, FACTS));
  }

  /** Appends an event, durable when this returns; `before` is done when nothing stands against it. */
  private append(dispute: number, atMs: number, by: string, event: DisputeEvent, before: () => void): void {
    const result = this.register.append(dispute, atMs, by, event);
    if ('refusal' in result) throw new DeskRefused(result.refusal, `dispute ${dispute}: ${event.kind}`);
    before();
    const file = openSync(this.path, existsSync(this.path) ? 'r+' : 'w', 0o600);
    try {
      // A torn last line goes: nobody was told of it.
      ftruncateSync(file, this.length);
      const bytes = Buffer.from(`${result.line}\n`);
      writeSync(file, bytes, 0, bytes.length, this.length);
      fsyncSync(file);
      this.length += bytes.length;
    } finally {
      closeSync(file);
    }
    this.tell(atMs);
  }
}

/** All that is due by a claim, whatever was paid of it in which round, less what this round takes back. */
function dueOf({ statement: { refund, paidBefore, reversed } }: Claim): bigint {
  return BigInt(refund) + BigInt(paidBefore) - BigInt(reversed);
}

/** What a file says was paid; nothing where it is no JSON object. */
function paymentIn(path: string): Partial<PayRecord> {
  try {
    const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof record === 'object' && record !== null ? record : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function hashOf(text: string): string {
  return toHex(sha256(Buffer.from(text)));
}
