import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { writeOrder } from '../engine/venue.fixture.ts';
import { GuardedVenue } from '../guard/guarded-venue.fixture.ts';
import { applyHeard } from '../guard/guarded-replay.ts';
import { Chance, mutate, SmallFlow } from '../guard/mutations.fixture.ts';
import type { Known } from '../guard/known.ts';
import { ListeningThreadFailed } from './listening-exchange.ts';
import { ThreadedListening } from './threaded-listening.ts';

/** All that the guard's images hold of orders, accounts and positions. */
function imagesOf({ orders, image, log, inputs }: Known): Record<string, unknown> {
  const { account, position, market } = image;
  return {
    orders: [...orders.i32.subarray(0, orders.rows * 8)],
    live: Array.from({ length: orders.rows }, (_, row) => orders.isLive(row)),
    stamps: Array.from({ length: orders.rows }, (_, row) => orders.stampOf(row)),
    accounts: [...account.i32.subarray(0, account.rows * 16)],
    positions: [...position.i32.subarray(0, position.rows * 16)],
    markets: [...market.i32.subarray(0, market.rows * 256)],
    venue: [...inputs.venue.f64],
    log: [...log.values.subarray(0, log.count * 16)],
  };
}

/** The same values, however many: a difference is told by its name, not by all of both. */
function requireSame(found: object | undefined, expected: object | undefined, what: string): void {
  for (const [name, value] of Object.entries(expected ?? {})) {
    const other = (found as Record<string, unknown> | undefined)?.[name];
    if (Array.isArray(value) && Array.isArray(other) && typeof value[0] === 'object') {
      requireSame(other, value, `${what}: ${name}`);
    } else assert.ok(JSON.stringify(other) === JSON.stringify(value), `${what}: ${name} differs`);
  }
  assert.equal(Object.keys(found ?? {}).length, Object.keys(expected ?? {}).length, what);
}

/** What a venue and its guard did. */
interface Trace {
  readonly steps: unknown[];
  stopped: string | undefined;
}

/** One step: its events, and what the guard says of it. An engine that stops says why. */
function follow(venue: GuardedVenue, trace: Trace, act: (venue: GuardedVenue) => unknown): void {
  if (trace.stopped !== undefined) return;
  try {
    const events = act(venue);
    const { verdicts, warrants, guard } = venue;
    trace.steps.push(
      structuredClone({ events, verdicts, warrants, findings: guard?.quarantine.all, holds: guard?.takeHolds() }),
    );
  } catch (error) {
    trace.stopped = String(error);
  }
}

for (const takesBack of [false, true]) {
  const how = takesBack ? 'both threads take in' : 'a second thread takes in';
  test(`where ${how} what happened, and memory is changed at random, the guard finds, holds and warrants the same`, () =>
    changedAtRandom(takesBack));
}

async function changedAtRandom(takesBack: boolean): Promise<void> {
  let found = 0;
  let forced = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const listening = new ThreadedListening(true, takesBack);
    const venues = [new GuardedVenue(true), new GuardedVenue(true, { listening })] as const;
    const traces: Trace[] = [
      { steps: [], stopped: undefined },
      { steps: [], stopped: undefined },
    ];
    const flow = new SmallFlow(new Chance(seed));
    for (const venue of venues) flow.open(venue);
    for (let step = 0; step < 80; step++) {
      if (step === 50) for (const venue of venues) mutate(venue, new Chance(seed + 1_000));
      const act = flow.next();
      for (const [n, venue] of venues.entries()) {
        follow(venue, traces[n] as Trace, (each) => {
          const events = act(each);
          if (n === 0) flow.learn(events);
          return events;
        });
      }
    }
    for (const [n, venue] of venues.entries()) follow(venue, traces[n] as Trace, (each) => each.seal());
    requireSame(traces[1], traces[0], `seed ${seed}`);
    const [one, other] = venues.map((venue) => imagesOf(venue.guard?.known as Known));
    requireSame(other, one, `seed ${seed}, images`);
    found += venues[0].guard?.quarantine.all.length ?? 0;
    forced += venues[0].warrants.length;
    await listening.close();
  }
  assert.ok(found > 2, `only ${found} findings`);
  assert.ok(forced > 2, `only ${forced} warrants`);
}

/** Batches in which 200 accounts trade with each other, more than any image has room for at first. */
function crowd(venue: GuardedVenue): void {
  const guard = venue.guard as NonNullable<GuardedVenue['guard']>;
  const markets = [venue.market(), venue.market(), venue.market()];
  const traders = Array.from({ length: 200 }, () => venue.trader(1_000_000));
  for (const market of markets) venue.price(market, 10_000);
  venue.seal();
  const chance = new Chance(7);
  const commands = new CommandBuffer();
  for (let batch = 0; batch < 6; batch++) {
    commands.clear();
    for (let order = 0; order < 3_000; order++) {
      const sell = chance.next() < 0.5;
      const price = 10_000 + chance.below(100) - 50 + (sell ? 20 : -20);
      writeOrder(commands, venue.timeMs, chance.of(traders), chance.of(markets), {
        sell,
        price,
        size: 1 + chance.below(9),
      });
    }
    venue.state.events.clear();
    guard.startBatch();
    for (let row = 0; row < commands.rows; ) {
      row = applyHeard(venue.state, guard, commands.i32, commands.f64, row, commands.rows);
    }
    guard.seal(venue.state);
  }
}

for (const takesBack of [false, true]) {
  const who = takesBack ? 'both threads move' : 'the second thread moves';
  test(`in large batches the images that ${who} are those that one thread moves, and as the rows`, () =>
    movedAtRate(takesBack));
}

async function movedAtRate(takesBack: boolean): Promise<void> {
  const listening = new ThreadedListening(false, takesBack);
  const venues = [new GuardedVenue(true), new GuardedVenue(true, { listening })] as const;
  for (const venue of venues) crowd(venue);
  const [one, other] = venues.map((venue) => imagesOf(venue.guard?.known as Known));
  requireSame(other, one, 'images');
  for (const { guard } of venues) assert.deepEqual(guard?.quarantine.all, []);
  const { state } = venues[1];
  assert.ok(state.order.rows > 5_000 && state.position.rows > 500, `${state.order.rows} ${state.position.rows}`);
  await listening.close();
}

test('where the listening thread fails, the exchange is told why', async () => {
  const listening = new ThreadedListening(true);
  const venue = new GuardedVenue(true, { listening });
  const market = venue.market();
  const [maker, taker] = [venue.trader(1_000), venue.trader(1_000)];
  venue.price(market, 10_000);
  venue.seal();
  venue.trade(maker, taker, market, 1, 10_000);
  const known = venue.guard?.known as Known;
  // A buffer that is none.
  known.buffers = () => [];
  known.log.reserve(1 << 20);
  // Found out where it is waited for, or sooner: at the end of any batch.
  assert.throws(() => {
    venue.trade(maker, taker, market, 1, 10_000);
    venue.seal();
  }, ListeningThreadFailed);
  await listening.close();
});
