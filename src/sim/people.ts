/** People of a simulated venue: each has a key, and they sign acts together. */
import { type Act, type ActContent, actHash, type Role } from '../guard/authority/act.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import { publicKeyOf, signHash } from '../guard/authority/signature.ts';

export interface Person {
  readonly seed: Uint8Array;
  readonly key: string;
}

/** An act may be carried out for so long. */
const VALID_MS = 600_000;

/** The person of a number, always with the same key. */
export function person(number: number): Person {
  const seed = new Uint8Array(32).fill(number);
  return { seed, key: publicKeyOf(seed) };
}

/** What enrols operators and keepers of the guard. */
export function enrolmentOf(operators: readonly Person[], keepers: readonly Person[]): ActContent {
  const keys = (people: readonly Person[], role: Role): { key: string; role: Role }[] =>
    people.map(({ key }) => ({ key, role }));
  return { kind: 'enrol', keys: [...keys(operators, 'operator'), ...keys(keepers, 'guard')] };
}

/** An act that these people sign, to be carried out from `notBeforeMs` on for ten minutes. `nonce` is 32 hexadecimal digits. */
export function signedBy(
  people: readonly Person[],
  what: ActContent,
  place: Pick<Act, 'venue' | 'fork' | 'nonce' | 'notBeforeMs' | 'reason'>,
): SignedAct {
  const act: Act = { ...place, expiryMs: place.notBeforeMs + VALID_MS, what };
  const hash = actHash(act);
  return { act, signatures: people.map(({ seed, key }) => ({ key, signature: signHash(hash, seed) })) };
}
