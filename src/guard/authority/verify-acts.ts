/** Verifies the acts of a history: each is judged again where it stands, and each administrator's command must have its act. */
import type { RollbackCertificate } from '../../chain/certificate.ts';
import { commandRows, readCommand } from '../../chain/command-record.ts';
import type { BatchEntry } from '../../chain/entry.ts';
import { COMMAND_BYTES, COMMAND_KINDS } from '../../engine/command.ts';
import type { State } from '../../engine/state.ts';
import type { OpenBlock } from '../guard.ts';
import { ADMINISTRATIVE_KINDS } from './act.ts';
import type { Authority } from './authority.ts';
import { passActs, passApproval, type UnfitAct } from './passed-acts.ts';
import { followActs } from './recorded-acts.ts';

/** The first act that does not stand, or the first command without one. */
interface InvalidAct {
  readonly height: number;
  /** Sequence of the command before it. */
  readonly sequence: number;
  readonly why: UnfitAct['verdict']['refusal'] | 'command_without_act';
  readonly about: string;
  /** The act, or the command, as it is stored. */
  readonly stored: string;
}

export interface VerifiedActs {
  readonly acts: number;
  readonly valid: number;
  readonly invalid: number;
  /** Valid acts whose commands are not behind them: a crash came between, and they never happened. */
  readonly unexecuted: number;
  /** Administrators' commands since the first enrolment: those that an act made, of payouts that one approved, of the guard itself, of nobody. */
  readonly commands: {
    readonly ofActs: number;
    readonly ofPayouts: number;
    readonly ofGuard: number;
    readonly withoutAct: number;
  };
  readonly firstInvalid: InvalidAct | null;
}

const ADMINISTRATIVE: ReadonlySet<number> = new Set(ADMINISTRATIVE_KINDS.map((kind) => COMMAND_KINDS.indexOf(kind)));

/** Goes along with a replay: `take` each entry of acts, `before` each batch; its authority is that of the replay's guard. */
export class ActVerifier {
  private readonly authority: Authority;
  private acts = 0;
  private valid = 0;
  private unexecuted = 0;
  private readonly commands = { ofActs: 0, ofPayouts: 0, ofGuard: 0, withoutAct: 0 };
  private firstInvalid: InvalidAct | null = null;
  private isOpen = false;
  /** The next batch is the first of a new fork: the act that allowed the rollback allows it. */
  private isFirst = false;

  constructor(authority: Authority) {
    this.authority = authority;
  }

  /** Takes the acts of an entry that stands behind `sequence`. */
  take(state: State, bytes: Uint8Array, { fork, height }: OpenBlock, sequence: number): void {
    this.leave();
    for (const { verdict, line } of followActs(this.authority, state, bytes, fork)) {
      this.acts++;
      if (verdict.accepted) this.valid++;
      else this.refuse({ height, sequence, why: verdict.refusal, about: verdict.about, stored: line.trim() });
      this.isOpen = this.authority.awaitsCommands;
    }
  }

  /** Takes a batch of a branch that a rollback ended, or what stands beside one: only acts of keys outlive it. */
  pass(entry: BatchEntry, height: number): void {
    this.leave();
    if (entry.acts !== undefined) this.acts++;
    const unfit = passActs(this.authority, entry);
    if (unfit !== undefined) this.refuseUnfit(unfit, height, entry.firstSequence - 1);
    else if (entry.acts !== undefined) this.valid++;
  }

  /** A rollback: the act in its certificate is judged, and what the new fork begins with follows from it. */
  restore(certificate: RollbackCertificate, height: number, sequence: number): void {
    this.leave();
    if (certificate.approval !== null) this.acts++;
    const unfit = passApproval(this.authority, certificate);
    if (unfit !== undefined) this.refuseUnfit(unfit, height, sequence);
    else if (certificate.approval !== null) this.valid++;
    this.isFirst = true;
  }

  private refuseUnfit({ verdict: { refusal: why, about }, line }: UnfitAct, height: number, sequence: number): void {
    this.refuse({ height, sequence, why, about, stored: line.trim() });
  }

  /** A batch is about to be applied. */
  before(entry: BatchEntry, { height }: OpenBlock): void {
    const { authority, commands } = this;
    if (this.isFirst) {
      this.isFirst = false;
      if (!authority.roster.isEmpty) commands.ofActs += administrative(entry);
      return;
    }
    const ofAct = authority.rowsOfAct(entry);
    if (ofAct === undefined) this.leave();
    this.isOpen = false;
    commands.ofActs += ofAct?.size ?? 0;
    const unauthorised = authority.unauthorised(entry, { kind: 'guard' }, ofAct);
    commands.withoutAct += unauthorised.length;
    if (!authority.roster.isEmpty) {
      const ofPayouts = [...authority.rowsOfPayouts(entry)].filter((row) => ofAct?.has(row) !== true).length;
      commands.ofPayouts += ofPayouts;
      commands.ofGuard += administrative(entry) - (ofAct?.size ?? 0) - ofPayouts - unauthorised.length;
    }
    const [first] = unauthorised;
    if (first === undefined) return;
    const stored = JSON.stringify(readCommand(entry.bytes, first.row));
    const sequence = entry.firstSequence - 1;
    this.refuse({ height, sequence, why: 'command_without_act', about: first.direction.of, stored });
  }

  get result(): VerifiedActs {
    const { acts, valid, commands, firstInvalid } = this;
    const unexecuted = this.unexecuted + (this.isOpen ? 1 : 0);
    return { acts, valid, invalid: acts - valid, unexecuted, commands: { ...commands }, firstInvalid };
  }

  /** What stands before this is over; an act without its commands never happened. */
  private leave(): void {
    if (this.isOpen) this.unexecuted++;
    this.isOpen = false;
  }

  private refuse(invalid: InvalidAct): void {
    this.firstInvalid ??= invalid;
  }
}

/** How many of a batch's commands are an administrator's. */
function administrative({ words, rows }: BatchEntry): number {
  let count = 0;
  for (let row = 0; row < rows; row += commandRows(words, row)) {
    if (ADMINISTRATIVE.has(words[(row * COMMAND_BYTES) / 4] as number)) count++;
  }
  return count;
}
