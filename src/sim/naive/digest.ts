/**
 * The state as text, the same for the naive exchange and the engine when they agree: what is known of accounts, positions,
 * orders in the order of the book, markets, the venue. What has not been set yet is `-`, never 0.
 */
import { MARKET_PARAMETERS } from '../../engine/command.ts';
import { RULES } from '../../engine/rules.ts';
import { FLAG } from '../../engine/flags.ts';
import { lotsOf, openOrders } from './margin.ts';
import type { Account, Market, Order, Position, World } from './world.ts';

type Value = number | bigint | string | undefined;

/** One line: a name and its values. */
export function line(name: string, values: readonly Value[]): string {
  return `${name} ${values.map((value) => value ?? '-').join(' ')}`;
}

/** The state of the naive exchange as text. */
export function digestOfWorld(world: World): string {
  const markets = world.markets.filter((market) => market !== undefined);
  const accounts = world.accounts.filter((account) => account !== undefined);
  return [
    venueLine(world),
    line(
      'rules',
      RULES.map(({ name }) => world.rules[name]),
    ),
    ...world.withdrawals
      .toSorted((a, b) => a.id - b.id)
      .map(({ id, account, amount, loss }) => line('withdrawal', [id, account.number, amount, loss])),
    ...world.refunds.map(({ id, account, amount, status }) => line('refund', [id, account.number, amount, status])),
    ...accounts.flatMap(accountLines),
    ...markets.flatMap((market) => marketLines(world, market)),
  ].join('\n');
}

function venueLine(world: World): string {
  return line('venue', [
    world.sequence,
    world.timeMs,
    world.status,
    world.paused,
    world.trades,
    world.withdrawalCount,
    world.healthMs,
    world.collateral?.price,
    world.collateral?.sourceMs,
    world.depositReference,
    world.lossFactor,
    world.deposited,
    world.withdrawn,
    world.refunds.reduce((sum, { status, amount }) => (status === 'pending' ? sum + amount : sum), 0n),
  ]);
}

function accountLines(account: Account): string[] {
  const { number, kind, feeClass, createdMs, balance, pending, receivable, key } = account;
  const positions = account.positions.toSorted((a, b) => a.market.number - b.market.number);
  return [
    line(`account ${number}`, [kind, feeClass, createdMs, balance, pending, receivable, key]),
    ...positions.map((position) => positionLine(number, position)),
  ];
}

function positionLine(account: number, position: Position): string {
  const orders = openOrders(position);
  return line(`position ${account} ${position.market.number}`, [
    position.size,
    position.cost,
    position.index,
    lotsOf(orders, false),
    lotsOf(orders, true),
    position.realisedProfit,
    position.realisedFunding,
    position.ownFraction,
    position.orders.map(({ id }) => id).join(',') || '-',
  ]);
}

function marketLines(world: World, market: Market): string[] {
  const { number, parameters } = market;
  const positions = world.accounts.flatMap((account) =>
    (account?.positions ?? []).filter((position) => position.market === market),
  );
  const openInterest = positions.reduce((sum, { size }) => (size > 0n ? sum + size : sum), 0n);
  const settled = positions.reduce((sum, { size, index }) => sum + size * index, 0n);
  return [
    line(`market ${number}`, [market.name, market.fundingPeriodS, market.venues, market.units]),
    line(
      `parameters ${number}`,
      MARKET_PARAMETERS.map((parameter) => parameters[parameter]),
    ),
    line(`trading ${number}`, [
      market.status,
      market.paused,
      market.delisted ? 1 : 0,
      market.lastTrade,
      market.trades,
      market.volume,
      openInterest,
    ]),
    pricesLine(market),
    fundingLine(market, settled),
    ...market.oracles.flatMap((sample, source) =>
      sample === undefined ? [] : [line(`oracle ${number} ${source}`, [sample.price, sample.sourceMs])],
    ),
    ...market.quotes.flatMap((quote, venue) => {
      if (quote === undefined) return [];
      const { mark, index, impactBid, impactAsk, sourceMs } = quote;
      const values = [mark, index, impactBid, impactAsk, sourceMs, market.venueBases[venue]];
      return [line(`quote ${number} ${venue}`, values)];
    }),
    ...market.buys.map(orderLine),
    ...market.sells.map(orderLine),
    ...market.waiting.toSorted((a, b) => a.id - b.id).map(orderLine),
  ];
}

function pricesLine(market: Market): string {
  return line(`prices ${market.number}`, [
    market.spot,
    market.mark,
    market.mark === undefined ? undefined : market.fairBasis,
    market.externalBasis,
    market.externalBasis === undefined ? undefined : market.externalFair,
    market.bidBasis,
    market.askBasis,
    market.tradeBasis,
    market.midBasis,
    market.slowBasis,
    market.liquidityWeight,
  ]);
}

function fundingLine(market: Market, settled: bigint): string {
  const known = market.fundingRate !== undefined;
  return line(`funding ${market.number}`, [
    known ? market.premiumRate : undefined,
    known ? market.rawRate : undefined,
    market.fundingRate,
    known ? market.fundingPremium : undefined,
    market.fundingIndex,
    market.fundingRemainder,
    market.accruing ? 1 : 0,
    market.sinceMs,
    market.tickMs,
    market.clearing,
    settled,
  ]);
}

function orderLine(order: Order): string {
  const { id, position, price, remaining, size, trigger, createdMs, clientId } = order;
  const flags =
    (order.sell ? FLAG.SELL : 0) |
    (order.kind << FLAG.KIND_SHIFT) |
    (order.instruction << FLAG.INSTRUCTION_SHIFT) |
    (order.reduceOnly ? FLAG.REDUCE_ONLY : 0) |
    (order.selfTrade << FLAG.SELF_TRADE_SHIFT) |
    (order.waits ? FLAG.UNTRIGGERED : 0) |
    (order.above ? FLAG.TRIGGER_ABOVE : 0);
  return line('order', [id, position.account.number, price, remaining, size, flags, trigger, createdMs, clientId]);
}
