// Every order in which the parts of an exchange can start, die and start again: nothing opens before its gate, nothing is taken for a value.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  GATES,
  type GateName,
  gatesOf,
  LAG_BLOCKS,
  NOTHING_KNOWN,
  type ReadinessFacts,
  shutBy,
  WARM_TICKS,
} from './readiness.ts';
import { numberFact, textFact, UNSET } from './unset.ts';

const CURRENT = { epoch: 7, fork: 1 };

/** What each part says when all is well, and lies that it may tell, each of which must keep its gate shut. */
const PARTS = {
  lease: { good: { epoch: 7, isRunning: true }, wrong: [{ epoch: 7, isRunning: false }] },
  log: { good: { height: 9, recovered: 9 }, wrong: [{ height: 9, recovered: 8 }] },
  state: { good: { root: 'aa', sealed: 'aa' }, wrong: [{ root: '00', sealed: 'aa' }] },
  parameters: {
    good: { rules: 'cc', sealedRules: 'cc', release: 3, sealedRelease: 3 },
    wrong: [
      { rules: 'cc', sealedRules: 'dd', release: 3, sealedRelease: 3 },
      { rules: 'cc', sealedRules: 'cc', release: 3, sealedRelease: 2 },
    ],
  },
  prices: {
    good: { warm: 2, markets: 2, ticks: WARM_TICKS },
    wrong: [
      { warm: 0, markets: 2, ticks: WARM_TICKS },
      { warm: 2, markets: 2, ticks: WARM_TICKS - 1 },
    ],
  },
  funding: { good: { finding: '' }, wrong: [{ finding: 'market 1: funding_step_bound' }] },
  mark: { good: { marked: 2 }, wrong: [{ marked: 0 }] },
  risk: { good: { finding: '' }, wrong: [{ finding: 'money_conserved' }] },
  projections: { good: { lagBlocks: LAG_BLOCKS }, wrong: [{ lagBlocks: LAG_BLOCKS + 1 }] },
  marketData: {
    good: CURRENT,
    wrong: [
      { epoch: 6, fork: 1 },
      { epoch: 7, fork: 0 },
    ],
  },
  commands: { good: { held: '' }, wrong: [{ held: 'paused' }] },
} satisfies { readonly [part in keyof ReadinessFacts]?: { readonly good: object; readonly wrong: readonly object[] } };

type Part = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Part[];

/** Remedy.md §7.3 written down again, by hand: what a gate needs besides all before it. */
const NEEDS: Partial<Record<GateName, Part>> = {
  storage: 'lease',
  log: 'log',
  state: 'state',
  parameters: 'parameters',
  prices: 'prices',
  funding: 'funding',
  mark: 'mark',
  risk: 'risk',
  projections: 'projections',
  market_data: 'marketData',
  cancel_only: 'commands',
};
const ALL_RUNGS = { post_only: [2, 2], trade: [2, 2], triggers: [2, 2], liquidations: [2, 2] } as const;

type Said = 'unset' | 'wrong' | 'good';

function factsOf(said: ReadonlyMap<Part, Said>, variant: number): ReadinessFacts {
  const facts: Record<string, unknown> = { ...NOTHING_KNOWN, current: CURRENT, rungs: ALL_RUNGS };
  for (const [part, how] of said) {
    const { good, wrong } = PARTS[part];
    facts[part] = how === 'unset' ? UNSET : how === 'good' ? good : wrong[variant % wrong.length];
  }
  return facts as unknown as ReadinessFacts;
}

/** The gates that may be open by what the parts have said. */
function mayBeOpen(said: ReadonlyMap<Part, Said>): ReadonlySet<GateName> {
  const open = new Set<GateName>();
  for (const gate of GATES) {
    const part = NEEDS[gate];
    if (part !== undefined && said.get(part) !== 'good') break;
    open.add(gate);
  }
  return open;
}

describe('readiness', () => {
  /**
   * The gates are a function of what the parts say now, so that every permutation of starts, deaths and lies is a walk through the
   * states "each part says nothing, something wrong, or what is so". All of them are visited: 3^11, and each of their neighbours is one.
   */
  test('in all 177,147 states that an order of starts, kills and lies can lead to, just the gates are open that may be', () => {
    const states = 3 ** NAMES.length;
    const kinds: readonly Said[] = ['unset', 'wrong', 'good'];
    let opened = 0;
    const said = new Map<Part, Said>();
    for (let state = 0; state < states; state++) {
      let rest = state;
      for (const name of NAMES) {
        said.set(name, kinds[rest % 3] as Said);
        rest = Math.floor(rest / 3);
      }
      const gates = gatesOf(factsOf(said, state));
      const may = mayBeOpen(said);
      for (const { name, isOpen } of gates)
        if (isOpen !== may.has(name)) assert.fail(`${name} in ${JSON.stringify([...said])}`);
      if (gates.at(-1)?.isOpen === true) opened++;
    }
    assert.equal(opened, 1, 'liquidations are on in one of them alone');
  });

  test('whichever part dies last, what stood on it shuts at once, and opens again when it is back: no gate remembers', () => {
    const all = new Map<Part, Said>(NAMES.map((name) => [name, 'good']));
    assert.ok(gatesOf(factsOf(all, 0)).every(({ isOpen }) => isOpen));
    for (const part of NAMES) {
      for (const how of ['unset', 'wrong'] as const) {
        const gates = gatesOf(factsOf(new Map(all).set(part, how), 0));
        const first = gates.findIndex(({ isOpen }) => !isOpen);
        assert.equal(NEEDS[(gates[first] as (typeof gates)[number]).name], part);
        assert.ok(gates.slice(first).every(({ isOpen }) => !isOpen));
        assert.match(shutBy(gates, 'liquidations'), how === 'unset' ? /^\w+: unset$/ : /^\w+: ./);
      }
    }
    assert.equal(shutBy(gatesOf(factsOf(all, 0)), 'liquidations'), '');
  });

  test('a rung is a gate: it is open when all markets that are wanted there stand on it', () => {
    const all = new Map<Part, Said>(NAMES.map((name) => [name, 'good']));
    const facts = { ...factsOf(all, 0), rungs: { ...ALL_RUNGS, trade: [1, 2] } as const };
    const open = gatesOf(facts).filter(({ isOpen }) => isOpen);
    assert.equal(open.at(-1)?.name, 'post_only');
    assert.equal(shutBy(gatesOf(facts), 'triggers'), 'trade: 1 of 2 markets');
  });

  test('with no database by the operator’s word storage and projections are no gates; unsaid they are', () => {
    const all = factsOf(new Map<Part, Said>(NAMES.map((name) => [name, 'good'])), 0);
    assert.equal(shutBy(gatesOf({ ...all, lease: 'none', projections: 'none' }), 'liquidations'), '');
    assert.equal(shutBy(gatesOf({ ...all, projections: UNSET }), 'liquidations'), 'projections: unset');
  });
});

describe('unset', () => {
  test('what is missing, no number or no text is UNSET; a zero is a zero', () => {
    assert.equal(numberFact(0), 0);
    assert.equal(textFact('0'), '0');
    for (const value of [undefined, null, '', '0', Number.NaN, Infinity, {}]) assert.equal(numberFact(value), UNSET);
    for (const value of [undefined, null, '', 0, {}]) assert.equal(textFact(value), UNSET);
  });

  test('nothing can be computed with it, neither for the compiler nor at run time', () => {
    const unset = numberFact(undefined);
    // @ts-expect-error: a value that may be UNSET is no number.
    const added = (): number => unset + 1;
    // @ts-expect-error: nor can it be compared as one.
    const compared = (): boolean => unset > 0;
    assert.throws(added, TypeError);
    assert.throws(compared, TypeError);
  });
});
