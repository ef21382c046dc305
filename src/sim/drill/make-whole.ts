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
import type { Closed, ParadexOptions } from './paradex.ts';
import type { RemedyResult } from './result.ts';

export interface Drafted {
  readonly incident: IncidentCase;
  readonly draft: Draft;
  readonly secret: Uint8Array;
  readonly seconds: number;
}

/** Drafts the claims of a case whose last good state is the closed venue's, by replay. Throws where the case does not hold. */
export function draftCase({ journal, seed }: ParadexOptions, { state }: Closed, incident: IncidentCase): Drafted {
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
  if ('finding' in draft) throw new Error(`the case ${incident.name} does not hold: ${draft.finding} ${draft.about}`);
  return { incident, draft, secret, seconds: (performance.now() - startMs) / 1000 };
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

/**
 * Two operators sign what they are shown; then it is paid, the smallest hundredth first. Undefined where nobody is owed anything. Throws
 * where it may not be paid.
 */
export function payRemedy({ world: { venue } }: Closed, { incident, draft }: Drafted): Paid | undefined {
  const startMs = performance.now();
  const { claims } = draft.claims;
  const plan = planPayout({ incident: toHex(caseHash(incident)), round: draft.roots.round }, claims);
  if (plan.payments.length + plan.reversals.length === 0) return undefined;
  const payout = { roots: draft.roots, dossier: draft.dossier, effect: draft.effect, claims, plan };
  const [obstacle] = obstaclesOf(payout);
  if (obstacle !== undefined) throw new Error(`it cannot be approved: ${obstacle.name} ${obstacle.about}`);
  const content = contentOf(payout);
  const approval = venue.sign(approvalOf(content), venue.timeMs, 2);
  const result = pay({ exchange: venue.exchange, content, approval, plan, claims, nowMs: venue.timeMs });
  if (!result.paid) throw new Error(`the payout stopped: ${result.finding.name} ${result.finding.about}`);
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
