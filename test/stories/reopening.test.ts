// A day's traders on a venue that crashes, and crashes again while it comes back: in no market does anything happen that its rung forbids.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DirectRoots } from '../../src/chain/roots.ts';
import { CommandBuffer } from '../../src/engine/command-buffer.ts';
import type { EventRecord } from '../../src/engine/event.ts';
import { marketCount } from '../../src/engine/state.ts';
import { Exchange } from '../../src/exchange/exchange.ts';
import { recover } from '../../src/exchange/recover.ts';
import { Reopening, type ReopeningStep } from '../../src/exchange/reopen.ts';
import { Guard } from '../../src/guard/guard.ts';
import { heightOf, type Rung } from '../../src/guard/reopening.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { modelledMarketDay } from '../../src/sim/modelled-market-day.ts';
import { Random } from '../../src/sim/random.ts';
import { Session } from '../../src/sim/session.ts';

/** What needs which rung, and where the event names its market. */
const NEEDS: Partial<Record<EventRecord['kind'], Rung>> = {
  orderAccepted: 'post_only',
  filled: 'open',
  orderTriggered: 'triggers',
  positionTaken: 'normal',
};

class CrashingVenue {
  readonly journal = new MemoryJournal();
  readonly session: Session;
  steps: ReopeningStep[] = [];
  told: EventRecord[] = [];
  happened = 0;
  tick = 0;
  exchange!: Exchange;
  reopening: Reopening | undefined;

  constructor(seed: number) {
    this.session = new Session({ day: modelledMarketDay({ seed }), seed, accounts: 200 });
    this.start(false);
  }

  start(hasLadder = true): void {
    const guard = new Guard();
    this.steps = [];
    this.reopening = hasLadder ? new Reopening({ guard, onStep: (step) => this.steps.push(step) }) : undefined;
    const reopening = this.reopening === undefined ? {} : { reopening: this.reopening };
    const { journal } = this;
    const { state, sealer, replay } = recover(journal, {
      hash: sha256,
      roots: new DirectRoots(sha256),
      guard,
      ...reopening,
    });
    assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
    this.exchange = new Exchange({
      state,
      journal,
      sealer,
      guard,
      ...reopening,
      blockCommands: 100_000,
      blockMs: 15_000,
      onPublish: ({ events }) => this.told.push(...events.all()),
    });
  }

  /** One tick of the session; holds what happened in each market against its rung of before. */
  go(isFirst = false): void {
    const { state } = this.exchange;
    const markets = marketCount(state);
    const rungs = Array.from({ length: markets + 1 }, (_, market) =>
      isFirst ? 'cancel_only' : (this.reopening?.rungOf(market) ?? 'normal'),
    );
    const buffer = new CommandBuffer(4096);
    this.told = [];
    if (this.tick === 0) this.session.opening(state, buffer);
    else this.session.step(this.tick, state, buffer);
    this.tick++;
    this.exchange.submit(buffer);
    if (this.reopening === undefined) return;
    for (const event of this.told) {
      const needed = NEEDS[event.kind];
      if (needed === undefined) continue;
      const { market } = event as EventRecord<'filled'>;
      this.happened++;
      const rung = rungs[market] as Rung;
      assert.ok(heightOf(rung) >= heightOf(needed), `${event.kind} in market ${market} on ${rung}`);
    }
  }
}

for (const seed of [1, 2, 3]) {
  test(`seed ${seed}: a crash at any moment of a day, and another one on the way back`, () => {
    const venue = new CrashingVenue(seed);
    const random = new Random(seed).fork('crashes');
    for (let n = random.between(30, 60); n > 0; n--) venue.go();
    venue.start();
    venue.go(true);
    for (let n = random.between(1, 60); n > 0; n--) venue.go();
    venue.start();
    venue.go(true);
    for (let n = 0; venue.steps.filter(({ move }) => move === 'done').length < 10; n++) {
      assert.ok(n < 200, 'every market is normal again after a quarter of an hour');
      venue.go();
    }
    assert.ok(venue.happened > 100, `${venue.happened}`);
    assert.ok(venue.steps.every(({ move }) => move === 'begin' || move === 'up' || move === 'done'));
  });
}
