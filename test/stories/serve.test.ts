// An exchange that keeps running: clocks that jump, disks that are full, pauses, and starts from whatever it was left in.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DirectRoots } from '../../src/chain/roots.ts';
import { MARKET, VENUE } from '../../src/engine/tables.ts';
import { recover } from '../../src/exchange/recover.ts';
import { type Disk, fileDisk } from '../../src/journal/disk.ts';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import { JournalFailed } from '../../src/journal/journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { answerAsk } from '../../src/server/control-asks.ts';
import { askControl, ControlAnswered, ExchangeNotRunning } from '../../src/server/control-client.ts';
import { ControlRefused, ControlSocket } from '../../src/server/control-socket.ts';
import { BadDataDir, DataDirInUse } from '../../src/server/data-dir.ts';
import { CannotRecover } from '../../src/server/recover-folder.ts';
import { Machine, openServed, type Served, temporaryFolder, TICK_MS } from './serve.fixture.ts';

const HOUR = 3_600_000;
const DEPOSIT = { kind: 'deposit', account: 5, amount: 1e8 };

const gate = ({ live }: Served, name: string): boolean =>
  live.readiness.gates.find((each) => each.name === name)?.isOpen ?? false;
/** Whether a market stands where such a thing may happen. */
const rungReached = ({ live }: Served, name: string): boolean => {
  const found = live.readiness.gates.find((each) => each.name === name)?.found ?? '';
  return !found.startsWith('0 of') && gate({ live } as Served, 'cancel_only');
};
const names = ({ notices }: Served): string[] => notices.map(({ name }) => name);
const fundingIndexes = ({ live }: Served): number[] =>
  [1, 2].map((market) => live.state.market.f64[market * 128 + MARKET.FUNDING_INDEX] as number);

/** The history in a folder, replayed by a process that shares nothing with the exchange. */
function replayed(folder: string): {
  readonly sequence: number;
  readonly height: number;
  readonly stateRoot: string | null;
} {
  const { journal } = openFileJournal(join(folder, 'journal'));
  try {
    const { replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256) });
    assert.ok(replay.equal, JSON.stringify(replay.firstDivergence));
    return { sequence: journal.sequence, height: journal.height, stateRoot: replay.stateRoot };
  } finally {
    journal.close();
  }
}

interface Submitted {
  readonly lastSequence: number;
  readonly events: readonly { readonly kind: string }[];
  readonly held: readonly { readonly check: { readonly name: string } }[];
}

/** A deposit whose reference is so far behind the last one's. */
function submitDeposit({ live }: Served, ahead = 1): Submitted {
  const reference = (live.state.venue.f64[live.state.venue.rowFloats + VENUE.DEPOSIT_REFERENCE] as number) + ahead;
  return answerAsk(live, { ask: 'submit', commands: [{ ...DEPOSIT, reference }] }) as Submitted;
}

describe('a start', () => {
  test('a new exchange opens at the wall; what it was left in by a stop or a crash it goes on from, rung by rung', async (t) => {
    const folder = temporaryFolder(t.after.bind(t));
    const first = await openServed(folder);
    await first.ticks(4);
    assert.equal(first.live.exchange.timeMs, first.machine.wall);
    await first.until(() => gate(first, 'liquidations'));
    const { sequence } = first.live.exchange;
    await first.crash();
    const second = await openServed(folder, { machine: first.machine });
    assert.equal(second.live.exchange.sequence, sequence, 'all that was answered is there');
    assert.ok(gate(second, 'parameters') && !gate(second, 'prices'));
    assert.throws(
      () => submitDeposit(second),
      (error) => error instanceof ControlRefused && error.code === 'not_ready',
    );
    await second.ticks(1);
    assert.ok(names(second).includes('reopening_begin'));
    assert.ok(!gate(second, 'prices') && !gate(second, 'cancel_only'));
    await second.ticks(2);
    assert.ok(gate(second, 'cancel_only') && !gate(second, 'post_only'));
    const { events } = submitDeposit(second);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['deposited'],
    );
    const far = submitDeposit(second, 1e9);
    assert.deepEqual([far.events.length, far.held[0]?.check.name], [0, 'deposit_reference']);
    await second.until(() => gate(second, 'liquidations'));
    assert.ok(second.live.birth.id !== first.live.birth.id && second.live.birth.exchange === first.live.birth.exchange);
    await second.stop();
    const { height, stateRoot } = second.live.head;
    assert.deepEqual(replayed(folder), { sequence: second.live.exchange.sequence, height, stateRoot });
  });

  test('killed at every moment of its way back, it publishes nothing before the gate that it stands behind', async (t) => {
    const folder = temporaryFolder(t.after.bind(t));
    const machine = new Machine();
    const first = await openServed(folder, { machine });
    await first.until(() => first.published.includes('filled'));
    await first.crash();
    const needs = {
      orderAccepted: 'post_only',
      filled: 'trade',
      orderTriggered: 'triggers',
      liquidated: 'liquidations',
    };
    let [fills, early] = [0, 0];
    // The whole way takes some eighty ticks; each start is killed a little further along it.
    for (let lifeTicks = 1; lifeTicks < 90; lifeTicks += lifeTicks < 4 ? 1 : 12) {
      machine.pass(TICK_MS);
      const served = await openServed(folder, { machine });
      for (let tick = 0; tick < lifeTicks; tick++) {
        const stood = new Map(Object.values(needs).map((name) => [name, rungReached(served, name)]));
        const from = served.published.length;
        await served.ticks(1);
        for (const kind of served.published.slice(from)) {
          const name = (needs as Partial<Record<string, string>>)[kind];
          if (name === undefined) continue;
          assert.ok(tick > 0 && stood.get(name) === true, `${kind} at tick ${tick} of a life of ${lifeTicks}`);
          if (kind === 'filled') fills++;
        }
        if (!gate(served, 'trade')) early++;
      }
      await served.crash();
    }
    assert.ok(fills > 0 && early > 50, `${fills} fills, ${early} ticks behind the gate`);
  });

  test('what it must not start from is refused by name, and nothing is touched', async (t) => {
    const folder = temporaryFolder(t.after.bind(t));
    const served = await openServed(folder);
    await served.ticks(3);
    served.live.snapshot();
    await served.ticks(2);
    await assert.rejects(openServed(folder), DataDirInUse);
    await served.stop();
    await assert.rejects(
      openServed(folder, { seed: 4 }),
      (error) => error instanceof BadDataDir && error.code === 'data_dir_of_another_exchange',
    );
    rmSync(join(folder, 'journal', '00000001.segment'));
    await assert.rejects(
      openServed(folder),
      (error) => error instanceof CannotRecover && error.code === 'journal_shorter_than_snapshot',
    );
    writeFileSync(join(folder, 'exchange.json'), '{"exchange": ""}');
    await assert.rejects(
      openServed(folder),
      (error) => error instanceof BadDataDir && error.code === 'exchange_record_unreadable',
    );
  });
});

describe('a clock that jumps', () => {
  test('back: the exchange’s time goes on, every tick once, and funding accrues', async (t) => {
    const served = await openServed(temporaryFolder(t.after.bind(t)));
    await served.until(() => gate(served, 'trade'));
    const [before, indexes] = [served.live.exchange.timeMs, fundingIndexes(served)];
    served.machine.wall -= HOUR;
    await served.ticks(8);
    assert.ok(names(served).includes('clock_jumped'));
    const passed = served.live.exchange.timeMs - before;
    assert.ok(passed >= 6 * TICK_MS && passed <= 8 * TICK_MS, `${passed}`);
    assert.ok(gate(served, 'trade') && !names(served).includes('stood_still'));
    assert.notDeepEqual(fundingIndexes(served), indexes);
    await served.stop();
  });

  test('forward: it follows and tells; no funding accrues over the gap, and every market begins its way anew', async (t) => {
    const served = await openServed(temporaryFolder(t.after.bind(t)));
    await served.until(() => gate(served, 'liquidations'));
    const [before, indexes] = [served.live.exchange.timeMs, fundingIndexes(served)];
    served.machine.wall += 600_000;
    await served.ticks(1);
    assert.equal(served.live.exchange.timeMs - before, 600_000 + TICK_MS);
    assert.deepEqual(fundingIndexes(served), indexes);
    assert.ok(names(served).includes('clock_jumped') && names(served).includes('stood_still'));
    assert.ok(!gate(served, 'prices') && !gate(served, 'trade'));
    assert.deepEqual(
      [1, 2].map((market) => served.live.reopening.rungOf(market)),
      ['cancel_only', 'cancel_only'],
    );
    await served.until(() => gate(served, 'liquidations'));
    await served.stop();
  });

  test('far forward: it is not believed before a person says so, and never taken for time that passed', async (t) => {
    const served = await openServed(temporaryFolder(t.after.bind(t)));
    await served.until(() => gate(served, 'trade'));
    const before = served.live.exchange.timeMs;
    served.machine.wall += 400 * 24 * HOUR;
    await served.ticks(3);
    assert.equal(served.live.exchange.timeMs - before, 3 * TICK_MS);
    assert.ok(gate(served, 'trade'));
    await answerAsk(served.live, { ask: 'accept_clock' });
    await served.ticks(1);
    assert.ok(served.live.exchange.timeMs - before > 400 * 24 * HOUR);
    await served.stop();
  });

  test('a machine that is too slow leaves ticks out rather than fall behind', async (t) => {
    const served = await openServed(temporaryFolder(t.after.bind(t)));
    await served.ticks(3);
    served.machine.pass(6 * TICK_MS);
    await served.live.turn();
    assert.equal(served.live.exchange.timeMs, served.machine.wall);
    assert.ok(!names(served).includes('stood_still'));
    await served.stop();
  });
});

describe('a disk that is full', () => {
  test('ends the exchange by name; everything that was answered is in the journal, and it goes on when there is room', async (t) => {
    const folder = temporaryFolder(t.after.bind(t));
    let isFull = false;
    const disk: Disk = {
      ...fileDisk,
      write: (descriptor, parts, position) => {
        if (isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' });
        fileDisk.write(descriptor, parts, position);
      },
    };
    const served = await openServed(folder, { disk });
    await served.until(() => gate(served, 'cancel_only'));
    const answered = submitDeposit(served).lastSequence;
    isFull = true;
    assert.throws(() => submitDeposit(served), JournalFailed);
    await assert.rejects(served.live.turn(), JournalFailed, 'it does not go on as if nothing had been');
    await assert.rejects(served.stop(), JournalFailed);
    assert.equal(replayed(folder).sequence, answered);
    // The folder's lock is that of this process, which lives: `serve` gives it back as it ends.
    rmSync(join(folder, 'lock'));
    const again = await openServed(folder, { machine: served.machine });
    await again.until(() => gate(again, 'cancel_only'));
    assert.ok(submitDeposit(again).lastSequence > answered);
    await again.stop();
  });
});

describe('control', () => {
  test('a pause seals and takes nothing; a short one goes on where it was, a long one from the first rung', async (t) => {
    const served = await openServed(temporaryFolder(t.after.bind(t)));
    const { live } = served;
    await served.until(() => gate(served, 'liquidations'));
    const { height } = (await answerAsk(live, { ask: 'pause' })) as { height: number };
    assert.equal(live.head.height, height);
    assert.ok(gate(served, 'read_only') && !gate(served, 'cancel_only'));
    assert.throws(
      () => submitDeposit(served),
      (error) => error instanceof ControlRefused && error.code === 'held',
    );
    const { sequence } = live.exchange;
    await served.ticks(3);
    assert.equal(live.exchange.sequence, sequence, 'nothing happens while it is paused');
    await answerAsk(live, { ask: 'resume' });
    await served.ticks(1);
    assert.ok(gate(served, 'liquidations'));
    await answerAsk(live, { ask: 'pause' });
    await served.ticks(10);
    await answerAsk(live, { ask: 'resume' });
    await served.ticks(1);
    assert.ok(!gate(served, 'trade') && names(served).includes('stood_still'));
    assert.equal(live.reopening.rungOf(1), 'cancel_only');
    await served.stop();
  });

  test('over the socket: one answer a line, refusals by name, and the exchange outlives whoever talks nonsense', async (t) => {
    const folder = temporaryFolder(t.after.bind(t));
    const served = await openServed(folder);
    await served.until(() => gate(served, 'cancel_only'));
    const path = join(folder, 'control.sock');
    const socket = await ControlSocket.listen(path, (request) => answerAsk(served.live, request));
    const refused = (request: object, code: string): Promise<void> =>
      assert.rejects(
        askControl(path, request as { ask: string }),
        (error) => error instanceof ControlAnswered && error.code === code,
      );
    try {
      await refused({ ask: 'nothing' }, 'unknown_request');
      await refused({ ask: 'constructor' }, 'unknown_request');
      await refused({}, 'not_a_request');
      await refused({ ask: 'submit', commands: [] }, 'no_commands');
      await refused({ ask: 'submit', commands: [7] }, 'not_a_command');
      await refused({ ask: 'submit', commands: [{ kind: 'deposit', account: 5 }] }, 'not_a_command');
      await refused({ ask: 'submit', commands: [{ kind: 'raw', bytes: '00' }] }, 'not_a_command');
      const { accepted, refusal } = await askControl(path, { ask: 'act', act: {} });
      assert.deepEqual([accepted, refusal], [false, 'malformed']);
      const status = await askControl(path, { ask: 'status' });
      assert.equal((status['asOf'] as { height: number }).height, served.live.head.height);
      const submitted = await askControl(path, { ask: 'submit', commands: [{ ...DEPOSIT, reference: 1 }] });
      assert.equal(submitted['lastSequence'], served.live.exchange.sequence);
    } finally {
      await socket.close();
    }
    await assert.rejects(askControl(path, { ask: 'status' }), ExchangeNotRunning);
    await served.stop();
  });
});

test('a machine in which nothing passes is never turned into one in which time does', async (t) => {
  const machine = new Machine();
  const served = await openServed(temporaryFolder(t.after.bind(t)), { machine });
  await served.live.turn();
  const { sequence } = served.live.exchange;
  await served.live.turn();
  assert.equal(served.live.exchange.sequence, sequence);
  await served.stop();
});
