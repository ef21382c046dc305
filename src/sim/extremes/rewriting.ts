/** What scripts do to the inputs of a tick: drop, change, add. */
import {
  COLLATERAL_PRICE,
  COMMAND,
  COMMAND_BYTES,
  ORACLE_PRICE,
  QUOTE_KNOWN_ALL,
  VENUE_QUOTE,
} from '../../engine/command.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../../engine/flags.ts';
import { ACCOUNT_KIND } from '../../engine/state.ts';
import { MARKET } from '../../engine/tables.ts';
import { FIRST_ACCOUNT } from '../traders/population.ts';
import type { Scene } from './extreme.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

/** Keeps the commands of a buffer that `keep` says yes to, by their first row. */
export function keepCommands(buffer: CommandBuffer, keep: (row: number) => boolean): void {
  const { i32, bytes } = buffer;
  let to = 0;
  let commands = 0;
  for (let row = 0; row < buffer.rows; ) {
    const rows = i32[row * WORDS + 1] as number;
    if (keep(row)) {
      bytes.copyWithin(to * COMMAND_BYTES, row * COMMAND_BYTES, (row + rows) * COMMAND_BYTES);
      to += rows;
      commands++;
    }
    row += rows;
  }
  buffer.rows = to;
  buffer.commands = commands;
}

/** A sample on its way: of which market and source, its price (the index of a venue), and when it was taken. */
export interface SampleInput {
  readonly market: number;
  readonly family: 'oracle' | 'venue';
  readonly source: number;
  readonly price: number;
  readonly sourceMs: number;
}

/** What becomes of a sample: another price or time, or `undefined`: it never comes. */
export type SampleChange = { readonly price?: number; readonly sourceMs?: number } | undefined;

/** Changes the samples of a batch; all prices of a venue's quote move with its index. */
export function changeSamples(buffer: CommandBuffer, change: (sample: SampleInput) => SampleChange): void {
  const { i32, f64 } = buffer;
  keepCommands(buffer, (row) => {
    const kind = i32[row * WORDS];
    if (kind === COMMAND.oraclePrice) {
      const at = row * FLOATS;
      const after = change({
        market: i32[row * WORDS + ORACLE_PRICE.MARKET] as number,
        family: 'oracle',
        source: i32[row * WORDS + ORACLE_PRICE.SOURCE] as number,
        price: f64[at + ORACLE_PRICE.PRICE] as number,
        sourceMs: f64[at + ORACLE_PRICE.SOURCE_MS] as number,
      });
      if (after === undefined) return false;
      f64[at + ORACLE_PRICE.PRICE] = after.price ?? (f64[at + ORACLE_PRICE.PRICE] as number);
      f64[at + ORACLE_PRICE.SOURCE_MS] = after.sourceMs ?? (f64[at + ORACLE_PRICE.SOURCE_MS] as number);
      return true;
    }
    return kind === COMMAND.venueQuote ? changeQuote(i32, f64, row, change) : true;
  });
}

function changeQuote(
  i32: Int32Array,
  f64: Float64Array,
  row: number,
  change: (sample: SampleInput) => SampleChange,
): boolean {
  const at = row * FLOATS;
  const price = f64[at + VENUE_QUOTE.INDEX] as number;
  const after = change({
    market: i32[row * WORDS + VENUE_QUOTE.MARKET] as number,
    family: 'venue',
    source: (i32[row * WORDS + VENUE_QUOTE.VENUE_AND_KNOWN] as number) & 255,
    price,
    sourceMs: f64[at + VENUE_QUOTE.SOURCE_MS] as number,
  });
  if (after === undefined) return false;
  f64[at + VENUE_QUOTE.SOURCE_MS] = after.sourceMs ?? (f64[at + VENUE_QUOTE.SOURCE_MS] as number);
  if (after.price === undefined) return true;
  const factor = after.price / price;
  for (const column of [VENUE_QUOTE.MARK, VENUE_QUOTE.IMPACT_BID, VENUE_QUOTE.IMPACT_ASK]) {
    f64[at + column] = Math.floor((f64[at + column] as number) * factor + 0.5);
  }
  f64[at + VENUE_QUOTE.INDEX] = after.price;
  return true;
}

/** Sets the marks of all venues of a market to their index × (1 + `basis`), impact prices around them. */
export function setBasis(buffer: CommandBuffer, market: number, basis: number): void {
  const { i32, f64 } = buffer;
  for (let row = 0; row < buffer.rows; row += i32[row * WORDS + 1] as number) {
    if (i32[row * WORDS] !== COMMAND.venueQuote || i32[row * WORDS + VENUE_QUOTE.MARKET] !== market) continue;
    const at = row * FLOATS;
    const mark = (f64[at + VENUE_QUOTE.INDEX] as number) * (1 + basis);
    f64[at + VENUE_QUOTE.MARK] = Math.floor(mark + 0.5);
    f64[at + VENUE_QUOTE.IMPACT_BID] = Math.floor(mark * 0.9999);
    f64[at + VENUE_QUOTE.IMPACT_ASK] = Math.ceil(mark * 1.0001);
  }
}

/** Appends samples of a market that the session does not know: so many oracles and venues, all of one price. */
export function addSamples(
  buffer: CommandBuffer,
  timeMs: number,
  market: number,
  price: number,
  sources: { readonly oracles: number; readonly venues: number },
): void {
  const whole = Math.max(1, Math.floor(price + 0.5));
  const [bid, ask] = [Math.max(1, Math.floor(whole * 0.9997)), Math.ceil(whole * 1.0003)];
  for (let source = 0; source < sources.oracles; source++)
    buffer.oraclePrice(timeMs, market, source, whole, timeMs - 100);
  for (let venue = 0; venue < sources.venues; venue++) {
    buffer.venueQuote(timeMs, market, venue, QUOTE_KNOWN_ALL, timeMs - 100, whole, whole, bid, ask);
  }
}

/** Sets what USDC is worth, USD, wherever its price is on its way. */
export function setCollateral(buffer: CommandBuffer, usd: number): void {
  const { i32, f64 } = buffer;
  for (let row = 0; row < buffer.rows; row += i32[row * WORDS + 1] as number) {
    if (i32[row * WORDS] === COMMAND.collateralPrice)
      f64[row * FLOATS + COLLATERAL_PRICE.PRICE] = Math.floor(usd * 1e8 + 0.5);
  }
}

/**
 * In the opening: opens accounts behind those of the session, each with a deposit in USDC. Returns the first one's number; the
 * others follow.
 */
export function openAccounts(inputs: CommandBuffer, scene: Scene, deposits: readonly number[]): number {
  const { accounts } = scene.session;
  const first = firstOwn(scene);
  deposits.forEach((usdc, place) => {
    const key = new Uint8Array(32).fill(place % 251, 0, 16).fill(7 + Math.floor(place / 251), 16);
    inputs.defineAccount(scene.timeMs, key, ACCOUNT_KIND.TRADER, 0);
    inputs.deposit(scene.timeMs, first + place, Math.floor(usdc * 1e6) * 100, accounts + 2 + place);
  });
  return first;
}

/** The first account behind those of the session. */
export function firstOwn(scene: Scene): number {
  return FIRST_ACCOUNT + scene.session.accounts;
}

/** How far beyond the mark an order of a script may trade, as a fraction. */
const SLIP = 0.006;

/** Appends an order of so many lots, signed (positive buys), that trades near the mark at once or not at all. */
export function trade(
  inputs: CommandBuffer,
  { state, timeMs }: Scene,
  account: number,
  market: number,
  lots: number,
  closes = false,
): void {
  const { f64 } = state.market;
  const ticks = (f64[market * 128 + MARKET.MARK] as number) / (f64[market * 128 + MARKET.TICK_UNITS] as number);
  const isBuy = lots > 0;
  const price = isBuy ? Math.ceil(ticks * (1 + SLIP)) : Math.floor(ticks * (1 - SLIP));
  const flags = orderFlags(isBuy ? SIDE.BUY : SIDE.SELL, ORDER_KIND.LIMIT, INSTRUCTION.IOC, closes);
  inputs.placeOrder(timeMs, account, market, Math.max(1, price), Math.abs(lots), flags);
}

/** Accounts that all hold the same: so many, over markets in turn, each long for so many USD on a margin a little above `margin`. */
export interface Crowd {
  readonly count: number;
  readonly markets: readonly number[];
  readonly usd: number;
  /** Share of the value that each brings. */
  readonly margin: number;
  /** Minute in which the first one buys; four follow a tick. */
  readonly fromMinute: number;
}

const CROWD_PER_TICK = 4;

/** Opens the crowd in the opening, and lets it buy when its minute has come. */
export function playCrowd(inputs: CommandBuffer, scene: Scene, crowd: Crowd): void {
  const { count, markets, usd, margin, fromMinute } = crowd;
  if (scene.tick === 0) {
    openAccounts(
      inputs,
      scene,
      Array.from({ length: count }, (_, n) => usd * (margin + (n % 50) * 1e-5)),
    );
  }
  const { tickMs } = scene.session.day;
  const first = (scene.tick - Math.floor((fromMinute * 60_000) / tickMs)) * CROWD_PER_TICK;
  for (let n = Math.max(0, first); n < Math.min(count, first + CROWD_PER_TICK); n++) {
    const market = markets[n % markets.length] as number;
    const mark = scene.state.market.f64[market * 128 + MARKET.MARK] as number;
    trade(inputs, scene, firstOwn(scene) + n, market, Math.floor((usd * 1e8) / mark));
  }
}
