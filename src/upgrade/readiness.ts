/**
 * The order in which a starting exchange becomes ready, as a table of gates. A gate is open when all before it are and its own predicate
 * holds, by facts that are looked at again at every tick: no gate remembers that it was open. A fact that nobody has said is UNSET, and a
 * gate never opens on it. Wrongful liquidations of 19 January 2026 came of services that started in another order and took a missing
 * value for zero. Pure: facts in, verdicts out.
 */
import { type Fact, UNSET } from './unset.ts';

export const GATES = [
  'storage',
  'log',
  'state',
  'parameters',
  'prices',
  'funding',
  'mark',
  'risk',
  'projections',
  'market_data',
  'read_only',
  'cancel_only',
  'post_only',
  'trade',
  'triggers',
  'liquidations',
] as const;
export type GateName = (typeof GATES)[number];

/** What a process knows of itself. Each is UNSET until its component has said it in this life of the process. */
export interface ReadinessFacts {
  /** The lease: its epoch, and whether its time is running; `none`: there is no database by the operator's word. */
  readonly lease: Fact<{ readonly epoch: number; readonly isRunning: boolean } | 'none'>;
  /** The journal, open for this process alone: height of its last block, and of the last block of the recovered chain. */
  readonly log: Fact<{ readonly height: number; readonly recovered: number }>;
  /** Root of the state that was recovered, and the one that its block says; hexadecimal digits. */
  readonly state: Fact<{ readonly root: string; readonly sealed: string }>;
  /** Hash of the rules and the engine's release, here and in the last block. */
  readonly parameters: Fact<{
    readonly rules: string;
    readonly sealedRules: string;
    readonly release: number;
    readonly sealedRelease: number;
  }>;
  /** Prices as they came in since the start: markets with enough sources, of how many; ticks that were warmed up with. */
  readonly prices: Fact<{ readonly warm: number; readonly markets: number; readonly ticks: number }>;
  /** The first funding step since the start, and what the guard holds against it; empty when nothing. */
  readonly funding: Fact<{ readonly finding: string }>;
  /** Markets with a mark of the last tick. */
  readonly mark: Fact<{ readonly marked: number }>;
  /** What an audit of all rows behind the first tick found; empty when nothing. */
  readonly risk: Fact<{ readonly finding: string }>;
  /** Blocks that the database lacks; `none`: there is no database by the operator's word. */
  readonly projections: Fact<{ readonly lagBlocks: number } | 'none'>;
  /** What those who listen are told the history by. */
  readonly marketData: Fact<{ readonly epoch: number; readonly fork: number }>;
  /** Branch of the history that is appended to, and epoch that is written with; 0 without a database. */
  readonly current: Fact<{ readonly epoch: number; readonly fork: number }>;
  /** Whether commands are taken: why not, empty when they are. */
  readonly commands: Fact<{ readonly held: string }>;
  /** Markets that stand on each rung of the reopening or above it, of how many that are wanted there. */
  readonly rungs: Fact<{ readonly [rung in Rung]: readonly [there: number, wanted: number] }>;
}

/** Rungs of the reopening that are gates too, the lowest first. */
const RUNG_GATES = ['post_only', 'trade', 'triggers', 'liquidations'] as const;
type Rung = (typeof RUNG_GATES)[number];

/** Ticks with prices before anything is computed from them. */
export const WARM_TICKS = 3;
/** Blocks that the projection may be behind. */
export const LAG_BLOCKS = 8;

interface Judged {
  readonly holds: boolean;
  readonly found: string;
}

type Judge = (facts: ReadinessFacts) => Judged;

const judged = (holds: boolean, found: string): Judged => ({ holds, found });
const NOT_SAID = judged(false, 'unset');

/** The predicate of a gate on a fact; on an unset one it does not hold. */
function on<Name extends keyof ReadinessFacts>(
  name: Name,
  judge: (fact: Exclude<ReadinessFacts[Name], typeof UNSET>) => Judged,
): Judge {
  return (facts) => {
    const fact = facts[name];
    return fact === UNSET ? NOT_SAID : judge(fact as Exclude<ReadinessFacts[Name], typeof UNSET>);
  };
}

const rungGate = (rung: Rung): Judge =>
  on('rungs', (rungs) => {
    const [there, wanted] = rungs[rung];
    return judged(there === wanted, `${there} of ${wanted} markets`);
  });

const TABLE: { readonly [name in GateName]: Judge } = {
  storage: on('lease', (lease) =>
    lease === 'none'
      ? judged(true, 'no database')
      : judged(lease.isRunning, `epoch ${lease.epoch}${lease.isRunning ? '' : ', its time is over'}`),
  ),
  log: on('log', ({ height, recovered }) =>
    judged(height === recovered, `block ${height}, recovered up to ${recovered}`),
  ),
  state: on('state', ({ root, sealed }) => judged(root === sealed, `root ${root}, sealed ${sealed}`)),
  parameters: on('parameters', ({ rules, sealedRules, release, sealedRelease }) =>
    judged(
      rules === sealedRules && release === sealedRelease,
      `rules ${rules}, sealed ${sealedRules}; release ${release}, sealed ${sealedRelease}`,
    ),
  ),
  prices: on('prices', ({ warm, markets, ticks }) =>
    judged(
      (warm > 0 || markets === 0) && ticks >= WARM_TICKS,
      `${warm} of ${markets} markets, ${ticks} of ${WARM_TICKS} ticks`,
    ),
  ),
  funding: on('funding', ({ finding }) => judged(finding === '', finding === '' ? 'stepped' : finding)),
  mark: (facts) => {
    const { prices, mark } = facts;
    if (prices === UNSET || mark === UNSET) return NOT_SAID;
    return judged(mark.marked > 0 || prices.markets === 0, `${mark.marked} markets`);
  },
  risk: on('risk', ({ finding }) => judged(finding === '', finding === '' ? 'clean' : finding)),
  projections: on('projections', (projections) =>
    projections === 'none'
      ? judged(true, 'no database')
      : judged(projections.lagBlocks <= LAG_BLOCKS, `${projections.lagBlocks} blocks behind`),
  ),
  market_data: (facts) => {
    const { marketData, current } = facts;
    if (marketData === UNSET || current === UNSET) return NOT_SAID;
    const isCurrent = marketData.epoch === current.epoch && marketData.fork === current.fork;
    return judged(isCurrent, `epoch ${marketData.epoch}, fork ${marketData.fork}`);
  },
  read_only: on('current', ({ epoch, fork }) => judged(true, `epoch ${epoch}, fork ${fork}`)),
  cancel_only: on('commands', ({ held }) => judged(held === '', held === '' ? 'taken' : held)),
  post_only: rungGate('post_only'),
  trade: rungGate('trade'),
  triggers: rungGate('triggers'),
  liquidations: rungGate('liquidations'),
};

export interface GateState {
  readonly name: GateName;
  /** All before it and its own predicate hold. */
  readonly isOpen: boolean;
  /** Its own predicate. */
  readonly holds: boolean;
  readonly found: string;
}

/** All gates by these facts, in their order. */
export function gatesOf(facts: ReadinessFacts): GateState[] {
  let isOpen = true;
  return GATES.map((name) => {
    const { holds, found } = TABLE[name](facts);
    isOpen &&= holds;
    return { name, isOpen, holds, found };
  });
}

/** The first gate that keeps the one named shut, itself included, as `name: found`; empty when it is open. */
export function shutBy(gates: readonly GateState[], name: GateName): string {
  const shut = gates.slice(0, GATES.indexOf(name) + 1).find(({ holds }) => !holds);
  return shut === undefined ? '' : `${shut.name}: ${shut.found}`;
}

/** What nobody has said anything of yet. */
export const NOTHING_KNOWN: ReadinessFacts = {
  lease: UNSET,
  log: UNSET,
  state: UNSET,
  parameters: UNSET,
  prices: UNSET,
  funding: UNSET,
  mark: UNSET,
  risk: UNSET,
  projections: UNSET,
  marketData: UNSET,
  current: UNSET,
  commands: UNSET,
  rungs: UNSET,
};
