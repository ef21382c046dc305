/** The people of the matrix's venue: two operators and two keepers of the guard, each with a key, and the acts that they sign. */
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

const OPERATORS = [person(11), person(12)];
const KEEPERS = [person(13), person(14)];

function signed(what: ActContent, nonce: number, timeMs: number, reason: string, people: readonly Person[]): SignedAct {
  const act: Act = {
    fork: 0,
    nonce: nonce.toString(16).padStart(32, '0'),
    notBeforeMs: timeMs,
    expiryMs: timeMs + VALID_MS,
    reason,
    what,
  };
  const hash = actHash(act);
  return { act, signatures: people.map(({ seed, key }) => ({ key, signature: signHash(hash, seed) })) };
}

let enrolment: { readonly timeMs: number; readonly act: SignedAct } | undefined;

/** All of them enrol: from then on an administrator's command needs an act. */
export function enrolAll(timeMs: number): SignedAct {
  if (enrolment?.timeMs === timeMs) return enrolment.act;
  const keys = (people: readonly Person[], role: Role): EnrolledKey[] => people.map(({ key }) => ({ key, role }));
  const what = { kind: 'enrol', keys: [...keys(OPERATORS, 'operator'), ...keys(KEEPERS, 'guard')] } as const;
  const act = signed(what, 1, timeMs, 'the first keys', [...OPERATORS, ...KEEPERS]);
  enrolment = { timeMs, act };
  return act;
}

/** What both operators want; or one of them alone. */
export function byOperators(what: ActContent, nonce: number, timeMs: number, count: 1 | 2): SignedAct {
  return signed(what, nonce, timeMs, count === 2 ? 'as planned' : 'by hand', OPERATORS.slice(0, count));
}
