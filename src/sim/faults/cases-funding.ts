/** Cases C01 to C14 of the corruption matrix: funding. */
import type { CommandRecord } from '../../chain/command-value.ts';
import type { State } from '../../engine/state.ts';
import { alter, get, held, markets, type Prices, price, put, quotes, Remembered, reload } from './cases-writing.ts';
import type { Fault, FaultScene } from './fault.ts';

/** Where a service counts indexes in 1e-8 what another has in 1e-6. */
const OTHER_SCALE = 100;
/** To the end of a cell. */
const FOR_GOOD = 1000;
/** What an index of a day ago is of one that has grown for 25 days. */
const A_DAY_AGO = 0.96;
/** Seconds that are read where minutes are written. */
const MINUTE_S = 60;
/** With two venues the own book has more than half of the weight in the premium. */
const OWN_BOOK_OUTWEIGHS = 'two venues weigh less than the own book in the median of the premiums';
/** How far a lagging clock is behind. */
const LAG_MS = 60_000;

function indexOf(state: State, market: number): number {
  return get(state, 'market', market, 'FUNDING_INDEX');
}

/** An index and the copy that the engine keeps of it: both come from the same bytes. */
function setIndex(state: State, market: number, index: number): void {
  put(state, 'market', market, 'FUNDING_INDEX', index);
  state.index.fundingIndexes[market] = index;
}

/** The loader set an index: what rests on it is made anew. */
function loadIndex(state: State, market: number, index: number): void {
  put(state, 'market', market, 'FUNDING_INDEX', index);
  reload(state);
}

/** What a market's index is before its table was read. */
function zeroIndex(state: State, market: number): void {
  put(state, 'market', market, 'FUNDING_INDEX', 0);
  put(state, 'market', market, 'FUNDING_REMAINDER', 0);
}

const frozenIndex = new Remembered<number>();

/** One side of a market's book is empty at every venue, and a client library says so with the smallest price there is. */
function emptyAsks({ mark }: Prices): Partial<Prices> {
  return { impactBid: price(mark * 0.999), impactAsk: 1 };
}

/** Longs are settled for a whole period at the highest rate, their money has not moved, and the shorts were never come to. */
function settleHalf({ state, market }: FaultScene): void {
  const period = get(state, 'market', market, 'PREMIUM_LIMIT');
  for (const row of held(state, market)) {
    if (get(state, 'position', row, 'SIZE') > 0) alter(state, 'position', row, 'FUNDING_INDEX', (at) => at + period);
  }
  reload(state);
}

export const FUNDING_CASES: readonly Fault[] = [
  {
    id: 'C01',
    name: 'the funding index of one market is zero after a loader ran before its table was there',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state, market }) => {
      zeroIndex(state, market);
      reload(state);
    },
  },
  {
    id: 'C02',
    name: 'the funding indexes of all markets are zero: the table was empty when it was read',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state }) => {
      for (const market of markets(state)) zeroIndex(state, market);
      reload(state);
    },
  },
  {
    id: 'C03',
    name: 'a funding index has the other sign',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state, market }) => loadIndex(state, market, -indexOf(state, market)),
  },
  {
    id: 'C04',
    name: 'a funding index is read with two decimals more than it was written with',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state, market }) => loadIndex(state, market, indexOf(state, market) * OTHER_SCALE),
  },
  {
    id: 'C05',
    name: 'a funding index stands still: a cache gives that of a day ago at every tick',
    class: 'I',
    harm: ['money', 'forced'],
    lastsTicks: FOR_GOOD,
    memory: (scene) => {
      const { state, market } = scene;
      setIndex(
        state,
        market,
        frozenIndex.of(scene, () => Math.floor(indexOf(state, market) * A_DAY_AGO)),
      );
    },
  },
  {
    id: 'C06',
    name: 'two markets have each other’s funding index: joined by place instead of by name',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state, market, otherMarket }) => {
      const [own, other] = [indexOf(state, market), indexOf(state, otherMarket)];
      put(state, 'market', otherMarket, 'FUNDING_INDEX', own);
      loadIndex(state, market, other);
    },
  },
  {
    id: 'C07',
    name: 'a funding index is no number: an empty text was parsed',
    class: 'I',
    harm: ['stopped'],
    loaded: ({ state, market }) => loadIndex(state, market, Number.NaN),
  },
  {
    id: 'C08',
    name: 'every tick is delivered twice',
    class: 'I',
    harm: [],
    harmless: {
      always:
        'funding accrues by the time since the tick before: between a tick and its copy none has passed (in a fast market smoothed bases take in one second more)',
    },
    lastsTicks: 12,
    inputs: (inputs) => inputs.flatMap((record) => (record.kind === 'tick' ? [record, { ...record }] : [record])),
  },
  {
    id: 'C09',
    name: 'the ticks of the clock are lost on the way',
    class: 'III',
    harm: ['missed', 'money', 'trade'],
    lastsTicks: FOR_GOOD,
    inputs: (inputs) => inputs.filter(({ kind }) => kind !== 'tick'),
  },
  {
    id: 'C10',
    name: 'the clock falls back by a minute: another machine stamps',
    class: 'I',
    harm: ['missed', 'money', 'trade'],
    lastsTicks: 6,
    inputs: (inputs) => inputs.map((record) => ({ ...record, timeMs: (record.timeMs as number) - LAG_MS })),
  },
  {
    id: 'C11',
    name: 'funding accrues by periods of minutes: the change of the period’s unit came a release too early',
    class: 'I',
    harm: ['money'],
    loaded: ({ state, market }) => {
      alter(state, 'market', market, 'FUNDING_PERIOD_S', (period) => period / MINUTE_S);
      reload(state);
    },
  },
  {
    id: 'C12',
    name: 'positions did not take their settled index along: they owe the funding of the market’s whole life',
    class: 'II',
    harm: ['forced', 'money'],
    loaded: ({ state, market }) => {
      for (const row of held(state, market)) put(state, 'position', row, 'FUNDING_INDEX', 0);
      reload(state);
    },
  },
  {
    id: 'C13',
    name: 'venues’ libraries say that an empty side of a book is worth nothing: premiums are at their limit',
    class: 'II',
    harm: ['money'],
    harmless: { thin: OWN_BOOK_OUTWEIGHS },
    lastsTicks: FOR_GOOD,
    inputs: (inputs, scene) =>
      markets(scene.state).reduce<readonly CommandRecord[]>(
        (feed, market) => quotes(feed, scene, market, emptyAsks),
        inputs,
      ),
  },
  {
    id: 'C14',
    name: 'funding is settled for the longs of a market and not for the shorts: money comes from nothing',
    class: 'II',
    harm: ['money'],
    loaded: settleHalf,
  },
];
