/** What sources and clocks do without any fault of the market: 6, 17 to 19. */
import { COMMAND, COMMAND_BYTES, ORACLE_PRICE } from '../../engine/command.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import type { Extreme } from './extreme.ts';
import { type Corner, modelledScenario, usdAt } from './modelled.ts';
import { addSamples, changeSamples, keepCommands, setCollateral } from './rewriting.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;

const USDC: readonly Corner[] = [
  [0, 1],
  [90, 1],
  [200, 0.97],
  [260, 0.88],
  [330, 0.92],
  [420, 0.965],
];
/** In these minutes one venue prints 0.66 for a market that is worth 0.998 everywhere else. */
const LOCAL = [120, 140] as const;

export const dollarsDepeg: Extreme = {
  number: 6,
  name: 'USDC at 0.88, UST to 0.02, a third stablecoin at 0.66 on one venue alone',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2023, 2, 10, 21),
      420,
      5_000,
      900,
      [
        { name: 'BTC-USD-PERP', corners: [[0, 20_100]], wobblePpm: 500 },
        {
          name: 'UST-USD-PERP',
          corners: [
            [0, 1],
            [90, 0.995],
            [150, 0.6],
            [240, 0.3],
            [420, 0.02],
          ],
          wobblePpm: 3_000,
        },
        { name: 'USDE-USD-PERP', corners: [[0, 0.998]], wobblePpm: 100 },
      ],
      'USDC as on 10 and 11 March 2023 (oracles in USD, venues in USDC), UST as in May 2022, USDe as on 10 October 2025',
    ),
    script: (inputs, { passedMs, timeMs, session }) => {
      const minute = passedMs / 60_000;
      const usdc = usdAt(USDC, minute);
      setCollateral(inputs, usdc);
      // Venues quote USDC: what the session says of them in USD is not what they say.
      keepCommands(inputs, (row) => inputs.i32[row * WORDS] !== COMMAND.venueQuote);
      session.day.markets.forEach(({ path }, place) => {
        const price = path.priceAt(timeMs);
        if (price !== undefined) addSamples(inputs, timeMs, place + 1, price / usdc, { oracles: 0, venues: 4 });
      });
      if (minute < LOCAL[0] || minute >= LOCAL[1]) return;
      changeSamples(inputs, ({ market, family, source, price }) =>
        market === 3 && family === 'venue' && source === 0 ? { price: Math.floor(price * (0.66 / 0.998)) } : {},
      );
    },
  }),
};

export const venuesInMaintenance: Extreme = {
  number: 17,
  name: 'sources 6 to 4 in planned maintenance, during a fall',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 10),
      180,
      2_000,
      900,
      [
        {
          name: 'ETH-USD-PERP',
          corners: [
            [0, 3_200],
            [90, 3_180],
            [130, 2_650],
            [180, 2_800],
          ],
          wobblePpm: 1_500,
        },
      ],
      'ETH -17 % while two of four venues are silent for two hours',
    ),
    script: (inputs, { passedMs }) => {
      if (passedMs < 60 * 60_000) return;
      changeSamples(inputs, ({ family, source }) => (family === 'venue' && source >= 2 ? undefined : {}));
    },
  }),
};

const LEAP_MS = 62 * 60_000;

export const leapSecond: Extreme = {
  number: 18,
  name: 'leap second: all clocks of sources step back by one',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2016, 11, 31, 22, 58),
      100,
      1_000,
      800,
      [
        {
          name: 'BTC-USD-PERP',
          corners: [
            [0, 960],
            [55, 960],
            [75, 880],
            [100, 900],
          ],
          wobblePpm: 1_000,
        },
      ],
      'BTC -8 % across midnight of 31 December 2016; time is UTC throughout, so daylight saving moves nothing',
    ),
    script: (inputs, { passedMs }) => {
      if (passedMs >= LEAP_MS) changeSamples(inputs, ({ sourceMs }) => ({ sourceMs: sourceMs - 1_000 }));
    },
  }),
};

/** Seconds in which the first oracle prints a fifth less, before it corrects itself. */
const BAD = [100 * 60_000, 100 * 60_000 + 5_000] as const;

/** Two more oracles say what the first one says. */
function addOracles(inputs: CommandBuffer): void {
  const { rows } = inputs;
  for (let row = 0; row < rows; row += inputs.i32[row * WORDS + 1] as number) {
    if (inputs.i32[row * WORDS] !== COMMAND.oraclePrice || inputs.i32[row * WORDS + ORACLE_PRICE.SOURCE] !== 0)
      continue;
    const market = inputs.i32[row * WORDS + ORACLE_PRICE.MARKET] as number;
    const timeMs = inputs.f64[row * FLOATS + 1] as number;
    const price = inputs.f64[row * FLOATS + ORACLE_PRICE.PRICE] as number;
    for (const source of [2, 3]) inputs.oraclePrice(timeMs, market, source, price, timeMs - 50);
  }
}

export const badPrintCorrected: Extreme = {
  number: 19,
  name: 'an oracle corrects a bad print',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 11),
      130,
      1_000,
      800,
      [
        {
          name: 'SOL-USD-PERP',
          corners: [
            [0, 130],
            [95, 129],
            [110, 112],
            [130, 118],
          ],
          wobblePpm: 1_500,
        },
      ],
      'SOL -13 %; one of four oracles prints a fifth less for five seconds and goes back',
    ),
    script: (inputs, { passedMs }) => {
      addOracles(inputs);
      if (passedMs < BAD[0] || passedMs >= BAD[1]) return;
      changeSamples(inputs, ({ family, source, price }) =>
        family === 'oracle' && source === 0 ? { price: Math.floor(price * 0.8) } : {},
      );
    },
  }),
};
