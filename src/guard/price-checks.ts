/** Is the price that a forced action rests on good enough for it? Each check says what it found; the table says what follows. */
import { RULE } from '../engine/rules.ts';
import { CLOSE } from '../engine/refusal.ts';
import type { State } from '../engine/state.ts';
import { FamilyGaps } from './family-gaps.ts';
import type { Known } from './known.ts';
import { type PriceView, viewPrice } from './price-families.ts';
import { Stillness } from './stillness.ts';
import { type Action, cellOf, type Validity } from './validity.ts';
import type { CheckClass, Checks, ForcedAction } from './verdict.ts';

/** What the guard knows of prices. */
export class Prices {
  private readonly known: Known;
  private readonly stillness = new Stillness();
  /** How far the families of each market have been apart lately. */
  readonly gaps = new FamilyGaps();

  constructor(known: Known) {
    this.known = known;
  }

  /** Takes in the samples of a tick, after it was applied. */
  observe(): void {
    this.stillness.observe(this.known.inputs);
    this.gaps.observe(this.known.inputs, Number(this.known.rule(RULE.oracle_age)));
  }

  /** A market's price as its samples have it now. Refuses (throws `Unreadable`) numbers that are none. */
  view(state: State, market: number, timeMs: number): PriceView {
    return viewPrice(this.known, state, this.stillness, market, timeMs);
  }

  /** Notes the checks of every market whose price an action rests on: a trigger or a band rests on its own market's alone. */
  check(state: State, action: ForcedAction, markets: readonly number[], timeMs: number, checks: Checks): void {
    const rests = restsOnAll(action) ? markets : [(action as { market: number }).market];
    for (const market of rests) this.checkMarket(state, market, ACTION[action.kind], timeMs, checks);
  }

  private checkMarket(state: State, market: number, action: Action, timeMs: number, checks: Checks): void {
    const { known } = this;
    const view = this.view(state, market, timeMs);
    const { validity, agreeing, newestAgeMs, apart, allowed, stillMs } = view;
    const about = `market ${market}`;
    const note = (of: readonly Validity[], name: string, found: bigint | number | string, expected: bigint): void => {
      const holds = !of.includes(validity);
      const fallback: CheckClass = name === 'price_flat' ? 'III' : 'II';
      const failed: CheckClass = cellOf(validity, action) === 'hold' ? 'II' : 'III';
      checks.note(holds ? fallback : failed, name, about, holds, found, expected);
    };
    note(['stale', 'absent'], 'sample_age', newestAgeMs ?? 'none', known.rule(RULE.guard_sample_age));
    if (validity === 'stale' || validity === 'absent') return;
    const quorum = known.rule(RULE.guard_quorum);
    const sources = validity === 'thin' && BigInt(agreeing) >= quorum ? `${agreeing} of one family` : agreeing;
    note(['thin', 'alone'], 'price_quorum', sources, quorum);
    note(['disputed'], 'price_families', apart, allowed);
    note(['flat'], 'price_flat', stillMs, known.rule(RULE.guard_flat));
  }
}

const ACTION = {
  liquidate: 'liquidate',
  fireTrigger: 'trigger',
  forceCancel: 'forceCancel',
  settlePosition: 'settle',
} as const satisfies { readonly [kind in ForcedAction['kind']]: Action };

/** True for what rests on all of the account's equity. */
function restsOnAll(action: ForcedAction): boolean {
  if (action.kind === 'forceCancel') return action.reason === CLOSE.DELEVERAGE;
  return action.kind === 'liquidate';
}
