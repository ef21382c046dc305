/**
 * Receipts: a claim with all that is needed to verify it offline. The public has the roots; the receipt has the account, the salt that
 * hides it among the others, the numbers of its own equation, the policy, and its ways to both roots.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { fromHex, type Hash, joinBytes, toHex } from '../chain/digest.ts';
import { utf8 } from '../engine/command-buffer.ts';
import { canonicalBytes, type Json } from './canonical-json.ts';
import { type PolicyDocument, policyHash } from './policy-document.ts';
import { type RefundLeaf, RefundTree } from './refund-tree.ts';
import type { InterestSpan } from './statement-amounts.ts';
import type { Statement } from './statement.ts';
import { type SumLeaf, type SumStep, SumTree } from './sum-tree.ts';

export const RECEIPT_FORMAT = 'makewhole-receipt/1';
export const ROOTS_FORMAT = 'makewhole-roots/1';

/** What is published: it names the incident and binds every receipt. */
export interface PublicRoots {
  readonly format: typeof ROOTS_FORMAT;
  /** Hash of the case and of the policy document, hexadecimal. */
  readonly incident: string;
  readonly policy: string;
  /** 1, and one more for each time that all was computed again. */
  readonly round: number;
  readonly interest: InterestSpan;
  readonly refundRoot: string;
  /** Total of all refunds, 1e-8 USDC, decimal digits; and the root of the sum tree. */
  readonly total: string;
  readonly sumRoot: string;
  /** One leaf for each account assessed: those of the block at which the incident began, and those opened since. */
  readonly leaves: number;
}

interface SumPathStep {
  readonly isLeft: boolean;
  readonly sum: string;
  readonly hash: string;
}

export interface Receipt {
  readonly format: typeof RECEIPT_FORMAT;
  readonly roots: PublicRoots;
  readonly policy: PolicyDocument;
  readonly statement: Statement;
  /** 32 bytes, hexadecimal: known to this receipt alone. */
  readonly salt: string;
  readonly index: number;
  readonly proof: readonly string[];
  readonly sumPath: readonly SumPathStep[];
}

const COMMITMENT_PREFIX = utf8('makewhole account\n');

/** Commitment to an account: SHA-256 of a prefix, its salt and its public identity. */
export function commitmentOf(salt: Uint8Array, key: Uint8Array, hash: Hash = sha256): Uint8Array {
  return hash(joinBytes([COMMITMENT_PREFIX, salt, key]));
}

/** SHA-256 of the canonical text of a statement. */
function detailHash(statement: Statement, hash: Hash): Uint8Array {
  return hash(canonicalBytes(statement as unknown as Json));
}

/** The salt of an account: SHA-256 of the incident's secret and the account, so that it needs not be kept. */
export function saltOf(secret: Uint8Array, account: number, hash: Hash = sha256): Uint8Array {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, account);
  return hash(joinBytes([secret, number]));
}

/** The refund leaf of a statement. */
export function leafOf(
  incident: Uint8Array,
  index: number,
  salt: Uint8Array,
  statement: Statement,
  hash: Hash = sha256,
): RefundLeaf {
  return {
    incident,
    index,
    commitment: commitmentOf(salt, fromHex(statement.key), hash),
    amount: BigInt(statement.refund),
    detail: detailHash(statement, hash),
  };
}

/** The leaf of the sum tree; its salt is another one, so that the two trees cannot be matched. */
export function sumLeafOf(salt: Uint8Array, { refund, key }: Statement, hash: Hash = sha256): SumLeaf {
  const own = hash(salt);
  return { amount: BigInt(refund), salt: own, commitment: commitmentOf(own, fromHex(key), hash) };
}

/** A leaf of nothing, which nobody can tell from an account's that is paid nothing. */
function paddingLeaf(secret: Uint8Array, number: number, hash: Hash): SumLeaf {
  const salt = hash(joinBytes([saltOf(secret, number, hash), utf8('makewhole padding\n')]));
  return { amount: 0n, salt, commitment: hash(salt) };
}

/** What receipts are made with; `secret` is 32 bytes that are never published, and without which no salt can be found. */
export interface ReceiptOptions {
  /** Hash of the case. */
  readonly incident: Uint8Array;
  readonly policy: PolicyDocument;
  readonly round: number;
  readonly interest: InterestSpan;
  readonly secret: Uint8Array;
  /** SHA-256; a faster one than the pure half has, where there is one. */
  readonly hash?: Hash;
}

export interface Receipts {
  readonly roots: PublicRoots;
  /** One for every statement, in their order. */
  readonly receipts: readonly Receipt[];
}

/**
 * Makes both trees and a receipt for every statement. The sum tree is filled up with leaves of nothing to a power of two that leaves
 * room for at least one, and its leaves stand in an order that the salts decide, so that neighbours say nothing. Refuses (throws) no
 * statements, and a secret that is not 32 bytes.
 */
export function makeReceipts(options: ReceiptOptions, statements: readonly Statement[]): Receipts {
  const { incident, policy, secret, hash = sha256 } = options;
  if (secret.length !== 32) throw new RangeError(`the secret has ${secret.length} bytes, not 32`);
  const salts = statements.map(({ account }) => saltOf(secret, account, hash));
  const saltAt = (place: number): Uint8Array => salts[place] as Uint8Array;
  const tree = new RefundTree(
    statements.map((statement, place) => leafOf(incident, place, saltAt(place), statement, hash)),
  );
  const { sumTree, placeOf } = makeSumTree(
    statements.map((statement, place) => sumLeafOf(saltAt(place), statement, hash)),
    secret,
    hash,
  );
  const { round, interest } = options;
  const roots: PublicRoots = {
    format: ROOTS_FORMAT,
    incident: toHex(incident),
    policy: toHex(policyHash(policy)),
    round,
    interest,
    refundRoot: toHex(tree.root),
    total: String(sumTree.root.sum),
    sumRoot: toHex(sumTree.root.hash),
    leaves: statements.length,
  };
  const texts = new Texts();
  const receipts = statements.map(
    (statement, place): Receipt => ({
      format: RECEIPT_FORMAT,
      roots,
      policy,
      statement,
      salt: toHex(saltAt(place)),
      index: place,
      proof: tree.proof(place).map((sibling) => texts.hex(sibling)),
      sumPath: sumTree.path(placeOf[place] as number).map((step) => texts.step(step)),
    }),
  );
  return { roots, receipts };
}

/** The texts of nodes that many receipts share: written once each. */
class Texts {
  private readonly hexes = new Map<Uint8Array, string>();
  private readonly steps = new Map<Uint8Array, SumPathStep>();

  hex(bytes: Uint8Array): string {
    const known = this.hexes.get(bytes);
    if (known !== undefined) return known;
    const text = toHex(bytes);
    this.hexes.set(bytes, text);
    return text;
  }

  step({ isLeft, sum, hash }: SumStep): SumPathStep {
    const known = this.steps.get(hash);
    if (known !== undefined) return known;
    const step = { isLeft, sum: String(sum), hash: toHex(hash) };
    this.steps.set(hash, step);
    return step;
  }
}

/** The sum tree of these leaves, filled up and shuffled, and where each of them stands in it. */
function makeSumTree(
  own: readonly SumLeaf[],
  secret: Uint8Array,
  hash: Hash,
): { readonly sumTree: SumTree; readonly placeOf: readonly number[] } {
  let size = 1;
  while (size <= own.length) size *= 2;
  const leaves = [...own];
  while (leaves.length < size) leaves.push(paddingLeaf(secret, leaves.length, hash));
  const shuffled = leaves.map((leaf, place) => ({ leaf, place, key: toHex(leaf.commitment) }));
  shuffled.sort((a, b) => (a.key < b.key ? -1 : 1));
  const placeOf: number[] = [];
  shuffled.forEach(({ place }, at) => {
    placeOf[place] = at;
  });
  return { sumTree: new SumTree(shuffled.map(({ leaf }) => leaf)), placeOf };
}
