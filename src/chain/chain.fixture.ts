/** A recorded chain for tests: a venue's batches and the blocks over them. */
import { BEFORE_GENESIS, BlockSealer, type ChainHead } from './block-sealer.ts';
import type { Hash } from './digest.ts';
import type { Entry } from './entry.ts';
import { DirectRoots } from './roots.ts';
import { batchOf, TestVenue } from './trading.fixture.ts';

export function sealerFrom(hash: Hash, head: ChainHead = BEFORE_GENESIS): BlockSealer {
  return new BlockSealer(hash, new DirectRoots(hash), head);
}

/**
 * The entries of a venue that opened and then traded: a block after every second batch, its entry `lag` batches late, and
 * one batch that no block covers at the end.
 */
export function recordChain(
  hash: Hash,
  seed: number,
  batches: number,
  lag = 0,
): { venue: TestVenue; entries: Entry[] } {
  const venue = new TestVenue(seed);
  const sealer = sealerFrom(hash);
  const entries: Entry[] = [batchOf(new Uint8Array(), 1, 0, true)];
  const late: Entry[][] = Array.from({ length: lag }, () => []);
  const seal = (): void => {
    const sealed: Entry[] = [];
    for (let block = sealer.poll(); block !== undefined; block = sealer.poll()) sealed.push({ kind: 'block', block });
    late.push(sealed);
    entries.push(...(late.shift() ?? []));
  };
  sealer.close(venue.state);
  seal();
  for (let n = 0; n < batches; n++) {
    const batch = n === 0 ? venue.open() : venue.trade(40);
    const closesBlock = n % 2 === 1;
    entries.push({ ...batch, closesBlock });
    sealer.add(batch.bytes, batch.commands);
    if (closesBlock) sealer.close(venue.state);
    seal();
  }
  entries.push(...late.flat(), venue.trade(40));
  return { venue, entries };
}
