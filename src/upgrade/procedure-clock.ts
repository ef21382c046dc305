/**
 * The time of a procedure. It begins with the wall, or with its last document where that is later, and then only counts: setting the
 * machine's clock neither uses up the time budget nor gives more of it, and no document is dated before the one it follows. What passed
 * while no process was at work is known by the wall alone.
 */

/** Clocks of the machine, milliseconds. */
export interface MachineClocks {
  /** Since 1970, as the machine believes. */
  readonly wallMs: () => number;
  /** From any beginning; only counts up. */
  readonly countMs: () => number;
}

export const MACHINE_CLOCKS: MachineClocks = { wallMs: () => Date.now(), countMs: () => performance.now() };

/** Whole milliseconds since 1970 that never run back; `lastMs`: when the last document was written. */
export function procedureClock({ wallMs, countMs }: MachineClocks, lastMs: number | undefined): () => number {
  const beganMs = Math.max(wallMs(), lastMs ?? Number.NEGATIVE_INFINITY);
  const beganCount = countMs();
  // Rounded down: a time is said when it has come.
  return () => Math.floor(beganMs + Math.max(0, countMs() - beganCount));
}
