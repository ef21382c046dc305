/**
 * After the rollback: the venue is opened at once, its books empty and its liquidations running, and a few orders liquidate who had
 * done nothing. It is stopped again; then the ladder leads it back while the same orders come, and nobody is.
 */
import { STATUS } from '../../engine/status.ts';
import { MARKET } from '../../engine/tables.ts';
import type { ReopeningStep } from '../../exchange/reopen.ts';
import type { State } from '../../engine/state.ts';
import { type Compared, ForcedTally } from './forced-tally.ts';
import { copyJournal } from './journal-copy.ts';
import { type Closed, type ParadexOptions, progressOf } from './paradex.ts';
import { NearDue } from './near-due.ts';
import { fairPrice, mostFragile, Skew } from './skew.ts';
import { DrillVenue, type VenueTold } from './venue.ts';
import { DrillWorld, OUTSIDE_ALONE } from './world.ts';

export interface SecondWave {
  readonly compared: Compared;
  /** Sequence of the command that opened the venue. */
  readonly openedSequence: number;
  /** Height of the block with which it was stopped again. */
  readonly height: number;
}

/** Runs the careless reopening on the journal of the venue, which is closed behind it. */
export function runSecondWave(
  options: ParadexOptions,
  { world, isShared }: Closed,
  told: { forced: ForcedTally },
): SecondWave {
  const { venue, day } = world;
  const row = mostFragile(day);
  const clean = new ForcedTally(isShared);
  const twin = twinOf(options, world, false, { onEvents: (events) => clean.take(events) });
  openAtOnce(twin);
  twin.trade(twin.at('secondHalt'), { filter: OUTSIDE_ALONE });

  told.forced = new ForcedTally(isShared);
  openAtOnce(world);
  const openedSequence = venue.exchange.sequence;
  const skew = new Skew(day, row, world.opportunists);
  let furthest = 0;
  let fair = 0;
  world.trade(world.at('secondHalt'), {
    filter: OUTSIDE_ALONE,
    also: (commands, timeMs) => skew.write(venue.state, timeMs, day.tickMs, commands),
    onTick: () => {
      fair = fairPrice(venue.state, row);
      furthest = Math.max(furthest, Math.abs(markOf(venue.state, row) / fair - 1));
    },
  });
  world.setStatus(STATUS.MAINTENANCE, 'secondHalt');
  const { height } = venue.stop();
  const compared = told.forced.against(clean, world.opportunists);
  const market = day.markets[row - 1];
  options.told.onMoment?.({
    kind: 'second wave',
    timeMs: world.at('careless'),
    market: market?.name ?? '',
    fair: fair / (market?.usdUnits ?? 1),
    furthest,
    compared,
  });
  return { compared, openedSequence, height };
}

function markOf(state: State, row: number): number {
  return state.market.f64[row * 128 + MARKET.MARK] as number;
}

function openAtOnce(world: DrillWorld): void {
  const { equal } = world.venue.start({ isGuarded: false, hasLadder: false });
  if (!equal) throw new Error('the journal that was rolled back does not lead to its last block');
  world.setStatus(STATUS.OK, 'careless');
}

function twinOf(options: ParadexOptions, { venue }: DrillWorld, areEnrolled: boolean, told: VenueTold): DrillWorld {
  const twin = new DrillVenue(copyJournal(venue.journal), options.accounts, told, areEnrolled);
  return new DrillWorld(options, twin);
}

/** What the ladder does with the same orders. The venue is open and trades behind it, with the guard and its people's keys. */
export function climb(
  options: ParadexOptions,
  { world, isShared }: Closed,
  told: { forced: ForcedTally; steps: ReopeningStep[] },
): Compared {
  const clean = new ForcedTally(isShared);
  const twin = twinOf(options, world, false, { onEvents: (events) => clean.take(events) });
  told.forced = new ForcedTally(isShared);
  told.steps = [];
  const skew = new Skew(world.day, mostFragile(world.day), world.opportunists);
  lead(world, skew, progressOf(world, options.told, 'back up the ladder', world.at('ladder'), 'open'));
  let untilMs = world.at('open');
  for (; isClimbing(world) && untilMs < world.at('end'); untilMs += STEP_MS) world.trade(untilMs + STEP_MS);
  const near = new NearDue(told.forced);
  const look = (): void => near.look(twin.venue.state);
  lead(twin, undefined, look);
  twin.trade(untilMs, { onTick: look });
  const compared = told.forced.against(clean, world.opportunists, (action) => near.has(action));
  options.told.onMoment?.({
    kind: 'reopened',
    timeMs: world.at('ladder'),
    steps: told.steps,
    wrongful: compared.wrongful.count,
    isUndelayed: undefined,
  });
  return compared;
}

/** Starts with the guard and the ladder; its people enrol and open; at first only the two are there, then everybody. */
function lead(world: DrillWorld, skew: Skew | undefined, progress?: (timeMs: number) => void): void {
  const { venue, day } = world;
  const { equal } = venue.start({ isGuarded: true, hasLadder: true });
  if (!equal) throw new Error('the journal of a stopped venue does not lead to its last block');
  venue.enrol(world.at('ladder'));
  world.setStatus(STATUS.OK, 'ladder');
  const onTick = progress === undefined ? {} : { onTick: progress };
  const also = {
    also: (commands: Parameters<Skew['write']>[3], timeMs: number): void =>
      skew?.write(venue.state, timeMs, day.tickMs, commands),
  };
  world.trade(world.at('makersBack'), { filter: OUTSIDE_ALONE, ...also, ...onTick });
  world.trade(world.at('open'), { ...also, ...onTick });
}

/** Where some market is still on its way, it is traded on for so long at a time. */
const STEP_MS = 60_000;

function isClimbing({ venue: { reopening }, day }: DrillWorld): boolean {
  return day.markets.some((_, place) => reopening?.rungOf(place + 1) !== undefined);
}
