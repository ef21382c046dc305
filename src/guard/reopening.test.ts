import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { OPERATION, pausedByStatus, STATUS } from '../engine/status.ts';
import {
  arriveAt,
  heightOf,
  nextStep,
  type ReopeningFacts,
  RUNGS,
  rungOf,
  type Standing,
  standstillAt,
  VETO_LIMIT,
  waitingForPeople,
} from './reopening.ts';

const OPEN = { status: STATUS.OK, paused: 0 };

/** Facts on which every rung is climbed, at a tick of `timeMs` in which `sequence` commands have been applied. */
function good(timeMs: number, sequence: number, changes: Partial<ReopeningFacts> = {}): ReopeningFacts {
  return {
    timeMs,
    sequence,
    gapMs: 30_000,
    leastMs: 60_000,
    venueStatus: STATUS.OK,
    auditedSequence: sequence - 1,
    unready: '',
    finding: '',
    veto: '',
    price: { isValid: true, found: 'valid', apart: 1n, allowed: 1n },
    depth: { bids: 10n, asks: 10n, needed: 10n, isCrossed: false },
    ...changes,
  };
}

/** A standing that has been on its rung long enough. */
function stood(rung: Standing['rung'], changes: Partial<Standing> = {}): Standing {
  return { ...arriveAt(rung), stoodMs: 60_000, sinceMs: 0, sinceSequence: 5, seenMs: 60_000, ...changes };
}

/** Mostly the first of these, so that not all conditions fail at once. */
const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) });
const anyRung = fc.constantFrom(...RUNGS);
const anyFacts: fc.Arbitrary<ReopeningFacts> = fc.record({
  timeMs: fc.integer({ min: 60_000, max: 200_000 }),
  sequence: fc.integer({ min: 0, max: 20 }),
  gapMs: fc.constantFrom(0, 30_000, 1e9),
  leastMs: fc.constantFrom(0, 60_000, 120_000),
  venueStatus: mostly<number>(STATUS.OK, ...Object.values(STATUS)),
  auditedSequence: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
  unready: mostly('', 'projections: 3 blocks behind'),
  finding: mostly('', 'market 1: positions_sum_to_zero'),
  veto: mostly('', 'market 1: mark_backed'),
  price: fc.record({
    isValid: mostly(true, false),
    found: fc.constant('thin'),
    apart: mostly(1n, 2n),
    allowed: fc.constant(1n),
  }),
  depth: fc.record({
    bids: fc.bigInt({ min: 0n, max: 3n }),
    asks: fc.bigInt({ min: 0n, max: 3n }),
    needed: fc.bigInt({ min: 0n, max: 3n }),
    isCrossed: mostly(false, true),
  }),
});
const anyStanding: fc.Arbitrary<Standing> = fc.record({
  rung: anyRung,
  stoodMs: fc.integer({ min: 0, max: 200_000 }),
  sinceMs: fc.constant(0),
  sinceSequence: fc.constantFrom(3),
  seenMs: fc.constant(60_000),
  vetoes: fc.integer({ min: 0, max: VETO_LIMIT - 1 }),
});

describe('the ladder, whatever the facts', () => {
  test('climbs at most one rung, never with a veto, never past what people want; a veto takes a rung back', () => {
    const climbs = { up: 0, down: 0 };
    fc.assert(
      fc.property(anyStanding, anyFacts, anyRung, (standing, facts, highest) => {
        const { standing: after, move, conditions } = nextStep(standing, facts, highest);
        const rose = heightOf(after.rung) - heightOf(standing.rung);
        assert.ok(rose <= 1);
        if (rose === 1) {
          climbs.up++;
          assert.equal(move, 'up');
          assert.equal(facts.veto, '');
          assert.ok(heightOf(after.rung) <= heightOf(highest));
          assert.ok(conditions.length > 0 && conditions.every(({ holds }) => holds));
          assert.ok(facts.unready === '' && facts.finding === '' && (facts.auditedSequence as number) > 3);
          assert.ok(facts.price.isValid && !facts.depth.isCrossed);
          if (!['cancel_only', 'normal'].includes(standing.rung)) {
            assert.ok(facts.depth.bids >= facts.depth.needed && facts.price.apart <= facts.price.allowed);
          }
          assert.equal(after.stoodMs, 0);
        }
        if (facts.veto !== '' && heightOf(standing.rung) > heightOf('cancel_only')) {
          climbs.down++;
          assert.ok(rose < 0);
          if (rose < -1) assert.ok(move === 'wait' && after.rung === 'cancel_only');
        }
        if (standing.rung === 'maintenance') assert.equal(after.rung, 'maintenance');
      }),
      { numRuns: 5000 },
    );
    assert.ok(climbs.up > 30 && climbs.down > 200, JSON.stringify(climbs));
  });

  test('a sequence of any facts never has liquidations on before it stood the grace on triggers', () => {
    let normal = 0;
    const anyTick = fc.tuple(mostly(false, true), mostly(true, false), fc.integer({ min: 4_000, max: 34_000 }));
    fc.assert(
      fc.property(fc.array(anyTick, { minLength: 60, maxLength: 100 }), (ticks) => {
        let standing = arriveAt('cancel_only');
        let [timeMs, sequence] = [0, 0];
        let onTriggersMs = 0;
        for (const [isVetoed, isGood, elapsedMs] of ticks) {
          timeMs += elapsedMs;
          sequence += 2;
          const before = standing;
          const changes = {
            veto: isVetoed && timeMs % 7 === 0 ? 'market 1: x' : '',
            price: { isValid: isGood, found: '', apart: 0n, allowed: 0n },
          };
          ({ standing } = nextStep(standing, good(timeMs, sequence, changes), 'normal'));
          if (before.rung === 'triggers') onTriggersMs += elapsedMs;
          if (standing.rung === 'normal' && before.rung !== 'normal') {
            normal++;
            assert.equal(before.rung, 'triggers');
            assert.ok(onTriggersMs >= 60_000);
          }
          if (standing.rung !== 'triggers' && standing.rung !== 'normal') onTriggersMs = 0;
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(normal > 20, `${normal} came to the top`);
  });

  test('what is paused grows downwards, and liquidations are never on where triggers are not', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(STATUS)), fc.integer({ min: 0, max: 127 }), (status, paused) => {
        const wanted = { status, paused };
        let above = 127;
        for (const rung of RUNGS.filter((each) => heightOf(each) <= heightOf(rungOf(wanted)))) {
          const at = standstillAt(rung, wanted);
          const off = at.paused | pausedByStatus(at.status);
          const isLadders = rung !== rungOf(wanted);
          if (isLadders && (off & OPERATION.LIQUIDATIONS) === 0) assert.equal(off & OPERATION.TRIGGERS, 0);
          // What people paused is paused on every rung.
          assert.equal(off & paused, paused);
          assert.equal(off & ~above & (OPERATION.LIQUIDATIONS | OPERATION.TRIGGERS | OPERATION.ORDERS), 0);
          above = off;
        }
      }),
    );
  });
});

describe('a step', () => {
  test('every condition alone keeps the market where it is, and says so by name and numbers', () => {
    const at = stood('open');
    assert.equal(nextStep(at, good(65_000, 9), 'normal').move, 'up');
    const worse: [string, Partial<ReopeningFacts>][] = [
      ['time', { leastMs: 65_001 }],
      ['audit', { auditedSequence: 5 }],
      ['audit', { auditedSequence: undefined }],
      ['readiness', { unready: 'projections: 3 blocks behind' }],
      ['quarantine', { finding: 'market 1: funding_step_bound' }],
      ['price', { price: { isValid: false, found: 'disputed', apart: 0n, allowed: 1n } }],
      ['mark_near_fair', { price: { isValid: true, found: 'valid', apart: 17n, allowed: 1n } }],
      ['bid_depth', { depth: { bids: 9n, asks: 10n, needed: 10n, isCrossed: false } }],
      ['ask_depth', { depth: { bids: 10n, asks: 0n, needed: 10n, isCrossed: false } }],
      ['book_uncrossed', { depth: { bids: 10n, asks: 10n, needed: 10n, isCrossed: true } }],
    ];
    for (const [name, changes] of worse) {
      const { move, conditions, standing } = nextStep(at, good(65_000, 9, changes), 'normal');
      assert.equal(move, 'stay', name);
      assert.equal(standing.rung, 'open');
      assert.deepEqual(
        conditions.filter(({ holds }) => !holds).map((each) => each.name),
        [name],
      );
    }
  });

  test('the first tick on a rung starts its time: what was stamped before a long silence counts for nothing', () => {
    const first = nextStep(arriveAt('cancel_only'), good(8 * 3_600_000, 9), 'normal');
    assert.equal(first.move, 'stay');
    assert.equal(first.standing.stoodMs, 0);
    const silent = nextStep(first.standing, good(9 * 3_600_000, 11), 'normal');
    assert.equal(silent.move, 'stay');
    assert.equal(silent.standing.stoodMs, 0);
  });

  test('cancel-only needs no book: no order can be placed there that would mend it', () => {
    const depth = { bids: 0n, asks: 0n, needed: 10n, isCrossed: false };
    const price = { isValid: true, found: 'valid', apart: 17n, allowed: 1n };
    const facts = good(65_000, 9, { depth, price });
    assert.equal(nextStep(stood('cancel_only'), facts, 'normal').standing.rung, 'post_only');
    assert.equal(nextStep(stood('post_only'), facts, 'normal').move, 'stay');
  });

  test('the third veto stops at cancel-only and waits for people; one at cancel-only starts its time anew', () => {
    const facts = good(65_000, 9, { veto: 'market 1: equity' });
    const one = nextStep(stood('triggers'), facts, 'normal');
    assert.deepEqual([one.move, one.standing.rung, one.standing.vetoes, one.veto], ['down', 'open', 1, facts.veto]);
    const three = nextStep(stood('normal', { vetoes: 2 }), facts, 'normal');
    assert.deepEqual([three.move, three.standing.rung], ['wait', 'cancel_only']);
    const low = nextStep(stood('cancel_only', { vetoes: 2 }), facts, 'normal');
    assert.deepEqual([low.move, low.standing.stoodMs, low.standing.vetoes], ['stay', 0, 2]);
    assert.deepEqual(waitingForPeople(OPEN), { status: STATUS.CANCEL_ONLY, paused: 0 });
  });

  test('a venue that is shut takes the market back to the first rung; one that is half open holds it there', () => {
    const shut = nextStep(stood('open'), good(65_000, 9, { venueStatus: STATUS.MAINTENANCE }), 'normal');
    assert.deepEqual([shut.move, shut.standing.rung], ['closed', 'cancel_only']);
    const half = nextStep(stood('post_only'), good(65_000, 9, { venueStatus: STATUS.POST_ONLY }), 'normal');
    assert.deepEqual([half.move, half.standing.rung], ['stay', 'post_only']);
  });

  test('it ends where people want it to end', () => {
    assert.equal(nextStep(stood('post_only'), good(65_000, 9), 'post_only').move, 'done');
    assert.equal(nextStep(stood('normal'), good(65_000, 9), 'normal').move, 'done');
  });
});
