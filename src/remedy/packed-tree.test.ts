// The claims tree of published refunds: its own properties here; the published roots are reproduced from recorded data.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SimpleMerkleTree } from '@openzeppelin/merkle-tree';
import fc from 'fast-check';
import { fromHex, toHex } from '../chain/digest.ts';
import { type PackedClaim, PackedTree, packedRootOf } from './packed-tree.ts';

const data = join(process.env['MAKEWHOLE_DATA'] ?? join(import.meta.dirname, '../../../shared/data'), 'refunds');

interface Published {
  readonly merkleRoot: string;
  readonly total: bigint;
  readonly claims: readonly (PackedClaim & { readonly proof: readonly string[] })[];
}

/** A file of the distributor: amounts in hexadecimal (`amount`) or, where that is prose, in decimal digits (`amountInWei`). */
function published(path: string): Published {
  const file = JSON.parse(readFileSync(join(data, path), 'utf8'));
  const claims = Object.entries<{ index: number; amount: string; amountInWei?: string; proof: string[] }>(file.claims);
  return {
    merkleRoot: file.merkleRoot,
    total: BigInt(file.tokenTotalInWei ?? file.tokenTotal),
    claims: claims.map(([address, { index, amount, amountInWei, proof }]) => {
      return { index, account: fromHex(address.slice(2)), amount: BigInt(amountInWei ?? amount), proof };
    }),
  };
}

const hex = (bytes: Uint8Array): string => `0x${toHex(bytes)}`;

const distributions = [
  ['Compound 2020', 'compound_dai_2020-11-26/compCompensationMerkleTree.json', 124, '0x46ae93ab', '0b44'],
  ['Aave 2023, AAVE', 'aave_rescue_phase1_2023/aaveRescueMerkleTree.json', 153, '0x46cf998d', 'a463'],
  ['Aave 2023, UNI', 'aave_rescue_phase1_2023/uniRescueMerkleTree.json', 3, '0x0d02ecda', '939e'],
] as const;

for (const [name, path, count, start, end] of distributions) {
  const skip = existsSync(join(data, path)) ? false : `no recorded data at refunds/${path} (set MAKEWHOLE_DATA)`;
  test(`the published root of ${name} is reproduced, with every proof and the total`, { skip }, () => {
    const { merkleRoot, total, claims } = published(path);
    const tree = new PackedTree(claims);
    assert.equal(claims.length, count);
    assert.equal(hex(tree.root), merkleRoot);
    assert.ok(merkleRoot.startsWith(start) && merkleRoot.endsWith(end));
    assert.equal(
      claims.reduce((sum, { amount }) => sum + amount, 0n),
      total,
    );
    claims.forEach((claim, place) => {
      assert.deepEqual(tree.proof(place).map(hex), claim.proof);
      assert.equal(hex(packedRootOf(claim, tree.proof(place))), merkleRoot);
      assert.notEqual(hex(packedRootOf({ ...claim, amount: claim.amount + 1n }, tree.proof(place))), merkleRoot);
    });
  });
}

const tables = [
  [
    'Compound 2020',
    'compound_dai_2020-11-26/addressBalances.json',
    'compound_dai_2020-11-26/compCompensationMerkleTree.json',
  ],
  [
    'Aave 2023, AAVE',
    'aave_rescue_phase1_2023/aaveRescueMap.json',
    'aave_rescue_phase1_2023/aaveRescueMerkleTree.json',
  ],
  ['Aave 2023, UNI', 'aave_rescue_phase1_2023/uniRescueMap.json', 'aave_rescue_phase1_2023/uniRescueMerkleTree.json'],
] as const;

for (const [name, path, treePath] of tables) {
  const skip = existsSync(join(data, path)) ? false : `no recorded data at refunds/${path} (set MAKEWHOLE_DATA)`;
  test(`the published root of ${name} follows from its table of amounts alone`, { skip }, () => {
    const file: Record<string, string | { amount: string }> = JSON.parse(readFileSync(join(data, path), 'utf8'));
    // Places go by address, as the distributor's script gives them: checksummed addresses in the order of their characters.
    const list = Object.entries(file)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([address, value], index): PackedClaim => {
        const amount = typeof value === 'string' ? BigInt(`0x${value}`) : BigInt(value.amount);
        return { index, account: fromHex(address.slice(2)), amount };
      });
    assert.equal(hex(new PackedTree(list).root), published(treePath).merkleRoot);
  });
}

const claims = fc
  .array(
    fc.record({ account: fc.uint8Array({ minLength: 20, maxLength: 20 }), amount: fc.bigInt(0n, (1n << 255n) - 1n) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .map((list) => list.map((claim, index): PackedClaim => ({ ...claim, index })));

test('every claim leads to the root; the proofs are accepted by a verifier of sorted pairs', () => {
  fc.assert(
    fc.property(claims, (list) => {
      const tree = new PackedTree(list);
      list.forEach((claim, place) => {
        const proof = tree.proof(place);
        assert.deepEqual(packedRootOf(claim, proof), tree.root);
        const leaf = hex(packedRootOf(claim, []));
        assert.ok(SimpleMerkleTree.verify(hex(tree.root), leaf, proof.map(hex)));
      });
    }),
    { numRuns: 40 },
  );
});

test('a claim with any field altered leads elsewhere, and what is no claim has no leaf', () => {
  const account = new Uint8Array(20).fill(7);
  const list = [1n, 2n, 3n].map((amount, index) => ({ index, account, amount }));
  const tree = new PackedTree(list);
  const claim = list[1] as PackedClaim;
  for (const other of [
    { ...claim, index: 2 },
    { ...claim, amount: 3n },
    { ...claim, account: new Uint8Array(20).fill(8) },
  ]) {
    assert.notDeepEqual(packedRootOf(other, tree.proof(1)), tree.root);
  }
  assert.throws(() => new PackedTree([{ ...claim, account: new Uint8Array(32) }]), /20 bytes, not 32/);
  assert.throws(() => new PackedTree([{ ...claim, amount: -1n }]), /at least 0/);
  assert.throws(() => new PackedTree([{ ...claim, amount: 1n << 255n }]), /256 bits/);
  assert.throws(() => packedRootOf(claim, [new Uint8Array(31)]), /31 bytes/);
  assert.throws(() => new PackedTree([]), /at least one claim/);
});
