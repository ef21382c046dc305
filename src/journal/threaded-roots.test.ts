import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import { recordChain } from '../chain/chain.fixture.ts';
import { PARCEL_PAGES, type Parcel } from '../chain/staged-pages.ts';
import { computeRoots } from '../chain/state-tree.ts';
import { replay } from '../chain/replay.ts';
import { TestVenue } from '../chain/trading.fixture.ts';
import { genesis, State } from '../engine/state.ts';
import { sha256 } from './node-digest.ts';
import { RootExchange, RootThreadFailed } from './root-exchange.ts';
import { ThreadedRoots } from './threaded-roots.ts';

test('roots of another thread are those of this one, in order, although the state went on', async () => {
  const roots = new ThreadedRoots();
  const venue = new TestVenue(41);
  venue.open();
  const expected = [];
  for (let n = 0; n < 150; n++) {
    venue.trade(3);
    roots.prepare(venue.state, n % 4);
    venue.trade(2);
    roots.prepare(venue.state, n % 3);
    expected.push(computeRoots(venue.state, sha256));
    roots.request(venue.state);
  }
  assert.deepEqual(
    Array.from({ length: 150 }, () => roots.wait()),
    expected,
  );
  assert.equal(roots.poll(), undefined);
  assert.throws(() => roots.wait(), /no root was requested/);
  await roots.close();
});

test('roots come by polling too', async () => {
  const roots = new ThreadedRoots();
  const state = genesis();
  roots.request(state);
  let found = roots.poll();
  while (found === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    found = roots.poll();
  }
  assert.deepEqual(found, computeRoots(state, sha256));
  await roots.close();
});

test('a state with more pages than all parcels hold waits for room, and gets its root', async () => {
  const positions = 40 * PARCEL_PAGES * 32;
  const state = new State({ positions });
  while (state.position.rows < positions) {
    const row = state.position.allocate();
    state.position.i32[row * state.position.rowWords] = row;
  }
  const roots = new ThreadedRoots();
  roots.request(state);
  assert.deepEqual(roots.wait(), computeRoots(state, sha256));
  await roots.close();
});

test('a chain replays with roots of another thread', async () => {
  const { entries } = recordChain(sha256, 42, 30, 3);
  const roots = new ThreadedRoots();
  const result = replay(genesis(), entries, {
    sealer: new BlockSealer(sha256, roots, BEFORE_GENESIS),
    hash: sha256,
    amend: null,
  });
  assert.deepEqual([result.equal, result.blocks], [true, 16]);
  await roots.close();
});

test('a thread that fails says why, to who waits for a root and to who waits for room', () => {
  const exchange = new RootExchange();
  exchange.fail('SomeError: why');
  assert.throws(
    () => exchange.wait(0),
    (error) => error instanceof RootThreadFailed && /SomeError: why/.test(error.message),
  );
  assert.throws(() => exchange.poll(0), RootThreadFailed);
  const taken = new Set<Parcel>();
  const takeAll = (): void => {
    for (let n = 0; n < 1000; n++) {
      const parcel = exchange.take();
      taken.add(parcel);
      exchange.send(parcel);
    }
  };
  assert.throws(takeAll, RootThreadFailed);
  assert.ok(taken.size > 1);
});

test('a page outside its table ends the thread with a reason', async () => {
  const roots = new ThreadedRoots();
  const state = genesis();
  roots.request(state);
  roots.wait();
  // A table that shrinks is a bug: the tree refuses it.
  state.account.rows = 1;
  state.order.rows = 1;
  state.position.rows = 1;
  state.market.rows = 1;
  const large = new State({ orders: 9000 });
  for (let n = 0; n < 9000; n++) large.order.allocate();
  roots.request(large);
  roots.wait();
  roots.request(state);
  assert.throws(
    () => roots.wait(),
    /the thread that computes state roots failed: Error: a tree of 141 pages cannot become/,
  );
  await roots.close();
});
