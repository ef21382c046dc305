import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { TickScreen } from './tick-screen.ts';
import type { Check } from './verdict.ts';
import type { Guard } from './guard.ts';
import { type Said, type ScreenedScene, screenedScene, TICK_MS, writeSaid } from './screened-venue.fixture.ts';

const ALL: Said = [10_000, 10_000, 10_000, 10_000];

/** Says prices of both markets; returns what is held as name, place and hint. */
function say({ venue, market, other }: ScreenedScene, said: Said, others: Said = [3_000, 3_000, 3_000, 3_000]) {
  venue.say(
    new Map([
      [market, said],
      [other, others],
    ]),
  );
  return venue.held.map(({ check, command }) => ({ name: check.name, of: check.class, about: check.about, command }));
}

const names = (held: readonly { readonly name: string }[]): string[] => held.map(({ name }) => name);

/** Writes a batch a second later; returns the names of what is held. */
function submit({ venue }: ScreenedScene, write: (buffer: CommandBuffer, timeMs: number) => void): string[] {
  venue.timeMs += 1_000;
  venue.apply(write);
  return venue.heldBy;
}

test('sources that move together are taken, however far they move', () => {
  const at = screenedScene();
  for (const price of [7_000, 12_400, 6_500, 1_450, 5_100]) assert.deepEqual(say(at, [price, price, price, price]), []);
  assert.deepEqual(say(at, [3_900, 4_000, 3_950, 3_920], [900, 910, 905, 905]), []);
});

test('one that differs from a majority is not taken, by its first sample and by those that follow; the market goes on', () => {
  const at = screenedScene();
  for (let tick = 0; tick < 6; tick++) {
    const held = say(at, [10_000 + tick, 5_900, 10_001, 10_000]);
    assert.deepEqual(held, [
      { name: 'sample_agreement', of: 'II', about: `oracle 1 of market ${at.market}`, command: COMMAND.oraclePrice },
    ]);
  }
  assert.deepEqual(say(at, ALL), []);
});

test('what it looks like is said: a power of ten, a split, another market', () => {
  const hint = (said: Said): string => say(screenedScene(), said)[0]?.about ?? '';
  assert.match(hint([10_000, 100, 10_000, 10_000]), /oracle 1 .*10\^2 part: unit or scale/);
  assert.match(hint([10_000, 10_000, 10_000, 2_000]), /venue 1 .*5 part: split/);
  assert.match(hint([3_000, 10_000, 10_000, 10_000]), /oracle 0 .*the price of market 2: wrong mapping/);
});

test('with two sources the other one and the own last sample make the majority', () => {
  const at = screenedScene([10_000, undefined, 10_000, undefined]);
  assert.deepEqual(names(say(at, [6_900, undefined, 10_000, undefined])), ['sample_agreement']);
  assert.deepEqual(say(at, [6_900, undefined, 6_905, undefined]), []);
});

test('a jump by a power of ten, by a whole number or onto another market is not taken even when all make it', () => {
  const at = screenedScene();
  for (const price of [100, 1e6, 2_000, 3_000]) {
    assert.deepEqual(names(say(at, [price, price, price, price])), Array(4).fill('sample_agreement'), `${price}`);
  }
  assert.deepEqual(say(at, [2_100, 2_100, 2_100, 2_100]), []);
});

test('several ticks in one batch are judged one after the other', () => {
  const at = screenedScene();
  const { venue, market } = at;
  venue.apply((buffer) => {
    for (const price of [8_000, 6_100, 4_600]) {
      venue.timeMs += TICK_MS;
      buffer.collateralPrice(venue.timeMs, 1e8, venue.timeMs);
      writeSaid(buffer, venue.timeMs, market, [price, price, price === 6_100 ? 9_000 : price, price]);
      buffer.tick(venue.timeMs);
    }
  });
  assert.deepEqual(
    venue.held.map(({ check }) => check.about),
    [`venue 0 of market ${market}`],
  );
});

test('a sample that is doubled, replayed, from the future or no price is named and not taken', () => {
  const at = screenedScene();
  const { market, venue } = at;
  const oracle = (price: number, lagMs: number) =>
    submit(at, (buffer, timeMs) => buffer.oraclePrice(timeMs, market, 0, price, timeMs - lagMs));
  assert.deepEqual(oracle(10_000e6, 0), []);
  assert.deepEqual(oracle(10_000e6, 1_000), ['sample_order']);
  assert.deepEqual(oracle(9_900e6, 60_000), ['sample_order']);
  assert.deepEqual(oracle(10_000e6, -1_000), ['sample_time']);
  assert.deepEqual(oracle(10_000e6, 0.5), ['sample_time']);
  for (const price of [0, -10_000e6, Number.NaN, 2 ** 43, 1.5]) assert.deepEqual(oracle(price, 0), ['sample_range']);
  const twice = submit(at, (buffer, timeMs) => {
    for (let n = 0; n < 2; n++) buffer.oraclePrice(timeMs, market, 0, 10_000e6, timeMs);
  });
  assert.deepEqual(twice, ['sample_order']);
  const usdc = submit(at, (buffer, timeMs) => buffer.collateralPrice(timeMs, 0, timeMs));
  assert.deepEqual(usdc, ['sample_range']);
  assert.ok(venue.held.every(({ check }) => check.class === 'I'));
});

test('a quote whose parts cannot have been seen together is not taken', () => {
  const at = screenedScene();
  const quote = (mark: number, index: number, bid: number, ask: number, known = 15) =>
    submit(at, (buffer, timeMs) => buffer.venueQuote(timeMs, at.market, 0, known, timeMs, mark, index, bid, ask));
  assert.deepEqual(quote(10_000e6, 10_010e6, 9_990e6, 10_020e6), []);
  assert.deepEqual(quote(10_000e6, 10_010e6, 10_020e6, 9_990e6), ['sample_tuple']);
  assert.deepEqual(quote(3_000e6, 10_010e6, 2_990e6, 3_010e6), ['sample_tuple']);
  assert.deepEqual(quote(10_000e6, 10_010e6, 3_000e6, 10_020e6), ['sample_tuple']);
  assert.deepEqual(quote(10_000e6, 10_010e6, 0, 0), ['sample_range']);
  // Absence is no zero: what is not there is not compared.
  assert.deepEqual(quote(10_000e6, 10_010e6, 0, 0, 3), []);
});

test('a doubled tick, one that goes back and one far ahead of what came with it are not taken', () => {
  const at = screenedScene();
  const { venue } = at;
  const again = venue.timeMs;
  assert.deepEqual(
    submit(at, (buffer) => buffer.tick(again)),
    ['tick_order'],
  );
  assert.deepEqual(
    submit(at, (buffer, timeMs) => {
      buffer.tick(timeMs);
      buffer.tick(timeMs);
    }),
    ['tick_order'],
  );
  const ahead = submit(at, (buffer, timeMs) => {
    writeSaid(buffer, timeMs, at.market, ALL);
    buffer.tick(timeMs + 3_600_000);
  });
  assert.deepEqual(ahead, ['tick_time']);
  assert.deepEqual(say(at, ALL), []);
});

test('a deposit far ahead of the last one is not taken: every true one below it would be refused for good', () => {
  const scene = screenedScene();
  const account = scene.venue.trader(0);
  const far = submit(scene, (buffer, timeMs) => buffer.deposit(timeMs, account, 500, 2 ** 52));
  assert.deepEqual(far, ['deposit_reference']);
  scene.venue.deposit(account, 7);
  assert.equal(scene.venue.balance(account), 7);
});

test('a halt of hours is told and holds nothing', () => {
  const { venue, market } = screenedScene();
  const ticks = new TickScreen((venue.guard as Guard).known);
  const commands = new CommandBuffer();
  const told = (elapsedMs: number): (readonly [string, string])[] => {
    commands.clear();
    commands.tick(venue.timeMs + elapsedMs);
    ticks.begin(venue.state);
    return ticks.judge(commands, 0, 0).map((check) => [check.class, check.name]);
  };
  assert.deepEqual(told(30_000), []);
  assert.deepEqual(told(31_000), [['III', 'tick_gap']]);
  // Alone it would hold every right tick for as long; with something of now beside it, it is a halt that is over.
  assert.deepEqual(told(8 * 3_600_000), [['II', 'tick_time']]);
  venue.say(new Map([[market, ALL]]), 8 * 3_600_000);
  assert.deepEqual(venue.held, []);
});

test('ticks that do not come any more are told once, by what comes behind the last one', () => {
  const { venue } = screenedScene();
  const ticks = new TickScreen((venue.guard as Guard).known);
  ticks.begin(venue.state);
  assert.equal(ticks.missing(venue.timeMs + 30_000), undefined);
  const check = ticks.missing(venue.timeMs + 31_000);
  assert.deepEqual([check?.class, check?.name, check?.found], ['III', 'tick_missing', 'none for 31000 ms']);
  assert.equal(ticks.missing(venue.timeMs + 60_000), undefined);
});

test('an order that waited longer than the limit is not taken; a cancel is', () => {
  const at = screenedScene();
  const { venue, market, short } = at;
  const flags = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
  const order = venue.order(short, market, { price: 9_900, size: 1 });
  const late = submit(at, (buffer, timeMs) => {
    buffer.placeOrder(timeMs, short, market, 9_900, 1, flags);
    buffer.amendOrder(timeMs, short, order, 9_901, 1);
    buffer.cancelOrder(timeMs, short, order);
    buffer.placeOrder(timeMs + 61_000, short, market, 9_900, 1, flags);
  });
  assert.deepEqual(late, ['order_lag', 'order_lag']);
  assert.equal(venue.held[0]?.account, short);
});

test('in a quarantined market orders may only reduce; money of those who hold in it stays; others go on', () => {
  const at = screenedScene();
  const { venue, market, other, long, short } = at;
  const check: Check = { class: 'I', name: 'some_check', about: '', holds: false, found: '1', expected: '2' };
  const order = venue.order(short, market, { price: 9_000, size: 1 });
  (venue.guard as Guard).find(venue.state, { kind: 'market', market }, check);
  const place = (account: number, where: number, terms: { sell?: boolean; size: number; reduceOnly?: boolean }) => {
    venue.place(account, where, { price: 9_900, ...terms });
    return venue.heldBy;
  };
  assert.deepEqual(place(long, market, { size: 10 }), ['quarantine']);
  assert.deepEqual(place(long, market, { sell: true, size: 101 }), ['quarantine']);
  assert.deepEqual(place(long, market, { sell: true, size: 10 }), []);
  assert.deepEqual(place(short, market, { sell: true, size: 5, reduceOnly: true }), []);
  assert.deepEqual(place(short, other, { size: 5 }), []);
  const amended = submit(at, (buffer, timeMs) => buffer.amendOrder(timeMs, short, order, 9_001, 1));
  assert.deepEqual(amended, ['quarantine']);
  assert.deepEqual(
    submit(at, (buffer, timeMs) => buffer.cancelOrder(timeMs, short, order)),
    [],
  );
  const money = submit(at, (buffer, timeMs) => {
    buffer.requestWithdrawal(timeMs, long, 1e8);
    buffer.transfer(timeMs, short, long, 1e8);
    buffer.deposit(timeMs, long, 1e8, 1_000);
  });
  assert.deepEqual(money, ['quarantine', 'quarantine']);
  const batch = submit(at, (buffer, timeMs) => {
    const first = buffer.rows;
    buffer.placeBatch(timeMs, short, 2);
    const flags = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
    buffer.placeOrder(timeMs, short, other, 2_900, 1, flags);
    buffer.placeOrder(timeMs, short, market, 9_900, 1_000, flags);
    buffer.endBatch(first);
  });
  assert.deepEqual(batch, ['quarantine']);
});
