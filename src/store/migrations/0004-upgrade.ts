/**
 * The record of guarded upgrades: what was planned, one row for each step that ended with the hash and the text of its evidence, and
 * where it stands. One can be active at a time. It is no part of the projection: a rebuild leaves it.
 */
import type { Migration } from '../migration.ts';

export const upgrade: Migration = {
  name: '0004-upgrade',
  up: [
    `create table upgrade (
      id text primary key,
      migration text not null,
      migration_hash text not null,
      began_ms bigint not null,
      ended_ms bigint,
      state text not null,
      verdict text,
      abort text,
      is_active boolean not null
    )`,
    'create unique index one_active_upgrade on upgrade ((true)) where is_active',
    `create table upgrade_step (
      upgrade text not null references upgrade (id),
      ordinal integer not null,
      state text not null,
      verdict text not null,
      began_ms bigint not null,
      ended_ms bigint not null,
      evidence_hash text not null,
      evidence json not null,
      primary key (upgrade, ordinal)
    )`,
  ],
  down: ['drop table upgrade_step', 'drop table upgrade'],
};
