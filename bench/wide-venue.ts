/** A venue with a given number of accounts and positions, made by the engine from commands alone. */
import { applyCommands } from '../src/engine/batch.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { FLAG, INSTRUCTION, ORDER_KIND, orderFlags } from '../src/engine/flags.ts';
import { genesis, type State } from '../src/engine/state.ts';
import { applyOpening } from './session.ts';
import { FIRST_ACCOUNT, FIRST_MARKET, START_TICKS, writeOpening } from './venue.ts';

export interface WideVenue {
  readonly markets: number;
  /** Even: they trade in pairs. */
  readonly accounts: number;
  /** At most `markets`. */
  readonly positionsPerAccount: number;
  readonly liveOrders: number;
}

const TIME_MS = 1_700_000_000_000;
const BATCH_PAIRS = 1024;
const BUY = orderFlags(0, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);

/** Makes the state: every account has its positions, each against the account beside it, and orders rest below the price. */
export function makeWideVenue(venue: WideVenue): State {
  const { markets, accounts, positionsPerAccount, liveOrders } = venue;
  const positions = accounts * positionsPerAccount;
  const state = genesis({ accounts: accounts + FIRST_ACCOUNT, positions: positions + 1, orders: liveOrders + 64 });
  const commands = new CommandBuffer(4096);
  writeOpening(commands, markets, accounts, TIME_MS);
  applyOpening(state, commands);
  const apply = (): void => {
    state.events.clear();
    applyCommands(state, commands.i32, commands.f64, commands.rows);
    commands.clear();
  };
  commands.clear();
  for (let round = 0; round < positionsPerAccount; round++) {
    for (let pair = 0; pair < accounts / 2; pair++) {
      const market = FIRST_MARKET + ((pair + round) % markets);
      const maker = FIRST_ACCOUNT + pair * 2;
      commands.placeOrder(TIME_MS, maker, market, START_TICKS, 1 + (pair % 9), BUY);
      commands.placeOrder(TIME_MS, maker + 1, market, START_TICKS, 1 + (pair % 9), BUY | FLAG.SELL);
      if (pair % BATCH_PAIRS === 0) apply();
    }
  }
  apply();
  for (let order = 0; order < liveOrders; order++) {
    const account = FIRST_ACCOUNT + (order % accounts);
    const market = FIRST_MARKET + (((order % accounts) >> 1) % markets);
    commands.placeOrder(TIME_MS, account, market, START_TICKS - 1 - (order % 500), 1, BUY);
    if (order % BATCH_PAIRS === 0) apply();
  }
  apply();
  if (state.position.live !== positions || state.order.live !== liveOrders) {
    throw new Error(`the venue has ${state.position.live} positions and ${state.order.live} live orders`);
  }
  return state;
}
