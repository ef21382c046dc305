/** What an event tells of an order and cannot be, by what was told of it before. */
import type { Found } from './derived-image.ts';
import type { Check } from './verdict.ts';

export interface OrderViolation {
  readonly accounts: readonly number[];
  /** 0: it concerns no market. */
  readonly market: number;
  readonly about: string;
  readonly found: string;
  readonly expected: string;
  /** Number of the batch that told it, as `OrderImage.batch` counts them. */
  readonly batch: number;
}

/** Tells the accounts of violations, and the market where one traded. */
export function tellViolations(violations: readonly OrderViolation[], tell: Found): void {
  for (const { accounts, market, about, found, expected } of violations) {
    const check: Check = { class: 'I', name: 'fill_within_order', about, holds: false, found, expected };
    for (const account of accounts) tell({ kind: 'account', account }, check);
    if (market !== 0) tell({ kind: 'market', market }, check);
  }
}
