/**
 * Disputes: a person says that the remedy is wrong, brings a correction of its inputs, everything is computed again with it, and other
 * people decide with reasons. The register is a list of entries, each of which binds the one before; what a dispute is follows from its
 * entries alone. What is not disputed is paid first, on no condition: nothing here holds a payment.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../chain/digest.ts';
import { utf8 } from '../engine/command-buffer.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import { AWARD_TERMS, awardFault, type AwardFault, awardedIn, type AwardStatement, type AwardTerms } from './award.ts';
import { flag, type Form, hex32, integer, objectOf, oneOf, orNull, text, whole } from './document-form.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { Statement } from './statement.ts';

/** Where a dispute stands. */
const DISPUTE_STATES = ['DISPUTE_OPEN', 'EVIDENCE', 'RE_RUN', 'DECIDED', 'REVIEW', 'CLOSED'] as const;
export type DisputeState = (typeof DISPUTE_STATES)[number];

/** What happened in a dispute; `by` names a person or a key, hashes are hexadecimal, amounts decimal digits. */
export type DisputeEvent =
  | {
      readonly kind: 'open';
      readonly account: number;
      readonly text: string;
      /** Hash of the correction that the claimant brings; null: they bring none. */
      readonly correction: string | null;
    }
  | { readonly kind: 'evidence'; readonly text: string; readonly hash: string }
  | {
      readonly kind: 'rerun';
      /** Hash of the case with the correction, and what it gives. */
      readonly case: string;
      readonly finding: string | null;
      readonly before: string;
      readonly after: string;
      /** Other accounts whose refund it changes. */
      readonly others: number;
    }
  | {
      readonly kind: 'decide';
      readonly decision: 'adjust' | 'deny' | 'award';
      readonly reasons: string;
      /** Paragraph of the policy that it rests on. */
      readonly paragraph: number;
      /** Of `adjust`: the round of claims that all accounts got, and the hash of its dossier. */
      readonly round: { readonly number: number; readonly dossier: string } | null;
      /** Of `award` alone: what is awarded; the next round pays it. */
      readonly award?: AwardTerms;
    }
  | { readonly kind: 'review'; readonly upheld: boolean; readonly reasons: string }
  | { readonly kind: 'close' };

/** An entry of the register: one canonical line of JSON. */
export interface DisputeEntry {
  readonly format: 'makewhole-dispute/1';
  /** SHA-256 of the line before; zeros before the first. */
  readonly previous: string;
  readonly dispute: number;
  readonly atMs: number;
  readonly by: string;
  readonly event: DisputeEvent;
}

/** A dispute as its entries have it. */
export interface Dispute {
  readonly number: number;
  readonly account: number;
  readonly state: DisputeState;
  readonly openedMs: number;
  readonly entries: readonly DisputeEntry[];
  /** By when it must be decided, or (decided) reviewed if somebody asks for it; milliseconds since 1970. */
  readonly dueMs: number;
}

/** Why an entry cannot follow. */
export type DisputeRefusal =
  | 'dispute_unknown'
  | 'account_not_assessed'
  | 'too_late'
  | 'already_open'
  | 'not_now'
  | 'not_rerun'
  | 'reasons_missing'
  | 'award_missing'
  | AwardFault
  | 'paragraph_unknown'
  | 'same_person'
  | 'time_runs_backwards';

/** What the register's rules need to know of the remedy. */
export interface DisputeRules {
  readonly policy: PolicyDocument;
  /** When the claims were published: claims may be opened for so many days behind it. */
  readonly publishedMs: number;
  /** What an account was found to lack, and what it was awarded in the rounds before; undefined where it was not assessed. */
  readonly claimOf: (account: number) => Pick<Statement, 'causes' | 'awards'> | undefined;
  /** The round whose claims they are. */
  readonly round: number;
}

const DAY_MS = 86_400_000;

/** Saturdays and Sundays, UTC: day 0 was a Thursday. */
const isWeekend = (timeMs: number): boolean => [0, 6].includes((Math.floor(timeMs / DAY_MS) + 4) % 7);

/** The time so many business days (Monday to Friday, UTC) behind another. */
export function businessDaysAfter(fromMs: number, days: number): number {
  let at = fromMs;
  for (let left = days; left > 0; ) {
    at += DAY_MS;
    if (!isWeekend(at)) left--;
  }
  return at;
}

/** Which events may follow in each state. A review that does not uphold the decision takes it back to evidence. */
const FOLLOWS: Readonly<Record<DisputeState, readonly DisputeEvent['kind'][]>> = {
  DISPUTE_OPEN: ['evidence', 'rerun', 'decide'],
  EVIDENCE: ['evidence', 'rerun', 'decide'],
  RE_RUN: ['evidence', 'rerun', 'decide'],
  DECIDED: ['review', 'close'],
  REVIEW: ['close'],
  CLOSED: [],
};

/** The state that an event leads to. */
function stateAfter(event: DisputeEvent): DisputeState {
  if (event.kind === 'open') return 'DISPUTE_OPEN';
  if (event.kind === 'evidence') return 'EVIDENCE';
  if (event.kind === 'rerun') return 'RE_RUN';
  if (event.kind === 'decide') return 'DECIDED';
  if (event.kind === 'review') return event.upheld ? 'REVIEW' : 'EVIDENCE';
  return 'CLOSED';
}

const EVENTS: Readonly<Record<DisputeEvent['kind'], Form>> = {
  open: objectOf({ kind: text, account: integer(1), text, correction: orNull(hex32) }),
  evidence: objectOf({ kind: text, text, hash: hex32 }),
  rerun: objectOf({
    kind: text,
    case: hex32,
    finding: orNull(text),
    before: whole,
    after: whole,
    others: integer(0),
  }),
  decide: objectOf(
    {
      kind: text,
      decision: oneOf(['adjust', 'deny', 'award']),
      reasons: text,
      paragraph: integer(1),
      round: orNull(objectOf({ number: integer(1), dossier: hex32 })),
    },
    { award: AWARD_TERMS },
  ),
  review: objectOf({ kind: text, upheld: flag, reasons: text }),
  close: objectOf({ kind: text }),
};

const event: Form = (value, path) => {
  const kind = (value as { readonly kind?: unknown } | null)?.kind;
  const form =
    typeof kind === 'string' && Object.hasOwn(EVENTS, kind) ? EVENTS[kind as DisputeEvent['kind']] : undefined;
  return form === undefined ? `${path}.kind is none of a dispute` : form(value, path);
};

const ENTRY = objectOf({
  format: oneOf(['makewhole-dispute/1']),
  previous: hex32,
  dispute: integer(1),
  atMs: integer(0),
  by: text,
  event,
});

/** The canonical line of an entry, without its line feed. */
function disputeLine(entry: DisputeEntry): string {
  return canonicalJson(entry as unknown as Json);
}

/** SHA-256 of a line: what the next entry binds. */
function lineHash(line: string): string {
  return toHex(sha256(utf8(line)));
}

type Decision = Extract<DisputeEvent, { kind: 'decide' }>;

/** States in which what was decided stands. */
const HAS_DECISION: ReadonlySet<DisputeState> = new Set(['DECIDED', 'REVIEW', 'CLOSED']);

const FIRST = '00'.repeat(32);

export class DisputeRegister {
  private readonly entries: DisputeEntry[] = [];
  private readonly byNumber = new Map<number, Dispute>();
  private readonly rules: DisputeRules;
  private lastHash = FIRST;

  constructor(rules: DisputeRules) {
    this.rules = rules;
  }

  /** All disputes, in the order in which they were opened. */
  get disputes(): readonly Dispute[] {
    return [...this.byNumber.values()];
  }

  get policy(): PolicyDocument {
    return this.rules.policy;
  }

  /** The dispute of a number. */
  dispute(number: number): Dispute | undefined {
    return this.byNumber.get(number);
  }

  /** The number that the next dispute has. */
  get nextNumber(): number {
    return this.byNumber.size + 1;
  }

  /** Appends an event and returns its line; or why it cannot follow, and nothing happened. */
  append(
    dispute: number,
    atMs: number,
    by: string,
    event: DisputeEvent,
  ): { line: string } | { refusal: DisputeRefusal } {
    const entry: DisputeEntry = { format: 'makewhole-dispute/1', previous: this.lastHash, dispute, atMs, by, event };
    const refusal = this.refusalOf(entry);
    if (refusal !== undefined) return { refusal };
    const line = disputeLine(entry);
    this.take(entry, line);
    return { line };
  }

  /** Takes a line as it is stored; returns what is wrong with it, and then nothing of it is taken. */
  read(line: string): string | undefined {
    let entry: DisputeEntry;
    try {
      entry = JSON.parse(line) as DisputeEntry;
    } catch {
      return 'a line that is no JSON';
    }
    const wrong = ENTRY(entry, '');
    if (wrong !== undefined) return `a line that is no entry: ${wrong}`;
    if (disputeLine(entry) !== line) return 'a line that is not the canonical text of its entry';
    if (entry.previous !== this.lastHash) return 'an entry that does not follow the one before';
    const refusal = this.refusalOf(entry);
    if (refusal !== undefined) return `an entry that cannot be there: ${refusal}`;
    this.take(entry, line);
    return undefined;
  }

  private take(entry: DisputeEntry, line: string): void {
    this.entries.push(entry);
    this.lastHash = lineHash(line);
    const known = this.byNumber.get(entry.dispute);
    const { event, atMs } = entry;
    const entries = [...(known?.entries ?? []), entry];
    const { decide, review } = this.rules.policy.claimDays;
    const openedMs = known?.openedMs ?? atMs;
    this.byNumber.set(entry.dispute, {
      number: entry.dispute,
      account: event.kind === 'open' ? event.account : (known?.account ?? 0),
      state: stateAfter(event),
      openedMs,
      entries,
      dueMs:
        event.kind === 'decide'
          ? businessDaysAfter(atMs, review)
          : (known?.dueMs ?? businessDaysAfter(openedMs, decide)),
    });
  }

  private refusalOf({ dispute, atMs, by, event }: DisputeEntry): DisputeRefusal | undefined {
    if (atMs < (this.entries.at(-1)?.atMs ?? 0)) return 'time_runs_backwards';
    if (event.kind === 'open') return this.openRefusal(dispute, atMs, event.account, event.text);
    const known = this.byNumber.get(dispute);
    if (known === undefined) return 'dispute_unknown';
    if (!FOLLOWS[known.state].includes(event.kind)) return 'not_now';
    if (event.kind === 'decide') return this.decideRefusal(known, event);
    if (event.kind !== 'review') return undefined;
    if (event.reasons.trim() === '') return 'reasons_missing';
    const decided = known.entries.findLast((entry) => entry.event.kind === 'decide');
    return decided?.by === by ? 'same_person' : undefined;
  }

  private openRefusal(dispute: number, atMs: number, account: number, text: string): DisputeRefusal | undefined {
    const { policy, publishedMs, claimOf } = this.rules;
    if (dispute !== this.nextNumber) return 'dispute_unknown';
    if (claimOf(account) === undefined) return 'account_not_assessed';
    if (atMs > publishedMs + policy.claimDays.open * DAY_MS) return 'too_late';
    if (text.trim() === '') return 'reasons_missing';
    const isOpen = this.disputes.some((other) => other.account === account && other.state !== 'CLOSED');
    return isOpen ? 'already_open' : undefined;
  }

  /** The awards that stand: of disputes whose last decision was one, and that no review took back. */
  get awards(): ReadonlyMap<number, readonly AwardStatement[]> {
    const awards = new Map<number, AwardStatement[]>();
    for (const dispute of this.disputes) {
      const decided = dispute.entries.findLast((entry) => entry.event.kind === 'decide')?.event;
      if (!HAS_DECISION.has(dispute.state) || decided?.kind !== 'decide' || decided.award === undefined) continue;
      const { account } = dispute;
      awards.set(account, [...(awards.get(account) ?? []), this.awardOf(dispute, decided, decided.award)]);
    }
    return awards;
  }

  private awardOf(
    { number, entries }: Dispute,
    { paragraph, reasons }: Decision,
    { cause, amount, basis }: AwardTerms,
  ): AwardStatement {
    const brought = entries.findLast((entry) => entry.event.kind === 'evidence')?.event;
    const evidence = brought?.kind === 'evidence' ? brought.hash : null;
    return { cause, amount, basis, round: this.rules.round, dispute: number, evidence, paragraph, reasons };
  }

  /** What is awarded is within the rule and the caps, together with what the account was awarded before. */
  private awardRefusal(dispute: Dispute, decision: Decision): DisputeRefusal | undefined {
    const { award } = decision;
    if (award === undefined || BigInt(award.amount) === 0n || decision.round !== null) return 'award_missing';
    const { policy, claimOf } = this.rules;
    const claim = claimOf(dispute.account);
    if (claim === undefined) return 'account_not_assessed';
    const before = [...claim.awards, ...(this.awards.get(dispute.account) ?? [])];
    return awardFault(policy, { ...claim, awards: [...before, this.awardOf(dispute, decision, award)] });
  }

  /** Who brought a correction has it computed before anybody decides; and only what was computed can be adjusted. */
  private decideRefusal(dispute: Dispute, event: Decision): DisputeRefusal | undefined {
    const { entries } = dispute;
    const { decision, reasons, paragraph, round, award } = event;
    if (reasons.trim() === '') return 'reasons_missing';
    if (!this.rules.policy.paragraphs.some(({ number }) => number === paragraph)) return 'paragraph_unknown';
    const opened = entries[0]?.event;
    const hasCorrection = opened?.kind === 'open' && opened.correction !== null;
    const rerun = entries.findLast((entry) => entry.event.kind === 'rerun')?.event;
    if ((hasCorrection || decision === 'adjust') && rerun?.kind !== 'rerun') return 'not_rerun';
    if (decision === 'adjust' && (round === null || (rerun?.kind === 'rerun' && rerun.finding !== null)))
      return 'not_rerun';
    if (decision === 'award') return this.awardRefusal(dispute, event);
    return award === undefined ? undefined : 'award_missing';
  }
}

/** How many disputes stand where, what was decided, what the awards that stand come to, how many are late. */
export interface DisputeStatistics {
  readonly states: Readonly<Record<DisputeState, number>>;
  readonly adjusted: number;
  readonly denied: number;
  /** By tier of the policy; amounts are 1e-8 USDC. */
  readonly awarded: Readonly<Record<'T2' | 'T3', { readonly awards: number; readonly amount: string }>>;
  readonly late: number;
}

/** The statistics at a time. */
export function disputeStatistics(register: DisputeRegister, nowMs: number): DisputeStatistics {
  const { disputes, policy } = register;
  const states = Object.fromEntries(DISPUTE_STATES.map((state) => [state, 0])) as Record<DisputeState, number>;
  const statistics = { adjusted: 0, denied: 0, late: 0 };
  for (const { state, entries, dueMs } of disputes) {
    states[state]++;
    const decided = entries.findLast((entry) => entry.event.kind === 'decide')?.event;
    if (decided?.kind === 'decide' && decided.decision !== 'award') {
      statistics[decided.decision === 'adjust' ? 'adjusted' : 'denied']++;
    }
    if (!HAS_DECISION.has(state) && nowMs > dueMs) statistics.late++;
  }
  const awards = [...register.awards.values()].flat();
  const awardedAs = (tier: 'T2' | 'T3'): DisputeStatistics['awarded']['T2'] => ({
    awards: awards.filter(({ cause }) => policy.tiers[cause] === tier).length,
    amount: String(awardedIn(tier, policy, awards)),
  });
  return { states, ...statistics, awarded: { T2: awardedAs('T2'), T3: awardedAs('T3') } };
}
