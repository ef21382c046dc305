/**
 * The canary: before the guard's judgement of a tick counts, it is shown a forced action that must be denied, on a copy of the
 * markets in which an index, a mark and a margin fraction are not what history made of them. A guard that does not deny it by
 * each of these names is dead (disabled, blind, or never told what happened), and while it is, nothing is forced on anyone.
 */
import { FEE_ACCOUNT, type State } from '../engine/state.ts';
import type { Table } from '../engine/table.ts';
import { MARKET } from '../engine/tables.ts';
import type { Proposal } from './forced-command.ts';
import type { Checks } from './verdict.ts';

/** The checks that must each deny it. */
const DENIALS = ['funding_index_continuity', 'mark_continuity', 'market_parameters', 'equity'] as const;

/** An equity that no account has, 1e-8 USDC. */
const NO_EQUITY = 10n ** 40n;

/** The state as it is, but for one market whose index, mark and margin fraction are falsified in a copy. */
function falsified(state: State, market: number): State {
  const f64 = new Float64Array(state.market.f64);
  for (const column of [MARKET.FUNDING_INDEX, MARKET.MARK, MARKET.INITIAL_MARGIN]) {
    f64[market * 128 + column] = (f64[market * 128 + column] as number) + 1;
  }
  const table = Object.create(state.market, { f64: { value: f64 } }) as Table;
  return Object.create(state, { market: { value: table } }) as State;
}

/**
 * Shows the guard the canary of a tick. `judge` makes all checks of a proposal on a state. Returns the name of the first check
 * that did not deny it, undefined when the guard is alive.
 */
export function survivingCanary(
  state: State,
  sequence: number,
  market: number,
  judge: (state: State, proposal: Proposal, market: number) => Checks,
): string | undefined {
  const proposal: Proposal = {
    // It holds nothing, so it costs little to judge.
    account: FEE_ACCOUNT,
    action: { kind: 'liquidate', share: 1 },
    sequence,
    margin: () => ({ equity: NO_EQUITY, maintenance: NO_EQUITY }),
  };
  const { all } = judge(falsified(state, market), proposal, market);
  return DENIALS.find((name) => !all.some((check) => check.name === name && !check.holds));
}
