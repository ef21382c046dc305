/**
 * The refund policies: what an account is paid for one causal chain. Seven, each with who has paid so before; the default takes the
 * larger of restoration and the equity before, so that nobody ends below where they stood and hedged accounts come out even.
 * Amounts are 1e-8 USDC; sizes are lots, signed as they were held; prices are price units. Nothing is divided, so nothing is rounded.
 */

/** A position that was closed by force and by a falsehood: at `price`, with a penalty. */
interface WrongfulClose {
  /** Signed size that was taken: positive when a long was closed. */
  readonly size: bigint;
  readonly price: bigint;
  readonly penalty: bigint;
  /** True prices of the market: at the event, at the fixed later time, at restoration, and the best for the account in the window. */
  readonly eventPrice: bigint;
  readonly laterPrice: bigint;
  readonly restorationPrice: bigint;
  readonly bestPrice: bigint;
}

/** What a policy looks at: one account, one causal chain. */
export interface PolicyCase {
  readonly closes: readonly WrongfulClose[];
  /** Equity in the counterfactual minus equity in the actual world, at restoration: the target of the definition. */
  readonly difference: bigint;
  /** Equity before the incident plus money brought in since, minus money taken out; and the equity that was left. */
  readonly equityBefore: bigint;
  readonly equityAfter: bigint;
}

interface Policy {
  readonly name: string;
  /** Who has paid so, and how it is computed, in words. */
  readonly precedent: string;
  readonly formula: string;
  readonly amount: (of: PolicyCase) => bigint;
}

type PriceOf = (close: WrongfulClose) => bigint;

/** Σ size × (price − price of the close) + penalty. */
function markedTo(price: PriceOf): Policy['amount'] {
  return ({ closes }) =>
    closes.reduce((sum, close) => sum + close.size * (price(close) - close.price) + close.penalty, 0n);
}

const restoration: Policy['amount'] = ({ difference }) => difference;
const equity: Policy['amount'] = ({ equityBefore, equityAfter }) => equityBefore - equityAfter;

/** All policies by letter, as `reference` lists them; `DE` is the default. */
export const POLICIES = {
  A: {
    name: 'penalty only',
    precedent: 'Lighter 2025 (fees); proposed at Compound 2020',
    formula: 'penalties paid',
    amount: ({ closes }) => closes.reduce((sum, { penalty }) => sum + penalty, 0n),
  },
  B: {
    name: 'index at the event',
    precedent: 'BitMEX 2017, 2020',
    formula: 'size × (true price at the event − price of the close) + penalty',
    amount: markedTo(({ eventPrice }) => eventPrice),
  },
  C: {
    name: 'fixed later time',
    precedent: 'Binance 2025',
    formula: 'size × (price at a fixed time − price of the close) + penalty',
    amount: markedTo(({ laterPrice }) => laterPrice),
  },
  D: {
    name: 'restoration',
    precedent: 'the position one would have been in (UK FOS, FCA)',
    formula: 'equity in the counterfactual − equity in the actual world, at restoration',
    amount: restoration,
  },
  E: {
    name: 'equity before',
    precedent: 'Deribit 2019, GDAX 2017',
    formula: 'equity before the incident and money brought in since − equity after',
    amount: equity,
  },
  F: {
    name: 'best price in the window',
    precedent: 'BitMEX 2019 (deleveraging)',
    formula: 'size × (best price in the window − price of the close) + penalty',
    amount: markedTo(({ bestPrice }) => bestPrice),
  },
  G: {
    name: 'reinstated in kind',
    precedent: 'Paradex 2026, OKEx 2018 (rollback)',
    formula: 'the position at its old entry: worth size × (price at restoration − price of the close) + penalty',
    amount: markedTo(({ restorationPrice }) => restorationPrice),
  },
  DE: {
    name: 'restoration, and never below the equity before',
    precedent: 'the default',
    formula: 'the larger of D and E',
    amount: (of) => {
      const [restored, before] = [restoration(of), equity(of)];
      return restored > before ? restored : before;
    },
  },
} as const satisfies Record<string, Policy>;

export type PolicyName = keyof typeof POLICIES;

/** What a policy pays for one causal chain: never below nothing. */
export function refundOf(policy: PolicyName, of: PolicyCase): bigint {
  const amount = POLICIES[policy].amount(of);
  return amount > 0n ? amount : 0n;
}
