/**
 * Netting by beneficial owner: who stood on both sides of a trade lost on one account what the other gained. Within the accounts of one
 * declared owner, chains that share a market are taken together; what the owner lacks there in all is the most that is paid.
 */
import type { ChainStatement } from './statement.ts';

/** An account and its chains. */
export interface OwnedChains {
  readonly account: number;
  readonly chains: readonly ChainStatement[];
}

interface Owned {
  readonly account: number;
  readonly chain: ChainStatement;
  readonly group: number;
}

/** What is to be subtracted from each account of one owner, by account; those of which nothing is are left out. */
export function netOwner(accounts: readonly OwnedChains[]): Map<number, bigint> {
  const netted = new Map<number, bigint>();
  const owned = groupChains(accounts);
  for (const group of new Set(owned.map((each) => each.group))) {
    const chains = owned.filter((each) => each.group === group);
    if (new Set(chains.map(({ account }) => account)).size < 2) continue;
    for (const [account, amount] of netGroup(chains)) netted.set(account, (netted.get(account) ?? 0n) + amount);
  }
  return netted;
}

/** Chains that share a market, of whatever account of the owner, are one group. */
function groupChains(accounts: readonly OwnedChains[]): Owned[] {
  const owned = accounts.flatMap(({ account, chains }) =>
    chains.filter(({ causes }) => causes.length > 0).map((chain) => ({ account, chain })),
  );
  const groups = owned.map((_, place) => place);
  for (let changed = true; changed; ) {
    changed = false;
    for (let a = 0; a < owned.length; a++) {
      for (let b = 0; b < a; b++) {
        const [one, two] = [groups[a] as number, groups[b] as number];
        if (one === two || !sharesMarket((owned[a] as Owned).chain, (owned[b] as Owned).chain)) continue;
        const least = Math.min(one, two);
        groups.forEach((group, place) => {
          if (group === one || group === two) groups[place] = least;
        });
        changed = true;
      }
    }
  }
  return owned.map((each, place) => ({ ...each, group: groups[place] as number }));
}

function sharesMarket(a: ChainStatement, b: ChainStatement): boolean {
  return a.markets.some((market) => market !== 0 && b.markets.includes(market));
}

/** What the owner's gains in a group take from each account's claims, in proportion to them; rounded up, the last takes what is left. */
function netGroup(chains: readonly Owned[]): Map<number, bigint> {
  const claimed = chains.filter(({ chain }) => BigInt(chain.amount) > 0n);
  const gains = chains.filter(({ chain }) => BigInt(chain.amount) < 0n);
  const sum = (of: readonly Owned[]): bigint => of.reduce((total, { chain }) => total + BigInt(chain.amount), 0n);
  const [all, gained] = [sum(claimed), -sum(gains)];
  let left = gained < all ? gained : all;
  const netted = new Map<number, bigint>();
  const total = left;
  for (const { account, chain } of claimed) {
    const share = (BigInt(chain.amount) * total + all - 1n) / all;
    const part = share < left ? share : left;
    left -= part;
    if (part > 0n) netted.set(account, (netted.get(account) ?? 0n) + part);
  }
  return netted;
}
