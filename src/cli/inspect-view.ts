// What `inspect` shows of a state: an account, a market.
import { toHex } from '../chain/digest.ts';
import { Wide } from '../engine/amount.ts';
import type { Book } from '../engine/book.ts';
import { TICK_LIMIT } from '../engine/ladder.ts';
import { computeMargin, Margin } from '../engine/margin.ts';
import { REFUND_STATUS } from '../engine/refund.ts';
import { marketCount, marketName, positionsOf, type State } from '../engine/state.ts';
import { STATUS } from '../engine/status.ts';
import { ACCOUNT, MARKET, ORDER, POSITION, REFUND } from '../engine/tables.ts';
import { CommandError } from './errors.ts';
import { decimalUnits, decimalUsdc, readableCount } from './money.ts';
import type { Alignment } from './table.ts';

export interface View {
  readonly title: string;
  readonly rows: string[][];
  readonly alignments: readonly Alignment[];
  readonly json: Readonly<Record<string, unknown>>;
}

/** A price as people write it, USD: price units are of a lot, whose size it needs. */
export function priceText(state: State, market: number, units: number): string {
  const step = (state.market.f64[market * 128 + MARKET.SIZE_STEP] as number) / 1e12;
  return (units / 1e8 / step).toLocaleString('en-US', { maximumFractionDigits: 8, useGrouping: false });
}

/** A size as people write it, in units of base. */
export function sizeText(state: State, market: number, lots: number): string {
  const step = (state.market.f64[market * 128 + MARKET.SIZE_STEP] as number) / 1e12;
  return (lots * step).toLocaleString('en-US', { maximumFractionDigits: 12, useGrouping: false });
}

const REFUND_NAMES = new Map<number, string>(
  Object.entries(REFUND_STATUS).map(([name, code]) => [code, name.toLowerCase()]),
);

/** What the remedy paid an account, set aside for it, or took back of it. */
function refundsOf({ refund }: State, account: number): { id: string; status: string; amount: string }[] {
  const found: { id: string; status: string; amount: string }[] = [];
  for (let row = 1; row < refund.rows; row++) {
    const at = row * refund.rowWords;
    if (refund.i32[at + REFUND.ACCOUNT] !== account) continue;
    found.push({
      id: toHex(refund.bytes.subarray((at + REFUND.ID) * 4, (at + REFUND.ID + 4) * 4)),
      status: REFUND_NAMES.get(refund.i32[at + REFUND.STATUS] as number) ?? 'none',
      amount: decimalUnits(BigInt(refund.f64[row * refund.rowFloats + REFUND.AMOUNT] as number)),
    });
  }
  return found;
}

/** An account: balance, margin, positions. Refuses a number that is no account. */
export function accountView(state: State, account: number): View[] {
  if (account >= state.account.rows) {
    throw new CommandError('account_not_found', `accounts are 1 to ${state.account.rows - 1}; there is no ${account}`);
  }
  const margin = computeMargin(state, account, new Margin());
  const wide = (column: number): string =>
    decimalUsdc(new Wide().load(state.account.f64, account * state.account.rowFloats + column));
  const json = {
    account,
    balance: wide(ACCOUNT.BALANCE_HIGH),
    pendingWithdrawals: wide(ACCOUNT.PENDING_HIGH),
    receivable: decimalUnits(BigInt(state.account.f64[account * 8 + ACCOUNT.RECEIVABLE] as number)),
    refunds: refundsOf(state, account),
    equity: decimalUsdc(margin.equity),
    initialMargin: decimalUsdc(margin.initial),
    maintenanceMargin: decimalUsdc(margin.maintenance),
    positions: positionsOf(state, account)
      .map((row) => positionJson(state, row))
      .filter(({ size, orders }) => size !== '0' || orders > 0),
  };
  const money: [string, string][] = [
    ['balance', json.balance],
    ['equity', json.equity],
    ['initial margin', json.initialMargin],
    ['maintenance margin', json.maintenanceMargin],
    ['pending withdrawals', json.pendingWithdrawals],
    ['owes the venue', json.receivable],
    ...json.refunds.map(({ id, status, amount }): [string, string] => [`refund ${id}, ${status}`, amount]),
  ];
  const heading = ['market', 'size', 'cost', 'mark', 'funding index', 'orders'];
  return [
    { title: `Account ${account}, USDC`, rows: money, alignments: ['left', 'right'], json: { account: json } },
    {
      title: `Positions of account ${account}`,
      rows: [
        heading,
        ...json.positions.map((p) => [p.market, p.size, p.cost, p.mark, p.fundingIndex, String(p.orders)]),
      ],
      alignments: ['left', 'right', 'right', 'right', 'right', 'right'],
      json: {},
    },
  ];
}

function positionJson(state: State, row: number) {
  const { f64, i32, rowFloats, rowWords } = state.position;
  const market = i32[row * rowWords + POSITION.MARKET] as number;
  const mark = state.market.f64[market * 128 + MARKET.MARK] as number;
  return {
    market: marketName(state, market),
    size: sizeText(state, market, f64[row * rowFloats + POSITION.SIZE] as number),
    cost: decimalUsdc(new Wide().load(f64, row * rowFloats + POSITION.COST_HIGH)),
    mark: priceText(state, market, mark),
    fundingIndex: priceText(state, market, (f64[row * rowFloats + POSITION.FUNDING_INDEX] as number) / 1e6),
    orders: i32[row * rowWords + POSITION.ORDER_COUNT] as number,
  };
}

const LEVELS = 5;

/** A market: prices, funding, interest, and the best levels of its book. Refuses a symbol that is no market. */
export function marketView(state: State, name: string): View[] {
  const names = Array.from({ length: marketCount(state) }, (_, place) => marketName(state, place + 1));
  const market = names.indexOf(name) + 1;
  if (market === 0) {
    throw new CommandError(
      'market_not_found',
      `there is no market ${name}; the markets are ${names.slice(0, 20).join(', ')}`,
    );
  }
  const { f64, i32 } = state.market;
  const value = (column: number): number => f64[market * 128 + column] as number;
  const json = {
    market: name,
    status: Object.entries(STATUS).find(([, code]) => code === i32[market * 256 + MARKET.STATUS])?.[0],
    spot: priceText(state, market, value(MARKET.SPOT)),
    mark: priceText(state, market, value(MARKET.MARK)),
    externalFair: priceText(state, market, value(MARKET.EXTERNAL_FAIR)),
    fundingRate: (value(MARKET.FUNDING_RATE) / 1e12).toFixed(12),
    fundingIndex: priceText(state, market, value(MARKET.FUNDING_INDEX) / 1e6),
    openInterest: sizeText(state, market, value(MARKET.OPEN_INTEREST)),
    trades: value(MARKET.TRADE_COUNT),
    volume: decimalUsdc(new Wide().load(f64, market * 128 + MARKET.VOLUME_HIGH)),
    bids: levels(state, market, 0),
    asks: levels(state, market, 1),
  };
  const rows = Object.entries(json)
    .filter(([key]) => key !== 'bids' && key !== 'asks')
    .map(([key, text]) => [key, typeof text === 'number' ? readableCount(text) : String(text)]);
  const book = json.bids.map(([price, size], level) => [size, price, ...(json.asks[level] ?? ['', ''])] as string[]);
  return [
    { title: name, rows, alignments: ['left', 'right'], json: { market: json } },
    {
      title: 'Book',
      rows: [['bid size', 'bid', 'ask', 'ask size'], ...book],
      alignments: ['right', 'right', 'right', 'right'],
      json: {},
    },
  ];
}

/** The best levels of one side, as [price, size]. */
function levels(state: State, market: number, sell: 0 | 1): [price: string, size: string][] {
  const { ladder, bestBid, bestAsk } = state.index.books[market] as Book;
  const units = state.market.f64[market * 128 + MARKET.TICK_UNITS] as number;
  const { i32 } = state.order;
  const found: [string, string][] = [];
  let tick = sell === 0 ? bestBid : bestAsk;
  while (found.length < LEVELS && tick > 0 && tick < TICK_LIMIT) {
    let lots = 0;
    for (let row = ladder.head(tick); row !== 0; row = i32[row * 16 + ORDER.NEXT] as number) {
      lots += i32[row * 16 + ORDER.REMAINING] as number;
    }
    found.push([priceText(state, market, tick * units), sizeText(state, market, lots)]);
    tick = sell === 0 ? ladder.below(tick - 1) : ladder.above(tick + 1);
  }
  return found;
}
