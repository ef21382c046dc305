// The drills, small: what happened on 19 January 2026 without the guard and with it, and what happened to other venues.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { drillDay } from '../../src/sim/drill/drill-day.ts';
import { PARADEX, runDrill, SCENARIOS } from '../../src/sim/drill/drill.ts';
import { markets } from '../../src/sim/drill/restart-race.ts';
import type { DrillResult } from '../../src/sim/drill/result.ts';
import type { Moment } from '../../src/sim/drill/story.ts';

const ACCOUNTS = 900;
/** Half past three: the night is short. */
const OPENS_MS = 3.5 * 3_600_000;

function drill(
  scenario: string,
  guard: 'on' | 'off',
): { readonly result: DrillResult; readonly moments: readonly Moment[] } {
  const moments: Moment[] = [];
  const told = { onMoment: (moment: Moment): void => void moments.push(moment) };
  const journal = new MemoryJournal();
  const result = runDrill({ scenario, guard, accounts: ACCOUNTS, seed: 1, opensMs: OPENS_MS, journal, told });
  return { result, moments };
}

function momentOf<Kind extends Moment['kind']>(
  moments: readonly Moment[],
  kind: Kind,
): Extract<Moment, { readonly kind: Kind }> {
  const found = moments.find((moment) => moment.kind === kind);
  assert.ok(found !== undefined, `no moment ${kind}`);
  return found as Extract<Moment, { readonly kind: Kind }>;
}

const { result: off, moments: story } = drill(PARADEX, 'off');

describe('19 January 2026 without the guard', () => {
  test('markets of different age: lifetime funding from thousands of USDC a unit to negative', () => {
    const { rows } = momentOf(story, 'world');
    assert.ok(rows.length >= 20);
    assert.ok((rows[0]?.index as number) > 4000, `${rows[0]?.index}`);
    assert.ok(rows.filter(({ index }) => index < 0).length >= 5);
    assert.ok(new Set(rows.map(({ ageHours }) => ageHours)).size >= 20);
  });

  test('both sides are liquidated, each where the arithmetic says: size × index is what the zero books', () => {
    const { sides, compared } = momentOf(story, 'cascade');
    const hit = (losing: boolean): number =>
      sides.filter(({ bookedUsd }) => bookedUsd < 0 === losing).reduce((sum, { liquidated }) => sum + liquidated, 0);
    assert.ok(
      hit(true) > 5 && hit(true) > 4 * hit(false),
      `${hit(true)} of those who lost, ${hit(false)} of the others`,
    );
    const losers = sides.filter(({ bookedUsd, liquidated }) => bookedUsd < 0 && liquidated > 0);
    assert.deepEqual([...new Set(losers.map(({ side }) => side))].sort(), ['longs', 'shorts']);
    assert.ok(compared.wrongful.count > 10 && compared.wrongful.notionalUsd > 0);
  });

  test('rolled back: everything that happened outside is carried, and what is in custody is the same on both branches', () => {
    const { rollback } = off;
    assert.ok(rollback !== null);
    assert.equal(rollback.forkId, 1);
    assert.ok(rollback.custodyIdentity);
    assert.ok(rollback.carriedWithdrawals > 0);
    assert.equal(rollback.fates['voided_forced_action'], off.wrongful.count + off.legitimate.count);
  });

  test('opened at once it happens again in another way; by the ladder, with the same orders, to nobody', () => {
    assert.ok(off.secondWave !== null && off.secondWave.careless > 3, `${off.secondWave?.careless}`);
    assert.equal(off.secondWave.ladder, 0);
    const { furthest, market } = momentOf(story, 'second wave');
    assert.equal(market, 'PAXG-USD-PERP');
    assert.ok(furthest > 0.05, `${furthest}`);
    const { steps } = momentOf(story, 'reopened');
    assert.equal(steps.filter(({ move }) => move === 'done').length, off.markets);
  });
});

describe('19 January 2026 with the guard', () => {
  const { result: on, moments } = drill(PARADEX, 'on');

  test('the zero never gets in: the start is refused by the root, and no market is later than it would have been', () => {
    assert.ok(on.vetoes.some(({ by, check }) => by === 'start' && check === 'state_root'));
    assert.equal(momentOf(moments, 'reopened').isUndelayed, true);
    assert.deepEqual(on.wrongful, { count: 0, accounts: 0, notionalUsd: 0 });
  });

  test('written into a running process it is found before anything is forced, and only those markets rest', () => {
    const { quarantined, otherMarketsOpen, compared } = momentOf(moments, 'late write');
    assert.equal(compared.wrongful.count, 0);
    assert.equal(quarantined.filter((name) => name.startsWith('market ')).length, on.corrupted.length);
    assert.equal(otherMarketsOpen, on.markets - on.corrupted.length);
    assert.ok(on.vetoes.some(({ by, check }) => by === 'finding' && check === 'derived_continuity'));
    assert.ok(on.vetoes.some(({ by, about }) => by === 'verdict' && about.startsWith('liquidate')));
  });

  test('both runs are about the same fault', () => {
    assert.deepEqual(on.corrupted, off.corrupted);
    assert.deepEqual([on.rollback, on.secondWave, on.remedy, on.timings], [null, null, null, null]);
    assert.deepEqual(Object.keys(on), Object.keys(off));
  });
});

test('markets are corrupted that are named, and no others are taken', () => {
  const day = drillDay(1);
  assert.deepEqual(markets(day, 1, ['SUI-USD-PERP', 'ETH']), [2, 11]);
  assert.notDeepEqual(markets(day, 1, undefined), markets(day, 2, undefined));
  assert.throws(() => markets(day, 1, ['NOPE']), /there is no market NOPE/);
  assert.throws(() => drill('nope', 'on'), /there is no drill "nope"/);
});

describe('other venues’ incidents', () => {
  const harmful = new Set([
    'stale-resume',
    'wrong-denomination',
    'torn-pair',
    'split-drip',
    'two-writers',
    'outlier-source',
  ]);
  for (const { name, takesDay } of SCENARIOS) {
    if (takesDay) continue;
    test(`${name}: no forced action is wrongful with the guard`, () => {
      const without = drill(name, 'off').result;
      const guarded = drill(name, 'on').result;
      assert.equal(guarded.wrongful.count, 0);
      assert.deepEqual(Object.keys(guarded), Object.keys(off));
      if (harmful.has(name)) {
        assert.ok(without.wrongful.count > 0, 'without the guard there is harm');
        assert.ok(guarded.vetoes.length > 0);
      } else if (name === 'crash') {
        assert.equal(without.wrongful.count, 0);
        assert.deepEqual(guarded.vetoes, []);
        assert.ok(guarded.legitimate.count > 20);
        assert.equal(guarded.legitimate.count, without.legitimate.count);
      }
    });
  }
});
