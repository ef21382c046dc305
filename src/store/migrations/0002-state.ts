/**
 * The state as tables, as it was at the end of one block (`state_head`): what an exchange may start from, if the root computed from the rows
 * is the one that the block says. A column for each of the engine's, in the same units (`engine/tables.ts`); free rows are kept too.
 * What comes to the engine's tables comes here by a migration of its own.
 */
import type { Migration } from '../migration.ts';

const TABLES = [
  'state_venue',
  'state_rule',
  'state_market',
  'state_oracle',
  'state_quote',
  'state_account',
  'state_account_key',
  'state_position',
  'state_order',
  'state_client_id',
  'state_withdrawal',
  'state_refund',
] as const;

export const state: Migration = {
  name: '0002-state',
  up: [
    `create table state_head (
      height bigint primary key references block (height),
      fork integer not null,
      state_root bytea not null,
      block_hash bytea not null
    )`,
    'create unique index one_state on state_head ((true))',
    `create table state_table (
      name text primary key,
      rows integer not null,
      free integer not null,
      live integer not null
    )`,
    `create table state_venue (
      row integer primary key, "status" integer not null, "paused" integer not null, "known" integer not null,
      "markets" integer not null, "release" integer not null, "sequence" double precision not null,
      "time_ms" double precision not null, "trades" double precision not null,
      "withdrawals" double precision not null, "health_ms" double precision not null,
      "collateral_price" double precision not null, "collateral_ms" double precision not null,
      "deposit_reference" double precision not null, "loss_factor" double precision not null,
      "deposited_high" double precision not null, "deposited_low" double precision not null,
      "withdrawn_high" double precision not null, "withdrawn_low" double precision not null,
      "reserved_high" double precision not null, "reserved_low" double precision not null
    ) with (fillfactor = 90)`,
    `create table state_rule (
      row integer primary key, "value_0" double precision not null, "value_1" double precision not null,
      "value_2" double precision not null, "value_3" double precision not null,
      "value_4" double precision not null, "value_5" double precision not null,
      "value_6" double precision not null, "value_7" double precision not null,
      "value_8" double precision not null, "value_9" double precision not null,
      "value_10" double precision not null, "value_11" double precision not null,
      "value_12" double precision not null, "value_13" double precision not null,
      "value_14" double precision not null, "value_15" double precision not null,
      "value_16" double precision not null, "value_17" double precision not null,
      "value_18" double precision not null, "value_19" double precision not null,
      "value_20" double precision not null, "value_21" double precision not null,
      "value_22" double precision not null, "value_23" double precision not null,
      "value_24" double precision not null, "value_25" double precision not null,
      "value_26" double precision not null, "value_27" double precision not null,
      "value_28" double precision not null, "value_29" double precision not null,
      "value_30" double precision not null, "value_31" double precision not null,
      "value_32" double precision not null, "value_33" double precision not null,
      "value_34" double precision not null, "value_35" double precision not null,
      "value_36" double precision not null, "value_37" double precision not null,
      "value_38" double precision not null, "value_39" double precision not null,
      "value_40" double precision not null, "value_41" double precision not null,
      "value_42" double precision not null, "value_43" double precision not null,
      "value_44" double precision not null, "value_45" double precision not null,
      "value_46" double precision not null, "value_47" double precision not null,
      "value_48" double precision not null, "value_49" double precision not null,
      "value_50" double precision not null, "value_51" double precision not null,
      "value_52" double precision not null, "value_53" double precision not null,
      "value_54" double precision not null, "value_55" double precision not null,
      "value_56" double precision not null, "value_57" double precision not null,
      "value_58" double precision not null, "value_59" double precision not null,
      "value_60" double precision not null, "value_61" double precision not null,
      "value_62" double precision not null, "value_63" double precision not null
    ) with (fillfactor = 90)`,
    `create table state_market (
      row integer primary key, "name_0" integer not null, "name_1" integer not null, "name_2" integer not null,
      "name_3" integer not null, "name_4" integer not null, "name_5" integer not null, "name_6" integer not null,
      "name_7" integer not null, "status" integer not null, "paused" integer not null, "known" integer not null,
      "maximum_open_orders" integer not null, "funding_period_s" integer not null, "venues" integer not null,
      "delisted" integer not null, "tick_size" double precision not null, "size_step" double precision not null,
      "tick_units" double precision not null, "minimum_notional" double precision not null,
      "maximum_order" double precision not null, "position_limit" double precision not null,
      "price_band" double precision not null, "initial_margin" double precision not null,
      "maintenance_factor" double precision not null, "interest_rate" double precision not null,
      "clamp_rate" double precision not null, "maximum_funding_rate" double precision not null,
      "funding_multiplier" double precision not null, "impact_notional" double precision not null,
      "basis_weight" double precision not null, "maximum_spread" double precision not null,
      "spot" double precision not null, "spot_ms" double precision not null, "mark" double precision not null,
      "mark_ms" double precision not null, "fair_basis" double precision not null,
      "external_basis" double precision not null, "external_fair" double precision not null,
      "bid_basis" double precision not null, "ask_basis" double precision not null,
      "trade_basis" double precision not null, "mid_basis" double precision not null,
      "slow_basis" double precision not null, "liquidity_weight" double precision not null,
      "premium_rate" double precision not null, "raw_rate" double precision not null,
      "funding_rate" double precision not null, "funding_premium" double precision not null,
      "funding_index" double precision not null, "funding_remainder" double precision not null,
      "funding_ms" double precision not null, "tick_ms" double precision not null,
      "last_trade" double precision not null, "open_interest" double precision not null,
      "net_size" double precision not null, "funding_clearing_high" double precision not null,
      "funding_clearing_low" double precision not null, "funding_settled_high" double precision not null,
      "funding_settled_low" double precision not null, "premium_limit" double precision not null,
      "trade_count" double precision not null, "volume_high" double precision not null,
      "volume_low" double precision not null
    ) with (fillfactor = 90)`,
    `create table state_oracle (
      row integer primary key, "known" integer not null, "price" double precision not null,
      "time_ms" double precision not null, "sequence" double precision not null
    ) with (fillfactor = 90)`,
    `create table state_quote (
      row integer primary key, "known" integer not null, "mark" double precision not null,
      "index" double precision not null, "impact_bid" double precision not null,
      "impact_ask" double precision not null, "time_ms" double precision not null,
      "basis" double precision not null
    ) with (fillfactor = 90)`,
    `create table state_account (
      row integer primary key, "balance_high" double precision not null, "balance_low" double precision not null,
      "pending_high" double precision not null, "pending_low" double precision not null,
      "first_position" integer not null, "kind" integer not null, "fee_class" integer not null,
      "created_ms" double precision not null, "receivable" double precision not null
    ) with (fillfactor = 90)`,
    `create table state_account_key (
      row integer primary key, "key_0" integer not null, "key_1" integer not null, "key_2" integer not null,
      "key_3" integer not null, "key_4" integer not null, "key_5" integer not null, "key_6" integer not null,
      "key_7" integer not null
    ) with (fillfactor = 90)`,
    `create table state_position (
      row integer primary key, "size" double precision not null, "cost_high" double precision not null,
      "cost_low" double precision not null, "funding_index" double precision not null,
      "buy_size" double precision not null, "sell_size" double precision not null, "account" integer not null,
      "market" integer not null, "first_order" integer not null, "initial_margin" integer not null,
      "realised_profit_high" double precision not null, "realised_profit_low" double precision not null,
      "realised_funding_high" double precision not null, "realised_funding_low" double precision not null,
      "next_of_account" integer not null, "order_count" integer not null, "reduce_only_count" integer not null,
      "highest_buy" integer not null, "lowest_sell" integer not null
    ) with (fillfactor = 90)`,
    `create table state_order (
      row integer primary key, "price" integer not null, "remaining" integer not null, "size" integer not null,
      "flags" integer not null, "previous" integer not null, "next" integer not null, "account" integer not null,
      "market" integer not null, "position" integer not null, "previous_own" integer not null,
      "next_own" integer not null, "client_id" integer not null, "generation" integer not null,
      "trigger" integer not null, "created_ms" double precision not null
    ) with (fillfactor = 90)`,
    `create table state_client_id (
      row integer primary key, "order" integer not null, "account" integer not null, "length" integer not null,
      "text_0" integer not null, "text_1" integer not null, "text_2" integer not null, "text_3" integer not null,
      "text_4" integer not null, "text_5" integer not null, "text_6" integer not null, "text_7" integer not null,
      "text_8" integer not null, "text_9" integer not null, "text_10" integer not null, "text_11" integer not null,
      "text_12" integer not null, "text_13" integer not null, "text_14" integer not null,
      "text_15" integer not null
    ) with (fillfactor = 90)`,
    `create table state_withdrawal (
      row integer primary key, "account" integer not null, "status" integer not null,
      "id" double precision not null, "amount" double precision not null, "loss" double precision not null,
      "requested_ms" double precision not null
    ) with (fillfactor = 90)`,
    `create table state_refund (
      row integer primary key, "account" integer not null, "status" integer not null, "id_0" integer not null,
      "id_1" integer not null, "id_2" integer not null, "id_3" integer not null, "amount" double precision not null
    ) with (fillfactor = 90)`,
  ],
  down: [...TABLES.map((table) => `drop table ${table}`), 'drop table state_table', 'drop table state_head'],
};
