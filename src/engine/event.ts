/**
 * Events: what commands did. Derived, never an input; a replay makes the same ones. A record is 16 floats: kind, sequence
 * of the command that caused it, then the fields of its kind. Orders are named by order id, accounts and markets by row. The last float
 * is no field: of a fill it says where to look first for the positions (row of the maker's × 2^24 + row of the taker's), of all else
 * it is 0. It saves a search; whoever uses it compares the rows with what the event says.
 */

export const EVENT_FLOATS = 16;

/** The fields of each kind, from slot 2 on. `_HIGH`/`_LOW` pairs are one wide value (`amount.ts`). */
export const EVENT_FIELDS = {
  /** The command was refused: `refusal` as in `REFUSALS`. For an order of a batch, `item` is its place. */
  refused: ['command', 'refusal', 'account', 'market', 'item'],
  marketDefined: ['market'],
  accountDefined: ['account', 'accountKind'],
  deposited: ['account', 'amount', 'reference'],
  withdrawalRequested: ['account', 'withdrawal', 'amount', 'loss'],
  withdrawalSettled: ['account', 'withdrawal', 'amount', 'settled'],
  transferred: ['from', 'to', 'amount'],
  /** The order was accepted: `price` in ticks (of a market order the band edge), `untriggered` 1 if it waits. What its fills leave rests unless it closes. */
  orderAccepted: ['order', 'account', 'market', 'price', 'size', 'trigger', 'flags', 'untriggered'],
  orderAmended: ['order', 'account', 'market', 'price', 'size', 'trigger'],
  /** `reason` as in `CLOSE_REASONS`; `remaining` was not filled. */
  orderClosed: ['order', 'account', 'market', 'reason', 'remaining'],
  /** A conditional order fired: `price` and `size` are what it became, 0 when it may not trade and closes. */
  orderTriggered: ['order', 'account', 'market', 'mark', 'price', 'size'],
  /** Trade `trade`: `price` in ticks, `size` in lots, fees and profits in 1e-8 USDC; `takerSide` 0 buys. */
  filled: [
    'market',
    'makerOrder',
    'takerOrder',
    'makerAccount',
    'takerAccount',
    'price',
    'size',
    'takerSide',
    'makerFee',
    'takerFee',
    'makerProfit',
    'takerProfit',
    'trade',
  ],
  /** The position settled `amount` (charged when positive) up to funding index `index`. */
  fundingSettled: ['account', 'market', 'size', 'amount', 'index'],
  leverageSet: ['account', 'market', 'initialMargin'],
  /** A tick moved the market's prices; prices in price units, rates in 1e-12, index in 1e-6 price units. */
  marked: ['market', 'spot', 'mark', 'fairBasis', 'externalFair', 'premiumRate', 'fundingRate', 'fundingIndex'],
  /** Nothing accrues: `cause` as in `FUNDING_PAUSE` of `tick.ts`. Sent when it starts and when it ends (0). */
  fundingPaused: ['market', 'cause', 'sinceMs'],
  statusSet: ['market', 'status', 'paused'],
  ruleSet: ['rule', 'before', 'value'],
  parameterSet: ['market', 'parameter', 'before', 'value'],
  /** Proposal: this account may be liquidated by `share` ppm. */
  liquidationDue: ['account', 'share', 'equityHigh', 'equityLow', 'maintenanceHigh', 'maintenanceLow'],
  /** Proposal: the mark price reached this order's trigger. */
  triggerDue: ['order', 'account', 'market', 'mark'],
  /** Proposal: this order is to be cancelled for `reason`. */
  cancelDue: ['order', 'account', 'market', 'reason'],
  liquidated: ['account', 'share', 'penalty', 'equityHigh', 'equityLow', 'maintenanceHigh', 'maintenanceLow'],
  /** A position moved to the insurance fund at the mark: by a liquidation or a settlement, which is told behind it. */
  positionTaken: ['account', 'market', 'size', 'mark', 'profit'],
  /** The share of withdrawals kept back changed, 1e-12. */
  lossFactorSet: ['factor', 'bankruptcyHigh', 'bankruptcyLow'],
  /** Proposal: this position in a delisted market is to be settled at the mark; `size` 0 when it has but orders. */
  settlementDue: ['account', 'market', 'size', 'mark'],
  /** The position was settled: its orders ended, and all of it was taken (`positionTaken`) at the mark. */
  positionSettled: ['account', 'market', 'size', 'mark'],
  /** Money that left on a dead branch: `taken` from the balance, the rest of `amount` is owed. */
  withdrawalCarried: ['account', 'withdrawal', 'amount', 'taken'],
  receivableRepaid: ['account', 'amount'],
  /** A credit was taken back to the insurance fund: `taken` from the balance, the rest of `amount` is owed. */
  creditReversed: ['account', 'amount', 'taken', 'refund', 'id0', 'id1', 'id2', 'id3'],
  /** `refund` is the row in the table of refunds, `id0` … `id3` the four words of its id. */
  refundReserved: ['account', 'amount', 'refund', 'id0', 'id1', 'id2', 'id3'],
  refundPosted: ['account', 'amount', 'refund', 'id0', 'id1', 'id2', 'id3'],
  refundVoided: ['account', 'amount', 'refund', 'id0', 'id1', 'id2', 'id3'],
} as const;

export type EventKind = keyof typeof EVENT_FIELDS;

/** Kinds in the order of their codes, from 1. */
const EVENT_KINDS = ['none', ...Object.keys(EVENT_FIELDS)] as readonly ('none' | EventKind)[];

export const EVENT = Object.fromEntries(EVENT_KINDS.map((kind, code) => [kind, code])) as {
  readonly [kind in EventKind]: number;
};

/** An event as a person reads it. */
export type EventRecord<K extends EventKind = EventKind> = {
  readonly kind: K;
  readonly sequence: number;
} & { readonly [field in (typeof EVENT_FIELDS)[K][number]]: number };

/** The events since the last `clear`, in the order in which they happened. */
export class EventBuffer {
  values: Float64Array = new Float64Array(EVENT_FLOATS * 1024);
  count = 0;
  /** Sequence of the command being applied. */
  sequence = 0;

  clear(): void {
    this.count = 0;
  }

  /** Appends an event with up to 13 fields; what a kind does not have stays 0. */
  emit(kind: number, a: number, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0): void {
    const at = this.next(kind);
    const values = this.values;
    values[at + 2] = a;
    values[at + 3] = b;
    values[at + 4] = c;
    values[at + 5] = d;
    values[at + 6] = e;
    values[at + 7] = f;
    values[at + 8] = g;
    values[at + 9] = h;
    values[at + 10] = 0;
    values[at + 11] = 0;
    values[at + 12] = 0;
    values[at + 13] = 0;
    values[at + 14] = 0;
  }

  /** Starts a record; the caller writes all 13 fields from the returned slot + 2 on. */
  next(kind: number): number {
    const at = this.count++ * EVENT_FLOATS;
    if (at + EVENT_FLOATS > this.values.length) this.grow();
    this.values[at] = kind;
    this.values[at + 1] = this.sequence;
    this.values[at + 15] = 0;
    return at;
  }

  /** Event `at` as an object. */
  read(at: number): EventRecord {
    const from = at * EVENT_FLOATS;
    const kind = EVENT_KINDS[this.values[from] as number] as EventKind;
    const record: Record<string, number | string> = { kind, sequence: this.values[from + 1] as number };
    EVENT_FIELDS[kind].forEach((field, slot) => {
      record[field] = this.values[from + 2 + slot] as number;
    });
    return record as EventRecord;
  }

  /** All events as objects. */
  all(): EventRecord[] {
    return Array.from({ length: this.count }, (_, at) => this.read(at));
  }

  private grow(): void {
    const grown = new Float64Array(this.values.length * 2);
    grown.set(this.values);
    this.values = grown;
  }
}
