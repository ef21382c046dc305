/**
 * Verdicts: what the guard says, as values. A guard vetoes; it never changes what it judges.
 *
 * Three classes, never mixed. I, provable: no market, however violent, can break it. II, consistency: two independent
 * derivations disagree. III, plausibility: unlikely; it may flag and slow down, and stops nothing alone.
 */

export type CheckClass = 'I' | 'II' | 'III';

/** One check with its numbers as decimal digits (or words where it is about none). */
export interface Check {
  readonly class: CheckClass;
  readonly name: string;
  /** What it is about: `market 3`, `position 7`; empty when about the account or the venue. */
  readonly about: string;
  readonly holds: boolean;
  readonly found: string;
  readonly expected: string;
}

/** What was proposed; numbers as in the event. */
export type ForcedAction =
  | { readonly kind: 'liquidate'; readonly share: number }
  | { readonly kind: 'fireTrigger'; readonly order: number; readonly market: number; readonly mark: number }
  | { readonly kind: 'forceCancel'; readonly order: number; readonly market: number; readonly reason: number }
  | { readonly kind: 'settlePosition'; readonly market: number; readonly size: number; readonly mark: number };

/**
 * accept: a warrant was issued. flag: it was, and a check of class III failed. hold: this action does not happen. halt: no
 * forced action of the venue happens while it lasts. `check` is the first one that decided; none for accept.
 */
export interface Verdict {
  readonly kind: 'accept' | 'flag' | 'hold' | 'halt';
  readonly account: number;
  readonly action: ForcedAction;
  /** Sequence and time of the tick that proposed the action. */
  readonly sequence: number;
  readonly timeMs: number;
  readonly check: Check | undefined;
}

/** The checks of one judgement, in the order in which they were made. */
export class Checks {
  readonly all: Check[] = [];

  /** Notes whether `found` is exactly `expected`. */
  same(of: CheckClass, name: string, about: string, found: bigint | number, expected: bigint | number): void {
    this.note(of, name, about, found === expected, found, expected);
  }

  /** Notes whether `found` is at most `bound`. */
  within(of: CheckClass, name: string, about: string, found: bigint | number, bound: bigint | number): void {
    this.note(of, name, about, found <= bound, found, bound);
  }

  note(
    of: CheckClass,
    name: string,
    about: string,
    holds: boolean,
    found: bigint | number | string,
    expected: bigint | number | string,
  ): void {
    this.all.push({ class: of, name, about, holds, found: String(found), expected: String(expected) });
  }

  /** The first check of class I or II that fails. */
  get veto(): Check | undefined {
    return this.all.find(({ holds, class: of }) => !holds && of !== 'III');
  }

  /** The first check of class III that fails. */
  get doubt(): Check | undefined {
    return this.all.find(({ holds, class: of }) => !holds && of === 'III');
  }
}
