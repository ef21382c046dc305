/** Whether an order may be taken: the checks in the order of `REFUSALS`, each with its name. */
import { isConditional, isMarketKind, FLAG, INSTRUCTION, instructionOf, kindOf, CLIENT_FLAGS } from './flags.ts';
import { TICK_LIMIT } from './ladder.ts';
import { areKnown, bandBottom, bandTop, isPaused, MARKET_KNOWN, restrictedEdge, statusOf } from './market.ts';
import { REFUSAL } from './refusal.ts';
import { RULE } from './rules.ts';
import { ACCOUNT_KIND, INSURANCE_FUND, type State } from './state.ts';
import { OPERATION, STATUS } from './status.ts';
import { ACCOUNT, MARKET, POSITION, VENUE } from './tables.ts';
import { canOnlyReduce } from './reduce-only.ts';

const { KIND } = ACCOUNT;
const { TICK_UNITS, MAXIMUM_ORDER, MINIMUM_NOTIONAL, POSITION_LIMIT, MARK, MAXIMUM_OPEN_ORDERS } = MARKET;
const { SIZE, BUY_SIZE, SELL_SIZE, ORDER_COUNT } = POSITION;
const VENUE_STATUS = VENUE.STATUS;
const { SELL, REDUCE_ONLY, SELF_TRADE_SHIFT, SELF_TRADE_MASK } = FLAG;
const { POST_ONLY, IOC } = INSTRUCTION;
/** Largest notional of an order, 1e-8 USDC: up to here sums and products of a fill are exact floats. */
export const NOTIONAL_LIMIT = 2 ** 51;

/** An order as it is asked for; one object is used again for all. */
export class OrderRequest {
  account = 0;
  market = 0;
  /** Ticks; for a market order set to the band edge by `checkPrice`. */
  price = 0;
  size = 0;
  trigger = 0;
  flags = 0;
  /** It came after the time that it names. */
  isLate = false;
}

/** Account and market exist, and the account trades. */
function checkParties(state: State, account: number, market: number): number {
  if (!(market >= 1 && market < state.market.rows)) return REFUSAL.market_unknown;
  if (!(account >= 1 && account < state.account.rows)) return REFUSAL.account_unknown;
  const kind = state.account.i32[account * 16 + KIND];
  if (kind !== ACCOUNT_KIND.TRADER && account !== INSURANCE_FUND) return REFUSAL.account_is_not_a_trader;
  return REFUSAL.none;
}

/** The venue and the market take orders of this instruction now. */
export function checkOpen(state: State, market: number, instruction: number): number {
  const status = statusOf(state, market);
  if (status !== STATUS.OK) {
    if (status === STATUS.MAINTENANCE) {
      const venue = state.venue.i32[state.venue.rowWords + VENUE_STATUS];
      return venue === STATUS.MAINTENANCE ? REFUSAL.venue_in_maintenance : REFUSAL.market_in_maintenance;
    }
    if (status === STATUS.SETTLEMENT) return REFUSAL.market_in_settlement;
    if (status === STATUS.CANCEL_ONLY) return REFUSAL.market_cancel_only;
    if (instruction !== POST_ONLY) return REFUSAL.market_post_only;
  }
  return isPaused(state, market, OPERATION.ORDERS) ? REFUSAL.operation_paused : REFUSAL.none;
}

/** Kind, instruction and flags go together. */
function checkKind(flags: number): number {
  const kind = kindOf(flags);
  const instruction = instructionOf(flags);
  const selfTrade = (flags >> SELF_TRADE_SHIFT) & SELF_TRADE_MASK;
  const known = (flags & ~CLIENT_FLAGS) === 0 && instruction <= IOC && selfTrade <= 2;
  return known && !(isMarketKind(kind) && instruction === POST_ONLY) ? REFUSAL.none : REFUSAL.order_kind_invalid;
}

/** Size, price and trigger are numbers this market can have. A market kind carries no price, whatever came with it. */
export function checkNumbers(state: State, request: OrderRequest): number {
  const kind = kindOf(request.flags);
  if (isMarketKind(kind)) request.price = 0;
  const { size, price, trigger, market } = request;
  if (!(size > 0)) return REFUSAL.size_not_positive;
  const at = market * 128;
  const markets = state.market.f64;
  if (size > (markets[at + MAXIMUM_ORDER] as number)) return REFUSAL.size_above_maximum;
  if (!isMarketKind(kind) && !(price > 0 && price < TICK_LIMIT)) return REFUSAL.price_not_positive;
  if (isConditional(kind) ? !(trigger > 0 && trigger < TICK_LIMIT) : trigger !== 0) return REFUSAL.trigger_not_positive;
  if (size * price * (markets[at + TICK_UNITS] as number) > NOTIONAL_LIMIT) return REFUSAL.notional_too_large;
  return REFUSAL.none;
}

/** Prices of an order that executes or rests now: minimum notional, bands. Sets the limit of a market order. */
export function checkPrice(state: State, request: OrderRequest, position: number): number {
  const { market, size, flags } = request;
  const at = market * 128;
  const markets = state.market.f64;
  const restricted = statusOf(state, market) !== STATUS.OK;
  const needed = restricted ? MARKET_KNOWN.MARK | MARKET_KNOWN.EXTERNAL_BASIS : MARKET_KNOWN.MARK;
  if (!areKnown(state, market, needed)) return REFUSAL.mark_price_unavailable;
  const sell = flags & SELL;
  const mark = markets[at + MARK] as number;
  if (isMarketKind(kindOf(flags))) request.price = sell === 0 ? bandTop(state, market) : bandBottom(state, market);
  if (size * mark < (markets[at + MINIMUM_NOTIONAL] as number) && !closesAll(state, position, sell, size, flags)) {
    return REFUSAL.notional_below_minimum;
  }
  if (sell === 0 ? request.price > bandTop(state, market) : request.price < bandBottom(state, market)) {
    return REFUSAL.price_outside_band;
  }
  return restricted ? checkRestrictedBand(state, market, sell, request.price) : REFUSAL.none;
}

/** In restricted modes a buy may not be above, a sell not below the external fair price by more than the band. */
function checkRestrictedBand(state: State, market: number, sell: number, price: number): number {
  const edge = restrictedEdge(state, market, sell, state.rule.f64[64 + RULE.restricted_band] as number);
  const value = price * (state.market.f64[market * 128 + TICK_UNITS] as number);
  return (sell === 0 ? value > edge : value < edge) ? REFUSAL.price_outside_restricted_band : REFUSAL.none;
}

/** A reduce-only order may be below the minimum notional when it closes the whole position. */
function closesAll(state: State, position: number, sell: number, size: number, flags: number): boolean {
  if ((flags & REDUCE_ONLY) === 0 || position === 0) return false;
  const held = state.position.f64[position * 16 + SIZE] as number;
  return sell === 0 ? size === -held : size === held;
}

/** True when an order, with all open ones of its side and the position, could pass the limit. The fund has none. */
export function isBeyondLimit(state: State, request: OrderRequest, position: number): boolean {
  const { market, size, flags, account } = request;
  if (account === INSURANCE_FUND) return false;
  const { f64 } = state.position;
  const sell = flags & SELL;
  const held = position === 0 ? 0 : (f64[position * 16 + SIZE] as number);
  const open = position === 0 ? 0 : (f64[position * 16 + (sell === 0 ? BUY_SIZE : SELL_SIZE)] as number);
  const reached = size + open + (sell === 0 ? held : -held);
  return reached > (state.market.f64[market * 128 + POSITION_LIMIT] as number);
}

/** What the account may have open: number of orders, position limit, reduce-only. `position` 0: it has none yet. */
export function checkLimits(state: State, request: OrderRequest, position: number): number {
  const { market, size, price, flags } = request;
  const sell = flags & SELL;
  const count = position === 0 ? 0 : (state.position.i32[position * 32 + ORDER_COUNT] as number);
  if (count >= (state.market.i32[market * 256 + MAXIMUM_OPEN_ORDERS] as number)) return REFUSAL.too_many_open_orders;
  if (isBeyondLimit(state, request, position)) return REFUSAL.position_limit_exceeded;
  if ((flags & REDUCE_ONLY) !== 0 && !(position !== 0 && canOnlyReduce(state, position, sell, size, price))) {
    return REFUSAL.reduce_only_would_increase;
  }
  return REFUSAL.none;
}

/** Everything about a new order that needs no other order: what a batch checks of all before it takes any. */
export function checkRequest(state: State, request: OrderRequest): number {
  return (
    checkParties(state, request.account, request.market) ||
    checkOpen(state, request.market, instructionOf(request.flags)) ||
    checkKind(request.flags) ||
    checkNumbers(state, request)
  );
}
