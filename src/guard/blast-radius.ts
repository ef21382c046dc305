/**
 * Blast radius: who could be liquidated now, against who could be by the guard's own image and the prices of now. What is in the
 * first set alone was denied one by one; this finds the component that explains the difference, so that precisely what rests on
 * it is halted. Class II: two derivations disagree about many accounts at once.
 */
import type { Component } from './finding.ts';
import type { Check } from './verdict.ts';

/** More accounts than this, and more than this share of those that hold positions, are a pattern and no single account's. ppm. */
const FEWEST_ACCOUNTS = 5;
const SHARE_PPM = 5_000;

/** Checks of data that may come right by itself (no fresh source, sources that disagree): they hold, and quarantine nothing. */
const PASSING = /^(price_|sample_|mark_age|breaker_|reopen_|quarantine|sealed_block|status_)/;

/** True for a check whose failure says that something is not what history made of it: it does not come right by itself. */
export function isCorruption(check: Check): boolean {
  return check.class !== 'III' && !PASSING.test(check.name);
}

/** What a failed check is about; `account` is whose forced action was judged. */
export function componentOf(check: Check, account: number): Component {
  if (check.name === 'rules') return { kind: 'venue' };
  const market = marketOf(check);
  const isOfPosition = check.name.startsWith('position_');
  return market === undefined || isOfPosition ? { kind: 'account', account } : { kind: 'market', market };
}

/** The market that a check names. */
function marketOf({ about }: Check): number | undefined {
  const market = /\bmarket (\d+)/.exec(about)?.[1];
  return market === undefined ? undefined : Number(market);
}

interface Denied {
  readonly account: number;
  readonly check: Check;
  /** Markets in which the account holds. */
  readonly markets: readonly number[];
}

export class BlastRadius {
  private readonly denied: Denied[] = [];

  /** An account that could be liquidated and could not by the image: denied for `check`. */
  deny(denied: Denied): void {
    this.denied.push(denied);
  }

  /**
   * The components that explain why more accounts were denied than chance allows, none when there are not so many: the market whose
   * own checks failed most; else the markets whose positions failed, where each denial names one and they are not all `markets`; else
   * the market that all of them hold; else the venue. `holders` counts the accounts that hold a position.
   */
  explain(
    markets: number,
    holders: () => number,
  ): { readonly components: readonly Component[]; readonly check: Check } | undefined {
    const accounts = new Set(this.denied.map(({ account }) => account));
    if (accounts.size <= FEWEST_ACCOUNTS) return undefined;
    const limit = Math.max(FEWEST_ACCOUNTS, Math.floor((holders() * SHARE_PPM) / 1e6));
    if (accounts.size <= limit) return undefined;
    const components = this.components(markets);
    const first = this.denied[0] as Denied;
    const check: Check = {
      class: 'II',
      name: 'blast_radius',
      about: `first account ${first.account}, ${first.check.name}`,
      holds: false,
      found: String(accounts.size),
      expected: `at most ${limit} accounts`,
    };
    return { components, check };
  }

  private components(markets: number): readonly Component[] {
    const own = new Map<number, number>();
    for (const { account, check } of this.denied) {
      const component = componentOf(check, account);
      if (component.kind === 'venue') return [component];
      if (component.kind === 'market') own.set(component.market, (own.get(component.market) ?? 0) + 1);
    }
    const [most] = [...own].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    if (most !== undefined) return [{ kind: 'market', market: most[0] }];
    const named = new Set(this.denied.map(({ check }) => marketOf(check)));
    if (!named.has(undefined) && named.size < Math.max(2, markets)) {
      return [...named]
        .map((market) => market as number)
        .sort((a, b) => a - b)
        .map((market) => ({ kind: 'market', market }));
    }
    const [first, ...others] = this.denied;
    const common = first?.markets.filter((market) => others.every((each) => each.markets.includes(market)));
    // One market in common explains all of them; several do not tell which.
    if (common?.length === 1) return [{ kind: 'market', market: common[0] as number }];
    return [{ kind: 'venue' }];
  }
}
