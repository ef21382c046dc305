/**
 * Seeded mutations of memory: a small venue under random flow, a twin with the same commands and sound memory, and one random
 * change of a bit, a field or a row. What is forced in the first and not in the second is wrongful.
 *
 * Links of lists and queues are left out: what they break is the walk of the engine itself, before anything is proposed.
 */
import { CLOSE } from '../engine/refusal.ts';
import type { EventRecord } from '../engine/event.ts';
import { INSTRUCTION, ORDER_KIND } from '../engine/flags.ts';
import { RULE } from '../engine/rules.ts';
import type { Column, Table } from '../engine/table.ts';
import { SCHEMAS } from '../engine/tables.ts';
import type { GuardedVenue } from './guarded-venue.fixture.ts';

/** A small generator with a known sequence (mulberry32). */
export class Chance {
  private seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  next(): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

type Step = (venue: GuardedVenue) => EventRecord[];

/** Random steps of a small venue: they are made from the sound twin's events and given to both. */
export class SmallFlow {
  private readonly chance: Chance;
  private readonly prices = [10_000, 10_000];
  private orders: { readonly account: number; readonly order: number }[] = [];
  readonly markets: readonly number[] = [1, 2];
  readonly accounts: readonly number[] = [3, 4, 5, 6, 7, 8];

  constructor(chance: Chance) {
    this.chance = chance;
  }

  /** Opens a venue: two markets, six accounts of which half have little money. */
  open(venue: GuardedVenue): void {
    venue.setRule(RULE.funding_gap, 60_000);
    for (const market of this.markets) venue.market({ MAXIMUM_SPREAD: 20_000, INTEREST_RATE: 1e9 * market });
    this.accounts.forEach((_, number) => venue.trader(number % 2 === 0 ? 40_000 : 1_500));
    for (const market of this.markets) venue.price(market, 10_000);
    venue.seal();
  }

  next(): Step {
    const { chance } = this;
    const dice = chance.next();
    if (dice < 0.3) return this.price();
    if (dice < 0.75) return this.order();
    if (dice < 0.85) return this.cancel();
    if (dice < 0.9) return this.conditional();
    if (dice < 0.93) return this.status();
    const account = chance.of(this.accounts);
    if (dice < 0.95) {
      return (venue) => {
        venue.deposit(account, 10);
        return [];
      };
    }
    return (venue) => {
      venue.seal();
      return [];
    };
  }

  /** Remembers the orders that were taken. */
  learn(events: readonly EventRecord[]): void {
    for (const event of events) {
      if (event.kind === 'orderAccepted') this.orders.push(event as EventRecord<'orderAccepted'>);
    }
    if (this.orders.length > 20) this.orders = this.orders.slice(-20);
  }

  private price(): Step {
    const { chance, prices } = this;
    const place = chance.below(2);
    const move = chance.next() < 0.15 ? 0.05 : 0.004;
    const ticks = Math.max(2_000, Math.round((prices[place] as number) * (1 + (chance.next() * 2 - 1) * move)));
    prices[place] = ticks;
    const elapsedMs = 1_000 + chance.below(6) * 1_000;
    return (venue) => venue.price(this.markets[place] as number, ticks, elapsedMs);
  }

  private order(): Step {
    const { chance, prices } = this;
    const place = chance.below(2);
    const account = chance.of(this.accounts);
    const sell = chance.next() < 0.5;
    const price = Math.round((prices[place] as number) * (1 + (chance.next() * 2 - 1) * 0.01));
    const instruction = chance.next() < 0.3 ? INSTRUCTION.IOC : INSTRUCTION.GTC;
    const size = 1 + chance.below(60);
    return (venue) => venue.place(account, this.markets[place] as number, { sell, price, size, instruction });
  }

  private conditional(): Step {
    const { chance, prices } = this;
    const place = chance.below(2);
    const account = chance.of(this.accounts);
    const sell = chance.next() < 0.5;
    const trigger = Math.round((prices[place] as number) * (sell ? 0.97 : 1.03));
    const kind = chance.of([ORDER_KIND.STOP_LOSS_MARKET, ORDER_KIND.STOP_MARKET]);
    const size = 1 + chance.below(30);
    return (venue) => venue.place(account, this.markets[place] as number, { sell, size, kind, trigger });
  }

  private cancel(): Step {
    const { account, order } = this.orders.length === 0 ? { account: 3, order: 1 } : this.chance.of(this.orders);
    return (venue) => venue.apply((buffer, timeMs) => buffer.cancelOrder(timeMs, account, order));
  }

  private status(): Step {
    const status = this.chance.of([0, 0, 0, 1]);
    const market = this.chance.of(this.markets);
    return (venue) => venue.apply((buffer, timeMs) => buffer.setStatus(timeMs, market, status, 0));
  }
}

const MUTATED = ['market', 'account', 'position', 'order', 'oracle', 'quote', 'rule', 'venue'] as const;
const LINKS =
  /^(NAME|PREVIOUS|NEXT|PREVIOUS_OWN|NEXT_OWN|CLIENT_ID|FIRST_ORDER|FIRST_POSITION|NEXT_OF_ACCOUNT|POSITION|MARKETS)$/;

/** Changes one random value, or zeroes a row; returns what it did, in words. */
export function mutate(venue: GuardedVenue, chance: Chance): string {
  const { state } = venue;
  const name = chance.of(MUTATED);
  const table: Table = state[name];
  const columns = SCHEMAS[name].columns.filter((column) => !LINKS.test(column.name));
  const used = Array.from({ length: table.rows - 1 }, (_, place) => place + 1).filter((row) =>
    isUsed(table, row, columns),
  );
  const row = used.length === 0 ? 1 : chance.of(used);
  // As after a restart: what was derived before says nothing any more.
  state.index.bounds.reset(state.account.rows);
  if (chance.next() < 0.1) {
    for (const column of columns) write(table, row, column, 0, 0);
    return `${name} ${row}: all zero`;
  }
  // Mostly a value that is there: most columns of most rows are zero.
  const there = columns.filter((each) => table.read(row, each) !== 0);
  const column = chance.of(chance.next() < 0.8 && there.length > 0 ? there : columns);
  const element = chance.below(column.count);
  const before = table.read(row, column, element);
  const value = chance.next() < 0.5 ? flipped(table, row, column, element, chance) : strange(before, chance);
  write(table, row, column, element, value);
  return `${name} ${row} ${column.name}[${element}]: ${before} became ${table.read(row, column, element)}`;
}

/** Whether a row says anything: a free one keeps how often it was used, and what it held. */
function isUsed(table: Table, row: number, columns: readonly Column[]): boolean {
  const size = columns.find(({ name }) => name === 'SIZE');
  if (size !== undefined) return table.read(row, size) !== 0;
  return columns.some((column) => table.read(row, column) !== 0);
}

function strange(before: number, chance: Chance): number {
  return chance.of([0, -before, before * 2, before / 2, before * 10, before + 1, before - 1, 2 ** 40, -1]);
}

function flipped(table: Table, row: number, column: Column, element: number, chance: Chance): number {
  const size = column.kind === 'f64' ? 8 : 4;
  const at = row * table.schema.rowBytes + (column.offset + element) * size + chance.below(size);
  table.bytes[at] = (table.bytes[at] as number) ^ (1 << chance.below(8));
  return table.read(row, column, element);
}

function write(table: Table, row: number, column: Column, element: number, value: number): void {
  const values = column.kind === 'f64' ? table.f64 : table.i32;
  values[row * (column.kind === 'f64' ? table.rowFloats : table.rowWords) + column.offset + element] = value;
}

/** What was forced, among events: who was liquidated, which orders fired or were cancelled by force. */
export function forcedOf(events: readonly EventRecord[]): string[] {
  return events.flatMap((event) => {
    if (event.kind === 'liquidated') return [`liquidated ${(event as EventRecord<'liquidated'>).account}`];
    if (event.kind === 'orderTriggered') return [`triggered ${(event as EventRecord<'orderTriggered'>).order}`];
    if (event.kind !== 'orderClosed') return [];
    const { reason, order } = event as EventRecord<'orderClosed'>;
    return reason === CLOSE.DELEVERAGE || reason === CLOSE.PRICE_OUTSIDE_BANDS ? [`cancelled ${order}`] : [];
  });
}
