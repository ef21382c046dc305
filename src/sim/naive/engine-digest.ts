/** The engine's state as the text of `digest.ts`, read from its tables and its books. */
import { MARKET_PARAMETERS } from '../../engine/command.ts';
import { FLAG } from '../../engine/flags.ts';
import { TICK_LIMIT } from '../../engine/ladder.ts';
import { MARKET_KNOWN, marketParameter } from '../../engine/market.ts';
import { QUOTE_KNOWN } from '../../engine/command.ts';
import { orderId } from '../../engine/order-id.ts';
import { RULES } from '../../engine/rules.ts';
import { BASIS_KNOWN } from '../../engine/samples.ts';
import { marketCount, positionsOf, type State } from '../../engine/state.ts';
import type { Table } from '../../engine/table.ts';
import {
  ACCOUNT,
  ACCOUNT_KEY,
  CLIENT_ID,
  MARKET,
  ORACLE,
  ORACLE_LIMIT,
  ORDER,
  POSITION,
  QUOTE,
  REFUND,
  VENUE,
  VENUE_LIMIT,
  WITHDRAWAL,
} from '../../engine/tables.ts';
import { line } from './digest.ts';

/** One row of a table: floats, words and wide values by the offsets of `tables.ts`. */
class Row {
  private readonly table: Table;
  private readonly row: number;

  constructor(table: Table, row: number) {
    this.table = table;
    this.row = row;
  }

  float(offset: number): number {
    return this.table.f64[this.row * this.table.rowFloats + offset] as number;
  }

  word(offset: number): number {
    return this.table.i32[this.row * this.table.rowWords + offset] as number;
  }

  wide(offset: number): bigint {
    return BigInt(this.float(offset)) * (1n << 50n) + BigInt(this.float(offset + 1));
  }

  words(offset: number, count: number): string {
    const from = this.row * this.table.rowWords + offset;
    return this.table.i32.subarray(from, from + count).join();
  }
}

/** The state of the engine as text. */
export function digestOfState(state: State): string {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
  return [
    venueLine(new Row(state.venue, 1)),
    line(
      'rules',
      RULES.map((_, number) => new Row(state.rule, 1).float(number)),
    ),
    ...withdrawalLines(state),
    ...refundLines(state),
    ...numbers(state.account.rows - 1).flatMap((account) => accountLines(state, account)),
    ...numbers(marketCount(state)).flatMap((market) => marketLines(state, market)),
  ].join('\n');
}

function venueLine(venue: Row): string {
  const priced = venue.word(VENUE.KNOWN) !== 0;
  return line('venue', [
    venue.float(VENUE.SEQUENCE),
    venue.float(VENUE.TIME_MS),
    venue.word(VENUE.STATUS),
    venue.word(VENUE.PAUSED),
    venue.float(VENUE.TRADES),
    venue.float(VENUE.WITHDRAWALS),
    venue.float(VENUE.HEALTH_MS),
    priced ? venue.float(VENUE.COLLATERAL_PRICE) : undefined,
    priced ? venue.float(VENUE.COLLATERAL_MS) : undefined,
    venue.float(VENUE.DEPOSIT_REFERENCE),
    venue.float(VENUE.LOSS_FACTOR),
    venue.wide(VENUE.DEPOSITED_HIGH),
    venue.wide(VENUE.WITHDRAWN_HIGH),
    venue.wide(VENUE.RESERVED_HIGH),
  ]);
}

function withdrawalLines(state: State): string[] {
  const rows = Array.from({ length: state.withdrawal.rows - 1 }, (_, at) => new Row(state.withdrawal, at + 1));
  return rows
    .filter((row) => row.word(WITHDRAWAL.STATUS) !== 0)
    .sort((a, b) => a.float(WITHDRAWAL.ID) - b.float(WITHDRAWAL.ID))
    .map((row) =>
      line('withdrawal', [
        row.float(WITHDRAWAL.ID),
        row.word(WITHDRAWAL.ACCOUNT),
        row.float(WITHDRAWAL.AMOUNT),
        row.float(WITHDRAWAL.LOSS),
      ]),
    );
}

const STATUSES = ['-', 'pending', 'posted', 'voided', 'reversed'];

function refundLines(state: State): string[] {
  const rows = Array.from({ length: state.refund.rows - 1 }, (_, at) => new Row(state.refund, at + 1));
  return rows.map((row) =>
    line('refund', [
      row.words(REFUND.ID, 4),
      row.word(REFUND.ACCOUNT),
      row.float(REFUND.AMOUNT),
      STATUSES[row.word(REFUND.STATUS)],
    ]),
  );
}

function accountLines(state: State, number: number): string[] {
  const account = new Row(state.account, number);
  const marketOf = (row: number): number => new Row(state.position, row).word(POSITION.MARKET);
  const positions = positionsOf(state, number).sort((a, b) => marketOf(a) - marketOf(b));
  return [
    line(`account ${number}`, [
      account.word(ACCOUNT.KIND),
      account.word(ACCOUNT.FEE_CLASS),
      account.float(ACCOUNT.CREATED_MS),
      account.wide(ACCOUNT.BALANCE_HIGH),
      account.wide(ACCOUNT.PENDING_HIGH),
      account.float(ACCOUNT.RECEIVABLE),
      new Row(state.accountKey, number).words(ACCOUNT_KEY.KEY, 8),
    ]),
    ...positions.map((row) => positionLine(state, number, row)),
  ];
}

function positionLine(state: State, account: number, row: number): string {
  const position = new Row(state.position, row);
  const orders: number[] = [];
  let order = position.word(POSITION.FIRST_ORDER);
  for (; order !== 0; order = new Row(state.order, order).word(ORDER.NEXT_OWN)) orders.push(orderId(state, order));
  return line(`position ${account} ${position.word(POSITION.MARKET)}`, [
    position.float(POSITION.SIZE),
    position.wide(POSITION.COST_HIGH),
    position.float(POSITION.FUNDING_INDEX),
    position.float(POSITION.BUY_SIZE),
    position.float(POSITION.SELL_SIZE),
    position.wide(POSITION.REALISED_PROFIT_HIGH),
    position.wide(POSITION.REALISED_FUNDING_HIGH),
    position.word(POSITION.INITIAL_MARGIN),
    orders.join() || '-',
  ]);
}

function marketLines(state: State, number: number): string[] {
  const market = new Row(state.market, number);
  const known = market.word(MARKET.KNOWN);
  return [
    line(`market ${number}`, [
      market.words(MARKET.NAME, 8),
      market.word(MARKET.FUNDING_PERIOD_S),
      market.word(MARKET.VENUES),
      market.float(MARKET.TICK_UNITS),
    ]),
    line(
      `parameters ${number}`,
      MARKET_PARAMETERS.map((parameter) => marketParameter(state, number, parameter)),
    ),
    line(`trading ${number}`, [
      market.word(MARKET.STATUS),
      market.word(MARKET.PAUSED),
      market.word(MARKET.DELISTED),
      (known & MARKET_KNOWN.LAST_TRADE) !== 0 ? market.float(MARKET.LAST_TRADE) : undefined,
      market.float(MARKET.TRADE_COUNT),
      market.wide(MARKET.VOLUME_HIGH),
      market.float(MARKET.OPEN_INTEREST),
    ]),
    pricesLine(market, number, known),
    fundingLine(market, number, known),
    ...sampleLines(state, number),
    ...bookOrders(state, number).map((row) => orderLine(state, row)),
    ...waitingOrders(state, number).map((row) => orderLine(state, row)),
  ];
}

function pricesLine(market: Row, number: number, known: number): string {
  const ifKnown = (bit: number, offset: number): number | undefined =>
    (known & bit) !== 0 ? market.float(offset) : undefined;
  return line(`prices ${number}`, [
    ifKnown(MARKET_KNOWN.SPOT, MARKET.SPOT),
    ifKnown(MARKET_KNOWN.MARK, MARKET.MARK),
    ifKnown(MARKET_KNOWN.MARK, MARKET.FAIR_BASIS),
    ifKnown(MARKET_KNOWN.EXTERNAL_BASIS, MARKET.EXTERNAL_BASIS),
    ifKnown(MARKET_KNOWN.EXTERNAL_BASIS, MARKET.EXTERNAL_FAIR),
    ifKnown(MARKET_KNOWN.BID_BASIS, MARKET.BID_BASIS),
    ifKnown(MARKET_KNOWN.ASK_BASIS, MARKET.ASK_BASIS),
    ifKnown(MARKET_KNOWN.TRADE_BASIS, MARKET.TRADE_BASIS),
    ifKnown(MARKET_KNOWN.MID_BASIS, MARKET.MID_BASIS),
    ifKnown(MARKET_KNOWN.SLOW_BASIS, MARKET.SLOW_BASIS),
    market.float(MARKET.LIQUIDITY_WEIGHT),
  ]);
}

function fundingLine(market: Row, number: number, known: number): string {
  const rated = (known & MARKET_KNOWN.FUNDING_RATE) !== 0;
  return line(`funding ${number}`, [
    rated ? market.float(MARKET.PREMIUM_RATE) : undefined,
    rated ? market.float(MARKET.RAW_RATE) : undefined,
    rated ? market.float(MARKET.FUNDING_RATE) : undefined,
    rated ? market.float(MARKET.FUNDING_PREMIUM) : undefined,
    market.float(MARKET.FUNDING_INDEX),
    market.float(MARKET.FUNDING_REMAINDER),
    (known & MARKET_KNOWN.ACCRUING) !== 0 ? 1 : 0,
    market.float(MARKET.FUNDING_MS),
    (known & MARKET_KNOWN.TICK) !== 0 ? market.float(MARKET.TICK_MS) : undefined,
    market.wide(MARKET.FUNDING_CLEARING_HIGH),
    market.wide(MARKET.FUNDING_SETTLED_HIGH),
  ]);
}

function sampleLines(state: State, number: number): string[] {
  const lines: string[] = [];
  for (let source = 0; source < ORACLE_LIMIT; source++) {
    const oracle = new Row(state.oracle, number * ORACLE_LIMIT + source);
    if (oracle.word(ORACLE.KNOWN) === 0) continue;
    lines.push(line(`oracle ${number} ${source}`, [oracle.float(ORACLE.PRICE), oracle.float(ORACLE.TIME_MS)]));
  }
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const quote = new Row(state.quote, number * VENUE_LIMIT + venue);
    const known = quote.word(QUOTE.KNOWN);
    if (known === 0) continue;
    const price = (bit: number, offset: number): number | undefined =>
      (known & bit) !== 0 ? quote.float(offset) : undefined;
    const values = [
      price(QUOTE_KNOWN.MARK, QUOTE.MARK),
      price(QUOTE_KNOWN.INDEX, QUOTE.INDEX),
      price(QUOTE_KNOWN.IMPACT_BID, QUOTE.IMPACT_BID),
      price(QUOTE_KNOWN.IMPACT_ASK, QUOTE.IMPACT_ASK),
      quote.float(QUOTE.TIME_MS),
      price(BASIS_KNOWN, QUOTE.BASIS),
    ];
    lines.push(line(`quote ${number} ${venue}`, values));
  }
  return lines;
}

/** The rows of a market's resting orders as its book has them: buys, then sells, best first. */
function bookOrders(state: State, number: number): number[] {
  const book = state.index.books[number];
  if (book === undefined) return [];
  const rows: number[] = [];
  const level = (tick: number): void => {
    let row = book.ladder.head(tick);
    for (; row !== 0; row = new Row(state.order, row).word(ORDER.NEXT)) rows.push(row);
  };
  for (let tick = book.bestBid; tick > 0; tick = book.ladder.below(tick - 1)) level(tick);
  for (let tick = book.bestAsk; tick < TICK_LIMIT; tick = book.ladder.above(tick + 1)) level(tick);
  return rows;
}

function waitingOrders(state: State, number: number): number[] {
  const rows: number[] = [];
  for (let row = 1; row < state.order.rows; row++) {
    const order = new Row(state.order, row);
    const waits = order.word(ORDER.SIZE) !== 0 && (order.word(ORDER.FLAGS) & FLAG.UNTRIGGERED) !== 0;
    if (waits && order.word(ORDER.MARKET) === number) rows.push(row);
  }
  return rows.sort((a, b) => orderId(state, a) - orderId(state, b));
}

function orderLine(state: State, row: number): string {
  const order = new Row(state.order, row);
  const client = new Row(state.clientId, order.word(ORDER.CLIENT_ID));
  const hasClientId = order.word(ORDER.CLIENT_ID) !== 0;
  return line('order', [
    orderId(state, row),
    order.word(ORDER.ACCOUNT),
    order.word(ORDER.PRICE),
    order.word(ORDER.REMAINING),
    order.word(ORDER.SIZE),
    order.word(ORDER.FLAGS),
    order.word(ORDER.TRIGGER),
    order.float(ORDER.CREATED_MS),
    hasClientId ? `${client.word(CLIENT_ID.LENGTH)}:${client.words(CLIENT_ID.TEXT, 16)}` : undefined,
  ]);
}
