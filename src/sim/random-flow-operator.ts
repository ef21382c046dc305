/** What operators and the venue's own loop do in a random flow: money, leverage, statuses, rules, parameters, forced actions. */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { MARKET_PARAMETERS, type MarketParameter } from '../engine/command.ts';
import type { EventRecord } from '../engine/event.ts';
import { RULES } from '../engine/rules.ts';
import { STATUS } from '../engine/status.ts';
import type { FlowWorld } from './random-flow-world.ts';

/** A deposit of 10 USDC to 20 million, small ones more often. */
export function deposit(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const account = random.chance(30_000) ? random.between(1, 2) : (world.pick(world.accounts) ?? 3);
  const amount = random.chance(20_000) ? 2 ** 51 + 1 : Math.min(2 ** 51, Math.floor(1e9 * random.tail(21)));
  world.depositReference += random.below(3);
  buffer.deposit(world.timeMs, account, amount, world.depositReference);
}

/** Withdrawals are asked for and settled; money moves between accounts. */
export function moveMoney(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const account = world.pick(world.accounts) ?? 3;
  const amount = Math.floor(1e8 * random.tail(18));
  const dice = random.below(3);
  if (dice === 0) buffer.requestWithdrawal(world.timeMs, account, amount);
  else if (dice === 1) buffer.transfer(world.timeMs, account, world.pick(world.accounts) ?? 0, amount);
  else {
    const withdrawal = world.pick(world.withdrawals) ?? 0;
    if (random.chance(900_000)) world.withdrawals = world.withdrawals.filter((id) => id !== withdrawal);
    buffer.settleWithdrawal(world.timeMs, withdrawal, random.chance(700_000));
  }
}

export function setLeverage(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const leverage = random.chance(900_000) ? random.between(1, 50) : random.between(-1, 2_000);
  buffer.setLeverage(world.timeMs, world.pick(world.accounts) ?? 3, random.between(1, 4), leverage);
}

/** Lifts a restriction. */
export function lift(world: FlowWorld, buffer: CommandBuffer): void {
  buffer.setStatus(world.timeMs, world.pick([...world.restricted]) as number, 0, 0);
}

const STATUSES = [STATUS.OK, STATUS.POST_ONLY, STATUS.CANCEL_ONLY, STATUS.MAINTENANCE];

/** Restricted modes and pauses come; `lift` ends them, but a market that is delisted stays so. */
export function setStatus(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  if (world.delisted > 0 && random.chance(150_000)) {
    const kept = random.chance(900_000) ? 0 : random.below(128);
    return buffer.setStatus(world.timeMs, world.delisted, STATUS.SETTLEMENT, kept);
  }
  const status = random.chance(200_000) ? STATUS.OK : (world.pick(STATUSES) as number);
  const paused = random.chance(700_000) ? 0 : random.below(128);
  const market = random.chance(500_000) ? 0 : random.between(1, 4);
  buffer.setStatus(world.timeMs, market, status, paused);
}

/** A rule moves within half and twice its default, or to an edge of its range. */
export function setRule(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const number = random.below(RULES.length + 1);
  const rule = RULES[number] ?? RULES[0];
  const choices = [rule.default, Math.floor(rule.default / 2), rule.default * 2, rule.default];
  const edges = [rule.minimum, rule.maximum, rule.minimum - 1, rule.maximum + 1];
  const value = world.pick(random.chance(850_000) ? choices : edges) as number;
  buffer.setRule(world.timeMs, number, value);
}

const parameterChoices: Partial<Record<MarketParameter, readonly number[]>> = {
  INITIAL_MARGIN: [20_000, 33_333, 50_000, 100_000, 1_000_000, 999],
  MAINTENANCE_FACTOR: [500_000, 333_333, 1_000_000, 1],
  PRICE_BAND: [50_000, 200_000, 999_999, 1],
  MAXIMUM_FUNDING_RATE: [20_000_000_000, 50_000_000_000, 0],
  FUNDING_MULTIPLIER: [1_000_000, 500_000, 0],
  CLAMP_RATE: [500_000_000, 0],
  INTEREST_RATE: [100_000_000, -100_000_000, 0],
  MINIMUM_NOTIONAL: [0, 1_000_000_000],
  MAXIMUM_OPEN_ORDERS: [1, 12, 30],
  POSITION_LIMIT: [1_000, 30_000_000, 1_099_511_627_776],
  BASIS_WEIGHT: [1, 200_000, 1_000_000],
  MAXIMUM_SPREAD: [1, 10_000, 1_000_000],
  IMPACT_NOTIONAL: [1, 500_000_000_000],
  TICK_SIZE: [1],
};

export function setParameter(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const parameter = MARKET_PARAMETERS[random.below(MARKET_PARAMETERS.length)] as MarketParameter;
  const value = world.pick(parameterChoices[parameter] ?? [-1, 0.5]) as number;
  buffer.setMarketParameter(world.timeMs, random.between(1, 4), parameter, value);
}

/** Turns a proposal into its command, often at once, sometimes late, sometimes with a fact altered. */
export function act(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const at = random.chance(800_000) ? 0 : random.below(Math.max(1, world.proposals.length));
  const [proposal] = world.proposals.splice(at, 1);
  if (proposal === undefined) return;
  const altered = random.chance(80_000) ? random.between(1, 5) : 0;
  const off = (place: number): number => (altered === place ? random.between(-3, 3) : 0);
  if (proposal.kind === 'liquidationDue') {
    const { account, share, equityHigh, equityLow, maintenanceHigh, maintenanceLow } =
      proposal as EventRecord<'liquidationDue'>;
    buffer.liquidate(
      world.timeMs,
      account,
      share + off(1) * 200_000,
      equityHigh + off(2),
      equityLow + off(3),
      maintenanceHigh + off(4),
      maintenanceLow + off(5),
    );
  } else if (proposal.kind === 'triggerDue') {
    const { order, mark } = proposal as EventRecord<'triggerDue'>;
    buffer.fireTrigger(world.timeMs, order + off(1), mark + off(2));
  } else if (proposal.kind === 'settlementDue') {
    const { account, market, size, mark } = proposal as EventRecord<'settlementDue'>;
    buffer.settlePosition(world.timeMs, account + off(1), market + off(2), size + off(3), mark + off(4));
  } else {
    const { order, reason } = proposal as EventRecord<'cancelDue'>;
    buffer.forceCancel(world.timeMs, order + off(1), reason + off(2));
  }
}

/** A forced action that nobody proposed. */
export function actUnasked(world: FlowWorld, buffer: CommandBuffer): void {
  const { random } = world;
  const order = world.anyOrder()?.id ?? 0;
  const market = world.anyMarket();
  const dice = random.below(4);
  const account = world.pick(world.accounts) ?? 0;
  if (dice === 0) buffer.liquidate(world.timeMs, world.pick(world.accounts) ?? 0, 200_000, 0, 0, 0, 0);
  else if (dice === 1) buffer.fireTrigger(world.timeMs, order, market?.mark ?? 0);
  else if (dice === 2) buffer.forceCancel(world.timeMs, order, random.below(12));
  else if (market !== undefined) {
    const size = world.sizeOf(account, market.number);
    buffer.settlePosition(world.timeMs, account, market.number, size, market.mark);
  }
}
