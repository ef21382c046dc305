/**
 * The history as tables: each row knows the block (`height`) and the branch (`fork`) in which it happened, and rows are only ever
 * added. What a rollback ended stays, and `dead_range` says so: a row is alive when its height is in no such range (view `live_…`).
 * Money in 1e-8 USDC, sizes in lots, prices in ticks or price units as the name says, times in milliseconds.
 */
import type { Migration } from '../migration.ts';

const PROJECTED = [
  'command',
  'trade',
  'order_version',
  'position_version',
  'balance_version',
  'mark_tick',
  'funding_payment',
  'money_movement',
  'liquidation',
  'position_taking',
  'setting',
  'bar',
  'warrant',
  'hold',
  'act',
] as const;

export const history: Migration = {
  name: '0001-history',
  up: [
    `create table block (
      height bigint primary key,
      fork integer not null,
      restores bigint,
      hash bytea not null,
      parent_hash bytea not null,
      first_sequence bigint not null,
      last_sequence bigint not null,
      first_ms bigint not null,
      last_ms bigint not null,
      commands_root bytea not null,
      state_root bytea not null,
      rules_hash bytea not null,
      release integer not null,
      is_followed boolean not null
    )`,
    `create table dead_range (
      from_height bigint primary key,
      to_height bigint not null,
      since_height bigint not null
    )`,
    `create table rollback (
      height bigint primary key,
      fork integer not null,
      restores bigint not null,
      certificate json not null
    )`,
    `create table projected_block (
      height bigint not null,
      table_name text not null,
      rows bigint not null,
      digest bytea not null,
      primary key (height, table_name)
    )`,
    `create table command (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      time_ms bigint,
      kind text not null,
      account integer,
      market integer,
      refusal text,
      bytes bytea not null,
      primary key (fork, sequence)
    )`,
    `create table trade (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      time_ms bigint not null,
      trade bigint not null,
      market integer not null,
      price_ticks integer not null,
      size_lots bigint not null,
      taker_sells boolean not null,
      maker_order bigint not null,
      taker_order bigint not null,
      maker_account integer not null,
      taker_account integer not null,
      maker_fee bigint not null,
      taker_fee bigint not null,
      maker_profit double precision not null,
      taker_profit double precision not null,
      primary key (fork, trade)
    )`,
    `create table order_version (
      fork integer not null,
      height bigint not null,
      order_id bigint not null,
      account integer not null,
      market integer not null,
      sells boolean not null,
      kind text not null,
      instruction text not null,
      reduce_only boolean not null,
      price_ticks integer not null,
      trigger_ticks integer not null,
      size_lots bigint not null,
      remaining_lots bigint not null,
      status text not null,
      close_reason text,
      client_id text,
      created_ms bigint not null,
      updated_ms bigint not null,
      primary key (fork, order_id, height)
    )`,
    `create table position_version (
      fork integer not null,
      height bigint not null,
      account integer not null,
      market integer not null,
      size_lots bigint not null,
      cost numeric not null,
      funding_index bigint not null,
      realised_profit numeric not null,
      realised_funding numeric not null,
      primary key (fork, account, market, height)
    )`,
    `create table balance_version (
      fork integer not null,
      height bigint not null,
      account integer not null,
      balance numeric not null,
      pending numeric not null,
      receivable bigint not null,
      primary key (fork, account, height)
    )`,
    `create table mark_tick (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      time_ms bigint not null,
      market integer not null,
      spot bigint not null,
      mark bigint not null,
      fair_basis bigint not null,
      external_fair bigint not null,
      premium_rate bigint not null,
      funding_rate bigint not null,
      funding_index bigint not null,
      primary key (fork, market, sequence)
    )`,
    `create table funding_payment (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      time_ms bigint not null,
      ordinal integer not null,
      account integer not null,
      market integer not null,
      size_lots bigint not null,
      amount double precision not null,
      funding_index bigint not null,
      primary key (fork, sequence, ordinal)
    )`,
    `create table money_movement (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      time_ms bigint not null,
      ordinal integer not null,
      kind text not null,
      account integer not null,
      other_account integer,
      amount double precision not null,
      reference text,
      primary key (fork, sequence, ordinal)
    )`,
    `create table liquidation (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      time_ms bigint not null,
      account integer not null,
      share_ppm integer not null,
      penalty double precision not null,
      equity numeric not null,
      maintenance numeric not null,
      primary key (fork, sequence)
    )`,
    `create table position_taking (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      time_ms bigint not null,
      ordinal integer not null,
      account integer not null,
      market integer not null,
      size_lots bigint not null,
      mark bigint not null,
      profit double precision not null,
      primary key (fork, sequence, ordinal)
    )`,
    `create table setting (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      time_ms bigint not null,
      ordinal integer not null,
      kind text not null,
      market integer,
      name text not null,
      before double precision,
      value double precision not null,
      primary key (fork, sequence, ordinal)
    )`,
    `create table bar (
      fork integer not null,
      height bigint not null,
      market integer not null,
      start_ms bigint not null,
      open_ticks integer not null,
      high_ticks integer not null,
      low_ticks integer not null,
      close_ticks integer not null,
      volume_lots bigint not null,
      trades integer not null,
      primary key (fork, market, start_ms, height)
    )`,
    `create table warrant (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      ordinal integer not null,
      id text not null,
      account integer not null,
      warrant json not null,
      primary key (fork, height, sequence, ordinal)
    )`,
    `create table hold (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      ordinal integer not null,
      kind text not null,
      account integer,
      market integer,
      component text,
      hold json not null,
      primary key (fork, height, sequence, ordinal)
    )`,
    `create table act (
      fork integer not null,
      height bigint not null,
      sequence bigint not null,
      ordinal integer not null,
      act json not null,
      primary key (fork, height, sequence, ordinal)
    )`,
    // Rows come in the order of their heights: a few bytes for many of them find those of a block.
    ...PROJECTED.map((table) => `create index ${table}_at on ${table} using brin (height) with (pages_per_range = 16)`),
    'create index command_of_account on command (account, height)',
    'create index trade_of_market on trade (market, trade)',
    'create index trade_of_maker on trade (maker_account, trade)',
    'create index trade_of_taker on trade (taker_account, trade)',
    'create index order_of_account on order_version (account, height)',
    ...PROJECTED.map(
      (table) =>
        `create view live_${table} as select * from ${table} where not exists ` +
        `(select 1 from dead_range where ${table}.height between from_height and to_height)`,
    ),
    `create view live_fill as
      select fork, height, sequence, time_ms, trade, market, price_ticks, size_lots, maker_order as order_id,
        maker_account as account, not taker_sells as sells, true as is_maker, maker_fee as fee, maker_profit as profit
      from live_trade
      union all
      select fork, height, sequence, time_ms, trade, market, price_ticks, size_lots, taker_order, taker_account,
        taker_sells, false, taker_fee, taker_profit
      from live_trade`,
  ],
  down: [
    'drop view live_fill',
    ...PROJECTED.map((table) => `drop view live_${table}`),
    ...PROJECTED.map((table) => `drop table ${table}`),
    'drop table projected_block',
    'drop table rollback',
    'drop table dead_range',
    'drop table block',
  ],
};
