/** Prices that really moved like this: 1 to 5, 7 to 9. */
import { COMMAND, COMMAND_BYTES, ORACLE_PRICE, VENUE_QUOTE } from '../../engine/command.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import type { Extreme, Scenario, Stage } from './extreme.ts';
import { type Corner, modelledScenario } from './modelled.ts';
import { recordedOr } from './recorded.ts';
import { playCrowd } from './rewriting.ts';

const BTC_2020: readonly Corner[] = [
  [0, 7_350],
  [60, 7_300],
  [110, 6_300],
  [140, 5_600],
  [170, 6_000],
  [420, 5_900],
  [470, 5_000],
  [490, 3_900],
  [520, 4_600],
  [600, 4_800],
];

export const bitcoinHalves: Extreme = {
  number: 1,
  name: 'BTC -50 % in a day',
  open: (stage) =>
    recordedOr(
      stage,
      { day: '2020-03-12', markets: ['BTC-USD-PERP'], fromMinute: 540, minutes: 900, tickMs: 2_000, accounts: 1_200 },
      () =>
        modelledScenario(
          stage.seed,
          Date.UTC(2020, 2, 12, 9),
          600,
          2_000,
          1_200,
          [{ name: 'BTC-USD-PERP', corners: BTC_2020, wobblePpm: 3_000 }],
          'BTC from 7,350 to 3,900, levels of 12 March 2020',
        ),
    ),
};

/** Halves from 10 USD on, every so many minutes, down to a hundred-thousandth. */
function lunaCorners(): Corner[] {
  const corners: Corner[] = [
    [0, 10],
    [90, 10],
    [240, 4],
    [330, 0.5],
  ];
  for (let minute = 360, usd = 0.25; usd >= 1e-4; minute += 20, usd /= 2) corners.push([minute, usd]);
  return corners;
}

export const lunaVanishes: Extreme = {
  number: 2,
  name: 'LUNA 10 to 0.5 in hours, then a hundred-thousandth',
  open: ({ seed }) =>
    modelledScenario(
      seed,
      Date.UTC(2022, 4, 11),
      620,
      5_000,
      900,
      [
        {
          name: 'LUNA-USD-PERP',
          corners: lunaCorners(),
          wobblePpm: 6_000,
          level: 0.1,
          definition: { INITIAL_MARGIN: 50_000, PRICE_BAND: 100_000, MAXIMUM_ORDER: 1e7, POSITION_LIMIT: 1e8 },
        },
        { name: 'BTC-USD-PERP', corners: [[0, 30_000]], wobblePpm: 600 },
      ],
      'LUNA, levels of 11 May 2022, two days within ten hours',
    ),
};

export const nickelDoubles: Extreme = {
  number: 3,
  name: 'nickel +100 % in 5 h, +250 % in two days',
  open: ({ seed }) =>
    modelledScenario(
      seed,
      Date.UTC(2022, 2, 7),
      660,
      5_000,
      900,
      [
        {
          name: 'NICKEL-USD-PERP',
          corners: [
            [0, 28_700],
            [90, 29_000],
            [300, 42_000],
            [360, 48_000],
            [600, 96_000],
            [630, 101_000],
            [660, 80_000],
          ],
          wobblePpm: 2_500,
        },
      ],
      'nickel, levels of 7 and 8 March 2022, two days within eleven hours',
    ),
};

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;
const WTI = [120, 150] as const;

/** Every source quotes −37.63 USD. */
function quoteBelowZero(inputs: CommandBuffer, usdUnits: number): void {
  const { i32, f64 } = inputs;
  for (let row = 0; row < inputs.rows; row += i32[row * WORDS + 1] as number) {
    const at = row * FLOATS;
    if (i32[row * WORDS] === COMMAND.oraclePrice) f64[at + ORACLE_PRICE.PRICE] = Math.floor(-37.63 * usdUnits);
    else if (i32[row * WORDS] === COMMAND.venueQuote) {
      for (const column of [VENUE_QUOTE.MARK, VENUE_QUOTE.INDEX, VENUE_QUOTE.IMPACT_BID, VENUE_QUOTE.IMPACT_ASK]) {
        f64[at + column] = Math.floor(-37.63 * usdUnits);
      }
    }
  }
}

export const oilBelowZero: Extreme = {
  number: 4,
  name: 'WTI -37.63',
  open: ({ seed }) => {
    const scenario = modelledScenario(
      seed,
      Date.UTC(2020, 3, 20, 16),
      210,
      2_000,
      700,
      [
        {
          name: 'WTI-USD-PERP',
          corners: [
            [0, 17.7],
            [60, 17],
            [100, 6],
            [WTI[0], 0.05],
            [WTI[1], 1.4],
            [210, 8],
          ],
          wobblePpm: 3_000,
        },
      ],
      'WTI, levels of 20 April 2020; below zero for half an hour',
    );
    const { usdUnits } = scenario.day.markets[0] as (typeof scenario.day.markets)[number];
    return {
      ...scenario,
      limits:
        'prices below zero are not supported: each is refused by name (value_out_of_range), after 30 s the market has no price, and ' +
        'nothing is traded or forced until a positive one comes',
      script: (inputs, { passedMs }) => {
        const minute = passedMs / 60_000;
        if (minute >= WTI[0] && minute < WTI[1]) quoteBelowZero(inputs, usdUnits);
      },
    };
  },
};

export const francUnpegged: Extreme = {
  number: 5,
  name: 'EUR/CHF -30 % in minutes',
  open: ({ seed }) =>
    modelledScenario(
      seed,
      Date.UTC(2015, 0, 15, 8),
      150,
      1_000,
      800,
      [
        {
          name: 'EURCHF-USD-PERP',
          corners: [
            [0, 1.201],
            [90, 1.201],
            [92, 1.17],
            [98, 0.85],
            [104, 1.03],
            [110, 0.98],
            [150, 1.02],
          ],
          wobblePpm: 40,
          definition: { INITIAL_MARGIN: 20_000 },
        },
      ],
      'EUR/CHF, levels of 15 January 2015: at its floor, then none',
    ),
};

const OCTOBER: readonly (readonly [market: string, from: number, low: number, after: number])[] = [
  ['BTC-USD-PERP', 117_000, 102_000, 112_000],
  ['ETH-USD-PERP', 4_100, 3_440, 3_800],
  ['SOL-USD-PERP', 208, 168, 185],
  ['XRP-USD-PERP', 2.75, 1.4, 2.4],
  ['DOGE-USD-PERP', 0.235, 0.1, 0.19],
  ['SUI-USD-PERP', 3.0, 0.56, 2.6],
  ['LINK-USD-PERP', 20.5, 8.2, 17.5],
  ['HYPE-USD-PERP', 43, 25, 38],
];

function october({ seed }: Stage): Scenario {
  const markets = OCTOBER.map(([name, from, low, after]) => ({
    name,
    corners: [
      [0, from],
      [90, from * 0.995],
      [105, from * 0.95],
      [112, low],
      [125, (low + after) / 2],
      [180, after],
    ] as Corner[],
    wobblePpm: 2_500,
  }));
  const says = 'levels of the public record of 10 October 2025, eight markets';
  return modelledScenario(seed, Date.UTC(2025, 9, 10, 19, 30), 180, 5_000, 3_000, markets, says);
}

export const octoberCascade: Extreme = {
  number: 7,
  name: '10 October 2025: everything at once',
  open: (stage) => {
    const scenario = recordedOr(
      stage,
      { day: '2025-10-10', fromMinute: 1_170, minutes: 180, tickMs: 5_000, accounts: 4_000 },
      () => october(stage),
    );
    const crowd = { count: 400, markets: [1, 2, 3], usd: 4_000, margin: 0.057, fromMinute: 40 };
    return {
      ...scenario,
      source: `${scenario.source}; beside the others 400 accounts with the same leverage`,
      script: (inputs, scene) => playCrowd(inputs, scene, crowd),
    };
  },
};

export const jellyQuadruples: Extreme = {
  number: 8,
  name: 'JELLY times 4 on real trades',
  open: ({ seed }) =>
    modelledScenario(
      seed,
      Date.UTC(2025, 2, 26, 12),
      240,
      5_000,
      800,
      [
        { name: 'BTC-USD-PERP', corners: [[0, 87_500]], wobblePpm: 300 },
        {
          name: 'JELLY-USD-PERP',
          corners: [
            [0, 0.0095],
            [120, 0.0105],
            [150, 0.016],
            [180, 0.043],
            [200, 0.05],
            [215, 0.022],
            [240, 0.028],
          ],
          wobblePpm: 6_000,
          rank: 40,
          venues: 3,
        },
      ],
      'JELLY, levels of 26 March 2025',
    ),
};

export const premarketSqueeze: Extreme = {
  number: 9,
  name: 'pre-market perpetual times 3 in minutes',
  open: ({ seed }) =>
    modelledScenario(
      seed,
      Date.UTC(2025, 7, 26, 20),
      150,
      1_000,
      700,
      [
        {
          name: 'XPL-USD-PERP',
          corners: [
            [0, 0.6],
            [100, 0.61],
            [106, 1.8],
            [112, 0.72],
            [150, 0.65],
          ],
          wobblePpm: 3_000,
          rank: 60,
          venues: 1,
          definition: { INITIAL_MARGIN: 333_333 },
        },
      ],
      'XPL before its listing, levels of 26 August 2025: one oracle, one venue',
    ),
};

const FEBRUARY: readonly (readonly [market: string, from: number, low: number])[] = [
  ['BTC-USD-PERP', 63_200, 60_000],
  ['ETH-USD-PERP', 1_860, 1_745],
  ['DOT-USD-PERP', 1.3, 1.1],
  ['LINK-USD-PERP', 8.0, 7.2],
];

export const februaryCrash: Extreme = {
  number: 1,
  name: '6 February 2026: seven markets, up to -33 %',
  open: (stage) =>
    recordedOr(stage, { day: '2026-02-06', fromMinute: 0, minutes: 480, tickMs: 5_000, accounts: 1_500 }, () =>
      modelledScenario(
        stage.seed,
        Date.UTC(2026, 1, 6),
        240,
        5_000,
        1_500,
        FEBRUARY.map(([name, from, low]) => ({
          name,
          corners: [
            [0, from],
            [90, from],
            [110, low],
            [240, from * 1.03],
          ] as Corner[],
          wobblePpm: 2_500,
        })),
        'levels of 6 February 2026, four markets',
      ),
    ),
};
