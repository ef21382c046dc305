/**
 * Without a guard: the process starts on what the race left in the database, the venue opens, and the first tick liquidates who lost
 * a market's whole funding at once. Who gained it trades on, and takes money out, until people stop the venue.
 */
import { STATUS } from '../../engine/status.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { computeMargin, Margin } from '../../engine/margin.ts';
import type { State } from '../../engine/state.ts';
import { MARKET, POSITION, WITHDRAWAL } from '../../engine/tables.ts';
import type { ReopeningStep } from '../../exchange/reopen.ts';
import { FIRST_ACCOUNT } from '../traders/population.ts';
import { type Compared, ForcedTally, usd } from './forced-tally.ts';
import { sideRows } from './index-rows.ts';
import { type Closed, CleanTwin, type ParadexOptions, progressOf } from './paradex.ts';
import { copyOf, load, trust, zeroIndexes } from './restart-race.ts';
import type { VenueTold } from './venue.ts';

/** How many of those who gained most take money out, and how much of what they could. */
const WITHDRAWERS = 12;
const SHARE = 0.5;
const CENT = 1e6;

export interface Cascade {
  readonly compared: Compared;
  /** The venue stands, closed, on the wrong branch: its state, and the sequence at which it began. */
  readonly state: State;
  readonly withdrawnUsd: number;
}

/** Counts what a venue forces on its accounts, and the moves of its markets up the ladder. */
export class Happened {
  forced = new ForcedTally();
  steps: ReopeningStep[] = [];

  readonly told: VenueTold = {
    onEvents: (events) => this.forced.take(events),
    onStep: (step) => this.steps.push(step),
  };

  /** From here on anew. */
  restart(isShared: (order: number) => boolean): void {
    this.forced = new ForcedTally(isShared);
  }
}

/** The careless start, what follows from it, and the halt. The venue is stopped behind it, with its last block sealed. */
export function runCascade(options: ParadexOptions, closed: Closed, happened: Happened): Cascade {
  const { told } = options;
  const { world, corrupted, names, block } = closed;
  const { venue } = world;
  const twin = new CleanTwin(options, closed, venue.journal, false);
  twin.open();
  twin.world.trade(world.at('halt'));

  const database = load(copyOf(closed.state, block), block);
  const copied = trust(database);
  zeroIndexes(copied, corrupted);
  const check = load(copyOf(copied, block), block);
  const refusal = 'refusal' in check ? check.refusal.message : '';
  told.onMoment?.({ kind: 'careless start', timeMs: world.at('restart'), markets: names, refusal });
  happened.restart(closed.isShared);
  venue.startCareless(trust(check));
  world.setStatus(STATUS.OK, 'restart');
  const progress = progressOf(world, told, 'the venue trades', world.at('restart'), 'halt');
  const onTick = progress === undefined ? {} : { onTick: progress };
  world.trade(world.at('withdrawals'), onTick);
  const withdrawnUsd = takeOutGains(closed, world.venue.state, world.at('withdrawals'), (write) => world.submit(write));
  world.trade(world.at('halt'), onTick);
  world.setStatus(STATUS.MAINTENANCE, 'halt');
  const { state } = venue;
  venue.stop();

  const compared = happened.forced.against(twin.forced);
  told.onMoment?.({
    kind: 'cascade',
    timeMs: world.at('halt'),
    compared,
    sides: sideRows(closed.state, options.day, corrupted, new Set(compared.accounts)),
    withdrawnUsd,
  });
  return { compared, state, withdrawnUsd };
}

type Submit = (write: (commands: CommandBuffer) => void) => void;

/** What the zeros credited to each account that held something then, 1e-8 USDC: size × index, in the markets that lost it. */
function creditedTo({ position, market }: State, corrupted: readonly number[]): Map<number, number> {
  const credited = new Map<number, number>();
  for (let row = 1; row < position.rows; row++) {
    const held = position.i32[row * 32 + POSITION.MARKET] as number;
    if (!corrupted.includes(held)) continue;
    const account = position.i32[row * 32 + POSITION.ACCOUNT] as number;
    const index = (market.f64[held * 128 + MARKET.FUNDING_INDEX] as number) / 1e6;
    const sum = (credited.get(account) ?? 0) + (position.f64[row * 16 + POSITION.SIZE] as number) * index;
    credited.set(account, sum);
  }
  return credited;
}

/** Those who were credited most ask for part of it, as far as it is free, and it settles outside at once. Returns how much, USD. */
function takeOutGains(closed: Closed, now: State, timeMs: number, submit: Submit): number {
  const margin = new Margin();
  const gains: { account: number; gained: number }[] = [];
  for (const [account, credited] of creditedTo(closed.state, closed.corrupted)) {
    if (account < FIRST_ACCOUNT || credited <= 0) continue;
    computeMargin(now, account, margin);
    gains.push({ account, gained: Math.min(credited, margin.equity.toNumber() - margin.initial.toNumber()) });
  }
  gains.sort((left, right) => right.gained - left.gained || left.account - right.account);
  const askers = gains.slice(0, WITHDRAWERS);
  submit((commands) => {
    for (const { account, gained } of askers) {
      const amount = Math.floor((gained * SHARE) / CENT) * CENT;
      if (amount > 0) commands.requestWithdrawal(timeMs, account, amount);
    }
  });
  let settled = 0;
  submit((commands) => {
    const { i32, f64, rows } = now.withdrawal;
    for (let row = 1; row < rows; row++) {
      const isAsked = askers.some(({ account }) => account === i32[row * 16 + WITHDRAWAL.ACCOUNT]);
      const isNew = f64[row * 8 + WITHDRAWAL.REQUESTED_MS] === timeMs;
      if (i32[row * 16 + WITHDRAWAL.STATUS] === 0 || !isAsked || !isNew) continue;
      commands.settleWithdrawal(timeMs, f64[row * 8 + WITHDRAWAL.ID] as number, true);
      settled += f64[row * 8 + WITHDRAWAL.AMOUNT] as number;
    }
  });
  return usd(settled);
}
