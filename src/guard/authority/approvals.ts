/**
 * The payouts that acts approved: exactly the transfers whose hash people signed, all in one batch, then their ends one by one, each
 * while its approval is in force. A function of history: an act gives an approval or takes it back, nothing uses it up, since every id
 * is used once anyway.
 */
import { commandRows } from '../../chain/command-record.ts';
import { sameBytes } from '../../chain/digest.ts';
import { COMMAND, COMMAND_BYTES, POST_REFUND, VOID_REFUND } from '../../engine/command.ts';
import type { RefundApproval } from './act.ts';
import type { CommandRows } from './authority.ts';
import { type PayoutName, planHash, transferId, transfersIn } from './refund-plan.ts';

/** The account of a pending refund whose id stands at a word of commands; 0 when there is none. */
export type PendingRefund = (words: Int32Array, at: number) => number;

interface Approved extends RefundApproval {
  readonly expiryMs: number;
}

const NO_ROWS: ReadonlySet<number> = new Set();

export class Approvals {
  private readonly approved = new Map<string, Approved>();
  private readonly pendingRefund: PendingRefund;

  constructor(pendingRefund: PendingRefund) {
    this.pendingRefund = pendingRefund;
  }

  /** What was approved of a payout last, undefined when nothing was or it was taken back. */
  of(name: PayoutName): RefundApproval | undefined {
    return this.approved.get(keyOf(name));
  }

  /** An act was taken in that approves a payout until `expiryMs`. */
  approve(approval: RefundApproval, expiryMs: number): void {
    this.approved.set(keyOf(approval), { ...approval, expiryMs });
  }

  /** An act was taken in that takes an approval back. */
  revoke(name: PayoutName): void {
    this.approved.delete(keyOf(name));
  }

  /** First rows of the commands that an approval covers. */
  rowsOf(commands: CommandRows): ReadonlySet<number> {
    if (this.approved.size === 0) return NO_ROWS;
    return new Set([...this.transfersOf(commands), ...this.endsOf(commands)]);
  }

  /** All transfers among the commands where they are, together and in order, those of one approval; none where they are not. */
  private transfersOf({ bytes, words, floats, rows }: CommandRows): number[] {
    const transfers = transfersIn(bytes, words, floats, rows);
    if (transfers === undefined || transfers.length === 0) return [];
    const plan = planHash(transfers);
    const isCovered = [...this.approved.values()].some((approval) => {
      const inForce = transfers.every(({ timeMs }) => timeMs <= approval.expiryMs);
      return inForce && approval.plan === plan && isAsTold(approval, transfers);
    });
    return isCovered ? transfers.map(({ row }) => row) : [];
  }

  private endsOf({ bytes, words, floats, rows }: CommandRows): number[] {
    const covered: number[] = [];
    for (let row = 0; row < rows; row += commandRows(words, row)) {
      const column = END_COLUMNS.get(words[row * 16] as number);
      if (column === undefined) continue;
      const account = this.pendingRefund(words, row * 16 + column);
      if (account === 0) continue;
      const id = bytes.subarray(row * COMMAND_BYTES + column * 4, row * COMMAND_BYTES + column * 4 + 16);
      if (this.isInForce(account, id, floats[row * 8 + 1] as number)) covered.push(row);
    }
    return covered;
  }

  private isInForce(account: number, id: Uint8Array, timeMs: number): boolean {
    for (const approval of this.approved.values()) {
      if (timeMs <= approval.expiryMs && sameBytes(transferId(approval, account, 'refund'), id)) return true;
    }
    return false;
  }
}

/** Where the id stands in the commands that end a refund. */
const END_COLUMNS: ReadonlyMap<number, number> = new Map([
  [COMMAND.postRefund, POST_REFUND.ID],
  [COMMAND.voidRefund, VOID_REFUND.ID],
]);

function keyOf({ incident, round }: PayoutName): string {
  return `${incident}/${round}`;
}

/** The numbers that people read before they signed are those of the transfers, and each id is that of its account. */
function isAsTold(
  approval: RefundApproval,
  transfers: readonly { cause: string; account: number; amount: bigint; id: Uint8Array }[],
): boolean {
  const of = (cause: string) => transfers.filter((each) => each.cause === cause);
  const [refunds, reversals] = [of('refund'), of('reversal')];
  const sum = (amounts: readonly { amount: bigint }[]) => amounts.reduce((total, { amount }) => total + amount, 0n);
  const largest = refunds.reduce((most, { amount }) => (amount > most ? amount : most), 0n);
  return (
    refunds.length === approval.payments &&
    reversals.length === approval.reversals &&
    String(sum(refunds)) === approval.total &&
    String(largest) === approval.largest &&
    String(sum(reversals)) === approval.reversed &&
    refunds.every(({ account, id }) => sameBytes(transferId(approval, account, 'refund'), id)) &&
    reversals.every(({ account, id }) => sameBytes(transferId(approval, account, 'reversal'), id))
  );
}
