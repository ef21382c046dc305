// Cases run by cone and by full replay, compared in all that anything is made of.
import assert from 'node:assert/strict';
import type { ReadableHistory } from '../../src/chain/branches.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import type { State } from '../../src/engine/state.ts';
import { type CaseRun, CaseRunner } from '../../src/incident/case-runner.ts';
import { claimsOfRun } from '../../src/incident/draft.ts';
import { measure } from '../../src/incident/measure.ts';
import type { WindowFile } from '../../src/incident/window-file.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import type { Claims } from '../../src/remedy/claims.ts';
import { caseHash, type IncidentCase } from '../../src/remedy/incident-case.ts';
import { makeReceipts } from '../../src/remedy/receipt.ts';
import { differenceOfWorlds } from '../../src/remedy/same-world.ts';

/** A cone may be as large as it likes. */
export const EVERYTHING = 100_000_000;

/** What runs cases over a history; `onState` is told when a state of it is asked for. */
export function runnerOf(
  history: ReadableHistory,
  mostPpm = EVERYTHING,
  onState?: () => void,
  file?: WindowFile,
): CaseRunner {
  return new CaseRunner({
    history,
    file,
    stateAt: (height): State => {
      onState?.();
      return stateAtBlock(history, height, { head: height }).state;
    },
    hash: sha256,
    roots: () => new DirectRoots(sha256),
    mostPpm,
  });
}

/** The run, or an error with what was found. */
export function ran(found: ReturnType<CaseRunner['run']>): CaseRun {
  if ('finding' in found) throw new Error(`${found.finding}: ${found.about}`);
  return found;
}

/** Runs a case both ways; throws where they differ in anything that claims or measurements are made of. */
export function checkBoth(history: ReadableHistory, incident: IncidentCase, runner = runnerOf(history)): CaseRun {
  const cone = ran(runner.run(incident));
  const full = ran(runner.run(incident, true));
  assert.equal(cone.method.beyond, null);
  assert.equal(cone.method.method, 'cone');
  const [one, two] = [cone.run, full.run];
  assert.equal(differenceOfWorlds(one.worlds.other, two.worlds.other), undefined);
  for (const field of ['divergence', 'marketsByReference', 'moves', 'givenBack', 'written', 'valuation'] as const) {
    assert.deepEqual(one.worlds[field], two.worlds[field], field);
  }
  assert.deepEqual(one.record.truePrices, two.record.truePrices);
  assert.deepEqual(one.record.houseTruePrices, two.record.houseTruePrices);
  assert.deepEqual(cone.trades, { honest: full.trades.honest, notional: full.trades.notional });
  assert.deepEqual(measure(incident, one, cone.trades), measure(incident, two, full.trades));
  const options = { incident, history };
  const claims = [one, two].map((run) => claimsOfRun(options, run));
  assert.deepEqual(claims[0], claims[1]);
  const [root, sameRoot] = claims.map((each) => refundRootOf(incident, each));
  assert.equal(root, sameRoot, 'the root that the full replay gives');
  return cone;
}

/** The root over the refunds of all accounts, as a draft publishes it. */
function refundRootOf(incident: IncidentCase, { claims }: Claims): string {
  const round = { incident: caseHash(incident), policy: incident.policy, round: 1, interest: { fromMs: 0, toMs: 0 } };
  const statements = claims.map(({ statement }) => statement);
  return makeReceipts({ ...round, secret: new Uint8Array(32).fill(7), hash: sha256 }, statements).roots.refundRoot;
}
