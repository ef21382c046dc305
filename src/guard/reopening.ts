/**
 * The way back of a market after a maintenance, a crash or a rollback, rung by rung, liquidations last. Resuming is the dangerous
 * operation: an empty book, a wide band and high leverage turn a few aggressive orders into a mark that liquidates. So each rung
 * is climbed only after its time, behind a clean audit at one cut of the history, at a price that others confirm, and (from
 * the first orders on) with enough in the book. What the guard vetoes meanwhile steps one rung down; the third time the market
 * stops and waits for people. Everything here is a value: conditions carry their numbers, so that anyone can read why a market
 * is still where it is.
 */
import { RULE } from '../engine/rules.ts';
import { OPERATION, STATUS } from '../engine/status.ts';

/** From closed to open: `open` takes orders of every kind, `triggers` fires triggers too, `normal` liquidates too. */
export const RUNGS = ['maintenance', 'cancel_only', 'post_only', 'open', 'triggers', 'normal'] as const;
export type Rung = (typeof RUNGS)[number];

const { LIQUIDATIONS, TRIGGERS } = OPERATION;
const FORCED = LIQUIDATIONS | TRIGGERS;

/** Vetoes in one reopening after which people must look. */
export const VETO_LIMIT = 3;

interface RungTerms {
  readonly status: number;
  /** What is paused on the rung by name; the status pauses more. On restricted rungs it repeats the status: the mark of a reopening. */
  readonly paused: number;
  /** The rule that says how long to stand here before the next rung. */
  readonly leastTime: number;
  /** Whether the next rung needs a book that others have made: while no order can be placed nobody can mend it. */
  readonly needsBook: boolean;
}

/** The ladder as a table; above maintenance, which only people leave. */
const TERMS: { readonly [rung in Exclude<Rung, 'maintenance'>]: RungTerms } = {
  cancel_only: { status: STATUS.CANCEL_ONLY, paused: FORCED, leastTime: RULE.reopen_rung, needsBook: false },
  post_only: { status: STATUS.POST_ONLY, paused: FORCED, leastTime: RULE.reopen_rung, needsBook: true },
  open: { status: STATUS.OK, paused: FORCED, leastTime: RULE.reopen_rung, needsBook: true },
  triggers: { status: STATUS.OK, paused: LIQUIDATIONS, leastTime: RULE.reopen_grace, needsBook: true },
  // The last rung is watched for a while longer: what goes wrong with liquidations shows when they come on.
  normal: { status: STATUS.OK, paused: 0, leastTime: RULE.reopen_grace, needsBook: false },
};

/** A status and the operations paused on top of it, as a `setStatus` command has them. */
export interface Standstill {
  readonly status: number;
  readonly paused: number;
}

/** The place of a rung from below: 0 is maintenance. */
export function heightOf(rung: Rung): number {
  return RUNGS.indexOf(rung);
}

/** The rung that a status and paused operations amount to, however they came about. A market in settlement is as closed as in maintenance. */
export function rungOf({ status, paused }: Standstill): Rung {
  if (status > STATUS.CANCEL_ONLY) return 'maintenance';
  if (status === STATUS.CANCEL_ONLY) return 'cancel_only';
  if (status === STATUS.POST_ONLY) return 'post_only';
  if ((paused & TRIGGERS) !== 0) return 'open';
  return (paused & LIQUIDATIONS) !== 0 ? 'triggers' : 'normal';
}

/** The status and pauses of a rung on the way to `wanted`: what people paused stays so, and the last rung is what they want. */
export function standstillAt(rung: Rung, wanted: Standstill): Standstill {
  if (rung === 'maintenance') return { status: STATUS.MAINTENANCE, paused: wanted.paused };
  if (rung === rungOf(wanted) && rung !== 'cancel_only') return wanted;
  const { status, paused } = TERMS[rung];
  return { status, paused: wanted.paused | paused };
}

/** How a market waits for people: cancel-only, without the mark of a reopening. */
export function waitingForPeople(wanted: Standstill): Standstill {
  return { status: STATUS.CANCEL_ONLY, paused: wanted.paused & ~FORCED };
}

/** What a step rests on. Money in 1e-8 USDC, prices in price units. */
export interface ReopeningFacts {
  readonly timeMs: number;
  /** Sequence of the last command applied. */
  readonly sequence: number;
  /** A pause between two ticks that is longer proves nothing and counts for nothing. */
  readonly gapMs: number;
  /** The least time on the present rung. */
  readonly leastMs: number;
  /** The venue's own status, which is in force where it is severer than the market's. */
  readonly venueStatus: number;
  /** Last command of the newest block whose end was audited without a finding; undefined when there is none. */
  readonly auditedSequence: number | undefined;
  /** What the process lacks to be ready for the next rung; empty when nothing. */
  readonly unready: string;
  /** Why market or venue are in quarantine, or what an audit found; empty when nothing is. */
  readonly finding: string;
  /** What the guard vetoed about the market since the last step; empty when nothing. */
  readonly veto: string;
  readonly price: PriceFacts;
  readonly depth: DepthFacts;
}

export interface PriceFacts {
  /** Whether the price is good enough to reopen on, and what it is. */
  readonly isValid: boolean;
  readonly found: string;
  /** How far the mark is from the external fair price, and how far it may be. */
  readonly apart: bigint;
  readonly allowed: bigint;
}

export interface DepthFacts {
  /** Notional of resting orders near the external fair price. */
  readonly bids: bigint;
  readonly asks: bigint;
  readonly needed: bigint;
  readonly isCrossed: boolean;
}

/** One condition of the next rung, with what is and what must be. */
interface Condition {
  readonly name:
    | 'venue_status'
    | 'readiness'
    | 'time'
    | 'audit'
    | 'quarantine'
    | 'price'
    | 'mark_near_fair'
    | 'bid_depth'
    | 'ask_depth'
    | 'book_uncrossed'
    | 'people';
  readonly holds: boolean;
  readonly found: string;
  readonly needed: string;
}

/** Where a market stands in its reopening. */
export interface Standing {
  readonly rung: Rung;
  /** Exchange time on the rung, ms. */
  readonly stoodMs: number;
  /** Time and last sequence of the first tick on it; undefined before that. */
  readonly sinceMs: number | undefined;
  readonly sinceSequence: number | undefined;
  readonly seenMs: number;
  /** Vetoes in this reopening. */
  readonly vetoes: number;
}

/** The start of a stay on a rung. */
export function arriveAt(rung: Rung, vetoes = 0): Standing {
  return { rung, stoodMs: 0, sinceMs: undefined, sinceSequence: undefined, seenMs: 0, vetoes };
}

/**
 * begin: from here on it is on its way; stay; up or down one rung; closed: the venue is, so start again; wait: for people; done: the
 * last rung has proved itself.
 */
type Move = 'begin' | 'stay' | 'up' | 'down' | 'closed' | 'wait' | 'done';

export interface Step {
  readonly move: Move;
  readonly standing: Standing;
  /** All conditions of the move up, those that hold too. */
  readonly conditions: readonly Condition[];
  /** The veto that moved it down; empty otherwise. */
  readonly veto: string;
}

/**
 * The next step of a market that reopens up to rung `highest`, at a tick. At most one rung up, and only when every condition holds;
 * a veto goes one down whatever else holds, and from the third one on to cancel-only, for people to look.
 */
export function nextStep(before: Standing, facts: ReopeningFacts, highest: Rung): Step {
  const standing = passTime(before, facts);
  const { rung, vetoes } = standing;
  const veto = rung === 'maintenance' ? '' : facts.veto;
  if (veto !== '') return stepDown(rung, vetoes, veto);
  const conditions = conditionsOf(standing, facts);
  const step = (move: Move, to: Standing): Step => ({ move, standing: to, conditions, veto: '' });
  if (rung === 'maintenance') return step('stay', standing);
  if (facts.venueStatus > TERMS[rung].status) {
    return rung === 'cancel_only'
      ? step('stay', arriveAt(rung, vetoes))
      : step('closed', arriveAt('cancel_only', vetoes));
  }
  if (!conditions.every(({ holds }) => holds)) return step('stay', standing);
  if (heightOf(rung) >= heightOf(highest)) return step('done', standing);
  return step('up', arriveAt(RUNGS[heightOf(rung) + 1] as Rung, vetoes));
}

function stepDown(rung: Rung, before: number, veto: string): Step {
  const step = (move: Move, to: Rung, vetoes: number): Step => ({
    move,
    standing: arriveAt(to, vetoes),
    conditions: [],
    veto,
  });
  // Nothing was opened that could be taken back: its time starts anew.
  if (rung === 'cancel_only') return step('stay', rung, before);
  const vetoes = before + 1;
  if (vetoes >= VETO_LIMIT) return step('wait', 'cancel_only', vetoes);
  return step('down', RUNGS[heightOf(rung) - 1] as Rung, vetoes);
}

/** The standing at this tick. A tick that comes after a long silence finds what it found before. */
function passTime(standing: Standing, { timeMs, sequence, gapMs }: ReopeningFacts): Standing {
  if (standing.sinceMs === undefined) return { ...standing, sinceMs: timeMs, sinceSequence: sequence, seenMs: timeMs };
  const elapsedMs = timeMs - standing.seenMs;
  const counted = elapsedMs <= gapMs ? elapsedMs : 0;
  return { ...standing, stoodMs: standing.stoodMs + counted, seenMs: timeMs };
}

function conditionsOf(standing: Standing, facts: ReopeningFacts): Condition[] {
  const { rung } = standing;
  if (rung === 'maintenance') return [condition('people', false, 'maintenance', 'people to begin')];
  const since = standing.sinceSequence as number;
  const audited = facts.auditedSequence;
  const next = TERMS[rung === 'normal' ? rung : (RUNGS[heightOf(rung) + 1] as keyof typeof TERMS)].status;
  const isAudited = audited !== undefined && audited > since;
  const conditions = [
    condition('venue_status', facts.venueStatus <= next, `${facts.venueStatus}`, `at most ${next}`),
    condition('readiness', facts.unready === '', facts.unready === '' ? 'ready' : facts.unready, 'ready'),
    condition('time', standing.stoodMs >= facts.leastMs, `${standing.stoodMs} ms`, `${facts.leastMs} ms`),
    condition('audit', isAudited, audited === undefined ? 'none' : `up to ${audited}`, `a clean one behind ${since}`),
    condition('quarantine', facts.finding === '', facts.finding === '' ? 'none' : facts.finding, 'none'),
  ];
  if (rung === 'normal') return conditions;
  const { price, depth } = facts;
  const isNear = price.apart <= price.allowed;
  conditions.push(condition('price', price.isValid, price.found, 'valid, a mark of this tick, an external fair price'));
  conditions.push(
    condition('book_uncrossed', !depth.isCrossed, depth.isCrossed ? 'crossed' : 'uncrossed', 'uncrossed'),
  );
  if (!TERMS[rung].needsBook) return conditions;
  conditions.push(condition('mark_near_fair', isNear, `${price.apart}`, `at most ${price.allowed}`));
  conditions.push(condition('bid_depth', depth.bids >= depth.needed, `${depth.bids}`, `${depth.needed}`));
  conditions.push(condition('ask_depth', depth.asks >= depth.needed, `${depth.asks}`, `${depth.needed}`));
  return conditions;
}

function condition(name: Condition['name'], holds: boolean, found: string, needed: string): Condition {
  return { name, holds, found, needed };
}

/** The rule that says how long a market stands on a rung. */
export function leastTimeRule(rung: Exclude<Rung, 'maintenance'>): number {
  return TERMS[rung].leastTime;
}
