/** Orders of a random flow: of every kind, mostly near the mark, sometimes nonsense. */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SELF_TRADE, SIDE } from '../engine/flags.ts';
import type { FlowWorld, KnownMarket, KnownOrder } from './random-flow-world.ts';

const CLIENT_IDS = ['', '', '', 'a', 'b', 'c', 'long-client-id-of-sixty-four-bytes-0123456789-0123456789-0123456'];

interface Terms {
  readonly account: number;
  readonly market: KnownMarket;
  readonly sell: boolean;
  readonly price: number;
  readonly size: number;
}

/** A trader (or, rarely, the insurance fund) and a price near the mark; a size of any order of magnitude. */
function terms(world: FlowWorld, spreadPpm: number): Terms | undefined {
  const { random } = world;
  const market = world.anyMarket();
  const account = random.chance(20_000) ? 1 : world.pick(world.accounts);
  if (market === undefined || account === undefined) return undefined;
  const middle = (market.mark || market.truth) / market.units;
  const price = Math.round(middle * (1 + (random.bell() * spreadPpm) / 1e6)) + random.between(-2, 2);
  // Worth 20 to 20 million USDC, small ones more often.
  const worth = random.chance(5_000) ? 3e15 : 2e9 * random.tail(20);
  const size = Math.max(random.chance(30_000) ? 0 : 1, Math.round(worth / (market.mark || market.truth)));
  return { account, market, sell: random.chance(500_000), price, size: Math.min(size, 2 ** 31 - 1) };
}

function selfTrade(world: FlowWorld): number {
  return world.random.below(3);
}

/** A limit order: good till cancelled, immediate or post-only. */
export function placeLimit(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const wide = random.chance(100_000) ? 300_000 : 8_000;
  const order = terms(world, wide);
  if (order === undefined) return;
  const instruction = random.chance(700_000) ? INSTRUCTION.GTC : random.below(3);
  const side = order.sell ? SIDE.SELL : SIDE.BUY;
  const flags = orderFlags(side, ORDER_KIND.LIMIT, instruction, random.chance(60_000), selfTrade(world));
  send(world, buffer, order, flags, 0);
}

export function placeMarket(world: FlowWorld, buffer: CommandBuffer): void {
  const order = terms(world, 0);
  if (order === undefined) return;
  const side = order.sell ? SIDE.SELL : SIDE.BUY;
  const flags = orderFlags(side, ORDER_KIND.MARKET, INSTRUCTION.IOC, false, selfTrade(world));
  send(world, buffer, { ...order, price: 0 }, flags, 0);
}

/** Closes what an account holds, or a little less or more. */
export function placeReducing(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const order = terms(world, 5_000);
  if (order === undefined) return;
  const held = world.sizeOf(order.account, order.market.number);
  const part = random.chance(500_000) ? 1 : random.between(1, 12) / 10;
  const size = Math.min(2 ** 31 - 1, Math.ceil(Math.abs(held) * part));
  const kind = random.chance(300_000) ? ORDER_KIND.MARKET : ORDER_KIND.LIMIT;
  const instruction = kind === ORDER_KIND.MARKET ? INSTRUCTION.IOC : INSTRUCTION.GTC;
  const side = held > 0 ? SIDE.SELL : SIDE.BUY;
  const flags = orderFlags(side, kind, instruction, random.chance(800_000), selfTrade(world));
  send(world, buffer, { ...order, size: size || order.size }, flags, 0);
}

/** A stop, take-profit or stop-loss order with its trigger near the mark. */
export function placeConditional(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const order = terms(world, 10_000);
  const trigger = terms(world, 15_000);
  if (order === undefined || trigger === undefined) return;
  const kind = random.between(ORDER_KIND.STOP_LIMIT, ORDER_KIND.STOP_LOSS_MARKET);
  const limit = kind % 2 === 0;
  const instruction = limit ? random.below(3) : INSTRUCTION.GTC;
  const side = order.sell ? SIDE.SELL : SIDE.BUY;
  const flags = orderFlags(side, kind, instruction, random.chance(200_000), selfTrade(world));
  const away = Math.round(order.price * (1 + (random.bell() * 30_000) / 1e6));
  send(world, buffer, limit ? order : { ...order, price: 0 }, flags, Math.max(1, away));
}

/** Several limit orders of one account in one command. */
export function placeBatch(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const first = buffer.rows;
  const one = terms(world, 8_000);
  if (one === undefined) return;
  const count = random.between(1, 4);
  buffer.placeBatch(world.timeMs, one.account, count);
  for (let item = 0; item < count; item++) {
    const order = terms(world, 8_000) as Terms;
    const side = order.sell ? SIDE.SELL : SIDE.BUY;
    const flags = orderFlags(side, ORDER_KIND.LIMIT, random.below(3), random.chance(50_000), SELF_TRADE.EXPIRE_MAKER);
    send(world, buffer, { ...order, account: one.account }, flags, 0);
  }
  buffer.endBatch(first);
}

/** A new price, size or trigger for a live order. */
export function amend(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const order = world.anyOrder();
  if (order === undefined) return;
  const move = (value: number, ppm: number): number => Math.round(value * (1 + (random.bell() * ppm) / 1e6));
  const price = random.chance(300_000) ? order.price : move(order.price, 8_000);
  const size = random.chance(300_000) ? order.size : move(order.size, 900_000);
  buffer.amendOrder(world.timeMs, order.account, order.id, price, size, move(order.trigger, 20_000));
}

/** One order by id (mostly its owner's, sometimes one that ended), by client id, or all. */
export function cancel(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const order: KnownOrder | undefined = world.anyOrder();
  const dice = random.below(20);
  const account = world.pick(world.accounts) ?? 3;
  if (dice < 3) buffer.cancelByClientId(world.timeMs, account, world.pick(CLIENT_IDS.slice(3)) as string);
  else if (dice < 4) buffer.cancelAll(world.timeMs, account, random.chance(500_000) ? 0 : random.between(1, 4));
  else if (dice < 5) buffer.cancelOrder(world.timeMs, account, world.pick(world.endedOrders) ?? 0);
  else if (order !== undefined) {
    buffer.cancelOrder(world.timeMs, random.chance(50_000) ? account : order.account, order.id);
  }
}

function send(world: FlowWorld, buffer: CommandBuffer, order: Terms, flags: number, trigger: number): void {
  const { account, market, price, size } = order;
  const clientId = world.pick(CLIENT_IDS) as string;
  const { random } = world;
  // Mostly in time, sometimes to the millisecond, sometimes a little or much too late.
  const notAfterMs = random.chance(150_000) ? world.timeMs + random.between(-2, 12) * random.between(0, 2_000) : 0;
  buffer.placeOrder(world.timeMs, account, market.number, price, size, flags, trigger, clientId, notAfterMs);
}
