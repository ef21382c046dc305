// Files of private keys: readable by their owner alone. A seed is never printed.
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { fromHex, toHex } from '../chain/digest.ts';
import { publicKeyOf, SEED_BYTES } from '../guard/authority/signature.ts';
import { CommandError } from './errors.ts';

export interface PrivateKey {
  /** Public key, hexadecimal digits. */
  readonly key: string;
  readonly seed: Uint8Array;
}

/** What a key file may be for others: nothing. */
const OF_OTHERS = 0o077;

/** Makes a new key from the system's chance. */
export function newKey(): PrivateKey {
  const seed = new Uint8Array(randomBytes(SEED_BYTES));
  return { key: publicKeyOf(seed), seed };
}

/** Writes a key to a new file with mode 0600. Refuses (`file_exists`) one that is there. */
export function writeKeyFile(file: string, { key, seed }: PrivateKey): void {
  const text = JSON.stringify({ kind: 'makewhole key', algorithm: 'Ed25519', key, seed: toHex(seed) }, null, 2);
  writeFileSync(file, `${text}\n`, { flag: 'wx', mode: 0o600 });
}

/** Reads a key file. Refuses (named) one that others may read, one that is no key file, and a seed that is not of its key. */
export function readKeyFile(file: string): PrivateKey {
  const fields = parsed(file, readOwn(file));
  const [key, digits] = [fields['key'], fields['seed']];
  const seed = typeof digits === 'string' && /^[0-9a-f]{64}$/.test(digits) ? fromHex(digits) : undefined;
  if (seed === undefined || typeof key !== 'string') throw new CommandError('not_a_key_file', `${file} holds no key`);
  if (publicKeyOf(seed) !== key) throw new CommandError('key_damaged', `${file}: its seed is not that of its key`);
  return { key, seed };
}

/** The text of the file; its mode is looked at on the open file, so that no other can take its place. */
function readOwn(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const { mode } = fstatSync(descriptor);
    if (process.platform !== 'win32' && (mode & OF_OTHERS) !== 0) {
      const found = (mode & 0o777).toString(8);
      throw new CommandError('key_readable_by_others', `${file} has mode ${found}; make it 600`);
    }
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function parsed(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    if (typeof value === 'object' && value?.['kind'] === 'makewhole key') return value;
  } catch {
    // Named below; the text is not quoted, since it may be most of a key.
  }
  throw new CommandError('not_a_key_file', `${file} holds no key`);
}
