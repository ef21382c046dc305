// The drills, small: what happened on 19 January 2026 without the guard and with it, and what happened to other venues.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { drillDay } from '../../src/sim/drill/drill-day.ts';
import { PARADEX, runDrill } from '../../src/sim/drill/drill.ts';
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

describe('and who was harmed by the reopening is made whole', () => {
  const { remedy, timings } = off;
  assert.ok(remedy !== null && timings !== null);

  test('all accounts are assessed, every receipt holds by both verifiers, the sums leave nothing over', () => {
    assert.equal(remedy.assessed, off.accounts + 2, 'the house as well');
    assert.equal(remedy.receipts, remedy.assessed);
    assert.deepEqual([remedy.receiptsVerified, remedy.independentVerified], [remedy.assessed, remedy.assessed]);
    assert.equal(remedy.conservationResidual, '0');
    assert.match(remedy.root, /^[0-9a-f]{64}$/);
  });

  test('those are paid whom the few orders harmed: for the price of their liquidation, and the penalty', () => {
    const { compared } = momentOf(story, 'second wave');
    assert.ok(remedy.refunded > 0 && compared.wrongful.accounts > 0);
    assert.ok(remedy.refunded < remedy.assessed / 4, `${remedy.refunded} of ${remedy.assessed}`);
    assert.ok((remedy.byCause['liquidation_price'] as number) > 0);
    const { record, shown } = momentOf(story, 'remedy');
    assert.ok(record !== undefined);
    assert.equal(record.posted, record.payments);
    assert.equal(record.pending, 0);
    assert.equal(record.reconciliation?.holds, true);
    assert.ok(shown.some((line) => line.startsWith(`pays ${record.payments} accounts`)));
  });

  test('before anybody decided each remedy was priced, and the zeros were found by the recorded roots', () => {
    const { measurement, lines } = momentOf(story, 'measured');
    for (const row of momentOf(story, 'world').rows.filter(({ isCorrupted }) => isCorrupted)) {
      const place = momentOf(story, 'world').rows.indexOf(row) + 1;
      assert.ok(lines.some((line) => line.startsWith(`market/${place}/fundingIndex`) && line.endsWith('actual 0')));
    }
    const { do_nothing, forward_fix, rollback } = measurement.options;
    assert.ok(do_nothing.harmed.amount > forward_fix.harmed.amount);
    assert.ok(do_nothing.harmed.amount > rollback.harmed.amount);
    assert.ok(rollback.honestTradesUndone.trades > 0);
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
