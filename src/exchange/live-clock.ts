/**
 * The exchange's time of a running exchange. It follows the machine's clock, and never runs back. Two clocks are read: the wall, which
 * people and machines set, and one that only counts; where they disagree the wall was set, or the machine slept.
 *
 *   back          the exchange's time goes on, a tenth slower, until the wall has come up to it
 *   forward       the exchange's time follows, up to a limit: what is further may be a mistake that could never be taken back, so it
 *                 goes on with the clock that counts until somebody says that the wall is right (`accept`)
 *
 * At another speed than 1 the wall counts only for where a new exchange begins.
 */

/** Clocks may differ by so much without a word: they are disciplined, and read one after the other. */
const TELL_MS = 1000;
/** A wall that leaps further ahead is not believed without a person. */
const FORWARD_LIMIT_MS = 900_000;
/** How fast time passes while it is ahead of the wall. */
const SLEW = 0.9;

export interface LiveClockOptions {
  /** Milliseconds since 1970, as the machine believes. */
  readonly wallMs: () => number;
  /** Milliseconds that only count up. */
  readonly countMs: () => number;
  /** The exchange's time at its last command; undefined of a new one, which begins with the wall. */
  readonly lastMs: number | undefined;
  /** Of the exchange's time against that of the machine. */
  readonly speed: number;
}

export interface ClockJump {
  /** How far the wall leapt against the clock that counts: back when negative. */
  readonly byMs: number;
  /** False: it is further ahead than is believed, and the exchange's time did not follow. */
  readonly isFollowed: boolean;
}

export class LiveClock {
  private readonly options: LiveClockOptions;
  /** The exchange's time as it was read last. */
  timeMs: number;
  private wallMs: number;
  private countMs: number;
  private isHeld = false;
  /** What the machine's clock did since the last reading; undefined: nothing. */
  jump: ClockJump | undefined;

  constructor(options: LiveClockOptions) {
    this.options = options;
    this.wallMs = options.wallMs();
    this.countMs = options.countMs();
    const { lastMs, speed } = options;
    // A process cannot know how long it was away but by the wall.
    this.timeMs = lastMs === undefined ? this.wallMs : speed === 1 ? Math.max(lastMs, this.wallMs) : lastMs;
  }

  /** How far the exchange's time is ahead of the wall as it was read last; negative: behind. Not told of at another speed than 1. */
  get aheadMs(): number {
    return this.timeMs - this.wallMs;
  }

  /** Whether the wall is further ahead than is believed. */
  get isWallDoubted(): boolean {
    return this.isHeld;
  }

  /** The exchange's time now: never less than at the last reading. */
  read(): number {
    const wall = this.options.wallMs();
    const count = this.options.countMs();
    const passedMs = Math.max(0, count - this.countMs);
    const byMs = wall - this.wallMs - passedMs;
    this.wallMs = wall;
    this.countMs = count;
    const { speed } = this.options;
    const next = this.timeMs + passedMs * speed;
    if (speed !== 1) {
      this.jump = undefined;
      this.timeMs = next;
      return next;
    }
    const wasHeld = this.isHeld;
    // Doubt ends as it began: by the wall, or by a person.
    this.isHeld = wall - next > FORWARD_LIMIT_MS || (this.isHeld && wall - next > TELL_MS);
    this.jump = Math.abs(byMs) > TELL_MS ? { byMs, isFollowed: !this.isHeld } : undefined;
    if (this.isHeld) this.timeMs = next;
    else if (wall >= next) this.timeMs = wall;
    else this.timeMs += Math.max(passedMs * SLEW, wall - this.timeMs);
    if (wasHeld && !this.isHeld && this.jump === undefined) this.jump = { byMs: this.timeMs - next, isFollowed: true };
    return this.timeMs;
  }

  /** At another speed than 1 the work may be too much for it: the exchange's time waits at `timeMs`, which it has been at. */
  waitAt(timeMs: number): void {
    if (this.options.speed !== 1) this.timeMs = Math.min(this.timeMs, timeMs);
  }

  /** Somebody says that the wall is right: the exchange's time follows it, however far it is ahead. */
  accept(): void {
    this.isHeld = false;
    this.timeMs = Math.max(this.timeMs, this.options.wallMs());
    this.wallMs = this.options.wallMs();
    this.countMs = this.options.countMs();
  }
}
