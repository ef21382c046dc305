/**
 * One running exchange of the matrix: the product's own loop, journal, chain and (if it is guarded) guard, keys and ladder, on a copy
 * of a base. Its chain begins with the base: block 0 vouches for that state, and a restart leads from there through the journal.
 */
import { copyState } from '../../chain/copy-state.ts';
import { BEFORE_GENESIS, BlockSealer, headOf } from '../../chain/block-sealer.ts';
import type { Block } from '../../chain/block.ts';
import { replay, type ReplayResult } from '../../chain/replay.ts';
import { DirectRoots } from '../../chain/roots.ts';
import {
  loadSnapshot,
  readerOf,
  type SnapshotRefusal,
  type SnapshotResult,
  writeSnapshot,
} from '../../chain/snapshot.ts';
import { touchAll } from '../../chain/touched-pages.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import type { EventBuffer } from '../../engine/event.ts';
import type { State } from '../../engine/state.ts';
import { STATUS } from '../../engine/status.ts';
import type { ActResult } from '../../exchange/act.ts';
import { Exchange } from '../../exchange/exchange.ts';
import { recover } from '../../exchange/recover.ts';
import { Reopening } from '../../exchange/reopen.ts';
import type { ActContent, EnrolledKey } from '../../guard/authority/act.ts';
import type { SignedAct } from '../../guard/authority/decode-act.ts';
import type { Finding } from '../../guard/finding.ts';
import { Guard } from '../../guard/guard.ts';
import type { HeldCommand } from '../../guard/screen.ts';
import type { SourcesTold } from '../../guard/source-watch.ts';
import type { Verdict } from '../../guard/verdict.ts';
import type { Journal } from '../../journal/journal.ts';
import { MemoryJournal } from '../../journal/memory-journal.ts';
import { crc32, sha256 } from '../../journal/node-digest.ts';
import type { Base } from './base.ts';
import { byOperators, enrolAll, PEOPLE, rotation } from './people.ts';

/** A block is sealed after so much of the exchange's time: three ticks. */
const BLOCK_MS = 15_000;

/** What a venue tells, in order. */
export interface VenueTold {
  readonly onVerdict: (verdict: Verdict) => void;
  readonly onFinding: (finding: Finding) => void;
  readonly onHeldCommand: (held: HeldCommand) => void;
  readonly onNote: (note: HeldCommand) => void;
  readonly onSources: (told: SourcesTold) => void;
}

/** What came of a batch. The events are valid until the next one. */
export interface Taken {
  readonly firstSequence: number;
  readonly commands: number;
  /** As they were applied, forced actions behind their ticks. */
  readonly rows: Uint8Array;
  readonly events: EventBuffer;
}

export class Venue {
  readonly isGuarded: boolean;
  private readonly base: Base;
  private readonly told: VenueTold;
  readonly journal: Journal;
  /** True: the journal has the base's own history. */
  private readonly isWhole: boolean;
  private running: Exchange;
  private watching: Guard | undefined;
  private taken: Taken | undefined;
  private saved: { readonly bytes: Uint8Array; readonly block: Block } | undefined;
  private nonces = 1;
  private isRotated = false;

  /** `journal` has the history of the base from its first command on; without it history begins with the base. */
  constructor(base: Base, isGuarded: boolean, told: VenueTold, journal?: Journal) {
    this.base = base;
    this.isGuarded = isGuarded;
    this.told = told;
    this.isWhole = journal !== undefined;
    this.journal = journal ?? beginningAt(base);
    this.running = this.begin(false).exchange as Exchange;
    if (isGuarded) this.requireAccepted(this.running.act(enrolAll(base.timeMs), base.timeMs));
  }

  get exchange(): Exchange {
    return this.running;
  }

  get state(): State {
    return this.running.state;
  }

  get guard(): Guard | undefined {
    return this.watching;
  }

  /** Submits commands; returns what came of those that were taken, undefined when none was. Throws what stops an exchange. */
  submit(commands: CommandBuffer): Taken | undefined {
    this.taken = undefined;
    this.running.submit(commands);
    return this.taken;
  }

  /** What acts name it by; null where nobody asks for any. */
  private get name(): string | null {
    return this.watching?.authority.venue ?? null;
  }

  /** An act that one operator signs, or two. */
  sign(what: ActContent, timeMs: number, count: 1 | 2): SignedAct {
    const { isRotated, name } = this;
    return byOperators(what, ++this.nonces, timeMs, count, { venue: name, fork: 0, isRotated });
  }

  /** Its people's keys, where they are enrolled and where they are not. */
  get keys(): readonly EnrolledKey[] {
    return PEOPLE;
  }

  /** Carries out an act that so many operators signed. `taken` is what came of its commands. */
  act(
    what: ActContent,
    timeMs: number,
    count: 1 | 2,
  ): { readonly result: ActResult; readonly taken: Taken | undefined } {
    this.taken = undefined;
    const result = this.running.act(this.sign(what, timeMs, count), timeMs);
    return { result, taken: this.taken };
  }

  /** Carries out an act that both operators signed who were there before, or for another branch. */
  actOf(who: 'retired' | 'dead branch', what: ActContent, timeMs: number): ReturnType<Venue['act']> {
    this.taken = undefined;
    const isRotated = who === 'retired' ? false : this.isRotated;
    const place = { venue: this.name, fork: who === 'dead branch' ? 1 : 0, isRotated };
    const signed = byOperators(what, ++this.nonces, timeMs, 2, place);
    return { result: this.running.act(signed, timeMs), taken: this.taken };
  }

  /** Others take the operators' place. */
  rotate(timeMs: number): void {
    const acts = rotation(this.nonces + 1, timeMs, this.name);
    this.nonces += acts.length;
    for (const act of acts) this.requireAccepted(this.running.act(act, timeMs));
    this.isRotated = true;
  }

  /** Sets the venue's status as its people do: with a guard by an act, both operators when it opens. */
  setStatus(status: number, timeMs: number): Taken | undefined {
    if (!this.isGuarded) {
      const commands = new CommandBuffer(1);
      commands.setStatus(timeMs, 0, status, 0);
      return this.submit(commands);
    }
    const what: ActContent =
      status === STATUS.OK
        ? { kind: 'reopen', component: { kind: 'venue' } }
        : { kind: 'commands', commands: [{ kind: 'setStatus', market: 0, status, paused: 0 }] };
    const { result, taken } = this.act(what, timeMs, status === STATUS.OK ? 2 : 1);
    this.requireAccepted(result);
    return taken;
  }

  private requireAccepted(result: ActResult): void {
    if (!result.accepted) throw new Error(`an act was refused: ${result.refusal} ${result.about}`);
  }

  /** Ends the open block and keeps a snapshot of the state, as an upgrade or an operator has it. */
  save(): void {
    this.running.finish();
    const block = this.journal.block(this.journal.height) as Block;
    this.saved = { bytes: snapshotOf(this.state, block), block };
  }

  /**
   * A new process loads the last snapshot after `corrupt` has written to what it holds, or has said what it holds instead. Guarded: the
   * root that its block vouches for decides; returns the refusal, and nothing is changed. Not guarded: whatever it is, it is traded on.
   */
  load(corrupt: (state: State) => State | void): SnapshotRefusal | undefined {
    const { bytes, block } = this.saved as NonNullable<typeof this.saved>;
    const read = loadFrom(bytes, block);
    if ('refusal' in read) throw new Error(`a snapshot that was just written is refused: ${read.refusal.message}`);
    const held = corrupt(read.state) ?? read.state;
    const result = loadFrom(snapshotOf(held, block), block);
    if (!('refusal' in result)) return undefined;
    if (this.isGuarded || result.refusal.suspect === undefined) return result.refusal;
    this.trust(result.refusal.suspect, block);
    return undefined;
  }

  /** Goes on with a loaded state that nobody has looked at; what the journal holds behind its block is applied to it. */
  private trust(state: State, block: Block): void {
    touchAll(state);
    state.index.restore(state);
    const sealer = new BlockSealer(sha256, new DirectRoots(sha256), headOf(block, sha256));
    const behind = [...this.journal.entries(block.height)].filter(({ kind }) => kind !== 'block');
    const { unrecorded } = replay(state, behind, { sealer, hash: sha256, amend: null });
    for (const made of unrecorded) if (made.height > this.journal.height) this.journal.appendBlock(made);
    this.running = this.exchangeOn(state, sealer, undefined);
  }

  /** A new process starts from the journal alone. What it finds; it goes on only when that is `equal`. */
  restart(hasLadder = false): ReplayResult {
    const { exchange, found } = this.begin(hasLadder);
    if (exchange !== undefined) this.running = exchange;
    return found;
  }

  private begin(hasLadder: boolean): { readonly exchange: Exchange | undefined; readonly found: ReplayResult } {
    const { base, journal, told } = this;
    const guard = this.isGuarded ? new Guard(told) : undefined;
    const reopening = guard !== undefined && hasLadder ? new Reopening({ guard }) : undefined;
    const head = { ...BEFORE_GENESIS, sequence: base.sequence, timeMs: base.timeMs };
    const recovered = recover(journal, {
      hash: sha256,
      roots: new DirectRoots(sha256),
      ...(this.isWhole ? {} : { from: { state: copyState(base.state), head } }),
      ...(guard === undefined ? {} : { guard }),
      ...(reopening === undefined ? {} : { reopening }),
    });
    if (!recovered.replay.equal) return { exchange: undefined, found: recovered.replay };
    this.watching = guard;
    return { exchange: this.exchangeOn(recovered.state, recovered.sealer, reopening), found: recovered.replay };
  }

  private exchangeOn(state: State, sealer: BlockSealer, reopening: Reopening | undefined): Exchange {
    const guard = this.watching;
    return new Exchange({
      state,
      journal: this.journal,
      sealer,
      blockCommands: 1 << 20,
      blockMs: BLOCK_MS,
      ...(guard === undefined ? {} : { guard }),
      ...(reopening === undefined ? {} : { reopening }),
      onPublish: ({ firstSequence, commands, rows, events }) => {
        this.taken = { firstSequence, commands, rows, events };
      },
    });
  }
}

function beginningAt({ sequence }: Base): Journal {
  const journal = new MemoryJournal();
  journal.sequence = sequence;
  return journal;
}

function snapshotOf(state: State, block: Block): Uint8Array {
  const parts = [...writeSnapshot(state, block, sha256, crc32)].map((part) => part.slice());
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function loadFrom(bytes: Uint8Array, block: Block): SnapshotResult {
  return loadSnapshot(readerOf(bytes), block, sha256, crc32);
}
