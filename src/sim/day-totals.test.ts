import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATUS } from '../engine/status.ts';
import { USDC, VenueForTest } from '../engine/venue.fixture.ts';
import { DayTotals } from './day-totals.ts';

test('settlements are counted apart from liquidations, with what the fund took over', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const [long, short] = [venue.trader(10_000), venue.trader(10_000)] as const;
  venue.price(market, 100);
  venue.trade(long, short, market, 1_000, 100);
  venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, STATUS.SETTLEMENT, 0));
  venue.price(market, 100, 5_000);
  const totals = new DayTotals();
  for (const [account, size] of [
    [long, 1_000],
    [short, -1_000],
  ] as const) {
    venue.apply((buffer, timeMs) => buffer.settlePosition(timeMs, account, market, size, 100e6));
    totals.count(venue.state.events);
  }
  assert.deepEqual([totals.settlements, totals.liquidations, totals.positionsTaken.get(market)], [2, 0, 2]);
  assert.equal(totals.notionalTaken, 2 * 1_000 * USDC);
});
