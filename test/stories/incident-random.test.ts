// Whatever is corrected in whatever flow: money is conserved across the worlds to the last unit, in every mode.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandRows, readCommand } from '../../src/chain/command-record.ts';
import type { CommandRecord } from '../../src/chain/command-value.ts';
import { copyState } from '../../src/chain/copy-state.ts';
import type { BatchEntry } from '../../src/chain/entry.ts';
import { applyCommand } from '../../src/engine/apply.ts';
import { COMMAND_BYTES } from '../../src/engine/command.ts';
import { CommandBuffer } from '../../src/engine/command-buffer.ts';
import { genesis, type State } from '../../src/engine/state.ts';
import { ACCOUNT, MARKET, VENUE } from '../../src/engine/tables.ts';
import { unwindInsurance } from '../../src/exchange/unwind.ts';
import { wide } from '../../src/guard/exact.ts';
import { type Claims, makeClaims } from '../../src/remedy/claims.ts';
import type { CorrectedCommand, CorrectionSet } from '../../src/remedy/correction.ts';
import { Counterfactual } from '../../src/remedy/counterfactual.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import type { Deviation } from '../../src/remedy/deviation.ts';
import { worldsOf } from '../../src/remedy/incident-run.ts';
import type { IncidentWorlds, OtherWorld } from '../../src/remedy/incident-worlds.ts';
import type { PolicyDocument } from '../../src/remedy/policy-document.ts';
import { clearingOf, equities } from '../../src/remedy/valuation.ts';
import { WorldRecord } from '../../src/remedy/world-record.ts';
import { RandomFlow } from '../../src/sim/random-flow.ts';

const BEFORE = 1_500;
const COMMANDS = 1_500;
const IN_BATCH = 40;

interface Flow {
  readonly start: State;
  readonly batches: readonly BatchEntry[];
}

/** Commands of a random flow: applied once, so that the flow sees what comes of them, and kept as batches. */
function flowOf(seed: number): Flow {
  const flow = new RandomFlow(seed, 0);
  const state = genesis();
  const buffer = new CommandBuffer();
  const batches: BatchEntry[] = [];
  let start = state;
  let open = new CommandBuffer();
  let first = 1;
  for (let step = 0; step < BEFORE + COMMANDS; step++) {
    if (step === BEFORE) {
      start = copyState(state);
      open = new CommandBuffer();
      first = sequenceOf(state) + 1;
    }
    buffer.clear();
    flow.next(buffer);
    for (let row = 0; row < buffer.rows; ) {
      const rows = commandRows(buffer.i32, row);
      open.append(buffer.bytes.subarray(row * COMMAND_BYTES, (row + rows) * COMMAND_BYTES), 1);
      applyCommand(state, buffer.i32, buffer.f64, row, buffer.rows);
      row += rows;
    }
    flow.observe(state.events.all());
    state.events.clear();
    if (step < BEFORE || open.commands < IN_BATCH) continue;
    batches.push(batchOf(open, first));
    first = sequenceOf(state) + 1;
    open = new CommandBuffer();
  }
  return { start, batches };
}

function sequenceOf({ venue }: State): number {
  return venue.f64[64 + VENUE.SEQUENCE] as number;
}

function batchOf({ bytes, rows, commands }: CommandBuffer, firstSequence: number): BatchEntry {
  const own = bytes.slice(0, rows * COMMAND_BYTES);
  const views = { bytes: own, words: new Int32Array(own.buffer), floats: new Float64Array(own.buffer) };
  return { kind: 'commands', fork: 0, firstSequence, commands, rows, closesBlock: true, ...views };
}

/** What commands should have been: none, twice the same, or with another number in one field. */
function corrections(flow: Flow, places: readonly number[], ways: readonly number[]): CorrectedCommand[] {
  const corrected = new Map<number, CorrectedCommand>();
  places.forEach((place, n) => {
    const batch = flow.batches[place % flow.batches.length] as BatchEntry;
    let sequence = batch.firstSequence;
    let row = 0;
    for (let skip = place % batch.commands; skip > 0; skip--, sequence++) row += commandRows(batch.words, row);
    const record = readCommand(batch.bytes, row);
    corrected.set(sequence, { sequence, commands: changedBy(record, ways[n] ?? 0) });
  });
  return [...corrected.values()].sort((a, b) => a.sequence - b.sequence);
}

function changedBy(record: CommandRecord, way: number): CommandRecord[] {
  if (way === 0) return [];
  if (way === 1) return [record, record];
  const field = Object.keys(record).find((name) =>
    ['price', 'mark', 'size', 'value', 'amount', 'status'].includes(name),
  );
  const value = field === undefined ? undefined : record[field];
  if (field === undefined || typeof value !== 'number') return [];
  return [{ ...record, [field]: way === 2 ? Math.floor(value * 0.8) : value + (field === 'status' ? -value : 1) }];
}

const OF_MARKETS = { table: 'market', column: 'fundingIndex', index: 0 } as const;

function deviationsOf({ start, batches }: Flow, places: readonly number[], shifts: readonly number[]): Deviation[] {
  const made = new Map<number, Deviation>();
  places.forEach((place, n) => {
    const batch = batches[place % batches.length] as BatchEntry;
    const afterSequence = batch.firstSequence - 1 + (place % batch.commands);
    const row = 1 + (place % (start.market.rows - 1));
    const index = start.market.f64[row * 128 + MARKET.FUNDING_INDEX] as number;
    const account = 3 + (place % (start.account.rows - 3));
    const balance = start.account.f64[account * 8 + ACCOUNT.BALANCE_LOW] as number;
    const shift = shifts[n] ?? 0;
    made.set(afterSequence, {
      afterSequence,
      writes:
        shift % 2 === 0
          ? [{ ...OF_MARKETS, row, value: index + shift * 1e9 }]
          : [{ table: 'account', row: account, column: 'balanceLow', index: 0, value: balance + shift }],
    });
  });
  return [...made.values()].sort((a, b) => a.afterSequence - b.afterSequence);
}

/** Σ equities + clearing + reserved − external of the other world less that of the actual one, which what was written explains. */
function residualOf(worlds: IncidentWorlds, { state, settled, moves }: OtherWorld): bigint {
  const { actual, valuation, settledInActual, written } = worlds;
  const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
  const rest = ({ venue }: State): bigint =>
    wide(venue.f64, 64 + VENUE.RESERVED_HIGH) -
    wide(venue.f64, 64 + VENUE.DEPOSITED_HIGH) +
    wide(venue.f64, 64 + VENUE.WITHDRAWN_HIGH);
  const there = sum(equities(state, valuation, settled)) + clearingOf(state, valuation, settled) + rest(state);
  const here = sum(equities(actual, valuation, settledInActual)) + clearingOf(actual, valuation, settledInActual);
  return there + sum(moves.map(({ amount }) => amount)) - (here + rest(actual) - written);
}

function run(
  flow: Flow,
  set: CorrectionSet,
  mode: 'replay' | 'reference' | 'bounded',
  horizonPpm: number,
): {
  readonly worlds: IncidentWorlds;
  readonly record: WorldRecord;
  /** The same: with some accounts that were told later, and with everybody at their prices. */
  readonly late: IncidentWorlds;
  readonly priced: IncidentWorlds;
} {
  const start = copyState(flow.start);
  const before = copyState(flow.start);
  const record = new WorldRecord(before);
  const worlds = new Counterfactual(start, start, set, {
    onEvents: record.observe,
    onDeviation: (actual) => record.deviated(actual),
    unwind: unwindInsurance,
    ...(mode === 'bounded' ? { reactivePpm: 5_000 } : {}),
  });
  for (const batch of flow.batches) worlds.take(batch);
  const incident = { mode, policy: { ...DEFAULT_POLICY, horizonPpm }, notices: IN_TIME };
  const told = (more: Partial<Parameters<typeof worldsOf>[0]>): IncidentWorlds =>
    worldsOf({ ...incident, ...more }, before, worlds, record);
  const inTime = told({});
  const prices = inTime.valuation.prices
    .map((price, market) => ({ market, price: price + BigInt(market) * 1_000_003n }))
    .slice(1);
  const late = LATE.map((account) => ({ account, noticeMs: 60_000, prices }));
  return { worlds: inTime, record, late: told({ notices: { ...IN_TIME, late } }), priced: told({ prices }) };
}

const IN_TIME = { noticeMs: 0, reopenMs: 0, graceMs: 0, late: [] };
/** Traders that were told later. */
const LATE = [3, 4, 5, 6, 7, 8, 9, 10];

/** Every claim explains itself: its flows, its causes and its chains sum to the last unit, and nothing is paid that is not due. */
function checkClaims(worlds: IncidentWorlds, record: WorldRecord, set: CorrectionSet, policy: PolicyDocument): Claims {
  const interest = { fromMs: 0, toMs: 0 };
  const made = makeClaims({ worlds, record, corrections: set, policy, interest, fork: 0, fund: 10n ** 30n });
  assert.equal(made.conservation.residual, 0n, 'conservation');
  assert.equal(made.unexplained, 0n, 'attribution');
  assert.equal(made.writtenResidual, 0n, 'written');
  const sum = (list: readonly { readonly amount: string }[]): bigint =>
    list.reduce((total, { amount }) => total + BigInt(amount), 0n);
  for (const { statement } of made.claims) {
    const { chains, causes, difference, actual, other, start } = statement;
    assert.equal(BigInt(start) + sum(actual.flows), BigInt(actual.end));
    assert.equal(BigInt(start) + sum(other.flows), BigInt(other.end));
    assert.equal(sum(causes), BigInt(difference));
    assert.equal(sum(chains.flatMap((chain) => chain.causes)), BigInt(difference));
    assert.equal(sum(chains.flatMap((chain) => chain.flows)), sum(actual.flows));
    assert.equal(BigInt(statement.paid) + BigInt(statement.owed), BigInt(statement.refund));
    assert.ok(statement.reversed === '0' || statement.refund === '0');
  }
  return made;
}

/**
 * Who was told later lacks what it would lack if everybody were valued at its prices; everybody else what they lack at those of the check
 * time, and the causes say what the difference is. Returns how many differ by it.
 */
function checkLate(early: Claims, late: Claims, priced: Claims): number {
  let differ = 0;
  let cost = 0n;
  late.claims.forEach(({ account, statement }, place) => {
    const at = ({ claims }: Claims): bigint => BigInt(claims[place]?.statement.difference ?? 0n);
    const isLate = LATE.includes(account);
    assert.equal(BigInt(statement.difference), at(isLate ? priced : early), `account ${account}`);
    const part = BigInt(statement.causes.find(({ cause }) => cause === 'late_notice')?.amount ?? 0n);
    // The end of an interval that holds may be another one.
    if (statement.interval === null) assert.equal(part, at(late) - at(early));
    if (part !== 0n) differ++;
    cost += part;
    assert.equal(statement.notice !== null, isLate);
  });
  assert.deepEqual(late.mitigation, { accounts: LATE.length, cost });
  return differ;
}

const flows = [1, 2, 3].map(flowOf);
const number = fc.nat(1_000_000);
const POLICIES: readonly PolicyDocument[] = [
  DEFAULT_POLICY,
  { ...DEFAULT_POLICY, netting: 'gross', windfalls: 'P2', intervalLimit: '0' },
  { ...DEFAULT_POLICY, netting: 'account', pays: 'E', windfalls: 'P0' },
];

test('money is conserved to the last unit, whatever is corrected and however it is computed', () => {
  let moved = 0;
  let apart = 0;
  let refunded = 0;
  let toldLater = 0;
  const property = fc.property(
    fc.nat(flows.length - 1),
    fc.array(number, { maxLength: 4 }),
    fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    fc.array(number, { maxLength: 2 }),
    fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 2, maxLength: 2 }),
    fc.boolean(),
    fc.constantFrom(0, 50_000, 1_000_000),
    (which, places, ways, written, shifts, keepHalts, horizonPpm) => {
      const flow = flows[which] as Flow;
      const deviations = deviationsOf(flow, written, shifts);
      const set = { commands: corrections(flow, places, ways), deviations, keepHalts };
      for (const mode of ['replay', 'reference', 'bounded'] as const) {
        const { worlds, record, late, priced } = run(flow, set, mode, horizonPpm);
        const policy = POLICIES[places.length % POLICIES.length] as PolicyDocument;
        const [made, withLate, atTheirs] = [worlds, late, priced].map((of) => checkClaims(of, record, set, policy)) as [
          Claims,
          Claims,
          Claims,
        ];
        refunded += made.claims.filter(({ statement }) => statement.refund !== '0').length;
        toldLater += checkLate(made, withLate, atTheirs);
        const { other: state, settledInOther: settled, moves, dropped } = worlds;
        assert.equal(residualOf(worlds, { state, settled, moves }), 0n, mode);
        if (dropped !== undefined) assert.equal(residualOf(worlds, dropped), 0n, 'dropped');
        for (const each of [moves, dropped?.moves ?? []]) {
          assert.equal(
            each.reduce((sum, { amount }) => sum + amount, 0n),
            0n,
          );
        }
        moved += moves.length;
        apart += worlds.divergence.filter(({ different }) => different > 0).length;
      }
    },
  );
  fc.assert(property, { numRuns: 25, seed: 7 });
  assert.ok(moved > 100 && apart > 50, `${moved} moves, ${apart} minutes apart`);
  assert.ok(refunded > 50, `${refunded} refunds`);
  assert.ok(toldLater > 50, `${toldLater} accounts that later notice cost or saved something`);
});
