/**
 * Who may write: one process at a time, by a number that only rises. `fence` holds the newest epoch; every statement that writes to a
 * table of the projection or of the state is refused (SQLSTATE MW001) unless its transaction has said that number. The row is locked
 * until the transaction ends, so that nobody takes the lease between a check and what was checked. Until the first lease was taken,
 * a transaction that says none may write.
 */
import type { Migration } from '../migration.ts';

/** Every table that this migration found; one that comes later gets its trigger by its own migration. */
const FENCED = [
  'block',
  'dead_range',
  'rollback',
  'projected_block',
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
  'state_head',
  'state_table',
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

export const lease: Migration = {
  name: '0003-lease',
  up: [
    `create table fence (
      is_only boolean primary key default true check (is_only),
      epoch bigint not null
    )`,
    'insert into fence (epoch) values (0)',
    `create table lease (
      epoch bigint primary key,
      exchange text not null,
      seat text not null,
      birth_id text not null,
      birth json not null,
      taken_at timestamptz not null,
      until timestamptz not null,
      released_at timestamptz,
      durable_height bigint not null,
      durable_hash bytea
    )`,
    `create function require_epoch(said text) returns void language plpgsql as $$
    declare
      newest bigint;
    begin
      select epoch into strict newest from fence for share;
      if said is null or said = '' then
        if newest > 0 then
          raise exception 'no epoch was said, the newest is %', newest using errcode = 'MW001';
        end if;
      elsif said::bigint <> newest then
        raise exception 'epoch % is not the newest, %', said, newest using errcode = 'MW001';
      end if;
    end $$`,
    `create function refuse_old_epoch() returns trigger language plpgsql as $$
    begin
      perform require_epoch(current_setting('makewhole.epoch', true));
      return null;
    end $$`,
    ...FENCED.map(
      (table) =>
        `create trigger fenced before insert or update or delete or truncate on ${table} ` +
        'for each statement execute function refuse_old_epoch()',
    ),
  ],
  down: [
    ...FENCED.map((table) => `drop trigger fenced on ${table}`),
    'drop function refuse_old_epoch()',
    'drop function require_epoch(text)',
    'drop table lease',
    'drop table fence',
  ],
};
