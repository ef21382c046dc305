import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTRUCTION, ORDER_KIND } from './flags.ts';
import { only, VenueForTest } from './venue.fixture.ts';

test('a market kind carries no price, whatever came with it', () => {
  const venue = new VenueForTest();
  const market = venue.market();
  const account = venue.trader(1_000_000);
  venue.price(market, 100);
  for (const price of [0, -1, 2 ** 30]) {
    const stop = { kind: ORDER_KIND.STOP_MARKET, price, size: 1, trigger: 110 };
    assert.equal(only(venue.place(account, market, stop), 'orderAccepted').price, 0);
    const now = { kind: ORDER_KIND.MARKET, instruction: INSTRUCTION.IOC, price, size: 1_000_000 };
    assert.equal(only(venue.place(account, market, now), 'orderAccepted').price, 105);
  }
});
