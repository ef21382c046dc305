/** Is an account what its block and its events made of it: every number of it, and every unit by which its equity moved. */
import { RULES } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { AccountPath, type PositionPath, type Split } from './account-path.ts';
import { ceilOf, sizeOf, whole } from './exact.ts';
import type { Known } from './known.ts';
import { equityOf, type LiveAccount, maintenanceOf, readAccount } from './live-account.ts';
import { checkMarket } from './market-checks.ts';
import type { Checks } from './verdict.ts';

/** What the guard found of an account at a tick. */
export interface JudgedAccount {
  readonly live: LiveAccount;
  readonly equity: bigint;
  readonly maintenance: bigint;
  readonly sealedEquity: bigint;
  readonly split: Split;
  readonly residual: bigint;
  /** The markets whose prices its equity rests on, ascending. */
  readonly markets: readonly number[];
}

/** Notes whether the rules are those that commands made; they concern every forced action. */
export function checkRules(known: Known, state: State, checks: Checks): void {
  RULES.forEach(({ name }, number) => {
    const found = whole(state.rule.f64[64 + number]);
    const expected = known.rule(number);
    if (found !== expected) checks.same('I', 'rules', name, found, expected);
  });
}

/** Judges an account at the tick of `sequence`; `market` is one that the action names besides those it holds, 0 for none. */
export function judgeAccount(
  known: Known,
  state: State,
  account: number,
  market: number,
  sequence: number,
  timeMs: number,
  checks: Checks,
): JudgedAccount {
  const live = readAccount(state, account);
  checks.note('I', 'position_list', '', live.isWhole, live.isWhole ? 'whole' : 'broken', 'whole');
  const path = new AccountPath(known, account);
  compareAccount(known, state, live, path, checks);
  const held = live.positions.filter(({ size }) => size !== 0n).map((position) => position.market);
  for (const { market: expected, size } of path.positions.values()) if (size !== 0n) held.push(expected);
  const markets = [...new Set(market === 0 ? held : [...held, market])].sort((a, b) => a - b);
  let fundingBound = 0n;
  for (const each of markets) {
    const bound = checkMarket(known, state, each, sequence, timeMs, checks);
    const position = path.positions.get(each);
    if (position !== undefined) fundingBound += fundingLimit(position, bound);
  }
  for (const [each, position] of path.positions) {
    if (!markets.includes(each)) fundingBound += fundingLimit(position, sizeOf(indexMove(known, each)));
  }
  const equity = equityOf(known, live);
  const { price, funding, fees, trades, transfers, rules } = path.split;
  const residual = equity - path.sealedEquity - price - funding - fees - trades - transfers - rules;
  checks.within('I', 'funding_part_bound', '', sizeOf(funding), fundingBound);
  checks.same('II', 'residual', '', residual, 0n);
  const maintenance = maintenanceOf(known, live);
  return { live, equity, maintenance, sealedEquity: path.sealedEquity, split: path.split, residual, markets };
}

function indexMove(known: Known, market: number): bigint {
  let furthest = 0n;
  const sealed = known.sealed(market, 'FUNDING_INDEX');
  for (const place of known.log.marksOf(market)) {
    const moved = sizeOf(whole(known.log.field(place, 7)) - sealed);
    if (moved > furthest) furthest = moved;
  }
  return furthest;
}

/** What a position can have paid since the block: twice its largest size (it may have turned), and a unit for each rounding. */
function fundingLimit(position: PositionPath, bound: bigint): bigint {
  return 2n * ceilOf(position.largest * bound, 1_000_000n) + position.settlements + 2n;
}

function compareAccount(known: Known, state: State, live: LiveAccount, path: AccountPath, checks: Checks): void {
  const { account } = live;
  const { i32 } = known.image.account;
  for (const column of [ACCOUNT.KIND, ACCOUNT.FEE_CLASS]) {
    const found = state.account.i32[account * 16 + column] as number;
    const expected = i32[account * 16 + column] as number;
    checks.same('I', 'account_class', '', found, expected);
  }
  const told = path.disagreement;
  checks.note('II', 'told_amounts', '', told === undefined, told ?? 'as computed', 'as computed');
  checks.same('II', 'account_balance', '', live.balance, path.balance);
  const seen = new Set<number>();
  for (const position of live.positions) {
    seen.add(position.market);
    const about = `position ${position.row} market ${position.market}`;
    const expected = path.positions.get(position.market);
    checks.same('II', 'position_size', about, position.size, expected?.size ?? 0n);
    checks.same('II', 'position_cost', about, position.cost, expected?.cost ?? 0n);
    checks.same('II', 'position_leverage', about, position.ownFraction, expected?.ownFraction ?? 0n);
    // Where nothing is held the index says nothing: it is set anew before the first lot.
    if (position.size === 0n || expected === undefined) continue;
    checks.same('II', 'position_funding_index', about, position.index, expected.index);
  }
  for (const { market, size } of path.positions.values()) {
    if (size !== 0n && !seen.has(market)) checks.same('II', 'position_size', `market ${market}`, 0n, size);
  }
}
