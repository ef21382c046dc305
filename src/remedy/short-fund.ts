/**
 * A fund that is too small: small claims first, up to an amount that everyone gets in full; what is left in proportion to what each
 * claims beyond it. Divisions round down; what rounding leaves is no one's claim and stays in the fund, named.
 */

export interface Shares {
  /** What each claim is paid now, in the order of the claims. */
  readonly paid: readonly bigint[];
  /** What each claim is still owed: a dated receivable. */
  readonly owed: readonly bigint[];
  /** What rounding left in the fund. */
  readonly dust: bigint;
}

/**
 * Shares `fund` among claims (1e-8 USDC, at least 0). `smallFirst` is the amount that is paid in full before anything else; where
 * the fund does not reach even for that, it is shared in proportion to what each claims up to it. Refuses (throws) negative amounts.
 */
export function shareFund(claims: readonly bigint[], fund: bigint, smallFirst: bigint): Shares {
  if (fund < 0n || smallFirst < 0n || claims.some((claim) => claim < 0n)) {
    throw new RangeError('claims, fund and the amount paid first are at least 0');
  }
  const first = claims.map((claim) => (claim < smallFirst ? claim : smallFirst));
  const rest = claims.map((claim, at) => claim - (first[at] as bigint));
  const firstTotal = total(first);
  const paid =
    firstTotal >= fund
      ? inProportion(first, fund)
      : inProportion(rest, fund - firstTotal).map((share, at) => share + (first[at] as bigint));
  const owed = claims.map((claim, at) => claim - (paid[at] as bigint));
  const claimed = total(claims);
  return { paid, owed, dust: (claimed < fund ? claimed : fund) - total(paid) };
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

/** Each amount in full where the money reaches, else its share of it, rounded down. */
function inProportion(amounts: readonly bigint[], money: bigint): bigint[] {
  const sum = total(amounts);
  return sum <= money ? [...amounts] : amounts.map((amount) => (amount * money) / sum);
}
