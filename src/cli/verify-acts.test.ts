import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Entry } from '../chain/entry.ts';
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { RULE } from '../engine/rules.ts';
import { STATUS } from '../engine/status.ts';
import { ROUND_MARKET } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { Reopening } from '../exchange/reopen.ts';
import { type ActCommand, type ActContent, actHash } from '../guard/authority/act.ts';
import { actOf, ANN, BEN, enrolment, GIL, GUS, signed, VENUE } from '../guard/authority/act.fixture.ts';
import { type ActRecord, recordLine } from '../guard/authority/decode-act.ts';
import type { VerifiedActs } from '../guard/authority/verify-acts.ts';
import { Guard } from '../guard/guard.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import { runProgram } from './program.ts';
import { memoryStreams } from './streams.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'acts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** `isFree`: without a guard, so that nobody asks for keys. */
function opened(journal: Journal, isFree = false): Exchange {
  const guard = new Guard();
  const guarded = isFree ? {} : { guard, reopening: new Reopening({ guard }) };
  const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), ...guarded });
  assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
  return new Exchange({ state, journal, sealer, blockCommands: 3, blockMs: 60_000, ...guarded });
}

const commands = (...each: ActCommand[]): ActContent => ({ kind: 'commands', commands: each });
const status = (to: number, market = 0): ActCommand => ({ kind: 'setStatus', market, status: to, paused: 0 });

function submit(exchange: Exchange, write: (buffer: CommandBuffer) => void): void {
  const buffer = new CommandBuffer();
  write(buffer);
  exchange.submit(buffer);
}

/** Six acts, a restart among them after which the guard itself closes and the ladder begins. */
function story(journal: Journal): void {
  let exchange = opened(journal);
  const act = (what: ActContent, timeMs: number, ...people: Parameters<typeof signed>[1][]): void => {
    const result = exchange.act(signed(actOf(what), ...people), timeMs);
    assert.ok(result.accepted, JSON.stringify(result));
  };
  submit(exchange, (buffer) => buffer.defineMarket(1, ROUND_MARKET));
  assert.ok(exchange.act(enrolment(), 10).accepted);
  act(commands(status(STATUS.MAINTENANCE, 1)), 20, GUS);
  act(commands({ kind: 'setRule', rule: RULE.guard_quorum, value: 3 }), 30, GIL);
  exchange = opened(journal);
  act({ kind: 'reopen', component: { kind: 'market', market: 1 } }, 40, ANN, BEN);
  act({ kind: 'announce', hash: 'ab'.repeat(32) }, 50, ANN);
  act(commands({ kind: 'setRule', rule: RULE.taker_fee, value: 500 }), 60, ANN, BEN);
  exchange.finish();
}

const recorded = new MemoryJournal();
story(recorded);
const entries = [...recorded.entries()];
const text = (entry: Entry): string =>
  entry.kind === 'commands' && entry.acts !== undefined ? Buffer.from(entry.acts).toString('latin1') : '';

let folders = 0;

/** Writes the history into a folder, with acts changed or (empty) left out, each checksum made for what is written. */
function forged(change: (act: string, n: number) => string): string {
  const into = join(folder, String(folders++));
  const { journal } = openFileJournal(into, { segmentBytes: 1 << 16 });
  let n = 0;
  for (const entry of entries) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.acts === undefined) journal.append(entry);
    else {
      const line = change(text(entry).trim(), n++);
      const padded = `${line}\n`.padEnd(Math.ceil((line.length + 1) / 64) * 64);
      if (line !== '') journal.appendActs(Buffer.from(padded, 'latin1'));
    }
  }
  journal.close();
  return into;
}

async function verify(journal: string): Promise<{ code: number; acts: VerifiedActs; prose: string }> {
  const streams = memoryStreams();
  const code = await runProgram(['verify', 'warrants', '--journal', journal, '--json'], streams);
  const prose = memoryStreams();
  assert.equal(await runProgram(['verify', 'warrants', '--journal', journal], prose), code);
  return { code, acts: (JSON.parse(streams.stdout.text) as { acts: VerifiedActs }).acts, prose: prose.stderr.text };
}

test('all acts of the history stand, and each command of an administrator has its act or is the guard’s own', async () => {
  const { code, acts, prose } = await verify(forged((act) => act));
  assert.deepEqual([acts.acts, acts.valid, acts.invalid, acts.unexecuted], [6, 6, 0, 0]);
  assert.deepEqual([acts.firstInvalid, code], [null, 0]);
  assert.deepEqual([acts.commands.ofActs, acts.commands.withoutAct], [4, 0]);
  assert.ok(acts.commands.ofGuard > 0, 'the ladder set statuses of its own');
  assert.match(prose, /6 acts: 6 valid, 0 invalid/);
});

test('an act that was altered, signed by too few, moved or left out makes the verification fail', async () => {
  const fail = async (why: string, change: (act: string, n: number) => string): Promise<VerifiedActs> => {
    const { code, acts, prose } = await verify(forged(change));
    assert.deepEqual([code, acts.firstInvalid?.why], [1, why]);
    assert.match(prose, new RegExp(`First invalid: ${why}`));
    return acts;
  };
  const only = (at: number, change: (act: string) => string) => (act: string, n: number) =>
    n === at ? change(act) : act;
  const altered = await fail(
    'signature_invalid',
    only(5, (act) => act.replace('"value":500', '"value":501')),
  );
  assert.deepEqual([altered.valid, altered.invalid, altered.commands.withoutAct], [5, 1, 1]);
  await fail(
    'too_few_keys',
    only(3, (act) => act.replace(/,{"key":[^}]*}]}$/, ']}')),
  );
  await fail(
    'malformed',
    only(1, (act) => act.replace('"atMs":20', '"atMs":20 ')),
  );
  await fail(
    'expired',
    only(1, (act) => act.replace('"atMs":20', '"atMs":99000000')),
  );
  await fail(
    'command_without_act',
    only(5, () => ''),
  );
  await fail(
    'no_roster',
    only(0, () => ''),
  );
  await fail(
    'nonce_used',
    only(4, () =>
      text(entries.find((entry) => text(entry).includes('"atMs":20')) as Entry)
        .trim()
        .replace('"atMs":20', '"atMs":50'),
    ),
  );
});

test('an act of another exchange with the same keys that somebody writes into the history is found', async () => {
  const venue = actHash(enrolment({ nonce: '7'.repeat(32) }).act);
  const elsewhere = (line: string, n: number): string => {
    if (n !== 5) return line;
    const { act, atMs } = JSON.parse(line) as ActRecord;
    return recordLine({ atMs, ...signed({ ...act, venue }, ANN, BEN) }).trim();
  };
  const { code, acts, prose } = await verify(forged(elsewhere));
  assert.deepEqual([code, acts.valid, acts.invalid, acts.commands.withoutAct], [1, 5, 1, 1]);
  assert.deepEqual([acts.firstInvalid?.why, acts.firstInvalid?.about], ['wrong_venue', `${venue}, this is ${VENUE}`]);
  assert.match(prose, /First invalid: wrong_venue/);
});

test('an act whose commands a crash cut off is counted apart', async () => {
  const at = entries.findLastIndex((entry) => text(entry) !== '');
  const into = join(folder, 'cut');
  const { journal } = openFileJournal(into);
  for (const entry of entries.slice(0, at + 1)) {
    if (entry.kind === 'block') journal.appendBlock(entry.block);
    else if (entry.acts === undefined) journal.append(entry);
    else journal.appendActs(entry.acts);
  }
  journal.close();
  const { code, acts } = await verify(into);
  assert.deepEqual([code, acts.valid, acts.unexecuted, acts.firstInvalid], [0, 6, 1, null]);
});

test('a command that went past the guard has no act, though the history itself is sound', async () => {
  const into = join(folder, 'past');
  const { journal } = openFileJournal(into);
  story(journal);
  const free = opened(journal, true);
  submit(free, (buffer) => buffer.setRule(100, RULE.taker_fee, 0));
  free.finish();
  journal.close();
  const { code, acts } = await verify(into);
  assert.equal(code, 1);
  assert.equal(acts.firstInvalid?.why, 'command_without_act');
  assert.deepEqual(acts.commands.withoutAct, 1);
});

test('nobody trades on a history with a forged act', async () => {
  const journal = forged((act) => act.replace('"value":500', '"value":501'));
  const file = join(folder, 'stop.json');
  writeFileSync(file, JSON.stringify(signed(actOf(commands(status(STATUS.MAINTENANCE))), ANN)));
  const streams = memoryStreams();
  assert.equal(await runProgram(['key', 'submit', file, '--journal', journal, '--json'], streams), 3);
  assert.equal((JSON.parse(streams.stdout.text) as { error: string }).error, 'act_forged');
});
