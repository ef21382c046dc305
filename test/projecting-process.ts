// A process that projects a journal into a database and says how far it is: `projecting-process.ts FOLDER URL`.
import { writeSync } from 'node:fs';
import { catchUp } from '../src/store/follow-journal.ts';
import { openPostgres } from '../src/store/postgres-database.ts';

const [folder = '', url = ''] = process.argv.slice(2);
const database = await openPostgres(url);
await catchUp({
  folder,
  database,
  stateBlocks: 4,
  transactionBlocks: 2,
  onWritten: ({ blocks }) => void (blocks > 0 && writeSync(1, `${blocks}\n`)),
});
await database.close();
