/** All cases of the corruption matrix, C01 to C71, and those beyond it. */
import { ACCOUNT_CASES } from './cases-accounts.ts';
import { CASES_BEYOND } from './cases-beyond.ts';
import { DATABASE_CASES } from './cases-database.ts';
import { FUNDING_CASES } from './cases-funding.ts';
import { INFRASTRUCTURE_CASES } from './cases-infrastructure.ts';
import { ORDER_CASES } from './cases-orders.ts';
import { PARAMETER_CASES } from './cases-parameters.ts';
import { PRICE_CASES } from './cases-price.ts';
import type { Fault } from './fault.ts';

export const CASES: readonly Fault[] = [
  ...FUNDING_CASES,
  ...PRICE_CASES,
  ...PARAMETER_CASES,
  ...ACCOUNT_CASES,
  ...ORDER_CASES,
  ...INFRASTRUCTURE_CASES,
  ...DATABASE_CASES,
  ...CASES_BEYOND,
];

/** A case of the corruption matrix that cannot be run yet, and what it waits for. */
export interface PendingCase {
  readonly id: string;
  readonly name: string;
  readonly needs: string;
}

export const PENDING: readonly PendingCase[] = [
  {
    id: 'C47',
    name: 'share price of a vault from a stale value',
    needs: 'there are no vaults: no shares are made or redeemed',
  },
  {
    id: 'C52',
    name: 'orders signed on a dead branch',
    needs: 'needs signatures of clients and a rollback: the fork is part of what is signed',
  },
  {
    id: 'C54',
    name: 'a client keeps an old book after a restart',
    needs: 'needs clients with a connection of their own',
  },
  { id: 'C70', name: 'keys rotated in the middle of an upgrade', needs: 'needs the signed steps of an upgrade' },
  { id: 'C71', name: 'a stale projection', needs: 'needs a database that is read from' },
];
