/** The people of a drill's venue: two operators and two keepers of the guard, each with a key, and the acts that they sign. */
import { type Act, type ActContent, actHash, type EnrolledKey, type Role } from '../../guard/authority/act.ts';
import type { SignedAct } from '../../guard/authority/decode-act.ts';
import { publicKeyOf, signHash } from '../../guard/authority/signature.ts';

interface Person {
  readonly seed: Uint8Array;
  readonly key: string;
}

/** An act may be carried out for so long. */
const VALID_MS = 600_000;

function person(number: number): Person {
  const seed = new Uint8Array(32).fill(number);
  return { seed, key: publicKeyOf(seed) };
}

const OPERATORS = [person(21), person(22)];
const KEEPERS = [person(23), person(24)];

export class People {
  private nonces = 0;
  /** True: an administrator's command needs their signatures. */
  areEnrolled: boolean;

  constructor(areEnrolled: boolean) {
    this.areEnrolled = areEnrolled;
  }

  /** All of them enrol. */
  enrol(timeMs: number, fork: number): SignedAct {
    const keys = (people: readonly Person[], role: Role): EnrolledKey[] => people.map(({ key }) => ({ key, role }));
    this.areEnrolled = true;
    const what = { kind: 'enrol', keys: [...keys(OPERATORS, 'operator'), ...keys(KEEPERS, 'guard')] } as const;
    return this.signed(what, timeMs, 'the first keys', [...OPERATORS, ...KEEPERS], fork);
  }

  /** What both operators want; or one of them alone. */
  sign(what: ActContent, timeMs: number, count: 1 | 2, fork: number): SignedAct {
    const reason = count === 2 ? 'decided by two' : 'decided by one';
    return this.signed(what, timeMs, reason, OPERATORS.slice(0, count), fork);
  }

  private signed(what: ActContent, timeMs: number, reason: string, people: readonly Person[], fork: number): SignedAct {
    this.nonces++;
    const act: Act = {
      fork,
      // Of the same history more than one process may sign: a nonce is of its moment.
      nonce: `${timeMs.toString(16)}${this.nonces.toString(16).padStart(8, '0')}`.padStart(32, '0'),
      notBeforeMs: timeMs,
      expiryMs: timeMs + VALID_MS,
      reason,
      what,
    };
    const hash = actHash(act);
    return { act, signatures: people.map(({ seed, key }) => ({ key, signature: signHash(hash, seed) })) };
  }
}
