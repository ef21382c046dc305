/** Statements made complete with forced actions and warrants, and the effect of a payout as its approvers see it. */
import { fromHex, type Hash, toHex } from '../chain/digest.ts';
import type { Claim } from './claim.ts';
import type { Claims } from './claims.ts';
import type { Effect } from './dossier.ts';
import type { ForcedActions, StoredWarrants } from './forced-actions.ts';
import { commitmentOf, saltOf } from './receipt.ts';
import type { ForcedStatement, Statement } from './statement.ts';
import { byAccount } from './takings.ts';

/** The claims with the forced actions of each account and their warrants. */
export function withWarrants(claims: Claims, { actions }: ForcedActions, stored: StoredWarrants): Claims {
  const own = byAccount(actions);
  return {
    ...claims,
    claims: claims.claims.map((claim): Claim => {
      const forced: ForcedStatement[] = [];
      const warrants: string[] = [];
      for (const { fork, sequence, kind } of own.get(claim.account) ?? []) {
        const line = stored.of(sequence);
        forced.push({ fork, sequence, kind, warrant: line === undefined ? -1 : warrants.push(line) - 1 });
      }
      return forced.length === 0 ? claim : { ...claim, statement: { ...claim.statement, forced, warrants } };
    }),
  };
}

/** Largest amounts that approvers are shown. */
const TOP = 10;
const PPM = 1_000_000n;

/** The effect of paying these claims out of `reserve`; accounts are blinded by their commitments in the refund tree. */
export function effectOf({ claims }: Claims, round: number, reserve: bigint, secret: Uint8Array, hash: Hash): Effect {
  const paid = claims.filter(({ statement }) => statement.paid !== '0');
  const sorted = paid.toSorted((a, b) => compare(BigInt(b.statement.paid), BigInt(a.statement.paid)));
  const total = paid.reduce((sum, { statement }) => sum + BigInt(statement.paid), 0n);
  const commitment = ({ account, key }: Statement): string =>
    toHex(commitmentOf(saltOf(secret, account, hash), fromHex(key), hash));
  return {
    format: 'makewhole-effect/1',
    round,
    accounts: paid.length,
    total: String(total),
    largest: sorted[0]?.statement.paid ?? '0',
    top: sorted.slice(0, TOP).map(({ statement }) => ({ commitment: commitment(statement), amount: statement.paid })),
    fundSharePpm: reserve === 0n ? 0 : Number((total * PPM) / reserve),
    insiders: paid.filter(({ isInsider }) => isInsider).length,
    aboveCap: paid.filter(({ statement, cap }) => BigInt(statement.paid) > cap).length,
    reversals: claims.flatMap(({ statement }) =>
      statement.reversed === '0' ? [] : [{ commitment: commitment(statement), amount: statement.reversed }],
    ),
  };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
