/** Whether an order may be taken: the checks in the order of `REFUSALS`. */
import { ORDER_KIND } from '../../engine/flags.ts';
import type { Refusal } from '../../engine/refusal.ts';
import { lotsOf, type OpenOrder } from './margin.ts';
import { ceilDivide, floorDivide, higher, lower } from './rounding.ts';
import { CANCEL_ONLY, isStoppedIn, MAINTENANCE, OK, POST_ONLY, SETTLEMENT, statusIn } from './status.ts';
import { FEES, FUND, type Market, type Position, type World } from './world.ts';

const PPM = 1_000_000n;
/** Ticks are 1 … 2^30 − 1. */
const TICKS = 2n ** 30n;
const LARGEST_NOTIONAL = 2n ** 51n;

export const INSTRUCTION_POST_ONLY = 1;
export const INSTRUCTION_IOC = 2;

/** An order as it is asked for. */
export interface Request {
  readonly account: number;
  readonly market: number;
  /** Ticks; of a market order the band edge, once it is known. */
  price: bigint;
  size: bigint;
  readonly trigger: bigint;
  readonly flags: number;
  readonly sell: boolean;
  readonly kind: number;
  readonly instruction: number;
  readonly reduceOnly: boolean;
  readonly selfTrade: number;
}

/** Whether an order comes after the time it names; 0 names none. */
export function isLate(world: World, notAfterMs: number): boolean {
  return notAfterMs !== 0 && !(notAfterMs >= world.timeMs);
}

export function isMarketKind(kind: number): boolean {
  return [ORDER_KIND.MARKET, ORDER_KIND.STOP_MARKET, ORDER_KIND.TAKE_PROFIT_MARKET, ORDER_KIND.STOP_LOSS_MARKET].some(
    (each) => each === kind,
  );
}

export function isConditional(kind: number): boolean {
  return kind !== ORDER_KIND.LIMIT && kind !== ORDER_KIND.MARKET;
}

/** Unpacks what the client packed in one integer. A market kind carries no price, whatever came with it. */
export function requestOf(
  account: number,
  market: number,
  price: number,
  size: number,
  trigger: number,
  flags: number,
): Request {
  const kind = (flags >> 1) & 7;
  return {
    account,
    market,
    price: isMarketKind(kind) ? 0n : BigInt(price),
    size: BigInt(size),
    trigger: BigInt(trigger),
    flags,
    sell: (flags & 1) === 1,
    kind,
    instruction: (flags >> 4) & 3,
    reduceOnly: (flags & 64) !== 0,
    selfTrade: (flags >> 7) & 3,
  };
}

/** Market and account exist, and the account trades: traders do, and the insurance fund. */
function checkParties(world: World, account: number, market: number): Refusal {
  if (world.markets[market] === undefined) return 'market_unknown';
  if (world.accounts[account] === undefined) return 'account_unknown';
  return account === FEES ? 'account_is_not_a_trader' : 'none';
}

/** The venue and the market take orders of this instruction now. */
export function checkOpen(world: World, market: Market, instruction: number): Refusal {
  const status = statusIn(world, market);
  if (world.status === MAINTENANCE) return 'venue_in_maintenance';
  if (status === MAINTENANCE) return 'market_in_maintenance';
  if (status === SETTLEMENT) return 'market_in_settlement';
  if (status === CANCEL_ONLY) return 'market_cancel_only';
  if (status === POST_ONLY && instruction !== INSTRUCTION_POST_ONLY) return 'market_post_only';
  return isStoppedIn(world, market, 'orders') ? 'operation_paused' : 'none';
}

function checkKind(request: Request): Refusal {
  const { flags, kind, instruction, selfTrade } = request;
  const known = flags >= 0 && flags < 512 && instruction <= INSTRUCTION_IOC && selfTrade <= 2;
  const fits = !(isMarketKind(kind) && instruction === INSTRUCTION_POST_ONLY);
  return known && fits ? 'none' : 'order_kind_invalid';
}

/** Size, price and trigger are numbers this market can have. */
export function checkNumbers(market: Market, request: Request): Refusal {
  const { size, price, trigger, kind } = request;
  const isTick = (value: bigint): boolean => value > 0n && value < TICKS;
  if (size <= 0n) return 'size_not_positive';
  if (size > market.parameters.MAXIMUM_ORDER) return 'size_above_maximum';
  if (!isMarketKind(kind) && !isTick(price)) return 'price_not_positive';
  if (isConditional(kind) ? !isTick(trigger) : trigger !== 0n) return 'trigger_not_positive';
  return size * price * market.units > LARGEST_NOTIONAL ? 'notional_too_large' : 'none';
}

/** Everything about a new order that needs no other order. */
export function checkRequest(world: World, request: Request): Refusal {
  const parties = checkParties(world, request.account, request.market);
  if (parties !== 'none') return parties;
  const market = world.markets[request.market] as Market;
  const open = checkOpen(world, market, request.instruction);
  if (open !== 'none') return open;
  const kind = checkKind(request);
  return kind !== 'none' ? kind : checkNumbers(market, request);
}

/** The highest buy that may be aggressive: mark × (1 + band), the width and the tick rounded down. */
function bandTop(market: Market, mark: bigint): bigint {
  const width = floorDivide(mark * market.parameters.PRICE_BAND, PPM);
  return lower(TICKS - 1n, floorDivide(mark + width, market.units));
}

/** The lowest sell that may be aggressive: mark × (1 − band), rounded up to a tick, within the ticks there are. */
function bandBottom(market: Market, mark: bigint): bigint {
  const width = floorDivide(mark * market.parameters.PRICE_BAND, PPM);
  return higher(1n, lower(TICKS - 1n, ceilDivide(mark - width, market.units)));
}

/** Whether a price is beyond the external fair price ± the band of restricted modes, whose width is rounded down. */
export function isBeyondFair(world: World, market: Market, sell: boolean, price: bigint): boolean {
  const fair = market.externalFair;
  const width = floorDivide(fair * world.rules.restricted_band, PPM);
  return sell ? price * market.units < fair - width : price * market.units > fair + width;
}

/** Prices of an order that executes or rests now. A market order gets the band edge as its limit. */
export function checkPrice(world: World, market: Market, request: Request, held: bigint): Refusal {
  const { sell, reduceOnly } = request;
  const { mark } = market;
  const restricted = statusIn(world, market) !== OK;
  if (mark === undefined || (restricted && market.externalBasis === undefined)) return 'mark_price_unavailable';
  const edge = sell ? bandBottom(market, mark) : bandTop(market, mark);
  if (isMarketKind(request.kind)) request.price = edge;
  const closesAll = reduceOnly && request.size === (sell ? held : -held);
  if (request.size * mark < market.parameters.MINIMUM_NOTIONAL && !closesAll) return 'notional_below_minimum';
  if (sell ? request.price < edge : request.price > edge) return 'price_outside_band';
  const beyond = restricted && isBeyondFair(world, market, sell, request.price);
  return beyond ? 'price_outside_restricted_band' : 'none';
}

/** True when the order would take the position beyond the limit: size + open orders of its side + position of its side. */
export function isBeyondLimit(
  market: Market,
  request: Request,
  position: Position | undefined,
  others: readonly OpenOrder[],
): boolean {
  if (request.account === FUND) return false;
  const held = position?.size ?? 0n;
  const reached = request.size + lotsOf(others, request.sell) + (request.sell ? -held : held);
  return reached > market.parameters.POSITION_LIMIT;
}

/** True when a reduce-only order, with all that would fill before it, closes no more than the position. */
export function canOnlyReduce(held: bigint, request: Request, others: readonly OpenOrder[]): boolean {
  const closable = request.sell ? held : -held;
  if (closable <= 0n) return false;
  const before = others.filter(
    ({ sell, price }) => sell === request.sell && (sell ? price <= request.price : price >= request.price),
  );
  return request.size + lotsOf(before, request.sell) <= closable;
}
