/**
 * The policy of an incident as a document: what is paid, to whom, by which rule. It is published, versioned, and named by its hash, so
 * that nobody can change it after having seen who gets what. Amounts are 1e-8 USDC in decimal digits; shares and rates are ppm.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalBytes, type Json } from './canonical-json.ts';
import type { Cause } from './cause.ts';
import type { PolicyName } from './refund-policy.ts';

export const POLICY_FORMAT = 'makewhole-policy/1';

/** What is netted before anything is paid: per causal chain (the default), over the whole account, or nothing at all. */
export const NETTINGS = ['chain', 'account', 'gross'] as const;
export type Netting = (typeof NETTINGS)[number];

/**
 * What is taken back of windfalls. Each holds what stands before it.
 * P0: nothing, the house pays. P1: what the system credited and nobody traded for (funding that never was), as far as it is still
 * there; the rest is a receivable. P2: fills against wrongful forced flow are adjusted to the edge of the published band as well.
 */
export const WINDFALLS = ['P0', 'P1', 'P2'] as const;
export type Windfalls = (typeof WINDFALLS)[number];

/** T1: paid without being asked. T2: by rule, on a claim with evidence. T3: goodwill, as people decide. */
export const TIERS = ['T1', 'T2', 'T3'] as const;
export type Tier = (typeof TIERS)[number];

/** Simple interest: amount × rate × days / year, rounded up to the next 1e-8 USDC. */
interface InterestRule {
  /** ppm a year; 0 pays none. */
  readonly ppmYear: number;
  /** Days of a year: actual/365 or actual/360. */
  readonly yearDays: 365 | 360;
  /** `begun`: a day that has begun counts; `whole`: only days that are over count. */
  readonly days: 'begun' | 'whole';
}

/** No single refund may be above the larger of `leastUsdc` and `equityPpm` of what the account had before. */
interface SingleCap {
  readonly equityPpm: number;
  /** 1e-8 USDC, decimal digits. */
  readonly least: string;
}

/** One numbered paragraph of the rulebook: reasons cite its number. */
interface Paragraph {
  readonly number: number;
  readonly text: string;
}

export interface PolicyDocument {
  readonly format: typeof POLICY_FORMAT;
  readonly version: number;
  readonly paragraphs: readonly Paragraph[];
  /** Which of the refund policies pays. */
  readonly pays: PolicyName;
  readonly netting: Netting;
  readonly windfalls: Windfalls;
  /** Half-width of the band to whose edge P2 adjusts, ppm of the true price. */
  readonly bandPpm: number;
  /** Divergence beyond which a market's replay is no evidence: ppm of the orders of a minute. */
  readonly horizonPpm: number;
  /** Policy C: how long behind each forced close the price is taken. */
  readonly laterMs: number;
  /** Bounded mode: an interval up to this wide is settled at its end in the account's favour, a wider one is a question. */
  readonly intervalLimit: string;
  /** A fund that is too small pays up to this much of every claim first. */
  readonly smallFirst: string;
  readonly singleCap: SingleCap;
  readonly interest: InterestRule;
  /** Paid on top to every account that is paid anything. */
  readonly goodwill: string;
  /** The most that one account may be awarded in all, in each tier that is paid on a claim. */
  readonly awards: { readonly T2: string; readonly T3: string };
  /** The tier of each cause; what is not T1 is subtracted from what is paid without being asked. */
  readonly tiers: Readonly<Record<Cause, Tier>>;
  /** Days within which a claim may be opened, must be decided, must be reviewed. */
  readonly claimDays: { readonly open: number; readonly decide: number; readonly review: number };
}

/** SHA-256 of the canonical text of a policy: its name. */
export function policyHash(policy: PolicyDocument): Uint8Array {
  return sha256(canonicalBytes(policy as unknown as Json));
}
