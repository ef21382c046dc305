/** Audit of what the remedy owes and is owed. */
import { Wide } from './amount.ts';
import type { Findings } from './audit-finding.ts';
import { REFUND_STATUS } from './refund.ts';
import { ACCOUNT_KIND, type State } from './state.ts';
import { ACCOUNT, REFUND, VENUE } from './tables.ts';

/** Nobody is owed by being less than nothing in debt, and the house owes itself nothing. */
export function auditReceivables(state: State, findings: Findings): void {
  const { f64, i32, rows } = state.account;
  for (let row = 1; row < rows; row++) {
    const receivable = f64[row * 8 + ACCOUNT.RECEIVABLE] as number;
    const isTrader = i32[row * 16 + ACCOUNT.KIND] === ACCOUNT_KIND.TRADER;
    if (receivable === 0 || (receivable > 0 && isTrader)) continue;
    findings.add('receivable', 'account', row, 'RECEIVABLE', `owes ${receivable} units of 1e-8 USDC`);
  }
}

/** What is reserved is the sum of what is pending; each row is of a trader, of a known status and of some amount. */
export function auditRefunds(state: State, findings: Findings): void {
  const { refund, account, venue } = state;
  const pending = new Wide();
  for (let row = 1; row < refund.rows; row++) {
    const owner = refund.i32[row * 8 + REFUND.ACCOUNT] as number;
    const status = refund.i32[row * 8 + REFUND.STATUS] as number;
    const amount = refund.f64[row * 4 + REFUND.AMOUNT] as number;
    const isTrader = owner >= 1 && account.i32[owner * 16 + ACCOUNT.KIND] === ACCOUNT_KIND.TRADER;
    if (!isTrader) findings.add('refund', 'refund', row, 'ACCOUNT', `no trader ${owner}`);
    if (!(status >= REFUND_STATUS.PENDING && status <= REFUND_STATUS.REVERSED)) {
      findings.add('refund', 'refund', row, 'STATUS', `no status ${status}`);
    }
    if (!(amount > 0)) findings.add('refund', 'refund', row, 'AMOUNT', `an amount of ${amount}`);
    if (status === REFUND_STATUS.PENDING) pending.add(amount);
  }
  const stored = new Wide().load(venue.f64, venue.rowFloats + VENUE.RESERVED_HIGH);
  if (stored.compare(pending) === 0) return;
  const message = `is ${stored.toNumber()}, should be ${pending.toNumber()}`;
  findings.add('reserved', 'venue', 1, 'RESERVED_HIGH', message);
}
