/** The record of both worlds, where only a part of the other one was executed: outside of it the other world did what the actual one did. */
import type { Cone } from './cone.ts';
import type { Heard } from './cone-listener.ts';
import { FlowLedger, type FlowRow, type MoneyFlow, type TradeFlow } from './flow-ledger.ts';
import { FlowListener, type HouseFill, type Taking } from './flow-listener.ts';
import type { WorldName } from './incident-worlds.ts';
import { type MarketMinute, MarketSeries } from './market-series.ts';
import type { JudgedAt, Window } from './window.ts';
import { WorldRecord, type WorldTrace } from './world-record.ts';

const MINUTE_MS = 60_000;

export class ConeRecord extends WorldRecord {
  private readonly traceOf: ReadonlyMap<WorldName, WorldTrace>;

  constructor(window: Window, cone: Cone, heard: Heard) {
    super(window.index.start);
    const isIn = new Set(cone.part.markets);
    const untilMs = cone.isSameAgain ? timeOf(window, cone.until) : Number.POSITIVE_INFINITY;
    this.traceOf = new Map([
      ['actual', { flows: window.flows, series: window.series }],
      [
        'other',
        {
          flows: otherFlows(window, cone, heard, isIn),
          series: new OtherSeries(window.series, heard.series, isIn, untilMs),
        },
      ],
    ]);
    const mark = ({ tick, market, mark: own }: JudgedAt): number =>
      isIn.has(market) ? (heard.marks.get(tick)?.get(market) ?? own) : own;
    this.truePrices.push(...window.takings.map(mark));
    this.houseTruePrices.push(...window.houseFills.map(mark));
  }

  override trace(world: WorldName): WorldTrace {
    return this.traceOf.get(world) ?? super.trace(world);
  }
}

/** Time of a command. */
function timeOf({ index: { chunks, chunkOf, rowOf } }: Window, number: number): number {
  const { floats } = chunks[chunkOf.at(number)] as { floats: Float64Array };
  return floats[rowOf.at(number) * 8 + 1] as number;
}

function otherFlows(
  { index, flows }: Window,
  { until, isSameAgain }: Cone,
  { here, there }: Heard,
  isIn: ReadonlySet<number>,
): FlowListener {
  const last = index.firstSequence + until;
  const isKept = ({ market, sequence }: Taking): boolean => !isIn.has(market) || (isSameAgain && sequence > last);
  const isElsewhere = ({ market }: HouseFill): boolean => !isIn.has(market);
  return new FlowListener(index.start, {
    ledger: new OtherLedger(flows.ledger, here.ledger, there.ledger),
    takings: [...flows.takings.filter(isKept), ...there.takings].sort((a, b) => a.sequence - b.sequence),
    houseFills: [...flows.houseFills.filter(isElsewhere), ...there.houseFills],
    tradedOn: there.heard.tradedOn,
  });
}

/** What moved the accounts of the actual world, less what of it moved its part, with what moved the other part. */
class OtherLedger extends FlowLedger {
  private readonly actual: FlowLedger;
  private readonly here: FlowLedger;
  private readonly there: FlowLedger;

  constructor(actual: FlowLedger, here: FlowLedger, there: FlowLedger) {
    super();
    this.actual = actual;
    this.here = here;
    this.there = there;
  }

  override *rowsOf(account: number): Generator<FlowRow> {
    const markets = new Set([...this.actual.marketsOf(account), ...this.there.marketsOf(account)]);
    for (const market of [...markets].sort((a, b) => a - b)) yield this.row(account, market);
  }

  override row(account: number, market: number): FlowRow {
    const [all, less, more] = [this.actual, this.here, this.there].map((ledger) => ledger.row(account, market)) as [
      FlowRow,
      FlowRow,
      FlowRow,
    ];
    if (less.money.size + less.traded.size + more.money.size + more.traded.size === 0) return all;
    const money = new Map<MoneyFlow, bigint>();
    for (const flow of new Set([...all.money.keys(), ...less.money.keys(), ...more.money.keys()])) {
      const amount = (all.money.get(flow) ?? 0n) - (less.money.get(flow) ?? 0n) + (more.money.get(flow) ?? 0n);
      if (amount !== 0n) money.set(flow, amount);
    }
    const traded: Map<TradeFlow, { lots: bigint; cost: bigint }> = new Map();
    const sum = (flow: TradeFlow, what: 'lots' | 'cost'): bigint =>
      (all.traded.get(flow)?.[what] ?? 0n) -
      (less.traded.get(flow)?.[what] ?? 0n) +
      (more.traded.get(flow)?.[what] ?? 0n);
    for (const flow of new Set([...all.traded.keys(), ...less.traded.keys(), ...more.traded.keys()])) {
      const [lots, cost] = [sum(flow, 'lots'), sum(flow, 'cost')];
      if (lots !== 0n || cost !== 0n) traded.set(flow, { lots, cost });
    }
    return { account, market, money, traded };
  }
}

class OtherSeries extends MarketSeries {
  private readonly actual: MarketSeries;
  private readonly there: MarketSeries;
  private readonly isIn: ReadonlySet<number>;
  private readonly untilMs: number;

  /** Of the markets of the part: minutes up to that of `untilMs` are the part's; it was the last tick of its minute. */
  constructor(actual: MarketSeries, there: MarketSeries, isIn: ReadonlySet<number>, untilMs: number) {
    super();
    this.actual = actual;
    this.there = there;
    this.isIn = isIn;
    this.untilMs = Number.isFinite(untilMs) ? untilMs - (untilMs % MINUTE_MS) : untilMs;
  }

  override minutes(market: number): readonly MarketMinute[] {
    if (!this.isIn.has(market)) return this.actual.minutes(market);
    const own = this.there.minutes(market);
    if (!Number.isFinite(this.untilMs)) return own;
    return [...own, ...this.actual.minutes(market).filter(({ minuteMs }) => minuteMs > this.untilMs)];
  }
}
