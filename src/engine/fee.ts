/** Fees: which rates an account pays, and what they are on a notional. */
import { PPM } from './amount.ts';
import { RULE } from './rules.ts';
import { INSURANCE_FUND, type State } from './state.ts';
import { ACCOUNT } from './tables.ts';

const { FEE_CLASS } = ACCOUNT;
const TAKER_FEE = RULE.taker_fee;
const MAKER_FEE = RULE.maker_fee;
const RETAIL_TAKER_FEE = RULE.retail_taker_fee;
const RETAIL_MAKER_FEE = RULE.retail_maker_fee;
const MILLION = PPM;

/** The taker fee of an account, ppm of the notional. The insurance fund pays none. */
export function takerFee(state: State, account: number): number {
  if (account === INSURANCE_FUND) return 0;
  const retail = state.account.i32[account * 16 + FEE_CLASS] !== 0;
  return state.rule.f64[64 + (retail ? RETAIL_TAKER_FEE : TAKER_FEE)] as number;
}

/** The maker fee of an account, ppm of the notional; negative is a rebate. */
export function makerFee(state: State, account: number): number {
  if (account === INSURANCE_FUND) return 0;
  const retail = state.account.i32[account * 16 + FEE_CLASS] !== 0;
  return state.rule.f64[64 + (retail ? RETAIL_MAKER_FEE : MAKER_FEE)] as number;
}

/** The fee on a notional (below 2^52), rounded up: against the payer, and a rebate towards zero. */
export function feeOn(notional: number, ppm: number): number {
  if (ppm === 0) return 0;
  const whole = Math.floor(notional / MILLION);
  // A rebate of nothing is 0, not −0.
  return whole * ppm + Math.ceil(((notional - whole * MILLION) * ppm) / MILLION) + 0;
}
