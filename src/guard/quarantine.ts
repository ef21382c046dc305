/**
 * Quarantine: the components on which nothing may rest until people have looked. It follows from data alone: an account rests on
 * itself, on every market in which it holds a position, and on the venue; a market on itself and the venue. All others go on.
 */
import { type Component, componentName, type Finding } from './finding.ts';

const VENUE: Component = { kind: 'venue' };

export class Quarantine {
  private readonly findings = new Map<string, Finding>();

  /** True while nothing is held: the common case, and cheap to ask. */
  get isEmpty(): boolean {
    return this.findings.size === 0;
  }

  /** All that is held, in the order in which it was found: the first finding of each component. */
  get all(): readonly Finding[] {
    return [...this.findings.values()];
  }

  /** Holds a component; returns false when it is held already. */
  add(finding: Finding): boolean {
    const name = componentName(finding.component);
    if (this.findings.has(name)) return false;
    this.findings.set(name, finding);
    return true;
  }

  /** Lets a component go; returns false when it was not held. */
  lift(component: Component): boolean {
    return this.findings.delete(componentName(component));
  }

  /** Why a market is held, undefined when it is not. */
  ofMarket(market: number): Finding | undefined {
    if (this.findings.size === 0) return undefined;
    return this.of(VENUE) ?? this.of({ kind: 'market', market });
  }

  /** Why an account that rests on these markets is held, undefined when it is not. */
  ofAccount(account: number, markets: Iterable<number>): Finding | undefined {
    if (this.findings.size === 0) return undefined;
    const own = this.of(VENUE) ?? this.of({ kind: 'account', account });
    if (own !== undefined) return own;
    for (const market of markets) {
      const finding = this.of({ kind: 'market', market });
      if (finding !== undefined) return finding;
    }
    return undefined;
  }

  private of(component: Component): Finding | undefined {
    return this.findings.get(componentName(component));
  }
}
