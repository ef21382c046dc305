/** A forced action as the guard judges it. */
import type { Proposal } from './forced-command.ts';
import type { Check, Checks } from './verdict.ts';
import type { WarrantDraft } from './warrant.ts';

/** Judgements that concern every forced action while they last. */
export const HALTING: ReadonlySet<string> = new Set(['rules', 'guard_heard', 'canary_denied']);

/** A proposal as it was judged alone, before what the others of its tick say of it. */
export interface Judgement {
  readonly event: number;
  readonly proposal: Proposal;
  readonly checks: Checks;
  readonly line: WarrantDraft | undefined;
  readonly veto: Check | undefined;
  readonly doubt: Check | undefined;
  /** Markets that it rests on. */
  readonly markets: readonly number[];
  readonly timeMs: number;
  /** It is only in doubt, and has not waited long enough. */
  readonly isWaiting: boolean;
}
