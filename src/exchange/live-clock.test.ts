import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LiveClock } from './live-clock.ts';

const START = Date.UTC(2026, 0, 19);
const HOUR = 3_600_000;

/** A machine whose wall can be set while its counter goes on. */
class Machine {
  wall = START;
  count = 5000;

  clock(lastMs?: number, speed = 1): LiveClock {
    return new LiveClock({ wallMs: () => this.wall, countMs: () => this.count, lastMs, speed });
  }

  pass(ms: number): void {
    this.wall += ms;
    this.count += ms;
  }
}

test('a new exchange begins with the wall and goes with it; what clocks differ by is not told', () => {
  const machine = new Machine();
  const clock = machine.clock();
  assert.equal(clock.read(), START);
  machine.pass(1500);
  assert.equal(clock.read(), START + 1500);
  machine.wall += 900;
  assert.equal(clock.read(), START + 2400);
  assert.equal(clock.jump, undefined);
});

test('an exchange that was away goes on at the wall; one whose time is ahead of it goes on where it was', () => {
  const machine = new Machine();
  assert.equal(machine.clock(START - HOUR).read(), START);
  const ahead = machine.clock(START + HOUR);
  assert.equal(ahead.read(), START + HOUR);
  machine.pass(1000);
  assert.equal(ahead.read(), START + HOUR + 900);
});

test('a wall that is set back: time goes on a tenth slower until the wall has come up, and it is told once', () => {
  const machine = new Machine();
  const clock = machine.clock();
  machine.wall -= 10_000;
  machine.pass(1000);
  assert.equal(clock.read(), START + 900);
  assert.deepEqual(clock.jump, { byMs: -10_000, isFollowed: true });
  machine.pass(1000);
  assert.equal(clock.read(), START + 1800);
  assert.equal(clock.jump, undefined);
  machine.pass(200_000);
  assert.equal(clock.read(), machine.wall);
  assert.equal(clock.aheadMs, 0);
});

test('a wall that leaps ahead is followed up to a quarter of an hour, and beyond it only when a person says so', () => {
  const machine = new Machine();
  const clock = machine.clock();
  machine.wall += 600_000;
  assert.equal(clock.read(), START + 600_000);
  assert.deepEqual(clock.jump, { byMs: 600_000, isFollowed: true });
  const before = clock.read();
  machine.wall += 365 * 24 * HOUR;
  machine.pass(1000);
  assert.equal(clock.read(), before + 1000);
  assert.deepEqual(clock.jump, { byMs: 365 * 24 * HOUR, isFollowed: false });
  assert.ok(clock.isWallDoubted);
  machine.pass(1000);
  assert.equal(clock.read(), before + 2000);
  assert.equal(clock.jump, undefined, 'told once');
  clock.accept();
  assert.equal(clock.read(), machine.wall);
  assert.ok(!clock.isWallDoubted);
});

test('a wall that was doubted and is mended ends the doubt by itself', () => {
  const machine = new Machine();
  const clock = machine.clock();
  machine.wall += 24 * HOUR;
  clock.read();
  assert.ok(clock.isWallDoubted);
  machine.wall -= 24 * HOUR;
  machine.pass(1000);
  assert.equal(clock.read(), START + 1000);
  assert.ok(!clock.isWallDoubted);
});

test('at another speed only what passes counts, whatever the wall does', () => {
  const machine = new Machine();
  const clock = machine.clock(START + 7 * HOUR, 60);
  machine.wall -= HOUR;
  machine.pass(1000);
  assert.equal(clock.read(), START + 7 * HOUR + 60_000);
  assert.equal(clock.jump, undefined);
});

test('whatever both clocks do, the time never runs back, and never leaps further than is believed', () => {
  const move = fc.record({
    wall: fc.oneof(fc.integer({ min: -2 * HOUR, max: 2 * HOUR }), fc.constant(0)),
    pass: fc.integer({ min: -5, max: 60_000 }),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const machine = new Machine();
      const clock = machine.clock();
      let before = clock.read();
      for (const { wall, pass } of moves) {
        machine.wall += wall;
        machine.pass(pass);
        const now = clock.read();
        assert.ok(now >= before, `${now - before}`);
        assert.ok(now - before <= 900_000 + Math.max(0, pass), `${now - before}`);
        before = now;
      }
    }),
  );
});
