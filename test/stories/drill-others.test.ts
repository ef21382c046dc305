// What happened to other venues, small: a price that is no price, and the crash in which nothing was wrong. All: `drill-others.long.test.ts`.
import { describe } from 'node:test';
import { harmsAndIsMadeGood, letsAllHappen } from './drill-others.fixture.ts';

describe('other venues’ incidents', () => {
  harmsAndIsMadeGood('outlier-source');
  harmsAndIsMadeGood('payout-unit-slip');
  letsAllHappen('crash');
});
