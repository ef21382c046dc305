// What a day amounted to: the result of `run`, and the page a person reads.
import { Wide } from '../engine/amount.ts';
import { conservationResidual } from '../engine/conservation.ts';
import { INSURANCE_FUND, marketName, type State } from '../engine/state.ts';
import { ACCOUNT, MARKET, VENUE } from '../engine/tables.ts';
import type { DayTotals } from '../sim/day-totals.ts';
import type { DayMarket, MarketDay } from '../sim/market-day.ts';
import { readableCount, readableUsdc, wideInteger } from './money.ts';
import { textTable } from './table.ts';

export interface RunResult {
  readonly markets: number;
  readonly accounts: number;
  readonly commands: number;
  readonly orders: number;
  readonly fills: number;
  readonly fundingTicks: number;
  readonly liquidations: number;
  readonly blocks: number;
  readonly stateRoot: string;
  readonly conservationResidual: string;
  readonly seconds: number;
  readonly commandsPerSecond: number;
  readonly journalBytes: number;
}

export interface FinishedRun {
  readonly day: MarketDay;
  readonly state: State;
  readonly totals: DayTotals;
  readonly accounts: number;
  /** Commands of this process, and its time; a run taken up again did the others before. */
  readonly commandsHere: number;
  readonly seconds: number;
  readonly blocks: number;
  readonly stateRoot: string;
  readonly journalBytes: number;
}

/** The result as `--json` prints it. Counts of orders, fills and liquidations are those of this process's events. */
export function runResult(run: FinishedRun): RunResult {
  const { state, totals } = run;
  return {
    markets: run.day.markets.length,
    accounts: run.accounts,
    commands: state.venue.f64[state.venue.rowFloats + VENUE.SEQUENCE] as number,
    orders: totals.orders,
    fills: totals.fills,
    fundingTicks: totals.marks,
    liquidations: totals.liquidations,
    blocks: run.blocks,
    stateRoot: run.stateRoot,
    conservationResidual: wideInteger(conservationResidual(state)).toString(),
    seconds: Number(run.seconds.toFixed(3)),
    commandsPerSecond: Math.round(run.commandsHere / Math.max(run.seconds, 1e-9)),
    journalBytes: run.journalBytes,
  };
}

const MARKETS_SHOWN = 12;

/** The summary as text. */
export function summaryText(run: FinishedRun): string {
  const result = runResult(run);
  return [
    '',
    `${run.day.day}: ${run.day.isModelled ? 'a modelled day' : 'a recorded day'} (${run.day.source})`,
    '',
    textTable(marketRows(run), ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right']),
    ...moreMarkets(run),
    '',
    textTable(totalRows(run, result), ['left', 'right', 'left']),
  ].join('\n');
}

function marketRows(run: FinishedRun): string[][] {
  const heading = ['market', 'spot', 'mark', 'day', 'funding/8h', 'trades', 'volume', 'open interest'];
  const busiest = [...run.day.markets.keys()].sort((a, b) => volumeOf(run.state, b + 1) - volumeOf(run.state, a + 1));
  return [heading, ...busiest.slice(0, MARKETS_SHOWN).map((place) => marketRow(run, place + 1))];
}

function marketRow({ state, day }: FinishedRun, market: number): string[] {
  const { f64 } = state.market;
  const at = market * state.market.rowFloats;
  const { usdUnits, path } = day.markets[market - 1] as DayMarket;
  const usd = (units: number): string => {
    const price = units / usdUnits;
    const digits = price >= 1000 ? 1 : price >= 1 ? 3 : 6;
    return price.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };
  const spot = f64[at + MARKET.SPOT] as number;
  const open = path.priceAt(day.startMs);
  const change = open === undefined || open === 0 ? 'silent' : `${((spot / open - 1) * 100).toFixed(2)} %`;
  const mark = f64[at + MARKET.MARK] as number;
  const interest = (f64[at + MARKET.OPEN_INTEREST] as number) * mark;
  return [
    marketName(state, market),
    usd(spot),
    usd(mark),
    change,
    `${((f64[at + MARKET.FUNDING_RATE] as number) / 1e10).toFixed(4)} %`,
    readableCount(f64[at + MARKET.TRADE_COUNT] as number),
    readableUsdc(volumeOf(state, market)),
    readableUsdc(interest),
  ];
}

function volumeOf(state: State, market: number): number {
  return new Wide().load(state.market.f64, market * state.market.rowFloats + MARKET.VOLUME_HIGH).toNumber();
}

function moreMarkets({ day }: FinishedRun): string[] {
  const more = day.markets.length - MARKETS_SHOWN;
  return more > 0 ? [`… and ${more} more markets`] : [];
}

function totalRows(run: FinishedRun, result: RunResult): string[][] {
  const { totals, state } = run;
  let volume = 0;
  for (let market = 1; market <= run.day.markets.length; market++) volume += volumeOf(state, market);
  const fund = new Wide().load(state.account.f64, INSURANCE_FUND * state.account.rowFloats + ACCOUNT.BALANCE_HIGH);
  const refused = totals.refusals().reduce((sum, [, count]) => sum + count, 0);
  return [
    ['accounts', readableCount(result.accounts), ''],
    ['commands', readableCount(result.commands), `${readableCount(refused)} refused: ${names(totals.refusals())}`],
    ['orders', readableCount(result.orders), `${readableCount(totals.triggers)} fired by triggers`],
    ['trades', readableCount(result.fills), `${readableUsdc(volume)} USDC traded`],
    ['fees', readableUsdc(totals.takerFees), `USDC from takers, ${readableUsdc(totals.makerFees)} from makers`],
    [
      'funding',
      readableUsdc(totals.fundingCharged),
      `USDC charged so far, ${readableUsdc(totals.fundingPaid)} paid out: positions settle when touched`,
    ],
    ['liquidations', readableCount(result.liquidations), liquidationNote(totals)],
    ...settlementRow(totals),
    ['insurance fund', readableUsdc(fund), `USDC; penalties brought it ${readableUsdc(totals.penalties)}`],
    ['blocks', readableCount(result.blocks), `state root ${result.stateRoot}`],
    ['journal', readableCount(result.journalBytes), 'bytes'],
    ['conservation', result.conservationResidual, 'units of 1e-8 USDC created or lost'],
    ['time', `${result.seconds.toFixed(1)} s`, timeNote(run, result)],
  ];
}

function timeNote(run: FinishedRun, result: RunResult): string {
  if (run.commandsHere === 0) return 'the day had been traded before';
  return `${readableCount(result.commandsPerSecond)} commands a second`;
}

/** Nothing while no market was delisted. */
function settlementRow({ settlements }: DayTotals): string[][] {
  return settlements === 0 ? [] : [['settlements', readableCount(settlements), 'positions in delisted markets']];
}

function liquidationNote(totals: DayTotals): string {
  if (totals.liquidations === 0) return 'no account fell below its maintenance margin';
  const accounts = readableCount(totals.liquidatedAccounts.size);
  return (
    `of ${accounts} accounts below their maintenance margin; ${readableCount(totals.fullLiquidations)} in full, ` +
    `${readableCount(totals.bankruptcies)} with nothing left; ${readableUsdc(totals.notionalTaken)} USDC taken over`
  );
}

function names(counts: [string, number][]): string {
  if (counts.length === 0) return 'none';
  return counts
    .slice(0, 3)
    .map(([name, count]) => `${name} ${readableCount(count)}`)
    .join(', ');
}
