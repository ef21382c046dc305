import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StandardMerkleTree } from '@openzeppelin/merkle-tree';
import fc from 'fast-check';
import { toHex } from '../chain/digest.ts';
import { LEAF_ENCODING, type RefundLeaf, RefundTree, rootOf } from './refund-tree.ts';

const word = fc.uint8Array({ minLength: 32, maxLength: 32 });
const amount = fc.bigInt({ min: -(1n << 255n), max: (1n << 255n) - 1n });
const leaves = fc
  .array(fc.record({ incident: word, commitment: word, amount, detail: word }), { minLength: 1, maxLength: 40 })
  .map((list): RefundLeaf[] => list.map((leaf, index) => ({ ...leaf, index })));

const hex = (bytes: Uint8Array): string => `0x${toHex(bytes)}`;

function official(list: readonly RefundLeaf[]): StandardMerkleTree<string[]> {
  const values = list.map(({ incident, index, commitment, amount: minor, detail }) => [
    hex(incident),
    String(index),
    hex(commitment),
    String(minor),
    hex(detail),
  ]);
  return StandardMerkleTree.of(values, [...LEAF_ENCODING]);
}

test('root and proofs are those of the published format, for any leaves', () => {
  fc.assert(
    fc.property(leaves, (list) => {
      const tree = new RefundTree(list);
      const theirs = official(list);
      assert.equal(hex(tree.root), theirs.root);
      list.forEach((leaf, place) => {
        assert.deepEqual(tree.proof(place).map(hex), theirs.getProof(place));
        assert.deepEqual(rootOf(leaf, tree.proof(place)), tree.root);
      });
    }),
    { numRuns: 40 },
  );
});

test('a leaf with any field altered leads to another root', () => {
  const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
  const list = [1, 2, 3, 4, 5].map((n, index): RefundLeaf => {
    return { incident: bytes(9), index, commitment: bytes(n), amount: BigInt(n) * 100n, detail: bytes(n + 10) };
  });
  const tree = new RefundTree(list);
  const leaf = list[2] as RefundLeaf;
  const altered: RefundLeaf[] = [
    { ...leaf, incident: bytes(8) },
    { ...leaf, index: 3 },
    { ...leaf, commitment: bytes(4) },
    { ...leaf, amount: 301n },
    { ...leaf, amount: -300n },
    { ...leaf, detail: bytes(14) },
  ];
  for (const other of altered) assert.notDeepEqual(rootOf(other, tree.proof(2)), tree.root);
  assert.throws(() => rootOf({ ...leaf, detail: new Uint8Array(31) }, tree.proof(2)), /31 bytes/);
  assert.throws(() => new RefundTree([{ ...leaf, amount: 1n << 255n }]), /256 bits/);
  assert.throws(() => new RefundTree([]), /at least one leaf/);
});
