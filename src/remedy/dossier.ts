/**
 * The dossier of an incident: everything that is public, and nothing by which an account could be known. Amounts are 1e-8 USDC in decimal
 * digits, times milliseconds since 1970, hashes hexadecimal. Groups of fewer than five accounts are merged, never shown: null is an amount
 * of so few.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../engine/command-buffer.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import type { Cause } from './cause.ts';
import type { Reason } from './claim.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { PublicRoots } from './receipt.ts';

export const DOSSIER_FORMAT = 'makewhole-dossier/1';

/** A number of accounts in public: below five it is not told. */
export type PublicCount = number | 'fewer than 5';

export interface Point {
  readonly timeMs: number;
  readonly actual: string;
  readonly other: string;
}

/** A series of one market: its funding index (1e-6 price units) or its mark (price units) as it was and as it would have been. */
export interface MarketSeries {
  readonly market: string;
  readonly what: 'funding index' | 'mark';
  /** Price units of one USDC, so that a chart can have its axis in USDC a unit of base: a whole number, or a fraction `a/b`. */
  readonly unitsUsdc: string;
  readonly points: readonly Point[];
}

export interface TimelineEntry {
  readonly timeMs: number;
  readonly fork: number;
  readonly height: number;
  readonly what: string;
}

/** A span in which something stood still: a status other than ok, paused operations. */
export interface Halt {
  /** The status, or `paused` and the operations. */
  readonly what: string;
  /** Null: the venue as a whole. */
  readonly market: string | null;
  readonly fromMs: number;
  /** Null: still so at the end. */
  readonly toMs: number | null;
}

/** Minutes of a market whose orders came out otherwise. */
export interface PublicDivergence {
  readonly market: string;
  readonly minuteMs: number;
  readonly orders: number;
  readonly different: number;
  /** different / orders, and traded lots that only one world has / lots of the actual world; ppm, rounded down. Null: nothing was traded. */
  readonly divergencePpm: number;
  readonly volumePpm: number | null;
}

export interface RollbackFacts {
  readonly forkId: number;
  readonly restores: { readonly height: number; readonly root: string };
  readonly deadHead: { readonly height: number; readonly root: string; readonly hash: string };
  readonly carriedDeposits: number;
  readonly carriedWithdrawals: number;
  readonly fates: Readonly<Record<string, number>>;
  /** What accounts owe by it; null where fewer than five do. */
  readonly receivables: string | null;
  readonly custodyIdentity: boolean;
}

/** A gate of the remedy: one that does not hold blocks approval. */
export interface Check {
  readonly name: string;
  readonly holds: boolean;
  /** The numbers. */
  readonly detail: string;
}

export interface Bucket {
  /** From (inclusive) up to (exclusive); the top one is open. */
  readonly from: string;
  readonly to: string | null;
  readonly accounts: number;
  readonly total: string;
}

export interface Dossier {
  readonly format: typeof DOSSIER_FORMAT;
  /** 1, and one more for each time the claims desk had it computed again; the hash of the dossier before. */
  readonly round: number;
  readonly previous: string | null;
  readonly case: {
    readonly hash: string;
    readonly name: string;
    readonly reason: string;
    readonly mode: 'replay' | 'reference' | 'bounded';
    readonly from: {
      readonly fork: number;
      readonly height: number;
      readonly stateRoot: string;
      readonly timeMs: number;
    };
    readonly to: {
      readonly fork: number;
      readonly height: number;
      readonly stateRoot: string;
      readonly timeMs: number;
    };
    readonly keepHalts: boolean;
    readonly correctedCommands: number;
    readonly deviations: number;
    readonly corrections: string;
    /** Markets that a correction names. */
    readonly markets: readonly string[];
    /** When accounts knew and could act; interest runs from `from` to it. */
    readonly restorationMs: number;
  };
  readonly policy: { readonly hash: string; readonly document: PolicyDocument };
  readonly accounts: {
    /** Leaves of the refund tree = accounts of the state root of `from`. */
    readonly assessed: number;
    readonly ofStartingRoot: number;
    readonly createdLater: number;
    readonly refunded: PublicCount;
    readonly gained: PublicCount;
    readonly unaffected: PublicCount;
    readonly questions: PublicCount;
  };
  readonly reasons: readonly { readonly reason: Reason; readonly accounts: PublicCount }[];
  /** Forced actions of the actual world: those that the counterfactual has not, and those that it has. */
  readonly forced: {
    readonly wrongful: { readonly count: number; readonly accounts: PublicCount; readonly notional: string | null };
    readonly legitimate: { readonly count: number };
  };
  readonly totals: {
    readonly refund: string;
    readonly paid: string;
    readonly owed: string;
    readonly dust: string;
    readonly interest: string;
    readonly goodwill: string;
    /** What others have more than they would have had, not pursued. */
    readonly gainsNotPursued: string | null;
    /** Taken back of what the system credited wrongly: how much of it was still there, how much is a receivable. */
    readonly reversed: string | null;
  };
  /** Accounts that provably were told later, and what the market made of their differences until they could act: the house bears it. */
  readonly mitigation: { readonly accounts: PublicCount; readonly cost: string | null };
  /** What the claims desk awarded so far, by tier of the policy. */
  readonly awards: readonly {
    readonly tier: 'T2' | 'T3';
    readonly accounts: PublicCount;
    readonly amount: string | null;
  }[];
  /** Σ of the parts of the differences of all refunded accounts, by cause. */
  readonly causes: readonly {
    readonly cause: Cause | 'several';
    readonly amount: string;
    readonly accounts: PublicCount;
  }[];
  readonly distribution: readonly Bucket[];
  readonly fund: {
    /** Free balance of the insurance fund at `to`. */
    readonly balance: string;
    /** What is paid of that balance; above 1,000,000 where what is taken back pays the rest. */
    readonly sharePpm: number;
    readonly sources: readonly {
      readonly source: 'returned by the fund' | 'reversed credits' | 'house';
      readonly amount: string | null;
    }[];
    readonly suffices: boolean;
  };
  readonly conservation: {
    readonly before: string;
    readonly actual: { readonly equities: string; readonly clearing: string; readonly external: string };
    /** Null where money came or left in this world alone, or in the other alone, of fewer than five accounts: it would tell how much. */
    readonly other: { readonly equities: string; readonly clearing: string; readonly external: string } | null;
    /** Σ differences + clearing − external flows: '0', or nothing may be approved. */
    readonly residual: string;
    /** Largest |difference − Σ causes| of any account: '0'. */
    readonly attributionResidual: string;
  };
  readonly divergence: {
    readonly horizonPpm: number;
    readonly minutes: readonly PublicDivergence[];
    readonly byReference: readonly string[];
  };
  readonly timeline: readonly TimelineEntry[];
  readonly halts: readonly Halt[];
  readonly markets: readonly MarketSeries[];
  /** Σ equity of all refunded accounts, where there are at least five, rounded, at moments at which five or more differ. */
  readonly harmedEquity: readonly Point[];
  readonly rollback: RollbackFacts | null;
  readonly roots: PublicRoots;
  /** SHA-256 of the effect (`Effect`): what the approvers see and the public does not. */
  readonly effect: string;
  readonly checks: readonly Check[];
}

/** What a payout does, as the approvers see it; private, because single amounts tell who it is. */
export interface Effect {
  readonly format: 'makewhole-effect/1';
  readonly round: number;
  readonly accounts: number;
  readonly total: string;
  readonly largest: string;
  /** Blinded: commitments of the refund tree, amounts falling. */
  readonly top: readonly { readonly commitment: string; readonly amount: string }[];
  readonly fundSharePpm: number;
  readonly insiders: number;
  /** Single amounts above what the policy's cap allows: payment is refused while there is one. */
  readonly aboveCap: number;
  /** Rows of `reverseCredit` commands: what is taken back, by commitment. */
  readonly reversals: readonly { readonly commitment: string; readonly amount: string }[];
}

/** SHA-256 of the canonical text of a dossier: what people approve. */
export function dossierHash(dossier: Dossier): Uint8Array {
  return sha256(utf8(canonicalJson(dossier as unknown as Json)));
}

/** SHA-256 of the canonical text of an effect. */
export function effectHash(effect: Effect): Uint8Array {
  return sha256(utf8(canonicalJson(effect as unknown as Json)));
}
