/**
 * Status of the venue and of each market, and what each allows. Semantics: Paradex, "Maintenance mode" (2026-02):
 * liquidations and triggers run in OK alone; POST_ONLY admits orders that only make; CANCEL_ONLY admits cancels. SETTLEMENT is of
 * a market alone, and for good: it is delisted, and its positions are closed one by one at the mark (`settlement.ts`).
 */

/** Ordered by severity: the status in force for a market is the severest of the venue's and its own. */
export const STATUS = { OK: 0, POST_ONLY: 1, CANCEL_ONLY: 2, SETTLEMENT: 3, MAINTENANCE: 4 } as const;

/** Operations that can be paused one by one, as bits of `PAUSED`; they pause on top of what the status pauses. */
export const OPERATION = {
  ORDERS: 1,
  CANCELS: 2,
  LIQUIDATIONS: 4,
  TRIGGERS: 8,
  FUNDING: 16,
  WITHDRAWALS: 32,
  TRANSFERS: 64,
} as const;

export const ALL_OPERATIONS = 127;

const { ORDERS, CANCELS, LIQUIDATIONS, TRIGGERS, FUNDING, WITHDRAWALS, TRANSFERS } = OPERATION;

/** What each status pauses, row by row: the one table of modes. */
const PAUSED_BY_STATUS: readonly number[] = [
  /* OK          */ 0,
  /* POST_ONLY   */ LIQUIDATIONS | TRIGGERS,
  /* CANCEL_ONLY */ ORDERS | LIQUIDATIONS | TRIGGERS,
  /* SETTLEMENT  */ ORDERS | LIQUIDATIONS | TRIGGERS | FUNDING,
  /* MAINTENANCE */ ORDERS | CANCELS | LIQUIDATIONS | TRIGGERS | FUNDING | WITHDRAWALS | TRANSFERS,
];

/** The operations that a status pauses, as bits. */
export function pausedByStatus(status: number): number {
  return PAUSED_BY_STATUS[status] as number;
}
