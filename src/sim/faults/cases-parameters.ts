/** Cases C29 to C35 of the corruption matrix: parameters and rules, by what a process loaded and by an operator's hand. */
import type { CommandRecord } from '../../chain/command-value.ts';
import { MARKET_PARAMETERS, type MarketParameter } from '../../engine/command.ts';
import { RULE, type RuleName, RULES } from '../../engine/rules.ts';
import type { State } from '../../engine/state.ts';
import { get, markets, oracles, price, put, reload, rowsOf } from './cases-writing.ts';
import type { Fault, FaultScene } from './fault.ts';

const MILLION = 1_000_000;
/** What an import by place moves from one market to the one before. */
const TIER: readonly MarketParameter[] = ['INITIAL_MARGIN', 'MAINTENANCE_FACTOR', 'POSITION_LIMIT', 'PRICE_BAND'];
/** The limits of the guard, and the loosest that each may be. */
const LOOSE: readonly (readonly [rule: RuleName, end: 'minimum' | 'maximum'])[] = [
  ['guard_sample_age', 'maximum'],
  ['guard_quorum', 'minimum'],
  ['guard_family_band', 'maximum'],
  ['guard_sample_band', 'maximum'],
  ['guard_flat', 'maximum'],
  ['guard_grace', 'minimum'],
  ['guard_notice', 'minimum'],
  ['guard_order_lag', 'maximum'],
  ['breaker_liquidations', 'maximum'],
  ['breaker_losses', 'maximum'],
  ['breaker_funding', 'maximum'],
];
const NOBODY_NEAR = 'nobody is due by the right margins or by these, and no order needs more than there is';
/** What the wrong price is of the right one, once the guard's limits are gone. */
const OUTLIER = 0.5;

/** Without a time: it is asked for when it is asked for. */
export function setParameter(market: number, parameter: MarketParameter, value: number): CommandRecord {
  const number = MARKET_PARAMETERS.indexOf(parameter);
  return { kind: 'setMarketParameter', timeMs: null, market, parameter: number, value };
}

function setRule(rule: RuleName, value: number): CommandRecord {
  return { kind: 'setRule', timeMs: null, rule: RULE[rule], value };
}

function loadRule(state: State, rule: RuleName, value: number): void {
  put(state, 'rule', 1, 'VALUE', value, RULE[rule]);
}

function looseEnd(rule: RuleName, end: 'minimum' | 'maximum'): number {
  return (RULES.find(({ name }) => name === rule) as (typeof RULES)[number])[end];
}

/** Ten times the margin of a market, as percent are of basis points by mistake; at most all. */
export function tenfold(state: State, market: number): number {
  return Math.min(MILLION, 10 * get(state, 'market', market, 'INITIAL_MARGIN'));
}

/** The parameters that the market in the next row has; the last one gets the first's. */
function shifted(state: State): { market: number; parameter: MarketParameter; value: number }[] {
  const all = markets(state);
  return all.flatMap((market, place) =>
    TIER.map((parameter) => ({
      market,
      parameter,
      value: get(state, 'market', all[(place + 1) % all.length] as number, parameter),
    })),
  );
}

/** What a restore that begins with defaults has never overwritten: rules, fee classes, leverages. */
function defaults({ state }: FaultScene): void {
  for (const { name, default: value } of RULES) loadRule(state, name, value);
  for (const row of rowsOf(state, 'account')) put(state, 'account', row, 'FEE_CLASS', 0);
  for (const row of rowsOf(state, 'position')) put(state, 'position', row, 'INITIAL_MARGIN', 0);
  reload(state);
}

/** With its limits gone the guard meets an oracle that prints half the price. */
function outlier(inputs: readonly CommandRecord[], scene: FaultScene): readonly CommandRecord[] {
  if (scene.ticks < 2) return inputs;
  return oracles(inputs, scene, scene.market, (value) => price(value * OUTLIER));
}

export const PARAMETER_CASES: readonly Fault[] = [
  {
    id: 'C29',
    name: 'margin parameters are zero: a structure that nobody filled',
    class: 'I',
    harmless: { thin: NOBODY_NEAR },
    harm: ['missed', 'money', 'trade'],
    loaded: ({ state }) => {
      for (const market of markets(state)) {
        put(state, 'market', market, 'INITIAL_MARGIN', 0);
        put(state, 'market', market, 'MAINTENANCE_FACTOR', 0);
      }
      reload(state);
    },
  },
  {
    id: 'C29-by-hand',
    name: 'margin parameters are set as low as the engine takes them',
    class: 'I',
    harmless: { thin: NOBODY_NEAR },
    harm: ['missed', 'money', 'trade'],
    operator: (scene) =>
      markets(scene.state).flatMap((market) => [
        setParameter(market, 'INITIAL_MARGIN', 1000),
        setParameter(market, 'MAINTENANCE_FACTOR', 1),
      ]),
  },
  {
    id: 'C30',
    name: 'a market’s margins are ten times what they were',
    class: 'I',
    harm: ['forced', 'money'],
    loaded: ({ state, market }) => {
      put(state, 'market', market, 'INITIAL_MARGIN', tenfold(state, market));
      reload(state);
    },
  },
  {
    id: 'C30-by-hand',
    name: 'a market’s margin is set to ten times what it was: percent for basis points',
    class: 'II',
    harm: ['forced', 'money'],
    operator: (scene) => [setParameter(scene.market, 'INITIAL_MARGIN', tenfold(scene.state, scene.market))],
  },
  {
    id: 'C31',
    name: 'rules, fee classes and leverages are those of genesis: the restore ran in the wrong order',
    class: 'I',
    harm: ['money', 'trade', 'forced'],
    loaded: defaults,
  },
  {
    id: 'C32',
    name: 'the table of margins and limits is shifted by one market',
    class: 'I',
    harmless: { 'calm reopen': NOBODY_NEAR },
    harm: ['forced', 'missed', 'money', 'trade'],
    loaded: ({ state }) => {
      for (const { market, parameter, value } of shifted(state)) put(state, 'market', market, parameter, value);
      reload(state);
    },
  },
  {
    id: 'C32-by-hand',
    name: 'a table of margins and limits is imported with its rows shifted by one',
    class: 'II',
    harmless: { 'calm reopen': NOBODY_NEAR },
    harm: ['forced', 'missed', 'money', 'trade'],
    operator: (scene) =>
      shifted(scene.state).map(({ market, parameter, value }) => setParameter(market, parameter, value)),
  },
  {
    id: 'C33',
    name: 'fees have the other sign: the venue pays whoever trades',
    class: 'I',
    harm: ['money'],
    loaded: ({ state }) => {
      for (const rule of ['maker_fee', 'taker_fee'] as const) {
        loadRule(state, rule, -(state.rule.f64[64 + RULE[rule]] as number));
      }
      reload(state);
    },
  },
  {
    id: 'C33-by-hand',
    name: 'the maker’s rebate is more than the taker’s fee',
    class: 'II',
    harm: ['money'],
    operator: () => [
      setRule('maker_fee', -1000),
      setRule('retail_maker_fee', -1000),
      setRule('taker_fee', 0),
      setRule('retail_taker_fee', 0),
    ],
  },
  {
    id: 'C34',
    name: 'the guard’s limits are as wide as they go, then a price is wrong',
    class: 'I',
    harm: ['forced', 'money'],
    lastsTicks: 6,
    loaded: ({ state, ticks }) => {
      if (ticks === 0) for (const [rule, end] of LOOSE) loadRule(state, rule, looseEnd(rule, end));
    },
    inputs: outlier,
  },
  {
    id: 'C34-by-hand',
    name: 'one person opens the guard’s limits as wide as they go, then a price is wrong',
    class: 'I',
    harm: ['forced', 'money'],
    lastsTicks: 6,
    operator: (scene) => (scene.ticks === 0 ? LOOSE.map(([rule, end]) => setRule(rule, looseEnd(rule, end))) : []),
    inputs: outlier,
  },
  {
    id: 'C35',
    name: 'one machine runs with another flag: bases of venues are smoothed over an hour and shares liquidated whole',
    class: 'I',
    harm: ['forced', 'missed', 'money'],
    loaded: ({ state }) => {
      loadRule(state, 'venue_half_life', 3600);
      loadRule(state, 'liquidation_step', MILLION);
      loadRule(state, 'taker_fee', 2500);
      reload(state);
    },
  },
];
