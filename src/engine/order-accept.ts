/**
 * The quick way in: most orders pass every check, and seeing that all at once costs a fraction of asking one by one. What is
 * not plainly acceptable here goes through the checks of `order-check.ts` and `risk.ts`, which alone refuse, by name.
 */
import type { Book } from './book.ts';
import { FLAG, INSTRUCTION } from './flags.ts';
import { TICK_LIMIT } from './ladder.ts';
import { MARKET_KNOWN } from './market.ts';
import { NOTIONAL_LIMIT, type OrderRequest } from './order-check.ts';
import { RULE } from './rules.ts';
import { ACCOUNT_KIND, type State } from './state.ts';
import { ACCOUNT, MARKET, POSITION, VENUE } from './tables.ts';

const { STATUS, PAUSED, KNOWN, MAXIMUM_OPEN_ORDERS, TICK_UNITS, MAXIMUM_ORDER, MINIMUM_NOTIONAL } = MARKET;
const { POSITION_LIMIT, MARK } = MARKET;
const MARKET_INITIAL = MARKET.INITIAL_MARGIN;
const VENUE_STATUS = VENUE.STATUS;
const VENUE_PAUSED = VENUE.PAUSED;
const { KIND, FEE_CLASS } = ACCOUNT;
const { SIZE, BUY_SIZE, SELL_SIZE, INITIAL_MARGIN, ORDER_COUNT } = POSITION;
const TRADER = ACCOUNT_KIND.TRADER;
const KNOWN_MARK = MARKET_KNOWN.MARK;
const LIMIT = NOTIONAL_LIMIT;
const TICKS = TICK_LIMIT;
const SELL = FLAG.SELL;
/** Of a plain order only side, instruction and self-trade prevention are set: kind LIMIT is 0, reduce-only is not. */
const PLAIN =
  FLAG.SELL | (FLAG.INSTRUCTION_MASK << FLAG.INSTRUCTION_SHIFT) | (FLAG.SELF_TRADE_MASK << FLAG.SELF_TRADE_SHIFT);
const INSTRUCTION_SHIFT = FLAG.INSTRUCTION_SHIFT;
const SELF_TRADE_SHIFT = FLAG.SELF_TRADE_SHIFT;
const POST_ONLY = INSTRUCTION.POST_ONLY;
const TAKER_FEE = 64 + RULE.taker_fee;
const RETAIL_TAKER_FEE = 64 + RULE.retail_taker_fee;

/**
 * The position of an order that passes every check for certain: a limit order of a trader who has a position row there, in a
 * market where nothing is paused, with a margin bound that suffices. 0: not certain, ask the checks.
 */
export function plainlyAcceptable(state: State, request: OrderRequest): number {
  const { account, market, price, size, flags } = request;
  const { market: markets, venue, account: accounts, index } = state;
  if (!(market >= 1 && market < markets.rows && account >= 1 && account < accounts.rows)) return 0;
  const words = markets.i32;
  const word = market * 256;
  const closed =
    (words[word + STATUS] as number) |
    (words[word + PAUSED] as number) |
    (venue.i32[128 + VENUE_STATUS] as number) |
    (venue.i32[128 + VENUE_PAUSED] as number);
  if (closed !== 0 || ((words[word + KNOWN] as number) & KNOWN_MARK) === 0) return 0;
  if ((flags & ~PLAIN) !== 0 || ((flags >> INSTRUCTION_SHIFT) & 3) === 3 || flags >> SELF_TRADE_SHIFT === 3) return 0;
  if (accounts.i32[account * 16 + KIND] !== TRADER || request.trigger !== 0) return 0;
  const sell = flags & SELL;
  const { bands } = index;
  if (sell === 0) {
    if (!(price > 0 && price <= (bands[market * 2 + 1] as number))) return 0;
  } else if (!(price < TICKS && price >= (bands[market * 2] as number))) return 0;
  const floats = markets.f64;
  const at = market * 128;
  const mark = floats[at + MARK] as number;
  const value = price * (floats[at + TICK_UNITS] as number);
  if (!(size > 0 && size <= (floats[at + MAXIMUM_ORDER] as number)) || size * value > LIMIT) return 0;
  if (size * mark < (floats[at + MINIMUM_NOTIONAL] as number)) return 0;
  if (((flags >> INSTRUCTION_SHIFT) & 3) === POST_ONLY && (index.books[market] as Book).crosses(sell, price)) return 0;
  const { position } = state;
  const row = index.positions.find(position, account, market);
  if (row === 0) return 0;
  if ((position.i32[row * 32 + ORDER_COUNT] as number) >= (words[word + MAXIMUM_OPEN_ORDERS] as number)) return 0;
  const { f64 } = position;
  const held = f64[row * 16 + SIZE] as number;
  const reached =
    sell === 0 ? (f64[row * 16 + BUY_SIZE] as number) + held : (f64[row * 16 + SELL_SIZE] as number) - held;
  if (size + reached > (floats[at + POSITION_LIMIT] as number)) return 0;
  const own = position.i32[row * 32 + INITIAL_MARGIN] as number;
  const base = floats[at + MARKET_INITIAL] as number;
  const fee = state.rule.f64[accounts.i32[account * 16 + FEE_CLASS] === 0 ? TAKER_FEE : RETAIL_TAKER_FEE] as number;
  const loss = sell === 0 ? value - mark : mark - value;
  const most = size * (mark * ((own > base ? own : base) + fee) * 1e-6 + (loss > 0 ? loss : 0)) * (1 + 1e-9) + 2;
  return index.bounds.slack(account) >= most ? row : 0;
}
