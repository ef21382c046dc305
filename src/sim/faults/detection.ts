/** Who noticed a fault first, and when: by the guard's verdicts, findings and door, by roots, by the engine's own refusals. */
import type { CheckClass } from '../../guard/verdict.ts';

/** One noticing. */
export interface Detection {
  readonly check: string;
  readonly class: CheckClass;
  /** What it is about, in words. */
  readonly about: string;
  /**
   * `verdict` held or doubted a forced action; `finding` quarantined; `door` did not take a command; `start` refused a state; `upgrade` a
   * migration; `database` a writer, or to be read; `engine`.
   */
  readonly by: 'verdict' | 'finding' | 'door' | 'start' | 'upgrade' | 'database' | 'engine';
  readonly sequence: number;
  readonly timeMs: number;
}

/** A detection that two runs share: the same check about the same thing at the same time. */
export function detectionKey({ check, about, by, timeMs }: Detection): string {
  return [by, check, about, timeMs].join('|');
}
