import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RULE, RULES } from '../../engine/rules.ts';
import { OPERATION, STATUS } from '../../engine/status.ts';
import type { Component } from '../finding.ts';
import { type Act, type ActCommand, type ActContent, actHash } from './act.ts';
import {
  actOf,
  ANN,
  BEN,
  enrolment,
  EVE,
  GIL,
  GUS,
  type Person,
  person,
  ROSTER,
  signed,
  VENUE,
} from './act.fixture.ts';
import { Authority } from './authority.ts';
import { decodeSignedAct, type SignedAct } from './decode-act.ts';
import { isGuardLimit, TIGHTER } from './guard-limits.ts';
import type { ActPlace } from './judge-act.ts';

const PLACE: ActPlace = { fork: 0, atMs: 1000, nowMs: 1000 };

/** An authority whose rules have their defaults, and what it lifted. */
function authority(): { authority: Authority; lifted: Component[]; rules: Map<number, number> } {
  const lifted: Component[] = [];
  const rules = new Map<number, number>();
  const rule = (number: number): number => rules.get(number) ?? (RULES[number]?.default as number);
  return { authority: new Authority(rule, (component) => lifted.push(component)), lifted, rules };
}

/** The same with its keys enrolled. */
function enrolled(): ReturnType<typeof authority> {
  const made = authority();
  assert.equal(carryOut(made.authority, enrolment()), 'accepted');
  return made;
}

/** Judges an act and takes it in; returns what became of it. */
function carryOut(to: Authority, act: SignedAct, place: Partial<ActPlace> = {}): string {
  const verdict = to.judge(decodeSignedAct(JSON.parse(JSON.stringify(act))), { ...PLACE, ...place });
  if (verdict.accepted) to.take(verdict.record);
  return verdict.accepted ? 'accepted' : verdict.refusal;
}

const commands = (...each: ActCommand[]): ActContent => ({ kind: 'commands', commands: each });
const status = (market: number, to: number, paused = 0): ActCommand => ({
  kind: 'setStatus',
  market,
  status: to,
  paused,
});
const setRule = (rule: number, value: number): ActCommand => ({ kind: 'setRule', rule, value });
const stop = (): Act => actOf(commands(status(0, STATUS.MAINTENANCE)));

test('the first act enrols keys that sign for themselves, two of each role at least', () => {
  const enrol = (people: readonly Person[], keys = ROSTER): string =>
    carryOut(authority().authority, signed(actOf({ kind: 'enrol', keys }, { venue: null }), ...people));
  assert.equal(enrol([ANN, BEN, GUS, GIL]), 'accepted');
  assert.equal(enrol([ANN, BEN, GUS]), 'too_few_keys');
  assert.equal(enrol([ANN, BEN, GUS, GIL, EVE]), 'unknown_key');
  assert.equal(enrol([ANN, BEN, GUS], ROSTER.slice(0, 3)), 'roster_too_small');
  assert.equal(enrol([BEN, GUS, GIL], ROSTER.slice(1)), 'roster_too_small');
  assert.equal(enrol([ANN, BEN, GUS, GIL], [...ROSTER, { key: ANN.key, role: 'guard' }]), 'key_enrolled');
  const small = `ec${'ff'.repeat(30)}7f`;
  assert.equal(enrol([ANN, BEN, GUS, GIL], [...ROSTER, { key: small, role: 'guard' }]), 'key_invalid');
  assert.equal(carryOut(authority().authority, signed(stop(), ANN)), 'no_roster');
});

test('an act is for the exchange of one enrolment: no other takes it, nor an enrolment for another', () => {
  const { authority: to } = enrolled();
  const { authority: other } = authority();
  const otherFirst = enrolment({ nonce: '7'.repeat(32) });
  assert.equal(other.venue, null);
  assert.equal(carryOut(other, signed({ ...otherFirst.act, venue: VENUE }, ANN, BEN, GUS, GIL)), 'wrong_venue');
  assert.equal(carryOut(other, otherFirst), 'accepted');
  assert.deepEqual([to.venue, other.venue], [VENUE, actHash(otherFirst.act)]);
  for (const act of [signed(stop(), ANN), signed(actOf(commands(setRule(RULE.taker_fee, 500))), ANN, BEN)]) {
    const verdict = other.judge(decodeSignedAct(act), PLACE);
    assert.deepEqual(verdict, {
      accepted: false,
      refusal: 'wrong_venue',
      about: `${VENUE}, this is ${String(other.venue)}`,
    });
    // Whoever names another exchange in it needs other signatures.
    assert.equal(carryOut(other, { ...act, act: { ...act.act, venue: other.venue } }), 'signature_invalid');
    assert.equal(carryOut(to, act), 'accepted');
  }
  assert.equal(carryOut(to, otherFirst), 'wrong_venue');
  assert.equal(carryOut(to, signed({ ...stop(), venue: null }, ANN)), 'wrong_venue');
  // Later keys are enrolled by name, and the name stays.
  const later: ActContent = { kind: 'enrol', keys: [{ key: EVE.key, role: 'operator' }] };
  assert.equal(carryOut(to, signed(actOf(later, { venue: null }), ANN, BEN)), 'wrong_venue');
  assert.equal(carryOut(to, signed(actOf(later), ANN, BEN)), 'accepted');
  assert.equal(to.venue, VENUE);
});

test('later enrolments need two keys of the role; a key is retired by two, or gives itself up, and never comes back', () => {
  const { authority: to } = enrolled();
  const enrol = (who: Person, role: 'operator' | 'guard', ...people: Person[]): string =>
    carryOut(to, signed(actOf({ kind: 'enrol', keys: [{ key: who.key, role }] }), ...people));
  const retire = (who: Person, ...people: Person[]): string =>
    carryOut(to, signed(actOf({ kind: 'retire', key: who.key }), ...people));
  assert.equal(enrol(EVE, 'operator', ANN), 'too_few_keys');
  assert.equal(enrol(EVE, 'operator', ANN, GUS), 'too_few_keys');
  assert.equal(enrol(EVE, 'guard', ANN, BEN), 'too_few_keys');
  assert.equal(enrol(ANN, 'guard', GUS, GIL), 'key_enrolled');
  assert.equal(retire(ANN, ANN, BEN), 'roster_too_small');
  assert.equal(enrol(EVE, 'operator', ANN, BEN), 'accepted');
  assert.equal(to.roster.roleOf(EVE.key), 'operator');
  assert.equal(retire(ANN, EVE), 'too_few_keys');
  assert.equal(retire(person(9), ANN, BEN), 'unknown_key');
  assert.equal(retire(EVE, EVE), 'accepted');
  assert.equal(enrol(EVE, 'operator', ANN, BEN), 'key_retired');
  assert.equal(carryOut(to, signed(stop(), EVE)), 'unknown_key');
});

test('a place that is not right, a nonce that was used, signatures that are not: each by its name', () => {
  const { authority: to } = enrolled();
  const act = stop();
  const [first] = signed(act, ANN).signatures;
  assert.equal(carryOut(to, signed({ ...act, fork: 1 }, ANN)), 'wrong_fork');
  assert.equal(carryOut(to, signed(act, ANN), { fork: 1 }), 'wrong_fork');
  assert.equal(carryOut(to, signed({ ...act, expiryMs: 999 }, ANN)), 'expired');
  assert.equal(carryOut(to, signed({ ...act, expiryMs: 1000 }, ANN), { nowMs: 1001 }), 'time_runs_backwards');
  assert.equal(carryOut(to, signed(act, ANN), { atMs: Number.NaN }), 'time_runs_backwards');
  assert.equal(carryOut(to, signed({ ...act, notBeforeMs: 1001 }, ANN)), 'not_yet');
  assert.equal(carryOut(to, signed({ ...act, expiryMs: 1e12 }, ANN)), 'expiry_too_far');
  assert.equal(carryOut(to, signed(act, EVE)), 'unknown_key');
  assert.equal(carryOut(to, { act, signatures: [first, first] as SignedAct['signatures'] }), 'duplicate_signer');
  assert.equal(
    carryOut(to, { act, signatures: [{ key: BEN.key, signature: first?.signature as string }] }),
    'signature_invalid',
  );
  assert.equal(carryOut(to, signed(act)), 'too_few_keys');
  assert.equal(carryOut(to, signed(act, ANN), { atMs: 2000 }), 'accepted');
  assert.equal(carryOut(to, signed(act, ANN), { atMs: 2000 }), 'nonce_used');
  assert.equal(carryOut(to, signed(stop(), ANN)), 'time_runs_backwards');
});

test('one key stops at once; opening again takes two distinct ones', () => {
  const { authority: to } = enrolled();
  for (const who of [ANN, GUS]) assert.equal(carryOut(to, signed(stop(), who)), 'accepted');
  to.noteStatus(0, STATUS.MAINTENANCE, 0);
  const open = actOf(commands(status(0, STATUS.OK)));
  const [first] = signed(open, ANN).signatures;
  const again = { key: ANN.key, signature: first?.signature as string };
  assert.equal(carryOut(to, signed(open, ANN)), 'too_few_keys');
  assert.equal(carryOut(to, { act: open, signatures: [again, again] }), 'duplicate_signer');
  assert.equal(carryOut(to, signed(open, GUS, GIL)), 'too_few_keys');
  assert.equal(carryOut(to, signed(open, ANN, GUS)), 'too_few_keys');
  assert.equal(carryOut(to, signed(open, ANN, BEN)), 'accepted');
});

/** What each status stops, written down once more. */
const STOPS: Readonly<Record<number, readonly string[]>> = {
  [STATUS.OK]: [],
  [STATUS.POST_ONLY]: ['LIQUIDATIONS', 'TRIGGERS'],
  [STATUS.CANCEL_ONLY]: ['ORDERS', 'LIQUIDATIONS', 'TRIGGERS'],
  [STATUS.SETTLEMENT]: ['ORDERS', 'LIQUIDATIONS', 'TRIGGERS', 'FUNDING'],
  [STATUS.MAINTENANCE]: Object.keys(OPERATION),
};

function stopped(of: number, paused: number): Set<string> {
  const bits = Object.entries(OPERATION).flatMap(([name, bit]) => ((paused & bit) === 0 ? [] : [name]));
  return new Set([...(STOPS[of] ?? []), ...bits]);
}

test('one key is enough exactly where all that is stopped stays stopped and the status is as severe', () => {
  const { authority: to } = enrolled();
  const aStatus = fc.integer({ min: 0, max: 4 });
  const bits = fc.integer({ min: 0, max: 127 });
  fc.assert(
    fc.property(aStatus, bits, aStatus, bits, fc.integer({ min: 0, max: 2 }), (was, pausedWas, is, paused, market) => {
      to.noteStatus(market, was, pausedWas);
      const verdict = to.judge(signed(actOf(commands(status(market, is, paused))), ANN), PLACE);
      const keeps = [...stopped(was, pausedWas)].every((name) => stopped(is, paused).has(name));
      assert.equal(verdict.accepted, is >= was && is !== STATUS.SETTLEMENT && keeps);
    }),
    { numRuns: 100 },
  );
});

test('commands are judged in turn: what the first stops, the second may not open with one key', () => {
  const { authority: to } = enrolled();
  const both = commands(status(1, STATUS.CANCEL_ONLY), status(1, STATUS.OK));
  assert.equal(carryOut(to, signed(actOf(both), ANN)), 'too_few_keys');
  const severer = commands(status(1, STATUS.POST_ONLY), status(1, STATUS.CANCEL_ONLY));
  assert.equal(carryOut(to, signed(actOf(severer), ANN)), 'accepted');
});

test('the table of directions has every limit of the guard, and nothing else', () => {
  const limits = RULES.filter(({ name }) => /^(guard|breaker|reopen)_/.test(name)).map(({ name }) => name);
  assert.deepEqual(Object.keys(TIGHTER).sort(), [...limits].sort());
  assert.deepEqual(
    RULES.flatMap(({ name }, number) => (isGuardLimit(number) ? [name] : [])),
    limits,
  );
});

const limitNumbers = RULES.flatMap((_, number) => (isGuardLimit(number) ? [number] : []));

test('no keys of operators move a limit of the guard; one of its own tightens, two loosen', () => {
  const { authority: to, rules } = enrolled();
  const change = fc.constantFrom(...limitNumbers).chain((number) => {
    const { minimum, maximum } = RULES[number] as (typeof RULES)[number];
    const value = fc.integer({ min: minimum, max: maximum });
    return fc.tuple(fc.constant(number), value, value);
  });
  fc.assert(
    fc.property(change, ([number, before, value]) => {
      rules.set(number, before);
      const act = actOf(commands(setRule(number, value)));
      const isAccepted = (...people: Person[]): boolean => to.judge(signed(act, ...people), PLACE).accepted;
      assert.equal(isAccepted(ANN, BEN), false);
      const direction = TIGHTER[(RULES[number] as (typeof RULES)[number]).name as keyof typeof TIGHTER];
      const tightens = direction === 'lower' ? value <= before : direction === 'higher' && value >= before;
      assert.equal(isAccepted(GUS), tightens);
      assert.equal(isAccepted(GUS, ANN, BEN), tightens);
      assert.equal(isAccepted(GUS, GIL), true);
    }),
    { numRuns: 25 },
  );
});

test('what is neither a stop nor a limit needs two operators; with a limit in the same act, both', () => {
  const { authority: to } = enrolled();
  const fee = setRule(RULE.taker_fee, 500);
  const parameter: ActCommand = { kind: 'setMarketParameter', market: 1, parameter: 6, value: 100_000 };
  const looser = setRule(RULE.guard_quorum, 1);
  const cases: readonly (readonly [ActContent, Person[], string])[] = [
    [commands(fee), [ANN], 'too_few_keys'],
    [commands(fee), [GUS, GIL], 'too_few_keys'],
    [commands(fee), [ANN, BEN], 'accepted'],
    [commands(parameter), [ANN], 'too_few_keys'],
    [commands(parameter), [ANN, BEN], 'accepted'],
    [commands(fee, looser), [ANN, BEN], 'too_few_keys'],
    [commands(fee, looser), [GUS, GIL], 'too_few_keys'],
    [commands(fee, looser), [ANN, BEN, GUS], 'too_few_keys'],
    [commands(fee, looser), [ANN, BEN, GUS, GIL], 'accepted'],
    [commands(status(1, STATUS.SETTLEMENT)), [ANN], 'too_few_keys'],
    [{ kind: 'lift', component: { kind: 'market', market: 1 } }, [ANN], 'too_few_keys'],
    [{ kind: 'reopen', component: { kind: 'venue' } }, [ANN], 'too_few_keys'],
    [{ kind: 'reopen', component: { kind: 'venue' } }, [ANN, BEN], 'accepted'],
  ];
  for (const [what, people, expected] of cases) {
    assert.equal(carryOut(to, signed(actOf(what), ...people)), expected, JSON.stringify(what));
  }
});

/** Paths of all values in a record that are no object. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}

function altered(act: SignedAct, path: readonly string[]): SignedAct {
  const copy = JSON.parse(JSON.stringify(act)) as Record<string, unknown>;
  let parent = copy;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  const last = path.at(-1) as string;
  const value = parent[last];
  parent[last] =
    typeof value === 'number' ? value + 1 : `${String(value).startsWith('a') ? 'b' : 'a'}${String(value).slice(1)}`;
  return copy as unknown as SignedAct;
}

test('an act with any one field altered is refused, whatever its kind', () => {
  const { authority: to } = enrolled();
  const whats: readonly ActContent[] = [
    commands(setRule(RULE.taker_fee, 500), status(1, STATUS.OK, 1)),
    { kind: 'lift', component: { kind: 'account', account: 7 } },
    { kind: 'reopen', component: { kind: 'market', market: 7 } },
    { kind: 'announce', hash: 'ab'.repeat(32) },
    { kind: 'enrol', keys: [{ key: EVE.key, role: 'operator' }] },
  ];
  let fields = 0;
  for (const what of whats) {
    const act = signed(actOf(what), ANN, BEN);
    for (const path of leaves(act)) {
      fields++;
      const verdict = to.judge(decodeSignedAct(altered(act, path)), PLACE);
      assert.equal(verdict.accepted, false, path.join('.'));
    }
    assert.equal(carryOut(to, act), 'accepted', JSON.stringify(what));
  }
  assert.ok(fields > 50, `${fields}`);
});

test('an announcement is remembered from its first time on, under the hash of the act that comes later', () => {
  const { authority: to } = enrolled();
  const later = actOf(commands(setRule(RULE.taker_fee, 500)), { expiryMs: 90_000_000 });
  const announce = (): SignedAct => signed(actOf({ kind: 'announce', hash: actHash(later) }, { expiryMs: 1e8 }), BEN);
  assert.equal(to.announcedMs(actHash(later)), undefined);
  assert.equal(carryOut(to, announce(), { atMs: 5000 }), 'accepted');
  assert.equal(carryOut(to, announce(), { atMs: 6000 }), 'accepted');
  assert.equal(to.announcedMs(actHash(later)), 5000);
  assert.equal(to.announcedMs(actHash({ ...later, reason: 'another' })), undefined);
});

test('a lift ends the quarantine that it names, and is no harm where there is none', () => {
  const { authority: to, lifted } = enrolled();
  const component: Component = { kind: 'market', market: 3 };
  assert.equal(carryOut(to, signed(actOf({ kind: 'lift', component }), ANN, BEN)), 'accepted');
  assert.deepEqual(lifted, [component]);
});
