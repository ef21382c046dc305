/**
 * What the events since the last block tell of accounts, markets and rules, in their order. Listening copies what matters;
 * lists by account and by market are made only when a forced action is to be judged.
 */
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { INSURANCE_FUND } from '../engine/state.ts';
import { OWN_ROOM, type Room } from './room.ts';

/** Kinds that are kept. Of all others the guard needs nothing. */
const KEPT = new Uint8Array(64);
for (const kind of [
  EVENT.marketDefined,
  EVENT.accountDefined,
  EVENT.deposited,
  EVENT.withdrawalRequested,
  EVENT.withdrawalSettled,
  EVENT.transferred,
  EVENT.filled,
  EVENT.fundingSettled,
  EVENT.leverageSet,
  EVENT.marked,
  EVENT.ruleSet,
  EVENT.parameterSet,
  EVENT.liquidated,
  EVENT.positionTaken,
  EVENT.statusSet,
  EVENT.withdrawalCarried,
  EVENT.receivableRepaid,
  EVENT.creditReversed,
  EVENT.refundReserved,
  EVENT.refundPosted,
  EVENT.refundVoided,
]) {
  KEPT[kind] = 1;
}

const { marked: MARKED, parameterSet: PARAMETER_SET, ruleSet: RULE_SET, statusSet: STATUS_SET } = EVENT;
const LIQUIDATED = EVENT.liquidated;

const RECORD_BYTES = EVENT_FLOATS * 8;
const NONE: readonly number[] = [];

export class EventLog {
  /** Records of 16 floats as in the event buffer; a *place* is the number of a record. */
  values: Float64Array;
  private readonly room: Room;
  count = 0;
  /** Records that the lists by account have: made when one is asked for. */
  private indexed = 0;
  private readonly accounts = new Map<number, number[]>();
  private readonly marks = new Map<number, number[]>();
  private readonly parameters = new Map<number, number[]>();
  private rules: number[] = [];
  private notable: number[] = [];

  constructor(room: Room = OWN_ROOM) {
    this.room = room;
    this.values = new Float64Array(room.take(RECORD_BYTES * 1024));
  }

  /** Places of marks, of changes of statuses and of liquidations so far: for `notableFrom`. */
  get notables(): number {
    return this.notable.length;
  }

  /** Forgets everything: a block was closed. */
  clear(): void {
    this.count = 0;
    this.indexed = 0;
    this.accounts.clear();
    this.marks.clear();
    this.parameters.clear();
    this.rules = [];
    this.notable = [];
  }

  /** Copies the record at `at` if its kind matters. */
  keepIfKept(values: Float64Array, at: number): void {
    const kind = values[at] as number;
    if (KEPT[kind] !== 1) return;
    const place = this.count;
    this.keep(values, at);
    if (kind === MARKED) push(this.marks, values[at + 2] as number, place);
    else if (kind === PARAMETER_SET) push(this.parameters, values[at + 2] as number, place);
    else if (kind === RULE_SET) this.rules.push(place);
    if (kind === MARKED || kind === STATUS_SET || kind === LIQUIDATED) this.notable.push(place);
  }

  /** Copies the record at `at`. */
  keep(values: Float64Array, at: number): void {
    const to = this.count++ * EVENT_FLOATS;
    if (to + EVENT_FLOATS > this.values.length) this.reserve(this.count);
    const kept = this.values;
    for (let n = 0; n < EVENT_FLOATS; n++) kept[to + n] = values[at + n] as number;
  }

  /** Makes room for so many records. */
  reserve(records: number): void {
    const bytes = records * RECORD_BYTES;
    if (bytes <= this.values.byteLength) return;
    const { values } = this;
    this.values = new Float64Array(this.room.take(Math.max(bytes, values.byteLength * 2)));
    this.values.set(values);
  }

  /** Field `slot` of the record at a place, as `EVENT_FIELDS` lists them. */
  field(place: number, slot: number): number {
    return this.values[place * EVENT_FLOATS + 2 + slot] as number;
  }

  kind(place: number): number {
    return this.values[place * EVENT_FLOATS] as number;
  }

  /** Sequence of the command that caused it. */
  sequence(place: number): number {
    return this.values[place * EVENT_FLOATS + 1] as number;
  }

  /** Places of what concerns an account. */
  ofAccount(account: number): readonly number[] {
    this.index();
    return this.accounts.get(account) ?? NONE;
  }

  /** Places of the marks of a market, and of changes of its parameters. */
  marksOf(market: number): readonly number[] {
    return this.marks.get(market) ?? NONE;
  }

  parametersOf(market: number): readonly number[] {
    return this.parameters.get(market) ?? NONE;
  }

  /** Places of changes of rules. */
  ruleChanges(): readonly number[] {
    return this.rules;
  }

  /** Places of marks, of changes of statuses and of liquidations behind the first `notables`. */
  notableFrom(notables: number): readonly number[] {
    return notables === this.notable.length ? NONE : this.notable.slice(notables);
  }

  /** Place of the last mark of a market before a place, -1 when there is none. */
  markBefore(market: number, place: number): number {
    const places = this.marksOf(market);
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((places[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? -1 : (places[low - 1] as number);
  }

  private index(): void {
    for (; this.indexed < this.count; this.indexed++) this.list(this.indexed);
  }

  private list(place: number): void {
    const first = this.field(place, 0);
    switch (this.kind(place)) {
      case EVENT.filled:
        push(this.accounts, this.field(place, 3), place);
        push(this.accounts, this.field(place, 4), place);
        return;
      case EVENT.transferred:
        push(this.accounts, first, place);
        if (this.field(place, 1) !== first) push(this.accounts, this.field(place, 1), place);
        return;
      case EVENT.withdrawalRequested:
      case EVENT.liquidated:
      case EVENT.positionTaken:
      case EVENT.creditReversed:
      case EVENT.refundReserved:
      case EVENT.refundVoided:
        push(this.accounts, first, place);
        push(this.accounts, INSURANCE_FUND, place);
        return;
      case EVENT.marked:
      case EVENT.parameterSet:
      case EVENT.ruleSet:
      case EVENT.marketDefined:
      case EVENT.accountDefined:
      case EVENT.statusSet:
        return;
      default:
        push(this.accounts, first, place);
    }
  }
}

function push(lists: Map<number, number[]>, key: number, place: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [place]);
  else list.push(place);
}
