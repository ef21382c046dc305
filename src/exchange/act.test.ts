import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Entry } from '../chain/entry.ts';
import { DirectRoots } from '../chain/roots.ts';
import { MARKET_PARAMETERS, QUOTE_KNOWN_ALL } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../engine/flags.ts';
import { RULE } from '../engine/rules.ts';
import { ACCOUNT_KIND } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import { ROUND_MARKET, USDC } from '../engine/venue.fixture.ts';
import { type ActCommand, type ActContent, actHash } from '../guard/authority/act.ts';
import { actOf, ANN, BEN, enrolment, GIL, GUS, signed, VENUE as FIRST_VENUE } from '../guard/authority/act.fixture.ts';
import { encodeRecord, venueOf } from '../guard/authority/recorded-acts.ts';
import { Guard } from '../guard/guard.ts';
import type { HeldCommand } from '../guard/screen.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { crashed, withFolder } from '../journal/journal.fixture.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { Exchange } from './exchange.ts';
import { ForgedAct, recover } from './recover.ts';

interface Opened {
  readonly exchange: Exchange;
  readonly guard: Guard;
  readonly held: HeldCommand[];
}

function opened(journal: Journal, pipelined = false): Opened {
  const held: HeldCommand[] = [];
  const guard = new Guard({ onHeldCommand: (each) => held.push(each) });
  const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), guard });
  assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
  const exchange = new Exchange({ state, journal, sealer, blockCommands: 3, blockMs: 60_000, guard, pipelined });
  return { exchange, guard, held };
}

const commands = (...each: ActCommand[]): ActContent => ({ kind: 'commands', commands: each });
const status = (to: number, market = 0): ActCommand => ({ kind: 'setStatus', market, status: to, paused: 0 });
const stop = (): ReturnType<typeof signed> => signed(actOf(commands(status(STATUS.MAINTENANCE))), ANN);

function statusOf({ exchange }: Opened): number {
  return exchange.state.venue.i32[128 + VENUE.STATUS] as number;
}

function submit({ exchange }: Opened, write: (buffer: CommandBuffer) => void): void {
  const buffer = new CommandBuffer();
  write(buffer);
  exchange.submit(buffer);
}

/** A venue of one market, its keys enrolled. */
function enrolledVenue(journal: Journal = new MemoryJournal()): Opened {
  const venue = opened(journal);
  submit(venue, (buffer) => buffer.defineMarket(1, ROUND_MARKET));
  assert.ok(venue.exchange.act(enrolment(), 10).accepted);
  return venue;
}

/** The lines of all acts. Read as they come: their bytes are valid until the next entry. */
function acts(entries: Iterable<Entry>): string[] {
  const lines: string[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'commands' || entry.acts === undefined) continue;
    lines.push(Buffer.from(entry.acts).toString('latin1').trim());
  }
  return lines;
}

test('without enrolled keys nothing asks for any; without a guard there are no acts', () => {
  const venue = opened(new MemoryJournal());
  submit(venue, (buffer) => buffer.setStatus(1, 0, STATUS.POST_ONLY, 0));
  submit(venue, (buffer) => buffer.setStatus(1, 0, STATUS.OK, 0));
  assert.deepEqual([statusOf(venue), venue.held], [STATUS.OK, []]);
  const journal = new MemoryJournal();
  const { state, sealer } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
  const unguarded = new Exchange({ state, journal, sealer, blockCommands: 3, blockMs: 60_000 });
  assert.deepEqual(unguarded.act(enrolment(), 1), { accepted: false, refusal: 'no_guard', about: '' });
});

test('with enrolled keys an administrator’s command without an act is held; what comes with it is taken', () => {
  const venue = enrolledVenue();
  const before = venue.exchange.sequence;
  submit(venue, (buffer) => {
    buffer.setStatus(20, 1, STATUS.MAINTENANCE, 0);
    buffer.collateralPrice(20, 1e8, 20);
    buffer.setRule(20, RULE.taker_fee, 0);
    buffer.setMarketParameter(20, 1, 'INITIAL_MARGIN', 200_000);
    buffer.defineMarket(20, { ...ROUND_MARKET, name: 'OTHER' });
  });
  assert.equal(venue.exchange.sequence, before + 1);
  assert.deepEqual(
    venue.held.map(({ row, check }) => [row, check.class, check.name]),
    [0, 2, 3, 4].map((row) => [row, 'I', 'authority']),
  );
});

test('an act is in the journal before its commands and durable; one key stops, two open', () => {
  const journal = new MemoryJournal();
  const venue = enrolledVenue(journal);
  const { exchange } = venue;
  const before = exchange.sequence;
  const stopped = exchange.act(stop(), 20);
  assert.deepEqual([stopped.accepted, exchange.sequence, statusOf(venue)], [true, before + 1, STATUS.MAINTENANCE]);
  const open = actOf(commands(status(STATUS.OK), status(STATUS.OK, 9)));
  assert.equal(acts(journal.entries()).length, 2);
  const refused = exchange.act(signed(open, ANN), 30);
  assert.deepEqual([refused.accepted, statusOf(venue)], [false, STATUS.MAINTENANCE]);
  assert.equal(acts(journal.entries()).length, 2);
  const result = exchange.act(signed(open, ANN, BEN), 30);
  assert.ok(result.accepted);
  assert.deepEqual(result.refusals, ['market_unknown']);
  assert.deepEqual([statusOf(venue), exchange.timeMs, result.sequence], [STATUS.OK, 30, before + 3]);
  const entries = [...journal.entries()];
  const at = entries.findLastIndex((entry) => entry.kind === 'commands' && entry.acts !== undefined);
  const behind = entries[at + 1];
  assert.ok(behind?.kind === 'commands' && behind.commands === 2 && behind.firstSequence === before + 2);
});

test('an act whose commands another check of the guard holds is refused whole', () => {
  const venue = enrolledVenue();
  const { guard, exchange } = venue;
  const before = exchange.sequence;
  const hold = guard.heldOf.bind(guard);
  guard.heldOf = (state, rows, source) => {
    assert.equal(source.kind, 'act');
    const check = { class: 'II', name: 'impact', about: 'market 1', holds: false, found: '3', expected: '0' } as const;
    return [...hold(state, rows, source), { row: 0, command: 19, account: 0, market: 1, timeMs: 0, check }];
  };
  const result = exchange.act(stop(), 20);
  assert.deepEqual(result, { accepted: false, refusal: 'held', about: 'impact market 1: 3, not 0' });
  assert.deepEqual([exchange.sequence, statusOf(venue)], [before, STATUS.OK]);
});

/** A long of 1 base at 1,000 USDC on 220 USDC. */
function trade(venue: Opened): void {
  submit(venue, (buffer) => {
    for (const account of [3, 4]) {
      buffer.defineAccount(100, new Uint8Array(32).fill(account), ACCOUNT_KIND.TRADER, 0);
      buffer.deposit(100, account, (account === 3 ? 220 : 100_000) * USDC, account);
    }
    buffer.collateralPrice(1000, 1e8, 1000);
    for (const source of [0, 1]) buffer.oraclePrice(1000, 1, source, 1000e6, 1000);
    buffer.venueQuote(1000, 1, 0, QUOTE_KNOWN_ALL, 1000, 1000e6, 1000e6, 1000e6, 1000e6);
    buffer.tick(1000);
    const limit = (side: number): number => orderFlags(side, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
    buffer.placeOrder(2000, 4, 1, 1000, 100, limit(SIDE.SELL));
    buffer.placeOrder(2000, 3, 1, 1000, 100, limit(SIDE.BUY));
  });
}

test('a change that would make someone liquidatable waits for its notice, whoever signed it', () => {
  const journal = new MemoryJournal();
  let venue = enrolledVenue(journal);
  trade(venue);
  const raise: ActCommand = {
    kind: 'setMarketParameter',
    market: 1,
    parameter: MARKET_PARAMETERS.indexOf('INITIAL_MARGIN'),
    value: 500_000,
  };
  const noticeMs = Number(venue.guard.known.rule(RULE.guard_notice));
  const act = signed(actOf(commands(raise), { expiryMs: 2 * noticeMs }), ANN, BEN);
  const outcome = (timeMs: number): string => {
    const result = venue.exchange.act(act, timeMs);
    return result.accepted ? 'accepted' : `${result.refusal} ${result.about.split(' ')[0]}`;
  };
  assert.match(outcome(3000), /^held parameter_/);
  const announced = actOf({ kind: 'announce', hash: actHash(act.act) });
  assert.ok(venue.exchange.act(signed(announced, BEN), 4000).accepted);
  submit(venue, (buffer) => buffer.collateralPrice(3999 + noticeMs, 1e8, 3999 + noticeMs));
  assert.match(outcome(3999 + noticeMs), /^held parameter_/);
  // What was announced is not forgotten by a restart.
  venue = opened(journal);
  submit(venue, (buffer) => buffer.collateralPrice(4000 + noticeMs, 1e8, 4000 + noticeMs));
  assert.equal(outcome(4000 + noticeMs), 'accepted');
  assert.equal(venue.exchange.state.market.f64[128 + MARKET.INITIAL_MARGIN], 500_000);
});

test('roster, used nonces, announcements and lifts survive a restart, in memory and in files', () => {
  const story = (journal: Journal, again: () => Journal): void => {
    let venue = enrolledVenue(journal);
    const used = stop();
    assert.ok(venue.exchange.act(used, 20).accepted);
    assert.ok(venue.exchange.act(signed(actOf({ kind: 'announce', hash: 'ab'.repeat(32) }), BEN), 25).accepted);
    const lift = actOf({ kind: 'lift', component: { kind: 'market', market: 1 } });
    assert.ok(venue.exchange.act(signed(lift, ANN, BEN), 26).accepted);
    venue = opened(again());
    assert.deepEqual(
      venue.guard.authority.roster.all.map(({ key }) => key),
      [ANN, BEN, GUS, GIL].map(({ key }) => key),
    );
    assert.equal(venue.guard.authority.announcedMs('ab'.repeat(32)), 25);
    const refusal = (act: unknown, timeMs: number): string => {
      const result = venue.exchange.act(act, timeMs);
      return result.accepted ? 'accepted' : result.refusal;
    };
    assert.equal(refusal(used, 30), 'nonce_used');
    // The last act had no command: the exchange's time is that of the stop, but acts do not go back either.
    assert.equal(refusal(stop(), 24), 'time_runs_backwards');
    assert.equal(refusal(signed(actOf(commands(status(STATUS.OK))), ANN), 30), 'too_few_keys');
    assert.equal(refusal(signed(actOf(commands(status(STATUS.OK))), ANN, BEN), 30), 'accepted');
    submit(venue, (buffer) => buffer.setStatus(40, 0, STATUS.POST_ONLY, 0));
    assert.deepEqual([statusOf(venue), venue.held.length], [STATUS.OK, 1]);
    venue.exchange.finish();
  };
  const memory = new MemoryJournal();
  story(memory, () => memory);
  withFolder((folder) => {
    const { journal } = openFileJournal(`${folder}/first`);
    story(journal, () => {
      crashed(`${folder}/first`, `${folder}/second`);
      return openFileJournal(`${folder}/second`).journal;
    });
    journal.close();
  });
});

/** A journal with the same entries but for acts that `change` made others; `until` of them. */
function copied(entries: readonly Entry[], change: (act: string) => string = (act) => act): MemoryJournal {
  const journal = new MemoryJournal();
  for (const entry of entries) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.warrants !== undefined) journal.appendWarrants(entry.warrants);
    else if (entry.acts === undefined) journal.append(entry);
    else {
      const text = change(Buffer.from(entry.acts).toString('latin1'));
      const line = `${text.trim()}\n`;
      journal.appendActs(Buffer.from(line.padEnd(Math.ceil(line.length / 64) * 64), 'latin1'));
    }
  }
  return journal;
}

test('an act that a crash left without its commands never happened, and may be carried out again', () => {
  const journal = new MemoryJournal();
  const act = stop();
  assert.ok(enrolledVenue(journal).exchange.act(act, 20).accepted);
  const entries = [...journal.entries()];
  const at = entries.findLastIndex((entry) => entry.kind === 'commands' && entry.acts !== undefined);
  const cut = copied(entries.slice(0, at + 1));
  const venue = opened(cut);
  assert.equal(statusOf(venue), STATUS.OK);
  // The guard itself may do at the same moment what the act would have done: that is not the act.
  const own = new CommandBuffer();
  own.setStatus(20, 0, STATUS.MAINTENANCE, 0);
  venue.exchange.submit(own, { kind: 'guard' });
  assert.equal(statusOf(venue), STATUS.MAINTENANCE);
  assert.ok(opened(cut).exchange.act(act, 21).accepted);
  const again = opened(cut);
  assert.deepEqual([statusOf(again), again.exchange.act(act, 30).accepted], [STATUS.MAINTENANCE, false]);
});

test('an act for one exchange does nothing on another with the same keys, nor in its journal', () => {
  const venue = enrolledVenue();
  const journal = new MemoryJournal();
  const other = opened(journal);
  submit(other, (buffer) => buffer.defineMarket(1, ROUND_MARKET));
  const first = enrolment({ nonce: '7'.repeat(32) });
  assert.ok(other.exchange.act(first, 10).accepted);
  const act = signed(actOf(commands(status(STATUS.MAINTENANCE))), ANN, BEN);
  const entries = [...journal.entries()];
  assert.deepEqual(other.exchange.act(act, 20), {
    accepted: false,
    refusal: 'wrong_venue',
    about: `${FIRST_VENUE}, this is ${actHash(first.act)}`,
  });
  assert.deepEqual([statusOf(other), [...journal.entries()].length], [STATUS.OK, entries.length]);
  assert.ok(venue.exchange.act(act, 20).accepted);
  // A restart knows the same name.
  assert.equal(opened(journal).guard.authority.venue, actHash(first.act));
  assert.equal(venueOf(journal.entries()), actHash(first.act));
  assert.equal(venueOf(new MemoryJournal().entries()), null);
  journal.appendActs(encodeRecord({ atMs: 20, ...act }));
  assert.throws(() => opened(journal), { name: 'ForgedAct', message: /: wrong_venue / });
});

test('a journal whose act was altered is not traded on', () => {
  const journal = new MemoryJournal();
  assert.ok(enrolledVenue(journal).exchange.act(stop(), 20).accepted);
  const entries = [...journal.entries()];
  opened(copied(entries));
  const changes: readonly ((act: string) => string)[] = [
    (act) => act.replace('a test', 'a jest'),
    (act) => act.replace('"status":4', '"status":2'),
    (act) => act.replace(/"atMs":\d+/, '"atMs":9999999'),
    (act) => act.replaceAll(ANN.key, BEN.key),
    (act) => act.replace('"fork":0', '"fork": 0'),
    (act) => act.replace(/"signatures":.*/, '"signatures":[]}'),
  ];
  for (const change of changes) assert.throws(() => opened(copied(entries, change)), ForgedAct, change.toString());
});

test('in a pipelined exchange an act is durable when it is accepted, in its place', () => {
  const journal = new MemoryJournal();
  const venue = opened(journal, true);
  submit(venue, (buffer) => buffer.defineMarket(1, ROUND_MARKET));
  assert.ok(venue.exchange.act(enrolment(), 10).accepted);
  submit(venue, (buffer) => buffer.collateralPrice(20, 1e8, 20));
  assert.ok(venue.exchange.act(stop(), 20).accepted);
  venue.exchange.finish();
  const again = opened(journal);
  assert.deepEqual([statusOf(again), again.guard.authority.roster.all.length], [STATUS.MAINTENANCE, 4]);
});

test('killed at any moment: every act that was accepted has its keys, its nonce and its effect', async () => {
  const program = fileURLToPath(new URL('./acting.fixture.ts', import.meta.url));
  await withFolder(async (folder) => {
    let accepted = 0;
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      let isDying = false;
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (isDying || text.split('\n').length < 4 + round * 2) return;
        isDying = true;
        setTimeout(() => child.kill('SIGKILL'), round);
      });
      const end = await new Promise((resolve) => child.on('close', (...how) => resolve(how)));
      assert.deepEqual(end, [null, 'SIGKILL']);
      const told = text.split('\n').slice(0, -1);
      const { journal } = openFileJournal(folder);
      const venue = opened(journal);
      const all = acts(journal.entries());
      const last = all.length - 1;
      accepted += told.length;
      assert.ok(all.length >= accepted, `${accepted} were accepted, ${all.length} are there`);
      for (const nonce of told) {
        assert.equal(all.filter((line) => line.includes(nonce)).length, 1, nonce);
      }
      assert.equal(venue.guard.authority.roster.all.length, 4);
      // What is behind the last told act may be there as well; then it has happened, or never did.
      const line = JSON.parse(all[last] as string) as { act: unknown; signatures: unknown; atMs: number };
      const again = venue.exchange.act({ act: line.act, signatures: line.signatures }, line.atMs);
      assert.ok(again.accepted || again.refusal === 'nonce_used');
      venue.exchange.finish();
      accepted = acts(journal.entries()).length;
      journal.close();
    }
  });
});
