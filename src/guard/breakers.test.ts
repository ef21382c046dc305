import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULE } from '../engine/rules.ts';
import { GuardedVenue } from './guarded-venue.fixture.ts';

interface Crowd {
  readonly venue: GuardedVenue;
  readonly market: number;
  readonly early: number[];
  readonly late: number[];
}

/** Six longs of 10,000 with so much money and six with more, each with a short of its own that is rich. */
function crowd(venue: GuardedVenue, market: number, earlyUsdc: number, lateUsdc: number): Crowd {
  venue.price(market, 10_000);
  const rich = venue.trader(1_000_000);
  const open = (usdc: number): number => {
    const account = venue.trader(usdc);
    venue.trade(account, rich, market, 100, 10_000);
    return account;
  };
  const early = Array.from({ length: 6 }, () => open(earlyUsdc));
  const late = Array.from({ length: 6 }, () => open(lateUsdc));
  return { venue, market, early, late };
}

/** Early ones that fall at 8,900 and late ones at 8,700; on the first tick of an interval, so that all that follows is in it. */
function fallingCrowd(): Crowd {
  const venue = new GuardedVenue(true);
  const scene = crowd(venue, venue.market(), 1_500, 1_700);
  const interval = 60_000;
  venue.price(scene.market, 10_000, interval - (venue.timeMs % interval));
  venue.seal();
  return scene;
}

const TEN_MINUTES = 600_000;

/** Ones who pay 2 % of 10,000 every eight hours at a price that stands: up to the tick at which the early ones are below their margin. */
function payingCrowd(
  set: (venue: GuardedVenue) => void = () => {},
): Crowd & { readonly liquidated: readonly number[] } {
  const venue = new GuardedVenue(true);
  set(venue);
  venue.setRule(RULE.funding_gap, 3_600_000);
  venue.setRule(RULE.breaker_interval, 3_600_000);
  const market = venue.market({ INTEREST_RATE: 2e10, CLAMP_RATE: 2e10 });
  // Pro takers pay 0.045 % to get in.
  const scene = crowd(venue, market, 1_153, 1_157);
  venue.price(market, 10_000, 3_600_000 - (venue.timeMs % 3_600_000));
  venue.seal();
  for (let tick = 0; tick < 400; tick++) {
    const liquidated = GuardedVenue.liquidated(venue.price(market, 10_000, TEN_MINUTES));
    if (liquidated.length > 0) return { ...scene, liquidated };
  }
  throw new Error('funding takes nobody below the margin');
}

const kinds = ({ verdicts }: GuardedVenue): unknown[] => {
  return [...new Set(verdicts.map(({ kind, check }) => `${kind} ${check?.name ?? ''}`.trim()))];
};

test('after six liquidations of an interval the next ones are flagged, and not delayed where prices explain them', () => {
  const { venue, market, early, late } = fallingCrowd();
  assert.deepEqual(
    GuardedVenue.liquidated(venue.price(market, 8_900, 5_000)).toSorted((a, b) => a - b),
    early,
  );
  assert.deepEqual(kinds(venue), ['accept']);
  venue.verdicts.length = 0;
  const happened = GuardedVenue.liquidated(venue.price(market, 8_700, 5_000));
  assert.ok(late.every((account) => happened.includes(account)));
  assert.deepEqual(kinds(venue), ['flag breaker_liquidations']);
});

test('what prices do not explain waits for the grace, and then happens, flagged', () => {
  const { venue, market, early, late, liquidated } = payingCrowd();
  assert.deepEqual(
    liquidated.toSorted((a, b) => a - b),
    early,
  );
  venue.verdicts.length = 0;
  assert.deepEqual(GuardedVenue.liquidated(venue.price(market, 10_000, TEN_MINUTES)), []);
  assert.deepEqual(kinds(venue), ['hold breaker_liquidations']);
  venue.verdicts.length = 0;
  const happened = GuardedVenue.liquidated(venue.price(market, 10_000, 5_000));
  assert.ok(late.every((account) => happened.includes(account)));
  assert.deepEqual(kinds(venue), ['flag breaker_liquidations']);
});

test('a breaker counts over its interval alone', () => {
  const { venue, market } = fallingCrowd();
  venue.deposit(1, 1_000_000);
  venue.price(market, 8_900, 5_000);
  venue.price(market, 8_900, 55_000);
  venue.verdicts.length = 0;
  assert.ok(GuardedVenue.liquidated(venue.price(market, 8_700, 5_000)).length > 0);
  assert.deepEqual(kinds(venue), ['accept']);
});

test('a loss of the insurance fund beyond its share of the fund is told as well', () => {
  const { venue, market, late } = fallingCrowd();
  venue.setRule(RULE.breaker_liquidations, 1_000_000);
  venue.setRule(RULE.breaker_losses, 1_000);
  venue.deposit(1, 100);
  venue.price(market, 8_900, 5_000);
  venue.verdicts.length = 0;
  // The fund holds what it took over at 8,900, and loses by the fall.
  const happened = GuardedVenue.liquidated(venue.price(market, 8_400, 5_000));
  assert.ok(late.every((account) => happened.includes(account)));
  assert.deepEqual(kinds(venue), ['flag breaker_losses']);
});

test('funding beyond its share of what rate and spot allow in an interval is told, waits for the grace, and then happens', () => {
  const scene = payingCrowd((venue) => {
    venue.setRule(RULE.breaker_liquidations, 1_000_000);
    venue.setRule(RULE.breaker_funding, 500_000);
  });
  // It pays the highest rate there is: twice the share that is not told.
  const { venue, market, early, liquidated } = scene;
  const [waited] = venue.verdicts;
  assert.deepEqual([waited?.kind, waited?.check?.name, waited?.check?.class], ['hold', 'breaker_funding', 'III']);
  assert.deepEqual(waited?.check?.about, `market ${market}`);
  assert.ok(Number(waited?.check?.found) > Number(waited?.check?.expected.replace('at most ', '')));
  assert.deepEqual(
    liquidated.toSorted((a, b) => a - b),
    early,
  );
  assert.ok(kinds(venue).includes('flag breaker_funding'));
  // Where as much may be paid as rate and spot allow, nothing is told.
  const calm = payingCrowd((other) => {
    other.setRule(RULE.breaker_liquidations, 1_000_000);
    other.setRule(RULE.breaker_funding, 1_000_000);
  });
  assert.deepEqual(kinds(calm.venue), ['accept']);
});
