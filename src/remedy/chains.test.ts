import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowKind, MarketFlows } from './account-flows.ts';
import type { Cause } from './cause.ts';
import { chainsOf } from './chains.ts';
import type { Netting } from './policy-document.ts';

const flows = (of: Record<number, Partial<Record<FlowKind, bigint>>>): MarketFlows =>
  new Map(
    Object.entries(of).map(([market, kinds]) => [
      Number(market),
      new Map(Object.entries(kinds)) as Map<FlowKind, bigint>,
    ]),
  );
const parts = (of: Record<number, Partial<Record<Cause, bigint>>>): Map<number, Map<Cause, bigint>> =>
  new Map(
    Object.entries(of).map(([market, causes]) => [
      Number(market),
      new Map(Object.entries(causes)) as Map<Cause, bigint>,
    ]),
  );

const ACTUAL = flows({
  0: { external: -5n },
  1: { fills: 10n, taken: -900n, penalties: -7n },
  2: { taken: -50n, held: 3n },
  3: { fills: 1n },
  4: { fills: 2n, fees: -1n },
});
const PARTS = parts({
  1: { liquidation_price: 900n, penalty_and_fees: 7n, voluntary_fill: -4n },
  2: { liquidation_price: 50n },
  3: { voluntary_fill: 6n },
});
const chains = (netting: Netting) =>
  chainsOf({ actual: ACTUAL, parts: PARTS, links: [[1, 2]], takenInBoth: new Set(), netting }).map((chain) => ({
    markets: chain.markets,
    flows: Object.fromEntries(chain.flows),
    causes: Object.fromEntries(chain.causes),
  }));

test('markets that were taken together are one chain, each other one its own, what is not touched the last', () => {
  assert.deepEqual(chains('chain'), [
    {
      markets: [1, 2],
      flows: { held: 3n, fills: 10n, taken: -950n, penalties: -7n },
      causes: { liquidation_price: 950n, penalty_and_fees: 7n, voluntary_fill: -4n },
    },
    { markets: [3], flows: { fills: 1n }, causes: { voluntary_fill: 6n } },
    { markets: [0, 4], flows: { fills: 2n, fees: -1n, external: -5n }, causes: {} },
  ]);
});

test('without netting each cause of each market stands alone, with the flows that are its own', () => {
  const gross = chains('gross');
  const of = (market: number) => gross.filter(({ markets }) => markets.length === 1 && markets[0] === market);
  assert.deepEqual(of(1), [
    { markets: [1], flows: { taken: -900n }, causes: { liquidation_price: 900n } },
    { markets: [1], flows: { penalties: -7n }, causes: { penalty_and_fees: 7n } },
    { markets: [1], flows: { fills: 10n }, causes: { voluntary_fill: -4n } },
  ]);
  assert.deepEqual(of(2), [
    { markets: [2], flows: { taken: -50n }, causes: { liquidation_price: 50n } },
    { markets: [2], flows: { held: 3n }, causes: {} },
  ]);
});

test('whatever is netted, the chains hold all flows and all causes', () => {
  for (const netting of ['chain', 'account', 'gross'] as const) {
    const total = (of: 'flows' | 'causes'): bigint =>
      chains(netting).reduce((sum, chain) => sum + Object.values<bigint>(chain[of]).reduce((a, b) => a + b, 0n), 0n);
    assert.equal(total('flows'), -947n, netting);
    assert.equal(total('causes'), 959n, netting);
  }
});
