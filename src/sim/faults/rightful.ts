/**
 * Forced actions that only the faulty world has and that are right in it: of accounts to which the fault wrote nothing, and due at
 * honest prices. A stop fires in the one world because the account was liquidated, later, in the other.
 */
import { diffStates } from '../../chain/state-difference.ts';
import { positionsOf, type State } from '../../engine/state.ts';
import { ORACLE_LIMIT, ORDER, POSITION, VENUE_LIMIT } from '../../engine/tables.ts';
import type { ForcedAction } from '../../guard/verdict.ts';
import type { ForcedEvent } from './outcome.ts';
import type { TruePrices } from './true-prices.ts';

/** Rows that are compared at most. */
const DIFFERENCES = 100_000;
/** Ticks for which a smoothed basis remembers a price: longer than any of them. */
const REMEMBERS_TICKS = 8;

export class Rightful {
  private readonly prices: TruePrices;
  private readonly isOperated: boolean;
  private written = new Written();
  /** By market: the last tick at which its sources had said something else than in the true world. */
  private readonly strayed = new Map<number, number>();
  private readonly due = new Set<string>();

  /** `isOperated`: the fault asks for other rules or parameters; then the true ones decide, whatever the sources say. */
  constructor(prices: TruePrices, isOperated: boolean) {
    this.prices = prices;
    this.isOperated = isOperated;
  }

  /** The states before and after the fault wrote. */
  takeWrites(before: State, after: State): void {
    this.written.takeStates(before, after);
  }

  /** A new process has made its state from the journal: what was written in the memory of the one before is gone. */
  forgetWrites(): void {
    this.written = new Written();
  }

  /** Takes in what the sources have said by a tick. */
  takeSources(tick: number, here: State): void {
    for (const market of this.prices.strayed(tick, here)) this.strayed.set(market, tick);
  }

  /**
   * Judges an action that is about to happen: what it rests on is honest where the sources have long said what they say in the true
   * world; else it must be due at the true prices.
   */
  take(action: ForcedAction, account: number, tick: number, here: State): void {
    const market = 'market' in action ? action.market : 0;
    if (this.written.holds(here, account, market)) return;
    this.takeSources(tick, here);
    const isHonest = (market === 0 ? marketsOf(here, account) : [market]).every((each) => this.isHonest(each, tick));
    if ((this.isOperated || !isHonest) && !this.prices.isDue(action, account, tick, here)) return;
    this.due.add(keyOf(action.kind, account, 'order' in action ? action.order : 0, tick));
  }

  has({ kind, account, order, tick }: ForcedEvent): boolean {
    return this.due.has(keyOf(kind, account, order, tick));
  }

  /** True when nothing in a mark remembers another price. */
  private isHonest(market: number, tick: number): boolean {
    const last = this.strayed.get(market);
    return last === undefined || tick - last > REMEMBERS_TICKS;
  }
}

function keyOf(kind: ForcedAction['kind'], account: number, order: number, tick: number): string {
  return `${kind} ${account} ${order} ${tick}`;
}

/** What a fault wrote in memory: of accounts, and of what markets are made of. */
class Written {
  private isVenue = false;
  private readonly accounts = new Set<number>();
  private readonly markets = new Set<number>();

  takeStates(before: State, after: State): void {
    for (const { table, row } of diffStates(before, after, DIFFERENCES)) {
      for (const state of [before, after]) this.takeRow(state, table, row);
    }
  }

  private takeRow(state: State, table: string, row: number): void {
    if (table === 'account') this.accounts.add(row);
    else if (table === 'position') this.accounts.add(state.position.i32[row * 32 + POSITION.ACCOUNT] as number);
    else if (table === 'order') this.accounts.add(state.order.i32[row * 16 + ORDER.ACCOUNT] as number);
    else if (table === 'market') this.markets.add(row);
    else if (table === 'oracle') this.markets.add(Math.floor(row / ORACLE_LIMIT));
    else if (table === 'quote') this.markets.add(Math.floor(row / VENUE_LIMIT));
    else if (table === 'venue' || table === 'rule') this.isVenue = true;
  }

  /** True when it wrote to the account, to a market (0: none) or one that the account holds, or to the venue. */
  holds(state: State, account: number, market: number): boolean {
    if (this.isVenue || this.accounts.has(account) || this.markets.has(market)) return true;
    return positionsOf(state, account).some((row) => {
      const at = state.position.i32[row * 32 + POSITION.MARKET] as number;
      return this.markets.has(at) && state.position.f64[row * 16 + POSITION.SIZE] !== 0;
    });
  }
}

/** Markets in which an account holds something. */
function marketsOf(state: State, account: number): number[] {
  const { f64, i32 } = state.position;
  const rows = positionsOf(state, account).filter((row) => f64[row * 16 + POSITION.SIZE] !== 0);
  return rows.map((row) => i32[row * 32 + POSITION.MARKET] as number);
}
