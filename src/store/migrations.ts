/** The migrations of this release, in their order. One that was released is never changed. */
import type { Migration } from './migration.ts';
import { history } from './migrations/0001-history.ts';
import { state } from './migrations/0002-state.ts';
import { lease } from './migrations/0003-lease.ts';
import { upgrade } from './migrations/0004-upgrade.ts';
import { incidents } from './migrations/0005-incidents.ts';

export const MIGRATIONS: readonly Migration[] = [history, state, lease, upgrade, incidents];
