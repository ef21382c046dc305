/** People with keys, and acts that they sign, for tests. */
import { type Act, type ActContent, actHash, type EnrolledKey, type Role } from './act.ts';
import type { SignedAct } from './decode-act.ts';
import { publicKeyOf, signHash } from './signature.ts';

export interface Person {
  readonly seed: Uint8Array;
  readonly key: string;
}

/** The person of a number from 1 to 255. */
export function person(number: number): Person {
  const seed = new Uint8Array(32).fill(number);
  return { seed, key: publicKeyOf(seed) };
}

export const [ANN, BEN, EVE, GUS, GIL] = [1, 2, 3, 4, 5].map(person) as [Person, Person, Person, Person, Person];

export const ROSTER: readonly EnrolledKey[] = [
  ...[ANN, BEN].map(({ key }) => ({ key, role: 'operator' as Role })),
  ...[GUS, GIL].map(({ key }) => ({ key, role: 'guard' as Role })),
];

/** An enrolment whose content is always the same. */
const FIRST: Omit<Act, 'what'> = {
  venue: null,
  fork: 0,
  nonce: 'f'.repeat(32),
  notBeforeMs: 0,
  expiryMs: 3_600_000,
  reason: 'a test',
};

/** The venue that the enrolment below makes, where nothing in it is changed. */
export const VENUE = actHash({ ...FIRST, what: { kind: 'enrol', keys: ROSTER } });

let nonces = 0;

/** An act with a nonce of its own for that venue, good for an hour from time 0 unless `change` says otherwise. */
export function actOf(what: ActContent, change: Partial<Act> = {}): Act {
  const nonce = (++nonces).toString(16).padStart(32, '0');
  return { venue: VENUE, fork: 0, nonce, notBeforeMs: 0, expiryMs: 3_600_000, reason: 'a test', what, ...change };
}

export function signed(act: Act, ...people: readonly Person[]): SignedAct {
  const hash = actHash(act);
  return { act, signatures: people.map(({ seed, key }) => ({ key, signature: signHash(hash, seed) })) };
}

/** The first act: two operators and two keys of the guard enrol themselves. */
export function enrolment(change: Partial<Act> = {}): SignedAct {
  return signed({ ...FIRST, what: { kind: 'enrol', keys: ROSTER }, ...change }, ANN, BEN, GUS, GIL);
}
