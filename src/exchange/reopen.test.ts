import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import type { BatchEntry } from '../chain/entry.ts';
import { toHex } from '../chain/digest.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { COMMAND, SET_STATUS } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { isPaused } from '../engine/market.ts';
import { genesis } from '../engine/state.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { ACCOUNT, MARKET } from '../engine/tables.ts';
import { actOf, ANN, BEN, enrolment, type Person, signed } from '../guard/authority/act.fixture.ts';
import type { ActContent } from '../guard/authority/act.ts';
import { Guard, type OpenBlock } from '../guard/guard.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import { heightOf, type Rung } from '../guard/reopening.ts';
import { WarrantVerifier } from '../guard/verify-warrants.ts';
import { sha256 } from '../journal/node-digest.ts';
import { AGGRESSOR, away, FAIR, LONGS, MAKERS, MINUTE, PAXG, PaxgVenue, SHORTS, TICK_MS } from './paxg.fixture.ts';
import { recover } from './recover.ts';
import { Reopening } from './reopen.ts';

const WITH_LADDER = { isGuarded: true, hasLadder: true };
const { LIQUIDATIONS, TRIGGERS } = OPERATION;

/** A venue on the ladder whose makers quote, ticked until it is on a rung. */
function until(
  venue: PaxgVenue,
  rung: Rung | undefined,
  write?: (buffer: CommandBuffer, timeMs: number) => void,
): void {
  for (let ms = 0; venue.reopening?.rungOf(PAXG) !== rung; ms += TICK_MS) {
    assert.ok(ms < 15 * MINUTE, `never ${rung}`);
    quoted(venue, write);
  }
}

function quoted(venue: PaxgVenue, write?: (buffer: CommandBuffer, timeMs: number) => void): void {
  venue.tick((buffer, timeMs) => {
    venue.quote(buffer, timeMs);
    write?.(buffer, timeMs);
  });
}

function restarted(): PaxgVenue {
  const venue = new PaxgVenue(WITH_LADDER);
  venue.crash();
  quoted(venue);
  return venue;
}

const moves = (venue: PaxgVenue): string[] => venue.steps.map(({ move, standing }) => `${move} ${standing.rung}`);

function own(venue: PaxgVenue): { status: number; paused: number } {
  const { i32 } = venue.state.market;
  return { status: i32[PAXG * 256 + MARKET.STATUS] as number, paused: i32[PAXG * 256 + MARKET.PAUSED] as number };
}

/** Ticks once with orders that would trade, and holds what happened against the rung of before. */
function tickHeldToRung(venue: PaxgVenue, before: Rung): void {
  const from = venue.told.length;
  quoted(venue, (buffer, timeMs) => {
    for (const account of [AGGRESSOR, SHORTS[0] as number]) {
      buffer.placeOrder(
        timeMs,
        account,
        PAXG,
        away(1_000, venue.fair),
        10,
        orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.IOC, false),
      );
    }
  });
  const kinds = new Set(venue.told.slice(from).map(({ kind }) => kind));
  const height = heightOf(before);
  if (height < heightOf('open')) assert.ok(!kinds.has('filled'), `a trade on ${before}`);
  if (height < heightOf('triggers')) assert.ok(!kinds.has('orderTriggered'), `a trigger on ${before}`);
  if (height < heightOf('normal')) assert.ok(!kinds.has('liquidated'), `a liquidation on ${before}`);
}

describe('after a crash or an upgrade', () => {
  for (const rung of ['normal', 'cancel_only', 'post_only', 'open', 'triggers'] as const) {
    test(`on ${rung}: no trade, no trigger, no liquidation before the ladder allows it`, () => {
      const venue = new PaxgVenue(WITH_LADDER);
      // A stop of each long, and a world that has fallen and risen so far that everybody is due when the process comes back.
      venue.submit((buffer, timeMs) => {
        const stop = orderFlags(SIDE.SELL, ORDER_KIND.STOP_LOSS_MARKET, INSTRUCTION.GTC, true);
        for (const long of LONGS) buffer.placeOrder(timeMs, long, PAXG, 0, 1000, stop, away(15_000));
      });
      if (rung !== 'normal') {
        venue.crash();
        until(venue, rung);
      }
      venue.crash();
      venue.fair = away(14_000);
      let last: Rung = 'normal';
      for (let ms = 0; ms < 8 * MINUTE; ms += TICK_MS) {
        const before = venue.reopening?.rungOf(PAXG) ?? (ms === 0 ? 'cancel_only' : 'normal');
        tickHeldToRung(venue, before);
        last = venue.reopening?.rungOf(PAXG) ?? 'normal';
      }
      assert.equal(last, 'normal');
      // Nothing was lost: what was due happened once it could.
      assert.ok(venue.events('filled').length > 0);
      assert.ok(venue.events('orderTriggered').length > 0);
      assert.ok(venue.liquidated.length > 0);
      assert.deepEqual(moves(venue), [
        'begin cancel_only',
        'up post_only',
        'up open',
        'up triggers',
        'up normal',
        'done normal',
      ]);
    });
  }

  test('without the ladder the same orders trade and force at the first tick: the test above can fail', () => {
    const venue = new PaxgVenue({ isGuarded: true, hasLadder: false });
    venue.crash();
    venue.fair = away(14_000);
    assert.throws(() => tickHeldToRung(venue, 'cancel_only'), /a trade on cancel_only/);
    assert.ok(venue.liquidated.length > 0);
  });

  test('the ladder is off unless asked for, and a venue that was never open has nothing to come back from', () => {
    const plain = new PaxgVenue({ isGuarded: true, hasLadder: false });
    plain.crash();
    plain.tick();
    assert.deepEqual(own(plain), { status: STATUS.OK, paused: 0 });
  });

  test('its steps are commands of the journal: a replay without a ladder comes to the same state', () => {
    const venue = restarted();
    until(venue, undefined);
    venue.exchange.finish();
    const { replay: again } = recover(venue.journal, { hash: sha256, roots: new DirectRoots(sha256) });
    assert.ok(again.equal, JSON.stringify(again.firstDivergence));
    const last = venue.journal.block(venue.journal.height);
    assert.equal(again.stateRoot, last === undefined ? null : toHex(last.stateRoot));
    const set = [...venue.journal.entries()]
      .filter((entry): entry is BatchEntry => entry.kind === 'commands')
      .flatMap(({ words, rows }) => Array.from({ length: rows }, (_, row) => words[row * 16]))
      .filter((kind) => kind === COMMAND.setStatus);
    assert.equal(set.length, 5);
  });
});

describe('a veto', () => {
  test('of an audit steps one rung down, and the market stays until people have lifted the quarantine', () => {
    const venue = restarted();
    until(venue, 'triggers');
    const { f64 } = venue.state.market;
    const at = PAXG * 128 + MARKET.OPEN_INTEREST;
    f64[at] = (f64[at] as number) + 1;
    for (let n = 0; n < 3; n++) quoted(venue);
    assert.equal(venue.reopening?.rungOf(PAXG), 'open');
    assert.deepEqual(own(venue), { status: STATUS.OK, paused: LIQUIDATIONS | TRIGGERS });
    const down = venue.steps.find(({ move }) => move === 'down');
    assert.ok(down !== undefined && down.veto !== '', JSON.stringify(down));
    // The row is mended, and still nothing goes up: what was found holds until people lift it.
    f64[at] = (f64[at] as number) - 1;
    for (let ms = 0; ms < 3 * MINUTE; ms += TICK_MS) quoted(venue);
    assert.equal(venue.reopening.rungOf(PAXG), 'open');
    const missing = venue.reopening.reasons.get(PAXG)?.conditions.filter(({ holds }) => !holds);
    assert.ok(missing?.some(({ name }) => name === 'quarantine'));
    for (const { component } of venue.guard?.quarantine.all ?? []) venue.guard?.quarantine.lift(component);
    until(venue, 'normal');
  });

  test('of an audit that is about one account holds that account alone: the market goes on', () => {
    const venue = restarted();
    until(venue, 'triggers');
    const [long] = LONGS as [number];
    const { f64 } = venue.state.account;
    f64[long * 8 + ACCOUNT.BALANCE_LOW] = (f64[long * 8 + ACCOUNT.BALANCE_LOW] as number) + 1;
    until(venue, 'normal');
    assert.ok(venue.steps.every(({ move }) => move !== 'down'));
    assert.deepEqual(
      venue.guard?.quarantine.all.map(({ component }) => component),
      [{ kind: 'account', account: long }],
    );
  });

  test('of the guard that comes again and again leaves it at cancel-only for people, who begin anew', () => {
    const venue = restarted();
    const finding = (n: number): void =>
      venue.guard?.find(
        venue.state,
        { kind: 'market', market: PAXG },
        {
          ...({ class: 'II', about: 'market 1', holds: false, found: '1', expected: '0' } as const),
          name: `found_${n}`,
        },
      );
    const lift = (): boolean | undefined => venue.guard?.quarantine.lift({ kind: 'market', market: PAXG });
    for (const n of [1, 2, 3]) {
      until(venue, 'open');
      finding(n);
      quoted(venue);
      lift();
    }
    assert.deepEqual(moves(venue).at(-1), 'wait cancel_only');
    assert.deepEqual(own(venue), { status: STATUS.CANCEL_ONLY, paused: 0 });
    for (let ms = 0; ms < 5 * MINUTE; ms += TICK_MS) quoted(venue);
    assert.deepEqual(own(venue), { status: STATUS.CANCEL_ONLY, paused: 0 });
    // Not even a restart takes it further.
    venue.crash();
    for (let ms = 0; ms < 5 * MINUTE; ms += TICK_MS) quoted(venue);
    assert.deepEqual(own(venue), { status: STATUS.CANCEL_ONLY, paused: 0 });
    venue.setStatus(PAXG, STATUS.OK);
    assert.equal(venue.reopening?.rungOf(PAXG), 'cancel_only');
    until(venue, 'normal');
  });
});

describe('people and the ladder', () => {
  test('what they open from maintenance begins its way in the same batch, whatever follows in it', () => {
    const venue = new PaxgVenue(WITH_LADDER);
    venue.maintain(MINUTE);
    const from = venue.told.length;
    venue.submit((buffer, timeMs) => {
      buffer.setStatus(timeMs, 0, STATUS.OK, 0);
      buffer.placeOrder(timeMs, MAKERS[0] as number, PAXG, FAIR, 10, orderFlags(SIDE.SELL, ORDER_KIND.LIMIT, 0, false));
    });
    assert.ok(isPaused(venue.state, PAXG, OPERATION.ORDERS));
    assert.deepEqual(
      venue.told
        .slice(from)
        .map(({ kind }) => kind)
        .filter((kind) => kind === 'orderAccepted' || kind === 'refused'),
      ['refused'],
    );
  });

  test('one market opened by hand begins its way too; the venue shut again takes it back to the first rung', () => {
    const venue = new PaxgVenue(WITH_LADDER);
    venue.start();
    venue.setStatus(PAXG, STATUS.MAINTENANCE);
    quoted(venue);
    assert.equal(venue.reopening?.rungOf(PAXG), undefined);
    venue.setStatus(PAXG, STATUS.OK);
    assert.equal(venue.reopening?.rungOf(PAXG), 'cancel_only');
    until(venue, 'triggers');
    venue.setStatus(0, STATUS.MAINTENANCE);
    quoted(venue);
    assert.equal(venue.reopening?.rungOf(PAXG), 'cancel_only');
    for (let ms = 0; ms < 3 * MINUTE; ms += TICK_MS) quoted(venue);
    assert.equal(venue.reopening.rungOf(PAXG), 'cancel_only');
    venue.setStatus(0, STATUS.OK);
    until(venue, 'normal');
  });

  test('they can stop it at any rung, and hurry it at none', () => {
    const venue = restarted();
    until(venue, 'open');
    venue.setStatus(PAXG, STATUS.OK);
    assert.deepEqual(own(venue), { status: STATUS.OK, paused: LIQUIDATIONS | TRIGGERS });
    until(venue, 'triggers');
    // The neighbouring rung, which looks like its own next step.
    venue.setStatus(PAXG, STATUS.OK);
    assert.deepEqual(own(venue), { status: STATUS.OK, paused: LIQUIDATIONS });
    venue.setStatus(PAXG, STATUS.CANCEL_ONLY);
    for (let ms = 0; ms < 5 * MINUTE; ms += TICK_MS) quoted(venue);
    assert.deepEqual(own(venue), { status: STATUS.CANCEL_ONLY, paused: 0 });
  });

  test('with enrolled keys one key stops, two open, and the steps between are the exchange’s own', () => {
    const venue = new PaxgVenue(WITH_LADDER);
    venue.start();
    const now = { notBeforeMs: venue.timeMs, expiryMs: venue.timeMs + 60 * MINUTE };
    const act = (what: ActContent, ...people: readonly Person[]): boolean =>
      venue.exchange.act(
        signed(actOf(what, { ...now, venue: venue.guard?.authority.venue ?? null }), ...people),
        venue.timeMs,
      ).accepted;
    assert.ok(venue.exchange.act(enrolment(now), venue.timeMs).accepted);
    const status = (to: number): ActContent => ({
      kind: 'commands',
      commands: [{ kind: 'setStatus', market: PAXG, status: to, paused: 0 }],
    });
    assert.ok(act(status(STATUS.MAINTENANCE), ANN));
    quoted(venue);
    const reopen: ActContent = { kind: 'reopen', component: { kind: 'market', market: PAXG } };
    assert.ok(!act(reopen, ANN));
    assert.equal(venue.reopening?.rungOf(PAXG), undefined);
    assert.ok(act(reopen, ANN, BEN));
    assert.equal(venue.reopening?.rungOf(PAXG), 'cancel_only');
    until(venue, 'open');
    // A status without an act is not taken, and a crash asks nobody again.
    venue.setStatus(PAXG, STATUS.OK);
    assert.equal(venue.reopening.rungOf(PAXG), 'open');
    venue.crash();
    until(venue, 'normal');
    venue.exchange.finish();
    const verifier = new WarrantVerifier();
    const roots = new GuardedRoots(new DirectRoots(sha256), verifier.guard);
    const sealer = new BlockSealer(sha256, roots, BEFORE_GENESIS);
    const state = genesis();
    const place = (): OpenBlock => ({ fork: 0, height: sealer.openHeight });
    const { equal } = replay(state, venue.journal.entries(), {
      sealer,
      hash: sha256,
      amend: null,
      apply: (at, entry) => verifier.apply(at, entry, place()),
      onActs: (bytes) => verifier.acts.take(state, bytes, place(), sealer.sequence),
    });
    assert.ok(equal);
    const { invalid, commands } = verifier.acts.result;
    assert.deepEqual([invalid, commands.withoutAct, commands.ofActs], [0, 0, 2]);
    // The mark of the first start; that of the act, and two steps up; after the crash the mark and four steps.
    assert.equal(commands.ofGuard, 9);
  });

  test('a state without its history is taken as what people want, and goes no further', () => {
    const venue = restarted();
    until(venue, 'open');
    venue.exchange.finish();
    const reopening = new Reopening({ guard: new Guard() });
    reopening.adopt(venue.state);
    assert.equal(reopening.rungOf(PAXG), undefined);
    const own = new CommandBuffer();
    reopening.startBatch(venue.state, own);
    assert.deepEqual(
      [own.i32[SET_STATUS.STATUS], own.i32[SET_STATUS.PAUSED]],
      [STATUS.CANCEL_ONLY, LIQUIDATIONS | TRIGGERS],
    );
    assert.deepEqual(reopening.wanted(PAXG), { status: STATUS.OK, paused: LIQUIDATIONS | TRIGGERS });
  });

  test('what they had paused before a restart is paused after it, and what they had half opened is opened no further', () => {
    const paused = new PaxgVenue(WITH_LADDER);
    paused.setStatus(PAXG, STATUS.OK, LIQUIDATIONS | OPERATION.TRANSFERS);
    paused.crash();
    quoted(paused);
    until(paused, 'open');
    paused.crash();
    until(paused, undefined);
    assert.deepEqual(own(paused), { status: STATUS.OK, paused: LIQUIDATIONS | OPERATION.TRANSFERS });
    const half = new PaxgVenue(WITH_LADDER);
    half.setStatus(PAXG, STATUS.POST_ONLY);
    half.crash();
    quoted(half);
    assert.equal(half.reopening?.rungOf(PAXG), 'cancel_only');
    until(half, undefined);
    assert.deepEqual(own(half), { status: STATUS.POST_ONLY, paused: 0 });
  });
});
