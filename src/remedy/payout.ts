/**
 * The payout of an incident as a plan: which transfers, under which ids, in which order; and whether the ledger says what the plan
 * says. Pure: `incident/pay.ts` carries it out. Amounts are 1e-8 USDC.
 */
import { copyState } from '../chain/copy-state.ts';
import { applyCommands } from '../engine/batch.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { conservationResidual } from '../engine/conservation.ts';
import { REFUND_STATUS } from '../engine/refund.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT, REFUND, VENUE } from '../engine/tables.ts';
import {
  type PayoutName,
  planHash,
  type Transfer,
  type TransferCause,
  transferId,
} from '../guard/authority/refund-plan.ts';
import { wide } from '../guard/exact.ts';
import type { Claim } from './claim.ts';

/** What of a claim a payout needs. */
export type Payable = Pick<Claim, 'account' | 'isInsider' | 'cap'> & {
  readonly statement: Pick<Claim['statement'], 'paid' | 'owed' | 'reversed'>;
};

export interface PayoutPlan extends PayoutName {
  /** Credits that are taken back to the fund, by account. */
  readonly reversals: readonly Transfer[];
  /** Refunds: small ones first, those of the venue's own people last. */
  readonly payments: readonly Transfer[];
  /** `planHash` of all transfers in the order in which they are commanded: what an approval binds. */
  readonly hash: string;
  readonly total: bigint;
  readonly largest: bigint;
  readonly reversed: bigint;
}

/** The transfers of all claims of a round. The order of the claims does not matter. Refuses (throws) two claims of one account. */
export function planPayout(name: PayoutName, claims: readonly Payable[]): PayoutPlan {
  if (new Set(claims.map(({ account }) => account)).size !== claims.length) {
    throw new RangeError('an account has two claims');
  }
  const insiders = new Set(claims.filter(({ isInsider }) => isInsider).map(({ account }) => account));
  const transfer = (account: number, amount: bigint, cause: TransferCause): Transfer => {
    return { cause, account, amount, id: transferId(name, account, cause) };
  };
  const payments = claims
    .filter(({ statement }) => BigInt(statement.paid) > 0n)
    .map(({ account, statement }) => transfer(account, BigInt(statement.paid), 'refund'))
    .sort((a, b) => inTurn(a, b, insiders));
  const reversals = claims
    .filter(({ statement }) => BigInt(statement.reversed) > 0n)
    .map(({ account, statement }) => transfer(account, BigInt(statement.reversed), 'reversal'))
    .sort((a, b) => a.account - b.account);
  return {
    incident: name.incident,
    round: name.round,
    reversals,
    payments,
    hash: planHash([...reversals, ...payments]),
    total: sumOf(payments),
    largest: payments.reduce((most, { amount }) => (amount > most ? amount : most), 0n),
    reversed: sumOf(reversals),
  };
}

function inTurn(a: Transfer, b: Transfer, insiders: ReadonlySet<number>): number {
  const [aLast, bLast] = [insiders.has(a.account), insiders.has(b.account)];
  if (aLast !== bLast) return aLast ? 1 : -1;
  if (a.amount !== b.amount) return a.amount < b.amount ? -1 : 1;
  return a.account - b.account;
}

function sumOf(transfers: readonly Transfer[]): bigint {
  return transfers.reduce((sum, { amount }) => sum + amount, 0n);
}

/** How many payments go first and alone: the share, ppm, rounded up. */
export function canaryOf({ payments }: PayoutPlan, sharePpm: number): number {
  return Math.ceil((payments.length * sharePpm) / 1_000_000);
}

/** Largest amount of one movement of money, 1e-8 USDC: what is beyond has no command. */
const COMMAND_LIMIT = 2n ** 51n;

/** Writes the commands of all transfers, reversals first: they are one batch, as an approval covers them. */
export function writeTransfers({ reversals, payments }: PayoutPlan, timeMs: number, commands: CommandBuffer): void {
  for (const { account, amount, id } of reversals) commands.reverseCredit(timeMs, account, amountOf(amount), id);
  for (const { account, amount, id } of payments) commands.reserveRefund(timeMs, account, amountOf(amount), id);
}

function amountOf(amount: bigint): number {
  if (amount > COMMAND_LIMIT) throw new RangeError(`${amount} is more than one movement of money can be`);
  return Number(amount);
}

/** Writes the commands that post these payments, but for those that are posted already. */
export function writePosts(state: State, payments: readonly Transfer[], timeMs: number, commands: CommandBuffer): void {
  for (const payment of payments) {
    if (entryOf(state, payment)?.status === REFUND_STATUS.PENDING) commands.postRefund(timeMs, payment.id);
  }
}

/** Writes the commands that give back what of the plan is set aside and not posted. */
export function writeVoids(state: State, { payments }: PayoutPlan, timeMs: number, commands: CommandBuffer): void {
  for (const payment of payments) {
    if (entryOf(state, payment)?.status === REFUND_STATUS.PENDING) commands.voidRefund(timeMs, payment.id);
  }
}

interface LedgerEntry {
  readonly status: number;
  readonly account: number;
  readonly amount: bigint;
}

/** What the ledger has under the id of a transfer, undefined when it has nothing. */
function entryOf({ refund, index }: State, { id }: Transfer): LedgerEntry | undefined {
  const words = new Int32Array(id.slice().buffer);
  const row = index.refunds.find(refund, words, 0);
  if (row === 0) return undefined;
  return {
    status: refund.i32[row * refund.rowWords + REFUND.STATUS] as number,
    account: refund.i32[row * refund.rowWords + REFUND.ACCOUNT] as number,
    amount: BigInt(refund.f64[row * refund.rowFloats + REFUND.AMOUNT] as number),
  };
}

/** What the ledger says of a plan. */
export interface Ledger {
  /** Payments of the plan that it has not; those set aside; those posted; those given back. */
  readonly missing: readonly Transfer[];
  readonly pending: number;
  readonly posted: number;
  readonly voided: number;
  /** Reversals that it has not. */
  readonly unreversed: readonly Transfer[];
  readonly pendingTotal: bigint;
  readonly postedTotal: bigint;
  readonly reversedTotal: bigint;
  /** The first transfer that it has otherwise than the plan. */
  readonly different: Transfer | undefined;
}

/** Reads the ledger of the plan's transfers. */
export function readLedger(state: State, { payments, reversals }: PayoutPlan): Ledger {
  const missing: Transfer[] = [];
  // By status.
  const counts = { [REFUND_STATUS.PENDING]: 0, [REFUND_STATUS.POSTED]: 0, [REFUND_STATUS.VOIDED]: 0 };
  const totals = { ...counts, [REFUND_STATUS.PENDING]: 0n, [REFUND_STATUS.POSTED]: 0n, [REFUND_STATUS.VOIDED]: 0n };
  let different: Transfer | undefined;
  for (const payment of payments) {
    const entry = entryOf(state, payment);
    if (entry === undefined) {
      missing.push(payment);
      continue;
    }
    const isSame = entry.account === payment.account && entry.amount === payment.amount && entry.status in counts;
    if (!isSame) {
      different ??= payment;
      continue;
    }
    const status = entry.status as keyof typeof counts;
    counts[status]++;
    totals[status] += entry.amount;
  }
  const unreversed: Transfer[] = [];
  let reversedTotal = 0n;
  for (const reversal of reversals) {
    const entry = entryOf(state, reversal);
    if (entry === undefined) unreversed.push(reversal);
    else if (entry.status !== REFUND_STATUS.REVERSED || entry.account !== reversal.account) different ??= reversal;
    else reversedTotal += entry.amount;
  }
  return {
    missing,
    unreversed,
    different,
    reversedTotal,
    pending: counts[REFUND_STATUS.PENDING],
    posted: counts[REFUND_STATUS.POSTED],
    voided: counts[REFUND_STATUS.VOIDED],
    pendingTotal: totals[REFUND_STATUS.PENDING],
    postedTotal: totals[REFUND_STATUS.POSTED],
  };
}

/** Total of the ledger, total of the trees less what stays owed, and what left the fund: three numbers that must be one. */
export interface Reconciliation {
  /** Σ of what is posted, 1e-8 USDC in decimal digits. */
  readonly ledger: string;
  readonly tree: string;
  readonly fundDebit: string;
  /** Money created or lost in the whole state: "0". */
  readonly residual: string;
  readonly holds: boolean;
}

/** The whole payout on a copy of the state, which is thrown away: what would come of it, before anything is touched. */
export function rehearse(
  state: State,
  plan: PayoutPlan,
  sums: { readonly treeTotal: bigint; readonly owed: bigint },
): Reconciliation {
  const shadow = copyState(state);
  const timeMs = shadow.venue.f64[shadow.venue.rowFloats + VENUE.TIME_MS] as number;
  const before = readLedger(shadow, plan);
  const fund = fundOf(shadow);
  const commands = new CommandBuffer(plan.payments.length + plan.reversals.length + 1);
  writeTransfers(plan, timeMs, commands);
  applyCommands(shadow, commands.i32, commands.f64, commands.rows);
  commands.clear();
  writePosts(shadow, plan.payments, timeMs, commands);
  applyCommands(shadow, commands.i32, commands.f64, commands.rows);
  return reconcile(shadow, plan, { ...sums, fundDebit: debitOf(plan, fund, before, shadow) });
}

/** What left the fund for a plan: what its balance lost, less what was given it back, with what had left it before. */
export function debitOf(plan: PayoutPlan, fundBefore: bigint, before: Ledger, state: State): bigint {
  const returned = readLedger(state, plan).reversedTotal - before.reversedTotal;
  return fundBefore - fundOf(state) + returned + before.pendingTotal + before.postedTotal;
}

/** Balance of the insurance fund. */
export function fundOf({ account }: State): bigint {
  return wide(account.f64, INSURANCE_FUND * account.rowFloats + ACCOUNT.BALANCE_HIGH);
}

const LIMB = 1n << 50n;

/** `fundDebit` is what left the fund for this plan; `treeTotal` and `owed` are the sums over all receipts. */
export function reconcile(
  state: State,
  plan: PayoutPlan,
  { treeTotal, owed, fundDebit }: { readonly treeTotal: bigint; readonly owed: bigint; readonly fundDebit: bigint },
): Reconciliation {
  const { postedTotal, pendingTotal } = readLedger(state, plan);
  const { high, low } = conservationResidual(state);
  const residual = BigInt(high) * LIMB + BigInt(low);
  const tree = treeTotal - owed;
  // While something is set aside the fund has paid for that too.
  const holds = postedTotal + pendingTotal === fundDebit && tree === plan.total && residual === 0n;
  const isWhole = pendingTotal > 0n || postedTotal === tree;
  return {
    ledger: String(postedTotal),
    tree: String(tree),
    fundDebit: String(fundDebit),
    residual: String(residual),
    holds: holds && isWhole,
  };
}
