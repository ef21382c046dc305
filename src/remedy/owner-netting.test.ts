import assert from 'node:assert/strict';
import { test } from 'node:test';
import { netOwner, type OwnedChains } from './owner-netting.ts';
import type { ChainStatement } from './statement.ts';

const chain = (markets: readonly number[], amount: number): ChainStatement =>
  ({
    markets,
    amount: String(amount),
    causes: [{ cause: 'funding', amount: String(amount) }],
  }) as unknown as ChainStatement;
const owned = (account: number, ...chains: ChainStatement[]): OwnedChains => ({ account, chains });
const net = (...accounts: OwnedChains[]): [number, bigint][] => [...netOwner(accounts)];

test('what another account of the owner gained in the same market is subtracted, no more than was lost', () => {
  assert.deepEqual(net(owned(4, chain([1], 100)), owned(5, chain([1], -30))), [[4, 30n]]);
  assert.deepEqual(net(owned(4, chain([1], 100)), owned(5, chain([1], -300))), [[4, 100n]]);
});

test('gains in another market, and of the same account, are not', () => {
  assert.deepEqual(net(owned(4, chain([1], 100)), owned(5, chain([2], -30))), []);
  assert.deepEqual(net(owned(4, chain([1], 100), chain([2], -30))), []);
  // Money that no market moved links nothing.
  assert.deepEqual(net(owned(4, chain([0], 100)), owned(5, chain([0], -30))), []);
});

test('a chain of two markets links what is in either; shares are in proportion and sum to the gain', () => {
  const parts = net(owned(4, chain([1, 2], 100)), owned(5, chain([2, 3], 50)), owned(6, chain([3], -31)));
  assert.deepEqual(parts, [
    [4, 21n],
    [5, 10n],
  ]);
});
