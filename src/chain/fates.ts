/** What became of each command of a branch that a rollback ended: exactly one of these. */

/** Codes are places; new ones are appended. */
export const FATES = [
  /** It happened in the world: money came, money left, an account or a market was opened. It is applied on the new fork. */
  'carried',
  /** It was the remedy's, which people approved once: it is applied again. */
  'reexecuted',
  /** It had no effect: the engine refused it. */
  'voided_refused',
  /** Orders, amendments, cancels. */
  'voided_order',
  'voided_leverage',
  'voided_transfer',
  /** Money that was asked for and did not leave, or left and came back. */
  'voided_withdrawal',
  /** Prices and ticks: time passed. */
  'voided_sample',
  'voided_tick',
  /** Liquidations, triggers, forced cancels, settlements. */
  'voided_forced_action',
  /** Statuses, rules, parameters: people decide anew. */
  'voided_administration',
  /** A remedy's command that does not stand on the restored state. */
  'voided_remedy',
] as const;
export type Fate = (typeof FATES)[number];
