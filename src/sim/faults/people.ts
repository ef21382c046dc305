/** The people of the matrix's venue: two operators and two keepers of the guard, and the acts that they sign. */
import type { ActContent, EnrolledKey } from '../../guard/authority/act.ts';
import type { SignedAct } from '../../guard/authority/decode-act.ts';
import { enrolmentOf, type Person, person, signedBy } from '../people.ts';

const OPERATORS = [person(11), person(12)];
const KEEPERS = [person(13), person(14)];

/** Their keys. */
export const PEOPLE: readonly EnrolledKey[] = [
  ...OPERATORS.map(({ key }): EnrolledKey => ({ key, role: 'operator' })),
  ...KEEPERS.map(({ key }): EnrolledKey => ({ key, role: 'guard' })),
];

function signed(what: ActContent, nonce: number, timeMs: number, reason: string, people: readonly Person[]): SignedAct {
  return signedBy(people, what, { fork: 0, nonce: nonce.toString(16).padStart(32, '0'), notBeforeMs: timeMs, reason });
}

let enrolment: { readonly timeMs: number; readonly act: SignedAct } | undefined;

/** All of them enrol: from then on an administrator's command needs an act. */
export function enrolAll(timeMs: number): SignedAct {
  if (enrolment?.timeMs === timeMs) return enrolment.act;
  const people = [...OPERATORS, ...KEEPERS];
  const act = signed(enrolmentOf(OPERATORS, KEEPERS), 1, timeMs, 'the first keys', people);
  enrolment = { timeMs, act };
  return act;
}

/** What both operators want; or one of them alone. */
export function byOperators(what: ActContent, nonce: number, timeMs: number, count: 1 | 2): SignedAct {
  return signed(what, nonce, timeMs, count === 2 ? 'as planned' : 'by hand', OPERATORS.slice(0, count));
}
