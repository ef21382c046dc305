/** What may be told of groups of accounts: nothing of fewer than five, which are merged with others or not shown. */
import type { Cause } from './cause.ts';
import type { Bucket, Dossier, PublicCount } from './dossier.ts';
import type { Statement } from './statement.ts';

const LEAST = 5;
const USDC = 100_000_000n;

/** A number of accounts in public. */
export function publicCount(accounts: number): PublicCount {
  return accounts === 0 || accounts >= LEAST ? accounts : 'fewer than 5';
}

/** Bounds of the buckets, in USDC. */
const BOUNDS = [0n, 1n, 10n, 100n, 1_000n, 10_000n, 100_000n, 1_000_000n].map((bound) => bound * USDC);

/** Refunds in buckets of at least five accounts: smaller ones are merged with the one below; the top one is open. */
export function bucketsOf(refunds: readonly bigint[]): Bucket[] {
  const buckets = BOUNDS.map((from, place) => {
    const to = BOUNDS[place + 1];
    const own = refunds.filter((amount) => amount > 0n && amount >= from && (to === undefined || amount < to));
    return { from, to, accounts: own.length, total: own.reduce((sum, amount) => sum + amount, 0n) };
  }).filter(({ accounts }) => accounts > 0);
  while (buckets.length > 1) {
    const small = buckets.findIndex(({ accounts }) => accounts < LEAST);
    if (small < 0) break;
    const at = Math.max(0, small - 1);
    const [low, high] = [buckets[at], buckets[at + 1]] as [(typeof buckets)[number], (typeof buckets)[number]];
    const merged = { ...low, to: high.to, accounts: low.accounts + high.accounts, total: low.total + high.total };
    buckets.splice(at, 2, merged);
  }
  if (buckets.some(({ accounts }) => accounts < LEAST)) return [];
  return buckets.map(({ from, accounts, total, to }, place) => ({
    from: String(from),
    to: place === buckets.length - 1 || to === undefined ? null : String(to),
    accounts,
    total: String(total),
  }));
}

/** Σ of the parts of the differences of these statements, by cause; causes of fewer than five accounts are `several`. */
export function causesOf(statements: readonly Statement[]): Dossier['causes'] {
  const causes = new Map<Cause, { amount: bigint; accounts: Set<number> }>();
  for (const { account, causes: parts } of statements) {
    for (const { cause, amount } of parts) {
      const of = causes.get(cause) ?? { amount: 0n, accounts: new Set<number>() };
      causes.set(cause, of);
      of.amount += BigInt(amount);
      of.accounts.add(account);
    }
  }
  const sorted = [...causes].sort(([, a], [, b]) => a.accounts.size - b.accounts.size);
  const several = { amount: 0n, accounts: new Set<number>() };
  let merged = 0;
  while (sorted.length > 0) {
    const [, of] = sorted[0] as (typeof sorted)[number];
    const isTold =
      merged === 0 ? of.accounts.size >= LEAST : of.accounts.size >= LEAST && several.accounts.size >= LEAST;
    if (isTold) break;
    sorted.shift();
    merged++;
    several.amount += of.amount;
    for (const account of of.accounts) several.accounts.add(account);
  }
  const told: Dossier['causes'][number][] = sorted
    .reverse()
    .map(([cause, { amount, accounts }]) => ({ cause, amount: String(amount), accounts: accounts.size }));
  if (merged > 0) {
    told.push({ cause: 'several', amount: String(several.amount), accounts: publicCount(several.accounts.size) });
  }
  return told;
}
