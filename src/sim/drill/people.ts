/** The people of a drill's venue: two operators and two keepers of the guard, and the acts that they sign. */
import type { Act, ActContent, EnrolledKey } from '../../guard/authority/act.ts';
import type { SignedAct } from '../../guard/authority/decode-act.ts';
import { enrolmentOf, type Person, person, signedBy } from '../people.ts';

const OPERATORS = [person(21), person(22)];
const KEEPERS = [person(23), person(24)];

/** Their keys. */
export const PEOPLE: readonly EnrolledKey[] = [
  ...OPERATORS.map(({ key }): EnrolledKey => ({ key, role: 'operator' })),
  ...KEEPERS.map(({ key }): EnrolledKey => ({ key, role: 'guard' })),
];

export class People {
  private nonces = 0;
  /** True: an administrator's command needs their signatures. */
  areEnrolled: boolean;

  constructor(areEnrolled: boolean) {
    this.areEnrolled = areEnrolled;
  }

  /** All of them enrol. */
  enrol(timeMs: number, fork: number): SignedAct {
    this.areEnrolled = true;
    const people = [...OPERATORS, ...KEEPERS];
    return this.signed(enrolmentOf(OPERATORS, KEEPERS), timeMs, 'the first keys', people, { venue: null, fork });
  }

  /** What both operators want; or one of them alone. */
  sign(what: ActContent, timeMs: number, count: 1 | 2, place: Pick<Act, 'venue' | 'fork'>): SignedAct {
    const reason = count === 2 ? 'decided by two' : 'decided by one';
    return this.signed(what, timeMs, reason, OPERATORS.slice(0, count), place);
  }

  private signed(
    what: ActContent,
    timeMs: number,
    reason: string,
    people: readonly Person[],
    place: Pick<Act, 'venue' | 'fork'>,
  ): SignedAct {
    this.nonces++;
    // Of the same history more than one process may sign: a nonce is of its moment.
    const nonce = `${timeMs.toString(16)}${this.nonces.toString(16).padStart(8, '0')}`.padStart(32, '0');
    return signedBy(people, what, { ...place, nonce, notBeforeMs: timeMs, reason });
  }
}
