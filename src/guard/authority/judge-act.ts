/** May this act be carried out, here and now? The answer is a value; the first reason that stands in this file's order is given. */
import { type Act, actHash, type EnrolledKey, type RefundApproval, ROLES } from './act.ts';
import type { ActRecord, BadAct, Signature, SignedAct } from './decode-act.ts';
import type { Standing } from './directions.ts';
import { type Needed, neededKeys, neededText } from './needed-keys.ts';
import type { PayoutName } from './refund-plan.ts';
import { LEAST_KEYS, type Roster } from './roster.ts';
import { isPublicKey, isSignedBy } from './signature.ts';

type JudgedRefusal =
  | 'malformed'
  | 'time_runs_backwards'
  | 'wrong_venue'
  | 'wrong_fork'
  | 'out_of_place'
  | 'expired'
  | 'not_yet'
  | 'expiry_too_far'
  | 'nonce_used'
  | 'approved_otherwise'
  | 'no_roster'
  | 'duplicate_signer'
  | 'unknown_key'
  | 'signature_invalid'
  | 'key_enrolled'
  | 'key_retired'
  | 'key_invalid'
  | 'roster_too_small'
  | 'too_few_keys';

/** Why an act is not carried out. */
export interface RefusedAct<Refusal extends string = JudgedRefusal> {
  readonly accepted: false;
  readonly refusal: Refusal;
  /** The field, key, number or check that it is about. */
  readonly about: string;
}

interface AcceptedAct {
  readonly accepted: true;
  readonly hash: string;
  readonly record: ActRecord;
}

export type ActVerdict = AcceptedAct | RefusedAct;

/** Where in history an act is to be carried out. */
export interface ActPlace {
  readonly fork: number;
  /** The exchange's time at which it is carried out, and the latest that history has. */
  readonly atMs: number;
  readonly nowMs: number;
  /** The exchange stands still and a branch is about to end: the place of an act that allows it, and of no other. */
  readonly isRollback?: boolean;
}

/** What history says of acts. */
export interface Precedents {
  /** What acts name the exchange by: the content hash of its first one; null before that. */
  readonly venue: string | null;
  readonly roster: Roster;
  readonly standing: Standing;
  isUsed(nonce: string): boolean;
  /** What is approved of a payout now, undefined when nothing is. */
  approvalOf(name: PayoutName): RefundApproval | undefined;
}

/** The longest that an act can wait between being carried out and its expiry: what was signed long ago is asked for again. */
const LIFE_LIMIT_MS = 90 * 86_400_000;

/** The longest that an approval of a payout is good for: from when it may be carried out to when it ends. */
export const APPROVAL_LIMIT_MS = 2 * 3_600_000;

export function judgeAct(signed: SignedAct | BadAct, place: ActPlace, precedents: Precedents): ActVerdict {
  if ('bad' in signed) return refused('malformed', signed.bad);
  const { act, signatures } = signed;
  const hash = actHash(act);
  const refusal =
    ofAnotherVenue(act, precedents) ??
    outOfPlace(act, place) ??
    (precedents.isUsed(act.nonce) ? refused('nonce_used', act.nonce) : undefined) ??
    approvedOtherwise(act, precedents) ??
    unsigned(act, hash, signatures, precedents.roster) ??
    outOfRoster(act, precedents.roster) ??
    unauthorised(act, signatures, precedents);
  return refusal ?? { accepted: true, hash, record: { atMs: place.atMs, act, signatures } };
}

function refused(refusal: JudgedRefusal, about: string): RefusedAct {
  return { accepted: false, refusal, about };
}

/** An exchange without keys of its own has no name either: what is signed for it names none. That it has none is said first. */
function ofAnotherVenue({ venue, what }: Act, { venue: own, roster }: Precedents): RefusedAct | undefined {
  if (venue === own || (roster.isEmpty && what.kind !== 'enrol')) return undefined;
  const here = own === null ? 'the exchange has no keys of its own: an act for it names none' : `this is ${own}`;
  return refused('wrong_venue', `${venue ?? 'none'}, ${here}`);
}

function outOfPlace({ fork, notBeforeMs, expiryMs, what }: Act, place: ActPlace): RefusedAct | undefined {
  const { atMs, nowMs } = place;
  if (!(Number.isSafeInteger(atMs) && atMs >= nowMs)) return refused('time_runs_backwards', `${atMs}, after ${nowMs}`);
  if (fork !== place.fork) return refused('wrong_fork', `${fork}, the exchange is on ${place.fork}`);
  if ((what.kind === 'rollback') !== (place.isRollback ?? false)) {
    return refused(
      'out_of_place',
      what.kind === 'rollback' ? 'the exchange is not stopped' : `${what.kind}, no rollback`,
    );
  }
  if (atMs > expiryMs) return refused('expired', `at ${expiryMs}, it is ${atMs}`);
  if (atMs < notBeforeMs) return refused('not_yet', `before ${notBeforeMs}, it is ${atMs}`);
  if (what.kind === 'approveRefunds' && expiryMs - Math.max(notBeforeMs, 0) > APPROVAL_LIMIT_MS) {
    return refused('expiry_too_far', `${expiryMs}, more than ${APPROVAL_LIMIT_MS} ms behind ${notBeforeMs}`);
  }
  if (expiryMs - atMs > LIFE_LIMIT_MS)
    return refused('expiry_too_far', `${expiryMs}, more than ${LIFE_LIMIT_MS} ms away`);
  return undefined;
}

/** The keys that may sign: the roster, or before there is one the keys that enrol themselves. */
function unsigned(act: Act, hash: string, signatures: readonly Signature[], roster: Roster): RefusedAct | undefined {
  if (roster.isEmpty && act.what.kind !== 'enrol') return refused('no_roster', 'the first act enrols keys');
  const own = roster.isEmpty && act.what.kind === 'enrol' ? act.what.keys : [];
  const seen = new Set<string>();
  for (const { key } of signatures) {
    if (seen.has(key)) return refused('duplicate_signer', key);
    seen.add(key);
    const isKnown = roster.roleOf(key) !== undefined || own.some((enrolled) => enrolled.key === key);
    if (!isKnown) return refused('unknown_key', key);
  }
  const forged = signatures.find(({ key, signature }) => !isSignedBy(key, hash, signature));
  return forged === undefined ? undefined : refused('signature_invalid', forged.key);
}

/** One round of a payout is one set of transfers: another is approved as another round, or once the first is taken back. */
function approvedOtherwise({ what }: Act, precedents: Precedents): RefusedAct | undefined {
  if (what.kind !== 'approveRefunds') return undefined;
  const before = precedents.approvalOf(what);
  if (before === undefined || before.plan === what.plan) return undefined;
  return refused('approved_otherwise', `round ${what.round}: ${before.plan}`);
}

/** What cannot become of the roster. */
function outOfRoster({ what }: Act, roster: Roster): RefusedAct | undefined {
  if (what.kind === 'retire') {
    const role = roster.roleOf(what.key);
    if (role === undefined) return refused('unknown_key', what.key);
    return roster.count(role) > LEAST_KEYS ? undefined : refused('roster_too_small', `${LEAST_KEYS} keys of ${role}`);
  }
  if (what.kind !== 'enrol') return undefined;
  return badKeys(what.keys, roster) ?? (roster.isEmpty ? tooSmall(what.keys) : undefined);
}

function badKeys(keys: readonly EnrolledKey[], roster: Roster): RefusedAct | undefined {
  const seen = new Set<string>();
  for (const { key } of keys) {
    if (seen.has(key) || roster.roleOf(key) !== undefined) return refused('key_enrolled', key);
    if (roster.wasRetired(key)) return refused('key_retired', key);
    if (!isPublicKey(key)) return refused('key_invalid', key);
    seen.add(key);
  }
  return undefined;
}

function tooSmall(keys: readonly EnrolledKey[]): RefusedAct | undefined {
  const short = ROLES.find((role) => keys.filter((enrolled) => enrolled.role === role).length < LEAST_KEYS);
  return short === undefined ? undefined : refused('roster_too_small', `${LEAST_KEYS} keys of ${short}`);
}

function unauthorised(act: Act, signatures: readonly Signature[], precedents: Precedents): RefusedAct | undefined {
  const { roster, standing } = precedents;
  const signers = signatures.map(({ key }) => key);
  if (roster.isEmpty && act.what.kind === 'enrol') {
    const missing = act.what.keys.find(({ key }) => !signers.includes(key));
    return missing === undefined ? undefined : refused('too_few_keys', `${missing.key} did not sign its own enrolment`);
  }
  const needed = neededKeys(act, signers, roster, standing);
  return isEnough(signers, needed, roster) ? undefined : refused('too_few_keys', `it needs ${neededText(needed)}`);
}

function isEnough(signers: readonly string[], { any, operator, guard }: Needed, roster: Roster): boolean {
  const count = (role: string): number => signers.filter((key) => roster.roleOf(key) === role).length;
  return signers.length >= any && count('operator') >= operator && count('guard') >= guard;
}
