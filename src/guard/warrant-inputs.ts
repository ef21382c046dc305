/** What a warrant rests on, by reference: samples, rules, the account as it stands; and how much may be done under it. */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../chain/digest.ts';
import { QUOTE_KNOWN } from '../engine/command.ts';
import { utf8 } from '../engine/command-buffer.ts';
import { RULES } from '../engine/rules.ts';
import { ACCOUNT, MARKET, ORACLE, ORACLE_LIMIT, QUOTE, VENUE_LIMIT } from '../engine/tables.ts';
import { ceilOf, sizeOf, whole } from './exact.ts';
import type { Known } from './known.ts';
import type { LiveAccount } from './live-account.ts';
import { KNOWN_ORDER } from './order-lists.ts';
import type { ForcedAction } from './verdict.ts';

const MILLION = 1_000_000n;

/** At most so many lots of each market: taken or settled (positions), fired or cancelled (what is left of the order). */
export function sizeLimits(known: Known, live: LiveAccount, action: ForcedAction): object[] {
  if (action.kind === 'liquidate') {
    const share = whole(action.share);
    return live.positions
      .filter(({ size }) => size !== 0n)
      .map(({ market, size }) => ({ market, lots: ceilOf(sizeOf(size) * share, MILLION).toString() }))
      .sort((a, b) => a.market - b.market);
  }
  const { market } = action;
  if (action.kind === 'settlePosition') return [{ market, lots: sizeOf(whole(action.size)).toString() }];
  const row = known.orders.rowOf(action.order);
  const lots = row === 0 ? 0 : (known.orders.i32[row * 8 + KNOWN_ORDER.REMAINING] as number);
  return [{ market, lots: String(lots) }];
}

/**
 * SHA-256 of an account as it stands, 64 hexadecimal digits: of the JSON `[account, kind, feeClass, balance, [[market, size, cost,
 * fundingIndex, ownFraction], …]]`, positions by market, whole numbers as digits.
 */
export function accountHash({ image }: Known, { account, balance, positions }: LiveAccount): string {
  const { i32 } = image.account;
  const rows = positions
    .toSorted((a, b) => a.market - b.market)
    .map(({ market, size, cost, index, ownFraction }) => [market, ...[size, cost, index, ownFraction].map(String)]);
  const kind = i32[account * 16 + ACCOUNT.KIND];
  return hashOf([account, kind, i32[account * 16 + ACCOUNT.FEE_CLASS], String(balance), rows]);
}

/** SHA-256 of all rules in force, 64 hexadecimal digits: of the JSON `[[name, value], …]` in their order, values as digits. */
export function rulesHash(known: Known): string {
  return hashOf(RULES.map(({ name }, number) => [name, known.rule(number).toString()]));
}

function hashOf(value: unknown): string {
  return toHex(sha256(utf8(JSON.stringify(value))));
}

/** The newest sample of each spot oracle of a market. */
export function oracleSamples({ inputs }: Known, market: number): object[] {
  const { f64, i32 } = inputs.oracle;
  const samples: object[] = [];
  for (let source = 0; source < ORACLE_LIMIT; source++) {
    const row = market * ORACLE_LIMIT + source;
    if (i32[row * 8 + ORACLE.KNOWN] === 0) continue;
    const at = row * 4;
    samples.push({
      source,
      price: f64[at + ORACLE.PRICE],
      timeMs: f64[at + ORACLE.TIME_MS],
      sequence: f64[at + ORACLE.SEQUENCE],
    });
  }
  return samples;
}

/** The newest quote of each venue that counts in a market; null where it has none of the two. */
export function venueSamples({ inputs }: Known, market: number): object[] {
  const { f64, i32 } = inputs.quote;
  const venues = inputs.market.i32[market * 256 + MARKET.VENUES] as number;
  const samples: object[] = [];
  for (let venue = 0; venue < VENUE_LIMIT; venue++) {
    const row = market * VENUE_LIMIT + venue;
    const known = i32[row * 16 + QUOTE.KNOWN] as number;
    if ((venues & (1 << venue)) === 0 || known === 0) continue;
    const price = (bit: number, column: number): number | null =>
      (known & bit) === 0 ? null : (f64[row * 8 + column] as number);
    samples.push({
      venue,
      index: price(QUOTE_KNOWN.INDEX, QUOTE.INDEX),
      mark: price(QUOTE_KNOWN.MARK, QUOTE.MARK),
      timeMs: f64[row * 8 + QUOTE.TIME_MS],
    });
  }
  return samples;
}
