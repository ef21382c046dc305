// A warrant and a hold as their owner reads them: when, what, why, and on which prices it rests.
import { CLOSE_REASONS } from '../engine/refusal.ts';
import { marketName, type State } from '../engine/state.ts';
import type { HoldRecord } from '../guard/hold-record.ts';
import type { ForcedAction } from '../guard/verdict.ts';
import type { JudgedWarrant } from '../guard/verify-warrants.ts';
import { checkWords } from './check-words.ts';
import { priceText, sizeText } from './inspect-view.ts';
import { decimalUnits } from './money.ts';
import { SPLIT, type WarrantRecord } from './warrant-record.ts';

/** A time of the exchange, UTC. */
function timeText(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? `${timeMs} ms` : date.toISOString().replace('T', ' ').replace('Z', ' UTC');
}

function nameOf(state: State, market: number): string {
  return market >= 1 && market < state.market.rows ? marketName(state, market) : `market ${market}`;
}

function priceOf(state: State, market: number, units: number | string): string {
  return market >= 1 && market < state.market.rows ? priceText(state, market, Number(units)) : String(units);
}

function lotsOf(state: State, market: number, lots: number): string {
  return market >= 1 && market < state.market.rows ? sizeText(state, market, lots) : `${lots} lots`;
}

/** What a forced action does, after its subject: `liquidates 20 % of every position`. */
function actionWords(state: State, action: ForcedAction): string {
  switch (action.kind) {
    case 'liquidate':
      return `liquidation of ${action.share / 10_000} % of every position`;
    case 'fireTrigger': {
      const mark = priceOf(state, action.market, action.mark);
      return `trigger of order ${action.order} in ${nameOf(state, action.market)} at mark ${mark}`;
    }
    case 'forceCancel': {
      const reason = CLOSE_REASONS[action.reason] ?? String(action.reason);
      return `cancel of order ${action.order} in ${nameOf(state, action.market)} (${reason})`;
    }
    default: {
      const { market, size, mark } = action;
      return `settlement of ${lotsOf(state, market, size)} in ${nameOf(state, market)}, delisted, at mark ${priceOf(state, market, mark)}`;
    }
  }
}

const VERDICTS: Readonly<Record<NonNullable<JudgedWarrant['why']>, string>> = {
  missing: 'INVALID: this forced action has no warrant',
  no_forced_command: 'INVALID: a warrant of nothing that happened',
  not_due: 'INVALID: by the history it was not due, or was held',
  other_command: 'INVALID: another action happened than the one that was due',
  differs: 'INVALID: it is not the one that the history gives',
};

const PARTS: Readonly<Record<(typeof SPLIT)[number], string>> = {
  price: 'prices',
  funding: 'funding',
  fees: 'fees and penalties',
  trades: 'trades',
  transfers: 'deposits, withdrawals and transfers',
  rules: 'rules',
};

/** The lines of a warrant; `record` undefined: it cannot be read, or there is none. */
export function warrantLines(state: State, judged: JudgedWarrant, record: WarrantRecord | undefined): string[] {
  const verdict = judged.why === undefined ? 'valid: computed again, to the same bytes' : VERDICTS[judged.why];
  if (record === undefined) return [`Command ${judged.command ?? 'none'}, block ${judged.height}`, `  ${verdict}`];
  const { account, action, timeMs, limit, equity, maintenance, split, residual } = record;
  const most = limit.map(({ market, lots }) => `${lotsOf(state, market, Number(lots))} in ${nameOf(state, market)}`);
  const refused = judged.refusal === undefined ? [] : [`  refused in the end: ${judged.refusal}; nothing happened`];
  const parts = SPLIT.map((part) => `    ${PARTS[part].padEnd(36)} ${signed(split[part]).padStart(24)}`);
  return [
    `${timeText(timeMs)}  account ${account}: ${actionWords(state, action)}`,
    `  warrant ${record.id}, block ${judged.height}, ${verdict}`,
    ...refused,
    `  of at most ${most.join(', ') || 'nothing'}`,
    `  equity ${decimalUnits(equity.now)} USDC, maintenance margin ${decimalUnits(maintenance)} USDC`,
    `  equity at the end of the block before ${decimalUnits(equity.sealed)} USDC; it moved by, in USDC:`,
    ...parts,
    `    ${'unexplained'.padEnd(36)} ${signed(residual).padStart(24)}`,
    ...record.markets.flatMap((market) => marketLines(state, market, timeMs)),
    ...checkLines(record),
  ];
}

function signed(units: string): string {
  const text = decimalUnits(units);
  return /[1-9]/.test(text) && !text.startsWith('-') ? `+${text}` : text;
}

function marketLines(state: State, of: WarrantRecord['markets'][number], timeMs: number): string[] {
  const { market } = of;
  const price = (units: number | string): string => priceOf(state, market, units);
  const index = (units: string): string => priceOf(state, market, Number(units) / 1e6);
  const heading =
    `  ${nameOf(state, market)}: mark ${price(of.mark)} (${price(of.sealedMark)} in the block before), spot ${price(of.spot)}, ` +
    `other venues ${price(of.externalFair)}, funding index ${index(of.fundingIndex)} (${index(of.sealedFundingIndex)})`;
  const sources = of.oracles.map(
    ({ source, price: units, timeMs: atMs, sequence }) =>
      `    spot source ${source}: ${price(units)} USD, ${((timeMs - atMs) / 1000).toFixed(3)} s old, its sample ${sequence}`,
  );
  const venues = of.venues.map(({ venue, index: units, mark, timeMs: atMs }) => {
    const prices = [units === null ? [] : [`index ${price(units)}`], mark === null ? [] : [`mark ${price(mark)}`]];
    return `    venue ${venue}: ${prices.flat().join(', ')}, ${((timeMs - atMs) / 1000).toFixed(3)} s old`;
  });
  return [heading, ...sources, ...venues];
}

function checkLines({ checks }: WarrantRecord): string[] {
  const doubts = checks.filter(([, , , holds]) => !holds);
  const lines = doubts.map(
    ([checkClass, name, about, , found, expected]) =>
      `    doubt of class ${checkClass}: ${checkWords(name)} (${[name, about].join(' ').trim()}: found ${found}, expected ${expected})`,
  );
  return [`  checks: ${checks.length - doubts.length} hold, ${doubts.length} do not`, ...lines];
}

const HOLD_WORDS: Readonly<Record<HoldRecord['kind'], string>> = {
  held: 'held',
  changed: 'still held, for another reason',
  released: 'no longer held: it happens',
  not_due: 'no longer held: it is no longer due',
  quarantined: 'quarantined',
  lifted: 'quarantine ended',
  not_taken: 'not taken',
  sources_lost: 'sources of its price are silent',
  sources_back: 'its sources speak again',
};

/** The lines of a record of a hold. */
export function holdLines(state: State, record: HoldRecord): string[] {
  const { kind, check, about, found, expected, sinceMs, timeMs } = record;
  const since = sinceMs === timeMs ? '' : ` (since ${timeText(sinceMs)})`;
  return [
    `${timeText(timeMs)}  ${subjectWords(state, record)}: ${HOLD_WORDS[kind]}${since}`,
    `  because ${checkWords(check)} (class ${record.class}, ${[check, about].join(' ').trim()}: found ${found}, expected ${expected})`,
  ];
}

function subjectWords(state: State, record: HoldRecord): string {
  const { account, market = 0, component, action, command, times = 1 } = record;
  if (component !== undefined) return component;
  const of = account === 0 ? '' : `account ${account}: `;
  if (action !== undefined) return `${of}${actionWords(state, action)}`;
  const where = market === 0 ? '' : ` in ${nameOf(state, market)}`;
  return `${of}${command}${where}${times === 1 ? '' : ` (${times} of them)`}`;
}
