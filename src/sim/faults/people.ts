/** The people of the matrix's venue: two operators and two keepers of the guard, and the acts that they sign. */
import type { ActContent, EnrolledKey } from '../../guard/authority/act.ts';
import type { SignedAct } from '../../guard/authority/decode-act.ts';
import { enrolmentOf, type Person, person, signedBy } from '../people.ts';

const OPERATORS = [person(11), person(12)];
const KEEPERS = [person(13), person(14)];
/** Whoever takes the operators' place when keys are rotated. */
const SUCCESSORS = [person(15), person(16)];

/** Their keys. */
export const PEOPLE: readonly EnrolledKey[] = [
  ...OPERATORS.map(({ key }): EnrolledKey => ({ key, role: 'operator' })),
  ...KEEPERS.map(({ key }): EnrolledKey => ({ key, role: 'guard' })),
];

function signed(
  what: ActContent,
  nonce: number,
  timeMs: number,
  reason: string,
  people: readonly Person[],
  { venue, fork = 0 }: { readonly venue: string | null; readonly fork?: number },
): SignedAct {
  const place = { venue, fork, nonce: nonce.toString(16).padStart(32, '0'), notBeforeMs: timeMs, reason };
  return signedBy(people, what, place);
}

let enrolment: { readonly timeMs: number; readonly act: SignedAct } | undefined;

/** All of them enrol: from then on an administrator's command needs an act. */
export function enrolAll(timeMs: number): SignedAct {
  if (enrolment?.timeMs === timeMs) return enrolment.act;
  const people = [...OPERATORS, ...KEEPERS];
  const act = signed(enrolmentOf(OPERATORS, KEEPERS), 1, timeMs, 'the first keys', people, { venue: null });
  enrolment = { timeMs, act };
  return act;
}

/** What both operators want, those of now or those before them; or one of them alone. `venue`: as acts name it. */
export function byOperators(
  what: ActContent,
  nonce: number,
  timeMs: number,
  count: 1 | 2,
  { venue, fork, isRotated }: { readonly venue: string | null; readonly fork: number; readonly isRotated: boolean },
): SignedAct {
  const people = (isRotated ? SUCCESSORS : OPERATORS).slice(0, count);
  return signed(what, nonce, timeMs, count === 2 ? 'as planned' : 'by hand', people, { venue, fork });
}

/** The acts by which others take the operators' place. */
export function rotation(nonce: number, timeMs: number, venue: string | null): SignedAct[] {
  const whats: ActContent[] = [
    enrolmentOf(SUCCESSORS, []),
    ...OPERATORS.map(({ key }): ActContent => ({ kind: 'retire', key })),
  ];
  const people = [OPERATORS, SUCCESSORS, SUCCESSORS];
  return whats.map((what, at) => signed(what, nonce + at, timeMs, 'new keys', people[at] as Person[], { venue }));
}
