/**
 * Why a command is refused: one list, in order of precedence. Where several reasons hold, the one that stands first here is
 * the one that is reported; checks run in this order. A refusal is a value (an event): it changes nothing but the sequence.
 */
export const REFUSALS = [
  'none',
  // the command itself
  'command_unknown',
  'command_malformed',
  'time_runs_backwards',
  // what it names
  'market_unknown',
  'account_unknown',
  'order_unknown',
  'withdrawal_unknown',
  'rule_unknown',
  'source_unknown',
  'account_is_not_a_trader',
  'account_already_exists',
  'market_already_exists',
  'refund_unknown',
  'refund_exists',
  'refund_not_pending',
  // whether the venue takes it now
  'venue_in_maintenance',
  'market_in_maintenance',
  'market_in_settlement',
  'market_cancel_only',
  'market_post_only',
  'operation_paused',
  // whether it is well formed for its market
  'order_kind_invalid',
  'size_not_positive',
  'size_above_maximum',
  'price_not_positive',
  'trigger_not_positive',
  'notional_too_large',
  'size_not_above_filled',
  // whether it comes in time
  'order_expired',
  // whether it fits the market and what its account has
  'mark_price_unavailable',
  'notional_below_minimum',
  'price_outside_band',
  'price_outside_restricted_band',
  'client_id_in_use',
  'too_many_open_orders',
  'position_limit_exceeded',
  'reduce_only_would_increase',
  'post_only_would_cross',
  // whether the account can bear it
  'leverage_out_of_range',
  'amount_not_positive',
  'amount_too_large',
  'deposit_already_credited',
  'withdrawal_already_carried',
  'receivable_too_large',
  'receivable_exceeded',
  'receivable_outstanding',
  'insufficient_free_collateral',
  'fund_insufficient',
  'insufficient_margin',
  // whether a parameter may have this value
  'parameter_invalid',
  'value_out_of_range',
  'sample_not_newer',
  // whether the facts of a forced action hold
  'account_is_healthy',
  'settlement_not_due',
  'forced_action_paused',
  'liquidation_share_differs',
  'margin_facts_differ',
  'trigger_not_reached',
  'cancel_not_due',
] as const;

export type Refusal = (typeof REFUSALS)[number];

const codes = new Map<Refusal, number>(REFUSALS.map((name, code) => [name, code]));

/** The number of a refusal: its place in `REFUSALS`. */
export function refusalCode(name: Refusal): number {
  return codes.get(name) as number;
}

/** The codes by name, for the engine's own files. `REFUSAL.none` is 0: not refused. */
export const REFUSAL = Object.fromEntries(REFUSALS.map((name, code) => [name, code])) as {
  readonly [name in Refusal]: number;
};

/** Why an order ended. Names as in Paradex's API where it has one. */
export const CLOSE_REASONS = [
  'FILLED',
  'USER_CANCELED',
  'REMAINING_IOC_CANCEL',
  'POST_ONLY_WOULD_CROSS',
  'SELF_TRADE',
  'NOT_ENOUGH_MARGIN',
  'REDUCE_ONLY_WILL_INCREASE',
  'DELEVERAGE',
  'IN_LIQUIDATION',
  'PRICE_OUTSIDE_BANDS',
  'REJECTED_AT_TRIGGER',
  'IN_SETTLEMENT',
  'FORK',
] as const;

export type CloseReason = (typeof CLOSE_REASONS)[number];

export const CLOSE = Object.fromEntries(CLOSE_REASONS.map((name, code) => [name, code])) as {
  readonly [name in CloseReason]: number;
};
