/**
 * A warrant: what justifies one forced action, complete enough to be computed again from the history alone. Its canonical bytes
 * are one line of JSON: keys in this order, whole numbers of money as decimal digits, ended by a line feed.
 */
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { MARKET } from '../engine/tables.ts';
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { actionKey } from './action-key.ts';
import type { JudgedAccount } from './account-checks.ts';
import type { Known } from './known.ts';
import { takerFeeOf } from './live-account.ts';
import type { Checks, ForcedAction } from './verdict.ts';
import { accountHash, oracleSamples, rulesHash, sizeLimits, venueSamples } from './warrant-inputs.ts';

/** Where in history a judgement is made: branch, open block, and the tick that proposed. */
export interface WarrantPlace {
  readonly fork: number;
  readonly height: number;
  readonly sequence: number;
  readonly timeMs: number;
}

const INITIAL_MARGIN = MARKET_PARAMETERS.indexOf('INITIAL_MARGIN');
const MAINTENANCE_FACTOR = MARKET_PARAMETERS.indexOf('MAINTENANCE_FACTOR');

/** A warrant but for the checks, which may not all be made yet. */
export interface WarrantDraft {
  /** The markets that the account's equity rests on. */
  readonly markets: readonly number[];
  readonly record: object;
}

/** What a warrant says of the account and of what its equity rests on. */
export function draftWarrant(
  place: WarrantPlace,
  action: ForcedAction,
  judged: JudgedAccount,
  known: Known,
  state: State,
): WarrantDraft {
  const { fork, height, sequence, timeMs } = place;
  const { account } = judged.live;
  const { price, funding, fees, trades, transfers, rules } = judged.split;
  const record = {
    // No count of proposals: what only a fault of the process had the engine propose must not change the others.
    id: `${fork}-${sequence}-${actionKey(account, action).replaceAll(' ', '-')}`,
    fork,
    height,
    sequence,
    timeMs,
    account,
    action,
    limit: sizeLimits(known, judged.live, action),
    accountHash: accountHash(known, judged.live),
    markets: judged.markets.map((market) => inputsOf(known, state, market)),
    rules: rulesOf(known, judged.live.account),
    equity: { sealed: digits(judged.sealedEquity), now: digits(judged.equity) },
    maintenance: digits(judged.maintenance),
    split: {
      price: digits(price),
      funding: digits(funding),
      fees: digits(fees),
      trades: digits(trades),
      transfers: digits(transfers),
      rules: digits(rules),
    },
    residual: digits(judged.residual),
  };
  return { markets: judged.markets, record };
}

/** The canonical line of a warrant. */
export function warrantText({ record }: WarrantDraft, { all }: Checks): string {
  const checks = all.map((check) => [check.class, check.name, check.about, check.holds, check.found, check.expected]);
  return `${JSON.stringify({ ...record, checks })}\n`;
}

function digits(value: bigint): string {
  return value.toString();
}

/** What of a market the equity rests on, by reference to where it came from. */
function inputsOf(known: Known, state: State, market: number): object {
  const marked = known.log.markBefore(market, known.log.count);
  return {
    market,
    mark: digits(known.derived(market, 'MARK')),
    sealedMark: digits(known.sealed(market, 'MARK')),
    spot: digits(known.derived(market, 'SPOT')),
    externalFair: digits(known.derived(market, 'EXTERNAL_FAIR')),
    fundingIndex: digits(known.derived(market, 'FUNDING_INDEX')),
    sealedFundingIndex: digits(known.sealed(market, 'FUNDING_INDEX')),
    fundingChain: known.fundingChain.digest(market),
    markedSequence: marked < 0 ? 0 : known.log.sequence(marked),
    markMs: state.market.f64[market * 128 + MARKET.MARK_MS],
    initialMargin: digits(known.parameter(market, INITIAL_MARGIN)),
    maintenanceFactor: digits(known.parameter(market, MAINTENANCE_FACTOR)),
    oracles: oracleSamples(known, market),
    venues: venueSamples(known, market),
  };
}

function rulesOf(known: Known, account: number): object {
  const rule = (number: number): string => digits(known.rule(number));
  return {
    hash: rulesHash(known),
    takerFee: digits(takerFeeOf(known, account)),
    liquidationFee: rule(RULE.liquidation_fee),
    liquidationStep: rule(RULE.liquidation_step),
    liquidationTarget: rule(RULE.liquidation_target),
    restrictedBand: rule(RULE.restricted_band),
    oracleAgeMs: rule(RULE.oracle_age),
  };
}

const ROW_BYTES = 64;
const SPACE = 32;
const LINE_FEED = 10;

/** Lines of ASCII as whole rows of 64 bytes, filled up with spaces. */
export function encodeLines(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  const length = lines.reduce((sum, line) => sum + line.length, 0);
  const bytes = new Uint8Array(Math.ceil(length / ROW_BYTES) * ROW_BYTES).fill(SPACE);
  let at = 0;
  for (const line of lines) for (let n = 0; n < line.length; n++) bytes[at++] = line.charCodeAt(n);
  return bytes;
}

/** The lines of such rows; a last one without its line feed is what was filled up, and must be spaces alone: else it counts. */
export function decodeLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  let line = '';
  for (const byte of bytes) {
    line += String.fromCharCode(byte);
    if (byte !== LINE_FEED) continue;
    lines.push(line);
    line = '';
  }
  if (line.length >= ROW_BYTES || !/^ *$/.test(line)) lines.push(line);
  return lines;
}
