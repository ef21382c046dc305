/** Ed25519 (RFC 8032) over content hashes: deterministic, verified strictly: one encoding, no key of small order. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex, toHex } from '../../chain/digest.ts';

export const SEED_BYTES = 32;

/** The public key of a seed of 32 bytes, as hexadecimal digits. */
export function publicKeyOf(seed: Uint8Array): string {
  return toHex(ed25519.getPublicKey(seed));
}

/** The signature of a content hash by the key of a seed, as hexadecimal digits. */
export function signHash(hash: string, seed: Uint8Array): string {
  return toHex(ed25519.sign(fromHex(hash), seed));
}

/** True when the key signed the content hash. All three are hexadecimal digits of their length. */
export function isSignedBy(key: string, hash: string, signature: string): boolean {
  return ed25519.verify(fromHex(signature), fromHex(hash), fromHex(key), { zip215: false });
}

/** True for the one encoding of a point of the prime-order group: what a public key is. */
export function isPublicKey(key: string): boolean {
  try {
    const point = ed25519.Point.fromBytes(fromHex(key), false);
    return !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    return false;
  }
}
