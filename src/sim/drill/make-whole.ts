/** The remedy of a case in a drill: claims drafted and verified, approved by two, paid out. */
import { copyState } from '../../chain/copy-state.ts';
import { toHex } from '../../chain/digest.ts';
import { DirectRoots } from '../../chain/roots.ts';
import type { SignedAct } from '../../guard/authority/decode-act.ts';
import { type Draft, draftIncident } from '../../incident/draft.ts';
import { type PayRecord, pay } from '../../incident/pay.ts';
import { sha256 } from '../../journal/node-digest.ts';
import { approvalOf, contentOf, effectText, obstaclesOf } from '../../remedy/approval.ts';
import { caseHash, type IncidentCase } from '../../remedy/incident-case.ts';
import { planPayout } from '../../remedy/payout.ts';
import { verifyReceipt } from '../../remedy/verify-receipt.ts';
import { usd } from './forced-tally.ts';
import type { ActContent, EnrolledKey } from '../../guard/authority/act.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { State } from '../../engine/state.ts';
import type { Journal } from '../../journal/journal.ts';
import type { RemedyResult } from './result.ts';

/** A history, and the seed of all that is drawn. */
export interface Recorded {
  readonly journal: Journal;
  readonly seed: number;
}

/** The state at the last good block. It is left as it is. */
export interface LastGood {
  readonly state: State;
}

export interface Drafted {
  readonly incident: IncidentCase;
  readonly draft: Draft;
  readonly secret: Uint8Array;
  readonly seconds: number;
}

/** What a case says does not lead to what was recorded. */
export class CaseDoesNotHold {
  readonly message: string;
  constructor(name: string, finding: string, about: string) {
    this.message = `the case ${name} does not hold: ${finding} ${about}`;
  }
}

/** Drafts the claims of a case from its last good state, by replay. */
export function draftCase(
  { journal, seed }: Recorded,
  { state }: LastGood,
  incident: IncidentCase,
): Drafted | CaseDoesNotHold {
  const startMs = performance.now();
  // A drill is the same for the same seed: its secret too, which hides nobody who is not made up.
  const secret = sha256(new TextEncoder().encode(`drill ${seed} ${incident.name}`));
  const draft = draftIncident({
    incident,
    history: journal,
    start: copyState(state),
    hash: sha256,
    roots: new DirectRoots(sha256),
    secret,
  });
  if ('finding' in draft) return new CaseDoesNotHold(incident.name, draft.finding, draft.about);
  return { incident, draft, secret, seconds: (performance.now() - startMs) / 1000 };
}

/** The draft of a case that must hold. Throws where it does not. */
export function draftOf(history: Recorded, good: LastGood, incident: IncidentCase): Drafted {
  const drafted = draftCase(history, good, incident);
  if (drafted instanceof CaseDoesNotHold) throw new Error(drafted.message);
  return drafted;
}

/** How many receipts hold by the product's own verifier. */
export function verifiedHere({ receipts, roots }: Draft): number {
  return receipts.filter((receipt) => verifyReceipt(receipt, roots).every(({ holds }) => holds)).length;
}

export interface Paid {
  readonly record: PayRecord;
  readonly approval: SignedAct;
  /** What the two who signed were shown. */
  readonly shown: readonly string[];
  readonly seconds: number;
}

/** Nothing is paid, or not all, and why. */
export class NotPaid {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A venue that can pay: its people sign. */
export interface Payer {
  readonly exchange: Exchange;
  readonly timeMs: number;
  sign(what: ActContent, timeMs: number, count: 1 | 2): SignedAct;
  /** Its people's keys, where the exchange has none enrolled. */
  readonly keys?: readonly EnrolledKey[] | undefined;
}

/**
 * Two operators sign what they are shown; then it is paid, the smallest hundredth first. Undefined where nobody is owed anything; why not,
 * where it may not be paid.
 */
export function payRemedy(venue: Payer, { incident, draft }: Drafted): Paid | NotPaid | undefined {
  const startMs = performance.now();
  const { claims } = draft.claims;
  const plan = planPayout({ incident: toHex(caseHash(incident)), round: draft.roots.round }, claims);
  if (plan.payments.length + plan.reversals.length === 0) return undefined;
  const payout = { roots: draft.roots, dossier: draft.dossier, effect: draft.effect, claims, plan };
  const [obstacle] = obstaclesOf(payout);
  if (obstacle !== undefined) return new NotPaid(`it cannot be approved: ${obstacle.name} ${obstacle.about}`);
  const content = contentOf(payout);
  const approval = venue.sign(approvalOf(content), venue.timeMs, 2);
  const { exchange, timeMs: nowMs, keys } = venue;
  const result = pay({ exchange, content, approval, plan, claims, nowMs, ...(keys === undefined ? {} : { keys }) });
  if (!result.paid) return new NotPaid(`the payout stopped: ${result.finding.name} ${result.finding.about}`);
  const seconds = (performance.now() - startMs) / 1000;
  return { record: result.record, approval, shown: effectText(content, payout), seconds };
}

/** What the remedy came to. `verified`, `independent`: receipts that the one and the other verifier found to hold. */
export function remedyResult({ draft }: Drafted, verified: number, independent: number): RemedyResult {
  const { claims, roots, dossier, receipts } = draft;
  const refunded = claims.claims.filter(({ statement }) => statement.refund !== '0');
  const byCause = new Map<string, number>();
  for (const { statement } of refunded) {
    for (const { cause, amount } of statement.causes) byCause.set(cause, (byCause.get(cause) ?? 0) + Number(amount));
  }
  return {
    assessed: claims.claims.length,
    refunded: refunded.length,
    totalUsd: usd(Number(roots.total)),
    largestUsd: usd(refunded.reduce((most, { statement }) => Math.max(most, Number(statement.refund)), 0)),
    byCause: Object.fromEntries([...byCause].map(([cause, amount]) => [cause, usd(amount)])),
    conservationResidual: dossier.conservation.residual,
    root: roots.refundRoot,
    receipts: receipts.length,
    receiptsVerified: verified,
    independentVerified: independent,
  };
}
