// The second wave: after the rollback of 19 January 2026, aggressive orders in the near-empty book of a reopened PAXG market (band 20 %,
// 50×) skewed its mark and liquidated accounts that had done nothing. The same venue, the same orders, with and without the ladder.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BEFORE_GENESIS, BlockSealer } from '../../src/chain/block-sealer.ts';
import { replay } from '../../src/chain/replay.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { genesis } from '../../src/engine/state.ts';
import { STATUS } from '../../src/engine/status.ts';
import { away, FAIR, MINUTE, PaxgVenue, type PaxgOptions, SHORTS, TICK_MS } from '../../src/exchange/paxg.fixture.ts';
import { GuardedRoots } from '../../src/guard/guarded-roots.ts';
import { WarrantVerifier } from '../../src/guard/verify-warrants.ts';
import { sha256 } from '../../src/journal/node-digest.ts';

const MAINTENANCE_MS = 5 * MINUTE;
const OPENED_AGAIN_MS = 14 * MINUTE;
const MAKERS_BACK_MS = 2.5 * MINUTE;

interface Reopened {
  readonly venue: PaxgVenue;
  /** The furthest that the mark was from the fair price, a share. */
  readonly furthest: number;
  /** When the first account was liquidated, ms after the reopening; undefined when none was. */
  readonly firstMs: number | undefined;
}

/**
 * Maintenance with all orders cancelled, then the venue is opened. Every 20 seconds the same few orders come that skew a thin book
 * (`skews`); the makers are back after two and a half minutes; from `movesMs` on the whole world is 2 % higher.
 */
function reopened(options: PaxgOptions, { skews = true, movesMs = Number.POSITIVE_INFINITY } = {}): Reopened {
  const venue = new PaxgVenue(options);
  assert.equal(venue.liquidityWeight, 1e6, 'half an hour of liquid trading gives the own book its full weight');
  assert.equal(venue.liquidated.length, 0);
  venue.maintain(MAINTENANCE_MS);
  venue.setStatus(0, STATUS.OK);
  let furthest = 0;
  let firstMs: number | undefined;
  for (let ms = 0; ms < OPENED_AGAIN_MS; ms += TICK_MS) {
    if (ms === movesMs) venue.fair = away(20_000);
    venue.tick((buffer, timeMs) => {
      if (skews && ms % 20_000 === 0) venue.skew(buffer, timeMs);
      if (ms >= MAKERS_BACK_MS && ms % 20_000 === 10_000) venue.quote(buffer, timeMs);
    });
    furthest = Math.max(furthest, Math.abs(venue.mark / venue.fair - 1));
    if (venue.liquidated.length > 0) firstMs ??= ms;
  }
  return { venue, furthest, firstMs };
}

describe('a market like PAXG reopens after a maintenance', () => {
  test('opened at once, a few orders move its mark by a tenth, and every short at 50× is liquidated while the world stands still', () => {
    const { venue, furthest, firstMs } = reopened({ isGuarded: false, hasLadder: false });
    assert.ok(furthest > 0.1, `${furthest}`);
    assert.deepEqual(venue.liquidated, SHORTS);
    assert.equal(firstMs, 0);
    // It is trades that did it: the last one was 14 % above the fair price that every source still said.
    const dearest = Math.max(...venue.events('filled').map(({ price }) => price));
    assert.ok(dearest >= away(139_000), `${dearest}`);
    assert.equal(venue.fair, FAIR);
    assert.ok(venue.events('orderAccepted').length > 0);
  });

  test('where no venue quotes the market the warrants alone do not stop it: its mark is what ticks and trades made of it', () => {
    const alone = reopened({ isGuarded: true, hasLadder: false, hasVenues: false });
    assert.deepEqual(alone.venue.liquidated, SHORTS);
    // The distance from the fair price is told and slows it down, no more.
    assert.ok((alone.firstMs as number) <= MINUTE);
    const { venue } = reopened({ isGuarded: true, hasLadder: true, hasVenues: false });
    assert.deepEqual(venue.liquidated, []);
    assert.equal(venue.steps.at(-1)?.move, 'done');
  });

  test('up the ladder, the same orders liquidate nobody, and the market is fully open in the end', () => {
    const { venue, furthest } = reopened({ isGuarded: true, hasLadder: true });
    assert.deepEqual(venue.liquidated, []);
    assert.ok(furthest < 0.001, `${furthest}`);
    assert.deepEqual(
      venue.steps.map(({ move, standing }) => `${move} ${standing.rung}`),
      ['begin cancel_only', 'up post_only', 'up open', 'up triggers', 'up normal', 'done normal'],
    );
    // They did trade: at the makers' prices, once there were makers.
    const fills = venue.events('filled');
    assert.ok(fills.length > 5);
    assert.ok(fills.every(({ price }) => price < away(1000)));
  });

  test('a move of the whole world meanwhile is not lost: who cannot bear it is liquidated once the grace is over', () => {
    const at = { skews: false, movesMs: 4 * MINUTE };
    const unguarded = reopened({ isGuarded: false, hasLadder: false }, at);
    const { venue, firstMs } = reopened({ isGuarded: true, hasLadder: true }, at);
    assert.deepEqual(unguarded.venue.liquidated, SHORTS);
    assert.deepEqual(venue.liquidated, SHORTS);
    const normal = venue.steps.find(({ move, standing }) => move === 'up' && standing.rung === 'normal');
    assert.ok(normal !== undefined);
    const late = (firstMs as number) - (unguarded.firstMs as number);
    assert.ok(late > 0 && late <= 3 * MINUTE, `${late} ms later`);
    // A stranger's replay, which knows no ladder, computes every warrant again.
    venue.exchange.finish();
    const verifier = new WarrantVerifier();
    const sealer = new BlockSealer(sha256, new GuardedRoots(new DirectRoots(sha256), verifier.guard), BEFORE_GENESIS);
    const replayed = replay(genesis(), venue.journal.entries(), {
      sealer,
      hash: sha256,
      amend: null,
      apply: (state, entry) => verifier.apply(state, entry, { fork: 0, height: sealer.openHeight }),
      onWarrants: (bytes) => verifier.take(bytes),
    });
    verifier.finish();
    assert.ok(replayed.equal);
    assert.ok(verifier.warrants >= SHORTS.length);
    assert.deepEqual([verifier.valid, verifier.invalid, verifier.firstInvalid], [verifier.warrants, 0, null]);
  });

  test('makers that leave again while it is half open take it no further: nobody is liquidated at a mark without a market', () => {
    const venue = new PaxgVenue({ isGuarded: true, hasLadder: true });
    venue.maintain(MAINTENANCE_MS);
    venue.setStatus(0, STATUS.OK);
    for (let ms = 0; venue.reopening?.rungOf(1) !== 'open'; ms += TICK_MS) {
      assert.ok(ms < 10 * MINUTE);
      venue.tick((buffer, timeMs) => {
        if (ms % 20_000 === 0) venue.quote(buffer, timeMs);
      });
    }
    let furthest = 0;
    for (let ms = 0; ms < 10 * MINUTE; ms += TICK_MS) {
      venue.tick((buffer, timeMs) => {
        if (ms === 0) venue.withdrawQuotes(buffer, timeMs);
        if (ms % 20_000 === 0) venue.skew(buffer, timeMs);
      });
      furthest = Math.max(furthest, Math.abs(venue.mark / venue.fair - 1));
    }
    // The mark is as wrong as without a ladder, and does nothing.
    assert.ok(furthest > 0.05, `${furthest}`);
    assert.deepEqual(venue.liquidated, []);
    assert.equal(venue.reopening?.rungOf(1), 'open');
    const missing = venue.reopening.reasons.get(1)?.conditions.filter(({ holds }) => !holds);
    assert.deepEqual(
      missing?.map(({ name }) => name),
      ['mark_near_fair', 'bid_depth', 'ask_depth'],
    );
  });
});
