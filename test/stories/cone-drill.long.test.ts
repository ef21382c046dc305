// The restart race of the drill, small: the cone from the indexes that were lost is what the full replay finds, claim by claim.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { Happened, runCascade } from '../../src/sim/drill/cascade.ts';
import { drillDay } from '../../src/sim/drill/drill-day.ts';
import { measureRace } from '../../src/sim/drill/incident.ts';
import { toMaintenance } from '../../src/sim/drill/paradex.ts';
import { checkBoth, EVERYTHING, ran, runnerOf } from './cone-both.fixture.ts';

/** Half past three: the night is short. */
const OPENS_MS = 3.5 * 3_600_000;

for (const [markets, isWide] of [
  [undefined, true],
  [['PENDLE-USD-PERP'], false],
] as const) {
  test(`the race, ${markets?.join() ?? 'seven markets'}: by cone and by full replay the same is due to everybody`, () => {
    const journal = new MemoryJournal();
    const lost = markets === undefined ? {} : { markets };
    const options = { day: drillDay(1), seed: 1, accounts: 900, journal, told: {}, opensMs: OPENS_MS, ...lost };
    const happened = new Happened();
    const closed = toMaintenance(options, false, happened.told);
    runCascade(options, closed, happened);
    const { incident } = measureRace(options, closed);
    const { method } = checkBoth(journal, incident, runnerOf(journal, EVERYTHING));
    assert.ok(isWide || method.executed * 4 < method.commands);
    // By default what is nearly everything is left to the full replay, by name.
    const { beyond } = ran(runnerOf(journal, 500_000).run(incident)).method;
    if (isWide) assert.match(beyond ?? '', /^\d+ markets, \d+ of \d+ commands$/);
    else assert.equal(beyond, null);
  });
}
