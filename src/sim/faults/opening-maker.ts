/** Who quotes while a venue comes back: post-only orders on both sides, within the band of the restricted modes. */
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SELF_TRADE, SIDE } from '../../engine/flags.ts';
import { isPaused, statusOf } from '../../engine/market.ts';
import { marketCount, type State } from '../../engine/state.ts';
import { OPERATION, STATUS } from '../../engine/status.ts';
import { MARKET } from '../../engine/tables.ts';
import { openingMaker } from './base.ts';

/** Away from the external fair price, ppm, and how much of the impact notional on each side. */
const AWAY_PPM = 200;
const DEPTH = 3;

const flagsOf = (side: number): number =>
  orderFlags(side, ORDER_KIND.LIMIT, INSTRUCTION.POST_ONLY, false, SELF_TRADE.EXPIRE_MAKER);

/** Appends the quotes of every market in which liquidations are not open yet; old ones go first. */
export function quoteOpening(state: State, timeMs: number, commands: CommandBuffer): void {
  const account = openingMaker(state);
  for (let market = 1; market <= marketCount(state); market++) {
    if (!isPaused(state, market, OPERATION.LIQUIDATIONS) || statusOf(state, market) > STATUS.POST_ONLY) continue;
    const { f64 } = state.market;
    const at = market * 128;
    const ticks = (f64[at + MARKET.EXTERNAL_FAIR] as number) / (f64[at + MARKET.TICK_UNITS] as number);
    const lots = Math.ceil((DEPTH * (f64[at + MARKET.IMPACT_NOTIONAL] as number)) / (f64[at + MARKET.MARK] as number));
    commands.cancelAll(timeMs, account, market);
    const bid = Math.floor(ticks * (1 - AWAY_PPM / 1e6));
    const ask = Math.ceil(ticks * (1 + AWAY_PPM / 1e6));
    commands.placeOrder(timeMs, account, market, bid, lots, flagsOf(SIDE.BUY));
    commands.placeOrder(timeMs, account, market, ask, lots, flagsOf(SIDE.SELL));
  }
}
