/** The world of a drill: a day's markets and traders, and the venue that they trade on, from its founding to where it is led. */
import { COMMAND, COMMAND_BYTES } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { RULE } from '../../engine/rules.ts';
import { ACCOUNT_KIND, genesis } from '../../engine/state.ts';
import { STATUS } from '../../engine/status.ts';
import { VENUE } from '../../engine/tables.ts';
import { takeOut } from '../faults/base.ts';
import type { MarketDay } from '../market-day.ts';
import { Random } from '../random.ts';
import { Session } from '../session.ts';
import { FIRST_ACCOUNT } from '../traders/population.ts';
import { windowOf } from './drill-day.ts';
import { preHistory } from './pre-history.ts';
import { type Moment, TIMELINE } from './timeline.ts';
import type { DrillVenue } from './venue.ts';

export interface WorldOptions {
  readonly day: MarketDay;
  readonly seed: number;
  /** Traders and makers; the opportunists come on top. */
  readonly accounts: number;
  /** From when on it trades, ms from the day's start; from midnight unless said. */
  readonly opensMs?: number;
}

const WORDS = COMMAND_BYTES / 4;
/** What an opportunist brings, 1e-8 USDC. */
const CAPITAL = 2_000_000e8;
/** Who trades in a reopened market before anybody else: one fishes with far offers, the other buys whatever there is. */
const OPPORTUNISTS = 2;
/** Of a hundred accounts with positions so many keep elsewhere what they need not leave here. */
const THIN_ACCOUNTS = 75;

/** The formula of January 2026 had the own book at full weight however thin it was: here it loses its weight in a day. */
const A_DAY_S = 86_400;

/** What comes in between two ticks, and what of it reaches the venue. */
type Filter = (kind: number) => boolean;

/** What sources say and the clock: in the first minutes of a reopening nobody else is there. */
export const OUTSIDE_ALONE: Filter = (kind) =>
  kind === COMMAND.oraclePrice ||
  kind === COMMAND.venueQuote ||
  kind === COMMAND.collateralPrice ||
  kind === COMMAND.tick;

export class DrillWorld {
  readonly day: MarketDay;
  readonly session: Session;
  readonly venue: DrillVenue;
  private readonly seed: number;
  private readonly dayStartMs: number;
  private readonly commands = new CommandBuffer(1 << 12);

  constructor({ day, seed, accounts, opensMs = TIMELINE.opens }: WorldOptions, venue: DrillVenue) {
    this.dayStartMs = day.startMs;
    this.day = windowOf(day, day.startMs + opensMs, Math.min(day.endMs, day.startMs + TIMELINE.end));
    this.seed = seed;
    this.session = new Session({ day: this.day, seed, accounts });
    this.venue = venue;
  }

  /** Traders, makers and opportunists. */
  get accounts(): number {
    return this.session.accounts + OPPORTUNISTS;
  }

  /** The account that fishes with far offers, and the one that buys them. */
  get opportunists(): readonly [fisher: number, aggressor: number] {
    const first = FIRST_ACCOUNT + this.session.accounts;
    return [first, first + 1];
  }

  /** The time of a moment of the day. */
  at(moment: Moment): number {
    return this.dayStartMs + TIMELINE[moment];
  }

  /** The venue's past and its opening: its first commands of all. It must run, on an empty journal, without a guard. */
  found(): void {
    const opening = new CommandBuffer(1 << 12);
    this.session.opening(genesis(), opening);
    for (const commands of preHistory(this.day, opening, this.seed)) this.venue.submit(commands);
    const { commands } = this;
    commands.clear();
    const timeMs = this.day.startMs;
    let reference = this.venue.state.venue.f64[64 + VENUE.DEPOSIT_REFERENCE] as number;
    for (const account of this.opportunists) {
      const key = new Uint8Array(32).fill(account % 251);
      key[0] = 255;
      commands.defineAccount(timeMs, key, ACCOUNT_KIND.TRADER, 0);
      commands.deposit(timeMs, account, CAPITAL, ++reference);
    }
    this.venue.submit(commands);
  }

  /** Trades up to the last tick before a time. `also` writes what comes besides, before all that the session brings to a tick. */
  trade(untilMs: number, { filter, also, onTick }: TradeOptions = {}): void {
    const { session, venue, commands } = this;
    const { clock } = session;
    for (let tick = clock.tickAfter(venue.timeMs); tick < clock.ticks && clock.timeOf(tick) < untilMs; tick++) {
      commands.clear();
      session.step(tick, venue.state, commands);
      const all = also === undefined && filter === undefined ? commands : new CommandBuffer(commands.rows + 16);
      also?.(all, clock.timeOf(tick) - this.day.tickMs + 1);
      if (all !== commands) appendThose(all, commands, filter);
      venue.submit(all);
      onTick?.(clock.timeOf(tick));
    }
  }

  /** Submits what `write` writes as one batch; nothing when that is nothing. */
  submit(write: (commands: CommandBuffer) => void): void {
    const { commands, venue } = this;
    commands.clear();
    write(commands);
    venue.submit(commands);
  }

  /** Sets the venue's status as its people do, at a moment of the day. */
  setStatus(status: number, moment: Moment): void {
    this.venue.setStatus(status, this.at(moment));
  }

  /** From the first trade to the scheduled maintenance, the last block sealed. */
  tradeToMaintenance(onTick?: (timeMs: number) => void): void {
    this.tradeBeforeMaintenance(onTick);
    this.setStatus(STATUS.CANCEL_ONLY, 'cancelOnly');
    this.trade(this.at('maintenance'), onTick === undefined ? {} : { onTick });
    this.setStatus(STATUS.MAINTENANCE, 'maintenance');
  }

  /** From the first trade up to where orders could only be cancelled. */
  tradeBeforeMaintenance(onTick?: (timeMs: number) => void): void {
    const told = onTick === undefined ? {} : { onTick };
    this.trade(this.at('thin'), told);
    const { commands, venue } = this;
    commands.clear();
    if (venue.guard === undefined) commands.setRule(venue.timeMs, RULE.liquidity_ramp, A_DAY_S);
    takeOut(venue.state, venue.timeMs, new Random(this.seed).fork('thin'), commands, THIN_ACCOUNTS);
    venue.submit(commands);
    this.trade(this.at('cancelOnly'), told);
  }
}

interface TradeOptions {
  readonly filter?: Filter;
  readonly also?: (commands: CommandBuffer, timeMs: number) => void;
  readonly onTick?: (timeMs: number) => void;
}

/** Appends the commands of the kinds that pass, in their order; all of them without a filter. */
function appendThose(to: CommandBuffer, commands: CommandBuffer, passes: Filter = () => true): void {
  for (let row = 0; row < commands.rows; ) {
    const end = row + (commands.i32[row * WORDS + 1] as number);
    if (passes(commands.i32[row * WORDS] as number)) {
      to.append(commands.bytes.subarray(row * COMMAND_BYTES, end * COMMAND_BYTES), 1);
    }
    row = end;
  }
}
