/** What is paid of what is due, out of a fund that may be too small; and the most that one account may be paid without more ado. */
import { computeMargin, Margin } from '../engine/margin.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';
import type { PolicyDocument } from './policy-document.ts';
import { shareFund } from './short-fund.ts';
import type { Statement } from './statement.ts';

/** Pays what the fund can: everybody else first, then insiders. */
export function payAll(
  statements: readonly Statement[],
  insiders: ReadonlySet<number>,
  fund: bigint,
  policy: PolicyDocument,
): { readonly paid: readonly bigint[]; readonly dust: bigint } {
  const smallFirst = BigInt(policy.smallFirst);
  const paid: bigint[] = statements.map(() => 0n);
  let left = fund > 0n ? fund : 0n;
  let dust = 0n;
  for (const isInsider of [false, true]) {
    const places = statements.flatMap(({ account }, place) => (insiders.has(account) === isInsider ? [place] : []));
    const shares = shareFund(
      places.map((place) => BigInt((statements[place] as Statement).refund)),
      left,
      smallFirst,
    );
    shares.paid.forEach((amount, n) => {
      paid[places[n] as number] = amount;
      left -= amount;
    });
    dust += shares.dust;
    left -= shares.dust;
  }
  return { paid, dust };
}

/** The larger of a fixed amount and a multiple of what the account had before; rounded down. */
export function capOf({ singleCap: { equityPpm, least: fixed } }: PolicyDocument, before: bigint): bigint {
  const share = (before * BigInt(equityPpm)) / 1_000_000n;
  return share > BigInt(fixed) ? share : BigInt(fixed);
}

const margin = new Margin();
const LIMB = 1n << 50n;

/** What the insurance fund can pay now: the part of its balance that its own positions do not need as margin; at least 0. */
export function freeFund(state: State): bigint {
  computeMargin(state, INSURANCE_FUND, margin);
  const { high, low } = margin.equity.subtractWide(margin.initial);
  const spare = BigInt(high) * LIMB + BigInt(low);
  const balance = wide(state.account.f64, INSURANCE_FUND * 8 + ACCOUNT.BALANCE_HIGH);
  const free = balance < spare ? balance : spare;
  return free > 0n ? free : 0n;
}
