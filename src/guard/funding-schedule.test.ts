import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OPERATION, STATUS } from '../engine/status.ts';
import { MARKET } from '../engine/tables.ts';
import { VenueForTest } from '../engine/venue.fixture.ts';
import { FundingChain } from './funding-chain.ts';
import { FundingSchedule } from './funding-schedule.ts';
import { InputImage } from './input-image.ts';

/** A venue whose ticks are judged, with a premium of about 1 % a period. */
class Scheduled {
  readonly venue = new VenueForTest();
  readonly market = this.venue.market({ INTEREST_RATE: 1e10, CLAMP_RATE: 1e10 });
  readonly schedule = new FundingSchedule();

  /** A tick, `corrupt` behind it; returns the names of what is found. */
  tick(
    elapsedMs: number,
    corrupt: (f64: Float64Array, at: number) => void = () => undefined,
    price = 10_000,
  ): string[] {
    const { venue, market, schedule } = this;
    venue.price(market, price, elapsedMs);
    return this.judge(corrupt, schedule);
  }

  judge(corrupt: (f64: Float64Array, at: number) => void, schedule = this.schedule): string[] {
    corrupt(this.venue.state.market.f64, this.market * 128);
    const inputs = new InputImage();
    inputs.begin(this.venue.state);
    const found: string[] = [];
    schedule.observe(inputs, this.venue.state, 0, (_, { name, class: of }) => found.push(`${of} ${name}`));
    return found;
  }
}

test('steps of any length, prices and rates are as scheduled, to the unit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 29_999 }), fc.integer({ min: 1, max: 4_000_000 })), {
        minLength: 3,
        maxLength: 30,
      }),
      (ticks) => {
        const scheduled = new Scheduled();
        for (const [elapsedMs, price] of ticks) assert.deepEqual(scheduled.tick(elapsedMs, undefined, price), []);
      },
    ),
    { numRuns: 60 },
  );
});

const add = (column: number, amount: number) => (f64: Float64Array, at: number) => {
  f64[at + column] = (f64[at + column] as number) + amount;
};

test('an index that does not step, steps twice, backwards, by one too many or is zero is found at that tick', () => {
  const scheduled = new Scheduled();
  for (let n = 0; n < 3; n++) assert.deepEqual(scheduled.tick(5_000), []);
  const { f64 } = scheduled.venue.state.market;
  const at = scheduled.market * 128 + MARKET.FUNDING_INDEX;
  const before = f64[at] as number;
  assert.deepEqual(scheduled.tick(5_000), []);
  const step = (f64[at] as number) - before;
  assert.ok(step > 1_000);
  for (const wrong of [-step, step, -2 * step, 1, -before - step]) {
    const other = new Scheduled();
    for (let n = 0; n < 3; n++) other.tick(5_000);
    assert.deepEqual(other.tick(5_000, add(MARKET.FUNDING_INDEX, wrong)), ['I funding_schedule'], `${wrong}`);
  }
});

test('a rate beyond its maximum and a premium that the rate does not make are found', () => {
  const scheduled = new Scheduled();
  for (let n = 0; n < 3; n++) scheduled.tick(5_000);
  assert.deepEqual(scheduled.tick(5_000, add(MARKET.FUNDING_RATE, 3e10)), ['I funding_rate_bound']);
  const other = new Scheduled();
  for (let n = 0; n < 3; n++) other.tick(5_000);
  assert.deepEqual(other.tick(5_000, add(MARKET.FUNDING_PREMIUM, 1)), ['I funding_premium']);
});

test('in a pause nothing accrues, and a pause that nobody was told of is found', () => {
  const scheduled = new Scheduled();
  for (let n = 0; n < 3; n++) scheduled.tick(5_000);
  // A gap is a pause, and is told.
  assert.deepEqual(scheduled.tick(40_000), []);
  assert.deepEqual(scheduled.tick(5_000), []);
  const { venue, market } = scheduled;
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.OK, OPERATION.FUNDING));
  assert.deepEqual(scheduled.tick(5_000), []);
  assert.deepEqual(scheduled.tick(5_000, add(MARKET.FUNDING_INDEX, 5)), ['I funding_schedule']);
  const silent = new Scheduled();
  for (let n = 0; n < 3; n++) silent.tick(5_000);
  silent.venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, silent.market, STATUS.OK, OPERATION.FUNDING));
  silent.venue.price(silent.market, 10_000, 5_000);
  silent.venue.state.events.clear();
  assert.deepEqual(
    silent.judge(() => undefined),
    ['II funding_pause_told'],
  );
});

test('the chain tells an altered, a missing, an added and a swapped record, of each market alone', () => {
  const chain = (records: readonly (readonly [number, number])[]): string => {
    const made = new FundingChain();
    for (const [sequence, index] of records) {
      made.add(1, sequence, index);
      made.add(2, sequence, -index);
    }
    return made.digest(1);
  };
  const whole = [
    [10, 5],
    [20, 7],
    [30, 7],
  ] as const;
  assert.match(chain(whole), /^3-[0-9a-f]{16}$/);
  assert.equal(chain(whole), chain(whole));
  const [a, b, c] = whole;
  for (const other of [
    [a, b],
    [a, b, [30, 8]],
    [a, b, [31, 7]],
    [b, a, c],
    [a, b, c, c],
    [[10, -5], b, c],
  ] as const) {
    assert.notEqual(chain(other), chain(whole));
  }
  assert.equal(new FundingChain().digest(3).startsWith('0-'), true);
});
