// Cases of every kind of falsehood, run over the record of the venue that it happened in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadableHistory } from '../../src/chain/branches.ts';
import { commandRows } from '../../src/chain/command-record.ts';
import { toHex } from '../../src/chain/digest.ts';
import { diffStates } from '../../src/chain/state-difference.ts';
import { STATUS } from '../../src/engine/status.ts';
import { MARKET, VENUE } from '../../src/engine/tables.ts';
import { wide } from '../../src/guard/exact.ts';
import { isForced } from '../../src/guard/guarded-replay.ts';
import { rollBack } from '../../src/incident/roll-back.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { accountDigest, isUnaffected } from '../../src/remedy/account-digest.ts';
import type { CorrectionSet } from '../../src/remedy/correction.ts';
import type { IncidentWorlds, OtherWorld } from '../../src/remedy/incident-worlds.ts';
import { UnknownRelease } from '../../src/remedy/other-world.ts';
import { clearingOf, equities, isHouse } from '../../src/remedy/valuation.ts';
import {
  caseOf,
  falsePrices,
  runOf,
  soundRunOf,
  tradeOn,
  tradeWrongly,
  type Venue,
  type Wrong,
} from './incident.fixture.ts';

const TICKS = 400;
const FROM = 300;
const MARKETS = 10;

/** Σ equities + clearing + reserved − external of the other world less that of the actual one; 0 when the run conserves money. */
function residualOf(worlds: IncidentWorlds, { state, settled, moves }: OtherWorld): bigint {
  const { actual, valuation, settledInActual, written } = worlds;
  const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
  const rest = ({ venue }: typeof state): bigint =>
    wide(venue.f64, 64 + VENUE.RESERVED_HIGH) -
    wide(venue.f64, 64 + VENUE.DEPOSITED_HIGH) +
    wide(venue.f64, 64 + VENUE.WITHDRAWN_HIGH);
  const there = sum(equities(state, valuation, settled)) + clearingOf(state, valuation, settled) + rest(state);
  const here = sum(equities(actual, valuation, settledInActual)) + clearingOf(actual, valuation, settledInActual);
  return there + sum(moves.map(({ amount }) => amount)) - (here + rest(actual) - written);
}

/** What each account lacks. */
function lacksOf({ actual, other, valuation, settledInActual, moves }: IncidentWorlds): bigint[] {
  const [here, there] = [equities(actual, valuation, settledInActual), equities(other, valuation)];
  const lacks = there.map((equity, account) => equity - (here[account] ?? 0n));
  for (const { account, amount } of moves) lacks[account] = (lacks[account] ?? 0n) + amount;
  return lacks;
}

function shifted(state: Venue['state'], row: number, by: number): ReturnType<NonNullable<Wrong['deviation']>> {
  const value = (state.market.f64[row * 128 + MARKET.FUNDING_INDEX] as number) + by;
  return [{ table: 'market', row, column: 'fundingIndex', index: 0, value }];
}

/** What is wrong, and whether it must have had somebody liquidated. */
const WRONGS: Readonly<Record<string, { readonly wrong: Wrong; readonly liquidates: boolean }>> = {
  'a false price': { wrong: { falsify: falsePrices(1, FROM, FROM + 40, 600_000) }, liquidates: true },
  'a false parameter': {
    wrong: {
      slip: (tick, timeMs) =>
        tick === FROM ? { kind: 'setMarketParameter', timeMs, market: 1, parameter: 6, value: 600_000 } : undefined,
    },
    liquidates: true,
  },
  'a false funding index': {
    wrong: { deviation: (tick, state) => (tick === FROM ? shifted(state, 1, -4e14) : undefined) },
    liquidates: true,
  },
  'an index that is false twice': {
    wrong: {
      deviation: (tick, state) =>
        tick === FROM ? shifted(state, 1, -2e14) : tick === FROM + 20 ? shifted(state, 1, 3e14) : undefined,
    },
    liquidates: true,
  },
  'a status that nobody meant': {
    wrong: {
      slip: (tick, timeMs) =>
        tick === FROM
          ? { kind: 'setStatus', timeMs, market: 1, status: STATUS.CANCEL_ONLY, paused: 0 }
          : tick === FROM + 30
            ? { kind: 'setStatus', timeMs, market: 1, status: STATUS.OK, paused: 0 }
            : undefined,
    },
    liquidates: false,
  },
  'money that nobody brought': {
    wrong: {
      deviation: (tick, { account }) =>
        tick === FROM
          ? [{ table: 'account', row: 9, column: 'balanceLow', index: 0, value: (account.f64[73] as number) + 5e11 }]
          : undefined,
    },
    liquidates: false,
  },
};

for (const [name, { wrong, liquidates }] of Object.entries(WRONGS)) {
  for (const seed of [3, 11]) {
    const venue = tradeWrongly(wrong, { seed, ticks: TICKS, accounts: 200 });
    for (const mode of ['replay', 'reference', 'bounded'] as const) {
      test(`${name}, seed ${seed}, ${mode}: the record is explained, and money conserved to the last unit`, () => {
        assert.equal(venue.liquidated > 0, liquidates, `${venue.liquidated} liquidations`);
        const { worlds, record } = soundRunOf(venue, caseOf(venue, { mode }));
        const { other, settledInOther: settled, moves, dropped, marketsByReference } = worlds;
        assert.deepEqual(diffStates(venue.state, worlds.actual), []);
        assert.equal(residualOf(worlds, { state: other, settled, moves }), 0n);
        const byMarket = new Map<number, bigint>();
        for (const { market, amount } of moves) byMarket.set(market, (byMarket.get(market) ?? 0n) + amount);
        for (const [market, sum] of byMarket) assert.equal(sum, 0n, `moves of market ${market}`);
        assert.ok([...byMarket.keys()].every((market) => marketsByReference.includes(market)));
        if (mode === 'reference') assert.equal(marketsByReference.length, MARKETS);
        if (mode === 'bounded') assert.equal(residualOf(worlds, dropped as OtherWorld), 0n);
        else assert.equal(dropped, undefined);
        assert.equal(record.trace('actual').flows.takings.length > 0, liquidates);
      });
    }
  }
}

test('what was told falsely and is told truly: nobody is liquidated, and who was lacks what was taken', () => {
  const { wrong } = WRONGS['a false price'] as (typeof WRONGS)[string];
  const venue = tradeWrongly(wrong, { seed: 3, ticks: TICKS, accounts: 200 });
  const { worlds, record } = soundRunOf(venue, caseOf(venue));
  const taken = new Set(record.trace('actual').flows.takings.map(({ account }) => account));
  const takenAnyway = new Set(record.trace('other').flows.takings.map(({ account }) => account));
  assert.ok(taken.size >= 3 && takenAnyway.size === 0, `${taken.size} taken, ${takenAnyway.size} anyway`);
  const lacks = lacksOf(worlds);
  const lacking = [...taken].filter((account) => (lacks[account] as bigint) > 0n);
  assert.ok(lacking.length > taken.size / 2, `${lacking.length} of ${taken.size} lack something`);
  const { actual, other } = worlds;
  let unaffected = 0;
  for (let account = 1; account < lacks.length; account++) {
    const isSame = toHex(accountDigest(actual, account)) === toHex(accountDigest(other, account));
    assert.equal(isUnaffected(actual, other, account), isSame);
    if (isSame) unaffected++;
  }
  assert.ok(unaffected > 20 && unaffected < lacks.length - taken.size, `${unaffected} unaffected`);
});

test('replay and reference find the same of who was liquidated by a false index and did nothing else', () => {
  const { wrong } = WRONGS['a false funding index'] as (typeof WRONGS)[string];
  const venue = tradeWrongly(wrong, { seed: 11, ticks: TICKS, accounts: 200 });
  const [replayed, referred] = (['replay', 'reference'] as const).map((mode) => {
    const { worlds } = soundRunOf(
      venue,
      caseOf(venue, { mode, policy: { ...caseOf(venue).policy, horizonPpm: 1_000_000 } }),
    );
    return { worlds, lacks: lacksOf(worlds) };
  }) as [{ worlds: IncidentWorlds; lacks: bigint[] }, { worlds: IncidentWorlds; lacks: bigint[] }];
  assert.deepEqual(replayed.worlds.moves, []);
  let alike = 0;
  for (let account = 1; account < replayed.lacks.length; account++) {
    const [one, two] = [replayed.lacks[account] as bigint, referred.lacks[account] as bigint];
    if (isHouse(account) || (one === 0n && two === 0n)) continue;
    const apart = one > two ? one - two : two - one;
    // The books differ a little once the liquidated are there again: their own fills, not what was taken from them.
    if (apart * 1000n <= (one < 0n ? -one : one)) alike++;
  }
  assert.ok(alike >= 3, `${alike} alike`);
});

test('an engine release that is not there is refused by name', () => {
  const venue = tradeWrongly({}, { seed: 5, ticks: 40 });
  const { corrections } = venue;
  assert.throws(() => runOf(venue, caseOf(venue, { corrections: { ...corrections, release: 99 } })), UnknownRelease);
  const { worlds } = soundRunOf(venue, caseOf(venue, { corrections: { ...corrections, release: 1 } }));
  assert.equal(worlds.other, worlds.actual);
});

test('a case that does not explain the record says nothing of anybody, and names where it does not', () => {
  const { wrong } = WRONGS['a false funding index'] as (typeof WRONGS)[string];
  const venue = tradeWrongly(wrong, { seed: 3, ticks: TICKS });
  const incident = caseOf(venue);
  const without = runOf(venue, { ...incident, corrections: { ...incident.corrections, deviations: [] } });
  assert.ok('finding' in without && without.finding === 'actual_differs' && without.divergence?.what === 'state_root');
  assert.ok((without.divergence?.height ?? 0) > venue.lastGood);
  const of = (changes: Parameters<typeof caseOf>[1]): string => {
    const run = runOf(venue, { ...incident, ...changes });
    return 'finding' in run ? run.finding : 'sound';
  };
  assert.equal(of({}), 'sound');
  assert.equal(of({ to: { fork: 0, height: 9999 } }), 'block_unknown');
  assert.equal(of({ to: { fork: 1, height: incident.to.height } }), 'fork_differs');
  assert.equal(of({ from: { ...incident.from, stateRoot: '00'.repeat(32) } }), 'state_root_differs');
  assert.equal(of({ corrections: { ...incident.corrections, voidedBranches: [0] } }), 'branches_differ');
  const last = venue.journal.block(incident.to.height)?.lastSequence ?? 0;
  for (const sequence of [1, last + 1]) {
    assert.equal(
      of({ corrections: { ...incident.corrections, commands: [{ sequence, commands: [] }] } }),
      'outside_window',
    );
  }
  for (const afterSequence of [1, last]) {
    assert.equal(
      of({ corrections: { ...incident.corrections, deviations: [{ afterSequence, writes: [] }] } }),
      'outside_window',
    );
  }
});

test('a correction that corrects nothing is a mistake, not an incident that harmed nobody', () => {
  const { wrong } = WRONGS['a false funding index'] as (typeof WRONGS)[string];
  const venue = tradeWrongly(wrong, { seed: 3, ticks: TICKS });
  const incident = caseOf(venue);
  const { from, to } = soundRunOf(venue, incident);
  const of = (changes: Partial<CorrectionSet>): string => {
    const run = runOf(venue, { ...incident, corrections: { ...incident.corrections, ...changes } });
    return 'finding' in run ? `${run.finding}: ${run.about}` : 'sound';
  };
  const series = (market: number, source: number, fromMs = from.lastMs): Partial<CorrectionSet> => ({
    series: [{ sample: 'oraclePrice', market, source, fromMs, toMs: to.lastMs + 1, rule: { kind: 'absent' } }],
  });
  assert.equal(of(series(1, 0)), 'sound');
  for (const nothing of [series(77, 0), series(1, 9), series(1, 0, to.lastMs + 1)])
    assert.match(of(nothing), /^corrects_nothing: no oraclePrice of source/);
  // What was forced follows from the commands, and is made anew: it is never edited.
  const sequence = sequenceOfForced(venue.journal, from.height);
  assert.match(
    of({ commands: [{ sequence, commands: [] }] }),
    /^not_from_outside: command \d+: \w+ follows from other/,
  );
  const forced = { kind: 'forceCancel', timeMs: to.lastMs, order: 1, reason: 1 } as const;
  const last = to.lastSequence;
  assert.match(
    of({ commands: [{ sequence: last, commands: [forced] }] }),
    /^not_from_outside: in the place of command/,
  );
});

/** The first forced command behind a block. */
function sequenceOfForced(history: ReadableHistory, height: number): number {
  for (const entry of history.entries(height)) {
    if (entry.kind === 'block') continue;
    for (let row = 0, sequence = entry.firstSequence; row < entry.rows; sequence++) {
      if (isForced(entry.words[row * 16] as number)) return sequence;
      row += commandRows(entry.words, row);
    }
  }
  throw new Error('nothing was forced');
}

test('without a correction the worlds are one state, and a correction that changes nothing lasting lets them be one again', () => {
  const calm = tradeWrongly({}, { seed: 5, ticks: 120 });
  const { worlds } = soundRunOf(calm, caseOf(calm));
  assert.equal(worlds.other, worlds.actual);
  assert.ok(worlds.divergence.length > 0 && worlds.divergence.every(({ different }) => different === 0));
  // A second deposit with a reference that was used is refused: it leaves nothing but a count of commands.
  const slip: Wrong['slip'] = (tick, timeMs) =>
    tick === 60 ? { kind: 'deposit', timeMs, account: 5, amount: 1, reference: 1 } : undefined;
  const venue = tradeWrongly({ slip }, { seed: 5, ticks: 120 });
  const met = soundRunOf(venue, caseOf(venue)).worlds;
  assert.equal(met.other, met.actual);
});

test('a venue that was rolled back and opened carelessly: what died is void in both worlds, the window begins with the new fork', () => {
  const { wrong } = WRONGS['a false funding index'] as (typeof WRONGS)[string];
  const options = { seed: 3, ticks: TICKS, accounts: 200 };
  const first = tradeWrongly(wrong, options);
  const { journal, lastGood, corrections } = first;
  const back = rollBack(journal, {
    hash: sha256,
    restores: lastGood,
    reason: 'an index was lost',
    deviations: corrections.deviations,
  });
  assert.ok(back.accepted, back.accepted ? '' : back.about);
  const second = tradeOn(
    journal,
    { falsify: falsePrices(1, TICKS + 10, TICKS + 50, 600_000) },
    { ...options, ticks: TICKS + 80 },
    TICKS,
  );
  assert.ok(second.liquidated > 0);
  const whole = { ...caseOf(second), corrections: second.corrections };
  const fromRestore = soundRunOf(second, {
    ...whole,
    from: { fork: 1, height: back.block.height, stateRoot: toHex(back.block.stateRoot) },
  });
  assert.ok(fromRestore.record.trace('actual').flows.takings.length > 0);
  assert.equal(fromRestore.record.trace('other').flows.takings.length, 0);
  // The window over the rollback: the dead branch is passed over, and must be named.
  const before = { fork: 0, height: lastGood, stateRoot: toHex(back.block.stateRoot) };
  const unnamed = runOf(second, { ...whole, from: before });
  assert.ok('finding' in unnamed && unnamed.finding === 'branches_differ', JSON.stringify(unnamed));
  const over = soundRunOf(second, {
    ...whole,
    from: before,
    corrections: { ...second.corrections, voidedBranches: [0] },
  });
  assert.deepEqual(lacksOf(over.worlds), lacksOf(fromRestore.worlds));
  assert.ok(over.replay.passed.commands > 0);
  // What died can be asked about as well: its branch is the way to its last block.
  const dead = { fork: 0, height: back.block.height - 1 };
  const ofDead = soundRunOf(second, { ...caseOf(first), from: before, to: dead, corrections });
  assert.ok(ofDead.record.trace('actual').flows.takings.length > 0);
  const ended = runOf(second, {
    ...whole,
    from: { ...before, fork: 0, height: lastGood + 1, stateRoot: rootAt(second, lastGood + 1) },
  });
  assert.ok('finding' in ended && ended.finding === 'not_on_way', JSON.stringify(ended));
});

function rootAt({ journal }: Venue, height: number): string {
  const block = journal.block(height);
  assert.ok(block !== undefined);
  return toHex(block.stateRoot);
}
