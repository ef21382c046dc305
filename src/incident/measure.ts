/**
 * What each remedy would do, found by replay before anyone decides: to do nothing, to repair the state and pay what is lacking, to roll
 * back to the last good block. The order of preference is published; which option is recommended follows from the numbers alone.
 */
import { copyState } from '../chain/copy-state.ts';
import { computeMargin, Margin } from '../engine/margin.ts';
import { cancelForFork } from '../engine/order-cancel.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';
import { type Claims, makeClaims } from '../remedy/claims.ts';
import { type IncidentCase, restorationMs } from '../remedy/incident-case.ts';
import type { IncidentRun } from '../remedy/incident-run.ts';
import { equities, isHouse, type Valuation, valuationOf } from '../remedy/valuation.ts';
import type { HonestTrades } from './honest-trades.ts';

/** Accounts that end below or above where they would have been, and by how much in all; 1e-8 USDC. */
interface Affected {
  readonly accounts: number;
  readonly amount: bigint;
}

export interface Measured {
  readonly harmed: Affected;
  readonly benefited: Affected;
  /** What the insurance fund pays, less what it returns because it was never its own. */
  readonly fundCost: bigint;
  /** Trades that would have happened all the same, and are undone; notional 1e-8 USDC. */
  readonly honestTradesUndone: { readonly trades: number; readonly notional: bigint };
  /** What left the venue and cannot be taken back from free collateral: owed by accounts. */
  readonly receivables: bigint;
  /** How many accounts owe it. */
  readonly debtors: number;
}

/** The options, in the order of preference: what is listed first is done when it suffices. */
export const OPTIONS = ['do_nothing', 'forward_fix', 'rollback'] as const;
type Option = (typeof OPTIONS)[number];

/** What the recommendation follows from; `holds` by the published limit. */
interface Condition {
  readonly name: string;
  readonly value: string;
  readonly limit: string;
  readonly holds: boolean;
}

export interface Measurement {
  readonly window: {
    readonly fromHeight: number;
    readonly toHeight: number;
    readonly fromMs: number;
    readonly toMs: number;
    readonly commands: number;
  };
  /** Forced takings that the counterfactual has not, and those that it has. */
  readonly forced: { readonly wrongful: number; readonly accounts: number; readonly legitimate: number };
  readonly marketsAffected: number;
  readonly marketsByReference: readonly number[];
  /** Orders that came out otherwise, ppm of all, rounded down. */
  readonly divergencePpm: number;
  readonly options: Readonly<Record<Option, Measured>>;
  readonly conditions: readonly Condition[];
  readonly recommended: Option;
  readonly because: string;
}

/** A rollback is considered only when more than this share of the accounts that held anything was wrongfully forced. */
const ROLLBACK_SHARE_PPM = 10_000;
/** And only while the window is no longer than this. */
const ROLLBACK_WINDOW_MS = 12 * 3_600_000;
const PPM = 1_000_000;

/** Trades that would have happened all the same, and their notional, 1e-8 USDC. */
export type Honest = Pick<HonestTrades, 'honest' | 'notional'>;

/** Prices the options of a run. */
export function measure(incident: IncidentCase, run: IncidentRun, trades: Honest): Measurement {
  const { worlds, from, to } = run;
  const claims = claimsOf(incident, run);
  const forced = forcedOf(run, claims);
  const options = {
    do_nothing: doNothing(run),
    forward_fix: forwardFix(run, claims),
    rollback: rollback(run, trades),
  };
  const markets = new Set(worlds.divergence.filter(({ different }) => different > 0).map(({ market }) => market));
  const conditions = conditionsOf(run, forced, options);
  const orders = worlds.divergence.reduce((sum, minute) => sum + minute.orders, 0);
  const different = worlds.divergence.reduce((sum, minute) => sum + minute.different, 0);
  return {
    window: {
      fromHeight: from.height,
      toHeight: to.height,
      fromMs: from.lastMs,
      toMs: to.lastMs,
      commands: run.replay.commands,
    },
    forced,
    marketsAffected: markets.size,
    marketsByReference: worlds.marketsByReference,
    divergencePpm: orders === 0 ? 0 : Math.floor((different * PPM) / orders),
    options,
    conditions,
    ...recommendation(conditions),
  };
}

/** Forced actions that took positions, as the dossier counts them: those of which the counterfactual has nothing are wrongful. */
function forcedOf({ record }: IncidentRun, { wrongful }: Claims): Measurement['forced'] {
  const { takings } = record.trace('actual').flows;
  const all = new Set(takings.map(({ sequence }) => sequence));
  const due = new Set(takings.filter((taking) => !wrongful.has(taking)).map(({ sequence }) => sequence));
  const accounts = new Set(takings.filter(({ sequence }) => !due.has(sequence)).map(({ account }) => account));
  return { wrongful: all.size - due.size, accounts: accounts.size, legitimate: due.size };
}

/** Who ends below and above, by what each account has and what it would have had. */
function affected(has: readonly bigint[], would: readonly bigint[]): Pick<Measured, 'harmed' | 'benefited'> {
  const harmed = { accounts: 0, amount: 0n };
  const benefited = { accounts: 0, amount: 0n };
  for (let account = 1; account < would.length; account++) {
    if (isHouse(account)) continue;
    const lacks = (would[account] as bigint) - (has[account] ?? 0n);
    if (lacks > 0n) {
      harmed.accounts++;
      harmed.amount += lacks;
    } else if (lacks < 0n) {
      benefited.accounts++;
      benefited.amount -= lacks;
    }
  }
  return { harmed, benefited };
}

/** What every account would have had, by the case's mode. */
function wouldHave({ worlds: { other, valuation, settledInOther, moves } }: IncidentRun): bigint[] {
  const would = equities(other, valuation, settledInOther);
  for (const { account, amount } of moves) would[account] = (would[account] ?? 0n) + amount;
  return would;
}

const NO_TRADES = { trades: 0, notional: 0n };

/** The state stays as it is, what was written into it goes on being charged. */
function doNothing(run: IncidentRun): Measured {
  const { actual, valuation } = run.worlds;
  const asItStands: Valuation = { prices: valuation.prices, indexes: valuationOf(actual).indexes };
  const groups = affected(equities(actual, asItStands), wouldHave(run));
  return { ...groups, fundCost: 0n, honestTradesUndone: NO_TRADES, receivables: 0n, debtors: 0 };
}

/** What the policy would pay, and why. */
function claimsOf({ corrections, policy, notices }: IncidentCase, { worlds, record, from, to }: IncidentRun): Claims {
  const fund = wide(worlds.actual.account.f64, 8 + ACCOUNT.BALANCE_HIGH);
  return makeClaims({
    worlds,
    record,
    corrections,
    policy,
    interest: { fromMs: from.lastMs, toMs: Math.max(from.lastMs, restorationMs(notices, 0)) },
    fork: to.fork,
    fund: fund > 0n ? fund : 0n,
  });
}

/** The state is repaired, trading goes on from where it is, and the policy pays what is lacking. */
function forwardFix(run: IncidentRun, { claims, returned }: Claims): Measured {
  const { worlds } = run;
  const has = equities(worlds.actual, worlds.valuation, worlds.settledInActual);
  let paid = 0n;
  for (const { account, statement } of claims) {
    const amount = BigInt(statement.paid);
    has[account] = (has[account] ?? 0n) + amount;
    paid += amount;
  }
  return {
    ...affected(has, wouldHave(run)),
    fundCost: paid - returned,
    honestTradesUndone: NO_TRADES,
    receivables: 0n,
    debtors: 0,
  };
}

/**
 * Every account has again what it had, and what happened in the world is carried over: where the orders that a rollback ends bind no
 * margin any more.
 */
function rollback(run: IncidentRun, trades: Honest): Measured {
  const { before, valuation } = run.worlds;
  const has = equities(before, valuation);
  const restored = copyState(before);
  cancelForFork(restored);
  let [receivables, debtors] = [0n, 0];
  for (let account = 1; account < before.account.rows; account++) {
    const { brought, taken } = externalOf(run, account);
    has[account] = (has[account] as bigint) + brought - taken;
    const short = taken - brought - pendingOf(before, account) - freeOf(restored, account);
    if (taken <= 0n || short <= 0n) continue;
    receivables += short;
    debtors++;
  }
  return {
    ...affected(has, wouldHave(run)),
    fundCost: receivables,
    honestTradesUndone: { trades: trades.honest, notional: trades.notional },
    receivables,
    debtors,
  };
}

/** Money that an account brought in and that left since the last good block. */
function externalOf({ worlds: { actual }, record }: IncidentRun, account: number): { brought: bigint; taken: bigint } {
  if (account >= actual.account.rows) return { brought: 0n, taken: 0n };
  const external = record.trace('actual').flows.ledger.row(account, 0).money.get('external') ?? 0n;
  return external > 0n ? { brought: external, taken: 0n } : { brought: 0n, taken: -external };
}

/** What had been asked for and had not left yet: it is set aside in the restored state as well. */
function pendingOf({ account: accounts }: State, account: number): bigint {
  return wide(accounts.f64, account * 8 + ACCOUNT.PENDING_HIGH);
}

const margin = new Margin();

/** min(balance, equity − initial margin) of an account, not below 0. */
function freeOf(state: State, account: number): bigint {
  computeMargin(state, account, margin);
  margin.equity.subtractWide(margin.initial);
  const spare = BigInt(margin.equity.high) * (1n << 50n) + BigInt(margin.equity.low);
  const balance = wide(state.account.f64, account * 8 + ACCOUNT.BALANCE_HIGH);
  const free = spare < balance ? spare : balance;
  return free > 0n ? free : 0n;
}

function conditionsOf(
  { worlds: { before }, from, to }: IncidentRun,
  { wrongful, accounts }: Measurement['forced'],
  { forward_fix, do_nothing, rollback: back }: Measurement['options'],
): Condition[] {
  const holders = holdersOf(before);
  const share = holders === 0 ? 0 : Math.floor((accounts * PPM) / holders);
  const windowMs = to.lastMs - from.lastMs;
  const is = (name: string, value: number | bigint, limit: number | bigint, holds: boolean): Condition => ({
    name,
    value: String(value),
    limit: String(limit),
    holds,
  });
  return [
    is('accounts_harmed', do_nothing.harmed.accounts, 0, do_nothing.harmed.accounts > 0),
    is('wrongful_forced_actions', wrongful, 0, wrongful > 0),
    is('left_unpaid_by_forward_fix', forward_fix.harmed.amount, 0, forward_fix.harmed.amount > 0n),
    is('wrongfully_forced_share_ppm', share, ROLLBACK_SHARE_PPM, share > ROLLBACK_SHARE_PPM),
    is('window_ms', windowMs, ROLLBACK_WINDOW_MS, windowMs <= ROLLBACK_WINDOW_MS),
    is('external_effects_not_covered', back.receivables, 0, back.receivables === 0n),
  ];
}

/** Traders' accounts that had anything at the last good block. */
function holdersOf({ account }: State): number {
  let holders = 0;
  for (let row = 1; row < account.rows; row++) {
    const hasMoney = wide(account.f64, row * 8 + ACCOUNT.BALANCE_HIGH) !== 0n;
    if (!isHouse(row) && (hasMoney || account.i32[row * 16 + ACCOUNT.FIRST_POSITION] !== 0)) holders++;
  }
  return holders;
}

/**
 * By the published order: nothing was done to anybody, so nothing is undone; what was done is paid for; a rollback only when more than a
 * share of the accounts was forced, the window is short, and what left the venue is covered.
 */
function recommendation(conditions: readonly Condition[]): Pick<Measurement, 'recommended' | 'because'> {
  const holds = (name: string): boolean => conditions.some((each) => each.name === name && each.holds);
  if (!holds('accounts_harmed') && !holds('wrongful_forced_actions')) {
    return { recommended: 'do_nothing', because: 'nothing wrongful was done to anybody: repair, and go on' };
  }
  const isWide = holds('wrongfully_forced_share_ppm');
  if (!isWide) {
    return {
      recommended: 'forward_fix',
      because: 'few were forced wrongfully: they are paid, and nobody’s trades are undone',
    };
  }
  if (!holds('window_ms')) {
    return { recommended: 'forward_fix', because: 'the window is too long to undo what everybody did in it' };
  }
  if (!holds('external_effects_not_covered')) {
    return { recommended: 'forward_fix', because: 'money left the venue that a rollback could not take back' };
  }
  return {
    recommended: 'rollback',
    because: 'many were forced wrongfully, the window is short, and nothing left uncovered',
  };
}
