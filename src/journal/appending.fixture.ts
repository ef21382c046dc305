/** A process that appends for as long as it lives: after each sync it prints the last sequence that is durable. */
import { writeSync } from 'node:fs';
import { openFileJournal } from './file-journal.ts';
import { batchFrom, blockFrom } from './journal.fixture.ts';

const [folder, segmentBytes, seed] = process.argv.slice(2) as [string, string, string];
const { journal, tornTail } = openFileJournal(folder, { segmentBytes: Number(segmentBytes) });
writeSync(1, `opened ${journal.sequence} ${tornTail?.cutBytes ?? 0}\n`);
let parent = journal.block(journal.height);
for (let n = Number(seed); ; n++) {
  const rows = 1 + ((n * 37) % 400);
  const closesBlock = n % 3 === 0;
  journal.append(batchFrom(journal.sequence + 1, rows, closesBlock));
  // A block that was ended in an earlier life of this process is appended first.
  for (let end = endOf(); end !== undefined; end = endOf()) {
    parent = blockFrom(journal.height + 1, (parent?.lastSequence ?? 0) + 1, end, parent);
    journal.appendBlock(parent);
  }
  // In turn: durable before it goes on, and durable while the next batch is appended.
  if (n % 2 === 0) {
    journal.sync();
    writeSync(1, `${journal.sequence}\n`);
  } else {
    const { sequence } = journal;
    journal.beginSync();
    journal.append(batchFrom(sequence + 1, 5));
    journal.awaitSync();
    writeSync(1, `${sequence}\n`);
  }
}

/** Last sequence of the next block, if its end is in the journal. */
function endOf(): number | undefined {
  return journal.endOfBlock(journal.height + 1);
}
