/** Operators' commands: markets, accounts, statuses, rules, parameters, leverage. */
import { MARKET_PARAMETERS, type MarketParameter } from '../../engine/command.ts';
import type { Refusal } from '../../engine/refusal.ts';
import { RULES } from '../../engine/rules.ts';
import { ACCOUNT_KIND } from '../../engine/state.ts';
import { ORACLE_LIMIT, VENUE_LIMIT } from '../../engine/tables.ts';
import { equityOf, initialOf } from './margin.ts';
import { ceilDivide, higher } from './rounding.ts';
import { MAINTENANCE, OK, SETTLEMENT } from './status.ts';
import { tell } from './tell.ts';
import { openPosition, positionIn, traderOf, type Market, type World } from './world.ts';

const PPM = 1_000_000n;
const ALL_OPERATIONS = 127;
const SHORTEST_PERIOD_S = 3_600;
const LONGEST_PERIOD_S = 86_400;

/** What each parameter may be, as `engine/market.ts` says: whole numbers from … to. */
const ranges: Record<MarketParameter, readonly [number, number]> = {
  TICK_SIZE: [1, 1e15],
  SIZE_STEP: [1, 1e18],
  MINIMUM_NOTIONAL: [0, 2 ** 50],
  MAXIMUM_ORDER: [1, 2 ** 31 - 1],
  POSITION_LIMIT: [1, 2 ** 40],
  PRICE_BAND: [1, 999_999],
  INITIAL_MARGIN: [1_000, 1_000_000],
  MAINTENANCE_FACTOR: [1, 1_000_000],
  INTEREST_RATE: [-1e12, 1e12],
  CLAMP_RATE: [0, 1e12],
  MAXIMUM_FUNDING_RATE: [0, 1e12],
  FUNDING_MULTIPLIER: [0, 1_000_000],
  IMPACT_NOTIONAL: [1, 2 ** 50],
  BASIS_WEIGHT: [1, 1_000_000],
  MAXIMUM_SPREAD: [1, 1_000_000],
  MAXIMUM_OPEN_ORDERS: [1, 1_000_000],
};

function isValid(parameter: MarketParameter, value: number): boolean {
  const [minimum, maximum] = ranges[parameter];
  return Number.isInteger(value) && value >= minimum && value <= maximum;
}

/** Price units in one tick: tick size × size step (1e-24 USDC) in 1e-8 USDC, which must come out whole and positive. */
function unitsOf(tickSize: number, sizeStep: number): bigint | undefined {
  const product = BigInt(tickSize) * BigInt(sizeStep);
  const unit = 10n ** 16n;
  if (product % unit !== 0n || product === 0n) return undefined;
  return product < 10n ** 8n * 2n ** 52n ? product / unit : undefined;
}

export function defineMarket(
  world: World,
  name: string,
  fundingPeriodS: number,
  venues: number,
  values: readonly number[],
): Refusal {
  if (world.markets.some((market) => market?.name === name)) return 'market_already_exists';
  const allValid = MARKET_PARAMETERS.every((parameter, place) => isValid(parameter, values[place] as number));
  const periodValid = fundingPeriodS >= SHORTEST_PERIOD_S && fundingPeriodS <= LONGEST_PERIOD_S;
  if (!allValid || !periodValid || name.startsWith('0,')) return 'parameter_invalid';
  const units = unitsOf(values[0] as number, values[1] as number);
  if (units === undefined) return 'parameter_invalid';
  const entries = MARKET_PARAMETERS.map((parameter, place) => [parameter, BigInt(values[place] as number)]);
  const parameters = Object.fromEntries(entries) as Record<MarketParameter, bigint>;
  const market = newMarket(world.markets.length, name, fundingPeriodS, venues & 255, units, parameters);
  world.markets.push(market);
  tell(world, 'marketDefined', { market: market.number });
  return 'none';
}

function newMarket(
  number: number,
  name: string,
  fundingPeriodS: number,
  venues: number,
  units: bigint,
  parameters: Record<MarketParameter, bigint>,
): Market {
  const none = <T>(count: number): (T | undefined)[] => Array.from({ length: count }, () => undefined);
  return {
    number,
    name,
    fundingPeriodS,
    venues,
    units,
    parameters,
    status: OK,
    paused: 0,
    delisted: false,
    buys: [],
    sells: [],
    waiting: [],
    oracles: none(ORACLE_LIMIT),
    quotes: none(VENUE_LIMIT),
    venueBases: none(VENUE_LIMIT),
    spot: undefined,
    mark: undefined,
    markMs: undefined,
    fairBasis: 0n,
    externalBasis: undefined,
    externalFair: 0n,
    bidBasis: undefined,
    askBasis: undefined,
    tradeBasis: undefined,
    midBasis: undefined,
    slowBasis: undefined,
    liquidityWeight: 0n,
    premiumRate: 0n,
    rawRate: 0n,
    fundingRate: undefined,
    fundingPremium: 0n,
    fundingIndex: 0n,
    fundingRemainder: 0n,
    accruing: false,
    sinceMs: 0,
    tickMs: undefined,
    lastTrade: undefined,
    trades: 0,
    volume: 0n,
    clearing: 0n,
  };
}

/** `key` is the public identity; each has one account. */
export function defineAccount(world: World, kind: number, feeClass: number, key: string): Refusal {
  const isHouse = (number: number): boolean => number < 3;
  if (kind !== ACCOUNT_KIND.TRADER) return 'account_is_not_a_trader';
  const exists = world.accounts.some((account) => account?.key === key && !isHouse(account.number));
  if (exists) return 'account_already_exists';
  if (feeClass !== 0 && feeClass !== 1) return 'value_out_of_range';
  const number = world.accounts.length;
  world.accounts.push({
    number,
    kind,
    key,
    feeClass,
    createdMs: world.timeMs,
    balance: 0n,
    pending: 0n,
    receivable: 0n,
    positions: [],
  });
  tell(world, 'accountDefined', { account: number, accountKind: kind });
  return 'none';
}

/** Market 0 is the venue, which cannot be in settlement. A market that was once is never anything else but in maintenance. */
export function setStatus(world: World, number: number, status: number, paused: number): Refusal {
  const target = number === 0 ? world : world.markets[number];
  if (target === undefined) return 'market_unknown';
  const market = world.markets[number];
  if (market?.delisted === true && status !== SETTLEMENT && status !== MAINTENANCE) return 'market_in_settlement';
  const known = paused >= 0 && paused <= ALL_OPERATIONS;
  if (status < OK || status > MAINTENANCE || !known) return 'value_out_of_range';
  if (status === SETTLEMENT) {
    if (market === undefined) return 'value_out_of_range';
    market.delisted = true;
  }
  target.status = status;
  target.paused = paused;
  tell(world, 'statusSet', { market: number, status, paused });
  return 'none';
}

export function setRule(world: World, number: number, value: number): Refusal {
  const rule = RULES[number];
  if (rule === undefined) return 'rule_unknown';
  if (!Number.isInteger(value) || value < rule.minimum || value > rule.maximum) return 'value_out_of_range';
  const before = world.rules[rule.name];
  world.rules[rule.name] = BigInt(value);
  tell(world, 'ruleSet', { rule: number, before, value: BigInt(value) });
  return 'none';
}

/** Tick size and size step are for life. */
export function setMarketParameter(world: World, marketNumber: number, number: number, value: number): Refusal {
  const market = world.markets[marketNumber];
  if (market === undefined) return 'market_unknown';
  const parameter = MARKET_PARAMETERS[number];
  if (parameter === undefined || parameter === 'TICK_SIZE' || parameter === 'SIZE_STEP') return 'parameter_invalid';
  if (!isValid(parameter, value)) return 'value_out_of_range';
  const before = market.parameters[parameter];
  market.parameters[parameter] = BigInt(value);
  tell(world, 'parameterSet', { market: marketNumber, parameter: number, before, value: BigInt(value) });
  return 'none';
}

/** 1 … the market's maximum. Refused when it raises the margin and the margin it needs is not there. */
export function setLeverage(world: World, number: number, marketNumber: number, leverage: number): Refusal {
  const market = world.markets[marketNumber];
  if (market === undefined) return 'market_unknown';
  if (world.accounts[number] === undefined) return 'account_unknown';
  const account = traderOf(world, number);
  if (account === undefined) return 'account_is_not_a_trader';
  const base = market.parameters.INITIAL_MARGIN;
  if (leverage < 1 || BigInt(leverage) > ceilDivide(PPM, base)) return 'leverage_out_of_range';
  // Rounded up: never more leverage than asked for.
  const fraction = ceilDivide(PPM, BigInt(leverage));
  if (fraction < base && BigInt(leverage) > PPM / base) return 'leverage_out_of_range';
  const position = positionIn(account, market);
  if (position !== undefined) {
    const before = position.ownFraction;
    position.ownFraction = fraction;
    const raises = higher(fraction, base) > higher(before, base);
    if (raises && equityOf(account) < initialOf(world, account)) {
      position.ownFraction = before;
      return 'insufficient_margin';
    }
  }
  openPosition(world, account, market).ownFraction = fraction;
  tell(world, 'leverageSet', { account: number, market: marketNumber, initialMargin: fraction });
  return 'none';
}
