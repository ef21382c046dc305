/**
 * The venue of a regime shortly before a fault strikes: markets of different age whose funding indexes are far from zero, positive
 * and negative, accounts with and without margin to spare, conditional orders that wait. Built once, then copied for each cell.
 */
import { applyUntilTick } from '../../engine/batch.ts';
import { COMMAND_BYTES, QUOTE_KNOWN_ALL } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { computeMargin, Margin } from '../../engine/margin.ts';
import { RULE } from '../../engine/rules.ts';
import { ACCOUNT_KIND, genesis, positionsOf, type State } from '../../engine/state.ts';
import { ACCOUNT, MARKET, POSITION, VENUE } from '../../engine/tables.ts';
import { appendForced } from '../../guard/forced-command.ts';
import type { DayMarket, MarketDay } from '../market-day.ts';
import { Random } from '../random.ts';
import { Session } from '../session.ts';
import type { Regime } from './fault.ts';
import { regimeDay, STRIKE_TICK } from './regime-day.ts';

/** Accounts of the venue's people. */
export const ACCOUNTS = 360;
const HOUR_MS = 3_600_000;
/** How long the oldest market has been there, and what the venues' premium was meanwhile, by market: share of the spot. */
const OLDEST_HOURS = 600;
const HISTORY: readonly (readonly [hours: number, premium: number])[] = [
  [600, 0.0022],
  [560, -0.0021],
  [480, 0.0012],
  [300, -0.0009],
  [200, 0.0006],
  [420, 0.0031],
  [60, -0.004],
];
/** The session's ticks before the base, after which the phase begins to show. */
export const BASE_TICK = STRIKE_TICK - 24;
/** Of the accounts that hold positions so many of a hundred go to the highest leverage, and take out most of what they need not leave. */
const THIN_ACCOUNTS = 55;
const THIN_TICK = BASE_TICK - 3;
/** Time on each rung of a reopening and the grace before liquidations: short, so that a cell sees all of it. */
const RUNG_MS = 15_000;
const GRACE_MS = 20_000;
/** A book that is one-sided counts no more in the mark after so long: the ladder waits for a mark near the external fair price. */
const RAMP_S = 10;

export interface Base {
  readonly regime: Regime;
  readonly seed: number;
  readonly day: MarketDay;
  readonly session: Session;
  /** Never written to: `copyState` it. */
  readonly state: State;
  readonly sequence: number;
  readonly timeMs: number;
}

const OPENING_MAKER_UNITS = 1e15;

/** The account that quotes close to the fair price while a venue comes back: the last one. */
export function openingMaker(state: State): number {
  return state.account.rows - 1;
}

/** Is given each batch of commands of a base's history in its order: rows from `from` up to `to` of `commands`, applied to `state`. */
export type OnBatch = (state: State, commands: CommandBuffer, from: number, to: number) => void;

/** Builds the venue of a regime: the same for the same seed and number of accounts. */
export function buildBase(regime: Regime, seed: number, accounts = ACCOUNTS, onBatch?: OnBatch): Base {
  const day = regimeDay(regime, seed);
  const session = new Session({ day, seed, accounts });
  const state = genesis({ accounts: accounts + 16 });
  const opening = new CommandBuffer();
  session.opening(state, opening);
  prehistory(state, day, opening, seed, onBatch);
  const commands = new CommandBuffer();
  for (let tick = 1; tick <= BASE_TICK; tick++) {
    commands.clear();
    if (tick === THIN_TICK)
      takeOut(state, session.clock.timeOf(tick - 1), new Random(seed).fork('thin'), commands, THIN_ACCOUNTS);
    session.step(tick, state, commands);
    apply(state, commands, onBatch);
  }
  const { f64 } = state.venue;
  return {
    regime,
    seed,
    day,
    session,
    state,
    sequence: f64[64 + VENUE.SEQUENCE] as number,
    timeMs: f64[64 + VENUE.TIME_MS] as number,
  };
}

/** Applies commands and, after each tick, what it proposes. */
function apply(state: State, commands: CommandBuffer, onBatch?: OnBatch): void {
  state.events.clear();
  const forced = new CommandBuffer(64);
  for (let row = 0; row < commands.rows; ) {
    const from = state.events.count;
    const first = row;
    row = applyUntilTick(state, commands.i32, commands.f64, row, commands.rows);
    onBatch?.(state, commands, first, row);
    forced.clear();
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    const { count } = state.events;
    for (let event = from; event < count; event++) appendForced(state.events, event, timeMs, forced);
    for (let at = 0; at < forced.rows; ) {
      const begins = at;
      at = applyUntilTick(state, forced.i32, forced.f64, at, forced.rows);
      onBatch?.(state, forced, begins, at);
    }
  }
}

/** The markets' past, hour by hour: each is defined when it begins; then everything else of the opening. */
function prehistory(state: State, day: MarketDay, opening: CommandBuffer, seed: number, onBatch?: OnBatch): void {
  const random = new Random(seed).fork('prehistory');
  const commands = new CommandBuffer();
  const start = day.startMs - (OLDEST_HOURS + 1) * HOUR_MS;
  // Rows of the opening: three for each market, in order.
  for (let place = 0; place < day.markets.length; place++) {
    const row = commands.rows;
    commands.append(opening.bytes.subarray(place * 3 * COMMAND_BYTES, (place + 1) * 3 * COMMAND_BYTES), 1);
    commands.f64[row * 8 + 1] = start;
  }
  commands.setRule(start, RULE.funding_gap, HOUR_MS);
  commands.setRule(start, RULE.reopen_rung, RUNG_MS);
  commands.setRule(start, RULE.reopen_grace, GRACE_MS);
  commands.setRule(start, RULE.liquidity_ramp, RAMP_S);
  apply(state, commands, onBatch);
  for (let hour = OLDEST_HOURS; hour > 0; hour--) {
    commands.clear();
    const timeMs = day.startMs - hour * HOUR_MS;
    commands.collateralPrice(timeMs, 1e8, timeMs);
    day.markets.forEach((market, place) => speak(market, place, hour, timeMs, random, commands));
    commands.tick(timeMs);
    apply(state, commands, onBatch);
  }
  commands.clear();
  commands.setRule(day.startMs, RULE.funding_gap, 30_000);
  const rest = day.markets.length * 3 * COMMAND_BYTES;
  commands.append(opening.bytes.subarray(rest, opening.rows * COMMAND_BYTES), 1);
  apply(state, commands, onBatch);
  commands.clear();
  commands.defineAccount(day.startMs, new Uint8Array(32).fill(7), ACCOUNT_KIND.TRADER, 0);
  commands.deposit(day.startMs, openingMaker(state) + 1, OPENING_MAKER_UNITS, 1e6);
  apply(state, commands, onBatch);
}

/** What oracles and venues said of a market in an hour of its past; nothing before it began. */
function speak(
  { path, venues }: DayMarket,
  place: number,
  hour: number,
  timeMs: number,
  random: Random,
  commands: CommandBuffer,
): void {
  const [age, premium] = HISTORY[place] as (typeof HISTORY)[number];
  if (hour > age) return;
  const level = path.bars.open[0] as number;
  const price = Math.floor(level * (1 - (hour / OLDEST_HOURS) * 0.05 + random.bell() * 0.01)) + 1;
  const away = (share: number): number => Math.floor(price * (1 + premium + share));
  for (let source = 0; source < 2; source++) commands.oraclePrice(timeMs, place + 1, source, price, timeMs);
  venues.forEach((_, venue) => {
    const [bid, ask] = [away(-0.0001), away(0.0001)];
    commands.venueQuote(timeMs, place + 1, venue, QUOTE_KNOWN_ALL, timeMs, away(0), price, bid, ask);
  });
}

const margin = new Margin();

function highestLeverage(state: State, market: number): number {
  return Math.floor(1e6 / (state.market.f64[market * 128 + MARKET.INITIAL_MARGIN] as number));
}

/** Equity of an account, and the initial margin of its positions at the highest leverage, with a little for fees. */
function marginAtHighest(state: State, account: number): { positions: number; equity: number } {
  let positions = 0;
  for (const row of positionsOf(state, account)) {
    const market = (state.position.i32[row * 32 + POSITION.MARKET] as number) * 128;
    const { f64 } = state.position;
    const lots =
      Math.abs(f64[row * 16 + POSITION.SIZE] as number) +
      (f64[row * 16 + POSITION.BUY_SIZE] as number) +
      (f64[row * 16 + POSITION.SELL_SIZE] as number);
    const fraction = (state.market.f64[market + MARKET.INITIAL_MARGIN] as number) / 1e6 + 0.002;
    positions += lots * (state.market.f64[market + MARKET.MARK] as number) * fraction;
  }
  return { positions, equity: margin.equity.toNumber() };
}

/** Withdrawals of most of what `share` of a hundred accounts with positions need not leave: what is left carries little. */
export function takeOut(state: State, timeMs: number, random: Random, commands: CommandBuffer, share: number): void {
  for (let account = 1; account < state.account.rows; account++) {
    if (state.account.i32[account * 16 + ACCOUNT.KIND] !== ACCOUNT_KIND.TRADER) continue;
    computeMargin(state, account, margin);
    const isHolding = margin.maintenance.toNumber() > 0 && margin.maintenance.toNumber() < 1e14;
    if (!isHolding || random.below(100) >= share) continue;
    for (const row of positionsOf(state, account)) {
      const market = state.position.i32[row * 32 + POSITION.MARKET] as number;
      commands.setLeverage(timeMs, account, market, highestLeverage(state, market));
    }
    const { positions, equity } = marginAtHighest(state, account);
    const free = equity - positions;
    const amount = Math.floor((free * (0.6 + random.below(400) / 1000)) / 1e6) * 1e6;
    if (amount > 0) commands.requestWithdrawal(timeMs, account, amount);
  }
}
