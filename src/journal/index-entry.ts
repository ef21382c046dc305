/** Takes the entries of a walk into an index of blocks. */
import { decodeCertificate } from '../chain/certificate.ts';
import type { Entry } from '../chain/entry.ts';
import { HEADER_BYTES } from '../chain/entry-frame.ts';
import type { BlockIndex } from './block-index.ts';
import { JournalCorrupt } from './journal.ts';
import type { JournalWalk } from './journal-walk.ts';
import { segmentName } from './segment-files.ts';

/**
 * Takes in the entry that the walk gave last. Refuses (`JournalCorrupt`) a certificate that is none, that restores no block of the
 * journal, or that does not stand at the end of a whole branch.
 */
export function indexEntry(index: BlockIndex, { position }: JournalWalk, entry: Entry): void {
  if (entry.kind === 'block') return index.addBlock(entry.block);
  if (entry.certificate === undefined) return entry.closesBlock ? index.addEnd(position) : undefined;
  const restores = decodeCertificate(entry.certificate)?.restores.height;
  const restored = restores === undefined ? undefined : index.block(restores);
  const isWhole = index.openHeight === index.height + 1;
  if (restores === undefined || restored?.lastSequence !== position.sequence || !isWhole) {
    const offset = position.row * HEADER_BYTES - HEADER_BYTES - entry.certificate.length;
    const what = 'it is no certificate that ends a whole branch and restores a block of the journal';
    throw new JournalCorrupt(segmentName(position.segment), offset, what);
  }
  index.addRestore(restores, position);
}
