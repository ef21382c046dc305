/** All accounts of an incident against the counterfactual that holds for each. */
import { type AccountAssessment, type AssessmentInput, assessAccount, type OtherView } from './account-assessment.ts';
import type { FlowFrame } from './account-flows.ts';
import type { ClaimsInput } from './claims.ts';
import type { IncidentWorlds, OtherWorld } from './incident-worlds.ts';
import { noticeOf } from './late-notice.ts';
import type { PolicyDocument } from './policy-document.ts';
import { isUnaffected } from './account-digest.ts';
import { byAccount, closeOf } from './takings.ts';
import { type Valuation, valuationOf } from './valuation.ts';
import type { WorldRecord } from './world-record.ts';
import { writtenAccounts } from './written-rows.ts';

/** An account against the counterfactual that holds for it, and against the one in which everything was kept. */
export interface Assessed {
  readonly found: AccountAssessment;
  readonly replayed: AccountAssessment;
  /** Against the one without reactive orders, where there is one. */
  readonly dropped: AccountAssessment | undefined;
  readonly interval: { readonly low: bigint; readonly high: bigint } | undefined;
  readonly isQuestion: boolean;
  readonly isSame: boolean;
}

/** Assesses every account that either world has, in the order of their rows. */
export function assessAll(input: ClaimsInput): Assessed[] {
  const { worlds, record, policy, fork } = input;
  const frame: FlowFrame = { before: worlds.before, own: valuationOf(worlds.before), valuation: worlds.valuation };
  const trace = record.trace('actual');
  const actual = { state: worlds.actual, settled: worlds.settledInActual, ledger: trace.flows.ledger };
  const closes = trace.flows.takings.map((taking, place) => ({
    ...taking,
    close: closeOf(taking, fork, record, place, ownValuation(taking.account, worlds), policy),
  }));
  const takings = byAccount(closes);
  const { other: state, settledInOther: settled, moves } = worlds;
  const kept = viewsOf(record, 'other', worlds, { state, settled, moves });
  const dropped = worlds.dropped && viewsOf(record, 'dropped', worlds, worlds.dropped);
  const rows = Math.max(worlds.actual.account.rows, worlds.other.account.rows, worlds.before.account.rows);
  const byReference = new Set(worlds.marketsByReference);
  const written = writtenAccounts(input.corrections, worlds.actual);
  return Array.from({ length: rows - 1 }, (_, place) => {
    const account = place + 1;
    const isWritten = written.has(account);
    const own: AssessmentInput = {
      account,
      frame,
      policy,
      actual,
      takings: takings.get(account) ?? [],
      byReference,
      hasTradedOn: (market) => trace.flows.hasTradedOn(account, market),
      isWritten,
    };
    const replayed = assessAccount(own, kept(account));
    const isSame = replayed.difference === 0n && isUnaffected(worlds.actual, worlds.other, account);
    const both = { replayed, dropped: dropped && assessAccount(own, dropped(account)), isSame };
    if (both.dropped === undefined) return { ...both, found: replayed, interval: undefined, isQuestion: false };
    return { ...both, ...bounded(replayed, both.dropped, policy) };
  });
}

/** The prices at which an account is restored: its own where it was told later. */
function ownValuation(account: number, { valuation, late }: IncidentWorlds): Valuation {
  const own = late.get(account)?.prices;
  if (own === undefined) return valuation;
  return { ...valuation, prices: valuation.prices.map((price, market) => own.get(market) ?? price) };
}

/** Of two ends the one in the account's favour, unless they are too far apart: then the other, and a question. */
function bounded(
  kept: AccountAssessment,
  dropped: AccountAssessment,
  policy: PolicyDocument,
): Pick<Assessed, 'found' | 'interval' | 'isQuestion'> {
  const [low, high] = kept.difference <= dropped.difference ? [kept, dropped] : [dropped, kept];
  const isQuestion = high.difference - low.difference > BigInt(policy.intervalLimit);
  const interval = { low: low.difference, high: high.difference };
  return { found: isQuestion ? low : high, interval, isQuestion };
}

/** How each account sees a counterfactual. */
function viewsOf(
  record: WorldRecord,
  name: 'other' | 'dropped',
  worlds: IncidentWorlds,
  { state, settled, moves }: OtherWorld,
): (account: number) => OtherView {
  const { flows } = record.trace(name);
  const world = { state, settled, ledger: flows.ledger };
  const ownMoves = byAccount(moves);
  const ownTakings = byAccount(flows.takings);
  return (account) => {
    const late = worlds.late.get(account);
    return {
      world,
      moves: ownMoves.get(account) ?? [],
      takings: ownTakings.get(account) ?? [],
      notice: late === undefined ? null : noticeOf(account, late, worlds, state, worlds.valuation),
    };
  };
}
