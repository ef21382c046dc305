/**
 * Accounts that provably were told later. Until they knew and could act the market moved against what they have otherwise in the two worlds,
 * and that is not theirs: they are valued at the prices of their own restoration. Both worlds stand as at the check time; what the prices have
 * made of them since is a flow of each, and the difference a cause by itself, which the house bears. Conservation is of the check time.
 */
import { findPosition, type State } from '../engine/state.ts';
import { POSITION } from '../engine/tables.ts';
import { type IncidentCase, restorationMs } from './incident-case.ts';
import type { IncidentWorlds } from './incident-worlds.ts';
import type { NoticeStatement } from './statement.ts';
import type { Valuation } from './valuation.ts';

/** When an account knew and could act, milliseconds since 1970, and what its markets were worth then, price units. */
export interface LateNotice {
  readonly restorationMs: number;
  readonly prices: ReadonlyMap<number, bigint>;
}

/** Lots (signed) that an account is given back where a market is valued by the reference, and that it would still have. */
export interface GivenBack {
  readonly account: number;
  readonly market: number;
  readonly lots: bigint;
}

/** The late notices of a case, by account. */
export function lateNoticesOf({ notices }: Pick<IncidentCase, 'notices'>): Map<number, LateNotice> {
  return new Map(
    notices.late.map(({ account, prices }) => [
      account,
      {
        restorationMs: restorationMs(notices, account),
        prices: new Map(prices.map(({ market, price }) => [market, price])),
      },
    ]),
  );
}

type Sizes = Pick<IncidentWorlds, 'actual' | 'givenBack' | 'marketsByReference'>;

/** What an account has in a market in the actual world and would have in the other one: only markets in which that is not the same. */
function* apart(
  account: number,
  worlds: Sizes,
  other: State,
): Generator<{ market: number; has: bigint; would: bigint }> {
  for (let market = 1; market < worlds.actual.market.rows; market++) {
    const has = sizeOf(worlds.actual, account, market);
    const would = worlds.marketsByReference.includes(market)
      ? worlds.givenBack.reduce(
          (sum, each) => (each.account === account && each.market === market ? sum + each.lots : sum),
          has,
        )
      : sizeOf(other, account, market);
    if (has !== would) yield { market, has, would };
  }
}

function sizeOf(state: State, account: number, market: number): bigint {
  const row = account < state.account.rows ? findPosition(state, account, market) : 0;
  return row === 0 ? 0n : BigInt(state.position.f64[row * 16 + POSITION.SIZE] as number);
}

/** What a late notice made of an account, against one world as it would have been. Every price that it needs is there (`missingPrice`). */
export function noticeOf(
  account: number,
  { restorationMs: atMs, prices }: LateNotice,
  worlds: Sizes,
  other: State,
  valuation: Valuation,
): NoticeStatement {
  const markets = [...apart(account, worlds, other)].map(({ market, has, would }) => ({
    market,
    checkPrice: String(valuation.prices[market] ?? 0n),
    price: String(prices.get(market) ?? 0n),
    actual: String(has),
    other: String(would),
  }));
  return { restorationMs: atMs, markets };
}

/** What keeps the late notices from being valued: an account that is not there, or a price that the case does not say; else undefined. */
export function missingPrice(worlds: IncidentWorlds): string | undefined {
  const others = worlds.dropped === undefined ? [worlds.other] : [worlds.other, worlds.dropped.state];
  for (const [account, { prices }] of worlds.late) {
    if (account >= worlds.actual.account.rows) return `there is no account ${account}`;
    for (const other of others) {
      for (const { market } of apart(account, worlds, other)) {
        if (!prices.has(market))
          return `account ${account} has something else in market ${market}, of which no price is said`;
      }
    }
  }
  return undefined;
}
