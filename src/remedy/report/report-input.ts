/** What a report is written from: public documents alone. Nothing private can be given to it. */
import type { DeskFacts } from '../desk-facts.ts';
import type { Dossier } from '../dossier.ts';
import type { ReportNotes } from './notes.ts';

/** What one remedy would have done, as it was measured before the decision; amounts are 1e-8 USDC in decimal digits. */
export interface MeasuredOption {
  readonly harmed: { readonly accounts: number };
  readonly benefited: { readonly accounts: number };
  readonly fundCost: string;
  /** Trades between willing parties that it would undo. */
  readonly honestTradesUndone: { readonly trades: number };
  readonly receivables: string;
  /** How many accounts would owe it. */
  readonly debtors: number;
}

/** What of a measurement is told. */
export interface MeasuredOptions {
  readonly options: {
    readonly do_nothing: MeasuredOption;
    readonly forward_fix: MeasuredOption;
    readonly rollback: MeasuredOption;
  };
  readonly recommended: 'do_nothing' | 'forward_fix' | 'rollback';
  readonly because: string;
}

/** A signature under the approval of this very round. */
export interface PublicApproval {
  /** Public key, hexadecimal. */
  readonly key: string;
  /** Until when it may be paid by it. */
  readonly expiryMs: number;
}

/** What of a payment is told. */
export interface PayoutFacts {
  readonly incident: string;
  readonly round: number;
  readonly payments: number;
  readonly posted: number;
  readonly postedTotal: string;
  readonly pendingTotal: string;
  readonly timeMs: number;
}

export interface ReportInput {
  readonly dossier: Dossier;
  /** Hash of the dossier: what approvals rest on, and what names the report. */
  readonly dossierHash: string;
  readonly notes: ReportNotes | undefined;
  readonly options: MeasuredOptions | undefined;
  readonly approvals: readonly PublicApproval[];
  readonly payout: PayoutFacts | undefined;
  /** Of the claims desk of this round. */
  readonly desk: DeskFacts | undefined;
}
