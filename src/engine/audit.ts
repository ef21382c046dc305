// law exception (bigint): the residual is printed once an audit, never while a command is applied
/**
 * The audit: every invariant of a state by a full scan, as values. `apply` checks what one command may have broken as it goes;
 * this checks all of it, slowly, from nothing but the tables.
 */
import { Wide } from './amount.ts';
import { type Finding, Findings } from './audit-finding.ts';
import { auditAccounts, auditIndex } from './audit-index.ts';
import { auditOrders, auditOwnOrders } from './audit-orders.ts';
import { auditReceivables, auditRefunds } from './audit-refunds.ts';
import { auditFreeLists, auditNumbers } from './audit-tables.ts';
import { conservationResidual as residualOf } from './conservation.ts';
import { marketCount, type State } from './state.ts';
import { STATUS } from './status.ts';
import { ACCOUNT, MARKET, POSITION, WITHDRAWAL } from './tables.ts';

/** All that does not hold; empty when the state is sound. Names table, row and column of each. */
export function auditState(state: State): Finding[] {
  const findings = new Findings();
  auditNumbers(state, findings);
  auditFreeLists(state, findings);
  auditMarkets(state, findings);
  auditPositions(state, findings);
  auditWithdrawals(state, findings);
  auditReceivables(state, findings);
  auditRefunds(state, findings);
  auditAccounts(state, findings);
  auditOwnOrders(state, findings);
  auditOrders(state, findings);
  // Queues that are not sound would send the rebuilding round in circles.
  if (findings.found.length === 0) auditIndex(state, findings);
  const residual = conservationResidual(state);
  if (residual !== '0') {
    findings.add('money_conserved', 'venue', 1, 'DEPOSITED_HIGH', `${residual} units of 1e-8 USDC too many`);
  }
  return findings.found;
}

/** `conservation.ts` as a decimal: "0" when money is conserved. */
export function conservationResidual(state: State): string {
  const { high, low } = residualOf(state);
  return (BigInt(high) * (1n << 50n) + BigInt(low)).toString();
}

/** Positions of a market sum to zero, its open interest is the sum of the longs, its settled funding that of size × index; delisted markets stay so. */
function auditMarkets(state: State, findings: Findings): void {
  const { position, market } = state;
  const sums = Array.from({ length: market.rows }, () => ({ net: 0, longs: 0, settled: new Wide() }));
  for (let at = 1; at < position.rows; at++) {
    const sum = sums[position.i32[at * 32 + POSITION.MARKET] as number];
    const size = position.f64[at * 16 + POSITION.SIZE] as number;
    if (sum === undefined) continue;
    sum.net += size;
    sum.longs += Math.max(size, 0);
    sum.settled.addProduct(size, position.f64[at * 16 + POSITION.FUNDING_INDEX] as number);
  }
  const stored = new Wide();
  for (let row = 1; row <= marketCount(state); row++) {
    const { net, longs, settled } = sums[row] as { net: number; longs: number; settled: Wide };
    const float = (column: number): number => market.f64[row * 128 + column] as number;
    findings.expect('positions_sum_to_zero', 'market', row, 'NET_SIZE', net, 0);
    findings.expect('positions_sum_to_zero', 'market', row, 'NET_SIZE', float(MARKET.NET_SIZE), 0);
    findings.expect('open_interest', 'market', row, 'OPEN_INTEREST', float(MARKET.OPEN_INTEREST), longs);
    const status = market.i32[row * 256 + MARKET.STATUS] as number;
    const isDelisted = market.i32[row * 256 + MARKET.DELISTED] !== 0;
    if (isDelisted ? status < STATUS.SETTLEMENT : status === STATUS.SETTLEMENT) {
      findings.add('delisted', 'market', row, 'DELISTED', `status ${status}, delisted ${isDelisted}`);
    }
    if (stored.load(market.f64, row * 128 + MARKET.FUNDING_SETTLED_HIGH).compare(settled) !== 0) {
      const message = `is ${stored.toNumber()}, should be ${settled.toNumber()}`;
      findings.add('funding_settled', 'market', row, 'FUNDING_SETTLED_HIGH', message);
    }
  }
}

/** A position's cost has the sign of its size, and there is none without a size; what it names exists. */
function auditPositions(state: State, findings: Findings): void {
  const { position } = state;
  const cost = new Wide();
  for (let row = 1; row < position.rows; row++) {
    const size = position.f64[row * 16 + POSITION.SIZE] as number;
    cost.load(position.f64, row * 16 + POSITION.COST_HIGH);
    const sign = cost.isZero() ? 0 : cost.isNegative() ? -1 : 1;
    if (sign !== 0 && sign !== Math.sign(size)) {
      findings.add('position_cost', 'position', row, 'COST_HIGH', `cost ${cost.toNumber()} of ${size} lots`);
    }
    const market = position.i32[row * 32 + POSITION.MARKET] as number;
    if (!(market >= 1 && market < state.market.rows)) {
      findings.add('position_market', 'position', row, 'MARKET', `no market ${market}`);
    }
  }
}

/** What an account waits for is the sum of its pending withdrawals. */
function auditWithdrawals(state: State, findings: Findings): void {
  const { withdrawal, account } = state;
  const pending = Array.from({ length: account.rows }, () => new Wide());
  for (let row = 1; row < withdrawal.rows; row++) {
    if (withdrawal.i32[row * 16 + WITHDRAWAL.STATUS] === 0) continue;
    const owner = withdrawal.i32[row * 16 + WITHDRAWAL.ACCOUNT] as number;
    const sum = pending[owner];
    if (sum === undefined) findings.add('pending', 'withdrawal', row, 'ACCOUNT', `no account ${owner}`);
    else sum.add(withdrawal.f64[row * 8 + WITHDRAWAL.AMOUNT] as number);
  }
  const stored = new Wide();
  for (let row = 1; row < account.rows; row++) {
    const sum = pending[row] as Wide;
    if (stored.load(account.f64, row * 8 + ACCOUNT.PENDING_HIGH).compare(sum) === 0) continue;
    findings.add('pending', 'account', row, 'PENDING_HIGH', `is ${stored.toNumber()}, should be ${sum.toNumber()}`);
  }
}
