/** What a parameter or a rule may sensibly be, and by how much it may change at once: far less than the engine's ranges allow. */
import { MARKET_PARAMETERS, type MarketParameter } from '../engine/command.ts';
import { RULE, type RuleName, RULES } from '../engine/rules.ts';
import { isGuardLimit, isTightening } from './authority/guard-limits.ts';
import type { Check } from './verdict.ts';

interface Sense {
  readonly least?: number;
  readonly most?: number;
  /** How many times more or less it may become in one change that was not announced. */
  readonly times?: number;
  /** How far it may move in one change that was not announced. */
  readonly step?: number;
}

/** Maintenance margin is above nothing and below initial margin; the units are those of the tables. */
const PARAMETERS: { readonly [parameter in MarketParameter]?: Sense } = {
  INITIAL_MARGIN: { times: 2 },
  MAINTENANCE_FACTOR: { least: 100_000, most: 900_000, times: 2 },
  PRICE_BAND: { least: 500, most: 500_000, times: 4 },
  INTEREST_RATE: { least: -100_000_000_000, most: 100_000_000_000, step: 1_000_000_000 },
  CLAMP_RATE: { most: 100_000_000_000, times: 4 },
  MAXIMUM_FUNDING_RATE: { least: 1, most: 500_000_000_000, times: 2 },
  FUNDING_MULTIPLIER: { times: 4 },
  IMPACT_NOTIONAL: { times: 10 },
  BASIS_WEIGHT: { times: 10 },
  MAXIMUM_SPREAD: { times: 10 },
  MAXIMUM_ORDER: { times: 10 },
  POSITION_LIMIT: { times: 10 },
  MAXIMUM_OPEN_ORDERS: { times: 10 },
};

const FEE: Sense = { least: 0, most: 10_000, step: 2_000 };
const REBATE: Sense = { least: -1_000, most: 10_000, step: 2_000 };

const RULE_SENSE: { readonly [rule in RuleName]?: Sense } = {
  maker_fee: REBATE,
  retail_maker_fee: REBATE,
  taker_fee: FEE,
  retail_taker_fee: FEE,
  liquidation_fee: { times: 2 },
  liquidation_step: { times: 2 },
  liquidation_target: { times: 2 },
  restricted_band: { times: 10 },
  funding_gap: { most: 300_000, times: 4 },
  funding_half_life: { times: 10 },
  restricted_funding_half_life: { times: 10 },
  venue_half_life: { times: 10 },
  slow_half_life: { times: 10 },
  liquidity_ramp: { times: 10 },
  oracle_age: { most: 120_000, times: 4 },
  quote_age: { most: 120_000, times: 4 },
  health_interval: { most: 60_000 },
  own_premium_score: { times: 10 },
  venue_premium_score: { times: 10 },
};

const fails = (of: 'I' | 'II', name: string, about: string, found: unknown, expected: string): Check => {
  return { class: of, name, about, holds: false, found: String(found), expected };
};

/** What is wrong with setting a parameter of a market, by its number; `before` is undefined for a new market. */
export function unfitParameter(
  number: number,
  before: number | undefined,
  value: number,
  about: string,
  isAnnounced: boolean,
): Check | undefined {
  const name = MARKET_PARAMETERS[number];
  return name === undefined ? undefined : unfit(PARAMETERS[name] ?? {}, before, value, `${about} ${name}`, isAnnounced);
}

/** What is wrong with setting a rule, by its number; `rule` reads the others. Limits of the guard are loosened by an act alone. */
export function unfitRule(
  number: number,
  rule: (number: number) => number,
  value: number,
  isAct: boolean,
  isAnnounced: boolean,
): Check | undefined {
  const name = RULES[number]?.name;
  if (name === undefined) return undefined;
  const before = rule(number);
  if (isGuardLimit(number)) {
    if (isAct || isTightening(number, before, value)) return undefined;
    return fails('I', 'guard_limit', name, value, `no looser than ${before} without an act`);
  }
  const check = unfit(RULE_SENSE[name] ?? {}, before, value, name, isAnnounced);
  return check ?? unfitFees(number, rule, value);
}

/** A rebate is never more than the fee that pays it. */
function unfitFees(number: number, rule: (number: number) => number, value: number): Check | undefined {
  const after = (other: number): number => (other === number ? value : rule(other));
  const maker = Math.min(after(RULE.maker_fee), after(RULE.retail_maker_fee));
  const taker = Math.min(after(RULE.taker_fee), after(RULE.retail_taker_fee));
  const isFee = FEES.has(number);
  if (!isFee || maker >= 0 || maker + taker >= 0 || maker + taker >= feesBefore(rule)) return undefined;
  return fails('I', 'parameter_bounds', 'fees', `maker ${maker} taker ${taker}`, 'a rebate up to the fee');
}

const FEES: ReadonlySet<number> = new Set([
  RULE.maker_fee,
  RULE.retail_maker_fee,
  RULE.taker_fee,
  RULE.retail_taker_fee,
]);

function feesBefore(rule: (number: number) => number): number {
  const maker = Math.min(rule(RULE.maker_fee), rule(RULE.retail_maker_fee));
  return maker + Math.min(rule(RULE.taker_fee), rule(RULE.retail_taker_fee));
}

function unfit(
  { least = -Infinity, most = Infinity, times, step }: Sense,
  before: number | undefined,
  value: number,
  about: string,
  isAnnounced: boolean,
): Check | undefined {
  // What is no number at all is the engine's to refuse; said here all the same.
  if (!Number.isInteger(value)) return fails('I', 'parameter_bounds', about, value, 'a whole number');
  if (value < least || value > most) return fails('I', 'parameter_bounds', about, value, `${least} to ${most}`);
  if (before === undefined || isAnnounced) return undefined;
  const [small, large] = [Math.min(Math.abs(before), Math.abs(value)), Math.max(Math.abs(before), Math.abs(value))];
  if (times !== undefined && (large > small * times || before < 0 !== value < 0)) {
    return fails('II', 'parameter_step', about, value, `${before}, at most ${times} times more or less`);
  }
  if (step !== undefined && Math.abs(value - before) > step) {
    return fails('II', 'parameter_step', about, value, `${before}, at most ${step} more or less`);
  }
  return undefined;
}
