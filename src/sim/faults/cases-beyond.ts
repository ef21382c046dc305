/** Faults that the corruption matrix does not name: what a nasty outsider, or a nastier bug, would do. */
import type { CommandRecord } from '../../chain/command-value.ts';
import { FLAG } from '../../engine/flags.ts';
import { RULE } from '../../engine/rules.ts';
import { ACCOUNT_KIND, type State } from '../../engine/state.ts';
import { STATUS } from '../../engine/status.ts';
import { ORACLE, ORACLE_LIMIT, QUOTE, VENUE_LIMIT } from '../../engine/tables.ts';
import {
  alter,
  get,
  getWide,
  held,
  oracles,
  type Prices,
  price,
  put,
  putWide,
  quotes,
  reload,
  Remembered,
  rowsOf,
  scaled,
} from './cases-writing.ts';
import type { Fault, FaultScene } from './fault.ts';

const PPM = 1_000_000;
const DAY_MS = 86_400_000;
/** How far a clock jumps ahead. */
const JUMP_MS = 600_000;
const SHIFT = 0.85;
/** Ticks for which a rule is another one: less than a block. */
const THERE_TICKS = 2;

/** The accounts nearest to liquidation give most of their balances to those furthest from it: no sum tells. */
function cancelInSums({ state, accounts }: FaultScene): void {
  const count = Math.min(10, accounts.length >> 1);
  for (let place = 0; place < count; place++) {
    const [poor, rich] = [accounts[place] as number, accounts[accounts.length - 1 - place] as number];
    const amount = Math.floor(Math.abs(getWide(state, 'account', poor, 'BALANCE')) * 0.9);
    putWide(state, 'account', poor, 'BALANCE', getWide(state, 'account', poor, 'BALANCE') - amount);
    putWide(state, 'account', rich, 'BALANCE', getWide(state, 'account', rich, 'BALANCE') + amount);
  }
  reload(state);
}

/** A long and a short grow by the same size and cost: net size, open interest (set right) and money all add up. */
function growInPairs({ state, market }: FaultScene): void {
  const rows = held(state, market);
  const longs = rows.filter((row) => get(state, 'position', row, 'SIZE') > 0);
  const shorts = rows.filter((row) => get(state, 'position', row, 'SIZE') < 0);
  const mark = get(state, 'market', market, 'MARK');
  for (let pair = 0; pair < Math.min(12, longs.length, shorts.length); pair++) {
    const [long, short] = [longs[pair] as number, shorts[pair] as number];
    const lots = Math.min(get(state, 'position', long, 'SIZE'), -get(state, 'position', short, 'SIZE')) * 2;
    for (const [row, signed] of [
      [long, lots],
      [short, -lots],
    ] as const) {
      alter(state, 'position', row, 'SIZE', (size) => size + signed);
      putWide(state, 'position', row, 'COST', getWide(state, 'position', row, 'COST') + signed * mark);
    }
    alter(state, 'market', market, 'OPEN_INTEREST', (interest) => interest + lots);
  }
  reload(state);
}

/** Resting and waiting orders of a market get the account of the order in the next row, and stay with their positions. */
function swapOwners({ state, market }: FaultScene): void {
  const rows = rowsOf(state, 'order').filter(
    (row) => get(state, 'order', row, 'SIZE') !== 0 && get(state, 'order', row, 'MARKET') === market,
  );
  for (let pair = 0; pair + 1 < rows.length; pair += 2) {
    const [one, other] = [rows[pair] as number, rows[pair + 1] as number];
    const kept = get(state, 'order', one, 'ACCOUNT');
    put(state, 'order', one, 'ACCOUNT', get(state, 'order', other, 'ACCOUNT'));
    put(state, 'order', other, 'ACCOUNT', kept);
  }
  reload(state);
}

/** Stops stand at the mark. */
function moveTriggers({ state, market }: FaultScene): void {
  const mark = Math.floor(get(state, 'market', market, 'MARK') / get(state, 'market', market, 'TICK_UNITS'));
  let away = 0;
  for (const row of rowsOf(state, 'order')) {
    const flags = get(state, 'order', row, 'FLAGS');
    if (get(state, 'order', row, 'SIZE') === 0 || (flags & FLAG.UNTRIGGERED) === 0) continue;
    if (get(state, 'order', row, 'MARKET') !== market) continue;
    // Each at a tick of its own, already behind the mark: no two of them share a queue.
    away += 1;
    const isAbove = (flags & FLAG.TRIGGER_ABOVE) !== 0;
    put(
      state,
      'order',
      row,
      'TRIGGER',
      Math.max(1, isAbove ? mark - Math.ceil(mark / 50) - away : mark + Math.ceil(mark / 50) + away),
    );
    put(state, 'order', row, 'PREVIOUS', 0);
    put(state, 'order', row, 'NEXT', 0);
  }
  reload(state);
}

/** Columns of a market that one tick hands to the next. */
const HANDED_ON = ['BID_BASIS', 'ASK_BASIS', 'TRADE_BASIS', 'MID_BASIS', 'SLOW_BASIS'] as const;

/** The smoothed bases, of venues and of the own book, are 20 % lower. */
function lowerBases({ state, market }: FaultScene): void {
  const lower = (basis: number): number => basis - 2e11;
  for (const column of HANDED_ON) alter(state, 'market', market, column, lower);
  for (let row = market * VENUE_LIMIT; row < (market + 1) * VENUE_LIMIT; row++) {
    if ((state.quote.i32[row * 16 + QUOTE.KNOWN] as number) !== 0) alter(state, 'quote', row, 'BASIS', lower);
  }
}

/** The oracles' rows hold a wrong price with a stamp of tomorrow: no true sample is ever newer. */
function stampAhead({ state, market, timeMs }: FaultScene): void {
  for (let row = market * ORACLE_LIMIT; row < (market + 1) * ORACLE_LIMIT; row++) {
    if (state.oracle.i32[row * 8 + ORACLE.KNOWN] === 0) continue;
    alter(state, 'oracle', row, 'PRICE', (value) => price(value * SHIFT));
    put(state, 'oracle', row, 'TIME_MS', timeMs + DAY_MS);
  }
}

const ruleBefore = new Remembered<readonly number[]>();

/** Rules change between two blocks and are back before the next is closed. */
function thereAndBack(scene: FaultScene): void {
  const { state } = scene;
  const rules = [RULE.taker_fee, RULE.liquidation_fee] as const;
  const before = ruleBefore.of(scene, () => rules.map((rule) => state.rule.f64[64 + rule] as number));
  const isBack = scene.ticks === THERE_TICKS;
  put(state, 'rule', 1, 'VALUE', isBack ? (before[0] as number) : 9000, rules[0]);
  put(state, 'rule', 1, 'VALUE', isBack ? (before[1] as number) : 1_000_000, rules[1]);
  state.index.bounds.reset(state.account.rows);
}

/** Each account has the list of positions of the next one: its margin is made of what another holds. */
function swapLists({ state, accounts }: FaultScene): void {
  const lists = accounts.map((account) => get(state, 'account', account, 'FIRST_POSITION'));
  accounts.forEach((account, place) => {
    put(state, 'account', account, 'FIRST_POSITION', lists[(place + 1) % lists.length] as number);
  });
  reload(state);
}

/** What the open orders of positions are said to need grows: more than there is margin for. */
function inflateOpenSizes({ state, market }: FaultScene): void {
  for (const row of rowsOf(state, 'position')) {
    if (get(state, 'position', row, 'MARKET') !== market) continue;
    for (const column of ['BUY_SIZE', 'SELL_SIZE'] as const) alter(state, 'position', row, column, (lots) => lots * 40);
  }
  reload(state);
}

function setMarginRow(state: State, market: number): void {
  alter(state, 'market', market, 'INITIAL_MARGIN', (fraction) => fraction + Math.ceil(fraction / 10_000));
  alter(state, 'market', market, 'MAINTENANCE_FACTOR', (factor) => Math.min(PPM, Math.ceil(factor * 1.0001)));
  reload(state);
}

function ahead(inputs: readonly CommandRecord[], { ticks }: FaultScene): readonly CommandRecord[] {
  if (ticks !== 0) return inputs;
  return inputs.map((record) =>
    record.kind === 'tick' ? { ...record, timeMs: (record.timeMs as number) + JUMP_MS } : record,
  );
}

/** What oracles and venues say of a market is taken for another one's, in its units: `to` says whose they are taken for. */
function remapped(
  inputs: readonly CommandRecord[],
  { state }: FaultScene,
  to: (market: number, markets: number) => number,
): readonly CommandRecord[] {
  const count = rowsOf(state, 'market').length;
  return inputs.map((record) => {
    if (record.kind !== 'oraclePrice' && record.kind !== 'venueQuote') return record;
    const market = record['market'] as number;
    const other = to(market, count);
    const units = get(state, 'market', other, 'SIZE_STEP') / get(state, 'market', market, 'SIZE_STEP');
    if (record.kind === 'oraclePrice') {
      return { ...record, market: other, price: price((record['price'] as number) * units) };
    }
    return { ...record, market: other, ...scaled(record as unknown as Prices, units) };
  });
}

export const CASES_BEYOND: readonly Fault[] = [
  {
    id: 'B01',
    name: 'balances move from poor accounts to rich ones: every sum stays what it was',
    class: 'II',
    harm: ['forced', 'money'],
    loaded: cancelInSums,
  },
  {
    id: 'B02',
    name: 'longs and shorts grow in pairs: net size, open interest and money add up',
    class: 'II',
    harm: ['forced', 'money'],
    loaded: growInPairs,
  },
  {
    id: 'B03',
    name: 'all oracles and one venue agree on a wrong price',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 6,
    inputs: (inputs, scene) => {
      const feed = quotes(
        inputs,
        scene,
        scene.market,
        (prices) => scaled(prices, SHIFT),
        (venue) => venue === 0,
      );
      return oracles(feed, scene, scene.market, (value) => price(value * SHIFT));
    },
  },
  {
    id: 'B04',
    name: 'the clock jumps ten minutes ahead for one tick',
    class: 'II',
    harm: ['missed', 'trade', 'money'],
    inputs: ahead,
  },
  {
    id: 'B05',
    name: 'a market’s margins are a ten-thousandth higher',
    class: 'I',
    harm: [],
    harmless: {
      always:
        'in a calm market: a ten-thousandth of the margin is within a hair; in a fast one some are due a tick earlier',
    },
    loaded: ({ state, market }) => setMarginRow(state, market),
  },
  {
    id: 'B06',
    name: 'orders have changed owners',
    class: 'II',
    harm: ['trade', 'money'],
    loaded: swapOwners,
  },
  {
    id: 'B07',
    name: 'the last trade was at another price: half of it',
    class: 'I',
    harm: [],
    harmless: {
      always:
        'in a calm market: the mark takes medians, and one of three bases moves it by no more than the spread; in a fast one that is a tick’s move',
    },
    lastsTicks: 12,
    memory: ({ state, market }) =>
      put(
        state,
        'market',
        market,
        'LAST_TRADE',
        Math.floor(get(state, 'market', market, 'MARK') / get(state, 'market', market, 'TICK_UNITS') / 2),
      ),
  },
  {
    id: 'B08',
    name: 'fees change for two ticks and are back before the block is closed',
    class: 'I',
    harm: ['money'],
    lastsTicks: THERE_TICKS + 1,
    memory: thereAndBack,
  },
  {
    id: 'B09',
    name: 'smoothed bases of venues and of the own book are lower by a fifth',
    class: 'I',
    harm: ['forced', 'money'],
    memory: lowerBases,
  },
  {
    id: 'B10',
    name: 'oracles’ rows hold a wrong price with a stamp of tomorrow: nothing newer can come',
    class: 'I',
    harm: ['forced', 'missed', 'money'],
    memory: stampAhead,
  },
  {
    id: 'B11',
    name: 'stops stand at another price: behind the mark',
    class: 'II',
    harm: ['forced', 'money'],
    loaded: moveTriggers,
  },
  {
    id: 'B12',
    name: 'lists of positions are those of other accounts: margins are made of what another holds',
    class: 'I',
    harm: ['forced', 'missed', 'money', 'trade'],
    loaded: swapLists,
  },
  {
    id: 'B13',
    name: 'open sizes of positions are forty times what their orders have',
    class: 'II',
    harm: ['forced', 'trade'],
    loaded: inflateOpenSizes,
  },
  {
    id: 'B14',
    name: 'traders count as the house: nobody looks at their health',
    class: 'I',
    harm: ['missed', 'trade', 'money'],
    loaded: ({ state, accounts }) => {
      for (const account of accounts) put(state, 'account', account, 'KIND', ACCOUNT_KIND.INSURANCE);
      reload(state);
    },
  },
  {
    id: 'B15',
    name: 'a market is post-only in memory alone: orders outside its band are cancelled, nothing else is forced',
    class: 'I',
    harm: ['forced', 'missed', 'trade'],
    memory: ({ state, market }) => put(state, 'market', market, 'STATUS', STATUS.POST_ONLY),
  },
  {
    id: 'B16',
    name: 'the last health check is said to be tomorrow: there is none until then',
    class: 'I',
    harmless: { thin: 'nobody is due', 'calm upgrade': 'nobody is due' },
    harm: ['missed'],
    memory: ({ state, timeMs }) => put(state, 'venue', 1, 'HEALTH_MS', timeMs + DAY_MS),
  },
  {
    id: 'B17',
    name: 'the price of USDC is another one in memory alone',
    class: 'I',
    harm: ['forced', 'money'],
    lastsTicks: 3,
    memory: ({ state }) => put(state, 'venue', 1, 'COLLATERAL_PRICE', 0.8e8),
  },
  {
    id: 'B18',
    name: 'funding accrues at the highest rate there is: a step within every bound',
    class: 'I',
    harm: ['money'],
    lastsTicks: 24,
    memory: ({ state, market }) =>
      put(state, 'market', market, 'FUNDING_PREMIUM', -get(state, 'market', market, 'PREMIUM_LIMIT') + 1),
  },
  {
    id: 'B19',
    name: 'orders have another size and limit than was accepted',
    class: 'II',
    harmless: { 'squeeze upgrade': 'the orders were cancelled before anyone reached them' },
    harm: ['trade', 'money'],
    loaded: ({ state, market }) => {
      for (const row of rowsOf(state, 'order')) {
        if (get(state, 'order', row, 'MARKET') !== market || get(state, 'order', row, 'SIZE') === 0) continue;
        if ((get(state, 'order', row, 'FLAGS') & FLAG.UNTRIGGERED) !== 0) continue;
        for (const column of ['SIZE', 'REMAINING'] as const) alter(state, 'order', row, column, (lots) => lots * 3);
      }
      reload(state);
    },
  },
  {
    id: 'B20',
    name: 'orders have another generation: their ids name nothing, nobody can cancel them',
    class: 'II',
    harm: ['trade', 'money'],
    loaded: ({ state, market }) => {
      for (const row of rowsOf(state, 'order')) {
        if (get(state, 'order', row, 'MARKET') === market) alter(state, 'order', row, 'GENERATION', (n) => n + 1);
      }
      reload(state);
    },
  },
  {
    id: 'B21',
    name: 'two markets have each other’s feeds, of every source',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 20,
    inputs: (inputs, scene) =>
      remapped(inputs, scene, (market) => {
        if (market === scene.market) return scene.otherMarket;
        return market === scene.otherMarket ? scene.market : market;
      }),
  },
  {
    id: 'B22',
    name: 'the table of feeds is shifted by one market, of every source',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 20,
    inputs: (inputs, scene) => remapped(inputs, scene, (market, count) => (market % count) + 1),
  },
];
