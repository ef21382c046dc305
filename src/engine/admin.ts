/** Operators' commands: markets, accounts, statuses, rules, parameters, leverage. */
import { EVENT } from './event.ts';
import { DEFINE_ACCOUNT, DEFINE_MARKET, MARKET_PARAMETERS } from './command.ts';
import {
  isParameterFixed,
  isParameterValid,
  marketParameter,
  parameterOf,
  refreshBand,
  storeParameter,
  tickUnits,
} from './market.ts';
import { computeMargin, Margin } from './margin.ts';
import { openPosition } from './position.ts';
import { REFUSAL } from './refusal.ts';
import { RULES } from './rules.ts';
import { ACCOUNT_KIND, findPosition, type State } from './state.ts';
import { ALL_OPERATIONS, STATUS } from './status.ts';
import { ACCOUNT, ACCOUNT_KEY, MARKET, ORACLE_LIMIT, POSITION, VENUE, VENUE_LIMIT } from './tables.ts';

/** As long as the longest gap between two ticks over which funding can accrue: no tick accrues more than one period. */
const SHORTEST_PERIOD_S = 3_600;

/** Defines a market from the rows of its command, or returns why not. Its row number is its place among the markets. */
export function defineMarket(state: State, words: Int32Array, floats: Float64Array, row: number): number {
  const at = row * 16;
  const name = at + DEFINE_MARKET.NAME;
  for (let market = 1; market < state.market.rows; market++) {
    if (isSame(words, name, state.market.i32, market * 256 + MARKET.NAME)) return REFUSAL.market_already_exists;
  }
  const parameters = (row + 1) * 8;
  // A −0 is a 0.
  const value = (place: number): number => (floats[parameters + place] as number) + 0;
  const period = words[at + DEFINE_MARKET.FUNDING_PERIOD_S] as number;
  const valid = MARKET_PARAMETERS.every((parameter, place) => isParameterValid(parameter, value(place)));
  const units = tickUnits(value(0), value(1));
  if (!valid || units === undefined || !(period >= SHORTEST_PERIOD_S && period <= 86_400) || words[name] === 0) {
    return REFUSAL.parameter_invalid;
  }
  const market = state.market.allocate();
  const { i32, f64 } = state.market;
  for (let word = 0; word < 8; word++) i32[market * 256 + MARKET.NAME + word] = words[name + word] as number;
  i32[market * 256 + MARKET.FUNDING_PERIOD_S] = period;
  i32[market * 256 + MARKET.VENUES] = (words[at + DEFINE_MARKET.VENUES] as number) & ((1 << VENUE_LIMIT) - 1);
  f64[market * 128 + MARKET.TICK_UNITS] = units;
  MARKET_PARAMETERS.forEach((parameter, place) => storeParameter(state, market, parameter, value(place)));
  state.venue.i32[128 + VENUE.MARKETS] = market;
  grow(state, market);
  state.index.addMarket(0);
  refreshBand(state, market);
  state.events.emit(EVENT.marketDefined, market);
  return 0;
}

/** Makes the rows of the market's oracles and venues. */
function grow(state: State, market: number): void {
  for (const [table, limit] of [
    [state.oracle, (market + 1) * ORACLE_LIMIT],
    [state.quote, (market + 1) * VENUE_LIMIT],
  ] as const) {
    while (table.rows < limit) table.touch(table.allocate());
  }
}

function isSame(a: Int32Array, from: number, b: Int32Array, to: number): boolean {
  for (let word = 0; word < 8; word++) if (a[from + word] !== b[to + word]) return false;
  return true;
}

/** Opens an account, or returns why not. Its row number is its place among the accounts. */
export function defineAccount(state: State, words: Int32Array, row: number, timeMs: number): number {
  const at = row * 16;
  if (words[at + DEFINE_ACCOUNT.KIND_OF_ACCOUNT] !== ACCOUNT_KIND.TRADER) return REFUSAL.account_is_not_a_trader;
  const feeClass = words[at + DEFINE_ACCOUNT.FEE_CLASS] as number;
  if (state.index.accountKeys.find(state.accountKey, words, at + DEFINE_ACCOUNT.KEY) !== 0) {
    return REFUSAL.account_already_exists;
  }
  if (feeClass !== 0 && feeClass !== 1) return REFUSAL.value_out_of_range;
  const account = state.account.allocate();
  state.accountKey.allocate();
  const { i32, f64 } = state.account;
  i32[account * 16 + ACCOUNT.KIND] = ACCOUNT_KIND.TRADER;
  i32[account * 16 + ACCOUNT.FEE_CLASS] = feeClass;
  f64[account * 8 + ACCOUNT.CREATED_MS] = timeMs;
  for (let word = 0; word < 8; word++) {
    state.accountKey.i32[account * 8 + ACCOUNT_KEY.KEY + word] = words[at + DEFINE_ACCOUNT.KEY + word] as number;
  }
  state.account.touch(account);
  state.accountKey.touch(account);
  state.index.accountKeys.add(state.accountKey, account);
  state.index.bounds.add(account);
  state.events.emit(EVENT.accountDefined, account, ACCOUNT_KIND.TRADER);
  return 0;
}

/**
 * Sets status and paused operations of a market, or (0) of the venue. SETTLEMENT is of a market alone; once there, a market goes
 * to MAINTENANCE and back, and nowhere else.
 */
export function setStatus(state: State, market: number, status: number, paused: number): number {
  if (!(market >= 0 && market < state.market.rows)) return REFUSAL.market_unknown;
  const settles = status === STATUS.SETTLEMENT;
  const isDelisted = market !== 0 && state.market.i32[market * 256 + MARKET.DELISTED] !== 0;
  if (isDelisted && !settles && status !== STATUS.MAINTENANCE) return REFUSAL.market_in_settlement;
  const isStatus = status >= STATUS.OK && status <= STATUS.MAINTENANCE && !(settles && market === 0);
  if (!isStatus || (paused & ~ALL_OPERATIONS) !== 0) return REFUSAL.value_out_of_range;
  if (market === 0) {
    state.venue.i32[128 + VENUE.STATUS] = status;
    state.venue.i32[128 + VENUE.PAUSED] = paused;
  } else {
    state.market.i32[market * 256 + MARKET.STATUS] = status;
    state.market.i32[market * 256 + MARKET.PAUSED] = paused;
    if (settles) state.market.i32[market * 256 + MARKET.DELISTED] = 1;
    state.market.touch(market);
  }
  state.events.emit(EVENT.statusSet, market, status, paused);
  return 0;
}

/** Sets a rule, or returns why not. */
export function setRule(state: State, number: number, asked: number): number {
  const rule = RULES[number];
  if (rule === undefined) return REFUSAL.rule_unknown;
  if (!(Number.isInteger(asked) && asked >= rule.minimum && asked <= rule.maximum)) return REFUSAL.value_out_of_range;
  // A −0 is a 0.
  const value = asked + 0;
  const { f64 } = state.rule;
  const before = f64[64 + number] as number;
  f64[64 + number] = value;
  state.rule.touch(1);
  voidBounds(state);
  state.events.emit(EVENT.ruleSet, number, before, value);
  return 0;
}

/** Sets a parameter of a market, or returns why not. Tick size and size step are for life. */
export function setMarketParameter(state: State, market: number, number: number, asked: number): number {
  if (!(market >= 1 && market < state.market.rows)) return REFUSAL.market_unknown;
  const parameter = parameterOf(number);
  if (parameter === undefined || isParameterFixed(parameter)) return REFUSAL.parameter_invalid;
  if (!isParameterValid(parameter, asked)) return REFUSAL.value_out_of_range;
  const value = asked + 0;
  const before = marketParameter(state, market, parameter);
  storeParameter(state, market, parameter, value);
  refreshBand(state, market);
  voidBounds(state);
  state.events.emit(EVENT.parameterSet, market, number, before, value);
  return 0;
}

/** Margins may have changed for anyone. */
function voidBounds(state: State): void {
  state.index.bounds.reset(state.account.rows);
}

const margin = new Margin();

/** Sets an account's leverage in a market: 1 … the market's maximum. Refused when it raises a margin that is not there. */
export function setLeverage(state: State, account: number, market: number, leverage: number): number {
  if (!(market >= 1 && market < state.market.rows)) return REFUSAL.market_unknown;
  if (!(account >= 1 && account < state.account.rows)) return REFUSAL.account_unknown;
  if (state.account.i32[account * 16 + ACCOUNT.KIND] !== ACCOUNT_KIND.TRADER) return REFUSAL.account_is_not_a_trader;
  if (!(leverage >= 1)) return REFUSAL.leverage_out_of_range;
  // Rounded up: never more leverage than asked for. At most the market's, within the rounding of its fraction.
  const fraction = Math.ceil(1e6 / leverage);
  const base = state.market.f64[market * 128 + MARKET.INITIAL_MARGIN] as number;
  if (fraction < base && Math.floor(1e6 / base) < leverage) return REFUSAL.leverage_out_of_range;
  const known = findPosition(state, account, market);
  const column = known * 32 + POSITION.INITIAL_MARGIN;
  const before = known === 0 ? 0 : (state.position.i32[column] as number);
  if (known !== 0) {
    state.position.i32[column] = fraction;
    computeMargin(state, account, margin);
    if (fraction > Math.max(before, base) && margin.equity.compare(margin.initial) < 0) {
      state.position.i32[column] = before;
      state.index.bounds.void(account);
      return REFUSAL.insufficient_margin;
    }
  }
  const position = known !== 0 ? known : openPosition(state, account, market);
  state.position.i32[position * 32 + POSITION.INITIAL_MARGIN] = fraction;
  state.position.touch(position);
  state.events.emit(EVENT.leverageSet, account, market, fraction);
  return 0;
}
