/**
 * The true world: the venue of a regime without any fault, run once through a phase. Its traders see it and act on it; their orders
 * and its inputs are what every faulty world gets, and what is due in it is what may be forced in them. The engine alone decides;
 * but a venue that a ladder leads out of maintenance is a guarded one, and the faulty world beside it is led by its own ladder.
 */
import { copyState } from '../../chain/copy-state.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { COMMAND_BYTES } from '../../engine/command.ts';
import { EVENT, EVENT_FLOATS } from '../../engine/event.ts';
import { computeMargin, Margin } from '../../engine/margin.ts';
import { ACCOUNT_KIND, findPosition, type State } from '../../engine/state.ts';
import { ACCOUNT, POSITION } from '../../engine/tables.ts';
import { BASE_TICK, type Base } from './base.ts';
import { Dues, grossOf } from './dues.ts';
import type { Phase } from './fault.ts';
import { quoteOpening } from './opening-maker.ts';
import { Outcome } from './outcome.ts';
import { endOf, isStartTick, statusBefore } from './phases.ts';
import { STRIKE_TICK } from './regime-day.ts';
import { TruePrices } from './true-prices.ts';
import { type Taken, Venue, type VenueTold } from './venue.ts';

/** What was submitted for one tick, and the ids that the true world gave to orders and withdrawals, by command. */
export interface TrueTick {
  readonly tick: number;
  readonly timeMs: number;
  readonly bytes: Uint8Array;
  /** First rows of the commands, and one behind the last. */
  readonly starts: readonly number[];
  readonly ids: ReadonlyMap<number, readonly number[]>;
}

export interface TrueRun {
  readonly base: Base;
  readonly phase: Phase;
  readonly hasLadder: boolean;
  readonly ticks: readonly TrueTick[];
  /** Of the ticks from the strike on. */
  readonly dues: Dues;
  readonly prices: TruePrices;
  readonly outcome: Outcome;
  /** At the end. */
  readonly state: State;
  /** Accounts with positions in a market as it stood at the strike, those nearest to liquidation first. */
  readonly accountsOf: (market: number) => readonly number[];
  /** Every id that the true world gave since the base. */
  readonly given: ReadonlySet<number>;
}

/** Hears nothing. */
export const SILENT: VenueTold = {
  onVerdict: () => {},
  onFinding: () => {},
  onHeldCommand: () => {},
  onNote: () => {},
  onSources: () => {},
};

/** `hasLadder`: the venue comes out of maintenance by the ladder of reopening, else at once. */
export function runTrue(base: Base, phase: Phase, hasLadder = false): TrueRun {
  const venue = new Venue(base, hasLadder, SILENT);
  const { session } = base;
  const ticks: TrueTick[] = [];
  const dues = new Dues();
  const prices = new TruePrices();
  const outcome = new Outcome();
  const given = new Set<number>();
  const commands = new CommandBuffer(1 << 10);
  let atStrike = venue.state;
  for (let tick = BASE_TICK + 1; tick <= endOf(phase); tick++) {
    const before = session.clock.timeOf(tick - 1);
    const status = statusBefore(phase, tick);
    if (hasLadder && isStartTick(phase, tick, true)) venue.restart(true);
    if (status !== undefined) venue.setStatus(status, before);
    if (tick === STRIKE_TICK) atStrike = copyState(venue.state);
    commands.clear();
    if (hasLadder && tick >= STRIKE_TICK) quoteOpening(venue.state, before, commands);
    session.step(tick, venue.state, commands);
    const taken = venue.submit(commands) as Taken;
    const ids = idsOf(taken);
    for (const list of ids.values()) for (const id of list) given.add(id);
    ticks.push({
      tick,
      timeMs: session.clock.timeOf(tick),
      bytes: commands.bytes.slice(0, commands.rows * COMMAND_BYTES),
      starts: startsOf(commands),
      ids,
    });
    if (tick < STRIKE_TICK) continue;
    dues.take(tick, taken.events, venue.state);
    prices.take(tick, venue.state);
    outcome.take(tick, taken.events);
  }
  const accountsOf = (market: number): readonly number[] => nearest(atStrike, market);
  return { base, phase, hasLadder, ticks, dues, prices, outcome, state: venue.state, accountsOf, given };
}

/** First rows of the commands in a buffer, and one behind the last. */
function startsOf({ i32, rows }: CommandBuffer): number[] {
  const starts: number[] = [];
  for (let row = 0; row < rows; row += Math.max(1, i32[row * 16 + 1] as number)) starts.push(row);
  starts.push(rows);
  return starts;
}

/** Ids of accepted orders and of withdrawals in the order of the commands that made them, by the command's place in its batch. */
export function idsOf({ events, firstSequence }: Taken): Map<number, number[]> {
  const ids = new Map<number, number[]>();
  const { values, count } = events;
  for (let event = 0; event < count; event++) {
    const at = event * EVENT_FLOATS;
    const kind = values[at];
    if (kind !== EVENT.orderAccepted && kind !== EVENT.withdrawalRequested) continue;
    const id = kind === EVENT.orderAccepted ? (values[at + 2] as number) : withdrawalKey(values[at + 3] as number);
    const place = (values[at + 1] as number) - firstSequence;
    const list = ids.get(place);
    if (list === undefined) ids.set(place, [id]);
    else list.push(id);
  }
  return ids;
}

/** A withdrawal's number as a key that no order's id is. */
export function withdrawalKey(withdrawal: number): number {
  return -withdrawal;
}

const margin = new Margin();

function nearest(state: State, market: number): number[] {
  const found: { account: number; slack: number }[] = [];
  for (let account = 1; account < state.account.rows; account++) {
    if (state.account.i32[account * 16 + ACCOUNT.KIND] !== ACCOUNT_KIND.TRADER) continue;
    const row = findPosition(state, account, market);
    if (row === 0 || state.position.f64[row * 16 + POSITION.SIZE] === 0) continue;
    computeMargin(state, account, margin);
    const slack = (margin.equity.toNumber() - margin.maintenance.toNumber()) / grossOf(state, account);
    found.push({ account, slack });
  }
  found.sort((left, right) => left.slack - right.slack || left.account - right.account);
  return found.map(({ account }) => account);
}
