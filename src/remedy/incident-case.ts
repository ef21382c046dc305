/**
 * The case of an incident as a document: where history was last good, what was wrong in it and what is right in its place, how the
 * counterfactual is computed and what is paid by which policy. Its hash names the incident: whoever changes anything has another case.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../engine/command-buffer.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import type { CorrectionSet } from './correction.ts';
import type { PolicyDocument } from './policy-document.ts';

export const CASE_FORMAT = 'makewhole-case/1';

/**
 * How the world as it would have been is computed. `replay`: every command again on the corrected state. `reference`: each wrongful
 * forced event undone in the actual world and valued at the reference price; no book is replayed. `bounded`: the replay twice, with
 * and without the orders of those who may have reacted to the falsehood.
 */
export const CASE_MODES = ['replay', 'reference', 'bounded'] as const;
type CaseMode = (typeof CASE_MODES)[number];

/** When accounts knew and could act: from then on what the market does is theirs. */
export interface Notices {
  /** When everybody was told, and when the venue was open again. */
  readonly noticeMs: number;
  readonly reopenMs: number;
  readonly graceMs: number;
  /** Accounts that provably were told later, with prices (price units) of markets at max(notice, reopening) + grace. */
  readonly late: readonly LateNoticeOfCase[];
}

interface LateNoticeOfCase {
  readonly account: number;
  readonly noticeMs: number;
  /** Of every market in which the account has something else than it would have. */
  readonly prices: readonly { readonly market: number; readonly price: bigint }[];
}

export interface IncidentCase {
  readonly format: typeof CASE_FORMAT;
  /** For instance `paradex-2026-01-19`. */
  readonly name: string;
  /** Public: one paragraph. */
  readonly reason: string;
  /** The last good block: the window begins behind it. Of a history that was rolled back: the block that restores. */
  readonly from: { readonly fork: number; readonly height: number; readonly stateRoot: string };
  /** The last block that is compared: the common check time. */
  readonly to: { readonly fork: number; readonly height: number };
  readonly corrections: CorrectionSet;
  readonly mode: CaseMode;
  /**
   * An account's orders are reactive from the first batch behind which its own rows differed between the worlds, or the mark of the
   * order's market by more than this, ppm of the counterfactual's mark.
   */
  readonly reactivePpm: number;
  /** Prices of the valuation by market, price units; markets that are not listed are valued at the counterfactual's mark. */
  readonly prices?: readonly { readonly market: number; readonly price: bigint }[];
  /** What is paid; its `horizonPpm` is the divergence beyond which a market is valued by the reference. */
  readonly policy: PolicyDocument;
  readonly notices: Notices;
}

/** The restoration time of an account: max(notice, reopening) + grace. */
export function restorationMs({ noticeMs, reopenMs, graceMs, late }: Notices, account: number): number {
  const told = late.find((each) => each.account === account)?.noticeMs ?? noticeMs;
  return Math.max(told, reopenMs) + graceMs;
}

/** A case as a value of JSON: what `decodeCase` reads. */
export function caseJson(incident: IncidentCase): Json {
  const { corrections, prices, notices, ...rest } = incident;
  const json = {
    ...rest,
    corrections: correctionsJson(corrections),
    notices: { ...notices, late: notices.late.map((each) => ({ ...each, prices: pricesJson(each.prices) })) },
    ...(prices === undefined ? {} : { prices: pricesJson(prices) }),
  };
  return json as unknown as Json;
}

function pricesJson(prices: NonNullable<IncidentCase['prices']>): { market: number; price: string }[] {
  return prices.map(({ market, price }) => ({ market, price: price.toString() }));
}

function correctionsJson({ deviations, ...rest }: CorrectionSet): Json {
  const json = {
    ...rest,
    deviations: deviations.map(({ afterSequence, writes }) => ({
      afterSequence,
      writes: writes.map((write) => ({ ...write, value: valueJson(write.value) })),
    })),
  };
  return json as unknown as Json;
}

/** A value of a row: whole numbers as such, all others (a loader may have left anything) by their bits. */
function valueJson(value: number): Json {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return `f64:${view.getBigUint64(0).toString(16).padStart(16, '0')}`;
}

/** SHA-256 of the canonical text of a case: its name in receipts, roots and certificates. */
export function caseHash(incident: IncidentCase): Uint8Array {
  return sha256(utf8(canonicalJson(caseJson(incident))));
}

/** SHA-256 of the canonical text of the corrections alone: what a certificate of a rollback binds. */
export function correctionsHash(corrections: CorrectionSet): Uint8Array {
  return sha256(utf8(canonicalJson(correctionsJson(corrections))));
}
