/**
 * Windfalls: what is taken back, and of whom. P1 takes back what the system credited and nobody owed: funding by an index that nothing
 * but a fault had moved, money that was written or deposited by mistake; it was never anyone's. P2 also adjusts fills against wrongful forced flow to the edge of the
 * published band. Never more than what the account has too much.
 */
import type { AccountAssessment } from './account-assessment.ts';
import type { Cause } from './cause.ts';
import type { HouseFill } from './flow-listener.ts';
import type { Windfalls } from './policy-document.ts';

/** Fills of an account against the house that were beyond the edge of the band, by market: what it is asked to give back. */
export type Adjustments = ReadonlyMap<number, bigint>;

const NOTHING: ReadonlyMap<Cause, bigint> = new Map();

/** What is taken back of an account. `falseIndexes` are the markets whose funding index a deviation wrote. */
export function reversedOf(
  { chains, parts }: Pick<AccountAssessment, 'chains' | 'parts'>,
  windfalls: Windfalls,
  falseIndexes: ReadonlySet<number>,
  adjustments: Adjustments,
): bigint {
  if (windfalls === 'P0') return 0n;
  let reversed = 0n;
  for (const { markets } of chains) {
    const amounts = markets.map((market) => parts.get(market) ?? NOTHING);
    const byIndex = markets.filter((market) => falseIndexes.has(market)).map((market) => parts.get(market) ?? NOTHING);
    const funding = sumOver(byIndex, (cause) => cause === 'funding');
    // What was deposited in one world alone was a mistake of the record.
    const credited = positive(-funding - sumOver(amounts, (cause) => cause === 'wrong_credit' || cause === 'external'));
    const adjusted = markets.reduce((sum, market) => sum + (adjustments.get(market) ?? 0n), 0n);
    const wanted = credited + (windfalls === 'P2' ? adjusted : 0n);
    const gain = positive(-sumOver(amounts, (cause) => cause !== 'transfer'));
    reversed += wanted < gain ? wanted : gain;
  }
  return reversed;
}

/**
 * Σ of the parts of some causes. What left in the actual world alone, as a withdrawal, is in the account's hands: it is no loss that
 * could stand against what was credited.
 */
function sumOver(amounts: readonly ReadonlyMap<Cause, bigint>[], isCounted: (cause: Cause) => boolean): bigint {
  let sum = 0n;
  for (const parts of amounts) {
    for (const [cause, amount] of parts) {
      if (isCounted(cause) && !(cause === 'external' && amount > 0n)) sum += amount;
    }
  }
  return sum;
}

const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n);

const PPM = 1_000_000n;

/**
 * What fills against the house are beyond the edge of the band around the true price, by account and market: bought below it or sold
 * above it; the edge is rounded in the account's favour. `wrongfulPpm` of a market is the part of what was taken there wrongly: only
 * so much of its flow is adjusted, rounded down.
 */
export function adjustmentsOf(
  fills: readonly HouseFill[],
  truePrices: readonly number[],
  bandPpm: number,
  wrongfulPpm: ReadonlyMap<number, bigint>,
): Map<number, Map<number, bigint>> {
  const adjustments = new Map<number, Map<number, bigint>>();
  fills.forEach(({ account, market, lots, price }, place) => {
    const beyond = beyondBand(BigInt(lots), BigInt(price), BigInt(truePrices[place] as number), BigInt(bandPpm));
    const amount = (beyond * (wrongfulPpm.get(market) ?? 0n)) / PPM;
    if (amount === 0n) return;
    const of = adjustments.get(account) ?? new Map<number, bigint>();
    adjustments.set(account, of.set(market, (of.get(market) ?? 0n) + amount));
  });
  return adjustments;
}

/** Signed lots bought at a price: what they were cheaper than the edge below the true price, or sold dearer than the one above it. */
function beyondBand(lots: bigint, price: bigint, truePrice: bigint, bandPpm: bigint): bigint {
  const scaled = truePrice * (lots > 0n ? PPM - bandPpm : PPM + bandPpm);
  const edge = lots > 0n ? scaled / PPM : (scaled + PPM - 1n) / PPM;
  return positive(lots * (edge - price));
}
