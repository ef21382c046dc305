/**
 * Causal chains: what is netted together. Markets of an account are one chain where a forced action of either world took positions in
 * both; everything else of a market is a chain of its own. The policy may net the whole account instead, or nothing at all.
 */
import { FLOW_KINDS, type FlowKind, type MarketFlows } from './account-flows.ts';
import { CAUSE_NAMES, type Cause } from './cause.ts';
import { causeOf, type MarketParts } from './cause-parts.ts';
import type { Netting } from './policy-document.ts';

/** A chain before the policy looks at it. */
export interface ChainParts {
  /** Rows of markets, rising; 0: money that no market moved. */
  readonly markets: readonly number[];
  /** What the actual world did, by kind; and what the account lacks by it, by cause. */
  readonly flows: ReadonlyMap<FlowKind, bigint>;
  readonly causes: ReadonlyMap<Cause, bigint>;
}

/** What chains are made of. */
export interface ChainInput {
  readonly actual: MarketFlows;
  readonly parts: MarketParts;
  /** Markets that forced actions took together. */
  readonly links: readonly (readonly number[])[];
  readonly takenInBoth: ReadonlySet<number>;
  readonly netting: Netting;
}

/** The chains of an account: those of which it lacks something, or has too much; then one of all the rest, where there is any. */
export function chainsOf(input: ChainInput): ChainParts[] {
  const { actual, parts, links, netting } = input;
  const markets = [...new Set([...actual.keys(), ...parts.keys()])].sort((a, b) => a - b);
  const groups = grouped(markets, links);
  const touched = groups.filter((group) => group.some((market) => parts.has(market)));
  const rest = groups.filter((group) => !touched.includes(group)).flat();
  const chains =
    netting === 'gross'
      ? touched.flatMap((group) => byCause(group, input))
      : touched.map((group) => chainOf(group, input));
  if (rest.length > 0)
    chains.push(
      chainOf(
        rest.sort((a, b) => a - b),
        input,
      ),
    );
  return chains;
}

/** Markets by the links between them; groups and their markets rising. */
function grouped(markets: readonly number[], links: readonly (readonly number[])[]): number[][] {
  const heads = new Map(markets.map((market) => [market, market]));
  const head = (market: number): number => {
    const above = heads.get(market) ?? market;
    return above === market ? market : head(above);
  };
  for (const linked of links) {
    const known = linked.filter((market) => heads.has(market));
    for (const market of known) {
      const [a, b] = [head(known[0] as number), head(market)];
      heads.set(Math.max(a, b), Math.min(a, b));
    }
  }
  const groups = new Map<number, number[]>();
  for (const market of markets) groups.set(head(market), [...(groups.get(head(market)) ?? []), market]);
  return [...groups.values()];
}

function chainOf(markets: readonly number[], { actual, parts }: ChainInput): ChainParts {
  const flows = new Map<FlowKind, bigint>();
  const causes = new Map<Cause, bigint>();
  for (const market of markets) {
    for (const [kind, amount] of actual.get(market) ?? []) flows.set(kind, (flows.get(kind) ?? 0n) + amount);
    for (const [cause, amount] of parts.get(market) ?? []) causes.set(cause, (causes.get(cause) ?? 0n) + amount);
  }
  return { markets, flows: inOrder(FLOW_KINDS, flows), causes: inOrder(CAUSE_NAMES, causes) };
}

/** Nothing is netted: each cause in each market is a chain of its own, with the flows that belong to it. */
function byCause(markets: readonly number[], input: ChainInput): ChainParts[] {
  const chains: ChainParts[] = [];
  for (const market of markets) {
    const flows = input.actual.get(market) ?? new Map<FlowKind, bigint>();
    const causes = input.parts.get(market) ?? new Map<Cause, bigint>();
    const own = (kind: FlowKind): Cause | undefined =>
      kind === 'held' ? undefined : causeOf(kind, input.takenInBoth.has(market));
    for (const [cause, amount] of inOrder(CAUSE_NAMES, causes)) {
      const of = [...flows].filter(([kind]) => own(kind) === cause);
      chains.push({ markets: [market], flows: new Map(of), causes: new Map([[cause, amount]]) });
    }
    const rest = [...flows].filter(([kind]) => {
      const cause = own(kind);
      return cause === undefined || !causes.has(cause);
    });
    if (rest.length > 0) chains.push({ markets: [market], flows: new Map(rest), causes: new Map() });
  }
  return chains;
}

/** The entries of a map in the order of a list, those of nothing left out. */
function inOrder<K>(order: readonly K[], map: ReadonlyMap<K, bigint>): Map<K, bigint> {
  const kept = new Map<K, bigint>();
  for (const key of order) {
    const amount = map.get(key);
    if (amount !== undefined && amount !== 0n) kept.set(key, amount);
  }
  return kept;
}
