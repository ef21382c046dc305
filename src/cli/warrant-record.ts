// A stored warrant as the program reads it: what its canonical line says, if it says that.
import type { ForcedAction } from '../guard/verdict.ts';

/** Whole numbers of money and prices are decimal digits, as in the line. */
export interface WarrantRecord {
  readonly id: string;
  readonly height: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly account: number;
  readonly action: ForcedAction;
  /** The most lots that it may take of each market. */
  readonly limit: readonly { readonly market: number; readonly lots: string }[];
  readonly markets: readonly WarrantMarket[];
  readonly equity: { readonly sealed: string; readonly now: string };
  readonly maintenance: string;
  readonly split: Readonly<Record<(typeof SPLIT)[number], string>>;
  readonly residual: string;
  readonly checks: readonly (readonly [
    checkClass: string,
    name: string,
    about: string,
    holds: boolean,
    found: string,
    expected: string,
  ])[];
}

interface WarrantMarket {
  readonly market: number;
  readonly mark: string;
  readonly sealedMark: string;
  readonly spot: string;
  readonly externalFair: string;
  readonly fundingIndex: string;
  readonly sealedFundingIndex: string;
  readonly oracles: readonly {
    readonly source: number;
    readonly price: number;
    readonly timeMs: number;
    readonly sequence: number;
  }[];
  readonly venues: readonly {
    readonly venue: number;
    readonly index: number | null;
    readonly mark: number | null;
    readonly timeMs: number;
  }[];
}

/** The parts of a move of equity, in the order in which people are told them. */
export const SPLIT = ['price', 'funding', 'fees', 'trades', 'transfers', 'rules'] as const;

/** The record of a line; undefined of one that no guard wrote. */
export function readWarrant(line: string): WarrantRecord | undefined {
  try {
    const record = JSON.parse(line) as WarrantRecord;
    return isReadable(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isReadable({
  id,
  account,
  timeMs,
  sequence,
  action,
  limit,
  markets,
  equity,
  split,
  checks,
  ...rest
}: WarrantRecord): boolean {
  const amounts = [equity.sealed, equity.now, rest.maintenance, rest.residual, ...SPLIT.map((part) => split[part])];
  return (
    typeof id === 'string' &&
    [account, timeMs, sequence].every(Number.isSafeInteger) &&
    typeof action.kind === 'string' &&
    amounts.every(isDigits) &&
    checks.every((check) => check.length === 6) &&
    limit.every(({ market, lots }) => Number.isSafeInteger(market) && isDigits(lots)) &&
    markets.every(({ market, oracles, venues, ...prices }) => {
      const { mark, sealedMark, spot, externalFair, fundingIndex, sealedFundingIndex } = prices;
      const numbers = [mark, sealedMark, spot, externalFair, fundingIndex, sealedFundingIndex];
      const areLists = Array.isArray(oracles) && Array.isArray(venues);
      return Number.isSafeInteger(market) && areLists && numbers.every(isDigits);
    })
  );
}

function isDigits(text: unknown): boolean {
  return typeof text === 'string' && /^-?\d+$/.test(text);
}
