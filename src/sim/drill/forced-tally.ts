/**
 * Forced actions of a run, to be compared with those of the same run in which nothing went wrong. An action is named by what it hits:
 * a liquidation or a settlement by its account, a fired trigger or a forced cancel by its order, if that was there when the two runs
 * parted. An order that only one run has can fire in that one alone: it says nothing.
 */
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../../engine/event.ts';
import { CLOSE } from '../../engine/refusal.ts';

export interface ForcedAction {
  /** Undefined: it hits an order that only this run has. */
  readonly name: string | undefined;
  readonly account: number;
  /** 0 for one that is about no order. */
  readonly order: number;
  /** Value at the mark of what was taken or fired, 1e-8 USDC. */
  readonly notional: number;
}

/** Wrongful ones: those that the other run does not have. Legitimate: the rest. */
export interface Compared {
  readonly wrongful: { readonly count: number; readonly accounts: number; readonly notionalUsd: number };
  readonly legitimate: { readonly count: number };
  /** Accounts hit by a wrongful one, ascending. */
  readonly accounts: readonly number[];
}

export class ForcedTally {
  private all: ForcedAction[] = [];
  /** Orders with an id up to here were there when the runs parted: both name them alike. */
  private readonly isShared: (order: number) => boolean;

  constructor(isShared: (order: number) => boolean = () => false) {
    this.isShared = isShared;
  }

  get count(): number {
    return this.all.length;
  }

  get actions(): readonly ForcedAction[] {
    return this.all;
  }

  /** Those from number `first` on. */
  from(first: number): ForcedTally {
    const tally = new ForcedTally(this.isShared);
    tally.all = this.all.slice(first);
    return tally;
  }

  /** Takes in the events of a batch. */
  take({ values, count }: EventBuffer): void {
    let taken = 0;
    for (let event = 0; event < count; event++) {
      const at = event * EVENT_FLOATS;
      const field = (slot: number): number => values[at + 2 + slot] as number;
      switch (values[at]) {
        case EVENT.positionTaken:
          taken += Math.abs(field(2)) * field(3);
          break;
        case EVENT.liquidated:
          this.all.push({ name: `liquidate ${field(0)}`, account: field(0), order: 0, notional: taken });
          taken = 0;
          break;
        case EVENT.orderTriggered: {
          const [order, account, mark, size] = [field(0), field(1), field(3), field(5)];
          this.all.push({ name: this.nameOf('trigger', order), account, order, notional: size * mark });
          break;
        }
        case EVENT.orderClosed: {
          const [order, account, reason] = [field(0), field(1), field(3)];
          if (reason !== CLOSE.DELEVERAGE && reason !== CLOSE.PRICE_OUTSIDE_BANDS) break;
          this.all.push({ name: this.nameOf('cancel', order), account, order, notional: 0 });
          break;
        }
        case EVENT.positionSettled:
          this.all.push({
            name: `settle ${field(0)} ${field(1)}`,
            account: field(0),
            order: 0,
            notional: field(2) * field(3),
          });
          taken = 0;
          break;
        default:
      }
    }
  }

  private nameOf(what: string, order: number): string | undefined {
    return this.isShared(order) ? `${what} ${order}` : undefined;
  }

  /**
   * Which of these the clean run does not have, as often as it does not have them; `except`: accounts that only this one has trading.
   * What is right all the same says `isRight`.
   */
  against(
    clean: ForcedTally,
    except: readonly number[] = [],
    isRight: (action: ForcedAction) => boolean = () => false,
  ): Compared {
    const left = new Map<string, number>();
    for (const { name } of clean.all) if (name !== undefined) left.set(name, (left.get(name) ?? 0) + 1);
    const accounts = new Set<number>();
    let count = 0;
    let notional = 0;
    const counted = this.all.filter(({ account }) => !except.includes(account));
    for (const action of counted) {
      if (action.name === undefined || isRight(action)) continue;
      const remaining = left.get(action.name) ?? 0;
      if (remaining > 0) {
        left.set(action.name, remaining - 1);
        continue;
      }
      count++;
      notional += Math.abs(action.notional);
      accounts.add(action.account);
    }
    return {
      wrongful: { count, accounts: accounts.size, notionalUsd: usd(notional) },
      legitimate: { count: counted.length - count },
      accounts: [...accounts].sort((a, b) => a - b),
    };
  }
}

/** 1e-8 USDC as USD, to the cent. */
export function usd(units: number): number {
  return Math.round(units / 1e6) / 100;
}
