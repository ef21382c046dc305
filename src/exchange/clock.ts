/** The exchange's clock in a run that is not bound to the wall: ticks at equal distances from a start to an end. */
export class TickClock {
  readonly startMs: number;
  readonly tickMs: number;
  /** Ticks from the start on, the one at the start included; the last is before the end. */
  readonly ticks: number;

  /** Refuses (throws) a distance that is no whole number of milliseconds, and an end that is not after the start. */
  constructor(startMs: number, endMs: number, tickMs: number) {
    if (!Number.isInteger(tickMs) || tickMs < 1)
      throw new RangeError(`ticks are whole milliseconds apart, not ${tickMs}`);
    if (!(endMs > startMs)) throw new RangeError(`a clock that starts at ${startMs} cannot end at ${endMs}`);
    this.startMs = startMs;
    this.tickMs = tickMs;
    this.ticks = Math.floor((endMs - startMs - 1) / tickMs) + 1;
  }

  /** The time of a tick: 0 is the first. */
  timeOf(tick: number): number {
    return this.startMs + tick * this.tickMs;
  }

  /** The first tick after a time. */
  tickAfter(timeMs: number): number {
    return Math.max(0, Math.floor((timeMs - this.startMs) / this.tickMs) + 1);
  }
}
