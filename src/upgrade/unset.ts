/**
 * No value. Not zero, not empty, not `undefined` that somebody forgot: nobody has said it yet. It is no number to the compiler, and a
 * symbol at run time, so that `unset + 1` neither compiles nor computes. What a process does not know it cannot be ready by.
 */
export const UNSET: unique symbol = Symbol('unset');
type Unset = typeof UNSET;

/** A value, or that there is none yet. */
export type Fact<T> = T | Unset;

/** A number that came from outside: UNSET where it is missing or none. Nothing is put in its place. */
export function numberFact(value: unknown): Fact<number> {
  return typeof value === 'number' && Number.isFinite(value) ? value : UNSET;
}

/** A text that came from outside: UNSET where it is missing, none, or empty. */
export function textFact(value: unknown): Fact<string> {
  return typeof value === 'string' && value !== '' ? value : UNSET;
}
