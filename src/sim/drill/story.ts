/** What a drill tells while it runs: the moments of its story with their numbers, to be put into words by whoever listens. */
import type { ReopeningStep } from '../../exchange/reopen.ts';
import type { Measurement } from '../../incident/measure.ts';
import type { PayRecord } from '../../incident/pay.ts';
import type { Compared } from './forced-tally.ts';
import type { RemedyResult, RollbackResult, VetoCount } from './result.ts';

/** A market before and after the race, in USDC a unit of base. */
export interface IndexRow {
  readonly market: string;
  readonly ageHours: number;
  readonly index: number;
  /** What the index is of the price: how much a position of that value pays at once when the index is lost. */
  readonly share: number;
  readonly isCorrupted: boolean;
}

/** One side of the open positions of a corrupted market, and what became of it. */
export interface SideRow {
  readonly market: string;
  readonly side: 'longs' | 'shorts';
  /** What the false index books at once on the open positions, USD. */
  readonly bookedUsd: number;
  readonly liquidated: number;
}

export type Moment =
  | {
      readonly kind: 'world';
      readonly day: string;
      readonly source: string;
      readonly accounts: number;
      readonly rows: readonly IndexRow[];
    }
  | { readonly kind: 'maintenance'; readonly timeMs: number; readonly height: number; readonly commands: number }
  | {
      readonly kind: 'careless start';
      readonly timeMs: number;
      readonly markets: readonly string[];
      readonly refusal: string;
    }
  | {
      readonly kind: 'cascade';
      readonly timeMs: number;
      readonly compared: Compared;
      readonly sides: readonly SideRow[];
      readonly withdrawnUsd: number;
    }
  | {
      readonly kind: 'refused start';
      readonly timeMs: number;
      readonly refusal: string;
      readonly vetoes: readonly VetoCount[];
    }
  | {
      readonly kind: 'late write';
      readonly timeMs: number;
      readonly quarantined: readonly string[];
      readonly vetoes: readonly VetoCount[];
      readonly compared: Compared;
      readonly otherMarketsOpen: number;
    }
  | {
      readonly kind: 'reopened';
      readonly timeMs: number;
      readonly steps: readonly ReopeningStep[];
      readonly wrongful: number;
      readonly isUndelayed: boolean | undefined;
    }
  | { readonly kind: 'rollback'; readonly timeMs: number; readonly result: RollbackResult }
  | {
      readonly kind: 'second wave';
      readonly timeMs: number;
      readonly market: string;
      readonly fair: number;
      readonly furthest: number;
      readonly compared: Compared;
    }
  | {
      readonly kind: 'measured';
      readonly timeMs: number;
      /** What a process held that no command had written, a line a value. */
      readonly lines: readonly string[];
      readonly measurement: Measurement;
    }
  | {
      readonly kind: 'remedy';
      readonly timeMs: number;
      readonly result: RemedyResult;
      /** What the approvers were shown. */
      readonly shown: readonly string[];
      /** Undefined where nobody was owed anything. */
      readonly record: PayRecord | undefined;
    };

export interface DrillTold {
  readonly onMoment?: (moment: Moment) => void;
  /** So much of `total` of the work named by `label` is done. */
  readonly onProgress?: (label: string, done: number, total: number) => void;
}
