/** The birth certificate of a process: what it began with. Whatever it says can be traced to it; what has none is an error, not a zero. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Block, blockHash } from '../chain/block.ts';
import { toHex } from '../chain/digest.ts';
import { sha256 } from '../journal/node-digest.ts';

export interface BirthCertificate {
  readonly id: string;
  /** Identity of the history. */
  readonly exchange: string;
  /** Where it runs: machine and data folder. */
  readonly seat: string;
  readonly process: number;
  readonly bornMs: number;
  /** The sealed block that its state was recovered to, its hash, and the root of the state. */
  readonly height: number;
  readonly blockHash: string;
  readonly stateRoot: string;
  readonly fork: number;
  readonly rulesHash: string;
  readonly release: number;
}

/** The certificate of this process, born at `bornMs` with the state behind the commands of `block`. */
export function birthOf(exchange: string, dataDir: string, block: Block, bornMs: number): BirthCertificate {
  return {
    id: randomUUID(),
    exchange,
    seat: seatOf(dataDir),
    process: process.pid,
    bornMs,
    height: block.height,
    blockHash: toHex(blockHash(block, sha256)),
    stateRoot: toHex(block.stateRoot),
    fork: block.fork,
    rulesHash: toHex(block.rulesHash),
    release: block.release,
  };
}

/** The seat of a process that holds the lock of a data folder (its real path): no two live ones have the same. */
export function seatOf(dataDir: string): string {
  return `${hostname()}:${dataDir}`;
}
