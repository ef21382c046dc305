/** What rules and markets must be now and were at any moment since the last block: the sealed image and the events since. */
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { State } from '../engine/state.ts';
import { MARKET } from '../engine/tables.ts';
import { whole } from './exact.ts';
import { EventLog } from './event-log.ts';
import { DERIVED, MARKED } from './derived-columns.ts';
import { isProposal } from './forced-command.ts';
import { FundingChain } from './funding-chain.ts';
import { ImageAdvance } from './image-advance.ts';
import { InputImage } from './input-image.ts';
import { OrderImage } from './order-image.ts';
import { RemedyImage } from './remedy-image.ts';
import { OWN_ROOM, type Room } from './room.ts';
import { SealedImage, type SealedTable } from './sealed-image.ts';

type Derived = keyof typeof DERIVED;

/** See `writeScalars`. */
export const SCALARS = 6;

export class Known {
  readonly image: SealedImage;
  readonly log: EventLog;
  /** What the small tables must hold now, and the live orders. */
  readonly inputs: InputImage;
  readonly orders: OrderImage;
  readonly remedy = new RemedyImage();
  readonly fundingChain = new FundingChain();
  /** Markets whose funding index moved beyond its bound in a block that is closed. */
  readonly condemned = new Set<number>();

  /** Moves accounts and positions of the image. */
  readonly advance: ImageAdvance;
  /** Numbers of the events of this batch that propose something, as far as they were heard. */
  private readonly proposed: number[] = [];

  constructor(room: Room = OWN_ROOM) {
    this.image = new SealedImage(room);
    this.log = new EventLog(room);
    this.inputs = new InputImage(room);
    this.orders = new OrderImage(room);
    this.advance = new ImageAdvance(this.image, this.inputs, this.log, room);
  }

  /** Takes the state as it is: the first block. */
  begin(state: State): void {
    this.image.begin(state);
    this.advance.begin();
    this.inputs.begin(state);
    this.orders.begin(state);
    this.remedy.begin(state);
  }

  /** The memory that `hearRun` moves when all is plain, in an order of its own, for `adoptBuffers`. */
  buffers(): ArrayBufferLike[] {
    return [...this.orders.buffers(), this.log.values.buffer, ...this.tables().map(({ bytes }) => bytes.buffer)];
  }

  adoptBuffers(buffers: readonly ArrayBufferLike[]): void {
    this.orders.adoptBuffers(buffers);
    this.log.values = new Float64Array(buffers[3] as ArrayBufferLike);
    for (const [n, table] of this.tables().entries()) table.adoptBuffer(buffers[4 + n] as ArrayBufferLike);
  }

  private tables(): SealedTable[] {
    const { image, inputs, advance } = this;
    const ofBlock = [image.market, image.account, image.position, image.kept];
    return [...ofBlock, inputs.rule, inputs.market, inputs.venue, advance.indexes, advance.told];
  }

  /** Numbers beside the memory that `hearRun` moves: so many as `SCALARS`. */
  writeScalars(to: Float64Array): void {
    const { orders, log, image, advance } = this;
    to.set([orders.rows, orders.version, log.count, image.firstKept, image.nextKept, advance.toldCount]);
  }

  readScalars(from: Float64Array): void {
    const { orders, log, image, advance } = this;
    [orders.rows, orders.version, log.count] = [from[0] as number, from[1] as number, from[2] as number];
    [image.firstKept, image.nextKept] = [from[3] as number, from[4] as number];
    advance.toldCount = from[5] as number;
  }

  /** Event number `event` proposes a forced action. */
  addProposed(event: number): void {
    this.proposed.push(event);
  }

  forgetProposed(): void {
    if (this.proposed.length > 0) this.proposed.length = 0;
  }

  /** Numbers of the events from `from` on that propose something, `heard` of which were heard. */
  proposedSince({ values, count }: EventBuffer, from: number, heard: number): number[] {
    const found = this.proposed.filter((event) => event >= from);
    for (let event = Math.max(from, heard); event < count; event++) {
      if (isProposal(values[event * EVENT_FLOATS] as number)) found.push(event);
    }
    return found;
  }

  /** The mark at a place of the log told a funding index: one more link of its chain. */
  addIndex(place: number): void {
    const { log } = this;
    this.fundingChain.add(log.field(place, 0), log.sequence(place), log.field(place, MARKED.FUNDING_INDEX));
  }

  /** Rule `number` as commands before a place (by default: all) made it. */
  rule(number: number, before = this.log.count): bigint {
    const { log } = this;
    let value = this.image.rule.f64[64 + number];
    for (const place of log.ruleChanges()) {
      if (place >= before) break;
      if (log.field(place, 0) === number) value = log.field(place, 2);
    }
    return whole(value);
  }

  /** Parameter `number` of a market (its place in `MARKET_PARAMETERS`) as commands made it. */
  parameter(market: number, number: number): bigint {
    const { log } = this;
    const name = MARKET_PARAMETERS[number] as (typeof MARKET_PARAMETERS)[number];
    const { i32, f64 } = this.image.market;
    let value = name === 'MAXIMUM_OPEN_ORDERS' ? i32[market * 256 + MARKET[name]] : f64[market * 128 + MARKET[name]];
    for (const place of log.parametersOf(market)) if (log.field(place, 1) === number) value = log.field(place, 3);
    return whole(value);
  }

  /** The largest that a parameter was since the block. */
  largestParameter(market: number, number: number): bigint {
    const { log } = this;
    let value = this.parameter(market, number);
    for (const place of log.parametersOf(market)) {
      if (log.field(place, 1) !== number) continue;
      for (const told of [whole(log.field(place, 2)), whole(log.field(place, 3))]) if (told > value) value = told;
    }
    return value;
  }

  /** A derived value of a market as it stood in the block. */
  sealed(market: number, value: Derived): bigint {
    return whole(this.image.market.f64[market * 128 + DERIVED[value][0]]);
  }

  /** The same as the last tick before a place (by default: any) left it. */
  derived(market: number, value: Derived, before = this.log.count): bigint {
    const place = this.log.markBefore(market, before);
    return place < 0 ? this.sealed(market, value) : whole(this.log.field(place, DERIVED[value][1]));
  }
}
