/**
 * Custody: what the vault holds (deposits less withdrawals that left) must be what the venue owes its accounts, less what accounts owe
 * the venue. The vault stands outside: it is the same on every branch, and a rollback that changed it would have made a hole.
 */
import { conservationResidual } from '../engine/conservation.ts';
import { Wide } from '../engine/amount.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, VENUE } from '../engine/tables.ts';

/** Amounts in 1e-8 USDC. */
export interface Custody {
  readonly deposited: bigint;
  readonly withdrawn: bigint;
  /** `deposited` − `withdrawn`. */
  readonly vault: bigint;
  /** What accounts owe, and what is owed to them all: balances, pending withdrawals, reserved refunds, open profit and funding. */
  readonly receivables: bigint;
  readonly liabilities: bigint;
  /** `liabilities` − `receivables` − `vault`: 0, or money was created or lost. */
  readonly residual: bigint;
}

const LIMB = 2n ** 50n;

/** Who has what in a state, by a scan of all of it. */
export function custodyOf(state: State): Custody {
  const { f64 } = state.venue;
  const wide = (column: number): bigint => integerOf(new Wide().load(f64, 64 + column));
  const [deposited, withdrawn] = [wide(VENUE.DEPOSITED_HIGH), wide(VENUE.WITHDRAWN_HIGH)];
  let receivables = 0n;
  for (let account = 1; account < state.account.rows; account++) {
    receivables += BigInt(state.account.f64[account * 8 + ACCOUNT.RECEIVABLE] as number);
  }
  const vault = deposited - withdrawn;
  const residual = integerOf(conservationResidual(state));
  return { deposited, withdrawn, vault, receivables, liabilities: vault + receivables + residual, residual };
}

/** Custody as decimal digits, for documents. */
export function custodyText(custody: Custody): Readonly<Record<keyof Custody, string>> {
  const text = Object.entries(custody).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(text) as Readonly<Record<keyof Custody, string>>;
}

function integerOf({ high, low }: Wide): bigint {
  return BigInt(high) * LIMB + BigInt(low);
}
