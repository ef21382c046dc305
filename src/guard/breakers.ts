/**
 * Breakers: liquidations, losses of the insurance fund and funding, each counted over an interval against a limit that is a rule.
 * A breaker is class III: a market that is only violent trips it too. So while one is tripped every forced action says so, none is
 * halted, and those are slowed down by the grace that prices do not explain: what real crashes do to thousands of accounts at once
 * is prices, on which two families of sources agree; what a corrupted index, fee or rule does is not.
 */
import { RULE } from '../engine/rules.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { MARKET, POSITION } from '../engine/tables.ts';
import type { JudgedAccount } from './account-checks.ts';
import { sizeOf, Unreadable, whole } from './exact.ts';
import type { Known } from './known.ts';
import { equityOf, readAccount } from './live-account.ts';
import type { Check } from './verdict.ts';

const MILLION = 1_000_000n;
/** So many liquidations in an interval are never too many. */
const FEWEST_LIQUIDATED = 5;
/** A tenth of the maintenance margin. */
const TENTH = 10n;

/** A market's funding index when the interval began, and the largest premium that its rate and spot allowed then. */
interface MarketFunding {
  readonly index: number;
  readonly limit: number;
  readonly sinceMs: number;
}

export class Breakers {
  private readonly known: Known;
  /** Number of the present interval; −1 before the first. */
  private interval = -1;
  private readonly liquidated = new Set<number>();
  /** Accounts that hold a position; −1: not counted in this interval yet. */
  private holders = -1;
  /** Equity of the insurance fund when the interval began, and at this tick. */
  private fund = 0n;
  private fundNow = 0n;
  private readonly funding: MarketFunding[] = [];

  constructor(known: Known) {
    this.known = known;
  }

  /** Accounts that hold a position, counted once in an interval, when first asked for: it passes over every position. */
  accountsHolding(state: State): number {
    if (this.holders < 0) this.holders = countHolders(state);
    return this.holders;
  }

  /** Goes to the interval of `timeMs`; in a new one what was counted is forgotten. Call it at every tick. */
  roll(state: State, timeMs: number): void {
    const interval = Math.floor(timeMs / Number(this.known.rule(RULE.breaker_interval)));
    if (interval === this.interval) return;
    this.interval = interval;
    this.liquidated.clear();
    this.holders = -1;
    this.fund = this.fundOf(state);
    for (let market = 1; market < state.market.rows; market++) {
      const index = Number(this.known.derived(market, 'FUNDING_INDEX'));
      this.funding[market] = { index, limit: premiumLimit(state, market), sinceMs: timeMs };
    }
  }

  /** Takes the fund as it is at a tick whose proposals are about to be judged. */
  begin(state: State): void {
    this.fundNow = this.fundOf(state);
  }

  /**
   * Equity of the insurance fund by its live rows, but for what the remedy took and gave, which is no loss; what it was where these are
   * no numbers, which the audit finds.
   */
  private fundOf(state: State): bigint {
    try {
      return equityOf(this.known, readAccount(state, INSURANCE_FUND)) - this.known.remedy.fundMoved;
    } catch (error) {
      if (error instanceof Unreadable) return this.fundNow;
      throw error;
    }
  }

  /** An account was liquidated. */
  count(account: number): void {
    this.liquidated.add(account);
  }

  /** Notes the breakers that are tripped now, for an action that rests on these markets. Empty while none is. */
  tripped(state: State, markets: readonly number[], timeMs: number): Check[] {
    const checks: Check[] = [];
    const note = (name: string, about: string, found: bigint, most: bigint): void => {
      if (found <= most) return;
      checks.push({ class: 'III', name, about, holds: false, found: String(found), expected: `at most ${most}` });
    };
    const { known } = this;
    if (this.liquidated.size > FEWEST_LIQUIDATED) {
      const accounts = (BigInt(this.accountsHolding(state)) * known.rule(RULE.breaker_liquidations)) / MILLION;
      const most = accounts < FEWEST_LIQUIDATED ? BigInt(FEWEST_LIQUIDATED) : accounts;
      note('breaker_liquidations', '', BigInt(this.liquidated.size), most);
    }
    note(
      'breaker_losses',
      '',
      this.fund - this.fundNow,
      (sizeOf(this.fund) * known.rule(RULE.breaker_losses)) / MILLION,
    );
    for (const market of markets) {
      const since = this.funding[market];
      if (since === undefined) continue;
      const moved = sizeOf(known.derived(market, 'FUNDING_INDEX') - whole(since.index));
      note(
        'breaker_funding',
        `market ${market}`,
        moved,
        this.fundingLimit(state, market, since, timeMs - since.sinceMs),
      );
    }
    return checks;
  }

  /** Share of what an index can move in so much time at the larger premium of then and now, and a unit a second for rounding. */
  private fundingLimit(state: State, market: number, since: MarketFunding, elapsedMs: number): bigint {
    const limit = whole(Math.max(since.limit, premiumLimit(state, market)));
    const period = whole(state.market.i32[market * 256 + MARKET.FUNDING_PERIOD_S]) * 1000n;
    const most = (limit * whole(elapsedMs)) / period;
    // The spot may have been higher in between: a tenth of room.
    return ((most + most / 10n) * this.known.rule(RULE.breaker_funding)) / MILLION + whole(elapsedMs) / 1000n + 2n;
  }
}

function premiumLimit({ market: { f64 } }: State, market: number): number {
  return f64[market * 128 + MARKET.PREMIUM_LIMIT] as number;
}

/** True when funding and rules moved the account's equity since the block by no more than a tenth of its maintenance margin. */
export function isOfPrices({ split, maintenance }: JudgedAccount): boolean {
  return (sizeOf(split.funding) + sizeOf(split.rules)) * TENTH <= maintenance;
}

/** Accounts other than the insurance fund that hold a position. */
function countHolders(state: State): number {
  const { f64, i32, rows } = state.position;
  const holders = new Set<number>();
  for (let row = 1; row < rows; row++) {
    if (f64[row * 16 + POSITION.SIZE] !== 0) holders.add(i32[row * 32 + POSITION.ACCOUNT] as number);
  }
  holders.delete(INSURANCE_FUND);
  return holders.size;
}
