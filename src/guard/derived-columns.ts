/** What ticks derive of a market: where its row has it, and where the event that tells it. */
import { MARKET } from '../engine/tables.ts';

/** Fields of a `marked` event. */
export const MARKED = { SPOT: 1, MARK: 2, FAIR_BASIS: 3, EXTERNAL_FAIR: 4, FUNDING_INDEX: 7 } as const;

/** A derived value of a market: its column, and its field in the event that tells it. */
export const DERIVED = {
  SPOT: [MARKET.SPOT, MARKED.SPOT],
  MARK: [MARKET.MARK, MARKED.MARK],
  FAIR_BASIS: [MARKET.FAIR_BASIS, MARKED.FAIR_BASIS],
  EXTERNAL_FAIR: [MARKET.EXTERNAL_FAIR, MARKED.EXTERNAL_FAIR],
  FUNDING_INDEX: [MARKET.FUNDING_INDEX, MARKED.FUNDING_INDEX],
} as const;
