/**
 * Causes: what an account's difference between the worlds is made of. The parts sum to the difference exactly, because equity is what an
 * account had before, plus size × (price of the valuation − price paid) of all it traded, less fees, penalties and funding, plus what
 * came from outside.
 */
export const CAUSES = {
  liquidation_price: 'positions were taken by force, at a price, that would have been kept (k1)',
  penalty_and_fees: 'penalties and fees that would not have been paid (k2)',
  trigger: 'conditional orders fired that would not have, or not there (k3)',
  deleveraging: 'positions were reduced to cover the loss of others (k4)',
  voluntary_fill: 'own orders traded otherwise (k5)',
  funding: 'funding was charged or paid by a wrong index (k6)',
  liquidated_anyway: 'would have been liquidated in any case, at another time and price (k7)',
  order_inability: 'orders that were refused while the venue was halted (k8)',
  rollback: 'results that a rollback erased (k9)',
  panic_close: 'own closes for fear of the falsehood, as far as they were outside the band (k5)',
  time_value: 'interest (k10)',
  late_notice: 'what the market did until an account that was told later knew and could act',
  transfer: 'transfers between accounts that only one of the worlds allowed',
  external: 'deposits and withdrawals that only one of the worlds allowed',
  wrong_credit: 'the system credited or charged what nobody brought and nobody owed',
  socialised_loss: 'what was kept back of withdrawals for the losses of others',
  remedy: 'what has been done already: refunds, reversals, receivables',
  reference: 'the market was valued at the reference price, not by its replay',
} as const;

export type Cause = keyof typeof CAUSES;

/** The causes, in the order in which documents list them. */
export const CAUSE_NAMES = Object.keys(CAUSES) as readonly Cause[];
