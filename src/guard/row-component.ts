/** What rests on a row of the state: the component to hold when the row is not what it should be. */
import type { Finding as AuditFinding } from '../engine/audit-finding.ts';
import { marketCount, type State } from '../engine/state.ts';
import { CLIENT_ID, ORACLE_LIMIT, ORDER, POSITION, REFUND, VENUE_LIMIT, WITHDRAWAL } from '../engine/tables.ts';
import type { Component } from './finding.ts';

const VENUE: Component = { kind: 'venue' };

/** The component of what an audit found; the venue where the row does not say whose it is, or is the sum of all. */
export function componentOfRow(state: State, { table, row }: AuditFinding): Component {
  if (row === 0) return VENUE;
  const word = (column: number): number => {
    const rows = state[table];
    return rows.i32[row * rows.rowWords + column] as number;
  };
  switch (table) {
    case 'market':
      return marketOf(state, row);
    case 'oracle':
      return marketOf(state, Math.floor(row / ORACLE_LIMIT));
    case 'quote':
      return marketOf(state, Math.floor(row / VENUE_LIMIT));
    case 'order':
      return marketOf(state, word(ORDER.MARKET));
    case 'account':
    case 'accountKey':
      return accountOf(state, row);
    case 'position':
      return accountOf(state, word(POSITION.ACCOUNT));
    case 'clientId':
      return accountOf(state, word(CLIENT_ID.ACCOUNT));
    case 'withdrawal':
      return accountOf(state, word(WITHDRAWAL.ACCOUNT));
    case 'refund':
      return accountOf(state, word(REFUND.ACCOUNT));
    default:
      return VENUE;
  }
}

function marketOf(state: State, market: number): Component {
  return market >= 1 && market <= marketCount(state) ? { kind: 'market', market } : VENUE;
}

function accountOf(state: State, account: number): Component {
  return account >= 1 && account < state.account.rows ? { kind: 'account', account } : VENUE;
}
