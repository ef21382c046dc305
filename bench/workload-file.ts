/** Workloads as files: writing one for another engine, and reading one that another program wrote. */
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { ReferenceBooks } from './reference-books.ts';
import { FIELD, HEADER_WORDS, IOC_SHIFT, KIND, MAGIC, RECORD_WORDS, SIDE_SHIFT, VERSION } from './workload.ts';
import type { Workload } from './workload.ts';

/** A file that is no workload, or one that the benchmark cannot run; names the record. */
export class WorkloadError extends Error {
  readonly code = 'workload_invalid';

  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.name = 'WorkloadError';
  }
}

const MOST_MARKETS = 4096;
const MOST_ACCOUNTS = 4_000_000;
const LAST_PRICE = (1 << 17) - 2;

export function writeWorkload(path: string, { words }: Workload): void {
  writeFileSync(path, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
}

/** Reads a workload and checks every record; what a correct matcher finds in it is counted with the reference's books. */
export function readWorkload(path: string): Workload {
  const words = readWords(path);
  if (words[0] !== MAGIC[0] || words[1] !== MAGIC[1] || words[2] !== VERSION) {
    throw new WorkloadError(path, 'no workload: its header is not that of version 1');
  }
  const operations = (words.length - HEADER_WORDS) / RECORD_WORDS;
  if (words[3] !== operations) {
    throw new WorkloadError(path, `its header announces ${words[3]} records and its length holds ${operations}`);
  }
  const { markets, accounts, orders } = extent(path, words);
  const { trades, volume } = count(path, words, new ReferenceBooks(markets, orders));
  return { words, operations, markets, accounts, orders, trades, volume };
}

function readWords(path: string): Int32Array {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size < HEADER_WORDS * 4 || size % 4 !== 0) throw new WorkloadError(path, `no workload: ${size} bytes`);
    const words = new Int32Array(size / 4);
    const bytes = new Uint8Array(words.buffer);
    for (let at = 0; at < size; ) {
      const got = readSync(file, bytes, at, Math.min(size - at, 1 << 26), at);
      if (got === 0) throw new WorkloadError(path, `it ends at byte ${at} of ${size}`);
      at += got;
    }
    return words;
  } finally {
    closeSync(file);
  }
}

/** Checks the fields of each record alone and returns how many markets, accounts and orders there are. */
function extent(path: string, words: Int32Array): { markets: number; accounts: number; orders: number } {
  let markets = 0;
  let accounts = 0;
  let orders = 0;
  const operations = (words.length - HEADER_WORDS) / RECORD_WORDS;
  for (let n = 0, at = HEADER_WORDS; n < operations; n++, at += RECORD_WORDS) {
    const word = (field: number): number => words[at + field] as number;
    const head = word(FIELD.KIND);
    const isHead = (head & 255) <= KIND.MODIFY && (head & ~0x10103) === 0;
    const price = word(FIELD.PRICE);
    const order = word(FIELD.ORDER);
    const isWhole = words[at + 3] === 0 && words[at + 5] === 0 && words[at + 7] === 0;
    if (!isHead || !isWhole) throw new WorkloadError(path, `record ${n}: no operation of this format`);
    if (!(word(FIELD.SIZE) > 0)) throw new WorkloadError(path, `record ${n}: size ${word(FIELD.SIZE)}`);
    if (!(price > 0 && price <= LAST_PRICE)) throw new WorkloadError(path, `record ${n}: price ${price}`);
    if (!(order > 0 && order <= operations)) throw new WorkloadError(path, `record ${n}: order ${order}`);
    markets = Math.max(markets, (word(FIELD.MARKET) >>> 0) + 1);
    accounts = Math.max(accounts, (word(FIELD.ACCOUNT) >>> 0) + 1);
    orders = Math.max(orders, order);
  }
  if (markets > MOST_MARKETS) throw new WorkloadError(path, `${markets} markets, at most ${MOST_MARKETS}`);
  if (accounts > MOST_ACCOUNTS) throw new WorkloadError(path, `${accounts} accounts, at most ${MOST_ACCOUNTS}`);
  return { markets, accounts, orders };
}

function count(path: string, words: Int32Array, books: ReferenceBooks): ReferenceBooks {
  for (let at = HEADER_WORDS, n = 0; at < words.length; at += RECORD_WORDS, n++) {
    const word = (field: number): number => words[at + field] as number;
    const kind = word(FIELD.KIND) & 255;
    const order = word(FIELD.ORDER);
    if (kind === KIND.NEW ? books.isLive(order) : !books.isLive(order)) {
      const problem = kind === KIND.NEW ? 'lives already' : 'does not live';
      throw new WorkloadError(path, `record ${n}: order ${order} ${problem}`);
    }
    const market = word(FIELD.MARKET);
    const side = (word(FIELD.KIND) >> SIDE_SHIFT) & 1;
    if (kind !== KIND.NEW && (books.market[order] !== market || books.side[order] !== side)) {
      throw new WorkloadError(path, `record ${n}: order ${order} is not in market ${market} on side ${side}`);
    }
    if (kind !== KIND.NEW) books.remove(order);
    if (kind === KIND.CANCEL) continue;
    const ioc = word(FIELD.KIND) >> IOC_SHIFT;
    books.submit(order, market, side, word(FIELD.PRICE), word(FIELD.SIZE), ioc);
  }
  return books;
}
