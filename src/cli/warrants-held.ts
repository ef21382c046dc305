// What the guard held during a run, counted for a person to read.
import type { Verdict } from '../guard/verdict.ts';
import { readableCount } from './money.ts';

const SHOWN = 5;

/** Counts holds by the check that gave them. */
export class Holds {
  private readonly checks = new Map<string, { count: number; first: string }>();

  count({ kind, account, action, sequence, check }: Verdict): void {
    if (check === undefined || (kind !== 'hold' && kind !== 'halt')) return;
    const name = `class ${check.class} ${check.name}`;
    const known = this.checks.get(name);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const first = `${action.kind} of account ${account} after command ${sequence}: ${check.about || 'account'} is ${check.found}, expected ${check.expected}`;
    this.checks.set(name, { count: 1, first });
  }

  /** Nothing when nothing was held. */
  lines(): string[] {
    if (this.checks.size === 0) return [];
    const rows = [...this.checks].slice(0, SHOWN);
    return [
      'The guard held forced actions:',
      ...rows.map(([name, { count, first }]) => `  ${name}: ${readableCount(count)} times, first ${first}`),
    ];
  }
}
