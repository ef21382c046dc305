/** A small venue whose proposals go through a guard, or straight on without one: for faults, and for what they do unguarded. */
import { applyUntilTick } from '../engine/batch.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import type { EventBuffer, EventRecord } from '../engine/event.ts';
import { VenueForTest } from '../engine/venue.fixture.ts';
import { appendForced } from './forced-command.ts';
import { Guard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';
import type { Verdict } from './verdict.ts';
import { decodeLines } from './warrant.ts';

export class GuardedVenue extends VenueForTest {
  readonly verdicts: Verdict[] = [];
  readonly warrants: string[] = [];
  readonly guard: Guard | undefined;
  /** Is called once, behind the next tick and before its proposals are judged: what it emits is proposed as well. */
  propose: ((events: EventBuffer) => void) | undefined;
  private readonly commands = new CommandBuffer();
  private readonly forced = new CommandBuffer();
  private isDeaf = false;

  constructor(isGuarded: boolean, options: GuardOptions = {}) {
    super();
    const onVerdict = (verdict: Verdict): void => void this.verdicts.push(verdict);
    this.guard = isGuarded ? new Guard({ ...options, onVerdict }) : undefined;
    this.seal();
  }

  /** From now on the guard is told nothing. */
  deafen(): void {
    this.isDeaf = true;
  }

  /** Ends a block. */
  seal(): void {
    this.guard?.seal(this.state);
    for (const [, table] of this.state.tables()) table.touched.fill(0);
  }

  override apply(write: (buffer: CommandBuffer, timeMs: number) => void): EventRecord[] {
    const { state, commands, guard } = this;
    commands.clear();
    write(commands, this.timeMs);
    state.events.clear();
    guard?.startBatch();
    for (let row = 0; row < commands.rows; ) {
      const from = state.events.count;
      this.tell(commands, row);
      row = applyUntilTick(state, commands.i32, commands.f64, row, commands.rows);
      this.force(from);
    }
    if (!this.isDeaf) guard?.endBatch(state);
    this.warrants.push(...decodeLines(guard?.takeWarrants() ?? new Uint8Array()));
    return state.events.all();
  }

  private tell({ i32, f64, rows }: CommandBuffer, from: number): void {
    if (!this.isDeaf) this.guard?.before(this.state, i32, f64, from, rows);
  }

  /** Applies the proposals among the events from number `from` on that have a warrant. */
  private force(from: number): void {
    const { state, forced, guard } = this;
    if (!this.isDeaf) guard?.listen(state);
    const { propose } = this;
    this.propose = undefined;
    propose?.(state.events);
    const proposed = Array.from({ length: state.events.count - from }, (_, event) => from + event);
    const due = guard === undefined ? proposed : guard.judge(state, from, { fork: 0, height: 1 });
    forced.clear();
    for (const event of due) appendForced(state.events, event, this.timeMs, forced);
    this.tell(forced, 0);
    for (let row = 0; row < forced.rows; ) row = applyUntilTick(state, forced.i32, forced.f64, row, forced.rows);
  }

  /** Who was liquidated, among these events. */
  static liquidated(events: readonly EventRecord[]): number[] {
    return events.flatMap((event) =>
      event.kind === 'liquidated' ? [(event as EventRecord<'liquidated'>).account] : [],
    );
  }
}

/** One market at 10,000 whose funding index is far from zero; a long and a short of 1 base with 16 % of margin. A block behind it all. */
export interface Scene {
  readonly venue: GuardedVenue;
  readonly market: number;
  readonly long: number;
  readonly short: number;
}

const HOUR_MS = 3_600_000;

export function scene(isGuarded: boolean, fundingGapRule: number): Scene {
  const venue = new GuardedVenue(isGuarded);
  venue.setRule(fundingGapRule, HOUR_MS);
  const market = venue.market({ INTEREST_RATE: 2e10, CLAMP_RATE: 2e10 });
  const maker = venue.trader(1_000_000);
  const long = venue.trader(1_600);
  const short = venue.trader(1_600);
  venue.price(market, 10_000);
  venue.order(maker, market, { sell: true, price: 12_000, size: 1 });
  for (let hour = 0; hour < 80; hour++) venue.price(market, 10_000, HOUR_MS);
  venue.trade(long, short, market, 100, 10_000);
  venue.price(market, 10_000, 5_000);
  venue.seal();
  return { venue, market, long, short };
}
