/** The policy on an invented account, so that a reader can follow the formula with numbers that are nobody's. */
import { type InterestSpan, chainAmountOf, interestOf } from '../statement-amounts.ts';
import type { PolicyDocument } from '../policy-document.ts';
import type { ChainStatement } from '../statement.ts';
import type { Table } from './document.ts';
import { usdcText } from './text.ts';

const usdc = (amount: number): bigint => BigInt(amount) * 100_000_000n;

const ENTRY = 3_200;
const TAKEN_AT = 3_050;
const EVENT = 3_195;
const BEFORE = 3_198;
const RESTORATION = 3_240;
const LATER = 3_100;
const BEST = 3_260;
const SIZE = 10;
const COLLATERAL = 2_000;
const PENALTY = 224;

const OTHER = COLLATERAL + SIZE * (RESTORATION - ENTRY);
const ACTUAL = COLLATERAL + SIZE * (TAKEN_AT - ENTRY) - PENALTY;
const STOOD = COLLATERAL + SIZE * (BEFORE - ENTRY);

const CHAIN: ChainStatement = {
  markets: [1],
  flows: [],
  causes: [
    { cause: 'liquidation_price', amount: String(usdc(OTHER - ACTUAL - PENALTY)) },
    { cause: 'penalty_and_fees', amount: String(usdc(PENALTY)) },
  ],
  difference: String(usdc(OTHER - ACTUAL)),
  excluded: '0',
  loss: String(usdc(STOOD - ACTUAL)),
  closes: [
    {
      fork: 0,
      sequence: 0,
      market: 1,
      size: String(SIZE),
      price: String(usdc(TAKEN_AT)),
      penalty: String(usdc(PENALTY)),
      eventPrice: String(usdc(EVENT)),
      laterPrice: String(usdc(LATER)),
      restorationPrice: String(usdc(RESTORATION)),
      bestPrice: String(usdc(BEST)),
    },
  ],
  amount: '0',
};

/** The story of the example, in a sentence or two. */
export const EXAMPLE_TEXT = `An invented account is long ${SIZE} ETH, bought at 3,200 USDC with a collateral of 2,000. A falsehood has the position taken at 3,050, with a penalty of ${PENALTY}. When its owner knows and can act, the true price is 3,240; at the last good block it was 3,198.`;

/** The example by this policy, line by line. */
export function exampleTable(policy: PolicyDocument, span: InterestSpan): Table {
  const gives = chainAmountOf(policy, CHAIN);
  const principal = gives > 0n ? gives : 0n;
  const interest = interestOf(policy, principal, span);
  const goodwill = principal > 0n ? BigInt(policy.goodwill) : 0n;
  return {
    caption: 'The policy on an invented account',
    columns: [
      { name: 'Line', isNumber: false },
      { name: 'How', isNumber: false },
      { name: 'USDC', isNumber: true },
    ],
    rows: [
      ['Equity it would have', '2,000 + 10 × (3,240 − 3,200)', usdcText(usdc(OTHER))],
      ['Equity it has', '2,000 + 10 × (3,050 − 3,200) − 224', usdcText(usdc(ACTUAL))],
      ['Difference', 'what it lacks', usdcText(usdc(OTHER - ACTUAL))],
      ['Lost since the last good block', '2,000 + 10 × (3,198 − 3,200) − 276', usdcText(usdc(STOOD - ACTUAL))],
      ['Principal', `what rule ${policy.pays} of the policy gives`, usdcText(principal)],
      ['Interest', `${policy.interest.ppmYear / 10_000} % a year, rounded up`, usdcText(interest)],
      ['Goodwill', 'a fixed amount', usdcText(goodwill)],
      ['Refund', 'the three together', usdcText(principal + interest + goodwill)],
    ],
  };
}
