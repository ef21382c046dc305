/** What the guard said no to, counted by check. */
import type { Finding } from '../../guard/finding.ts';
import { componentName } from '../../guard/finding.ts';
import type { HeldCommand } from '../../guard/screen.ts';
import type { CheckClass, Verdict } from '../../guard/verdict.ts';
import type { VetoCount } from './result.ts';

export class Vetoes {
  private readonly counts = new Map<string, VetoCount>();
  private readonly actions = new Set<string>();

  note(by: VetoCount['by'], check: string, of: CheckClass, about: string): void {
    const key = `${by} ${check}`;
    const known = this.counts.get(key);
    const first = { by, check, class: of, about, count: 0 };
    this.counts.set(key, { ...(known ?? first), count: (known?.count ?? 0) + 1 });
  }

  /** A forced action that did not happen: counted once for each check, however often it is proposed again. */
  verdict({ kind, account, action, check }: Verdict): void {
    if (check === undefined || (kind !== 'hold' && kind !== 'halt')) return;
    const order = 'order' in action ? action.order : 0;
    const key = `${check.name} ${action.kind} ${account} ${order}`;
    if (this.actions.has(key)) return;
    this.actions.add(key);
    this.note('verdict', check.name, check.class, `${action.kind} of account ${account}: ${check.about}`.trimEnd());
  }

  finding({ component, check }: Finding): void {
    this.note('finding', check.name, check.class, `${componentName(component)} ${check.about}`.trimEnd());
  }

  held({ account, market, check }: HeldCommand): void {
    this.note('door', check.name, check.class, `${check.about} account ${account} market ${market}`.trimStart());
  }

  /** In the order in which the checks first said no. */
  get all(): VetoCount[] {
    return [...this.counts.values()];
  }
}
