/**
 * Receipts: a claim with all that is needed to verify it offline. The public has the roots; the receipt has the account, the salt that
 * hides it among the others, the numbers of its own equation, and its ways to both roots.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { fromHex, toHex } from '../chain/digest.ts';
import { utf8 } from '../engine/command-buffer.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import type { PolicyName } from './refund-policy.ts';
import { type RefundLeaf, RefundTree } from './refund-tree.ts';
import { type SumLeaf, type SumNode, SumTree } from './sum-tree.ts';

export const RECEIPT_FORMAT = 'makewhole-receipt/1';

/** What is published: it names the incident and binds every receipt. */
export interface PublicRoots {
  /** SHA-256 of the dossier, hexadecimal. */
  readonly incident: string;
  readonly refundRoot: string;
  /** Total of all refunds, 1e-8 USDC, decimal digits; and the root of the sum tree. */
  readonly total: string;
  readonly sumRoot: string;
  /** One leaf for each account of the block at which the incident began. */
  readonly leaves: number;
}

/** The numbers of one account's equation: amounts are 1e-8 USDC in decimal digits. */
export interface Statement {
  readonly account: number;
  /** Public identity, 32 bytes hexadecimal. */
  readonly key: string;
  readonly actual: string;
  readonly other: string;
  readonly difference: string;
  readonly equityBefore: string;
  readonly equityAfter: string;
  readonly policy: PolicyName;
  /** What the policy gives, what is paid now, and what is still owed where the fund was too small. */
  readonly refund: string;
  readonly paid: string;
  readonly owed: string;
  readonly reason: string;
  /** Parts of the difference; they sum to it. */
  readonly causes: readonly { readonly cause: string; readonly amount: string }[];
}

export interface Receipt {
  readonly format: typeof RECEIPT_FORMAT;
  readonly roots: PublicRoots;
  readonly statement: Statement;
  /** 32 bytes, hexadecimal: known to this receipt alone. */
  readonly salt: string;
  readonly index: number;
  readonly proof: readonly string[];
  readonly sumPath: readonly { readonly isLeft: boolean; readonly sum: string; readonly hash: string }[];
}

const COMMITMENT_PREFIX = utf8('makewhole account\n');

/** Commitment to an account: SHA-256 of a prefix, its salt and its public identity. */
function commitmentOf(salt: Uint8Array, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(COMMITMENT_PREFIX.length + salt.length + key.length);
  bytes.set(COMMITMENT_PREFIX);
  bytes.set(salt, COMMITMENT_PREFIX.length);
  bytes.set(key, COMMITMENT_PREFIX.length + salt.length);
  return sha256(bytes);
}

/** SHA-256 of the canonical text of a statement. */
function detailHash(statement: Statement): Uint8Array {
  return sha256(utf8(canonicalJson(statement as unknown as Json)));
}

/** The salt of an account: SHA-256 of the incident's secret and the account, so that it needs not be kept. */
function saltOf(secret: Uint8Array, account: number): Uint8Array {
  const bytes = new Uint8Array(secret.length + 4);
  bytes.set(secret);
  new DataView(bytes.buffer).setUint32(secret.length, account);
  return sha256(bytes);
}

export interface Receipts {
  readonly roots: PublicRoots;
  readonly receipts: readonly Receipt[];
}

/** The refund leaf of a statement. */
export function leafOf(incident: Uint8Array, index: number, salt: Uint8Array, statement: Statement): RefundLeaf {
  return {
    incident,
    index,
    commitment: commitmentOf(salt, fromHex(statement.key)),
    amount: BigInt(statement.refund),
    detail: detailHash(statement),
  };
}

/** The leaf of the sum tree; its salt is another one, so that the two trees cannot be matched. */
export function sumLeafOf(salt: Uint8Array, statement: Statement): SumLeaf {
  const own = sha256(salt);
  return { amount: BigInt(statement.refund), salt: own, commitment: commitmentOf(own, fromHex(statement.key)) };
}

/**
 * Makes both trees and a receipt for every statement, in their order. The sum tree's leaves stand in an order that the salts decide,
 * so that neighbours say nothing. Refuses (throws) none at all.
 */
export function makeReceipts(incident: Uint8Array, secret: Uint8Array, statements: readonly Statement[]): Receipts {
  const salts = statements.map(({ account }) => saltOf(secret, account));
  const tree = new RefundTree(
    statements.map((statement, index) => leafOf(incident, index, salts[index] as Uint8Array, statement)),
  );
  const sums = statements.map((statement, index) => sumLeafOf(salts[index] as Uint8Array, statement));
  const shuffled = sums.map((leaf, index) => ({ index, key: toHex(leaf.commitment) }));
  shuffled.sort((a, b) => (a.key < b.key ? -1 : 1));
  const sumTree = new SumTree(shuffled.map(({ index }) => sums[index] as SumLeaf));
  const places = new Map(shuffled.map(({ index }, place) => [index, place]));
  const roots = rootsOf(incident, tree, sumTree.root, statements.length);
  const receipts = statements.map((statement, index): Receipt => {
    return {
      format: RECEIPT_FORMAT,
      roots,
      statement,
      salt: toHex(salts[index] as Uint8Array),
      index,
      proof: tree.proof(index).map(toHex),
      sumPath: sumTree
        .path(places.get(index) as number)
        .map(({ isLeft, sum, hash }) => ({ isLeft, sum: String(sum), hash: toHex(hash) })),
    };
  });
  return { roots, receipts };
}

function rootsOf(incident: Uint8Array, tree: RefundTree, { sum, hash }: SumNode, leaves: number): PublicRoots {
  return { incident: toHex(incident), refundRoot: toHex(tree.root), total: String(sum), sumRoot: toHex(hash), leaves };
}
