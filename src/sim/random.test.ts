import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from './random.ts';

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next());

describe('Random', () => {
  test('the same seed gives the same numbers, other seeds others', () => {
    assert.deepEqual(draw(new Random(7), 50), draw(new Random(7), 50));
    assert.deepEqual(draw(new Random('noise'), 50), draw(new Random('noise'), 50));
    const seeds: (number | string)[] = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 52, '', 'a', 'b', 'ab', 'ba'];
    const firsts = new Set(seeds.map((seed) => draw(new Random(seed), 4).join()));
    assert.equal(firsts.size, seeds.length);
  });

  test('a fork depends on the label and the stream, and does not move the stream', () => {
    const random = new Random(5);
    const before = new Random(5);
    const fork = random.fork('makers');
    draw(fork, 10);
    assert.deepEqual(draw(random, 20), draw(before, 20));
    const firsts = ['makers', 'takers', 1, 2].map((label) => draw(new Random(5).fork(label), 4).join());
    assert.equal(new Set([...firsts, draw(new Random(6).fork('makers'), 4).join()]).size, 5);
    assert.deepEqual(draw(new Random(5).fork('makers'), 4).join(), firsts[0]);
  });

  test('all draws stay in their range and fill it', () => {
    const random = new Random(11);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i++) counts[random.below(10)]!++;
    for (const count of counts) assert.ok(count > 9_500 && count < 10_500, `${count} of 100000 in a tenth`);
    for (let i = 0; i < 10_000; i++) {
      const bell = random.bell();
      assert.ok(bell >= -1 && bell <= 1);
      const tail = random.tail(10);
      assert.ok(tail >= 1 && tail <= 1024);
      const between = random.between(-3, 3);
      assert.ok(Number.isInteger(between) && between >= -3 && between <= 3);
    }
    assert.equal(random.below(1), 0);
  });

  test('the bell is centred and the tail is heavy', () => {
    const random = new Random(3);
    let sum = 0;
    let squares = 0;
    let large = 0;
    for (let i = 0; i < 100_000; i++) {
      const bell = random.bell();
      sum += bell;
      squares += bell * bell;
      if (random.tail(12) > 8) large++;
    }
    assert.ok(Math.abs(sum / 100_000) < 0.01);
    assert.ok(Math.abs(Math.sqrt(squares / 100_000) - 0.2887) < 0.01);
    assert.ok(large > 11_000 && large < 14_000, `${large} of 100000 above 8`);
  });

  test('the generator is xoshiro128** (values of the reference code for the state 1, 2, 3, 4)', () => {
    const random = new Random(0);
    Object.assign(random, { a: 1, b: 2, c: 3, d: 4 });
    assert.deepEqual(
      draw(random, 10),
      [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804],
    );
  });
});
