// A flow of traders who stand at the edge of their margin in a few of many markets: what one market does to them, the others feel.
import type { CommandBuffer, MarketDefinition } from '../src/engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags } from '../src/engine/flags.ts';
import type { EventRecord } from '../src/engine/event.ts';
import { ACCOUNT_KIND, type State } from '../src/engine/state.ts';
import { MARKET } from '../src/engine/tables.ts';
import { Random } from '../src/sim/random.ts';
import type { Asking } from './cone-flow.ts';

const MARKETS = 40;
const ACCOUNTS = 120;
const FIRST_ACCOUNT = 3;
const START_TICKS = 50_000;
const TICK_UNITS = 1e6;
/** One lot is 500 USDC and takes 25 of margin. */
const DEPOSIT = 3_000 * 1e8;

function market(number: number): MarketDefinition {
  return {
    name: `THIN-${number}-USD-PERP`,
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

/** The flow of a seed: the first step opens the venue, each other one is a second of it. */
export function thinFlow(seed: number | string): Asking {
  const random = new Random(seed);
  const prices = Array.from({ length: MARKETS + 1 }, () => START_TICKS);
  const orders: { id: number; account: number }[] = [];
  let timeMs = 1_700_000_000_000;
  let isOpen = false;
  const open = (commands: CommandBuffer): void => {
    isOpen = true;
    for (let number = 1; number <= MARKETS; number++) commands.defineMarket(timeMs, market(number));
    for (let n = 0; n < ACCOUNTS; n++) {
      commands.defineAccount(timeMs, new Uint8Array(32).fill(n + 1), ACCOUNT_KIND.TRADER, 0);
      commands.deposit(timeMs, FIRST_ACCOUNT + n, DEPOSIT, n + 1);
    }
  };
  const price = (commands: CommandBuffer): void => {
    commands.collateralPrice(timeMs, 1e8, timeMs);
    for (let number = 1; number <= MARKETS; number++) {
      prices[number] = Math.max(1_000, (prices[number] as number) + random.below(21) - 10);
      commands.oraclePrice(timeMs, number, 0, (prices[number] as number) * TICK_UNITS, timeMs);
    }
    commands.tick(timeMs);
  };
  const order = (state: State, commands: CommandBuffer, account: number, number: number, clientId = ''): void => {
    const mark = Math.round((state.market.f64[number * 128 + MARKET.MARK] as number) / TICK_UNITS);
    const sell = random.below(2);
    const at = Math.max(1, mark + (sell === 0 ? -1 : 1) * (random.below(120) - 40));
    const instruction = random.chance(200_000) ? INSTRUCTION.IOC : INSTRUCTION.GTC;
    const isStop = random.chance(6_000);
    const kind = isStop ? ORDER_KIND.STOP_MARKET : ORDER_KIND.LIMIT;
    const flags = orderFlags(sell, kind, instruction, !isStop && random.chance(50_000));
    const trigger = isStop ? Math.max(1, mark + random.below(61) - 30) : 0;
    commands.placeOrder(timeMs, account, number, isStop ? 0 : at, 1 + random.below(40), flags, trigger, clientId);
  };
  /** Each account trades in three markets, its neighbours in the next. */
  const marketOf = (account: number): number => 1 + ((account + random.below(3)) % MARKETS);
  const trade = (state: State, commands: CommandBuffer): void => {
    const account = FIRST_ACCOUNT + random.below(ACCOUNTS);
    const number = marketOf(account);
    const dice = random.below(1000);
    if (dice < 2) {
      const first = commands.rows;
      const count = 2 + random.below(3);
      commands.placeBatch(timeMs, account, count);
      for (let n = 0; n < count; n++) order(state, commands, account, number);
      commands.endBatch(first);
    } else if (dice < 12) commands.setLeverage(timeMs, account, number, 1 + random.below(20));
    else if (dice < 40) order(state, commands, account, number, `${number}-${random.below(3)}`);
    else if (dice < 60) commands.cancelByClientId(timeMs, account, `${number}-${random.below(3)}`);
    else if (dice < 70) commands.cancelAll(timeMs, account, random.below(2) === 0 ? 0 : number);
    else order(state, commands, account, number);
  };
  const money = (commands: CommandBuffer): void => {
    const account = FIRST_ACCOUNT + random.below(ACCOUNTS);
    if (random.chance(400_000)) commands.requestWithdrawal(timeMs, account, 2e10);
    else commands.transfer(timeMs, account, FIRST_ACCOUNT + random.below(ACCOUNTS), 1e10);
  };
  return {
    next: (state, commands) => {
      timeMs += 1_000;
      if (!isOpen) open(commands);
      for (let n = 0; n < 40; n++) {
        const known = random.chance(250_000) ? orders.splice(random.below(orders.length), 1)[0] : undefined;
        if (known === undefined && random.chance(20_000)) money(commands);
        else if (known === undefined) trade(state, commands);
        else if (random.chance(200_000)) {
          const at = START_TICKS - 1_000 + random.below(2_000);
          commands.amendOrder(timeMs, known.account, known.id, at, 1 + random.below(60));
        } else commands.cancelOrder(timeMs, known.account, known.id);
      }
      price(commands);
    },
    observe: (events: readonly EventRecord[]) => {
      for (const event of events) {
        if (event.kind === 'orderAccepted') orders.push({ id: event.order, account: event.account });
      }
    },
  };
}
