import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATION, STATUS } from '../engine/status.ts';
import { MARKET } from '../engine/tables.ts';
import type { ActContent } from '../guard/authority/act.ts';
import { actOf, ANN, BEN, enrolment, type Person, signed } from '../guard/authority/act.fixture.ts';
import { isStop } from '../guard/authority/directions.ts';
import { MINUTE, PAXG, PaxgVenue, TICK_MS } from './paxg.fixture.ts';

const FORCED = OPERATION.LIQUIDATIONS | OPERATION.TRIGGERS;

function quoted(venue: PaxgVenue): void {
  venue.tick((buffer, timeMs) => venue.quote(buffer, timeMs));
}

function standing(venue: PaxgVenue): { status: number; paused: number } {
  const { i32 } = venue.state.market;
  return { status: i32[PAXG * 256 + MARKET.STATUS] as number, paused: i32[PAXG * 256 + MARKET.PAUSED] as number };
}

const decide = (status: number, paused: number): ActContent => ({
  kind: 'commands',
  commands: [{ kind: 'setStatus', market: PAXG, status, paused }],
});

/** A venue with enrolled keys whose market is on its way up after a crash, ticked until it is on a rung. */
function climbing(rung: string | undefined): { venue: PaxgVenue; act: (what: ActContent, ...by: Person[]) => boolean } {
  const venue = new PaxgVenue({ isGuarded: true, hasLadder: true });
  venue.start();
  const until = { expiryMs: venue.timeMs + 120 * MINUTE };
  const act = (what: ActContent, ...by: Person[]): boolean =>
    venue.exchange.act(
      signed(actOf(what, { ...until, venue: venue.guard?.authority.venue ?? null }), ...by),
      venue.timeMs,
    ).accepted;
  assert.ok(venue.exchange.act(enrolment(until), venue.timeMs).accepted);
  quoted(venue);
  for (let ms = 0; venue.reopening?.rungOf(PAXG) !== rung; ms += TICK_MS) {
    assert.ok(ms < 15 * MINUTE, `never ${rung}`);
    quoted(venue);
  }
  return { venue, act };
}

const stops: readonly (readonly [rung: string | undefined, status: number, paused: number])[] = [
  // Each looks like a step of the ladder itself.
  ['open', STATUS.POST_ONLY, FORCED],
  ['open', STATUS.CANCEL_ONLY, FORCED],
  ['post_only', STATUS.CANCEL_ONLY, FORCED],
  [undefined, STATUS.CANCEL_ONLY, FORCED],
  ['triggers', STATUS.OK, FORCED],
];

for (const [rung, status, paused] of stops) {
  test(`a stop by one key on ${rung ?? 'no rung'} to ${status}/${paused} holds, also after a crash, until two keys open`, () => {
    const { venue, act } = climbing(rung);
    assert.ok(act(decide(status, paused), ANN));
    for (const life of ['this', 'the next']) {
      for (let ms = 0; ms < 12 * MINUTE; ms += TICK_MS) {
        quoted(venue);
        assert.ok(isStop({ status, paused }, standing(venue)), `${JSON.stringify(standing(venue))} in ${life} process`);
      }
      venue.crash();
    }
    assert.ok(!act(decide(STATUS.OK, 0), ANN));
    assert.ok(act(decide(STATUS.OK, 0), ANN, BEN));
    for (let ms = 0; ms < 15 * MINUTE; ms += TICK_MS) quoted(venue);
    assert.deepEqual(standing(venue), { status: STATUS.OK, paused: 0 });
  });
}
