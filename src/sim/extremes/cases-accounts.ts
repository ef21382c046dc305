/** What many accounts do at once, and what is asked of them: 16, 20 to 22, 24, 25. */
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../../engine/flags.ts';
import { RULE } from '../../engine/rules.ts';
import { findPosition, type State } from '../../engine/state.ts';
import { MARKET, POSITION, VENUE } from '../../engine/tables.ts';
import { AccountView } from '../traders/market-view.ts';
import { FIRST_ACCOUNT } from '../traders/population.ts';
import type { Extreme, Scene } from './extreme.ts';
import { type Corner, modelledScenario } from './modelled.ts';
import { enrolment, marginRaise } from './operators.ts';
import { changeSamples, firstOwn, openAccounts, trade } from './rewriting.ts';

const MINUTE_MS = 60_000;
const USDC = 1e8;

function sizeOf(state: State, account: number, market: number): number {
  const row = findPosition(state, account, market);
  return row === 0 ? 0 : (state.position.f64[row * 16 + POSITION.SIZE] as number);
}

/** Lots that are worth so many USD at the mark. */
function lotsFor(state: State, market: number, usd: number): number {
  return Math.floor((usd * USDC) / (state.market.f64[market * 128 + MARKET.MARK] as number));
}

export const whaleLeaves: Extreme = {
  number: 16,
  name: 'one account of 60 % of the open interest closes',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 12),
      150,
      2_000,
      900,
      [
        {
          name: 'ETH-USD-PERP',
          corners: [
            [0, 3_200],
            [110, 3_210],
            [125, 3_010],
            [150, 3_040],
          ],
          wobblePpm: 700,
        },
      ],
      'ETH -6 % while the account leaves through the book',
    ),
    script: (inputs, scene) => {
      const { tick, state, passedMs } = scene;
      if (tick === 0) openAccounts(inputs, scene, [20e6]);
      const whale = firstOwn(scene);
      const held = sizeOf(state, whale, 1);
      const minute = passedMs / MINUTE_MS;
      if (minute >= 40 && minute < 110) {
        const interest = state.market.f64[128 + MARKET.OPEN_INTEREST] as number;
        if (held < 0.6 * interest) trade(inputs, scene, whale, 1, lotsFor(state, 1, 20_000));
      } else if (minute >= 112 && held > 0) {
        const most = Math.min(held, state.market.f64[128 + MARKET.MAXIMUM_ORDER] as number);
        trade(inputs, scene, whale, 1, -most, true);
      }
    },
  }),
};

const ROUND_USD = 90_000;

/** Everyone who holds protects it, or takes profit, at the round number. */
function protectAtRound(inputs: CommandBuffer, scene: Scene): void {
  const { state, timeMs, session } = scene;
  const { usdUnits, tickUnits } = session.day.markets[0] as (typeof session.day.markets)[number];
  const trigger = Math.floor((ROUND_USD * usdUnits) / tickUnits);
  const { i32, f64, rows } = state.position;
  for (let row = 1; row < rows; row++) {
    const size = f64[row * 16 + POSITION.SIZE] as number;
    const account = i32[row * 32 + POSITION.ACCOUNT] as number;
    if (size === 0 || account < FIRST_ACCOUNT || (i32[row * 32 + POSITION.ORDER_COUNT] as number) > 6) continue;
    const kind = size > 0 ? ORDER_KIND.STOP_LOSS_MARKET : ORDER_KIND.TAKE_PROFIT_MARKET;
    const flags = orderFlags(size > 0 ? SIDE.SELL : SIDE.BUY, kind, INSTRUCTION.GTC, true);
    inputs.placeOrder(timeMs, account, 1, 0, Math.ceil(Math.abs(size) / 2), flags, trigger);
  }
}

export const roundNumber: Extreme = {
  number: 20,
  name: 'stops and take-profits of everyone at one round number',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 0, 19),
      120,
      2_000,
      1_200,
      [
        {
          name: 'BTC-USD-PERP',
          corners: [
            [0, 92_500],
            [85, 90_200],
            [88, 90_060],
            [92, 89_400],
            [120, 89_700],
          ],
        },
      ],
      'BTC through 90,000',
    ),
    script: (inputs, scene) => {
      const { tick } = scene;
      if (tick === 50 * 30 || tick === 84 * 30) protectAtRound(inputs, scene);
    },
  }),
};

/** Accounts that open one after the other, their margins a little apart. */
const EDGE_ACCOUNTS = 60;
const EDGE_USD = 2_000;
const EDGE_PRICE = 25;

/** Ticks of price below the start, by the tick of the clock (5 s): level, then eight at a time, then one by one. */
function ticksBelow(tick: number): number {
  if (tick < 240) return 0;
  if (tick < 320) return (tick - 240) * 8;
  return 640 + (tick - 320);
}

export const oneTick: Extreme = {
  number: 21,
  name: 'headroom of 0.1 % of the margin, ended by one tick',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 13),
      75,
      5_000,
      300,
      [{ name: 'EDGE-USD-PERP', corners: [[0, EDGE_PRICE]], wobblePpm: 0, definition: { INITIAL_MARGIN: 50_000 } }],
      'a market whose price falls by exactly one tick at each tick of the clock',
    ),
    script: (inputs, scene) => {
      const { tick, session, state } = scene;
      const { usdUnits, tickUnits } = session.day.markets[0] as (typeof session.day.markets)[number];
      const price = EDGE_PRICE * usdUnits - ticksBelow(tick) * tickUnits;
      changeSamples(inputs, () => ({ price }));
      if (tick === 0) {
        const deposits = Array.from({ length: EDGE_ACCOUNTS }, (_, n) => EDGE_USD * (0.0565 + n * 2e-5));
        openAccounts(inputs, scene, deposits);
      }
      const n = tick - 100;
      if (n >= 0 && n < EDGE_ACCOUNTS) trade(inputs, scene, firstOwn(scene) + n, 1, lotsFor(state, 1, EDGE_USD));
    },
  }),
};

const LOOPERS = 150;

export const loopsUnwind: Extreme = {
  number: 22,
  name: 'loops of correlated collateral unwind',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2022, 5, 13),
      180,
      2_000,
      700,
      [
        {
          name: 'ETH-USD-PERP',
          corners: [
            [0, 1_250],
            [80, 1_250],
            [180, 1_130],
          ],
          wobblePpm: 900,
        },
        {
          name: 'STETH-USD-PERP',
          corners: [
            [0, 1_240],
            [80, 1_240],
            [110, 1_165],
            [140, 1_060],
            [180, 1_062],
          ],
          wobblePpm: 900,
          definition: { INITIAL_MARGIN: 50_000 },
        },
      ],
      `${LOOPERS} accounts long stETH and short ETH at 16 times their money; stETH falls to 0.92 ETH, levels of June 2022 and worse`,
    ),
    script: (inputs, scene) => {
      const { tick, state } = scene;
      if (tick === 0) {
        openAccounts(
          inputs,
          scene,
          Array.from({ length: LOOPERS }, (_, n) => 2_600 + 10 * n),
        );
      }
      const n = tick - 400;
      if (n < 0 || n >= LOOPERS * 8 || n % 8 !== 0) return;
      const account = firstOwn(scene) + n / 8;
      trade(inputs, scene, account, 2, lotsFor(state, 2, 20_000));
      trade(inputs, scene, account, 1, -lotsFor(state, 1, 19_500));
    },
  }),
};

const FALL: readonly Corner[] = [
  [0, 92_500],
  [70, 92_000],
  [100, 76_000],
  [150, 80_000],
];

export const makerRebates: Extreme = {
  number: 24,
  name: 'maker rebates: fees below zero',
  open: ({ seed }) => ({
    ...modelledScenario(
      seed,
      Date.UTC(2026, 1, 14),
      150,
      2_000,
      900,
      [{ name: 'BTC-USD-PERP', corners: FALL, wobblePpm: 1_200 }],
      'BTC -17 % with maker fees of -0.015 %',
    ),
    script: (inputs, { tick, timeMs }) => {
      // A rebate is paid by the taker's fee: that is there first.
      if (tick === 0) inputs.setRule(timeMs, RULE.retail_taker_fee, 300);
      if (tick !== 1) return;
      inputs.setRule(timeMs, RULE.maker_fee, -150);
      inputs.setRule(timeMs, RULE.retail_maker_fee, -150);
    },
  }),
};

/** Initial margin after the raise, ppm; the maintenance margin is half of it. */
const RAISED = 60_000;
/** Minutes of the announcement and of the raise: a day and an hour later. */
const ANNOUNCED = 60;
const RAISE = ANNOUNCED + 25 * 60;

/** Who would fall below the raised margin brings what is missing and a fifth more; one in ten does not. */
function topUp(inputs: CommandBuffer, { state, timeMs, session }: Scene): void {
  const money = new AccountView();
  let reference = (state.venue.f64[state.venue.rowFloats + VENUE.DEPOSIT_REFERENCE] as number) + 100_000;
  for (let account = FIRST_ACCOUNT; account < FIRST_ACCOUNT + session.accounts; account++) {
    const { equity, exposure } = money.read(state, account);
    const needed = ((exposure * RAISED) / 1e6) * 1.2;
    if (exposure > 0 && equity < needed && account % 10 !== 0) {
      inputs.deposit(timeMs, account, Math.ceil((needed - equity) / 1e6) * 1e6, ++reference);
    }
  }
}

export const marginRaised: Extreme = {
  number: 25,
  name: 'margin raised with notice',
  open: ({ seed }) => {
    const startMs = Date.UTC(2026, 1, 15);
    const { announcement, raise } = marginRaise(1, RAISED, startMs);
    return {
      ...modelledScenario(
        seed,
        startMs,
        RAISE + 60,
        10_000,
        300,
        [
          {
            name: 'BTC-USD-PERP',
            corners: [
              [0, 92_500],
              [RAISE + 10, 92_000],
              [RAISE + 40, 86_000],
              [RAISE + 60, 87_000],
            ],
            wobblePpm: 400,
          },
        ],
        'BTC: initial margin 2 to 6 % after a day of notice, which one account in ten does not heed; then -7 %',
      ),
      script: (inputs, scene) => {
        const minute = scene.passedMs / MINUTE_MS;
        if (minute > RAISE - 60 && minute < RAISE && minute % 5 === 0) topUp(inputs, scene);
      },
      acts: ({ tick, passedMs }) => {
        if (tick === 1) return [enrolment(startMs)];
        if (passedMs === ANNOUNCED * MINUTE_MS) return [announcement];
        return passedMs === RAISE * MINUTE_MS ? [raise] : [];
      },
    };
  },
};
