import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Block } from './block.ts';
import { branchesOf, type History, isPassed, passedOver, type Restore } from './branches.ts';

describe('the heights that are passed over on the way to a block', () => {
  const restores = [
    { height: 6, restores: 3 },
    { height: 10, restores: 7 },
    { height: 14, restores: 2 },
  ];
  for (const [head, passed] of [
    [5, []],
    [6, [{ from: 4, to: 5 }]],
    [9, [{ from: 4, to: 5 }]],
    [
      12,
      [
        { from: 4, to: 5 },
        { from: 8, to: 9 },
      ],
    ],
    [Number.POSITIVE_INFINITY, [{ from: 3, to: 13 }]],
  ] as const) {
    test(`to block ${head}`, () => assert.deepEqual(passedOver(restores, head), passed));
  }

  test('are those that a walk from block to block does not meet, whatever was rolled back', () => {
    const histories = fc.array(fc.tuple(fc.nat(6), fc.nat()), { maxLength: 12 });
    fc.assert(
      fc.property(histories, fc.nat(100), (steps, at) => {
        // Each step appends some blocks and one that restores a block on the way.
        const parents: number[] = [-1];
        const made: Restore[] = [];
        for (const [blocks, pick] of steps) {
          for (let n = 0; n <= blocks; n++) parents.push(parents.length - 1);
          const way = wayTo(parents, parents.length - 1);
          const restored = way[pick % way.length] as number;
          made.push({ height: parents.length, restores: restored });
          parents.push(restored);
        }
        const head = at % parents.length;
        const way = new Set(wayTo(parents, head));
        const passed = passedOver(made, head);
        for (let height = 0; height <= head; height++) {
          assert.equal(
            isPassed(passed, height),
            !way.has(height),
            `height ${height} of ${head}: ${JSON.stringify(made)}`,
          );
        }
      }),
    );
  });
});

/** The heights from a block down to the first, by the block whose state each goes on from. */
function wayTo(parents: readonly number[], head: number): number[] {
  const way: number[] = [];
  for (let at = head; at >= 0; at = parents[at] as number) way.push(at);
  return way;
}

test('a history has a branch for its beginning and for each block that restores another', () => {
  const restores = [{ height: 6, restores: 3 }];
  const history: History = {
    height: 8,
    restores,
    block: (height) => ({ height, fork: height < 6 ? 0 : 1 }) as Block,
  };
  assert.deepEqual(branchesOf(history), [
    { from: 0, to: 5, fork: 0, restores: undefined },
    { from: 6, to: 8, fork: 1, restores: 3 },
  ]);
  assert.deepEqual(branchesOf({ ...history, height: -1, restores: [] }), []);
  // A crash came between the certificate and its block.
  assert.deepEqual(branchesOf({ ...history, height: 5 }), [{ from: 0, to: 5, fork: 0, restores: undefined }]);
});
