import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { USDC } from '../engine/venue.fixture.ts';
import { StoppableVenue } from './rollback.fixture.ts';

const UNITS = BigInt(USDC);

describe('a rollback over money that left (E4)', () => {
  test('a withdrawal of phantom profit becomes a receivable of 7,000, a deposit is credited once, no hole', () => {
    const venue = new StoppableVenue();
    const [w, b, c] = venue.open(1_000, 499_000, 500_000) as [number, number, number];
    const good = venue.height;
    // W buys 10 at 1,000; a false price of 1,800; W sells them at that.
    venue.trade(w, b, 1_000, 1_000);
    venue.price(1_400);
    venue.price(1_800);
    venue.trade(c, w, 1_000, 1_800);
    assert.equal(venue.money(w).balance, 9_000 * USDC);
    venue.settle(venue.withdraw(w, 8_000));
    venue.deposit(b, 5_000);
    const { certificate, custody } = venue.rollBack(good);
    assert.deepEqual(venue.money(w), { balance: 0, owed: 7_000 * USDC });
    assert.deepEqual(venue.money(b), { balance: 504_000 * USDC, owed: 0 });
    assert.equal(custody.restored.vault, 997_000n * UNITS);
    assert.equal(custody.restored.receivables, 7_000n * UNITS);
    assert.equal(custody.restored.liabilities, 1_004_000n * UNITS);
    assert.equal(custody.restored.residual, 0n);
    assert.deepEqual([custody.dead?.vault, custody.dead?.residual], [997_000n * UNITS, 0n]);
    assert.deepEqual(certificate.carried, {
      deposits: { count: 1, amount: String(5_000n * UNITS) },
      withdrawals: { count: 1, amount: String(8_000n * UNITS), owed: String(7_000n * UNITS) },
      accounts: 0,
      markets: 0,
    });
  });
});
