/** The digests of the chain as Node.js computes them. */
import { hash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { type Checksum, DIGEST_BYTES, type Hash } from '../chain/digest.ts';

/** SHA-256. Through a text of one character a byte, which is a quarter faster than through a `Buffer` for a page of 4 KiB. */
export const sha256: Hash = (bytes) => {
  const text = hash('sha256', bytes, 'binary');
  const digest = new Uint8Array(DIGEST_BYTES);
  for (let at = 0; at < DIGEST_BYTES; at++) digest[at] = text.charCodeAt(at);
  return digest;
};

/** CRC-32. */
export const crc32: Checksum = (bytes) => zlibCrc32(bytes);
