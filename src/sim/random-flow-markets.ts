/** The markets of a random flow: each strains the arithmetic in another place. The name ends with the first price, ticks. */
import type { MarketDefinition } from '../engine/command-buffer.ts';

const ordinary = {
  fundingPeriodS: 28_800,
  venues: 15,
  MINIMUM_NOTIONAL: 1_000_000_000,
  PRICE_BAND: 50_000,
  INITIAL_MARGIN: 20_000,
  MAINTENANCE_FACTOR: 500_000,
  INTEREST_RATE: 100_000_000,
  CLAMP_RATE: 500_000_000,
  MAXIMUM_FUNDING_RATE: 20_000_000_000,
  FUNDING_MULTIPLIER: 1_000_000,
  BASIS_WEIGHT: 200_000,
  MAXIMUM_SPREAD: 10_000,
  MAXIMUM_OPEN_ORDERS: 12,
} as const;

export const FLOW_MARKETS: readonly MarketDefinition[] = [
  {
    ...ordinary,
    name: 'FINE@925000',
    TICK_SIZE: 100_000_000_000,
    SIZE_STEP: 10_000_000,
    MAXIMUM_ORDER: 10_000_000,
    POSITION_LIMIT: 30_000_000,
    IMPACT_NOTIONAL: 500_000_000_000,
  },
  {
    // Few ticks: long queues at one price, books that cross often.
    ...ordinary,
    name: 'COARSE@50',
    TICK_SIZE: 10_000_000_000,
    SIZE_STEP: 1_000_000_000_000,
    MAXIMUM_ORDER: 1_000_000,
    POSITION_LIMIT: 3_000_000,
    PRICE_BAND: 200_000,
    INITIAL_MARGIN: 100_000,
    IMPACT_NOTIONAL: 100_000_000_000,
    FUNDING_MULTIPLIER: 500_000,
    fundingPeriodS: 3_600,
    MAXIMUM_OPEN_ORDERS: 30,
  },
  {
    // A lot is worth 1,000 USDC: costs and margins beyond 2^53.
    ...ordinary,
    name: 'HUGE@10000',
    TICK_SIZE: 100_000_000_000,
    SIZE_STEP: 1_000_000_000_000,
    MAXIMUM_ORDER: 1_000_000,
    POSITION_LIMIT: 1_000_000_000,
    PRICE_BAND: 200_000,
    IMPACT_NOTIONAL: 100_000_000_000,
  },
  {
    // A lot is worth 3e-6 USDC: everything is rounding.
    ...ordinary,
    name: 'DUST@300',
    TICK_SIZE: 1_000_000,
    SIZE_STEP: 10_000_000_000,
    MAXIMUM_ORDER: 2_147_483_647,
    POSITION_LIMIT: 1_099_511_627_776,
    MINIMUM_NOTIONAL: 0,
    PRICE_BAND: 150_000,
    INITIAL_MARGIN: 33_333,
    MAINTENANCE_FACTOR: 333_333,
    INTEREST_RATE: -3,
    IMPACT_NOTIONAL: 12_345_678,
  },
];
