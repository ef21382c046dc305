import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayOf } from '../day.fixture.ts';
import { Random } from '../random.ts';
import { FIRST_ACCOUNT, Population, TEMPER, Wheel } from './population.ts';

const names = Array.from({ length: 30 }, (_, n) => `M${n}-USD-PERP`);
const day = dayOf(Object.fromEntries(names.map((name) => [name, () => 10])), 2);
const population = new Population(day, 2000, new Random(1));
const traders = Array.from({ length: 2000 }, (_, n) => FIRST_ACCOUNT + n).filter(
  (account) => population.temper[account] !== TEMPER.MAKER,
);
const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] as number;

describe('Population', () => {
  test('every market has makers and traders; every maker has markets', () => {
    assert.equal(population.makersOf.length, 31);
    for (let market = 1; market <= 30; market++) {
      const makers = population.makersOf[market] as number[];
      assert.ok(makers.length >= 2 && new Set(makers).size === makers.length);
      assert.ok(makers.every((account) => population.temper[account] === TEMPER.MAKER));
      const tickets = population.tickets[market] as Int32Array;
      assert.ok(tickets.length >= 3);
      assert.ok(tickets.every((account) => population.temper[account] !== TEMPER.MAKER));
    }
    assert.ok((population.makersOf[1] as number[]).length > (population.makersOf[30] as number[]).length);
    assert.ok(population.makers.every(({ markets }) => markets.length > 0));
  });

  test('money and eagerness are heavy-tailed, leverage is mostly low', () => {
    const deposits = traders.map((account) => (population.deposit[account] as number) / 1e8);
    assert.ok(quantile(deposits, 0.5) > 400 && quantile(deposits, 0.5) < 3000);
    assert.ok(quantile(deposits, 0.99) > 15 * quantile(deposits, 0.5));
    assert.ok(
      deposits.every((usdc) => Number.isInteger(usdc * 100) || Math.abs(usdc * 100 - Math.round(usdc * 100)) < 1e-6),
    );
    const eagerness = traders.map((account) => population.eagerness[account] as number).toSorted((a, b) => b - a);
    const total = eagerness.reduce((sum, value) => sum + value, 0);
    const busiest = eagerness.slice(0, 20).reduce((sum, value) => sum + value, 0);
    assert.ok(busiest / total > 0.1 && busiest / total < 0.4, `${busiest / total}`);
    const leverages = traders.map((account) => population.leverage[account] as number);
    assert.ok(quantile(leverages, 0.45) <= 5 && quantile(leverages, 0.55) >= 5);
    assert.ok(quantile(leverages, 0.95) >= 25);
  });

  test('the most traded market has most of the action', () => {
    const actors = (market: number): number => new Set(population.tickets[market]).size;
    assert.ok(actors(1) > 3 * actors(10) && actors(10) > actors(30));
  });
});

describe('Wheel', () => {
  test('draws places by their weights, and never one without weight', () => {
    const wheel = new Wheel([1, 0, 3]);
    const counts = [0, 0, 0];
    const random = new Random(1);
    for (let n = 0; n < 40_000; n++) {
      const place = wheel.draw(random);
      counts[place] = (counts[place] as number) + 1;
    }
    assert.equal(counts[1], 0);
    assert.ok(Math.abs((counts[2] as number) / 40_000 - 0.75) < 0.01);
    assert.equal(new Wheel([5]).draw(random), 0);
  });
});
