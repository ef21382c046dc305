/**
 * One account in both worlds: what it has, what it would have, by market and cause, chain by chain, and what the policy gives for each
 * chain. Amounts are 1e-8 USDC.
 */
import {
  type FlowFrame,
  type FlowKind,
  type FlowWorld,
  flowsOf,
  equityOf,
  type MarketFlows,
  totalOf,
} from './account-flows.ts';
import { findPosition } from '../engine/state.ts';
import { POSITION } from '../engine/tables.ts';
import { CAUSE_NAMES, type Cause } from './cause.ts';
import { type MarketParts, partsOf, sumOf } from './cause-parts.ts';
import { type ChainParts, chainsOf } from './chains.ts';
import type { Taking } from './flow-listener.ts';
import type { ReferenceMove } from './incident-worlds.ts';
import type { PolicyDocument } from './policy-document.ts';
import { chainAmountOf, excludedOf } from './statement-amounts.ts';
import type { CauseAmount, ChainStatement, CloseStatement, Flow, NoticeStatement } from './statement.ts';
import { asRecorded } from './valuation.ts';

/** A forced taking of an account, with what the true price was. */
interface OwnTaking extends Taking {
  readonly close: CloseStatement;
}

/** A world as it would have been, as one account sees it. */
export interface OtherView {
  readonly world: FlowWorld;
  /** Of an account that could act later than everybody. */
  readonly notice: NoticeStatement | null;
  readonly moves: readonly ReferenceMove[];
  /** What that world took from the account by force. */
  readonly takings: readonly Taking[];
}

/** All that an assessment looks at. */
export interface AssessmentInput {
  readonly account: number;
  readonly frame: FlowFrame;
  readonly policy: PolicyDocument;
  readonly actual: FlowWorld;
  readonly takings: readonly OwnTaking[];
  readonly byReference: ReadonlySet<number>;
  /** Whether it traded on in a market after something had been forced on it there, in the actual world. */
  readonly hasTradedOn: (market: number) => boolean;
  /** Deviations wrote into its rows: what its flows do not explain, they explain. */
  readonly isWritten: boolean;
}

/** What is found of an account against one counterfactual. */
export interface AccountAssessment {
  readonly account: number;
  readonly start: bigint;
  readonly actual: bigint;
  readonly actualFlows: readonly Flow[];
  readonly other: bigint;
  readonly otherFlows: readonly Flow[];
  readonly difference: bigint;
  readonly notice: NoticeStatement | null;
  /** What it has and would have at the check time of all; the same where it was told in time. */
  readonly atCheck: { readonly actual: bigint; readonly other: bigint };
  readonly causes: readonly CauseAmount[];
  readonly chains: readonly ChainStatement[];
  readonly parts: MarketParts;
  /** Markets of which both worlds took a position by force. */
  readonly takenInBoth: ReadonlySet<number>;
  /** What no flow and no cause explains, in the actual world and of the difference: 0, or nothing may be approved. */
  readonly unexplained: bigint;
  /** Written by deviations into its rows. */
  readonly written: bigint;
}

/** Assesses an account against a counterfactual. */
export function assessAccount(input: AssessmentInput, other: OtherView): AccountAssessment {
  const { account, frame, policy, byReference } = input;
  const start = equityOf(account, frame.before, frame.own, asRecorded);
  const actualThen = equityOf(account, input.actual.state, frame.valuation, input.actual.settled);
  const flows = flowsOf(account, frame, input.actual);
  const written = input.isWritten ? actualThen - start - totalOf(flows) : 0n;
  if (written !== 0n) addTo(flows, 0, 'credits', written);
  const moved = other.moves.reduce((sum, { amount }) => sum + amount, 0n);
  const otherThen = equityOf(account, other.world.state, frame.valuation, other.world.settled) + moved;
  const otherFlows = flowsOf(account, frame, other.world);
  const actual = actualThen + addNotice(flows, other.notice, 'actual');
  const otherEnd = otherThen + addNotice(otherFlows, other.notice, 'other');
  const undone = new Set(other.moves.filter(({ cause }) => cause === 'liquidation_price').map(({ market }) => market));
  // What the replay of a market by reference took says nothing: there what was not undone was due.
  const takings = other.takings.filter(({ market }) => !byReference.has(market));
  const takenInBoth = new Set(
    input.takings
      .map(({ market }) => market)
      .filter((market) =>
        byReference.has(market) ? !undone.has(market) : takings.some((taking) => taking.market === market),
      ),
  );
  const parts = partsOf({ actual: flows, other: otherFlows, moves: other.moves, byReference, takenInBoth });
  const links = linksOf([input.takings, takings]);
  const netting = { actual: flows, parts, links, takenInBoth, netting: policy.netting };
  const difference = otherEnd - actual;
  const otherLines = lines(totals(otherFlows));
  if (moved !== 0n) otherLines.push({ what: 'reference', amount: String(moved) });
  return {
    account,
    start,
    actual,
    actualFlows: lines(totals(flows)),
    other: otherEnd,
    otherFlows: otherLines,
    difference,
    notice: other.notice,
    atCheck: { actual: actualThen, other: otherThen },
    causes: causeLines(causeTotals(parts)),
    chains: chainsOf(netting).map((chain) => {
      const isForced = isWrongful(chain.markets, input.takings, takings, takenInBoth, flows, otherFlows);
      return statementOf(chain, input, takenInBoth, isForced && isClosed(chain.markets, input));
    }),
    parts,
    takenInBoth,
    unexplained: magnitude(actual - start - totalOf(flows)) + magnitude(difference - sumOf(parts)),
    written,
  };
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

function addTo(flows: MarketFlows, market: number, kind: FlowKind, amount: bigint): void {
  const of = flows.get(market) ?? new Map<FlowKind, bigint>();
  flows.set(market, of.set(kind, amount));
}

/** Adds what prices have made since the check time of what an account has in one world, and returns the sum. */
function addNotice(flows: MarketFlows, notice: NoticeStatement | null, world: 'actual' | 'other'): bigint {
  let sum = 0n;
  for (const { market, checkPrice, price, [world]: size } of notice?.markets ?? []) {
    const amount = BigInt(size) * (BigInt(price) - BigInt(checkPrice));
    if (amount !== 0n) addTo(flows, market, 'late_notice', amount);
    sum += amount;
  }
  return sum;
}

/** Markets that were taken together, by world and command. */
function linksOf(worlds: readonly (readonly Taking[])[]): number[][] {
  return worlds.flatMap((takings) => {
    const bySequence = new Map<number, number[]>();
    for (const { sequence, market } of takings) bySequence.set(sequence, [...(bySequence.get(sequence) ?? []), market]);
    return [...bySequence.values()];
  });
}

/** The statement of a chain, with what the policy gives for it. */
function statementOf(
  { markets, flows, causes }: ChainParts,
  { policy, takings }: AssessmentInput,
  takenInBoth: ReadonlySet<number>,
  isForced: boolean,
): ChainStatement {
  const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((total, amount) => total + amount, 0n);
  const amounts = causeLines(causes);
  const closes = takings.filter(({ market }) => markets.includes(market) && !takenInBoth.has(market));
  const draft: ChainStatement = {
    markets,
    flows: lines(flows),
    causes: amounts,
    difference: String(sum(causes.values())),
    excluded: String(excludedOf(policy, amounts)),
    loss: isForced && causes.size > 0 ? String(-sum(flows.values())) : null,
    closes: closes.map(({ close }) => close),
    amount: '0',
  };
  return { ...draft, amount: String(chainAmountOf(policy, draft)) };
}

/**
 * Whether something was wrongly forced on the account in these markets: a position was taken, or a conditional order fired, that the
 * counterfactual has not. Where that world forces something in them too, what is lost against before is no wrong.
 */
function isWrongful(
  markets: readonly number[],
  actual: readonly Taking[],
  other: readonly Taking[],
  takenInBoth: ReadonlySet<number>,
  flows: MarketFlows,
  otherFlows: MarketFlows,
): boolean {
  const isIn = ({ market }: Taking): boolean => markets.includes(market);
  if (markets.some((market) => takenInBoth.has(market))) return false;
  const fired = (of: MarketFlows): boolean => markets.some((market) => of.get(market)?.has('triggered') === true);
  return !other.some(isIn) && !fired(otherFlows) && (actual.some(isIn) || fired(flows));
}

/**
 * Whether the account holds nothing in these markets any more and did not trade on there after something was forced on it. Only then is
 * what it lost since before the loss by what was forced: what a position makes later that was left to it, or opened anew, is its own.
 */
function isClosed(markets: readonly number[], { account, actual: { state }, hasTradedOn }: AssessmentInput): boolean {
  return markets.every((market) => {
    const row = findPosition(state, account, market);
    return !hasTradedOn(market) && (row === 0 || state.position.f64[row * 16 + POSITION.SIZE] === 0);
  });
}

function totals(flows: MarketFlows): Map<FlowKind, bigint> {
  const sums = new Map<FlowKind, bigint>();
  for (const kinds of flows.values()) {
    for (const [kind, amount] of kinds) sums.set(kind, (sums.get(kind) ?? 0n) + amount);
  }
  return sums;
}

function causeTotals(parts: MarketParts): Map<Cause, bigint> {
  const sums = new Map<Cause, bigint>();
  for (const of of parts.values()) for (const [cause, amount] of of) sums.set(cause, (sums.get(cause) ?? 0n) + amount);
  return sums;
}

function lines(flows: ReadonlyMap<FlowKind, bigint>): Flow[] {
  return [...flows].filter(([, amount]) => amount !== 0n).map(([what, amount]) => ({ what, amount: String(amount) }));
}

function causeLines(causes: ReadonlyMap<Cause, bigint>): CauseAmount[] {
  return CAUSE_NAMES.flatMap((cause) => {
    const amount = causes.get(cause) ?? 0n;
    return amount === 0n ? [] : [{ cause, amount: String(amount) }];
  });
}
