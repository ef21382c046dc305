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
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../chain/digest.ts';
import { sha256 } from '../journal/node-digest.ts';
import { amendCase } from '../remedy/amend-case.ts';
import { canonicalJson, type Json } from '../remedy/canonical-json.ts';
import type { Claim } from '../remedy/claim.ts';
import { decodeCase } from '../remedy/decode-case.ts';
import { type DisputeEvent, type DisputeRefusal, DisputeRegister } from '../remedy/dispute.ts';
import { dossierHash } from '../remedy/dossier.ts';
import type { IncidentCase } from '../remedy/incident-case.ts';
import type { CaseFolder } from './case-folder.ts';
import type { Draft, PreviousRound } from './draft.ts';

const REGISTER = 'disputes.jsonl';
const CORRECTIONS = 'disputes';

/** What the desk refuses, by name, or what of its files is not as it must be. */
class DeskRefused extends Error {
  readonly code:
    | DisputeRefusal
    | 'register_damaged'
    | 'not_a_case'
    | 'not_a_correction'
    | 'no_correction'
    | 'round_not_paid';
  constructor(code: DeskRefused['code'], message: string) {
    super(message);
    this.name = 'DeskRefused';
    this.code = code;
  }
}

/** What a correction changes: of the claimant, and of how many others. */
export interface Changed {
  /** All that is due to the account, whatever was paid of it: before, and with the correction. */
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
    const assessed = new Set(claims.map(({ account }) => account));
    this.register = new DisputeRegister({
      policy: dossier.policy.document,
      publishedMs: Math.max(dossier.case.to.timeMs, dossier.case.restorationMs),
      isAssessed: (account) => assessed.has(account),
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

  /** Whether the payout of the folder says that every payment of the round is posted; a round without payments is paid. */
  private isPaid(claims: readonly Claim[]): boolean {
    const payments = claims.filter(({ statement }) => statement.paid !== '0').length;
    const reversals = claims.filter(({ statement }) => statement.reversed !== '0').length;
    if (payments + reversals === 0) return true;
    const path = join(this.folder.folder, 'payout.json');
    if (!existsSync(path)) return false;
    const { posted, pending } = JSON.parse(readFileSync(path, 'utf8')) as { posted?: number; pending?: number };
    return posted === payments && pending === 0;
  }

  /** What a draft with the correction changes against the claims in the folder. */
  changed(account: number, draft: Draft): Changed {
    const before = new Map(this.folder.claims.map((claim) => [claim.account, dueOf(claim)]));
    let others = 0;
    let after = 0n;
    for (const claim of draft.claims.claims) {
      if (claim.account === account) after = dueOf(claim);
      else if (dueOf(claim) !== (before.get(claim.account) ?? 0n)) others++;
    }
    return { before: before.get(account) ?? 0n, after, others };
  }

  private amended(correction: unknown): IncidentCase {
    const incident = decodeCase(this.folder.case);
    if ('bad' in incident) throw new DeskRefused('not_a_case', `${this.folder.folder}: ${incident.bad}`);
    const amended = amendCase(incident, correction);
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
  }
}

/** All that is due by a claim, whatever was paid of it in which round. */
function dueOf({ statement }: Claim): bigint {
  return BigInt(statement.refund) + BigInt(statement.paidBefore);
}

function hashOf(text: string): string {
  return toHex(sha256(Buffer.from(text)));
}
