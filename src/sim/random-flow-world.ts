/** What a random flow knows of the exchange: its own definitions and what events told it. Never the state itself. */
import type { MarketDefinition } from '../engine/command-buffer.ts';
import type { EventRecord } from '../engine/event.ts';
import type { Random } from './random.ts';

export interface KnownOrder {
  readonly id: number;
  readonly account: number;
  readonly market: number;
  readonly flags: number;
  price: number;
  size: number;
  trigger: number;
}

export interface KnownMarket {
  readonly number: number;
  /** Price units in one tick. */
  readonly units: number;
  /** Where the spot began, and what the flow takes for the true spot now; price units. */
  readonly start: number;
  truth: number;
  /** The mark as last told; 0 while none was. */
  mark: number;
}

/** A forced action as it was proposed. */
export type Proposal =
  | EventRecord<'liquidationDue'>
  | EventRecord<'triggerDue'>
  | EventRecord<'cancelDue'>
  | EventRecord<'settlementDue'>;

const MOST_KEPT = 200;

export class FlowWorld {
  readonly random: Random;
  timeMs = 1_700_000_000_000;
  depositReference = 0;
  markets: KnownMarket[] = [];
  /** Traders' accounts. */
  accounts: number[] = [];
  orders = new Map<number, KnownOrder>();
  endedOrders: number[] = [];
  withdrawals: number[] = [];
  /** Accounts that came to owe something. */
  debtors: number[] = [];
  /** What the last tick proposed, but for what was acted on; rarely something older. */
  proposals: Proposal[] = [];
  /** Markets (0: the venue) that are not open without restriction. */
  restricted = new Set<number>();
  /** The character of the flow: shares, ppm, of price steps that are violent and of samples that are nonsense. */
  readonly violentSteps: number;
  readonly nonsense: number;
  /** The market that operators delist, 0 for none. */
  readonly delisted: number;
  /** Sizes by `account:market`. */
  private readonly sizes = new Map<string, number>();
  private readonly definitions: MarketDefinition[] = [];

  constructor(random: Random) {
    this.random = random;
    this.violentSteps = [500, 5_000, 15_000][random.below(3)] as number;
    this.nonsense = [0, 200, 3_000][random.below(3)] as number;
    this.delisted = random.chance(400_000) ? random.between(1, 4) : 0;
  }

  /** A market that will be defined next. */
  expectMarket(definition: MarketDefinition): void {
    this.definitions.push(definition);
  }

  sizeOf(account: number, market: number): number {
    return this.sizes.get(`${account}:${market}`) ?? 0;
  }

  /** One of the entries; undefined when there is none. */
  pick<T>(entries: readonly T[]): T | undefined {
    return entries.length === 0 ? undefined : entries[this.random.below(entries.length)];
  }

  anyMarket(): KnownMarket | undefined {
    return this.pick(this.markets);
  }

  /** A live order, or an ended one's id. */
  anyOrder(): KnownOrder | undefined {
    const ids = [...this.orders.keys()];
    return this.orders.get(this.pick(ids) ?? 0);
  }

  /** Learns from what happened. */
  observe(events: readonly EventRecord[]): void {
    if (events.some(({ kind }) => kind === 'marked') && this.random.chance(900_000)) this.proposals = [];
    for (const event of events) this.learn(event);
    this.proposals = this.proposals.slice(-MOST_KEPT);
    this.endedOrders = this.endedOrders.slice(-MOST_KEPT);
  }

  private learn(event: EventRecord): void {
    switch (event.kind) {
      case 'marketDefined':
        return this.learnMarket((event as EventRecord<'marketDefined'>).market);
      case 'accountDefined':
        this.accounts.push((event as EventRecord<'accountDefined'>).account);
        return;
      case 'orderAccepted':
        return this.learnOrder(event as EventRecord<'orderAccepted'>);
      case 'orderClosed':
        this.orders.delete((event as EventRecord<'orderClosed'>).order);
        this.endedOrders.push((event as EventRecord<'orderClosed'>).order);
        return;
      case 'withdrawalRequested':
        this.withdrawals.push((event as EventRecord<'withdrawalRequested'>).withdrawal);
        return;
      case 'withdrawalCarried':
      case 'creditReversed': {
        const { account, amount, taken } = event as EventRecord<'withdrawalCarried' | 'creditReversed'>;
        if (taken < amount) this.debtors.push(account);
        return;
      }
      case 'filled':
        return this.learnFill(event as EventRecord<'filled'>);
      case 'positionTaken': {
        const { account, market, size } = event as EventRecord<'positionTaken'>;
        this.change(account, market, -size);
        return this.change(1, market, size);
      }
      case 'statusSet': {
        const { market, status, paused } = event as EventRecord<'statusSet'>;
        if (status === 0 && paused === 0) this.restricted.delete(market);
        else this.restricted.add(market);
        return;
      }
      case 'marked':
        return this.learnMark(event as EventRecord<'marked'>);
      case 'liquidationDue':
      case 'triggerDue':
      case 'cancelDue':
      case 'settlementDue':
        this.proposals.push(event as Proposal);
        return;
      default:
    }
  }

  private learnMarket(number: number): void {
    const definition = this.definitions.shift();
    // One that was not meant to be: a broken definition that came out well.
    if (definition === undefined) return;
    // Exact: the definitions are chosen so.
    const units = (definition.TICK_SIZE * definition.SIZE_STEP) / 1e16;
    const start = startOf(definition) * units;
    this.markets.push({ number, units, start, truth: start, mark: 0 });
  }

  private learnOrder(event: EventRecord<'orderAccepted'>): void {
    const { order, account, market, price, size, trigger, flags } = event;
    this.orders.set(order, { id: order, account, market, price, size, trigger, flags });
  }

  private learnFill(event: EventRecord<'filled'>): void {
    const lots = event.takerSide === 0 ? event.size : -event.size;
    this.change(event.takerAccount, event.market, lots);
    this.change(event.makerAccount, event.market, -lots);
  }

  private learnMark(event: EventRecord<'marked'>): void {
    const market = this.markets.find(({ number }) => number === event.market);
    if (market !== undefined) market.mark = event.mark;
  }

  private change(account: number, market: number, lots: number): void {
    this.sizes.set(`${account}:${market}`, this.sizeOf(account, market) + lots);
  }
}

/** A market's first price, ticks: the number at the end of its name. */
function startOf(definition: MarketDefinition): number {
  return Number(definition.name.split('@')[1]);
}
