import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyCommand } from '../engine/apply.ts';
import { PLACE_ORDER } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import type { EventRecord } from '../engine/event.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { ACCOUNT_KIND, findPosition, genesis, INSURANCE_FUND, type State } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { POSITION } from '../engine/tables.ts';
import { unwindInsurance } from './unwind.ts';

const TIME_MS = 1_700_000_000_000;
const RICH = 3;
const BUY = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
const SELL = orderFlags(SIDE.SELL, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);

/** A venue with one market at 1000 ticks, where a lot is worth 1 USDC. */
class Venue {
  readonly state: State = genesis();
  timeMs = TIME_MS;

  constructor() {
    this.apply((buffer) => {
      buffer.defineMarket(this.timeMs, {
        name: 'X-USD-PERP',
        fundingPeriodS: 28_800,
        venues: 0,
        TICK_SIZE: 1e9,
        SIZE_STEP: 1e12,
        MINIMUM_NOTIONAL: 10e8,
        MAXIMUM_ORDER: 1_000_000,
        POSITION_LIMIT: 100_000_000,
        PRICE_BAND: 100_000,
        INITIAL_MARGIN: 50_000,
        MAINTENANCE_FACTOR: 500_000,
        INTEREST_RATE: 1e8,
        CLAMP_RATE: 5e8,
        MAXIMUM_FUNDING_RATE: 5e10,
        FUNDING_MULTIPLIER: 1e6,
        IMPACT_NOTIONAL: 1000e8,
        BASIS_WEIGHT: 200_000,
        MAXIMUM_SPREAD: 10_000,
        MAXIMUM_OPEN_ORDERS: 100,
      });
      buffer.defineAccount(this.timeMs, new Uint8Array(32).fill(RICH), ACCOUNT_KIND.TRADER, 1);
      buffer.deposit(this.timeMs, RICH, 10_000_000e8, 1);
    });
    this.tick(1000);
  }

  apply(write: (buffer: CommandBuffer) => void): EventRecord[] {
    const buffer = new CommandBuffer(64);
    write(buffer);
    this.state.events.clear();
    for (let row = 0; row < buffer.rows; ) row += applyCommand(this.state, buffer.i32, buffer.f64, row);
    return this.state.events.all();
  }

  /** Five seconds on, the oracle says `ticks`. */
  tick(ticks: number): EventRecord[] {
    this.timeMs += 5000;
    return this.apply((buffer) => {
      buffer.collateralPrice(this.timeMs, 1e8, this.timeMs);
      buffer.oraclePrice(this.timeMs, 1, 0, ticks * 1e5, this.timeMs);
      buffer.tick(this.timeMs);
    });
  }

  place(account: number, price: number, size: number, flags: number): void {
    const events = this.apply((buffer) => buffer.placeOrder(this.timeMs, account, 1, price, size, flags));
    assert.ok(
      events.every(({ kind }) => kind !== 'refused'),
      JSON.stringify(events),
    );
  }

  /** Gives the insurance fund a position of `size` lots, long when positive, and empties the book. */
  give(size: number): void {
    this.place(RICH, 1000, Math.abs(size), size > 0 ? SELL : BUY);
    this.place(INSURANCE_FUND, 1000, Math.abs(size), size > 0 ? BUY : SELL);
    assert.equal(this.fund(), size);
  }

  fund(): number {
    const row = findPosition(this.state, INSURANCE_FUND, 1);
    return row === 0 ? 0 : (this.state.position.f64[row * 16 + POSITION.SIZE] as number);
  }

  /** What the policy asks for now: undefined when nothing. */
  asked(): { price: number; size: number } | undefined {
    const buffer = new CommandBuffer(64);
    const count = unwindInsurance(this.state, this.timeMs, buffer);
    assert.equal(count, buffer.commands);
    if (count === 0) return undefined;
    return { price: buffer.i32[PLACE_ORDER.PRICE] as number, size: buffer.i32[PLACE_ORDER.SIZE] as number };
  }

  run(): EventRecord[] {
    return this.apply((buffer) => {
      unwindInsurance(this.state, this.timeMs, buffer);
    });
  }

  setStatus(status: number): void {
    this.apply((buffer) => buffer.setStatus(this.timeMs, 1, status, 0));
  }
}

describe('unwindInsurance', () => {
  test('asks for nothing without a position, and nothing while the book offers nothing near the mark', () => {
    const venue = new Venue();
    assert.equal(venue.asked(), undefined);
    venue.give(100_000);
    assert.equal(venue.asked(), undefined);
    venue.place(RICH, 994, 50_000, BUY);
    assert.equal(venue.asked(), undefined, 'the best bid is further than half a percent from the mark');
  });

  test('sells a tenth of a long position down to the band, at most a third of what is bid there', () => {
    const venue = new Venue();
    venue.give(100_000);
    venue.place(RICH, 995, 60_000, BUY);
    assert.deepEqual(venue.asked(), { price: 995, size: 10_000 });
    const small = new Venue();
    small.give(100_000);
    small.place(RICH, 999, 3000, BUY);
    small.place(RICH, 996, 3000, BUY);
    small.place(RICH, 990, 90_000, BUY);
    assert.deepEqual(small.asked(), { price: 995, size: 2000 });
  });

  test('buys a short position back up to the band; small positions go in pieces of 2,500 USDC', () => {
    const venue = new Venue();
    venue.give(-4000);
    venue.place(RICH, 1003, 60_000, SELL);
    assert.deepEqual(venue.asked(), { price: 1005, size: 2500 });
  });

  test('works the whole position off and never turns it around', () => {
    for (const size of [30_007, -30_007]) {
      const venue = new Venue();
      venue.give(size);
      venue.place(RICH, 1000, 200_000, size > 0 ? BUY : SELL);
      let before = Math.abs(size);
      for (let n = 0; venue.fund() !== 0; n++) {
        assert.ok(n < 60, `${venue.fund()} left`);
        const events = venue.run();
        assert.ok(events.every(({ kind }) => kind !== 'refused'));
        assert.ok(Math.abs(venue.fund()) < before && venue.fund() * size >= 0);
        before = Math.abs(venue.fund());
      }
      assert.equal(venue.asked(), undefined);
    }
  });

  test('leaves what is below the minimum notional unless it is all there is', () => {
    const venue = new Venue();
    venue.give(20);
    venue.place(RICH, 1000, 20, BUY);
    assert.equal(venue.asked(), undefined, 'a third of 20 lots is 7 USDC');
    venue.place(RICH, 1000, 100, BUY);
    assert.deepEqual(venue.asked(), { price: 995, size: 20 });
  });

  test('waits while the market is not open', () => {
    const venue = new Venue();
    venue.give(100_000);
    venue.place(RICH, 1000, 60_000, BUY);
    for (const status of [STATUS.POST_ONLY, STATUS.CANCEL_ONLY, STATUS.MAINTENANCE]) {
      venue.setStatus(status);
      assert.equal(venue.asked(), undefined);
    }
    venue.setStatus(STATUS.OK);
    assert.deepEqual(venue.asked(), { price: 995, size: 10_000 });
  });
});
