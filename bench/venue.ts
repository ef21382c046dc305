/**
 * The venue on which a workload is traded in full: its markets, its accounts and their money.
 *
 * One lot at the workload's usual price of 50,000 ticks is 500 USDC. An account starts with a million where there are 100,000 of
 * them, and with more where fewer carry the same orders, so that the makers have positions of hundreds of thousands in many
 * markets and nobody is refused for lack of margin as a rule. Fees are the
 * default rules' (0.3 and 4.5 basis points); initial margin is 5 %.
 */
import type { CommandBuffer, MarketDefinition } from '../src/engine/command-buffer.ts';
import { ACCOUNT_KIND } from '../src/engine/state.ts';

/** Price units of one tick: tick size 1 USDC (1e12) × size step 0.01 (1e10) / 1e8 / 1e8. */
export const TICK_UNITS = 1e6;
/** The workload's prices start here, ticks. */
export const START_TICKS = 50_000;
/** Rows of the accounts and markets of a workload in the state: its number plus this. */
export const FIRST_ACCOUNT = 3;
export const FIRST_MARKET = 1;
/** A million USDC, for so many accounts; the most that one account is given. */
const DEPOSIT = 1e14;
const DEPOSIT_ACCOUNTS = 100_000;
const MOST_DEPOSIT = 1e15;

function benchMarket(number: number): MarketDefinition {
  return {
    name: `BENCH-${number}-USD-PERP`,
    fundingPeriodS: 28_800,
    venues: 0,
    TICK_SIZE: 1e12,
    SIZE_STEP: 1e10,
    MINIMUM_NOTIONAL: 1e9,
    MAXIMUM_ORDER: 10_000,
    POSITION_LIMIT: 1e6,
    PRICE_BAND: 50_000,
    INITIAL_MARGIN: 50_000,
    MAINTENANCE_FACTOR: 500_000,
    INTEREST_RATE: 1e8,
    CLAMP_RATE: 5e8,
    MAXIMUM_FUNDING_RATE: 2e10,
    FUNDING_MULTIPLIER: 1_000_000,
    IMPACT_NOTIONAL: 1e13,
    BASIS_WEIGHT: 50_000,
    MAXIMUM_SPREAD: 10_000,
    MAXIMUM_OPEN_ORDERS: 1_000,
  };
}

/** Writes the commands that open the venue at `timeMs`: markets, prices, a tick that marks them, accounts, deposits. */
export function writeOpening(commands: CommandBuffer, markets: number, accounts: number, timeMs: number): void {
  for (let market = 0; market < markets; market++) commands.defineMarket(timeMs, benchMarket(market));
  commands.collateralPrice(timeMs, 1e8, timeMs);
  for (let market = 0; market < markets; market++) {
    commands.oraclePrice(timeMs, FIRST_MARKET + market, 0, START_TICKS * TICK_UNITS, timeMs);
  }
  commands.tick(timeMs);
  const key = new Uint8Array(32);
  const keyWords = new Uint32Array(key.buffer);
  for (let account = 0; account < accounts; account++) {
    // Spread as real keys are: a hash of what an account signs with.
    keyWords[0] = Math.imul(account + 1, 0x9e3779b1);
    keyWords[1] = account;
    commands.defineAccount(timeMs, key, ACCOUNT_KIND.TRADER, 0);
  }
  const scaled = Math.floor((DEPOSIT * DEPOSIT_ACCOUNTS) / accounts);
  const deposit = Math.max(DEPOSIT, Math.min(MOST_DEPOSIT, scaled));
  for (let account = 0; account < accounts; account++) {
    commands.deposit(timeMs, FIRST_ACCOUNT + account, deposit, account + 1);
  }
}
