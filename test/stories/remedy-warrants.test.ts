// Receipts of a guarded venue: whoever was liquidated has the warrant of it in the receipt, as the journal has it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/chain/digest.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { RULE } from '../../src/engine/rules.ts';
import { all } from '../../src/engine/venue.fixture.ts';
import { Guard } from '../../src/guard/guard.ts';
import { draftIncident } from '../../src/incident/draft.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import { CASE_FORMAT, type IncidentCase } from '../../src/remedy/incident-case.ts';
import { verifyReceipt } from '../../src/remedy/verify-receipt.ts';
import { IncidentForTest } from './remedy-venue.fixture.ts';

test('a liquidation that was due has its warrant in the receipt of who it was against', () => {
  const venue = new IncidentForTest(new Guard());
  const market = venue.market({ INITIAL_MARGIN: 60_000, PRICE_BAND: 100_000, MAXIMUM_FUNDING_RATE: 1 });
  venue.setRule(RULE.guard_grace, 0);
  venue.setRule(RULE.guard_notice, 0);
  venue.price(market, 3_200);
  const [long, short] = [venue.trader(2_000), venue.trader(100_000)];
  venue.trade(long, short, market, 1_000, 3_200);
  venue.price(market, 3_198);
  venue.exchange.finish();
  const good = venue.journal.height;
  let liquidated = 0;
  for (let price = 3_180; price >= 3_040; price -= 20)
    liquidated += all(venue.price(market, price), 'liquidated').length;
  venue.exchange.finish();
  assert.ok(liquidated > 0, 'nobody was liquidated');
  const { journal } = venue;
  const [from, to] = [journal.block(good), journal.block(journal.height)];
  assert.ok(from !== undefined && to !== undefined);
  const incident: IncidentCase = {
    format: CASE_FORMAT,
    name: 'nothing-was-wrong',
    reason: 'somebody asked',
    from: { fork: 0, height: good, stateRoot: toHex(from.stateRoot) },
    to: { fork: 0, height: to.height },
    corrections: { commands: [], deviations: [], keepHalts: true },
    mode: 'replay',
    reactivePpm: 1_000,
    policy: DEFAULT_POLICY,
    notices: { noticeMs: to.lastMs, reopenMs: to.lastMs, graceMs: 0, late: [] },
  };
  const { state: start } = stateAtBlock(journal, good);
  const options = { incident, history: journal, start, hash: sha256, roots: new DirectRoots(sha256) };
  const draft = draftIncident({ ...options, secret: new Uint8Array(32) });
  if ('finding' in draft) throw new Error(`${draft.finding}: ${draft.about}`);
  const receipt = draft.receipts.find(({ statement }) => statement.account === long);
  assert.equal(receipt?.statement.warrants.length, liquidated);
  assert.deepEqual(
    receipt?.statement.forced.map(({ kind, warrant }) => [kind, warrant]),
    Array.from({ length: liquidated }, (_, place) => ['liquidate', place]),
  );
  assert.equal(receipt?.statement.reason, 'UNAFFECTED_HASH_EQUAL');
  for (const each of draft.receipts) {
    assert.deepEqual(
      verifyReceipt(each, draft.roots).filter(({ holds }) => !holds),
      [],
    );
  }
  const altered = structuredClone(receipt) as unknown as { statement: { warrants: string[] } };
  altered.statement.warrants[0] = (altered.statement.warrants[0] as string).replace('"residual":"0"', '"residual":"1"');
  assert.ok(verifyReceipt(altered, draft.roots).some(({ holds }) => !holds));
});
