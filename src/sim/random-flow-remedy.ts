/** What a rollback and its remedy do in a random flow: carried withdrawals, debts, refunds, each often repeated or for nobody. */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { INSURANCE_FUND } from '../engine/state.ts';
import type { FlowWorld } from './random-flow-world.ts';

/** A refund's id: one of few, so that many are used twice. */
function anyId(world: FlowWorld): Uint8Array {
  const id = new Uint8Array(16).fill(world.random.below(2));
  id[15] = world.random.below(16);
  return id;
}

function anyAccount(world: FlowWorld): number {
  return world.random.chance(30_000) ? world.random.below(3) : (world.pick(world.accounts) ?? 3);
}

/** 1 to 20 million USDC, small amounts more often; rarely none. */
function anyAmount({ random }: FlowWorld): number {
  return random.chance(20_000) ? 0 : Math.min(2 ** 51, Math.floor(1e8 * random.tail(21)));
}

/** One of the money commands of a remedy. */
export function remedy(world: FlowWorld, buffer: CommandBuffer): void {
  const { random, timeMs } = world;
  const [account, amount] = [anyAccount(world), anyAmount(world)];
  const dice = random.below(10);
  if (dice === 0) buffer.carryWithdrawal(timeMs, account, amount, carried(world));
  else if (dice <= 2) buffer.repayReceivable(timeMs, world.pick(world.debtors) ?? account, Math.ceil(amount / 100));
  else if (dice === 3) buffer.reverseCredit(timeMs, account, amount, anyId(world));
  else if (dice <= 6) buffer.reserveRefund(timeMs, account, amount, anyId(world));
  else if (dice <= 8) buffer.postRefund(timeMs, anyId(world));
  else buffer.voidRefund(timeMs, anyId(world));
}

/** An id of a withdrawal beyond the last one, sometimes not, sometimes by far. */
function carried({ random, withdrawals }: FlowWorld): number {
  const last = withdrawals.at(-1) ?? 0;
  if (random.chance(100_000)) return last + 2_000_000;
  return random.chance(200_000) ? last : last + random.between(1, 3);
}

/** Money for the fund, so that it can refund. */
export function fundDeposit(world: FlowWorld, buffer: CommandBuffer): void {
  const amount = Math.floor(1e9 * world.random.tail(21));
  buffer.deposit(world.timeMs, INSURANCE_FUND, Math.min(2 ** 51, amount), ++world.depositReference);
}

export function cancelForFork({ timeMs }: FlowWorld, buffer: CommandBuffer): void {
  buffer.cancelForFork(timeMs);
}
