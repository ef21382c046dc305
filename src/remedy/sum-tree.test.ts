import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type SumLeaf, SumOutOfRange, sumRootOf, type SumStep, SumTree } from './sum-tree.ts';

const word = fc.uint8Array({ minLength: 32, maxLength: 32 });
const leaf = fc.record({ amount: fc.bigInt({ min: 0n, max: 1n << 100n }), salt: word, commitment: word });

test('the root holds the sum of all amounts, and every path leads to it', () => {
  fc.assert(
    fc.property(fc.array(leaf, { minLength: 1, maxLength: 40 }), (leaves) => {
      const tree = new SumTree(leaves);
      assert.equal(
        tree.root.sum,
        leaves.reduce((sum, { amount }) => sum + amount, 0n),
      );
      leaves.forEach((each, place) => assert.deepEqual(sumRootOf(each, tree.path(place)), tree.root));
    }),
  );
});

test('moving an amount from one child to the other changes the root: both sums are bound, not their total', () => {
  fc.assert(
    fc.property(
      fc.array(leaf, { minLength: 2, maxLength: 20 }),
      fc.bigInt({ min: 1n, max: 1n << 90n }),
      (list, moved) => {
        const tree = new SumTree(list);
        const own = list[0] as SumLeaf;
        const [first, ...others] = tree.path(0) as [SumStep, ...SumStep[]];
        const shifted = [{ ...first, sum: first.sum + moved }, ...others];
        assert.notDeepEqual(sumRootOf({ ...own, amount: own.amount }, shifted).hash, tree.root.hash);
        if (own.amount >= moved) {
          const less = { ...own, amount: own.amount - moved };
          const found = sumRootOf(less, shifted);
          assert.equal(found.sum, tree.root.sum);
          assert.notDeepEqual(found.hash, tree.root.hash);
        }
      },
    ),
  );
});

test('a negative or too large sum has no tree: nobody can hide a debt under one', () => {
  const own = { amount: 5n, salt: new Uint8Array(32), commitment: new Uint8Array(32) };
  const tree = new SumTree([own, own]);
  assert.throws(() => new SumTree([{ ...own, amount: -1n }]), SumOutOfRange);
  assert.throws(
    () =>
      new SumTree([
        { ...own, amount: 1n << 126n },
        { ...own, amount: 1n << 126n },
      ]),
    SumOutOfRange,
  );
  const [step] = tree.path(0) as [SumStep];
  assert.throws(() => sumRootOf(own, [{ ...step, sum: -5n }]), SumOutOfRange);
});
