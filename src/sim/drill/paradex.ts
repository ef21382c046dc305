/** The scenario paradex-2026-01-19: what both runs, with the guard and without, have in common. */
import { copyState } from '../../chain/copy-state.ts';
import type { Block } from '../../chain/block.ts';
import { orderId } from '../../engine/order-id.ts';
import type { EventBuffer } from '../../engine/event.ts';
import type { State } from '../../engine/state.ts';
import { STATUS } from '../../engine/status.ts';
import { ORDER } from '../../engine/tables.ts';
import type { Journal } from '../../journal/journal.ts';
import type { MarketDay } from '../market-day.ts';
import { ForcedTally } from './forced-tally.ts';
import { indexRows } from './index-rows.ts';
import { copyJournal } from './journal-copy.ts';
import { markets } from './restart-race.ts';
import type { DrillTold } from './story.ts';
import type { Moment as MomentOfDay } from './timeline.ts';
import { DrillVenue, type VenueTold } from './venue.ts';
import { DrillWorld } from './world.ts';

export interface ParadexOptions {
  readonly day: MarketDay;
  readonly seed: number;
  readonly accounts: number;
  /** From when on the venue trades, ms from the day's start; from midnight unless said. */
  readonly opensMs?: number;
  /** Names of the markets whose index is lost; drawn by the seed unless given. */
  readonly markets?: readonly string[];
  /** Where the history is kept; empty. */
  readonly journal: Journal;
  readonly told: DrillTold;
}

/** The venue as it stood when its maintenance began: the last good block, and what it vouches for. */
export interface Closed {
  readonly world: DrillWorld;
  readonly corrupted: readonly number[];
  readonly names: readonly string[];
  readonly block: Block;
  readonly state: State;
  /** True for an order that was there then: every run that begins here names it alike. */
  readonly isShared: (order: number) => boolean;
}

/** Founds the venue, lets it trade through the night and closes it for the scheduled maintenance. */
export function toMaintenance(options: ParadexOptions, isGuarded: boolean, venueTold: VenueTold): Closed {
  const { day, seed, told } = options;
  const corrupted = markets(day, seed, options.markets);
  const venue = new DrillVenue(options.journal, options.accounts, venueTold);
  const world = new DrillWorld(options, venue);
  venue.start({ isGuarded: false, hasLadder: false });
  world.found();
  if (isGuarded) {
    venue.stop();
    venue.start({ isGuarded: true, hasLadder: false });
    venue.enrol(world.day.startMs);
  }
  told.onMoment?.({
    kind: 'world',
    day: day.day,
    source: day.source,
    accounts: world.accounts,
    rows: indexRows(venue.state, day, corrupted),
  });
  world.tradeToMaintenance(progressOf(world, told, 'a night of trading', world.day.startMs, 'maintenance'));
  const commands = venue.exchange.sequence;
  const { state } = venue;
  const block = venue.stop();
  told.onMoment?.({ kind: 'maintenance', timeMs: world.at('maintenance'), height: block.height, commands });
  return {
    world,
    corrupted,
    names: corrupted.map((row) => day.markets[row - 1]?.name as string),
    block,
    state: copyState(state),
    isShared: sharedOrders(state),
  };
}

/** Reports how far a stretch of the day is traded. */
export function progressOf(
  world: DrillWorld,
  { onProgress }: DrillTold,
  label: string,
  fromMs: number,
  to: MomentOfDay,
): ((timeMs: number) => void) | undefined {
  if (onProgress === undefined) return undefined;
  const total = world.at(to) - fromMs;
  return (timeMs) => onProgress(label, Math.min(total, timeMs - fromMs), total);
}

/** True for an order that is live in a state. */
export function sharedOrders(state: State): (id: number) => boolean {
  const live = new Set<number>();
  const { order } = state;
  for (let row = 1; row < order.rows; row++) {
    if (order.i32[row * 16 + ORDER.SIZE] !== 0) live.add(orderId(state, row));
  }
  return (id) => live.has(id);
}

/** The same run without the fault: its own venue, on a copy of the history. */
export class CleanTwin {
  readonly forced: ForcedTally;
  readonly world: DrillWorld;
  private readonly isGuarded: boolean;

  constructor(
    options: ParadexOptions,
    { isShared }: Closed,
    journal: Journal,
    isGuarded: boolean,
    told: VenueTold = {},
  ) {
    this.forced = new ForcedTally(isShared);
    const telling = { ...told, onEvents: (events: EventBuffer) => this.forced.take(events) };
    const venue = new DrillVenue(copyJournal(journal), options.accounts, telling, isGuarded);
    this.isGuarded = isGuarded;
    this.world = new DrillWorld(options, venue);
  }

  /** Starts as it should and opens; with the guard, the ladder leads each market back. */
  open(): void {
    const { isGuarded } = this;
    const { venue } = this.world;
    const { equal } = venue.start({ isGuarded, hasLadder: isGuarded });
    if (!equal) throw new Error('the journal of a closed venue does not lead to its last block');
    this.world.setStatus(STATUS.OK, 'restart');
  }
}
