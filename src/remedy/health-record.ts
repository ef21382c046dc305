/** What a health check of all accounts saw in the actual world: how far each was from being acted upon. */
import { computeMargin, Margin } from '../engine/margin.ts';
import { ACCOUNT_KIND, INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';
import { slackOf } from './decision-slack.ts';
import type { HealthCheck } from './touch-index.ts';

const margin = new Margin();

/** The health of all accounts right behind the tick that is command number `command`. */
export function healthCheckOf(state: State, command: number): HealthCheck {
  const { account } = state;
  const slack = new Float64Array(account.rows).fill(Number.POSITIVE_INFINITY);
  let bankruptcy = 0n;
  for (let row = 1; row < account.rows; row++) {
    if (account.i32[row * 16 + ACCOUNT.KIND] !== ACCOUNT_KIND.TRADER) continue;
    const own = slackOf(state, row, 0);
    slack[row] = own;
    if (own < 0) bankruptcy += debtOf(state, row);
  }
  return { command, slack, bankruptcy, fund: wide(account.f64, INSURANCE_FUND * 8 + ACCOUNT.BALANCE_HIGH) };
}

/** What an account owes beyond what it has, 1e-8 USDC; 0 while its equity is not negative. */
export function debtOf(state: State, account: number): bigint {
  const { equity } = computeMargin(state, account, margin);
  return equity.isNegative() ? -(BigInt(equity.high) * (1n << 50n) + BigInt(equity.low)) : 0n;
}
