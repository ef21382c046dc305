import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTRUCTION, ORDER_KIND } from './flags.ts';
import { bandBottom, bandTop, tickUnits } from './market.ts';
import { only, VenueForTest } from './venue.fixture.ts';

test('the band is the mark ± its width, towards the mark to whole ticks', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  venue.price(market, 100);
  assert.deepEqual([bandBottom(venue.state, market), bandTop(venue.state, market)], [95, 105]);
  venue.price(market, 109);
  // 103.55 and 114.45
  assert.deepEqual([bandBottom(venue.state, market), bandTop(venue.state, market)], [104, 114]);
});

test('the band follows its width at once', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  venue.price(market, 100);
  venue.apply((buffer, timeMs) => buffer.setMarketParameter(timeMs, market, 'PRICE_BAND', 200_000));
  assert.deepEqual([bandBottom(venue.state, market), bandTop(venue.state, market)], [80, 120]);
});

test('the example of price bands: width 5 %, mark 100', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const trader = venue.trader(1_000_000);
  venue.price(market, 100);
  assert.equal(venue.tryPlace(trader, market, { sell: true, price: 94, size: 1 }), 'price_outside_band');
  assert.equal(venue.tryPlace(trader, market, { price: 106, size: 1 }), 'price_outside_band');
  assert.equal(venue.tryPlace(trader, market, { price: 90, size: 1 }), 'none');
  assert.equal(venue.tryPlace(trader, market, { sell: true, price: 200, size: 1 }), 'none');
  const buy = { kind: ORDER_KIND.MARKET, instruction: INSTRUCTION.IOC, size: 1 };
  assert.equal(only(venue.place(trader, market, buy), 'orderAccepted').price, 105);
  assert.equal(only(venue.place(trader, market, { ...buy, sell: true }), 'orderAccepted').price, 95);
});

test('a mark beyond the last tick leaves a band of whole ticks', () => {
  const venue = new VenueForTest();
  // One price unit is one tick: a mark of 2^32 is four times the last tick.
  const market = venue.market({ TICK_SIZE: 1e6, SIZE_STEP: 1e10, MAXIMUM_FUNDING_RATE: 0 });
  const trader = venue.trader(1_000_000);
  venue.priceUnits(market, 2 ** 32);
  assert.deepEqual([bandBottom(venue.state, market), bandTop(venue.state, market)], [2 ** 30 - 1, 2 ** 30 - 1]);
  const sell = { sell: true, kind: ORDER_KIND.MARKET, instruction: INSTRUCTION.IOC, size: 1 };
  assert.equal(only(venue.place(trader, market, sell), 'orderAccepted').price, 2 ** 30 - 1);
});

test('a tick of a lot is a whole number of 1e-8 USDC', () => {
  assert.equal(tickUnits(1e11, 1e7), 100);
  assert.equal(tickUnits(1e6, 1e10), 1);
  assert.equal(tickUnits(1e6, 1e9), undefined);
  assert.equal(tickUnits(3e6, 5e9), undefined);
  assert.equal(tickUnits(1e15, 1e18), undefined);
});
