/** The life of a market: 10 to 15, 23. */
import { COMMAND, COMMAND_BYTES, PLACE_ORDER } from '../../engine/command.ts';
import type { CommandBuffer, MarketDefinition } from '../../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../../engine/flags.ts';
import { MARKET } from '../../engine/tables.ts';
import { STATUS } from '../../engine/status.ts';
import { derivedDefinition, inPriceUnits, priceScale } from '../market-definition.ts';
import { FIRST_ACCOUNT } from '../traders/population.ts';
import type { Extreme, Scene } from './extreme.ts';
import { type Corner, modelledScenario, usdAt } from './modelled.ts';
import {
  addSamples,
  changeSamples,
  firstOwn,
  keepCommands,
  openAccounts,
  playCrowd,
  setBasis,
  trade,
} from './rewriting.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WORDS = COMMAND_BYTES / 4;

export const fundingAtClamp: Extreme = {
  number: 10,
  name: 'funding at its clamp for hours, then turning each hour; the index crosses zero',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 16),
      18 * 60,
      5_000,
      500,
      [
        {
          name: 'TURN-USD-PERP',
          corners: [
            [0, 12],
            [600, 12.4],
            [1_080, 11.6],
          ],
          wobblePpm: 500,
          definition: { MAXIMUM_FUNDING_RATE: 5e9, INITIAL_MARGIN: 50_000 },
        },
      ],
      'venues 1.5 % above the index for six hours, then above and below in turn',
    ),
    script: (inputs, { passedMs }) => {
      const hour = Math.floor(passedMs / HOUR_MS);
      // Two hours down for each one up, until the index is below zero; then in turn.
      const up = hour < 4 || (hour >= 12 && hour % 2 === 0);
      setBasis(inputs, 1, up ? 0.015 : -0.015);
    },
  }),
};

/** A market that is listed while the day goes on, with its own maker and takers. */
interface Listing {
  readonly name: string;
  readonly usd: readonly Corner[];
  /** Minute of the day in which it is listed; its corners count from there. */
  readonly fromMinute: number;
  readonly row: number;
}

const TAKERS = 40;
const SOURCES = { oracles: 2, venues: 4 };

function listingOf({ name, usd }: Listing): { readonly definition: MarketDefinition; readonly usdUnits: number } {
  const definition = derivedDefinition(name, (usd[0] as Corner)[1], 20, 15);
  if (definition === undefined) throw new Error(`no tick and step fit ${name}`);
  return { definition, usdUnits: inPriceUnits('1', priceScale(definition.SIZE_STEP)) };
}

/** Opens, in the opening, the accounts that trade a listing: a maker and takers. */
function openTraders(inputs: CommandBuffer, scene: Scene): void {
  openAccounts(inputs, scene, [3e6, ...Array.from({ length: TAKERS }, (_, n) => 135 + 6 * n)]);
}

/** Lists the market when its minute has come; from then on sends its prices, quotes it, and lets one taker act a tick. */
function playListing(inputs: CommandBuffer, scene: Scene, listing: Listing): void {
  const { passedMs, timeMs, state, tick } = scene;
  const sinceMs = passedMs - listing.fromMinute * MINUTE_MS;
  if (sinceMs < 0) return;
  const { definition, usdUnits } = listingOf(listing);
  const { row, usd } = listing;
  if (state.market.rows <= row) inputs.defineMarket(timeMs, definition);
  const price = usdAt(usd, sinceMs / MINUTE_MS) * usdUnits;
  const maker = firstOwn(scene);
  const tickUnits = (definition.TICK_SIZE * (definition.SIZE_STEP / 1e4)) / 1e12;
  const ticks = price / tickUnits;
  inputs.cancelAll(timeMs, maker, row);
  for (const [side, away] of [
    [SIDE.BUY, 0.999],
    [SIDE.BUY, 0.98],
    [SIDE.SELL, 1.001],
    [SIDE.SELL, 1.02],
  ] as const) {
    const flags = orderFlags(side, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
    inputs.placeOrder(timeMs, maker, row, Math.floor(ticks * away), Math.floor((30_000 * 1e8) / price), flags);
  }
  const n = Math.floor(sinceMs / scene.session.day.tickMs) - 1;
  if (n >= 0 && n < TAKERS) {
    const lots = Math.floor((2_000 * 1e8) / price);
    trade(inputs, scene, maker + 1 + n, row, n % 3 === 0 ? -lots : lots);
  }
  // The tick of the listing itself has prices: index 0, no history.
  addSamples(inputs, timeMs, row, price * (1 + ((tick % 7) - 3) * 2e-6), SOURCES);
}

export const newMarket: Extreme = {
  number: 11,
  name: 'first ticks of a new market',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 17),
      75,
      1_000,
      400,
      [{ name: 'BTC-USD-PERP', corners: [[0, 92_500]], wobblePpm: 300 }],
      'a listing at 2.00 that falls by 15 % within minutes of its first tick',
    ),
    script: (inputs, scene) => {
      if (scene.tick === 0) openTraders(inputs, scene);
      const usd: readonly Corner[] = [
        [0, 2],
        [1, 2.02],
        [3, 1.85],
        [8, 1.7],
        [40, 1.8],
      ];
      playListing(inputs, scene, { name: 'FRESH-USD-PERP', usd, fromMinute: 30, row: 2 });
    },
  }),
};

/** Minutes of the flat stretch, and of the whole. */
const FLAT = [90, 90 + 60 * 60] as const;

export const weekendGap: Extreme = {
  number: 12,
  name: 'flat for 60 h, then a gap of -8 %',
  open: ({ seed }) => {
    const scenario = modelledScenario(
      seed,
      Date.UTC(2026, 1, 20, 20, 30),
      FLAT[1] + 60,
      5_000,
      120,
      [
        {
          name: 'XAU-USD-PERP',
          corners: [
            [0, 4_650],
            [FLAT[1], 4_650],
            [FLAT[1], 4_278],
          ],
          wobblePpm: 250,
          definition: { INITIAL_MARGIN: 20_000 },
        },
        { name: 'BTC-USD-PERP', corners: [[0, 92_500]], wobblePpm: 300 },
      ],
      'gold over a weekend: every source repeats its last price for 60 h while BTC moves, and opens 8 % lower; 240 accounts at 30 times',
    );
    const { usdUnits } = scenario.day.markets[0] as (typeof scenario.day.markets)[number];
    const closed = Math.floor(4_650 * usdUnits);
    return {
      ...scenario,
      script: (inputs, scene) => {
        playCrowd(inputs, scene, { count: 240, markets: [1], usd: 2_000, margin: 0.033, fromMinute: 60 });
        const minute = scene.passedMs / MINUTE_MS;
        if (minute < FLAT[0] || minute >= FLAT[1]) return;
        changeSamples(inputs, ({ market }) => (market === 1 ? { price: closed } : {}));
      },
    };
  },
};

/** When the venue closes, and when each step of its reopening comes; minutes. */
const HALT = { closed: 100, cancelOnly: 580, postOnly: 582, open: 587 } as const;

export const haltReopens: Extreme = {
  number: 13,
  name: 'halt of 8 h, reopening 20 % lower',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 18),
      650,
      5_000,
      700,
      [
        {
          name: 'ETH-USD-PERP',
          corners: [
            [0, 3_200],
            [100, 3_180],
            [400, 2_700],
            [580, 2_545],
            [650, 2_600],
          ],
          wobblePpm: 800,
        },
      ],
      'ETH -20 % behind closed doors; cancel-only, post-only, open',
    ),
    script: (inputs, { passedMs, timeMs, tick, session }) => {
      const minute = passedMs / MINUTE_MS;
      if (tick === 0 || (tick * session.day.tickMs) % MINUTE_MS !== 0) return;
      if (minute === HALT.closed) inputs.setStatus(timeMs, 0, STATUS.MAINTENANCE, 0);
      if (minute === HALT.cancelOnly) inputs.setStatus(timeMs, 0, STATUS.CANCEL_ONLY, 0);
      if (minute === HALT.postOnly) inputs.setStatus(timeMs, 0, STATUS.POST_ONLY, 0);
      if (minute === HALT.open) inputs.setStatus(timeMs, 0, STATUS.OK, 0);
    },
  }),
};

const SPLIT_MINUTE = 90;

export const declaredSplit: Extreme = {
  number: 14,
  name: 'split of 5 for 1, declared',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 19),
      130,
      2_000,
      600,
      [
        { name: 'BTC-USD-PERP', corners: [[0, 92_500]], wobblePpm: 300 },
        {
          name: 'SHARE-USD-PERP',
          corners: [
            [0, 500],
            [90, 480],
          ],
          wobblePpm: 900,
        },
      ],
      'a market at 480 is settled, and listed anew at 96',
    ),
    limits:
      'there is no command that rescales positions: a declared split (or redenomination, or migration) is done as this venue can, by ' +
      'settling the market at its last mark and listing the new unit',
    script: (inputs, scene) => {
      const { tick, passedMs, timeMs } = scene;
      if (tick === 0) openTraders(inputs, scene);
      if (passedMs === SPLIT_MINUTE * MINUTE_MS) inputs.setStatus(timeMs, 2, STATUS.SETTLEMENT, 0);
      // Its feeds end with the old unit, a minute after the last position is settled.
      if (passedMs >= (SPLIT_MINUTE + 1) * MINUTE_MS) {
        changeSamples(inputs, ({ market }) => (market === 2 ? undefined : {}));
      }
      const usd: readonly Corner[] = [
        [0, 96],
        [10, 97],
        [25, 82],
        [40, 84],
      ];
      playListing(inputs, scene, { name: 'SHARE5-USD-PERP', usd, fromMinute: SPLIT_MINUTE + 2, row: 3 });
    },
  }),
};

export const delisting: Extreme = {
  number: 15,
  name: 'settlement of a delisted market',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 21),
      130,
      2_000,
      800,
      [
        { name: 'BTC-USD-PERP', corners: [[0, 92_500]], wobblePpm: 300 },
        {
          name: 'GONE-USD-PERP',
          corners: [
            [0, 0.8],
            [80, 0.78],
            [118, 0.45],
            [130, 0.44],
          ],
          wobblePpm: 2_500,
        },
      ],
      'a market that falls by 45 % once its end is known, and is settled',
    ),
    script: (inputs, { passedMs, timeMs }) => {
      if (passedMs === 120 * MINUTE_MS) inputs.setStatus(timeMs, 2, STATUS.SETTLEMENT, 0);
    },
  }),
};

/** Minutes until the last trade, and until the end. */
const SILENT_FROM = 60;
const THIN_ACCOUNTS = 30;

export const silentTail: Extreme = {
  number: 23,
  name: 'a market without trades whose middle never moves',
  open: ({ seed }) => {
    const scenario = modelledScenario(
      seed,
      Date.UTC(2026, 1, 22),
      12 * 60,
      5_000,
      200,
      [
        { name: 'BTC-USD-PERP', corners: [[0, 92_500]], wobblePpm: 300 },
        {
          name: 'TAIL-USD-PERP',
          corners: [[0, 3]],
          wobblePpm: 0,
          rank: 50,
          definition: { INITIAL_MARGIN: 50_000, MAXIMUM_FUNDING_RATE: 5e10 },
        },
      ],
      'eleven hours without a trade at one price; funding alone takes accounts below their margin',
    );
    const { usdUnits } = scenario.day.markets[1] as (typeof scenario.day.markets)[number];
    return {
      ...scenario,
      script: (inputs, scene) => {
        const { tick, passedMs, state } = scene;
        const minute = passedMs / MINUTE_MS;
        const price = Math.floor(3 * usdUnits * (minute < 50 ? 1 : 0.976));
        changeSamples(inputs, ({ market }) => (market === 2 ? { price } : {}));
        setBasis(inputs, 2, 0.008);
        if (tick === 0) {
          openAccounts(
            inputs,
            scene,
            Array.from({ length: THIN_ACCOUNTS }, (_, n) => 1_000 * (0.0565 + n * 1e-4)),
          );
        }
        const n = tick - 200;
        if (n >= 0 && n < THIN_ACCOUNTS) {
          const lots = Math.floor((1_000 * 1e8) / (state.market.f64[2 * 128 + MARKET.MARK] as number));
          trade(inputs, scene, firstOwn(scene) + n, 2, lots);
        }
        if (minute >= SILENT_FROM) keepCommands(inputs, (row) => !takes(inputs, row, scene));
      },
    };
  },
};

/** True for an order in the silent market that is no maker's. */
function takes({ i32 }: CommandBuffer, row: number, { session }: Scene): boolean {
  if (i32[row * WORDS] !== COMMAND.placeOrder || i32[row * WORDS + PLACE_ORDER.MARKET] !== 2) return false;
  const makers = Math.max(4, Math.floor(session.accounts / 60));
  return (i32[row * WORDS + PLACE_ORDER.ACCOUNT] as number) >= FIRST_ACCOUNT + makers;
}
