// Small worlds that shrink: a few accounts, a few prices, every order there is. What differs from the naive exchange comes out
// as the shortest run of commands that shows it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditState } from '../src/engine/audit.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import type { EventRecord } from '../src/engine/event.ts';
import { orderFlags } from '../src/engine/flags.ts';
import { genesis } from '../src/engine/state.ts';
import { ROUND_MARKET } from '../src/engine/venue.fixture.ts';
import { digestOfWorld } from '../src/sim/naive/digest.ts';
import { digestOfState } from '../src/sim/naive/engine-digest.ts';
import { NaiveExchange } from '../src/sim/naive/exchange.ts';
import { applyTo, copyOf } from './flow-run.ts';

type Action = (buffer: CommandBuffer, timeMs: number, orders: readonly number[]) => void;

const account = fc.integer({ min: 3, max: 5 });
const price = fc.integer({ min: 96, max: 104 });
const size = fc.integer({ min: 1, max: 6 });
const side = fc.integer({ min: 0, max: 1 });

/** Orders are named by how many were accepted before the one that is meant. */
const nth = fc.nat(30);

const place = fc
  .record({
    account,
    price,
    size,
    side,
    kind: fc.integer({ min: 0, max: 7 }),
    instruction: fc.integer({ min: 0, max: 2 }),
    reduceOnly: fc.boolean(),
    selfTrade: fc.integer({ min: 0, max: 2 }),
    trigger: price,
  })
  .map(({ account: who, kind, ...terms }): Action => {
    return (buffer, timeMs) => {
      const flags = orderFlags(terms.side, kind, terms.instruction, terms.reduceOnly, terms.selfTrade);
      const limit = kind % 2 === 0 ? terms.price : 0;
      buffer.placeOrder(timeMs, who, 1, limit, terms.size, flags, kind < 2 ? 0 : terms.trigger);
    };
  });

const plain = fc
  .record({ account, price, size, side, selfTrade: fc.integer({ min: 0, max: 2 }) })
  .map((terms): Action => {
    return (buffer, timeMs) => {
      const flags = orderFlags(terms.side, 0, 0, false, terms.selfTrade);
      buffer.placeOrder(timeMs, terms.account, 1, terms.price, terms.size, flags);
    };
  });

const cancel = fc.record({ account, nth }).map(({ account: who, nth: at }): Action => {
  return (buffer, timeMs, orders) => buffer.cancelOrder(timeMs, who, orders[at] ?? 0);
});

const amend = fc.record({ account, nth, price, size, trigger: price }).map((terms): Action => {
  return (buffer, timeMs, orders) => {
    buffer.amendOrder(timeMs, terms.account, orders[terms.nth] ?? 0, terms.price, terms.size, terms.trigger);
  };
});

const fire = fc.record({ nth, mark: price }).map(({ nth: at, mark }): Action => {
  return (buffer, timeMs, orders) => buffer.fireTrigger(timeMs, orders[at] ?? 0, mark * 1e6);
});

const reprice = price.map((mark): Action => {
  return (buffer, timeMs) => {
    buffer.collateralPrice(timeMs, 1e8, timeMs);
    buffer.oraclePrice(timeMs, 1, 0, mark * 1e6, timeMs);
    buffer.venueQuote(timeMs, 1, 0, 3, timeMs, mark * 1e6, mark * 1e6, 0, 0);
    buffer.tick(timeMs);
  };
});

const leverage = fc.record({ account, leverage: fc.integer({ min: 0, max: 11 }) }).map((terms): Action => {
  return (buffer, timeMs) => buffer.setLeverage(timeMs, terms.account, 1, terms.leverage);
});

const cancelAll = account.map(
  (who): Action =>
    (buffer, timeMs) =>
      buffer.cancelAll(timeMs, who),
);

const actions = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: plain },
    { weight: 6, arbitrary: place },
    { weight: 3, arbitrary: cancel },
    { weight: 3, arbitrary: amend },
    { weight: 2, arbitrary: fire },
    { weight: 2, arbitrary: reprice },
    { weight: 1, arbitrary: leverage },
    { weight: 1, arbitrary: cancelAll },
  ),
  { maxLength: 40 },
);

/** A market at 100, three accounts of which one is poor. */
function setUp(buffer: CommandBuffer, timeMs: number): void {
  buffer.defineMarket(timeMs, ROUND_MARKET);
  for (const who of [3, 4, 5]) {
    buffer.defineAccount(timeMs, new Uint8Array(32).fill(who), 1, 0);
    buffer.deposit(timeMs, who, who === 5 ? 1e8 : 1e12, who);
  }
  buffer.collateralPrice(timeMs, 1e8, timeMs);
  buffer.oraclePrice(timeMs, 1, 0, 100e6, timeMs);
  buffer.venueQuote(timeMs, 1, 0, 3, timeMs, 100e6, 100e6, 0, 0);
  buffer.tick(timeMs);
}

test('in any small world the engine, its restored copy and the naive exchange agree, and the audit finds nothing', () => {
  fc.assert(
    fc.property(actions, (chosen) => {
      const state = genesis();
      const naive = new NaiveExchange();
      const buffer = new CommandBuffer(64);
      const orders: number[] = [];
      let timeMs = 1_000;
      for (const write of [setUp, ...chosen]) {
        timeMs += 1_000;
        buffer.clear();
        write(buffer, timeMs, orders);
        const { i32: words, f64: floats, rows: end } = buffer;
        for (let row = 0; row < end; ) {
          const copy = copyOf(state);
          const { rows, events } = applyTo(state, { words, floats, row, end });
          naive.clear();
          naive.apply(words.subarray(0, end * 16), floats, row);
          assert.deepEqual(events, naive.events);
          assert.deepEqual(applyTo(copy, { words, floats, row, end }).events, events);
          for (const event of events as EventRecord<'orderAccepted'>[]) {
            if (event.kind === 'orderAccepted') orders.push(event.order);
          }
          row += rows;
        }
      }
      assert.equal(digestOfState(state), digestOfWorld(naive.world));
      assert.deepEqual(auditState(state), []);
    }),
    { seed: 1, numRuns: 300 },
  );
});
