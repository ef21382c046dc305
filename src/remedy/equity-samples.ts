/**
 * The equity of every account in both worlds at moments of the window, as the account itself saw it: for a chart of those who were harmed,
 * who are known only at the end. Nearest floats: nothing is paid by them.
 */
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';

const LIMB = 2 ** 50;
const MILLION = 1e6;

/** Equities by account row, 1e-8 USDC. */
interface Sample {
  readonly timeMs: number;
  readonly actual: Float64Array;
  readonly other: Float64Array;
}

/** At most this many equities of each world are kept. */
const MOST = 4_000_000;
const MOST_SAMPLES = 120;

export class EquitySamples {
  private readonly samples: Sample[] = [];
  private readonly everyMs: number;
  private nextMs: number;
  private actual: { readonly timeMs: number; readonly equities: Float64Array } | undefined;

  /** Samples are spread over the window. */
  constructor(accounts: number, fromMs: number, toMs: number) {
    const samples = Math.max(2, Math.min(MOST_SAMPLES, Math.floor(MOST / Math.max(1, accounts))));
    this.everyMs = Math.max(1, Math.ceil((toMs - fromMs) / samples));
    this.nextMs = fromMs;
  }

  /** Both worlds have come to `timeMs`: first the actual one is given, then the other. */
  take(world: 'actual' | 'other', state: State, timeMs: number): void {
    if (timeMs < this.nextMs) return;
    if (world === 'actual') {
      this.actual = { timeMs, equities: equitiesOf(state) };
      return;
    }
    if (this.actual?.timeMs !== timeMs) return;
    this.samples.push({ timeMs, actual: this.actual.equities, other: equitiesOf(state) });
    this.nextMs = timeMs + this.everyMs;
  }

  /** Sums over some accounts, by time; rounded to whole 1e-8 USDC. */
  sums(accounts: readonly number[]): { readonly timeMs: number; readonly actual: string; readonly other: string }[] {
    const sum = (equities: Float64Array): string =>
      String(BigInt(Math.round(accounts.reduce((total, account) => total + (equities[account] ?? 0), 0))));
    return this.samples.map(({ timeMs, actual, other }) => ({ timeMs, actual: sum(actual), other: sum(other) }));
  }
}

function equitiesOf({ account, position, market }: State): Float64Array {
  const equities = new Float64Array(account.rows);
  for (let row = 1; row < account.rows; row++) {
    const at = row * 8;
    equities[row] =
      ((account.f64[at + ACCOUNT.BALANCE_HIGH] as number) + (account.f64[at + ACCOUNT.PENDING_HIGH] as number)) * LIMB +
      (account.f64[at + ACCOUNT.BALANCE_LOW] as number) +
      (account.f64[at + ACCOUNT.PENDING_LOW] as number);
  }
  for (let row = 1; row < position.rows; row++) {
    const at = row * 16;
    const size = position.f64[at + POSITION.SIZE] as number;
    if (size === 0) continue;
    const of = (position.i32[row * 32 + POSITION.MARKET] as number) * 128;
    const owner = position.i32[row * 32 + POSITION.ACCOUNT] as number;
    const cost =
      (position.f64[at + POSITION.COST_HIGH] as number) * LIMB + (position.f64[at + POSITION.COST_LOW] as number);
    const change =
      (market.f64[of + MARKET.FUNDING_INDEX] as number) - (position.f64[at + POSITION.FUNDING_INDEX] as number);
    const worth = size * (market.f64[of + MARKET.MARK] as number) - cost - (size * change) / MILLION;
    equities[owner] = (equities[owner] as number) + worth;
  }
  return equities;
}
