import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BEFORE_GENESIS, BlockSealer } from '../chain/block-sealer.ts';
import { entriesUpTo } from '../chain/first-batch.ts';
import { replay } from '../chain/replay.ts';
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { RULE } from '../engine/rules.ts';
import { genesis } from '../engine/state.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { VENUE } from '../engine/tables.ts';
import { away, FAIR, LONGS, MAKERS, MINUTE, PAXG, PaxgVenue, TICK_MS } from '../exchange/paxg.fixture.ts';
import { ForgedAct, recover } from '../exchange/recover.ts';
import { Reopening } from '../exchange/reopen.ts';
import { actOf, ANN, BEN, EVE, GIL, GUS, type Person, ROSTER, signed } from '../guard/authority/act.fixture.ts';
import type { Act, ActContent } from '../guard/authority/act.ts';
import { encodeRecord } from '../guard/authority/recorded-acts.ts';
import { Guard } from '../guard/guard.ts';
import { GuardedRoots } from '../guard/guarded-roots.ts';
import { heightOf, type Rung } from '../guard/reopening.ts';
import { WarrantVerifier } from '../guard/verify-warrants.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { prepareRollback, rollBack, type RollBackOptions } from './roll-back.ts';
import { digestOf } from './rollback.fixture.ts';

const SOAK_MS = 60 * MINUTE;
const options = { hash: sha256, reason: 'a false price' };

/** A venue with a roster, protective orders and a good block; then a false price liquidates, and a maker takes money out. */
function fallen(): { venue: PaxgVenue; good: number } {
  const venue = new PaxgVenue({ isGuarded: true, hasLadder: true });
  assert.equal(venue.state.rule.f64[64 + RULE.reopen_soak], SOAK_MS);
  assert.ok(act(venue, { kind: 'enrol', keys: ROSTER }, ANN, BEN, GUS, GIL).accepted);
  venue.submit((buffer, timeMs) => {
    const stop = orderFlags(SIDE.SELL, ORDER_KIND.STOP_LOSS_MARKET, INSTRUCTION.GTC, true);
    for (const long of LONGS) buffer.placeOrder(timeMs, long, PAXG, 0, 1000, stop, away(-15_000));
  });
  quoted(venue);
  quoted(venue);
  venue.exchange.finish();
  const good = venue.journal.height;
  venue.fair = away(-16_000);
  for (let n = 0; n < 4; n++) quoted(venue);
  assert.ok(venue.liquidated.length > 0 || venue.events('orderTriggered').length > 0, 'nothing was forced');
  withdraw(venue, MAKERS[0] as number, 1_000);
  venue.submit((buffer, timeMs) => buffer.settleWithdrawal(timeMs, 1, true));
  venue.exchange.finish();
  return { venue, good };
}

function quoted(venue: PaxgVenue): void {
  venue.tick((buffer, timeMs) => venue.quote(buffer, timeMs));
}

function withdraw(venue: PaxgVenue, account: number, usdc: number): void {
  venue.submit((buffer, timeMs) => buffer.requestWithdrawal(timeMs, account, usdc * 1e8));
}

function act(venue: PaxgVenue, what: ActContent, ...people: Person[]): ReturnType<PaxgVenue['exchange']['act']> {
  return venue.exchange.act(signed(actFor(venue, what), ...people), venue.timeMs);
}

function actFor(venue: PaxgVenue, what: ActContent, change: Partial<Act> = {}): Act {
  const { timeMs, journal } = venue;
  const place = { venue: venue.guard?.authority.venue ?? null, fork: journal.fork };
  return actOf(what, { ...place, notBeforeMs: timeMs - 1, expiryMs: timeMs + 60 * MINUTE, ...change });
}

/** The content that allows exactly this rollback. */
function rollbackOf(venue: PaxgVenue, restores: number): ActContent {
  const prepared = prepareRollback(venue.journal, { ...options, restores });
  assert.ok(prepared.accepted, prepared.accepted ? '' : prepared.about);
  const { deadHead, orderPolicy, incident } = prepared.certificate;
  return { kind: 'rollback', restores, deadHead: deadHead.hash, incident, orderPolicy };
}

function tryRollBack(venue: PaxgVenue, more: Partial<RollBackOptions> & { restores: number }): string {
  const result = rollBack(venue.journal, { ...options, timeMs: venue.timeMs, ...more });
  return result.accepted ? 'accepted' : `${result.refusal}: ${result.about}`;
}

/** Rolls back by two operators, and starts again. */
function rolledBack(): { venue: PaxgVenue; good: number } {
  const { venue, good } = fallen();
  const approval = signed(actFor(venue, rollbackOf(venue, good)), ANN, BEN);
  assert.equal(tryRollBack(venue, { restores: good, approval }), 'accepted');
  venue.told.length = 0;
  venue.fair = FAIR;
  venue.timeMs += MINUTE;
  venue.start();
  return { venue, good };
}

function verified(journal: Journal, head?: number): WarrantVerifier {
  const verifier = new WarrantVerifier();
  const sealer = new BlockSealer(sha256, new GuardedRoots(new DirectRoots(sha256), verifier.guard), BEFORE_GENESIS);
  const state = genesis();
  const open = () => ({ fork: sealer.head.fork, height: sealer.openHeight });
  const entries = journal.entries();
  const { equal, firstDivergence } = replay(state, head === undefined ? entries : entriesUpTo(entries, -1, head), {
    sealer,
    hash: sha256,
    history: journal,
    ...(head === undefined ? {} : { head }),
    amend: null,
    apply: (_, entry) => verifier.apply(state, entry, open()),
    onWarrants: (bytes) => verifier.take(bytes),
    onHolds: (bytes) => void verifier.takeHolds(bytes),
    onActs: (bytes) => verifier.acts.take(state, bytes, open(), sealer.sequence),
    onPassed: (entry) => verifier.acts.pass(entry, sealer.openHeight),
    onRestore: (certificate, block) => verifier.restore(certificate, block),
  });
  verifier.finish();
  assert.ok(equal, JSON.stringify(firstDivergence));
  return verifier;
}

describe('a rollback on a venue with a roster', () => {
  test('needs an act of two operators that allows exactly this one', () => {
    const { venue, good } = fallen();
    const what = rollbackOf(venue, good);
    assert.match(tryRollBack(venue, { restores: good }), /^act_invalid: approval_missing/);
    const refusals: readonly [RegExp, RollBackOptions['approval']][] = [
      [/too_few_keys/, signed(actFor(venue, what), ANN)],
      [/too_few_keys/, signed(actFor(venue, what), GUS, GIL)],
      [/unknown_key/, signed(actFor(venue, what), ANN, EVE)],
      [/wrong_fork/, signed(actFor(venue, what, { fork: 1 }), ANN, BEN)],
      [/expired/, signed(actFor(venue, what, { expiryMs: venue.timeMs - 1 }), ANN, BEN)],
      [/out_of_place/, signed(actFor(venue, { kind: 'reopen', component: { kind: 'venue' } }), ANN, BEN)],
      [/approval_differs/, signed(actFor(venue, { ...what, restores: good - 1 } as ActContent), ANN, BEN)],
      [/approval_differs/, signed(actFor(venue, { ...what, incident: 'ab'.repeat(32) } as ActContent), ANN, BEN)],
    ];
    for (const [why, approval] of refusals) {
      if (approval === undefined) continue;
      assert.match(tryRollBack(venue, { restores: good, approval }), why);
    }
    assert.equal(venue.journal.fork, 0);
    assert.equal(tryRollBack(venue, { restores: good, approval: signed(actFor(venue, what), ANN, BEN) }), 'accepted');
    assert.equal(venue.journal.fork, 1);
  });

  test('a running exchange does not take such an act', () => {
    const { venue, good } = fallen();
    const result = act(venue, rollbackOf(venue, good), ANN, BEN);
    assert.deepEqual([result.accepted, 'refusal' in result && result.refusal], [false, 'out_of_place']);
  });

  test('keys, their retirement and used nonces outlive the branch; what acts made of the state does not', () => {
    const { venue, good } = fallen();
    const halt = signed(
      actFor(venue, { kind: 'commands', commands: [{ kind: 'setStatus', market: PAXG, status: 2, paused: 0 }] }),
      ANN,
    );
    const name = (venue.guard as Guard).authority.venue;
    assert.ok(venue.exchange.act(halt, venue.timeMs).accepted);
    assert.ok(act(venue, { kind: 'enrol', keys: [{ key: EVE.key, role: 'operator' }] }, ANN, BEN).accepted);
    assert.ok(act(venue, { kind: 'retire', key: BEN.key }, ANN, EVE).accepted);
    venue.exchange.finish();
    const what = rollbackOf(venue, good);
    assert.match(
      tryRollBack(venue, { restores: good, approval: signed(actFor(venue, what), ANN, BEN) }),
      /unknown_key/,
    );
    const approval = signed(actFor(venue, what), ANN, EVE);
    assert.equal(tryRollBack(venue, { restores: good, approval }), 'accepted');
    venue.start();
    const { roster, venue: nameAfter } = (venue.guard as Guard).authority;
    assert.equal(nameAfter, name);
    assert.match(String(name), /^[0-9a-f]{64}$/);
    assert.deepEqual(
      [ANN, BEN, EVE].map(({ key }) => roster.roleOf(key)),
      ['operator', undefined, 'operator'],
    );
    const back = act(venue, { kind: 'enrol', keys: [{ key: BEN.key, role: 'operator' }] }, ANN, EVE);
    assert.deepEqual('refusal' in back && back.refusal, 'key_retired');
    // Signed for the dead fork, and its nonce under another fork.
    const again = venue.exchange.act(halt, venue.timeMs);
    assert.deepEqual('refusal' in again && again.refusal, 'wrong_fork');
    const renewed = venue.exchange.act(signed({ ...halt.act, fork: 1 }, ANN), venue.timeMs);
    assert.deepEqual('refusal' in renewed && renewed.refusal, 'nonce_used');
    const spent = venue.exchange.act(signed({ ...approval.act, fork: 1 }, ANN, EVE), venue.timeMs);
    assert.equal(spent.accepted, false);
    const { acts } = verified(venue.journal);
    assert.equal(acts.result.firstInvalid, null, JSON.stringify(acts.result.firstInvalid));
  });

  test('an enrolment that is smuggled onto a dead branch is found by every start', () => {
    const { venue, good } = fallen();
    const forged = signed(actFor(venue, { kind: 'enrol', keys: [{ key: EVE.key, role: 'operator' }] }), EVE);
    venue.journal.appendActs(encodeRecord({ atMs: venue.timeMs, ...forged }));
    assert.match(tryRollBack(venue, { restores: good }), /^act_invalid: unknown_key/);
    // A journal that goes on all the same, as only a forger writes it.
    const unguarded = new MemoryJournal();
    for (const entry of venue.journal.entries()) {
      if (entry.kind === 'block') unguarded.appendBlock(entry.block);
      else if (entry.warrants !== undefined) unguarded.appendWarrants(entry.warrants);
      else if (entry.holds !== undefined) unguarded.appendHolds(entry.holds);
      else if (entry.acts !== undefined) unguarded.appendActs(entry.acts);
      else unguarded.append(entry);
    }
    assert.throws(
      () => recover(unguarded, { hash: sha256, roots: new DirectRoots(sha256), guard: new Guard() }),
      ForgedAct,
    );
  });
});

test('a crash behind the block that restores is mended under the guard and the ladder: the same bytes', () => {
  const { venue, good } = fallen();
  const approval = signed(actFor(venue, rollbackOf(venue, good)), ANN, BEN);
  assert.equal(tryRollBack(venue, { restores: good, approval }), 'accepted');
  for (const hasBlock of [false, true]) {
    const cut = new MemoryJournal();
    for (const entry of venue.journal.entries()) {
      if (entry.kind === 'block') {
        if (entry.block.restores !== undefined && !hasBlock) break;
        cut.appendBlock(entry.block);
        if (entry.block.restores !== undefined) break;
      } else if (entry.warrants !== undefined) cut.appendWarrants(entry.warrants);
      else if (entry.holds !== undefined) cut.appendHolds(entry.holds);
      else if (entry.acts !== undefined) cut.appendActs(entry.acts);
      else if (entry.certificate !== undefined) cut.appendRestore(entry.certificate, good);
      else cut.append(entry);
    }
    assert.notEqual(digestOf(cut), digestOf(venue.journal));
    const guard = new Guard();
    const reopening = new Reopening({ guard });
    const { replay: found } = recover(cut, { hash: sha256, roots: new DirectRoots(sha256), guard, reopening });
    assert.ok(found.equal, JSON.stringify(found.firstDivergence));
    assert.equal(digestOf(cut), digestOf(venue.journal));
    assert.ok(reopening.isSoaking);
  }
});

describe('the way back after a rollback', () => {
  test('by the rungs of the ladder, protective orders last but liquidations; withdrawals when the soak is over', () => {
    const { venue } = rolledBack();
    const account = MAKERS[1] as number;
    quoted(venue);
    assert.equal(venue.reopening?.rungOf(PAXG), 'cancel_only');
    for (let ms = 0; ms < 5 * MINUTE; ms += TICK_MS) quoted(venue);
    assert.equal(venue.reopening?.rungOf(PAXG), 'cancel_only', 'the venue is in maintenance until people open it');
    assert.ok(act(venue, { kind: 'reopen', component: { kind: 'venue' } }, ANN, BEN).accepted);
    // Nobody's opening opens withdrawals.
    const paused = () => (venue.state.venue.i32[128 + VENUE.PAUSED] as number) & OPERATION.WITHDRAWALS;
    assert.equal(venue.state.venue.i32[128 + VENUE.STATUS], STATUS.OK);
    assert.notEqual(paused(), 0);
    // A fall that reaches the stops: they wait for their rung.
    let openMs = 0;
    let crashes = 0;
    for (let ms = 0; paused() !== 0; ms += TICK_MS) {
      assert.ok(ms < 60 * MINUTE, 'withdrawals never open');
      const before: Rung = venue.reopening?.rungOf(PAXG) ?? 'normal';
      if (before === 'open') venue.fair = away(-15_200);
      const from = venue.told.length;
      quoted(venue);
      withdraw(venue, account, 10);
      const kinds = new Set(venue.told.slice(from).map(({ kind }) => kind));
      if (heightOf(before) < heightOf('triggers')) assert.ok(!kinds.has('orderTriggered'), `a trigger on ${before}`);
      if (heightOf(before) < heightOf('normal')) assert.ok(!kinds.has('liquidated'), `a liquidation on ${before}`);
      if (paused() !== 0) assert.ok(!kinds.has('withdrawalRequested'), 'money leaves before the soak is over');
      const isOpen = venue.reopening?.rungOf(PAXG) === undefined;
      openMs = isOpen ? openMs + 5 * TICK_MS : 0;
      // Once all is open there is less to see.
      if (isOpen) venue.timeMs += 4 * TICK_MS;
      // A crash during the soak forgets nothing: the market comes back by its rungs, and the soak begins anew.
      if (isOpen && openMs > 10 * MINUTE && crashes === 0) {
        crashes++;
        venue.timeMs += MINUTE;
        venue.start();
        assert.ok(venue.reopening?.isSoaking);
      }
    }
    assert.equal(crashes, 1);
    assert.ok(openMs >= SOAK_MS, `${openMs}`);
    assert.ok(
      venue.told.some(({ kind }) => kind === 'orderTriggered'),
      'no stop was armed again',
    );
    withdraw(venue, account, 10);
    assert.ok(venue.told.some(({ kind }) => kind === 'withdrawalRequested'));
    venue.exchange.finish();
    venue.crash();
    assert.equal(venue.reopening?.isSoaking, false);
  });

  test('what was forced on the new fork has its warrants, and so has what was forced on the dead one', () => {
    const { venue } = rolledBack();
    const dead = (venue.journal.restores[0]?.height ?? 0) - 1;
    quoted(venue);
    assert.ok(act(venue, { kind: 'reopen', component: { kind: 'venue' } }, ANN, BEN).accepted);
    for (let ms = 0; ms < 8 * MINUTE; ms += TICK_MS) quoted(venue);
    venue.fair = away(-16_000);
    for (let n = 0; n < 6; n++) quoted(venue);
    venue.exchange.finish();
    const live = verified(venue.journal);
    const died = verified(venue.journal, dead);
    for (const { warrants, valid, invalid, firstInvalid, acts } of [live, died]) {
      assert.equal(firstInvalid, null, JSON.stringify(firstInvalid));
      assert.ok(warrants > 0 && valid > 0 && invalid === 0);
      assert.equal(acts.result.firstInvalid, null, JSON.stringify(acts.result.firstInvalid));
    }
    assert.equal(live.acts.result.commands.withoutAct, 0);
    const commands = new CommandBuffer();
    commands.cancelForFork(venue.timeMs);
    const before = venue.told.length;
    venue.exchange.submit(commands);
    assert.equal(venue.told.length, before, 'an end of orders that no act allows is taken');
  });
});
