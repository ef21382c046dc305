/** What deviations wrote into, as far as it decides a claim: rows of accounts, and funding indexes of markets. */
import type { State } from '../engine/state.ts';
import { MARKET, POSITION } from '../engine/tables.ts';
import type { CorrectionSet } from './correction.ts';

/** Accounts into whose own rows, or those of their positions, deviations wrote. */
export function writtenAccounts({ deviations }: CorrectionSet, { position, account }: State): Set<number> {
  const accounts = new Set<number>();
  for (const { writes } of deviations) {
    for (const { table, row } of writes) {
      if (table === 'account' && row > 0 && row < account.rows) accounts.add(row);
      if (table === 'position' && row > 0 && row < position.rows) {
        accounts.add(position.i32[row * 32 + POSITION.ACCOUNT] as number);
      }
    }
  }
  return accounts;
}

const INDEX_BYTES = { from: MARKET.FUNDING_INDEX * 8, to: MARKET.FUNDING_INDEX * 8 + 8 };

/** Markets whose funding index, or that of a position in them, deviations wrote: what was settled by it, nobody owed. */
export function writtenIndexes({ deviations }: CorrectionSet, { position, market }: State): Set<number> {
  const markets = new Set<number>();
  for (const { writes } of deviations) {
    for (const { table, row, column, index } of writes) {
      if (row === 0) continue;
      const isByte = column === 'byte' && index >= INDEX_BYTES.from && index < INDEX_BYTES.to;
      if (table === 'market' && row < market.rows && (column === 'fundingIndex' || isByte)) markets.add(row);
      if (table === 'position' && row < position.rows) {
        markets.add(position.i32[row * 32 + POSITION.MARKET] as number);
      }
    }
  }
  return markets;
}
