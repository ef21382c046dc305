/** The limits of the guard: rules that only its own keys change, and which way each is tighter. */
import { type RuleName, RULES } from '../../engine/rules.ts';

/** Which values stop more: lower ones, higher ones, or neither way: then every change is a loosening. */
type Tighter = 'lower' | 'higher' | 'neither';

type GuardLimit = Extract<RuleName, `guard_${string}` | `breaker_${string}` | `reopen_${string}`>;

/** The one table of directions. */
export const TIGHTER: Readonly<Record<GuardLimit, Tighter>> = {
  guard_sample_age: 'lower',
  guard_quorum: 'higher',
  guard_family_band: 'lower',
  guard_sample_band: 'lower',
  guard_flat: 'lower',
  guard_grace: 'higher',
  guard_notice: 'higher',
  guard_order_lag: 'lower',
  // A longer interval counts more, and forgets later what it counted.
  breaker_interval: 'neither',
  breaker_liquidations: 'lower',
  breaker_losses: 'lower',
  breaker_funding: 'lower',
  guard_refund_single: 'lower',
  guard_refund_share: 'lower',
  reopen_rung: 'higher',
  reopen_grace: 'higher',
  reopen_depth: 'higher',
  reopen_soak: 'higher',
};

/** True for a rule, by its number, that is a limit of the guard. */
export function isGuardLimit(rule: number): boolean {
  const name = RULES[rule]?.name;
  return name !== undefined && Object.hasOwn(TIGHTER, name);
}

/** True when setting the limit to `value` stops no less than it does at `before`. */
export function isTightening(rule: number, before: number, value: number): boolean {
  const tighter = TIGHTER[(RULES[rule]?.name ?? '') as GuardLimit];
  if (tighter === 'lower') return value <= before;
  return tighter === 'higher' && value >= before;
}
