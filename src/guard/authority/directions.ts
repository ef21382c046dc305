/**
 * Which way an administrator's commands go: do they stop more than what is in force, or less? Commands are judged in turn, each against
 * what those before it make; a setting that the engine then refuses counts as made, which can only ask for more keys.
 */
import { COMMAND, SET_RULE, SET_STATUS } from '../../engine/command.ts';
import { pausedByStatus, STATUS } from '../../engine/status.ts';
import { isGuardLimit, isTightening } from './guard-limits.ts';

/** What is in force, as history made it. */
export interface Standing {
  status(market: number): StatusSetting;
  rule(number: number): number;
}

/** Status of a market, or (0) of the venue, and the bits of what is paused besides. */
export interface StatusSetting {
  readonly status: number;
  readonly paused: number;
}

export interface Direction {
  readonly of: 'status' | 'guard_limit' | 'remedy' | 'other';
  /** Market of a status, 0 for the venue and for all else. */
  readonly market: number;
  /** The status that is set, undefined of all else. */
  readonly setting: StatusSetting | undefined;
  /** It stops less, or cannot be said to stop more. */
  readonly loosens: boolean;
}

const WORDS = 16;
const FLOATS = 8;

export class Directions {
  private readonly standing: Standing;
  private readonly statuses = new Map<number, StatusSetting>();
  private readonly rules = new Map<number, number>();

  constructor(standing: Standing) {
    this.standing = standing;
  }

  /** The direction of the command at a row, undefined when it is none of an administrator. */
  next(words: Int32Array, floats: Float64Array, row: number): Direction | undefined {
    switch (words[row * WORDS]) {
      case COMMAND.setStatus:
        return this.status(words, row * WORDS);
      case COMMAND.setRule:
        return this.rule(words[row * WORDS + SET_RULE.RULE] as number, floats[row * FLOATS + SET_RULE.VALUE] as number);
      case COMMAND.setMarketParameter:
      case COMMAND.defineMarket:
        return OTHER;
      case COMMAND.cancelForFork:
      case COMMAND.carryWithdrawal:
      case COMMAND.reverseCredit:
      case COMMAND.reserveRefund:
      case COMMAND.postRefund:
      case COMMAND.voidRefund:
        return REMEDY;
      default:
        return undefined;
    }
  }

  private status(words: Int32Array, at: number): Direction {
    const market = words[at + SET_STATUS.MARKET] as number;
    const after = { status: words[at + SET_STATUS.STATUS] as number, paused: words[at + SET_STATUS.PAUSED] as number };
    const before = this.statuses.get(market) ?? this.standing.status(market);
    this.statuses.set(market, after);
    // It closes positions for good: no stop, and no rung.
    if (after.status === STATUS.SETTLEMENT) return OTHER;
    return { of: 'status', market, setting: after, loosens: !isStop(before, after) };
  }

  private rule(number: number, value: number): Direction {
    if (!isGuardLimit(number)) return OTHER;
    const before = this.rules.get(number) ?? this.standing.rule(number);
    this.rules.set(number, value);
    return { of: 'guard_limit', market: 0, setting: undefined, loosens: !isTightening(number, before, value) };
  }
}

const REMEDY: Direction = { of: 'remedy', market: 0, setting: undefined, loosens: true };
const OTHER: Direction = { of: 'other', market: 0, setting: undefined, loosens: true };

/** True when the second setting stops all that the first does. */
export function isStop(before: StatusSetting, after: StatusSetting): boolean {
  return after.status >= before.status && (pausedBy(before) & ~pausedBy(after)) === 0;
}

/** All operations that a setting pauses. A status that there is not pauses nothing: the engine refuses it. */
function pausedBy({ status, paused }: StatusSetting): number {
  return paused | (pausedByStatus(status) ?? 0);
}
