/** Conservation of money over the whole state, by a full scan: what `ledger.ts` adds up command by command. */
import { Wide } from './amount.ts';
import type { State } from './state.ts';
import { ACCOUNT, MARKET, POSITION, VENUE } from './tables.ts';

/**
 * Σ balances − Σ receivables + Σ pending withdrawals + reserved refunds + Σ funding clearing − Σ position costs − deposited +
 * withdrawn, 1e-8 USDC. Zero, or money was created or lost.
 */
export function conservationResidual(state: State): Wide {
  const { account, position, market, venue } = state;
  const sum = new Wide();
  const value = new Wide();
  for (let row = 1; row < account.rows; row++) {
    sum.addWide(value.load(account.f64, row * account.rowFloats + ACCOUNT.BALANCE_HIGH));
    sum.addWide(value.load(account.f64, row * account.rowFloats + ACCOUNT.PENDING_HIGH));
    sum.add(-(account.f64[row * account.rowFloats + ACCOUNT.RECEIVABLE] as number));
  }
  for (let row = 1; row < market.rows; row++) {
    sum.addWide(value.load(market.f64, row * market.rowFloats + MARKET.FUNDING_CLEARING_HIGH));
  }
  for (let row = 1; row < position.rows; row++) {
    sum.subtractWide(value.load(position.f64, row * position.rowFloats + POSITION.COST_HIGH));
  }
  sum.addWide(value.load(venue.f64, venue.rowFloats + VENUE.RESERVED_HIGH));
  sum.subtractWide(value.load(venue.f64, venue.rowFloats + VENUE.DEPOSITED_HIGH));
  return sum.addWide(value.load(venue.f64, venue.rowFloats + VENUE.WITHDRAWN_HIGH));
}
