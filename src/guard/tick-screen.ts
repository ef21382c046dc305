/** Ticks at the door: time goes forward, once, and no further ahead of everything that comes with it than it can be. */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import type { Known } from './known.ts';
import type { Check, CheckClass } from './verdict.ts';

/** A longer gap than this is told by its own name. */
const JUMP_MS = 3_600_000;

export class TickScreen {
  private readonly known: Known;
  /** The last tick, −1 before the first; and the exchange's time. */
  private lastMs = -1;
  private clockMs = 0;
  /** The last tick after which it was told that none came. */
  private missedMs = -1;

  constructor(known: Known) {
    this.known = known;
  }

  /** A batch begins. */
  begin({ market, venue }: State): void {
    this.lastMs = market.rows > 1 ? (market.f64[128 + MARKET.TICK_MS] as number) : -1;
    if (this.lastMs === 0) this.lastMs = -1;
    this.clockMs = venue.f64[64 + VENUE.TIME_MS] as number;
  }

  /** Judges the tick at a row; `from` is the first row behind the tick before it. Class III is told and holds nothing. */
  judge(commands: CommandBuffer, from: number, row: number): Check[] {
    const timeMs = commands.f64[row * 8 + 1] as number;
    const { lastMs } = this;
    const fails = (of: CheckClass, name: string, found: string, expected: string): Check => {
      return { class: of, name, about: '', holds: false, found, expected };
    };
    if (timeMs <= lastMs || timeMs < this.clockMs) {
      return [fails('I', 'tick_order', `${timeMs}`, `after ${Math.max(lastMs, this.clockMs)}`)];
    }
    const lagMs = Number(this.known.rule(RULE.guard_order_lag));
    const besideMs = newestBeside(commands, from, row);
    // A jump of more than an hour needs something of now beside it: alone, it would hold every right tick for as long.
    const isAlone = besideMs === 0 && timeMs - lastMs > JUMP_MS;
    if (lastMs >= 0 && isAlone)
      return [fails('II', 'tick_time', `${timeMs - lastMs} ms ahead, alone`, 'a sample of now')];
    if (lastMs >= 0 && besideMs > 0 && timeMs - besideMs > lagMs && timeMs - lastMs > lagMs) {
      return [fails('II', 'tick_time', `${timeMs - besideMs} ms ahead of what came with it`, `at most ${lagMs} ms`)];
    }
    this.lastMs = timeMs;
    this.clockMs = timeMs;
    const gapMs = timeMs - lastMs;
    const allowedMs = Number(this.known.rule(RULE.funding_gap));
    if (lastMs < 0 || gapMs <= allowedMs) return [];
    return [fails('III', gapMs > JUMP_MS ? 'tick_jump' : 'tick_gap', `${gapMs} ms`, `at most ${allowedMs} ms`)];
  }

  /** Tells once, by commands of `newestMs` behind the last tick, that the next one has not come for longer than funding allows. */
  missing(newestMs: number): Check | undefined {
    const { lastMs } = this;
    const allowedMs = Number(this.known.rule(RULE.funding_gap));
    if (lastMs < 0 || newestMs - lastMs <= allowedMs || this.missedMs === lastMs) return undefined;
    this.missedMs = lastMs;
    const found = `none for ${newestMs - lastMs} ms`;
    return { class: 'III', name: 'tick_missing', about: '', holds: false, found, expected: `at most ${allowedMs} ms` };
  }
}

/** The newest time of the commands before a tick, 0 when there are none. */
function newestBeside({ i32, f64 }: CommandBuffer, from: number, tick: number): number {
  let newestMs = 0;
  for (let row = from; row < tick; row += Math.max(1, i32[row * 16 + 1] as number)) {
    newestMs = Math.max(newestMs, f64[row * 8 + 1] as number);
  }
  return newestMs;
}
