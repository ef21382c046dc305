/** One of the two worlds of an extreme: the exchange itself, with a guard or without, and what came of the last batch. */
import { commandRows } from '../../chain/command-record.ts';
import { COMMAND_BYTES } from '../../engine/command.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { EventBuffer } from '../../engine/event.ts';
import { INSURANCE_FUND, type State } from '../../engine/state.ts';
import { Exchange } from '../../exchange/exchange.ts';
import { recover } from '../../exchange/recover.ts';
import type { Finding } from '../../guard/finding.ts';
import { Guard } from '../../guard/guard.ts';
import { isForced } from '../../guard/guarded-replay.ts';
import type { HeldCommand } from '../../guard/screen.ts';
import type { Verdict } from '../../guard/verdict.ts';
import { AccountView } from '../traders/market-view.ts';
import { ForgetfulJournal, NoRoots } from './forgetful-journal.ts';

const BLOCK_COMMANDS = 65_536;
const BLOCK_MS = 60_000;
const WORDS = COMMAND_BYTES / 4;
const NO_BYTES = new Uint8Array(32);

export class World {
  readonly state: State;
  /** What the guard said of the last batch. */
  readonly verdicts: Verdict[] = [];
  readonly held: HeldCommand[] = [];
  readonly findings: Finding[] = [];
  /** Sequences of the submitted commands that were taken, in order; and of the forced ones, with their kind. */
  readonly submitted: number[] = [];
  readonly forced = new Map<number, number>();
  /** The rows of the last batch as they were applied, forced ones included; valid until the next. */
  rows: Uint8Array = NO_BYTES;
  events = new EventBuffer();
  private readonly exchange: Exchange;

  constructor(isGuarded: boolean, accounts: number) {
    const guard = new Guard({
      onVerdict: (verdict) => this.verdicts.push(verdict),
      onHeldCommand: (held) => this.held.push(held),
      onFinding: (finding) => this.findings.push(finding),
    });
    const guarded = isGuarded ? { guard } : {};
    const journal = new ForgetfulJournal();
    // Nothing is ever compared with these blocks: their digests need not cost anything.
    const { state, sealer } = recover(journal, {
      hash: () => NO_BYTES,
      roots: new NoRoots(),
      capacity: { accounts: accounts + 16 },
      ...guarded,
    });
    this.state = state;
    this.exchange = new Exchange({
      state,
      journal,
      sealer,
      blockCommands: BLOCK_COMMANDS,
      blockMs: BLOCK_MS,
      onPublish: ({ rows, firstSequence, events }) => {
        this.rows = rows;
        this.events = events;
        this.number(firstSequence);
      },
      ...guarded,
    });
  }

  /** Carries out a signed act at a time; returns why not, undefined when it was. */
  act(signed: object, timeMs: number): string | undefined {
    const result = this.exchange.act(signed, timeMs);
    return result.accepted ? undefined : `${result.refusal} ${result.about}`;
  }

  submit(commands: CommandBuffer): void {
    this.verdicts.length = 0;
    this.held.length = 0;
    this.findings.length = 0;
    this.submitted.length = 0;
    this.forced.clear();
    this.exchange.submit(commands);
  }

  get commands(): number {
    return this.exchange.sequence;
  }

  /** What the insurance fund is worth at the marks, 1e-8 USDC. */
  get fundEquity(): number {
    return new AccountView().read(this.state, INSURANCE_FUND).equity;
  }

  private number(firstSequence: number): void {
    const { rows } = this;
    const words = new Int32Array(rows.buffer, rows.byteOffset, rows.length / 4);
    let sequence = firstSequence;
    for (let row = 0; row * COMMAND_BYTES < rows.length; row += commandRows(words, row)) {
      const kind = words[row * WORDS] as number;
      if (isForced(kind)) this.forced.set(sequence, kind);
      else this.submitted.push(sequence);
      sequence++;
    }
  }
}
