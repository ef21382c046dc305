/** A small venue that trades at random, for tests: seeded, every kind of command, proposals answered, some rows malformed. */
import { applyCommand } from '../engine/apply.ts';
import { COMMAND_BYTES, MARKET_PARAMETERS } from '../engine/command.ts';
import { CommandBuffer, type MarketDefinition } from '../engine/command-buffer.ts';
import { EVENT, type EventRecord } from '../engine/event.ts';
import { ORDER_KIND, orderFlags } from '../engine/flags.ts';
import { ACCOUNT_KIND, genesis, type State } from '../engine/state.ts';
import { OPERATION, STATUS } from '../engine/status.ts';
import { VENUE } from '../engine/tables.ts';
import type { BatchEntry } from './entry.ts';

const MARKETS = 3;
const ACCOUNTS = 12;
const FIRST_ACCOUNT = 3;
const TICK_UNITS = 1e6;
const START_MS = 1_768_800_000_000;

function marketDefinition(number: number): MarketDefinition {
  return {
    name: `TEST-${number}-USD-PERP`,
    fundingPeriodS: 28_800,
    venues: 1,
    TICK_SIZE: 1e12,
    SIZE_STEP: 1e10,
    MINIMUM_NOTIONAL: 1e9,
    MAXIMUM_ORDER: 10_000,
    POSITION_LIMIT: 1e6,
    PRICE_BAND: 50_000,
    INITIAL_MARGIN: 50_000,
    MAINTENANCE_FACTOR: 500_000,
    INTEREST_RATE: 1e8,
    CLAMP_RATE: 5e8,
    MAXIMUM_FUNDING_RATE: 2e10,
    FUNDING_MULTIPLIER: 1_000_000,
    IMPACT_NOTIONAL: 1e12,
    BASIS_WEIGHT: 50_000,
    MAXIMUM_SPREAD: 10_000,
    MAXIMUM_OPEN_ORDERS: 100,
  };
}

/** The views of these rows as a journal would give them. */
export function batchOf(rows: Uint8Array, firstSequence: number, commands: number, closesBlock = false): BatchEntry {
  const bytes = rows.slice();
  return {
    kind: 'commands',
    fork: 0,
    firstSequence,
    commands,
    rows: bytes.length / COMMAND_BYTES,
    closesBlock,
    bytes,
    words: new Int32Array(bytes.buffer),
    floats: new Float64Array(bytes.buffer),
  };
}

export class TestVenue {
  readonly state: State = genesis();
  /** Events of the last batch. */
  events: EventRecord[] = [];
  private readonly buffer = new CommandBuffer();
  private seed: number;
  private timeMs = START_MS;
  private readonly prices = Array.from({ length: MARKETS }, () => 50_000);
  private readonly orders: [account: number, order: number][] = [];

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Opens the venue: markets, accounts, deposits, first prices. */
  open(): BatchEntry {
    const { buffer, timeMs } = this;
    for (let market = 0; market < MARKETS; market++) buffer.defineMarket(timeMs, marketDefinition(market));
    buffer.collateralPrice(timeMs, 1e8, timeMs);
    for (let market = 1; market <= MARKETS; market++)
      buffer.oraclePrice(timeMs, market, 0, 50_000 * TICK_UNITS, timeMs);
    buffer.tick(timeMs);
    for (let account = 0; account < ACCOUNTS; account++) {
      buffer.defineAccount(timeMs, new Uint8Array(32).fill(account + 1), ACCOUNT_KIND.TRADER, account % 2);
      buffer.deposit(timeMs, FIRST_ACCOUNT + account, 6e10, account + 1);
    }
    return this.finish();
  }

  /** A batch of about `count` random commands, applied to `state`; proposals it made are answered at its end. */
  trade(count: number): BatchEntry {
    for (let n = 0; n < count; n++) this.random();
    return this.finish();
  }

  private chance(limit: number): number {
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.seed / 2 ** 32) * limit);
  }

  private random(): void {
    const { buffer } = this;
    this.timeMs += this.chance(40);
    const account = FIRST_ACCOUNT + this.chance(ACCOUNTS);
    const market = 1 + this.chance(MARKETS);
    const dice = this.chance(100);
    if (dice < 50) this.place(account, market, dice % 10 === 0 ? `c${this.chance(30)}` : '');
    else if (dice < 65) this.cancelOrAmend(dice < 60);
    else if (dice < 75) this.price(market);
    else if (dice < 82) buffer.tick(this.timeMs);
    else if (dice < 84) buffer.collateralPrice(this.timeMs, 1e8, this.timeMs);
    else if (dice < 86) buffer.cancelByClientId(this.timeMs, account, `c${this.chance(30)}`);
    else if (dice < 87) buffer.cancelAll(this.timeMs, account, market);
    else if (dice < 89) this.batch(account, market);
    else if (dice < 91) buffer.deposit(this.timeMs, account, 1e9 + this.chance(1e9), this.chance(1e6));
    else if (dice < 93) buffer.requestWithdrawal(this.timeMs, account, 1e8 + this.chance(1e9));
    else if (dice < 95) buffer.settleWithdrawal(this.timeMs, 1 + this.chance(9), this.chance(2) === 0);
    else if (dice < 96) buffer.transfer(this.timeMs, account, FIRST_ACCOUNT + this.chance(ACCOUNTS), this.chance(1e9));
    else if (dice < 97) buffer.setLeverage(this.timeMs, account, market, 5 + this.chance(15));
    else if (dice < 98) this.operate(market);
    else this.malformed();
  }

  private place(account: number, market: number, clientId: string): void {
    const kind =
      [ORDER_KIND.LIMIT, ORDER_KIND.LIMIT, ORDER_KIND.MARKET, ORDER_KIND.STOP_LOSS_MARKET][this.chance(4)] ?? 0;
    const instruction = kind === ORDER_KIND.LIMIT ? this.chance(3) : 2;
    const flags = orderFlags(this.chance(2), kind, instruction, kind === ORDER_KIND.STOP_LOSS_MARKET, this.chance(3));
    const price = (this.prices[market - 1] as number) + this.chance(300) - 150;
    const isLimit = kind === ORDER_KIND.LIMIT;
    const trigger = kind === ORDER_KIND.STOP_LOSS_MARKET ? price : 0;
    this.buffer.placeOrder(
      this.timeMs,
      account,
      market,
      isLimit ? price : 0,
      1 + this.chance(40),
      flags,
      trigger,
      clientId,
    );
  }

  private batch(account: number, market: number): void {
    const first = this.buffer.rows;
    this.buffer.placeBatch(this.timeMs, account, 3);
    for (let n = 0; n < 3; n++) this.place(account, market, n === 1 ? `b${this.chance(30)}` : '');
    this.buffer.endBatch(first);
  }

  private cancelOrAmend(isCancel: boolean): void {
    const [account, order] = this.orders[this.chance(this.orders.length)] ?? [FIRST_ACCOUNT, 1];
    if (isCancel) this.buffer.cancelOrder(this.timeMs, account, order);
    else this.buffer.amendOrder(this.timeMs, account, order, 49_900 + this.chance(200), 1 + this.chance(50));
  }

  private price(market: number): void {
    const moved = (this.prices[market - 1] as number) + this.chance(1_201) - 600;
    this.prices[market - 1] = moved;
    const price = moved * TICK_UNITS;
    if (this.chance(3) > 0) this.buffer.oraclePrice(this.timeMs, market, this.chance(2), price, this.timeMs);
    else
      this.buffer.venueQuote(
        this.timeMs,
        market,
        0,
        1 + this.chance(15),
        this.timeMs,
        price,
        price,
        price - 1e6,
        price + 1e6,
      );
  }

  private operate(market: number): void {
    const dice = this.chance(4);
    if (dice === 0) this.buffer.setStatus(this.timeMs, market, STATUS.POST_ONLY, OPERATION.FUNDING);
    else if (dice === 1) this.buffer.setRule(this.timeMs, this.chance(10), 1 + this.chance(500));
    else if (dice === 2)
      this.buffer.setMarketParameter(this.timeMs, market, MARKET_PARAMETERS[5], 40_000 + this.chance(9));
    else for (let each = 1; each <= MARKETS; each++) this.buffer.setStatus(this.timeMs, each, STATUS.OK, 0);
  }

  /** A row whose kind, length, time and fields may be anything. */
  private malformed(): void {
    const bytes = new Uint8Array(COMMAND_BYTES);
    const words = new Int32Array(bytes.buffer);
    for (let at = 0; at < words.length; at++) words[at] = this.chance(3) === 0 ? this.chance(2 ** 32) : this.chance(30);
    words[1] = this.chance(2);
    this.buffer.append(bytes, 1);
  }

  /** Applies what was written, and then the forced commands that its events propose. */
  private finish(): BatchEntry {
    const { buffer, state } = this;
    const firstSequence = (state.venue.f64[state.venue.rowFloats + VENUE.SEQUENCE] as number) + 1;
    this.events = [];
    let row = 0;
    while (row < buffer.rows) {
      const end = buffer.rows;
      state.events.clear();
      while (row < end) {
        row += applyCommand(state, buffer.i32.subarray(0, end * 16), buffer.f64.subarray(0, end * 8), row);
      }
      const events = state.events.all();
      this.events.push(...events);
      for (const event of events) this.take(event);
    }
    const batch = batchOf(buffer.bytes.subarray(0, buffer.rows * COMMAND_BYTES), firstSequence, buffer.commands);
    buffer.clear();
    state.events.clear();
    return batch;
  }

  private take(event: EventRecord): void {
    const field = event as unknown as Readonly<Record<string, number>>;
    const value = (name: string): number => field[name] as number;
    const { buffer, timeMs } = this;
    if (event.kind === 'orderAccepted') this.orders.push([value('account'), value('order')]);
    else if (event.kind === 'liquidationDue') {
      const [high, low] = [value('maintenanceHigh'), value('maintenanceLow')];
      buffer.liquidate(timeMs, value('account'), value('share'), value('equityHigh'), value('equityLow'), high, low);
    } else if (event.kind === 'triggerDue') buffer.fireTrigger(timeMs, value('order'), value('mark'));
    else if (event.kind === 'cancelDue') buffer.forceCancel(timeMs, value('order'), value('reason'));
  }
}

/** How often each kind of event is among `events`. */
export function countKinds(events: readonly EventRecord[]): Map<string, number> {
  const counts = new Map<string, number>(Object.keys(EVENT).map((kind) => [kind, 0]));
  for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
