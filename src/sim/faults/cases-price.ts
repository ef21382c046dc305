/** Cases C15 to C28 of the corruption matrix: prices and oracles. */
import type { CommandRecord } from '../../chain/command-value.ts';
import { ORACLE, ORACLE_LIMIT, VENUE_LIMIT } from '../../engine/tables.ts';
import { get, oracles, type Prices, price, put, quotes, Remembered, reload, scaled, usdc } from './cases-writing.ts';
import type { Fault, FaultScene } from './fault.ts';

/** What $0.06 is of a price of some thousands. */
const FLASH = 1.2e-5;
/** A fall of a drip at each tick, and for how many ticks. */
const DRIP = 0.992;
const DRIP_TICKS = 24;
/** Sources go silent one by one, so many ticks apart; the one that is left strays. */
const DYING_TICKS = 2;
const STRAYS = 0.86;
/** After so many ticks no sample of before is fresh any more. */
const STALE_TICKS = 7;
/** What a price of half a day ago is of today’s. */
const HALF_A_DAY_AGO = 0.95;
/** To the end of a cell. */
const FOR_GOOD = 1000;
const OWN_BOOK_OUTWEIGHS = 'two venues weigh less than the own book, in the mark and in the premium';
/** A split of five for one. */
const SPLIT = 0.2;
/** The ratio of a token to its underlying, read as USD: what is left of the price. */
const RATIO = 0.0005;
const SCALE = 100;
/** An index that is held back by a limit against the mark that is not. */
const BEFORE_LIMIT = 0.88;
/** What is sold as USDC, and what it costs there. */
const DEPEG = 0.65e8;
const DAY_MS = 86_400_000;
/** Yesterday's price against today's: on the day of a crash it was higher. */
function yesterday({ regime }: FaultScene): number {
  return regime === 'crash' ? 1.25 : 0.8;
}

function oracleRow(market: number, source: number): number {
  return market * ORACLE_LIMIT + source;
}

/** Nothing comes from the oracles of a market, and what is missing reads as zero. */
function zeroMark({ state, market }: FaultScene): void {
  put(state, 'market', market, 'MARK', 0);
  put(state, 'market', market, 'SPOT', 0);
  reload(state);
}

/** The price of another market in this one's price units, from the newest sample. */
function otherPrice({ state, market, otherMarket }: FaultScene): number {
  const units = get(state, 'market', market, 'SIZE_STEP') / get(state, 'market', otherMarket, 'SIZE_STEP');
  return price((state.oracle.f64[oracleRow(otherMarket, 0) * 4 + ORACLE.PRICE] as number) * units);
}

const frozen = new Remembered<number>();
/** A gateway that has come back holds half of each book: bids of long ago above the asks of now, and a mark between them. */
function crossed({ mark, impactAsk }: Prices): Partial<Prices> {
  return { mark: price(mark * 1.09), impactBid: price(impactAsk * 1.18) };
}

/** Sources of a market die one after the other: oracles but the first, then venues; the last one strays when it is alone. */
function dying(inputs: readonly CommandRecord[], scene: FaultScene): readonly CommandRecord[] {
  const dead = (number: number): boolean => scene.ticks >= number * DYING_TICKS;
  const isAlone = scene.ticks >= STALE_TICKS + VENUE_LIMIT;
  const silent = quotes(inputs, scene, scene.market, (prices, venue) => (dead(venue + 1) ? undefined : prices));
  return oracles(silent, scene, scene.market, (value, source) => {
    if (source > 0) return dead(0) ? undefined : value;
    return isAlone ? price(value * STRAYS) : value;
  });
}

export const PRICE_CASES: readonly Fault[] = [
  {
    id: 'C15',
    name: 'the mark price is zero: the feed is gone and its default stands',
    class: 'I',
    harm: ['forced', 'stopped', 'trade'],
    lastsTicks: 16,
    inputs: (inputs, { market }) =>
      inputs.filter((record) => record.kind !== 'oraclePrice' || record['market'] !== market),
    memory: zeroMark,
  },
  {
    id: 'C16',
    name: 'one oracle prints $0.06',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 2,
    inputs: (inputs, scene) =>
      oracles(
        inputs,
        scene,
        scene.market,
        (value) => price(value * FLASH),
        (source) => source === 0,
      ),
  },
  {
    id: 'C17',
    name: 'sources die one by one, and the last one strays',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 30,
    inputs: dying,
  },
  {
    id: 'C18',
    name: 'oracles are frozen at the price of half a day ago and stamped anew, while the venues move',
    class: 'II',
    harm: ['forced', 'missed', 'money'],
    lastsTicks: 36,
    inputs: (inputs, scene) => {
      const { state, market } = scene;
      const now = state.oracle.f64[oracleRow(market, 0) * 4 + ORACLE.PRICE] as number;
      const value = frozen.of(scene, () => price(now * HALF_A_DAY_AGO));
      return oracles(inputs, scene, market, () => value);
    },
  },
  {
    id: 'C19',
    name: 'all oracles of a market fall by 0.8 % at every tick, and nothing else does',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: DRIP_TICKS,
    inputs: (inputs, scene) =>
      oracles(inputs, scene, scene.market, (value) => price(value * DRIP ** (scene.ticks + 1))),
  },
  {
    id: 'C20',
    name: 'an oracle’s prices have another exponent',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 3,
    inputs: (inputs, scene) =>
      oracles(
        inputs,
        scene,
        scene.market,
        (value) => price(value * SCALE),
        (source) => source === 0,
      ),
  },
  {
    id: 'C21',
    name: 'a ratio is read as USD: a step of the composition is missing',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 6,
    inputs: (inputs, scene) => oracles(inputs, scene, scene.market, (value) => price(value * RATIO)),
  },
  {
    id: 'C22',
    name: 'five for one at every source, and nobody told the venue',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 200,
    inputs: (inputs, scene) => {
      const split = quotes(inputs, scene, scene.market, (prices) => scaled(prices, SPLIT));
      return oracles(split, scene, scene.market, (value) => price(value * SPLIT));
    },
  },
  {
    id: 'C23',
    name: 'the feed of another market comes to this one',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 6,
    inputs: (inputs, scene) => oracles(inputs, scene, scene.market, () => otherPrice(scene)),
  },
  {
    id: 'C24',
    name: 'venues’ books are crossed: a gateway came back with half a snapshot',
    class: 'II',
    harmless: { thin: OWN_BOOK_OUTWEIGHS },
    harm: ['forced', 'money'],
    lastsTicks: FOR_GOOD,
    inputs: (inputs, scene) => quotes(inputs, scene, scene.market, crossed),
  },
  {
    id: 'C25',
    name: 'an oracle’s stamps are a day ahead',
    class: 'I',
    harm: [],
    harmless: {
      always:
        'in a calm market: the engine refuses a sample from the future by name and the other source goes on; in a fast one prices are some seconds late',
    },
    lastsTicks: 6,
    inputs: (inputs) =>
      inputs.map((record) =>
        record.kind === 'oraclePrice' && record['source'] === 0
          ? { ...record, sourceMs: (record['sourceMs'] as number) + DAY_MS }
          : record,
      ),
  },
  {
    id: 'C26',
    name: 'a consumer starts at the wrong offset: oracles say yesterday’s prices with today’s stamps',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 6,
    inputs: (inputs, scene) => oracles(inputs, scene, scene.market, (value) => price(value * yesterday(scene))),
  },
  {
    id: 'C27',
    name: 'mark and index of a quote are of two moments: venues’ indexes are those before a limit was changed',
    class: 'II',
    harm: ['money'],
    harmless: { thin: OWN_BOOK_OUTWEIGHS },
    lastsTicks: FOR_GOOD,
    inputs: (inputs, scene) =>
      quotes(inputs, scene, scene.market, ({ index }) => ({ index: price(index * BEFORE_LIMIT) })),
  },
  {
    id: 'C28',
    name: 'USDC costs 0.65 on the one venue that the collateral oracle reads',
    class: 'II',
    harm: ['forced', 'money'],
    lastsTicks: 4,
    inputs: (inputs, scene) => usdc(inputs, scene, DEPEG),
  },
];
