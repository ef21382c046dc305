/** Rules, parameters and markets at the door: bounds, size of a step, and whom it would make liquidatable. */
import { COMMAND, MARKET_PARAMETERS, SET_MARKET_PARAMETER, SET_RULE } from '../engine/command.ts';
import { RULE, RULES } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import type { CommandSource } from './authority/command-source.ts';
import type { Known } from './known.ts';
import { type Change, movesMargins, newlyLiquidatable } from './parameter-impact.ts';
import { unfitParameter, unfitRule } from './parameter-lint.ts';
import type { Check } from './verdict.ts';

/** So many of the accounts that a change would make liquidatable are named. */
const NAMED = 5;

interface JudgedChange {
  readonly market: number;
  readonly check: Check | undefined;
}

const FIT: JudgedChange = { market: 0, check: undefined };

export class ParameterScreen {
  private readonly known: Known;
  private state!: State;
  /** True while the venue has no market: nobody can hold anything, and its rules are being made. */
  private isFounding = false;

  constructor(known: Known) {
    this.known = known;
  }

  /** A batch begins. */
  begin(state: State): void {
    this.state = state;
    this.isFounding = state.market.rows <= 1;
  }

  /** Judges the command at a row; what changes no rule, parameter or market passes. */
  judge(i32: Int32Array, f64: Float64Array, row: number, source: CommandSource): JudgedChange {
    switch (i32[row * 16]) {
      case COMMAND.setRule:
        return { market: 0, check: this.rule(i32, f64, row, source) };
      case COMMAND.setMarketParameter:
        return this.parameter(i32, f64, row, source);
      case COMMAND.defineMarket:
        return { market: 0, check: this.market(f64, row) };
      default:
        return FIT;
    }
  }

  private rule(i32: Int32Array, f64: Float64Array, row: number, source: CommandSource): Check | undefined {
    const number = i32[row * 16 + SET_RULE.RULE] as number;
    const value = f64[row * 8 + SET_RULE.VALUE] as number;
    if (RULES[number] === undefined) return undefined;
    const isFree = this.isFounding || this.isAnnounced(source);
    const rule = (of: number): number => Number(this.known.rule(of));
    const unfit = unfitRule(number, rule, value, this.isFounding || source.kind === 'act', isFree);
    return unfit ?? this.impact({ kind: 'rule', number, value }, `rule ${RULES[number]?.name}`, source);
  }

  private parameter(i32: Int32Array, f64: Float64Array, row: number, source: CommandSource): JudgedChange {
    const market = i32[row * 16 + SET_MARKET_PARAMETER.MARKET] as number;
    const number = i32[row * 16 + SET_MARKET_PARAMETER.PARAMETER] as number;
    const value = f64[row * 8 + SET_MARKET_PARAMETER.VALUE] as number;
    if (!(market >= 1 && market < this.known.image.market.rows) || MARKET_PARAMETERS[number] === undefined) return FIT;
    const about = `market ${market}`;
    const before = Number(this.known.parameter(market, number));
    const unfit = unfitParameter(number, before, value, about, this.isAnnounced(source));
    const change = { kind: 'parameter', market, number, value } as const;
    return { market, check: unfit ?? this.impact(change, `${about} ${MARKET_PARAMETERS[number]}`, source) };
  }

  private market(f64: Float64Array, row: number): Check | undefined {
    for (let number = 0; number < MARKET_PARAMETERS.length; number++) {
      const value = f64[(row + 1) * 8 + number] as number;
      const check = unfitParameter(number, undefined, value, 'new market', false);
      if (check !== undefined) return check;
    }
    return undefined;
  }

  /** True when an act announced it so long ago as the rule asks. */
  private isAnnounced(source: CommandSource): boolean {
    if (source.kind !== 'act' || source.announcedMs === undefined) return false;
    const { f64 } = this.state.venue;
    return (f64[64 + VENUE.TIME_MS] as number) - source.announcedMs >= Number(this.known.rule(RULE.guard_notice));
  }

  /** Whom a change that is otherwise fit would make liquidatable. */
  private impact(change: Change, about: string, source: CommandSource): Check | undefined {
    if (!movesMargins(change) || this.isAnnounced(source)) return undefined;
    const accounts = newlyLiquidatable(this.known, this.state, change);
    if (accounts.length === 0) return undefined;
    const named = accounts.slice(0, NAMED).join(', ');
    const found = `${accounts.length} accounts more could be liquidated: ${named}${accounts.length > NAMED ? ', …' : ''}`;
    return { class: 'II', name: 'parameter_impact', about, holds: false, found, expected: 'none without notice' };
  }
}
