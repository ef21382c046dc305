/**
 * The transfers of a payout: what an approval binds, to the last one. Each has an id that follows from what it is for, so that the same
 * one has the same id however often it is made; and all of them have one hash, which people sign.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { fromHex, joinBytes, toHex } from '../../chain/digest.ts';
import { commandRows } from '../../chain/command-record.ts';
import { COMMAND, COMMAND_BYTES, RESERVE_REFUND, REVERSE_CREDIT } from '../../engine/command.ts';
import { utf8 } from '../../engine/command-buffer.ts';

/** What a transfer is for: a refund out of the insurance fund, or a credit that is taken back to it. */
const TRANSFER_CAUSES = ['refund', 'reversal'] as const;
export type TransferCause = (typeof TRANSFER_CAUSES)[number];

export interface Transfer {
  readonly cause: TransferCause;
  readonly account: number;
  /** 1e-8 USDC. */
  readonly amount: bigint;
  /** 16 bytes. */
  readonly id: Uint8Array;
}

/** Which payout: the hash of the incident's case (64 hexadecimal digits), and its round. */
export interface PayoutName {
  readonly incident: string;
  readonly round: number;
}

/** First 128 bits of SHA-256("refund" ‖ incident ‖ round ‖ account ‖ cause); numbers are 32-bit big-endian, texts UTF-8. */
export function transferId({ incident, round }: PayoutName, account: number, cause: TransferCause): Uint8Array {
  const numbers = new Uint8Array(8);
  const view = new DataView(numbers.buffer);
  view.setUint32(0, round);
  view.setUint32(4, account);
  return sha256(joinBytes([utf8('refund'), fromHex(incident), numbers, utf8(cause)])).slice(0, 16);
}

const PLAN_DOMAIN = 'makewhole payout 1\n';
const TRANSFER_BYTES = 29;

/**
 * SHA-256 of a prefix that nothing else has and of each transfer in order: one byte of its cause (0 refund, 1 reversal), its id, its
 * account (32-bit) and its amount (64-bit), big-endian. 64 hexadecimal digits.
 */
export function planHash(transfers: readonly Transfer[]): string {
  const bytes = new Uint8Array(transfers.length * TRANSFER_BYTES);
  const view = new DataView(bytes.buffer);
  transfers.forEach(({ cause, id, account, amount }, place) => {
    const at = place * TRANSFER_BYTES;
    bytes[at] = TRANSFER_CAUSES.indexOf(cause);
    bytes.set(id, at + 1);
    view.setUint32(at + 17, account);
    view.setBigUint64(at + 21, amount);
  });
  return toHex(sha256(joinBytes([utf8(PLAN_DOMAIN), bytes])));
}

/** A transfer that commands make, and the row of its command. */
export interface CommandedTransfer extends Transfer {
  readonly row: number;
  readonly timeMs: number;
}

/** The transfers among commands, in order; undefined when an amount of one is no amount. */
export function transfersIn(
  bytes: Uint8Array,
  words: Int32Array,
  floats: Float64Array,
  rows: number,
): CommandedTransfer[] | undefined {
  const transfers: CommandedTransfer[] = [];
  for (let row = 0; row < rows; row += commandRows(words, row)) {
    const cause = CAUSES.get(words[row * 16] as number);
    if (cause === undefined) continue;
    const [ACCOUNT, AMOUNT, ID] = cause === 'refund' ? REFUND_COLUMNS : REVERSAL_COLUMNS;
    const amount = floats[row * 8 + AMOUNT] as number;
    if (!(Number.isSafeInteger(amount) && amount > 0)) return undefined;
    const at = row * COMMAND_BYTES + ID * 4;
    transfers.push({
      cause,
      account: words[row * 16 + ACCOUNT] as number,
      amount: BigInt(amount),
      id: bytes.slice(at, at + 16),
      row,
      timeMs: floats[row * 8 + 1] as number,
    });
  }
  return transfers;
}

const CAUSES: ReadonlyMap<number, TransferCause> = new Map([
  [COMMAND.reserveRefund, 'refund'],
  [COMMAND.reverseCredit, 'reversal'],
]);
const REFUND_COLUMNS = [RESERVE_REFUND.ACCOUNT, RESERVE_REFUND.AMOUNT, RESERVE_REFUND.ID] as const;
const REVERSAL_COLUMNS = [REVERSE_CREDIT.ACCOUNT, REVERSE_CREDIT.AMOUNT, REVERSE_CREDIT.ID] as const;
