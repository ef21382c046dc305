/** A process that pays an approved payout in small steps, saying how far it is: for tests that kill it. */
import { writeSync } from 'node:fs';
import { openFileJournal } from '../journal/file-journal.ts';
import { pay } from './pay.ts';
import { approvalBy, claimOf, fillVenue, FIRST, openedVenue, prepared } from './payout.fixture.ts';

const TRADERS = 120;
const { journal } = openFileJournal(process.argv[2] as string, { segmentBytes: 1 << 14 });
const venue = openedVenue(journal);
if (venue.exchange.sequence === 0) fillVenue(venue, TRADERS, 20_000);
const case_ = prepared(Array.from({ length: TRADERS }, (_, n) => claimOf(FIRST + n, BigInt(n) * 37_000_000n)));
// A nonce of its own in each life, as when people sign again.
const approval = approvalBy(case_, undefined, { nonce: process.pid.toString(16).padStart(32, '0') });
const isStopped = (): boolean => {
  writeSync(1, 'step\n');
  return false;
};
const result = pay({ exchange: venue.exchange, ...case_, approval, nowMs: 20, batch: 3, isStopped });
writeSync(1, result.paid ? 'paid\n' : `${result.finding.name} ${result.finding.about}\n`);
venue.exchange.finish();
journal.close();
