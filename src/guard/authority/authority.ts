/**
 * Who may decide what, as the acts in history made it: the roster, the nonces that are used, what was announced, what was decided of
 * statuses. It is a function of history: a replay that takes the same acts and events stands where the exchange stood.
 */
import { commandRows } from '../../chain/command-record.ts';
import { sameBytes } from '../../chain/digest.ts';
import { COMMAND, COMMAND_BYTES, SET_STATUS } from '../../engine/command.ts';
import { STATUS } from '../../engine/status.ts';
import { actBytes, actHash } from './act.ts';
import type { Component } from '../finding.ts';
import type { CommandSource } from './command-source.ts';
import type { ActRecord, BadAct, SignedAct } from './decode-act.ts';
import { Approvals, type PendingRefund } from './approvals.ts';
import { type Direction, Directions, isStop, type Standing, type StatusSetting } from './directions.ts';
import { type ActPlace, type ActVerdict, judgeAct } from './judge-act.ts';
import { Roster } from './roster.ts';

/** Rows of commands, as a buffer or an entry holds them. */
export interface CommandRows {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly rows: number;
}

/** An administrator's command that no act allows. */
interface Unauthorised {
  readonly row: number;
  readonly direction: Direction;
}

const OK: StatusSetting = { status: STATUS.OK, paused: 0 };
const WORDS = COMMAND_BYTES / 4;
const NO_ROWS: ReadonlySet<number> = new Set();

export class Authority {
  readonly roster = new Roster();
  private readonly nonces = new Set<string>();
  private readonly announcements = new Map<string, number>();
  /** Statuses in force, and those that acts decided: what the guard stopped itself it may raise again up to these. */
  private readonly statuses = new Map<number, StatusSetting>();
  private readonly decisions = new Map<number, StatusSetting>();
  private readonly standing: Standing;
  private readonly lift: (component: Component) => void;
  private readonly approvals: Approvals;
  private firstAct: string | null = null;
  private lastMs = 0;
  private pending: ActRecord | undefined;

  /** `rule` says what a rule is now; `lift` ends a quarantine; `pendingRefund` finds the account of a refund by its id. */
  constructor(
    rule: (number: number) => number,
    lift: (component: Component) => void,
    pendingRefund: PendingRefund = () => 0,
  ) {
    this.approvals = new Approvals(pendingRefund);
    this.standing = { rule, status: (market) => this.statuses.get(market) ?? OK };
    this.lift = lift;
  }

  /** Judges an act; changes nothing. */
  judge(signed: SignedAct | BadAct, place: ActPlace): ActVerdict {
    const { roster, standing, venue } = this;
    const nowMs = Math.max(place.nowMs, this.lastMs);
    return judgeAct(
      signed,
      { ...place, nowMs },
      {
        venue,
        roster,
        standing,
        isUsed: (nonce) => this.nonces.has(nonce),
        approvalOf: (name) => this.approvals.of(name),
      },
    );
  }

  /**
   * Takes in an act that was accepted, and whose commands, if it makes any, are being carried out. `isPassed`: on a branch that ended.
   * What people decided of keys stays, and a nonce stays used; what an act made of the state is gone with its branch.
   */
  take({ act, atMs }: ActRecord, isPassed = false): void {
    const { what } = act;
    this.firstAct ??= actHash(act);
    this.pending = undefined;
    this.nonces.add(act.nonce);
    this.lastMs = atMs;
    if (what.kind === 'enrol') this.roster.enrol(what.keys);
    else if (what.kind === 'retire') this.roster.retire(what.key);
    else if (what.kind === 'announce') this.announce(what.hash, atMs);
    else if (what.kind === 'revokeRefunds') this.approvals.revoke(what);
    else if (isPassed) return;
    else if (what.kind === 'approveRefunds') this.approvals.approve(what, act.expiryMs);
    else if (what.kind === 'lift') this.lift(what.component);
    else this.decide(actBytes(act, atMs));
  }

  /**
   * An accepted act that a journal holds. One of commands takes effect with the batch behind it, which must hold its commands: a
   * crash may have come between the two, and then it never happened.
   */
  propose(record: ActRecord, isPassed = false): void {
    this.pending = undefined;
    if (actBytes(record.act, record.atMs).length > 0) this.pending = record;
    else this.take(record, isPassed);
  }

  /**
   * What acts name the exchange by: the content hash of its first act, the enrolment, whose nonce nobody has twice; null before it. It outlives
   * the branch that it came on, as the keys do.
   */
  get venue(): string | null {
    return this.firstAct;
  }

  /** When an act was carried out last: no later one comes before it. */
  get lastActMs(): number {
    return this.lastMs;
  }

  /** True while an act that was proposed waits for the batch of its commands. */
  get awaitsCommands(): boolean {
    return this.pending !== undefined;
  }

  /**
   * First rows of the commands, in a batch of a journal, that the act before it makes: all of them, in order, with what the guard
   * does of its own between them. Undefined when the batch is not that of an act.
   */
  rowsOfAct({ bytes, words, rows }: Pick<CommandRows, 'bytes' | 'words' | 'rows'>): ReadonlySet<number> | undefined {
    if (this.pending === undefined) return undefined;
    const made = actBytes(this.pending.act, this.pending.atMs);
    const found = new Set<number>();
    let from = 0;
    for (let row = 0; row < rows && from < made.length; ) {
      const end = row + commandRows(words, row);
      const command = bytes.subarray(row * COMMAND_BYTES, end * COMMAND_BYTES);
      if (sameBytes(command, made.subarray(from, from + command.length))) {
        found.add(row);
        from += command.length;
      }
      row = end;
    }
    return from === made.length ? found : undefined;
  }

  /** A batch of a journal is about to be applied: the act before it takes effect if the batch is its own. */
  meet(rows: Pick<CommandRows, 'bytes' | 'words' | 'rows'>, isPassed = false): void {
    const { pending } = this;
    const isOwn = this.rowsOfAct(rows) !== undefined;
    this.pending = undefined;
    if (pending !== undefined && isOwn) this.take(pending, isPassed);
  }

  /** A branch ended: an act that waits for its commands never happened. */
  endBranch(): void {
    this.pending = undefined;
  }

  /** A status was set. */
  noteStatus(market: number, status: number, paused: number): void {
    this.statuses.set(market, { status, paused });
  }

  /** The status of a market, or (0) of the venue, that an act decided last; undefined when none did. */
  decided(market: number): StatusSetting | undefined {
    return this.decisions.get(market);
  }

  /** When an act of this content hash was announced first, undefined when it was not. */
  announcedMs(hash: string): number | undefined {
    return this.announcements.get(hash);
  }

  /** The administrator's commands among these, but for some rows, that nobody with the right to them signed; none without a roster. */
  unauthorised({ bytes, words, floats, rows }: CommandRows, source: CommandSource, signed = NO_ROWS): Unauthorised[] {
    if (this.roster.isEmpty || source.kind === 'act') return [];
    const directions = new Directions(this.standing);
    let approved: ReadonlySet<number> | undefined;
    const found: Unauthorised[] = [];
    for (let row = 0; row < rows; row += commandRows(words, row)) {
      const direction = directions.next(words, floats, row);
      if (direction === undefined || signed.has(row)) continue;
      if (source.kind === 'guard' && this.isOfGuard(direction)) continue;
      // Looked for where there is one: hardly any batch is of a payout.
      if (direction.of === 'remedy') approved ??= this.approvals.rowsOf({ bytes, words, floats, rows });
      if (approved?.has(row) !== true) found.push({ row, direction });
    }
    return found;
  }

  /** The guard may stop, and raise what it stopped up to what acts decided. */
  private isOfGuard({ setting, loosens, market }: Direction): boolean {
    return setting !== undefined && (!loosens || isStop(this.decisions.get(market) ?? OK, setting));
  }

  /** First rows of the commands of a batch that an approved payout covers. */
  rowsOfPayouts(rows: CommandRows): ReadonlySet<number> {
    return this.approvals.rowsOf(rows);
  }

  private announce(hash: string, atMs: number): void {
    if (!this.announcements.has(hash)) this.announcements.set(hash, atMs);
  }

  private decide(bytes: Uint8Array): void {
    const words = new Int32Array(bytes.buffer);
    for (let row = 0; row * WORDS < words.length; row += commandRows(words, row)) {
      if (words[row * WORDS] !== COMMAND.setStatus) continue;
      const word = (column: number): number => words[row * WORDS + column] as number;
      this.decisions.set(word(SET_STATUS.MARKET), { status: word(SET_STATUS.STATUS), paused: word(SET_STATUS.PAUSED) });
    }
  }
}

/** How an act comes to the screen: by its hash, and since when it is announced. */
export function sourceOf(authority: Authority, hash: string): CommandSource {
  return { kind: 'act', hash, announcedMs: authority.announcedMs(hash) };
}
