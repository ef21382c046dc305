/** When things happen on the drill's day, ms from its start (UTC): the scheduled maintenance is that of 19 January 2026. */
const at = (hour: number, minute: number, second = 0): number => ((hour * 60 + minute) * 60 + second) * 1000;

export const TIMELINE = {
  /** Trading is shown from here on; what was before is the markets' past. */
  opens: at(0, 0),
  /** Traders at high leverage take out what they need not leave. */
  thin: at(4, 10),
  cancelOnly: at(4, 25, 54),
  maintenance: at(4, 27, 54),
  /** The process starts again and the venue is opened. */
  restart: at(5, 0),
  /** Who gained takes money out, and it leaves the venue. */
  withdrawals: at(5, 4),
  halt: at(5, 8),
  /** With the guard: when a late loader writes into a running process, and the end of that part. */
  late: at(5, 15),
  guardedEnd: at(5, 25),
  /** The rollback is decided and done. */
  rollback: at(7, 30),
  /** Opened at once, with empty books. */
  careless: at(11, 45),
  secondHalt: at(11, 48),
  /** The market is led up the ladder. */
  ladder: at(12, 0),
  /** Makers and traders come back; the orders that skew the price go on until the venue is fully open. */
  makersBack: at(12, 2, 30),
  open: at(12, 12),
  end: at(12, 40),
} as const;

export type Moment = keyof typeof TIMELINE;
