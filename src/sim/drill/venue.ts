/**
 * The venue of a drill: the product's own loop, journal, chain and (if it is guarded) guard, keys and ladder, started, stopped and
 * started again on one journal; and, where its people are careless, on a state that nobody has looked at.
 */
import { BlockSealer, headOf } from '../../chain/block-sealer.ts';
import type { Block } from '../../chain/block.ts';
import type { ReplayResult } from '../../chain/replay.ts';
import { DirectRoots } from '../../chain/roots.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import type { EventBuffer } from '../../engine/event.ts';
import type { State } from '../../engine/state.ts';
import { STATUS } from '../../engine/status.ts';
import type { ActResult } from '../../exchange/act.ts';
import { Exchange } from '../../exchange/exchange.ts';
import { recover } from '../../exchange/recover.ts';
import { Reopening, type ReopeningStep } from '../../exchange/reopen.ts';
import type { ActContent, EnrolledKey } from '../../guard/authority/act.ts';
import type { SignedAct } from '../../guard/authority/decode-act.ts';
import type { Finding } from '../../guard/finding.ts';
import { Guard } from '../../guard/guard.ts';
import type { HeldCommand } from '../../guard/screen.ts';
import type { Verdict } from '../../guard/verdict.ts';
import type { Journal } from '../../journal/journal.ts';
import { sha256 } from '../../journal/node-digest.ts';
import { PEOPLE, People } from './people.ts';

/** A block is sealed after so many commands or so much of the exchange's time. */
const BLOCK_COMMANDS = 65_536;
const BLOCK_MS = 60_000;

/** What a venue tells while it runs; nothing of what a start reads in its journal. */
export interface VenueTold {
  readonly onEvents?: (events: EventBuffer, state: State) => void;
  readonly onVerdict?: (verdict: Verdict) => void;
  readonly onFinding?: (finding: Finding) => void;
  readonly onHeldCommand?: (held: HeldCommand) => void;
  readonly onStep?: (step: ReopeningStep) => void;
}

export interface StartOptions {
  readonly isGuarded: boolean;
  /** Every market comes back rung by rung; needs the guard. */
  readonly hasLadder: boolean;
}

/** The venue does not run: nothing was started, or a start was refused. */
class NotRunning extends Error {
  constructor() {
    super('the venue does not run');
    this.name = 'NotRunning';
  }
}

export class DrillVenue {
  readonly journal: Journal;
  private readonly told: VenueTold;
  private readonly accounts: number;
  private readonly people: People;
  private running: Exchange | undefined;
  guard: Guard | undefined;
  reopening: Reopening | undefined;

  /** `areEnrolled`: the history of the journal has its people's keys. */
  constructor(journal: Journal, accounts: number, told: VenueTold = {}, areEnrolled = false) {
    this.people = new People(areEnrolled);
    this.journal = journal;
    this.accounts = accounts;
    this.told = told;
  }

  get exchange(): Exchange {
    if (this.running === undefined) throw new NotRunning();
    return this.running;
  }

  get state(): State {
    return this.exchange.state;
  }

  get timeMs(): number {
    return this.exchange.timeMs;
  }

  /** A process starts on the journal. What its replay found; it runs only when that is `equal`. */
  start({ isGuarded, hasLadder }: StartOptions): ReplayResult {
    this.running = undefined;
    let isLive = false;
    const told = this.told;
    const guard = isGuarded
      ? new Guard({
          onVerdict: (verdict) => isLive && told.onVerdict?.(verdict),
          onFinding: (finding) => isLive && told.onFinding?.(finding),
          onHeldCommand: (held) => isLive && told.onHeldCommand?.(held),
        })
      : undefined;
    const onStep = (step: ReopeningStep): void => told.onStep?.(step);
    const reopening = guard !== undefined && hasLadder ? new Reopening({ guard, onStep }) : undefined;
    const watching = {
      ...(guard === undefined ? {} : { guard }),
      ...(reopening === undefined ? {} : { reopening }),
    };
    const { state, sealer, replay } = recover(this.journal, {
      hash: sha256,
      roots: new DirectRoots(sha256),
      capacity: { accounts: this.accounts + 32 },
      ...watching,
    });
    if (!replay.equal) return replay;
    isLive = true;
    this.guard = guard;
    this.reopening = reopening;
    this.run(state, sealer, watching);
    return replay;
  }

  /** A process starts on a state as it was loaded: whatever it is, it is traded on behind the journal's last block. */
  startCareless(state: State): void {
    const block = this.journal.block(this.journal.height) as Block;
    this.guard = undefined;
    this.reopening = undefined;
    this.run(state, new BlockSealer(sha256, new DirectRoots(sha256), headOf(block, sha256)), {});
  }

  private run(state: State, sealer: BlockSealer, watching: { guard?: Guard; reopening?: Reopening }): void {
    this.running = new Exchange({
      state,
      journal: this.journal,
      sealer,
      blockCommands: BLOCK_COMMANDS,
      blockMs: BLOCK_MS,
      ...watching,
      onPublish: ({ events }) => this.told.onEvents?.(events, state),
    });
  }

  /** Ends the process: what is open is sealed. Returns the last block. */
  stop(): Block {
    this.exchange.finish();
    this.running = undefined;
    return this.journal.block(this.journal.height) as Block;
  }

  /** The process dies where it is: what is not sealed is in the journal, and nothing else. */
  kill(): void {
    this.running = undefined;
  }

  submit(commands: CommandBuffer): void {
    this.exchange.submit(commands);
  }

  /** The venue's people enrol their keys: from then on an administrator's command needs an act. */
  enrol(timeMs: number): void {
    requireAccepted(this.exchange.act(this.people.enrol(timeMs, this.fork), timeMs));
  }

  /** Its people's keys, where the exchange has none enrolled. */
  get keys(): readonly EnrolledKey[] | undefined {
    return this.people.areEnrolled ? undefined : PEOPLE;
  }

  /** An act that one operator signs, or two. */
  sign(what: ActContent, timeMs: number, count: 1 | 2): SignedAct {
    const venue = this.guard?.authority.venue ?? null;
    return this.people.sign(what, timeMs, count, { venue, fork: this.fork });
  }

  /** Carries out an act that one operator signs, or two. */
  private act(what: ActContent, timeMs: number, count: 1 | 2): ActResult {
    return this.exchange.act(this.sign(what, timeMs, count), timeMs);
  }

  private get fork(): number {
    return (this.journal.block(this.journal.height) as Block).fork;
  }

  /** Sets the venue's status as its people do: by an act where keys are enrolled (two sign what opens), else by a command. */
  setStatus(status: number, timeMs: number): void {
    if (this.guard === undefined || !this.people.areEnrolled) {
      const commands = new CommandBuffer(1);
      commands.setStatus(timeMs, 0, status, 0);
      this.submit(commands);
      return;
    }
    const isOpening = status === STATUS.OK;
    const what: ActContent = isOpening
      ? { kind: 'reopen', component: { kind: 'venue' } }
      : { kind: 'commands', commands: [{ kind: 'setStatus', market: 0, status, paused: 0 }] };
    requireAccepted(this.act(what, timeMs, isOpening ? 2 : 1));
  }
}

function requireAccepted(result: ActResult): void {
  if (!result.accepted) throw new Error(`an act was refused: ${result.refusal} ${result.about}`);
}
