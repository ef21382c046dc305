// Cases over a venue with round numbers, run from its record: what each account lacks, in each mode.
import assert from 'node:assert/strict';
import { toHex } from '../../src/chain/digest.ts';
import { DirectRoots } from '../../src/chain/roots.ts';
import { unwindInsurance } from '../../src/exchange/unwind.ts';
import { stateAtBlock } from '../../src/incident/state-at-block.ts';
import { sha256 } from '../../src/journal/node-digest.ts';
import type { Cause } from '../../src/remedy/cause.ts';
import { DEFAULT_POLICY } from '../../src/remedy/default-policy.ts';
import { CASE_FORMAT, type IncidentCase } from '../../src/remedy/incident-case.ts';
import { runIncident } from '../../src/remedy/incident-run.ts';
import type { IncidentWorlds } from '../../src/remedy/incident-worlds.ts';
import { equities } from '../../src/remedy/valuation.ts';
import { cents, type IncidentForTest } from './remedy-venue.fixture.ts';

/** Ends the open block: what was up to here is right. */
export function good(venue: IncidentForTest): number {
  venue.exchange.finish();
  venue.isGood();
  return venue.journal.height;
}

/** The worlds from behind a block to the end, by a mode, at prices in USDC. */
export function roundWorlds(
  venue: IncidentForTest,
  from: number,
  mode: IncidentCase['mode'],
  prices: ReadonlyMap<number, number>,
): IncidentWorlds {
  venue.exchange.finish();
  const { journal } = venue;
  const [first, last] = [journal.block(from), journal.block(journal.height)];
  assert.ok(first !== undefined && last !== undefined);
  const run = runIncident({
    incident: {
      format: CASE_FORMAT,
      name: 'round-numbers',
      reason: 'a test',
      from: { fork: 0, height: from, stateRoot: toHex(first.stateRoot) },
      to: { fork: 0, height: last.height },
      corrections: venue.correctionSet,
      mode,
      reactivePpm: 10_000,
      prices: [...prices].map(([market, usdc]) => ({ market, price: BigInt(venue.units(market, usdc)) })),
      policy: DEFAULT_POLICY,
      notices: { noticeMs: 0, reopenMs: 0, graceMs: 0, late: [] },
    },
    history: journal,
    start: stateAtBlock(journal, from).state,
    hash: sha256,
    roots: new DirectRoots(sha256),
    unwind: unwindInsurance,
  });
  assert.ok(!('finding' in run), 'finding' in run ? run.about : '');
  return run.worlds;
}

/** What an account lacks. */
export function lacks({ actual, other, valuation, settledInActual, moves }: IncidentWorlds, account: number): string {
  const own = moves.filter((move) => move.account === account).reduce((sum, { amount }) => sum + amount, 0n);
  const there = equities(other, valuation)[account] as bigint;
  return cents(there + own - (equities(actual, valuation, settledInActual)[account] as bigint));
}

export function moved({ moves }: IncidentWorlds, account: number, cause: Cause): string {
  const own = moves.filter((move) => move.account === account && move.cause === cause);
  return cents(own.reduce((sum, { amount }) => sum + amount, 0n));
}
