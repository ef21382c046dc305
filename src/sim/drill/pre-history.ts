/**
 * The past of a venue's markets, as commands: an hour a tick, each market from its listing on, with the premium that brings its
 * funding index to where it stands when the traded window begins. Nothing is set: the indexes are what the engine makes of the
 * samples. The rule `funding_gap` is an hour meanwhile and goes back to its default at the end.
 */
import { COMMAND_BYTES, QUOTE_KNOWN_ALL } from '../../engine/command.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { RULE, RULES } from '../../engine/rules.ts';
import type { DayMarket, MarketDay } from '../market-day.ts';
import { Random } from '../random.ts';
import { lifeOf, OLDEST_HOURS } from './drill-day.ts';

const HOUR_MS = 3_600_000;
const PERIOD_HOURS = 8;
/** A premium moves the rate only by what it is beyond this: the clamp around the interest rate. */
const CLAMP = 0.0005;
/** Rows that the definition of a market takes. */
const MARKET_ROWS = 3;
/** How far below its present level the price was when the oldest market was listed, and how restless it was. */
const RISEN = 0.05;
const RESTLESS = 0.01;
const IMPACT = 0.0001;
const SOURCES = 2;
const VENUES = 3;

/** One batch of commands of the past: the listings, then an hour each, then what an opening has behind its market definitions. */
export function* preHistory(day: MarketDay, opening: CommandBuffer, seed: number): Generator<CommandBuffer> {
  const random = new Random(seed).fork('prehistory');
  const startMs = day.startMs - (OLDEST_HOURS + 1) * HOUR_MS;
  const rows = day.markets.length * MARKET_ROWS;
  const commands = new CommandBuffer(rows + 1);
  commands.append(opening.bytes.subarray(0, rows * COMMAND_BYTES), day.markets.length);
  for (let row = 0; row < rows; row += MARKET_ROWS) commands.f64[row * 8 + 1] = startMs;
  commands.setRule(startMs, RULE.funding_gap, HOUR_MS);
  yield commands;
  for (let hour = OLDEST_HOURS; hour > 0; hour--) {
    commands.clear();
    const timeMs = day.startMs - hour * HOUR_MS;
    commands.collateralPrice(timeMs, 1e8, timeMs);
    day.markets.forEach((market, place) => speak(market, place, hour, timeMs, random, commands));
    commands.tick(timeMs);
    yield commands;
  }
  commands.clear();
  commands.setRule(day.startMs, RULE.funding_gap, (RULES[RULE.funding_gap] as (typeof RULES)[number]).default);
  commands.append(opening.bytes.subarray(rows * COMMAND_BYTES, opening.rows * COMMAND_BYTES), 1);
  yield commands;
}

/** What oracles and venues said of a market in an hour of its past; nothing before it was listed. */
function speak(
  { path, venues }: DayMarket,
  place: number,
  hour: number,
  timeMs: number,
  random: Random,
  commands: CommandBuffer,
): void {
  const { hours, paid } = lifeOf(place);
  if (hour > hours) return;
  const rate = (paid * PERIOD_HOURS) / hours;
  const premium = rate + (rate > 0 ? CLAMP : -CLAMP);
  const level = path.bars.open[firstSlot(path.bars.known)] as number;
  const price = Math.floor(level * (1 - (hour / OLDEST_HOURS) * RISEN + random.bell() * RESTLESS)) + 1;
  const away = (share: number): number => Math.floor(price * (1 + premium + share)) + 1;
  for (let source = 0; source < SOURCES; source++) commands.oraclePrice(timeMs, place + 1, source, price, timeMs);
  venues.slice(0, VENUES).forEach((_, venue) => {
    const [bid, ask] = [away(-IMPACT), away(IMPACT)];
    commands.venueQuote(timeMs, place + 1, venue, QUOTE_KNOWN_ALL, timeMs, away(0), price, bid, ask);
  });
}

function firstSlot(known: Uint8Array): number {
  return Math.max(0, known.indexOf(1));
}
