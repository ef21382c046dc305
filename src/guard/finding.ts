/** What the guard finds without being asked for a forced action: something is not what its history made of it. */
import type { Check } from './verdict.ts';

/** What a finding concerns; a market and an account by their row. Everything depends on the venue. */
export type Component =
  | { readonly kind: 'venue' }
  | { readonly kind: 'market'; readonly market: number }
  | { readonly kind: 'account'; readonly account: number };

export interface Finding {
  readonly component: Component;
  readonly check: Check;
  /** Sequence of the last command applied, and the exchange's time. */
  readonly sequence: number;
  readonly timeMs: number;
}

/** A component as a word: `venue`, `market 3`, `account 17`. */
export function componentName(component: Component): string {
  if (component.kind === 'venue') return 'venue';
  return component.kind === 'market' ? `market ${component.market}` : `account ${component.account}`;
}

/** Why nothing happens on something quarantined: what was found there. */
export function heldByQuarantine({ component, check }: Finding): Check {
  const about = `${componentName(component)}: ${check.name}`;
  return { class: check.class, name: 'quarantine', about, holds: false, found: check.found, expected: check.expected };
}
