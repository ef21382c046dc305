/** A guarded venue with the screen at its door: two markets of two oracles and two venues each, one long near its margin. */
import { COMMAND_BYTES, QUOTE_KNOWN_ALL } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import type { EventRecord } from '../engine/event.ts';
import { type CommandSource, OUTSIDE } from './authority/command-source.ts';
import type { Guard } from './guard.ts';
import { GuardedVenue } from './guarded-venue.fixture.ts';
import type { HeldCommand } from './screen.ts';

/** Prices in USDC of two oracles, then of two venues; undefined where a source says nothing. */
export type Said = readonly (number | undefined)[];

const UNITS = 1e6;
export const TICK_MS = 5_000;

export class ScreenedVenue extends GuardedVenue {
  source: CommandSource = OUTSIDE;
  /** What the screen held of the last batch. */
  held: readonly HeldCommand[] = [];
  private readonly submitted = new CommandBuffer();

  constructor() {
    super(true);
  }

  override apply(write: (buffer: CommandBuffer, timeMs: number) => void): EventRecord[] {
    const { submitted } = this;
    submitted.clear();
    write(submitted, this.timeMs);
    this.held = (this.guard as Guard).heldOf(this.state, submitted, this.source);
    const rows = new Set(this.held.map(({ row }) => row));
    return super.apply((buffer) => {
      for (let row = 0; row < submitted.rows; ) {
        const end = row + (submitted.i32[row * 16 + 1] as number);
        if (!rows.has(row)) buffer.append(submitted.bytes.subarray(row * COMMAND_BYTES, end * COMMAND_BYTES), 1);
        row = end;
      }
    });
  }

  /** Lets a tick pass in which the sources of markets say these prices. */
  say(prices: ReadonlyMap<number, Said>, elapsedMs = TICK_MS, usdc = 1): EventRecord[] {
    this.timeMs += elapsedMs;
    return this.apply((buffer, timeMs) => {
      buffer.collateralPrice(timeMs, usdc * 1e8, timeMs);
      for (const [market, said] of prices) writeSaid(buffer, timeMs, market, said);
      buffer.tick(timeMs);
    });
  }

  /** Names of the checks that held something of the last batch. */
  get heldBy(): string[] {
    return this.held.map(({ check }) => check.name);
  }
}

/** Writes what a market's sources say. */
export function writeSaid(buffer: CommandBuffer, timeMs: number, market: number, said: Said): void {
  said.forEach((price, source) => {
    if (price === undefined) return;
    const units = Math.round(price * UNITS);
    if (source < 2) buffer.oraclePrice(timeMs, market, source, units, timeMs);
    else buffer.venueQuote(timeMs, market, source - 2, QUOTE_KNOWN_ALL, timeMs, units, units, units, units);
  });
}

/** A market at 10,000 USDC with a long of 1 base on 1,600 USDC, and another one at 3,000. */
export interface ScreenedScene {
  readonly venue: ScreenedVenue;
  readonly market: number;
  readonly other: number;
  readonly long: number;
  readonly short: number;
}

/** Opens the scene; `venues` are the bits of the venues that quote the first market. */
export function screenedScene(said: Said = [10_000, 10_000, 10_000, 10_000], venues = 3): ScreenedScene {
  const venue = new ScreenedVenue();
  const market = venue.market({ venues });
  const other = venue.market({ venues: 3 });
  const long = venue.trader(1_600);
  const short = venue.trader(100_000);
  const all = new Map([
    [market, said],
    [other, [3_000, 3_000, 3_000, 3_000]],
  ]);
  venue.say(all);
  venue.trade(long, short, market, 100, 10_000);
  venue.say(all);
  venue.seal();
  return { venue, market, other, long, short };
}
