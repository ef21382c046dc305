/** What a fault touched, and what depends on it: the set that a precise guard may hold, and no more. */
import { diffStates } from '../../chain/state-difference.ts';
import type { CommandRecord } from '../../chain/command-value.ts';
import { positionsOf, type State } from '../../engine/state.ts';
import { ACCOUNT, CLIENT_ID, ORACLE_LIMIT, ORDER, POSITION, VENUE_LIMIT, WITHDRAWAL } from '../../engine/tables.ts';
import type { Component } from '../../guard/finding.ts';

/** Differences looked at: a fault that writes more than this touches the venue as a whole anyway. */
const DIFFERENCES = 4000;

export class Dependency {
  private isVenue = false;
  private readonly markets = new Set<number>();
  private readonly accounts = new Set<number>();

  /** What differs between the state before and after a fault wrote to it. */
  takeStates(before: State, after: State): void {
    const differences = diffStates(before, after, DIFFERENCES);
    if (differences.length === DIFFERENCES) this.isVenue = true;
    const rows = new Map(differences.map(({ table, row }) => [`${table} ${row}`, { table, row }]));
    for (const { table, row } of rows.values()) for (const state of [before, after]) this.takeRow(state, table, row);
  }

  private takeRow(state: State, table: string, row: number): void {
    if (row === 0) return;
    const word = (name: 'position' | 'order' | 'clientId' | 'withdrawal', column: number): number =>
      state[name].i32[row * state[name].rowWords + column] as number;
    switch (table) {
      case 'market':
        this.markets.add(row);
        return;
      case 'oracle':
        this.markets.add(Math.floor(row / ORACLE_LIMIT));
        return;
      case 'quote':
        this.markets.add(Math.floor(row / VENUE_LIMIT));
        return;
      case 'account':
      case 'accountKey':
        this.accounts.add(row);
        return;
      case 'position':
        this.accounts.add(word('position', POSITION.ACCOUNT));
        this.markets.add(word('position', POSITION.MARKET));
        return;
      case 'order':
        this.accounts.add(word('order', ORDER.ACCOUNT));
        this.markets.add(word('order', ORDER.MARKET));
        return;
      case 'clientId':
        this.accounts.add(word('clientId', CLIENT_ID.ACCOUNT));
        return;
      case 'withdrawal':
        this.accounts.add(word('withdrawal', WITHDRAWAL.ACCOUNT));
        return;
      default:
        this.isVenue = true;
    }
  }

  /** What records that a fault changed, added or took away are about. */
  takeRecords(records: readonly CommandRecord[]): void {
    for (const record of records) {
      let isNamed = false;
      for (const field of ['account', 'from', 'to'] as const)
        isNamed = this.add(this.accounts, record[field]) || isNamed;
      isNamed = this.add(this.markets, record['market']) || isNamed;
      if (!isNamed) this.isVenue = true;
      if (Array.isArray(record['orders'])) this.takeRecords(record['orders'] as readonly CommandRecord[]);
    }
  }

  private add(to: Set<number>, row: unknown): boolean {
    if (typeof row !== 'number' || row <= 0) return false;
    to.add(row);
    return true;
  }

  /** True when an account or a market (0: none) depends on what the fault touched, by the positions of `state`. */
  holds(state: State, account: number, market: number): boolean {
    if (this.isVenue || (market !== 0 && this.markets.has(market))) return true;
    if (account === 0) return false;
    if (this.accounts.has(account)) return true;
    if (!(account < state.account.rows) || state.account.i32[account * 16 + ACCOUNT.KIND] === 0) return false;
    return positionsOf(state, account).some((row) =>
      this.markets.has(state.position.i32[row * 32 + POSITION.MARKET] as number),
    );
  }

  /** True when a component of the guard lies within what depends on the fault. */
  contains(state: State, component: Component): boolean {
    // Who wrote to every market has touched the venue.
    if (component.kind === 'venue') return this.isVenue || this.markets.size >= state.market.rows - 1;
    if (component.kind === 'market') return this.holds(state, 0, component.market);
    return this.holds(state, component.account, 0);
  }
}
