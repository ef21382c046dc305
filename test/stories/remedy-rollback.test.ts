// E3 and E4 through a rollback on the record: what it gave back is not paid again, and money that left is owed by who took it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/chain/digest.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { USDC } from '../../src/engine/venue.fixture.ts';
import { type Draft, draftIncident } from '../../src/incident/draft.ts';
import { HonestTrades } from '../../src/incident/honest-trades.ts';
import { type Measurement, measure } from '../../src/incident/measure.ts';
import { StoppableVenue } from '../../src/incident/rollback.fixture.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import { CASE_FORMAT, type IncidentCase } from '../../src/remedy/incident-case.ts';
import type { CorrectionSet } from '../../src/remedy/correction.ts';
import { runIncident } from '../../src/remedy/incident-run.ts';
import type { Statement } from '../../src/remedy/statement.ts';
import { verifyReceipt } from '../../src/remedy/verify-receipt.ts';

const NONE: CorrectionSet = { commands: [], deviations: [], keepHalts: true };

/** The case of a window from one block to another. */
function caseOf(journal: Journal, height: number, head: number, corrections: CorrectionSet): IncidentCase {
  const [from, to] = [journal.block(height), journal.block(head)];
  assert.ok(from !== undefined && to !== undefined);
  return {
    format: CASE_FORMAT,
    name: 'a-rollback',
    reason: 'a false price',
    from: { fork: from.fork, height, stateRoot: toHex(from.stateRoot) },
    to: { fork: to.fork, height: to.height },
    corrections,
    mode: 'replay',
    reactivePpm: 1_000,
    policy: DEFAULT_POLICY,
    notices: { noticeMs: to.lastMs, reopenMs: to.lastMs, graceMs: 0, late: [] },
  };
}

/** Drafts the window from one block to the last, by these corrections. */
function draftOf(venue: StoppableVenue, height: number, corrections: CorrectionSet, head = venue.height): Draft {
  const { journal } = venue;
  const incident = caseOf(journal, height, head, corrections);
  const { state: start } = stateAtBlock(journal, height, { head });
  const roots = new DirectRoots(sha256);
  const secret = new Uint8Array(32).fill(3);
  const draft = draftIncident({ incident, history: journal, start, hash: sha256, roots, secret });
  if ('finding' in draft) throw new Error(`${draft.finding}: ${draft.about}`);
  for (const receipt of draft.receipts) {
    assert.deepEqual(
      verifyReceipt(receipt, draft.roots).filter(({ holds }) => !holds),
      [],
    );
  }
  return draft;
}

/** What each remedy would do about the window from a block to the last, in which nothing is corrected. */
function measureOf({ journal, height }: StoppableVenue, from: number): Measurement {
  const trades = new HonestTrades();
  const incident = caseOf(journal, from, height, NONE);
  const { state: start } = stateAtBlock(journal, from, { head: height });
  const roots = new DirectRoots(sha256);
  const run = runIncident({ incident, history: journal, start, hash: sha256, roots, onEvents: trades.observe });
  assert.ok(!('finding' in run));
  return measure(incident, run, trades);
}

const statementOf = ({ claims }: Draft, account: number): Statement =>
  claims.claims[account - 1]?.statement as Statement;

/** A long of 10 at 1,000 that a false 910 liquidates; W turns a false 2,000 into 8,000 and takes them away. */
function story(): { venue: StoppableVenue; good: number; long: number; w: number; falseSequences: number[] } {
  const venue = new StoppableVenue();
  const [long, maker, w, buyer] = venue.open(1_200, 1_000_000, 1_000, 1_000_000) as [number, number, number, number];
  venue.trade(long, maker, 1_000, 1_000);
  venue.trade(w, maker, 800, 1_000);
  venue.price(1_000);
  const good = venue.height;
  const falseSequences: number[] = [];
  const lie = (ticks: number) => {
    falseSequences.push(venue.exchange.sequence + 2, venue.exchange.sequence + 3);
    return venue.price(ticks);
  };
  lie(2_000);
  venue.trade(buyer, w, 800, 2_000);
  venue.settle(venue.withdraw(w, 8_000));
  for (let tick = 0; tick < 6; tick++) lie(910);
  return { venue, good, long, w, falseSequences };
}

test('E3: without a rollback the claims pay what the liquidation took; behind one they pay nothing, for it is there again', () => {
  const { venue, good, long, falseSequences } = story();
  const dead = venue.height;
  // What was told falsely should not have been told: the last true price, 1,000, stands.
  const corrections = { ...NONE, commands: falseSequences.map((sequence) => ({ sequence, commands: [] })) };
  const forward = draftOf(venue, good, corrections, dead);
  assert.equal(forward.dossier.conservation.residual, '0');
  assert.equal(forward.dossier.conservation.attributionResidual, '0');
  const lost = statementOf(forward, long);
  assert.ok(BigInt(lost.refund) > 900n * BigInt(USDC), lost.refund);
  assert.equal(lost.forced[0]?.kind, 'liquidate');
  assert.equal(forward.dossier.forced.wrongful.count, 1);
  // One account took out what it could not have had: the sums of that world would tell how much.
  assert.equal(forward.dossier.conservation.other, null);

  venue.rollBack(good);
  const restored = dead + 1;
  venue.price(1_000);
  const behind = draftOf(venue, restored, NONE);
  const again = statementOf(behind, long);
  assert.equal(again.difference, '0');
  assert.equal(again.refund, '0');
  assert.equal(again.reason, 'COVERED_BY_ROLLBACK');
  assert.equal(behind.roots.total, '0');
  const { rollback } = behind.dossier;
  assert.equal(rollback?.restores.height, good);
  assert.equal(rollback?.deadHead.height, dead);
  assert.equal(rollback?.carriedWithdrawals, 1);
});

test('E4: W took 8,000 of phantom profit away: behind the rollback W owes 7,000 in all, and what is owed is what is there', () => {
  const { venue, good, w } = story();
  const dead = venue.height;
  const { custody } = venue.rollBack(good);
  const { balance, owed } = venue.money(w);
  // 800 of the 1,000 stay as margin of the position that W has again.
  assert.equal((balance - owed) / USDC, -7_000);
  assert.ok(owed > 0);
  const { restored, dead: ended } = custody;
  assert.equal(restored.vault, ended?.vault);
  assert.equal(restored.liabilities - restored.receivables, restored.vault);
  assert.equal(restored.receivables, BigInt(owed));
  venue.price(1_000);
  const draft = draftOf(venue, dead + 1, NONE);
  assert.equal(draft.dossier.conservation.residual, '0');
  assert.equal(statementOf(draft, w).difference, '0');
  // One account owes it: its amount is not told.
  assert.equal(draft.dossier.rollback?.receivables, null);
});

test('what one account owes is not told because others took something out as well', () => {
  const { venue, good } = story();
  for (let more = 0; more < 5; more++) {
    const trader = venue.account(100);
    venue.settle(venue.withdraw(trader, 50));
  }
  const dead = venue.height;
  venue.rollBack(good);
  venue.price(1_000);
  const { rollback, conservation } = draftOf(venue, dead + 1, NONE).dossier;
  assert.equal(rollback?.carriedWithdrawals, 6);
  assert.equal(rollback.receivables, null);
  assert.notEqual(conservation.other, null);
});

test('what a rollback would leave owing is measured as it will be: orders that it ends bind no margin', () => {
  const venue = new StoppableVenue();
  const [trader] = venue.open(1_000) as [number];
  venue.place(trader, { price: 1_000, size: 80 });
  const good = venue.height;
  venue.submit((commands, timeMs) => commands.cancelAll(timeMs, trader, 0));
  venue.settle(venue.withdraw(trader, 990));
  const measured = measureOf(venue, good);
  venue.rollBack(good);
  assert.equal(venue.money(trader).owed, 0);
  assert.deepEqual([measured.options.rollback.receivables, measured.options.rollback.debtors], [0n, 0]);
});
