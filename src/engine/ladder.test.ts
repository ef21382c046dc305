import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ladder, LadderHeap, TICK_LIMIT } from './ladder.ts';

const tick = fc.oneof(
  fc.integer({ min: 1, max: 3000 }),
  fc.integer({ min: 1, max: TICK_LIMIT - 1 }),
  fc.constantFrom(1, 1023, 1024, 1025, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, TICK_LIMIT - 1),
);

test('a ladder finds what a sorted set finds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), tick), { maxLength: 120 }), fc.array(tick), (steps, probes) => {
      const ladders = [new Ladder(new LadderHeap())];
      const ladder = ladders[0] as Ladder;
      const occupied = new Map<number, number>();
      steps.forEach(([add, at], order) => {
        if (add && !occupied.has(at)) {
          ladder.occupy(at, order + 1);
          occupied.set(at, order + 1);
        } else if (occupied.has(at)) {
          ladder.vacate(at);
          occupied.delete(at);
        }
      });
      const sorted = [...occupied.keys()].sort((a, b) => a - b);
      for (const probe of [...probes, ...sorted]) {
        assert.equal(ladder.head(probe), occupied.get(probe) ?? 0);
        assert.equal(ladder.tail(probe), occupied.get(probe) ?? 0);
        assert.equal(ladder.above(probe), sorted.find((at) => at >= probe) ?? TICK_LIMIT);
        assert.equal(ladder.below(probe), sorted.findLast((at) => at <= probe) ?? 0);
      }
    }),
    { numRuns: 400 },
  );
});

test('two ladders share a heap without touching each other, and what is emptied is used again', () => {
  const heap = new LadderHeap();
  const a = new Ladder(heap);
  const b = new Ladder(heap);
  for (let round = 0; round < 50; round++) {
    for (let i = 1; i <= 200; i++) {
      a.occupy(i * 5000, i);
      b.occupy(i * 5000 + 1, i);
    }
    assert.equal(a.above(1), 5000);
    assert.equal(b.below(TICK_LIMIT - 1), 1000001);
    const size = heap.words.length;
    for (let i = 1; i <= 200; i++) {
      a.vacate(i * 5000);
      b.vacate(i * 5000 + 1);
    }
    assert.equal(a.above(1), TICK_LIMIT);
    assert.equal(b.below(TICK_LIMIT - 1), 0);
    if (round > 0) assert.equal(heap.words.length, size);
  }
});
