/**
 * Who may decide what, as the acts in history made it: the roster, the nonces that are used, what was announced, what may be reopened.
 * It is a function of history: a replay that takes the same acts and events stands where the exchange stood.
 */
import { sameBytes } from '../../chain/digest.ts';
import { STATUS } from '../../engine/status.ts';
import { actBytes, actHash } from './act.ts';
import type { Component } from '../finding.ts';
import type { CommandSource } from './command-source.ts';
import type { ActRecord, BadAct, SignedAct } from './decode-act.ts';
import { type Direction, Directions, type Standing, type StatusSetting } from './directions.ts';
import { type ActPlace, type ActVerdict, judgeAct } from './judge-act.ts';
import { Roster } from './roster.ts';

/** Rows of commands, as a buffer or an entry holds them. */
interface CommandRows {
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

export class Authority {
  readonly roster = new Roster();
  private readonly nonces = new Set<string>();
  private readonly announcements = new Map<string, number>();
  private readonly statuses = new Map<number, StatusSetting>();
  /** When an act let a market, or (0) the venue, be reopened. */
  private readonly reopenings = new Map<number, number>();
  private readonly standing: Standing;
  private readonly lift: (component: Component) => void;
  private lastMs = 0;
  private pending: ActRecord | undefined;

  /** `rule` says what a rule is now; `lift` ends a quarantine. */
  constructor(rule: (number: number) => number, lift: (component: Component) => void) {
    this.standing = { rule, status: (market) => this.statuses.get(market) ?? OK };
    this.lift = lift;
  }

  /** Judges an act; changes nothing. */
  judge(signed: SignedAct | BadAct, place: ActPlace): ActVerdict {
    const { roster, standing } = this;
    const nowMs = Math.max(place.nowMs, this.lastMs);
    return judgeAct(signed, { ...place, nowMs }, { roster, standing, isUsed: (nonce) => this.nonces.has(nonce) });
  }

  /** Takes in an act that was accepted, and for one of commands is being carried out. */
  take(record: ActRecord): void {
    const { act, atMs } = record;
    const { what } = act;
    this.pending = undefined;
    this.nonces.add(act.nonce);
    this.lastMs = atMs;
    if (what.kind === 'enrol') this.roster.enrol(what.keys);
    else if (what.kind === 'retire') this.roster.retire(what.key);
    else if (what.kind === 'announce') this.announce(what.hash, atMs);
    else if (what.kind === 'reopen')
      this.reopenings.set(what.component.kind === 'market' ? what.component.market : 0, atMs);
    else if (what.kind === 'lift') this.lift(what.component);
    else this.endReopenings(record);
  }

  /**
   * An accepted act that a journal holds. One of commands takes effect with the batch behind it, which must be its commands: a crash
   * may have come between the two, and then it never happened.
   */
  propose(record: ActRecord): void {
    this.pending = undefined;
    if (record.act.what.kind === 'commands') this.pending = record;
    else this.take(record);
  }

  /** True when rows are what the act before them says. */
  isNext(bytes: Uint8Array): boolean {
    const { pending } = this;
    return pending !== undefined && sameBytes(actBytes(pending.act, pending.atMs), bytes);
  }

  /** A batch of a journal is about to be applied; returns whether it is the one of the act before it, which then takes effect. */
  meet(bytes: Uint8Array): boolean {
    const { pending } = this;
    const isNext = this.isNext(bytes);
    this.pending = undefined;
    if (pending !== undefined && isNext) this.take(pending);
    return isNext;
  }

  /** A status was set. */
  noteStatus(market: number, status: number, paused: number): void {
    this.statuses.set(market, { status, paused });
    if (status === STATUS.OK && paused === 0) this.reopenings.delete(market);
  }

  /** When an act of this content hash was announced first, undefined when it was not. */
  announcedMs(hash: string): number | undefined {
    return this.announcements.get(hash);
  }

  /** Since when an act lets the guard reopen a market, or (0) the venue; undefined when none does. */
  reopeningMs(market: number): number | undefined {
    return this.reopenings.get(market) ?? this.reopenings.get(0);
  }

  /** The administrator's commands among these that nobody with the right to them signed; none before there is a roster. */
  unauthorised({ words, floats, rows }: CommandRows, source: CommandSource): Unauthorised[] {
    if (this.roster.isEmpty || source.kind === 'act') return [];
    const directions = new Directions(this.standing);
    const found: Unauthorised[] = [];
    for (let row = 0; row < rows; row += Math.max(1, words[row * 16 + 1] as number)) {
      const direction = directions.next(words, floats, row);
      if (direction === undefined || (source.kind === 'guard' && this.isOfGuard(direction))) continue;
      found.push({ row, direction });
    }
    return found;
  }

  private isOfGuard({ of, loosens, market }: Direction): boolean {
    return of === 'status' && (!loosens || this.reopeningMs(market) !== undefined);
  }

  private announce(hash: string, atMs: number): void {
    if (!this.announcements.has(hash)) this.announcements.set(hash, atMs);
  }

  /** Statuses that people set are no longer the guard's to raise. */
  private endReopenings({ act }: ActRecord): void {
    if (act.what.kind !== 'commands') return;
    for (const command of act.what.commands) {
      if (command.kind !== 'setStatus') continue;
      if (command['market'] === 0) this.reopenings.clear();
      else this.reopenings.delete(command['market'] as number);
    }
  }
}

/** How an act comes to the screen: by its hash, and since when it is announced. */
export function sourceOf(authority: Authority, { act }: ActRecord): CommandSource {
  const hash = actHash(act);
  return { kind: 'act', hash, announcedMs: authority.announcedMs(hash) };
}
