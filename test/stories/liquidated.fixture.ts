// A venue with a guard, people who act, and a liquidation, with its history in files.
import assert from 'node:assert/strict';
import { away, FAIR, MINUTE, PAXG, PaxgVenue } from '../../src/exchange/paxg.fixture.ts';
import { actOf, ANN, BEN, GIL, GUS, ROSTER, signed } from '../../src/guard/authority/act.fixture.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import type { Journal } from '../../src/journal/journal.ts';

/** The same history in files. */
function writeTo(path: string, from: Journal): void {
  const { journal } = openFileJournal(path);
  for (const entry of from.entries()) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.warrants !== undefined) journal.appendWarrants(entry.warrants);
    else if (entry.holds !== undefined) journal.appendHolds(entry.holds);
    else if (entry.acts !== undefined) journal.appendActs(entry.acts);
    else journal.append(entry);
  }
  journal.close();
}

/** Makes it, and writes its journal into a folder. */
export function liquidatedVenue(folder: string): PaxgVenue {
  const venue = new PaxgVenue({ isGuarded: true, hasLadder: true });
  const { timeMs, journal } = venue;
  const place = { venue: null, fork: journal.fork, notBeforeMs: timeMs - 1, expiryMs: timeMs + MINUTE };
  const enrol = signed(actOf({ kind: 'enrol', keys: ROSTER }, place), ANN, BEN, GUS, GIL);
  assert.ok(venue.exchange.act(enrol, timeMs).accepted);
  // A price that no other source says is held at the door.
  venue.submit((buffer, atMs) => buffer.oraclePrice(atMs, PAXG, 0, 2 * FAIR * 1000, atMs));
  for (const ppm of [0, 0, -16_000, -16_000, -16_000, -16_000]) {
    venue.fair = away(ppm, FAIR);
    venue.tick((buffer, timeMs) => venue.quote(buffer, timeMs));
  }
  venue.exchange.finish();
  writeTo(folder, venue.journal);
  return venue;
}
