/**
 * The audit of the state that a guard begins with, before there is any history to compare it with: money is conserved, and the
 * positions of each market sum to zero. From then on the image keeps both by what it computes.
 */
import { ACCOUNT, MARKET, VENUE } from '../engine/tables.ts';
import type { Found } from './derived-image.ts';
import type { Known } from './known.ts';
import { addExact } from './limbs.ts';
import { KNOWN_POSITION } from './sealed-image.ts';

/**
 * Σ balances − Σ receivables + Σ pending withdrawals + reserved refunds + Σ funding clearing − Σ position costs = deposited −
 * withdrawn, by the image's rows. Tells the venue where it is not so, and each market whose positions do not sum to zero.
 */
export function auditStart({ image, inputs }: Known, found: Found): void {
  const { account, position, market } = image;
  const sum = new Float64Array(2);
  const add = (values: Float64Array, at: number, sign: number): void => {
    sum[0] = (sum[0] as number) + sign * (values[at] as number);
    addExact(sum, 0, sign * (values[at + 1] as number));
  };
  for (let row = 1; row < account.rows; row++) {
    add(account.f64, row * 8 + ACCOUNT.BALANCE_HIGH, 1);
    add(account.f64, row * 8 + ACCOUNT.PENDING_HIGH, 1);
    addExact(sum, 0, -(account.f64[row * 8 + ACCOUNT.RECEIVABLE] as number));
  }
  const net = new Float64Array(market.rows);
  for (let row = 1; row < position.rows; row++) {
    add(position.f64, row * 8 + KNOWN_POSITION.COST_HIGH, -1);
    const held = position.i32[row * 16 + KNOWN_POSITION.MARKET] as number;
    net[held] = (net[held] as number) + (position.f64[row * 8 + KNOWN_POSITION.SIZE] as number);
  }
  for (let row = 1; row < market.rows; row++) {
    add(market.f64, row * 128 + MARKET.FUNDING_CLEARING_HIGH, 1);
    if (net[row] === 0) continue;
    const about = `market ${row}`;
    const check = {
      class: 'I',
      name: 'positions_sum_to_zero',
      about,
      holds: false,
      found: `${net[row]}`,
      expected: '0',
    } as const;
    found({ kind: 'market', market: row }, check);
  }
  add(inputs.venue.f64, 64 + VENUE.RESERVED_HIGH, 1);
  add(inputs.venue.f64, 64 + VENUE.DEPOSITED_HIGH, -1);
  add(inputs.venue.f64, 64 + VENUE.WITHDRAWN_HIGH, 1);
  if (sum[0] === 0 && sum[1] === 0) return;
  const is = `${sum[0]} × 2^50 + ${sum[1]} units of 1e-8 USDC too many`;
  found({ kind: 'venue' }, { class: 'I', name: 'money_conserved', about: '', holds: false, found: is, expected: '0' });
}
