/** Trades of the actual world that would have happened all the same, told by a run of both worlds. */
import { OpenTrades } from '../remedy/trade-count.ts';
import type { WorldObserver } from '../remedy/incident-worlds.ts';

export class HonestTrades {
  /** All trades of the actual world; those among them that are in the other as well, and their notional, 1e-8 USDC. */
  all = 0;
  honest = 0;
  notional = 0n;
  private readonly open = new OpenTrades();

  /** Told of everything that happens in the worlds. */
  readonly observe: WorldObserver = (world, events, state) => {
    if (world === 'actual') {
      this.open.close();
      this.all += this.open.add(events, state).trades;
    } else if (world === 'other') {
      const { trades, notional } = this.open.match(events);
      this.honest += trades;
      this.notional += notional;
    }
  };
}
