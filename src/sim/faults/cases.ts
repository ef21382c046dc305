/** All cases of the corruption matrix, C01 to C75, the ways in which databases go wrong, and cases beyond them. */
import { ACCOUNT_CASES } from './cases-accounts.ts';
import { ACT_CASES } from './cases-acts.ts';
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
  ...ACT_CASES,
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
    id: 'C54',
    name: 'a client keeps an old book after a restart',
    needs: 'there is no stream of market data yet: clients have no book of their own',
  },
  {
    id: 'C74',
    name: 'a class of accounts is left out of a payout',
    needs:
      'nothing runs wrongly in an exchange by it: that a payout lacks accounts is found by counts and sums (src/incident/pay-cases.test.ts)',
  },
  {
    id: 'C75',
    name: 'a refund counts as a deposit or as profit elsewhere',
    needs:
      'there are no tiers, points or leaderboards; that a refund moves nothing else: src/incident/pay-cases.test.ts',
  },
];
