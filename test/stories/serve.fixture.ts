// An exchange that runs as `serve` runs it, in this process, by clocks that a test holds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Disk } from '../../src/journal/disk.ts';
import { DataDir } from '../../src/server/data-dir.ts';
import type { StartKind } from '../../src/server/find-start.ts';
import { LiveExchange } from '../../src/server/live-exchange.ts';
import type { Notice } from '../../src/server/notice.ts';
import { EndlessSession } from '../../src/sim/endless-session.ts';
import { type MarketLevel, modelledMarketDay } from '../../src/sim/modelled-market-day.ts';
import type { Database } from '../../src/store/database.ts';

export const TICK_MS = 5000;
const START_MS = Date.UTC(2026, 0, 19, 12);
const LEVELS = [
  ['BTC-USD-PERP', '92500', 170, 900],
  ['ETH-USD-PERP', '3205', 240, 500],
] as const;

/** A machine with a wall clock that can be set and a counter that cannot. */
export class Machine {
  wall = START_MS;
  count = 0;

  pass(ms: number): void {
    this.wall += ms;
    this.count += ms;
  }
}

export interface ServedOptions {
  readonly machine?: Machine;
  readonly openDatabase?: () => Promise<Database>;
  readonly disk?: Disk;
  readonly seed?: number;
  readonly from?: StartKind;
  /** How many times as wild as usual prices are. */
  readonly wild?: number;
}

export interface Served {
  readonly live: LiveExchange;
  readonly machine: Machine;
  readonly notices: Notice[];
  /** Kinds of all events that were published. */
  readonly published: string[];
  /** Lets so many ticks pass, one after the other. */
  ticks(count: number): Promise<void>;
  /** Ticks until it is so; refuses (throws) after ten minutes of the exchange's time. */
  until(isSo: () => boolean): Promise<void>;
  /** Seals and lets go of everything, as on SIGTERM. */
  stop(): Promise<void>;
  /** Lets go of the files as a crash would: nothing is sealed. */
  crash(): Promise<void>;
}

const levelsOf = (wild: number): MarketLevel[] =>
  LEVELS.map(([name, price, minutePpm, turnover]) => [name, price, minutePpm * wild, turnover]);

/** Opens the exchange of a folder. Refuses (throws) as `serve` does. */
export async function openServed(folder: string, options: ServedOptions = {}): Promise<Served> {
  const { machine = new Machine(), openDatabase, disk, seed = 3, from, wild = 1 } = options;
  const notices: Notice[] = [];
  const published: string[] = [];
  const day = modelledMarketDay({ seed, tickMs: TICK_MS, levels: levelsOf(wild) });
  const dir = DataDir.open(folder, `seed ${seed}`);
  let live: LiveExchange;
  try {
    live = await LiveExchange.open({
      dir,
      openDatabase,
      traffic: new EndlessSession({ day, seed, accounts: 20 }),
      hasTraders: true,
      speed: 1,
      tell: (notice) => notices.push(notice),
      onPublish: ({ events }) => published.push(...[...events.all()].map(({ kind }) => kind)),
      wallMs: () => machine.wall,
      countMs: () => machine.count,
      ...(disk === undefined ? {} : { disk }),
      from,
    });
  } catch (error) {
    dir.close();
    throw error;
  }
  live.readiness.announced();
  const ticks = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      machine.pass(TICK_MS);
      await live.turn();
      // What a timer does, by the machine's own clock.
      await live.link?.renew();
    }
  };
  return {
    live,
    machine,
    notices,
    published,
    ticks,
    until: async (isSo) => {
      for (let n = 0; !isSo(); n++) {
        if (n > 120) throw new Error(`it is not so after ten minutes: ${JSON.stringify(live.readiness.gates)}`);
        await ticks(1);
      }
    },
    stop: async () => {
      live.stop();
      await live.run();
      dir.close();
    },
    crash: async () => {
      await live.close();
      dir.close();
    },
  };
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(after: (work: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'makewhole-serve-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'venue');
}
