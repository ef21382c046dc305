/**
 * The equity of every account in both worlds at moments of the window, as the account itself saw it: for a chart of those who were harmed,
 * who are known only at the end. Nearest floats: nothing is paid by them.
 */
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import type { Point } from './dossier.ts';

const LIMB = 2 ** 50;
const MILLION = 1e6;

/** Equities by account row, 1e-8 USDC. */
interface Sample {
  readonly timeMs: number;
  readonly actual: Float64Array;
  readonly other: Float64Array;
}

/** At most this many equities of each world are kept, and at most this many samples, of which half may be thinned out. */
const MOST = 4_000_000;
const MOST_SAMPLES = 240;

export class EquitySamples {
  private samples: Sample[];
  private readonly most: number;
  /** Batches from one sample to the next: what is sampled is where something happens, however long nothing does. */
  private every = 1;
  private batches = 0;
  private actual: Pick<Sample, 'timeMs' | 'actual'> | undefined;

  /** The first sample is of the state at the last good block, which both worlds have. */
  constructor(before: State, fromMs: number) {
    const equities = equitiesOf(before);
    this.samples = [{ timeMs: fromMs, actual: equities, other: equities }];
    this.most = Math.max(4, Math.min(MOST_SAMPLES, Math.floor(MOST / Math.max(1, before.account.rows))));
  }

  /** A batch happened: first the actual world is given, then the other. */
  take(world: 'actual' | 'other', state: State, timeMs: number): void {
    if (world === 'actual') {
      const isDue = this.batches++ % this.every === 0;
      this.actual = isDue ? { timeMs, actual: equitiesOf(state) } : undefined;
      return;
    }
    if (this.actual === undefined) return;
    this.samples.push({ ...this.actual, other: equitiesOf(state) });
    this.actual = undefined;
    if (this.samples.length < this.most) return;
    this.samples = this.samples.filter((_, place) => place % 2 === 0);
    this.every *= 2;
  }

  /**
   * Sums over some accounts, by time, and at last those of the end. They are public, and a step between two of them may be what one
   * account lost: moments at which fewer than five of the accounts differ are left out, and all are rounded to the nearest of a round
   * amount that is a hundredth of the most that was lacking, or less.
   */
  sums(accounts: readonly number[], end: EndOfWorlds): Point[] {
    const last = { timeMs: end.timeMs, actual: equitiesOf(end.actual), other: equitiesOf(end.other) };
    const all = [...this.samples.filter(({ timeMs }) => timeMs < end.timeMs), last];
    const sums = all.flatMap((sample) => {
      const differ = accounts.filter((account) => sample.actual[account] !== sample.other[account]).length;
      return differ > 0 && differ < LEAST_ACCOUNTS ? [] : [sumsOf(sample, accounts)];
    });
    const unit = roundUnit(sums.reduce((most, { actual, other }) => Math.max(most, Math.abs(actual - other)), 0));
    const rounded = (sum: number): string => String(BigInt(Math.round(sum / unit)) * BigInt(unit));
    return sums.map(({ timeMs, actual, other }) => ({ timeMs, actual: rounded(actual), other: rounded(other) }));
  }
}

/** Fewer accounts than these are never shown. */
const LEAST_ACCOUNTS = 5;
const USDC = 100_000_000;

interface Sums {
  readonly timeMs: number;
  readonly actual: number;
  readonly other: number;
}

function sumsOf({ timeMs, actual, other }: Sample, accounts: readonly number[]): Sums {
  const sum = (equities: Float64Array): number =>
    accounts.reduce((total, account) => total + (equities[account] ?? 0), 0);
  return { timeMs, actual: sum(actual), other: sum(other) };
}

/** The largest power of ten that is a hundredth of this or less, and at least one USDC. */
function roundUnit(most: number): number {
  let unit = USDC;
  while (unit * 1_000 <= most) unit *= 10;
  return unit;
}

/** Both worlds at the check time. */
interface EndOfWorlds {
  readonly timeMs: number;
  readonly actual: State;
  readonly other: State;
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
