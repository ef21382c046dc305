import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadChainId, chainId } from './fork-id.ts';

test('each fork of a venue has a chain id of its own, which a short string holds', () => {
  assert.equal(chainId('MAKEWHOLE', 0), 'MAKEWHOLE');
  assert.equal(chainId('MAKEWHOLE', 1), 'MAKEWHOLE.F1');
  assert.equal(chainId('PRIVATE_SN_PARACLEAR_MAINNET', 7), 'PRIVATE_SN_PARACLEAR_MAINNET.F7');
  const ids = ['A', 'A_F1', 'AF1', 'A1'].flatMap((venue) => [0, 1, 11, 2].map((fork) => chainId(venue, fork)));
  assert.equal(new Set(ids).size, ids.length);
});

test('no chain id is made of a name that is none, of a fork that is none, or beyond 31 characters', () => {
  for (const [venue, fork] of [
    ['', 0],
    ['makewhole', 0],
    ['A.F1', 0],
    ['A', -1],
    ['A', 1.5],
    ['A'.repeat(32), 0],
    ['PRIVATE_SN_PARACLEAR_MAINNET', 10],
  ] as const) {
    assert.throws(() => chainId(venue, fork), BadChainId, `${venue} ${fork}`);
  }
});
