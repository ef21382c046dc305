// Scope and measure: where a history left its record, found and proved by replay, and what each remedy would do.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Block } from '../../src/chain/block.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { writeSnapshot } from '../../src/chain/snapshot.ts';
import { runProgram } from '../../src/cli/program.ts';
import { memoryStreams } from '../../src/cli/streams.fixture.ts';
import type { State } from '../../src/engine/state.ts';
import { MARKET } from '../../src/engine/tables.ts';
import { unwindInsurance } from '../../src/exchange/unwind.ts';
import { draftIncident } from '../../src/incident/draft.ts';
import { HonestTrades } from '../../src/incident/honest-trades.ts';
import { type Measurement, measure } from '../../src/incident/measure.ts';
import { MEASURED } from '../../src/remedy/report/report-input-form.ts';
import { scopeOf } from '../../src/incident/scope.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { crc32, sha256 } from '../../src/journal/node-digest.ts';
import { applyDeviating } from '../../src/remedy/find-deviation.ts';
import { type Deviation, deviate, type StateWrite } from '../../src/remedy/deviation.ts';
import type { IncidentCase } from '../../src/remedy/incident-case.ts';
import { runIncident } from '../../src/remedy/incident-run.ts';
import { caseOf, falsePrices, tradeWrongly, type Venue, type Wrong } from './incident.fixture.ts';

const TICKS = 400;
const FROM = 300;
const options = { seed: 3, ticks: TICKS, accounts: 200 };

const zeroed =
  (rows: readonly number[], by: number): NonNullable<Wrong['deviation']> =>
  (tick, { market }) =>
    tick !== FROM
      ? undefined
      : rows.map(
          (row): StateWrite => ({
            table: 'market',
            row,
            column: 'fundingIndex',
            index: 0,
            value: by === 0 ? 0 : (market.f64[row * 128 + MARKET.FUNDING_INDEX] as number) + by,
          }),
        );

const shiftedVenue = tradeWrongly({ deviation: zeroed([1, 3], -4e14) }, options);

/** The state at the end of a block as the actual world has it. */
function actualAt({ journal, corrections, lastGood }: Venue, block: Block): State {
  const { state } = stateAtBlock(journal, lastGood);
  for (const entry of journal.entries(lastGood)) {
    if (entry.kind !== 'commands' || entry.firstSequence > block.lastSequence) continue;
    applyDeviating(state, entry, corrections.deviations);
    state.events.clear();
  }
  return state;
}

test('a record that follows from its commands has no scope: what was wrong came in by a command', () => {
  const { journal } = tradeWrongly({ falsify: falsePrices(1, 60, 70, 900_000) }, { seed: 4, ticks: 100 });
  const found = scopeOf({ history: journal });
  assert.deepEqual([found.deviations, found.lines, found.unexplained], [[], [], undefined]);
  assert.equal(found.lastGood.height, journal.height);
});

test('what a process loaded is found by the copy that it loaded', () => {
  const { journal } = shiftedVenue;
  const blind = scopeOf({ history: journal });
  assert.equal(blind.unexplained?.what, 'state_root');
  assert.deepEqual(blind.deviations, []);
  const started = tradeWrongly({ deviation: zeroed([1, 3], 0), isRestart: true }, options);
  const { state } = stateAtBlock(started.journal, started.lastGood);
  deviate(state, started.corrections.deviations[0] as Deviation);
  const kept = (block: Block): State | undefined => (block.height === started.lastGood ? state : undefined);
  const found = scopeOf({ history: started.journal, kept });
  assert.equal(found.lastGood.height, started.lastGood);
  assert.equal(found.unexplained, undefined);
  assert.deepEqual(found.deviations, started.corrections.deviations);
  // Another copy explains nothing.
  state.market.f64[2 * 128 + MARKET.FUNDING_INDEX] = 1;
  assert.equal(scopeOf({ history: started.journal, kept }).unexplained?.what, 'state_root');
});

test('what a process held is found from what it held at the end of the block, and proved by the recorded roots', () => {
  const { journal, corrections } = shiftedVenue;
  const found = scopeOf({ history: journal, kept: (block) => actualAt(shiftedVenue, block) });
  assert.equal(found.unexplained, undefined);
  assert.equal(found.deviations.length, 1);
  const [deviation] = found.deviations;
  const [given] = corrections.deviations;
  assert.deepEqual(
    deviation?.writes.map(({ table, row, column }) => `${table}/${row}/${column}`),
    given?.writes.map(({ table, row, column }) => `${table}/${row}/${column}`),
  );
  assert.match(found.lines[0] as string, /^market\/1\/fundingIndex: by its history -?\d+, actual -\d+$/);
  // A case with what was found explains the record.
  const measured = measureOf(shiftedVenue, {
    corrections: { ...corrections, deviations: found.deviations },
    from: placeOf(found.lastGood),
  });
  assert.ok(measured.forced.wrongful > 0);
});

test('zeros in the place of an index are found too, remainder and all', () => {
  const rows = [1, 2];
  const deviation: Wrong['deviation'] = (tick, state) =>
    zeroed(rows, 0)(tick, state)?.flatMap((write) => [write, { ...write, column: 'fundingRemainder' }]);
  const venue = tradeWrongly({ deviation }, { seed: 6, ticks: TICKS - 60, accounts: 120 });
  const found = scopeOf({ history: venue.journal, kept: (block) => actualAt(venue, block) });
  assert.equal(found.unexplained, undefined);
  const writes = found.deviations.flatMap(({ writes: each }) => each);
  assert.ok(writes.every(({ value, row }) => value === 0 && rows.includes(row)));
});

function placeOf(block: Block): IncidentCase['from'] {
  return { fork: block.fork, height: block.height, stateRoot: Buffer.from(block.stateRoot).toString('hex') };
}

function measureOf(venue: Venue, changes: Partial<IncidentCase> = {}): Measurement {
  const incident = caseOf(venue, changes);
  const trades = new HonestTrades();
  const run = runIncident({
    incident,
    history: venue.journal,
    start: stateAtBlock(venue.journal, incident.from.height).state,
    hash: sha256,
    roots: new DirectRoots(sha256),
    unwind: unwindInsurance,
    onEvents: trades.observe,
  });
  assert.ok(!('finding' in run), 'finding' in run ? run.about : '');
  return measure(incident, run, trades);
}

test('doing nothing leaves what was written to be charged; a forward fix pays; a rollback undoes honest trades', () => {
  const { options: by, forced, recommended, conditions } = measureOf(shiftedVenue);
  assert.ok(forced.wrongful >= 3 && forced.legitimate === 0);
  assert.ok(by.do_nothing.harmed.amount > by.forward_fix.harmed.amount);
  assert.equal(by.do_nothing.fundCost, 0n);
  assert.ok(by.forward_fix.fundCost > 0n);
  assert.equal(by.forward_fix.honestTradesUndone.trades, 0);
  assert.ok(by.rollback.honestTradesUndone.trades > 50 && by.rollback.honestTradesUndone.notional > 0n);
  assert.ok(by.rollback.harmed.amount < by.forward_fix.benefited.amount);
  const holds = new Map(conditions.map(({ name, holds: is }) => [name, is]));
  const isWide = holds.get('wrongfully_forced_share_ppm') === true;
  assert.equal(recommended, isWide ? 'rollback' : 'forward_fix');
});

test('what was forced wrongly is counted as the dossier counts it, also where a market is valued by the reference', () => {
  const venue = tradeWrongly({ falsify: falsePrices(1, FROM, FROM + 60, 800_000) }, options);
  const rule = { kind: 'ratio', numerator: 108, denominator: 100 } as const;
  const series = (['oraclePrice', 'venueQuote'] as const).flatMap((sample) =>
    [0, 1].map((source) => ({ sample, market: 1, source, fromMs: 0, toMs: 9e14, rule })),
  );
  const corrections = { commands: [], deviations: [], keepHalts: true, series };
  for (const mode of ['replay', 'reference'] as const) {
    const incident = caseOf(venue, { mode, corrections });
    const { state: start } = stateAtBlock(venue.journal, incident.from.height);
    const roots = new DirectRoots(sha256);
    const secret = new Uint8Array(32);
    const draft = draftIncident({ incident, history: venue.journal, start, hash: sha256, roots, secret });
    assert.ok(!('finding' in draft));
    const { wrongful, legitimate } = draft.dossier.forced;
    const { forced } = measureOf(venue, { mode, corrections });
    assert.deepEqual([forced.wrongful, forced.legitimate], [wrongful.count, legitimate.count], mode);
    assert.ok(wrongful.accounts === forced.accounts || wrongful.accounts === 'fewer than 5');
  }
});

test('where nothing was done to anybody, nothing is undone; where few were forced, they are paid', () => {
  const calm = measureOf(tradeWrongly({}, { seed: 4, ticks: 80 }));
  assert.equal(calm.recommended, 'do_nothing');
  assert.deepEqual(calm.options.do_nothing.harmed, { accounts: 0, amount: 0n });
  const slip: Wrong['slip'] = (tick, timeMs) =>
    tick === FROM ? { kind: 'setMarketParameter', timeMs, market: 1, parameter: 6, value: 600_000 } : undefined;
  const few = measureOf(tradeWrongly({ slip }, { ...options, accounts: 400 }));
  assert.ok(few.forced.wrongful > 0);
  assert.equal(few.recommended, few.forced.accounts * 100 > 400 ? 'rollback' : 'forward_fix');
});

const folder = mkdtempSync(join(tmpdir(), 'incident-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a journal to files. */
function toFiles(from: Journal, to: string): void {
  const { journal } = openFileJournal(to);
  for (const entry of from.entries()) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.holds !== undefined) journal.appendHolds(entry.holds);
    else journal.append(entry);
  }
  journal.close();
}

async function run(...args: string[]): Promise<{ code: number; json: Record<string, unknown>; said: string }> {
  const streams = memoryStreams();
  const code = await runProgram(args, streams);
  return { code, json: JSON.parse(streams.stdout.text || '{}') as Record<string, unknown>, said: streams.stderr.text };
}

test('incident scope writes a case that incident measure runs; a case that explains nothing is a finding', async () => {
  const journal = join(folder, 'day');
  toFiles(shiftedVenue.journal, journal);
  const first = await run('incident', 'scope', '--journal', journal, '--json');
  assert.equal(first.code, 1);
  assert.equal(first.json['deviations'], 0);
  const unexplained = first.json['unexplained'] as { height: number };
  const bad = shiftedVenue.journal.block(unexplained.height) as Block;
  const live = join(folder, 'live.snapshot');
  writeFileSync(
    live,
    Buffer.concat([...writeSnapshot(actualAt(shiftedVenue, bad), bad, sha256, crc32)].map((part) => part.slice())),
  );
  const file = join(folder, 'case.json');
  const scope = ['incident', 'scope', '--journal', journal, '--live', live, '--out', file];
  const missing = await run(...scope, '--json');
  assert.deepEqual([missing.code, missing.json['error']], [2, 'missing_argument']);
  const found = await run(...scope, '--reason', 'an index was lost', '--json');
  assert.deepEqual([found.code, found.json['deviations'], found.json['unexplained']], [1, 1, null]);
  const again = await run(...scope, '--reason', 'twice', '--json');
  assert.deepEqual([again.code, again.json['error']], [2, 'file_exists']);

  const measured = await run('incident', 'measure', '--journal', journal, '--case', file, '--json');
  assert.equal(measured.code, 0, measured.said);
  assert.equal(measured.json['case'], found.json['case']);
  assert.ok((measured.json['forced'] as { wrongful: number }).wrongful > 0);
  assert.equal(MEASURED(measured.json, ''), undefined, 'a report can be given it as measure.json');
  const told = await run('incident', 'measure', '--journal', journal, '--case', file);
  assert.match(told.said, /Recommended: /);
  assert.match(told.said, /By (the cone of the corrections|a full replay of both worlds): /);
  const window = ['--window', join(folder, 'window')];
  const kept = await run('incident', 'measure', '--journal', journal, '--case', file, ...window, '--json');
  const later = await run('incident', 'measure', '--journal', journal, '--case', file, ...window, '--json');
  assert.deepEqual(kept.json['replayed'], measured.json['replayed']);
  assert.deepEqual(later.json['replayed'], measured.json['replayed']);
  const both = await run('incident', 'measure', '--journal', journal, '--case', file, file, '--full', '--json');
  const numbers = (result: Record<string, unknown>): object => ({ ...result, seconds: 0, replayed: null });
  assert.deepEqual(
    (both.json['cases'] as Record<string, unknown>[]).map(numbers),
    [kept.json, later.json].map(numbers),
  );

  const document = JSON.parse(readFileSync(file, 'utf8')) as { corrections: { deviations: unknown[] } };
  document.corrections.deviations = [];
  const wrong = join(folder, 'wrong.json');
  writeFileSync(wrong, JSON.stringify(document));
  const none = await run('incident', 'measure', '--journal', journal, '--case', wrong, '--json');
  assert.deepEqual([none.code, none.json['finding']], [1, 'actual_differs']);
  writeFileSync(wrong, JSON.stringify({ ...document, mode: 'guess' }));
  const refused = await run('incident', 'measure', '--journal', journal, '--case', wrong, '--json');
  assert.deepEqual([refused.code, refused.json['error']], [2, 'not_a_case']);
  writeFileSync(wrong, 'no json');
  assert.equal(
    (await run('incident', 'measure', '--journal', journal, '--case', wrong, '--json')).json['error'],
    'not_json',
  );
  const nowhere = await run('incident', 'measure', '--journal', join(folder, 'none'), '--case', file, '--json');
  assert.equal(nowhere.json['error'], 'journal_not_found');
});
