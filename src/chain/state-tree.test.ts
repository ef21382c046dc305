import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { genesis, State } from '../engine/state.ts';
import { PAGE_BYTES } from '../engine/table.ts';
import { SCHEMAS, type TableName } from '../engine/tables.ts';
import { toHex } from './digest.ts';
import { PageTree } from './page-tree.ts';
import { DirectRoots } from './roots.ts';
import { PARCEL_BYTES, PARCEL_PAGES, PageCollector, Parcel } from './staged-pages.ts';
import { absorbTouched, computeRoots, StateTree } from './state-tree.ts';
import { TABLE_NAMES, touchAll } from './touched-pages.ts';
import { TestVenue } from './trading.fixture.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

/** The definition, written out: no tree, no marks. */
function definedRoot(state: State): string {
  const tables = TABLE_NAMES.map((name) => {
    const { schema, rows, free, live, bytes } = state[name];
    const pages = Math.ceil((rows * schema.rowBytes) / PAGE_BYTES);
    let level: Uint8Array[] = Array.from({ length: pages }, (_, page) =>
      sha256(bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)),
    );
    while (level.length > 1) {
      const above: Uint8Array[] = [];
      for (let at = 0; at < level.length; at += 16) above.push(sha256(Buffer.concat(level.slice(at, at + 16))));
      level = above;
    }
    const counts = Buffer.alloc(16);
    [rows, free, live, schema.rowBytes].forEach((value, at) => counts.writeInt32LE(value, at * 4));
    return sha256(Buffer.concat([level[0] as Uint8Array, counts, Buffer.from(name)]));
  });
  return toHex(sha256(Buffer.concat([Buffer.from('makewhole state root 1\n'), ...tables])));
}

/** What may happen to a table between two roots. */
interface Change {
  readonly table: TableName;
  readonly action: string;
  readonly place: number;
  readonly value: number;
}
const change: fc.Arbitrary<Change> = fc.record({
  table: fc.constantFrom(...TABLE_NAMES),
  action: fc.constantFrom('write', 'write', 'allocate', 'grow', 'release'),
  place: fc.nat(),
  value: fc.integer(),
});

function apply(state: State, { table: name, action, place, value }: Change): void {
  const table = state[name];
  const row = 1 + (place % Math.max(1, table.rows - 1));
  if (action === 'allocate' || action === 'grow') {
    for (let n = 0; n < (action === 'grow' ? 1 + (place % 900) : 1); n++) {
      const fresh = table.allocate();
      // Some rows are allocated and stay as they are.
      if ((place + n) % 3 === 0) continue;
      table.i32[fresh * table.rowWords + (n % table.rowWords)] = value;
      table.touch(fresh);
    }
  } else if (table.rows > 1) {
    if (action === 'release') table.release(row);
    else {
      table.i32[row * table.rowWords + (place % table.rowWords)] = value;
      table.touch(row);
    }
  }
}

/** Parcels over memory of their own, unpacked as they are sent. */
function unpacking(tree: StateTree) {
  const parcel = new Parcel(new ArrayBuffer(PARCEL_BYTES), 0);
  const seen = { parcels: 0, last: 0 };
  const post = {
    take: (): Parcel => post.tryTake(),
    tryTake: (): Parcel => {
      parcel.clear();
      return parcel;
    },
    send: (sent: Parcel): void => {
      sent.unpack(tree);
      seen.parcels++;
      if (sent.isLast) seen.last++;
    },
  };
  return { collector: new PageCollector(post), seen };
}

test('the root of the first state is that of the definition', () => {
  const { stateRoot, rulesHash } = computeRoots(genesis(), sha256);
  assert.equal(toHex(stateRoot), definedRoot(genesis()));
  assert.notEqual(toHex(rulesHash), toHex(stateRoot));
});

test('the root does not depend on how much room the tables have', () => {
  const small = computeRoots(genesis(), sha256);
  assert.deepEqual(computeRoots(genesis({ accounts: 5000, positions: 9000, orders: 7000 }), sha256), small);
});

test('random writes: a root that hashes what was touched is the root of everything, direct and through parcels', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 12 }), { minLength: 1, maxLength: 5 }), (rounds) => {
      const state = genesis();
      const twin = genesis();
      const direct = new DirectRoots(sha256);
      const staged = new StateTree(sha256);
      const { collector } = unpacking(staged);
      touchAll(twin);
      for (const changes of rounds) {
        for (const each of changes) {
          apply(state, each);
          apply(twin, each);
          // Pages taken ahead, a few at a time, are taken again when they are touched again.
          direct.prepare(state, each.place % 5);
          collector.prepare(twin, each.place % 3);
        }
        direct.request(state);
        collector.finish(twin);
        const root = toHex(direct.wait().stateRoot);
        assert.equal(root, definedRoot(state));
        assert.equal(root, toHex(staged.roots().stateRoot));
        assert.equal(root, toHex(computeRoots(state, sha256).stateRoot));
      }
    }),
    { numRuns: 60 },
  );
});

test('the engine marks every page that it writes', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const venue = new TestVenue(seed);
    const roots = new DirectRoots(sha256);
    roots.request(venue.state);
    roots.wait();
    for (let n = 0; n < 60; n++) {
      if (n === 0) venue.open();
      else venue.trade(12);
      roots.request(venue.state);
      assert.deepEqual(roots.wait(), computeRoots(venue.state, sha256), `seed ${seed}, batch ${n}`);
    }
  }
});

test('every bit of a row, and every count, is in the root', () => {
  const base = definedRoot(genesis());
  for (const name of TABLE_NAMES) {
    for (const alter of ['rows', 'free', 'live', 'byte'] as const) {
      const state = genesis();
      if (alter === 'byte') {
        const at = state[name].rows * state[name].schema.rowBytes - 1;
        state[name].bytes[at] = (state[name].bytes[at] as number) ^ 1;
      } else state[name][alter]++;
      assert.notEqual(toHex(computeRoots(state, sha256).stateRoot), base, `${name} ${alter}`);
    }
  }
});

test('a write that was not marked is not in the incremental root, and the full one shows it', () => {
  const state = genesis();
  const tree = new StateTree(sha256);
  touchAll(state);
  const before = absorbTouched(tree, state);
  state.account.f64[state.account.rowFloats] = 1;
  assert.deepEqual(absorbTouched(tree, state), before);
  assert.notDeepEqual(computeRoots(state, sha256), before);
});

test('computing a full root keeps the marks', () => {
  const state = genesis();
  const tree = new StateTree(sha256);
  absorbTouched(tree, state);
  state.order.allocate();
  state.order.touch(1);
  computeRoots(state, sha256);
  assert.equal(state.order.touched[0], 1);
  assert.equal(state.account.touched[0], 0);
});

test('the rules hash moves with the rules alone', () => {
  const { rulesHash } = computeRoots(genesis(), sha256);
  const state = genesis();
  state.venue.f64[state.venue.rowFloats + 4] = 99;
  assert.deepEqual(computeRoots(state, sha256).rulesHash, rulesHash);
  state.rule.f64[state.rule.rowFloats] = 99;
  assert.notDeepEqual(computeRoots(state, sha256).rulesHash, rulesHash);
});

test('more pages than a parcel holds travel in several, the last one marked', () => {
  const state = new State({ positions: 200_000 });
  for (let row = 1; row < 200_000; row++) {
    state.position.allocate();
    state.position.f64[row * state.position.rowFloats] = row;
  }
  touchAll(state);
  const pages = TABLE_NAMES.reduce((sum, name) => sum + state[name].pages, 0);
  const tree = new StateTree(sha256);
  const { collector, seen } = unpacking(tree);
  collector.finish(state);
  assert.equal(seen.parcels, Math.ceil(pages / PARCEL_PAGES));
  assert.equal(seen.last, 1);
  assert.deepEqual(tree.roots(), computeRoots(state, sha256));
});

test('a tree refuses to shrink', () => {
  const tree = new PageTree(sha256);
  tree.resize(300);
  assert.throws(() => tree.resize(299), /300 pages cannot become one of 299/);
});

test('a root that nobody requested is not waited for', () => {
  const roots = new DirectRoots(sha256);
  assert.equal(roots.poll(), undefined);
  assert.throws(() => roots.wait(), /no root was requested/);
});

test('the schemas fit into pages', () => {
  for (const { rowBytes } of Object.values(SCHEMAS)) assert.equal(PAGE_BYTES % rowBytes, 0);
});
