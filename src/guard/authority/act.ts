/**
 * An act: what people decide about the exchange, as content that is signed. Its canonical bytes are one line of JSON in ASCII, keys in
 * the order of this file; its content hash is what each key signs. What is in it is plain: commands as a person reads them, without a
 * time, which the exchange gives them when the act is carried out.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { OrderPolicy } from '../../chain/certificate.ts';
import { readCommand, writeCommand } from '../../chain/command-record.ts';
import type { CommandRecord, FieldValue } from '../../chain/command-value.ts';
import { toHex } from '../../chain/digest.ts';
import { utf8 } from '../../engine/command-buffer.ts';
import { STATUS } from '../../engine/status.ts';
import type { Component } from '../finding.ts';

/** Operators run the venue; the keys of the guard alone change its limits. A key has one role. */
export const ROLES = ['operator', 'guard'] as const;
export type Role = (typeof ROLES)[number];

export interface EnrolledKey {
  /** Ed25519 public key, 64 lower-case hexadecimal digits. */
  readonly key: string;
  readonly role: Role;
}

/** Kinds of commands that an act may hold; with a roster none of them is taken otherwise. */
export const ADMINISTRATIVE_KINDS = [
  'setStatus',
  'setRule',
  'setMarketParameter',
  'defineMarket',
  'cancelForFork',
  'carryWithdrawal',
  'reverseCredit',
  'reserveRefund',
  'postRefund',
  'voidRefund',
] as const;
type AdministrativeKind = (typeof ADMINISTRATIVE_KINDS)[number];

/** A readable command (`chain/command-record.ts`) without its time. */
export interface ActCommand {
  readonly kind: AdministrativeKind;
  readonly [field: string]: FieldValue;
}

/** Allows a rollback: to which block, of which branch, by which rules. It is carried out on a stopped exchange, and stands in its certificate. */
interface RollbackContent {
  readonly kind: 'rollback';
  /** Height of the block that is restored, and hash of the last block of the branch that ends: 64 hexadecimal digits. */
  readonly restores: number;
  readonly deadHead: string;
  /** Hash of the incident's case, where there is one. */
  readonly incident: string | null;
  readonly orderPolicy: OrderPolicy;
}

/**
 * Allows a payout: exactly the transfers with this hash (`refund-plan.ts`), until the act expires. The other numbers are what people
 * read before they sign; the exchange holds them to the transfers.
 */
export interface RefundApproval {
  readonly kind: 'approveRefunds';
  /** Hash of the incident's case, its round, and the hash of all that was shown. */
  readonly incident: string;
  readonly round: number;
  readonly content: string;
  /** Hash of all transfers; refunds among them, their total and the largest, 1e-8 USDC in decimal digits. */
  readonly plan: string;
  readonly payments: number;
  readonly total: string;
  readonly largest: string;
  /** Credits that are taken back, and their total. */
  readonly reversals: number;
  readonly reversed: string;
}

export type ActContent =
  | { readonly kind: 'commands'; readonly commands: readonly ActCommand[] }
  /** Ends a quarantine. */
  | { readonly kind: 'lift'; readonly component: Component }
  /** Opens a market, or the venue: the exchange leads it up the ladder of reopening. */
  | { readonly kind: 'reopen'; readonly component: Component }
  /** Announces a later act by its content hash. */
  | { readonly kind: 'announce'; readonly hash: string }
  | RollbackContent
  | RefundApproval
  /** Takes the approval of a payout back: what is not posted yet is not posted under it. */
  | { readonly kind: 'revokeRefunds'; readonly incident: string; readonly round: number }
  | { readonly kind: 'enrol'; readonly keys: readonly EnrolledKey[] }
  | { readonly kind: 'retire'; readonly key: string };

export interface Act {
  /** The exchange for which it is meant: the content hash of its first act, the enrolment; null in that one itself. */
  readonly venue: string | null;
  /** Branch of history for which it is meant. */
  readonly fork: number;
  /** 32 hexadecimal digits; an exchange takes each once. */
  readonly nonce: string;
  /** It may be carried out from here on, and up to here, in the exchange's time. */
  readonly notBeforeMs: number;
  readonly expiryMs: number;
  readonly reason: string;
  readonly what: ActContent;
}

/** The canonical line of an act, without a line feed. */
export function canonicalAct(act: Act): string {
  const { venue, fork, nonce, notBeforeMs, expiryMs, reason } = act;
  return asciiJson({ venue, fork, nonce, notBeforeMs, expiryMs, reason, what: orderedContent(act.what) });
}

const HASH_DOMAIN = 'makewhole act 2\n';

/** The content hash: SHA-256 of the canonical line behind a prefix that nothing else has. 64 hexadecimal digits. */
export function actHash(act: Act): string {
  return toHex(sha256(utf8(HASH_DOMAIN + canonicalAct(act))));
}

/** JSON in ASCII on one line: what is beyond is escaped, so that a character is a byte. */
export function asciiJson(value: object): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function orderedContent(what: ActContent): ActContent {
  switch (what.kind) {
    case 'commands':
      return { kind: what.kind, commands: what.commands.map(orderedCommand) };
    case 'lift':
    case 'reopen':
      return { kind: what.kind, component: orderedComponent(what.component) };
    case 'announce':
      return { kind: what.kind, hash: what.hash };
    case 'rollback': {
      const { kind, restores, deadHead, incident, orderPolicy } = what;
      return { kind, restores, deadHead, incident, orderPolicy };
    }
    case 'approveRefunds': {
      const { kind, incident, round, content, plan, payments, total, largest, reversals, reversed } = what;
      return { kind, incident, round, content, plan, payments, total, largest, reversals, reversed };
    }
    case 'revokeRefunds':
      return { kind: what.kind, incident: what.incident, round: what.round };
    case 'enrol':
      return { kind: what.kind, keys: what.keys.map(({ key, role }) => ({ key, role })) };
    case 'retire':
      return { kind: what.kind, key: what.key };
  }
}

function orderedComponent(component: Component): Component {
  if (component.kind === 'venue') return { kind: 'venue' };
  if (component.kind === 'market') return { kind: 'market', market: component.market };
  return { kind: 'account', account: component.account };
}

/** The command with its fields in the order of its columns. Refuses (throws `BadCommandRecord`) what is no command. */
export function orderedCommand(command: ActCommand): ActCommand {
  const { timeMs: _, ...fields } = readCommand(commandBytes(command, 0));
  return fields as ActCommand;
}

/** The rows of the command at a time. Refuses (throws `BadCommandRecord`) what is no command. */
function commandBytes(command: ActCommand, timeMs: number): Uint8Array {
  return writeCommand({ ...command, timeMs } as CommandRecord);
}

/** The commands that an act makes, without their time. */
function commandsOf(what: ActContent): readonly ActCommand[] {
  if (what.kind === 'commands') return what.commands;
  if (what.kind !== 'reopen') return [];
  const market = what.component.kind === 'market' ? what.component.market : 0;
  return [{ kind: 'setStatus', market, status: STATUS.OK, paused: 0 }];
}

/** The rows of all commands that an act makes when it is carried out at a time; none when it makes no commands. */
export function actBytes({ what }: Act, timeMs: number): Uint8Array {
  const parts = commandsOf(what).map((command) => commandBytes(command, timeMs));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
