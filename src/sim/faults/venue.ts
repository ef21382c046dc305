/**
 * One running exchange of the matrix: the product's own loop, journal, chain and (if it is guarded) guard, on a copy of a base.
 * Its chain begins with the base: block 0 vouches for that state, and a restart leads from there through the journal.
 */
import { BEFORE_GENESIS, BlockSealer, headOf } from '../../chain/block-sealer.ts';
import type { Block } from '../../chain/block.ts';
import { replay, type ReplayResult } from '../../chain/replay.ts';
import { DirectRoots, type RootComputer } from '../../chain/roots.ts';
import { loadSnapshot, type SnapshotResult, writeSnapshot } from '../../chain/snapshot.ts';
import { touchAll } from '../../chain/touched-pages.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import type { EventBuffer } from '../../engine/event.ts';
import type { State } from '../../engine/state.ts';
import { Exchange } from '../../exchange/exchange.ts';
import type { Finding } from '../../guard/finding.ts';
import { Guard } from '../../guard/guard.ts';
import { applyGuarded } from '../../guard/guarded-replay.ts';
import { GuardedRoots } from '../../guard/guarded-roots.ts';
import type { HeldCommand } from '../../guard/screen.ts';
import type { Verdict } from '../../guard/verdict.ts';
import { MemoryJournal } from '../../journal/memory-journal.ts';
import { crc32, sha256 } from '../../journal/node-digest.ts';
import { type Base, copyState } from './base.ts';

/** A block is sealed after so much of the exchange's time: three ticks. */
const BLOCK_MS = 15_000;

/** What a venue tells, in order. */
export interface VenueTold {
  readonly onVerdict: (verdict: Verdict) => void;
  readonly onFinding: (finding: Finding) => void;
  readonly onHeldCommand: (held: HeldCommand) => void;
}

/** What came of a batch. The events are valid until the next one. */
export interface Taken {
  readonly firstSequence: number;
  readonly commands: number;
  readonly events: EventBuffer;
}

export class Venue {
  readonly isGuarded: boolean;
  private readonly base: Base;
  private readonly told: VenueTold;
  private readonly journal = new MemoryJournal();
  private running: Exchange;
  private watching: Guard | undefined;
  private taken: Taken | undefined;
  private saved: { readonly bytes: Uint8Array; readonly block: Block } | undefined;
  /** No guard and no look at roots from here on: what was loaded is what is traded on. */
  private isTrusting = false;

  constructor(base: Base, isGuarded: boolean, told: VenueTold) {
    this.base = base;
    this.isGuarded = isGuarded;
    this.told = told;
    this.journal.sequence = base.sequence;
    const state = copyState(base.state);
    const sealer = this.sealerAtStart();
    this.journal.append({ bytes: new Uint8Array(), commands: 0, firstSequence: base.sequence + 1, closesBlock: true });
    sealer.close(state);
    this.running = this.exchangeOn(state, sealer);
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

  /** Ends the open block and keeps a snapshot of the state, as an upgrade or an operator has it. */
  save(): void {
    this.running.finish();
    this.keepSnapshot();
  }

  private keepSnapshot(): void {
    const block = this.journal.block(this.journal.height) as Block;
    this.saved = { bytes: snapshotOf(this.state, block), block };
  }

  /**
   * A new process loads the last snapshot after `corrupt` has written to what it holds. Guarded: the root that its block vouches
   * for decides; returns the refusal, and nothing is changed. Not guarded: whatever it is, it is traded on.
   */
  load(corrupt: (state: State) => void): Extract<SnapshotResult, { refusal: unknown }>['refusal'] | undefined {
    const { bytes, block } = this.saved as NonNullable<typeof this.saved>;
    const read = loadFrom(bytes, block);
    if ('refusal' in read) throw new Error(`a snapshot that was just written is refused: ${read.refusal.message}`);
    corrupt(read.state);
    const result = loadFrom(snapshotOf(read.state, block), block);
    if (!('refusal' in result)) return undefined;
    if (this.isGuarded || result.refusal.suspect === undefined) return result.refusal;
    this.trust(result.refusal.suspect, block);
    return undefined;
  }

  /** Goes on with a loaded state that nobody has looked at; what the journal holds behind its block is applied to it. */
  private trust(state: State, block: Block): void {
    this.isTrusting = true;
    touchAll(state);
    state.index.restore(state);
    const sealer = new BlockSealer(sha256, this.rootsOf(undefined), headOf(block, sha256));
    const behind = [...this.journal.entries(block.height)].filter(({ kind }) => kind !== 'block');
    const { unrecorded } = replay(state, behind, { sealer, hash: sha256, amend: null });
    for (const made of unrecorded) if (made.height > this.journal.height) this.journal.appendBlock(made);
    this.running = this.exchangeOn(state, sealer);
  }

  /** A new process starts from the journal alone, as `recover` does. What it finds; it goes on only when that is `equal`. */
  restart(): ReplayResult {
    const state = copyState(this.base.state);
    const sealer = this.sealerAtStart();
    const guard = this.watching;
    const result = replay(state, this.journal.entries(), {
      sealer,
      hash: sha256,
      amend: null,
      ...(guard === undefined
        ? {}
        : {
            apply: (replayed, entry) => {
              const commands = applyGuarded(replayed, entry, guard, { fork: entry.fork, height: sealer.openHeight });
              guard.takeWarrants();
              return commands;
            },
          }),
    });
    if (!result.equal && !this.isTrusting) return result;
    for (const block of result.unrecorded) this.journal.appendBlock(block);
    this.running = this.exchangeOn(state, sealer);
    return result;
  }

  private sealerAtStart(): BlockSealer {
    this.watching = this.isGuarded ? new Guard(this.told) : undefined;
    const { sequence, timeMs } = this.base;
    return new BlockSealer(sha256, this.rootsOf(this.watching), { ...BEFORE_GENESIS, sequence, timeMs });
  }

  private rootsOf(guard: Guard | undefined): RootComputer {
    const roots = new DirectRoots(sha256);
    return guard === undefined ? roots : new GuardedRoots(roots, guard);
  }

  private exchangeOn(state: State, sealer: BlockSealer): Exchange {
    const guard = this.watching;
    return new Exchange({
      state,
      journal: this.journal,
      sealer,
      blockCommands: 1 << 20,
      blockMs: BLOCK_MS,
      ...(guard === undefined ? {} : { guard }),
      onPublish: ({ firstSequence, commands, events }) => {
        this.taken = { firstSequence, commands, events };
      },
    });
  }
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
  let at = 0;
  const read = (into: Uint8Array): boolean => {
    if (at + into.length > bytes.length) return false;
    into.set(bytes.subarray(at, at + into.length));
    at += into.length;
    return true;
  };
  return loadSnapshot(read, block, sha256, crc32);
}
