/**
 * What a correction changes of each account's equity − initial margin, and whether any decision about it comes out otherwise for that.
 * The difference stands still between two changes of the account in the part that is executed, so all decisions of that time are checked
 * against one number, along the account's posting list.
 */
import { computeMargin, Margin } from '../engine/margin.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { staysDecided } from './decision-slack.ts';
import type { TouchIndex } from './touch-index.ts';

const there = new Margin();
const here = new Margin();

export class AccountDifferences {
  /** By account: what equity − initial margin, and what the balance is more in the other world. */
  readonly difference: Float64Array;
  readonly balance: Float64Array;
  private readonly index: TouchIndex;
  /** First command that has not been checked against the difference as it is. */
  private readonly since: Int32Array;
  /** How many of the account's decisions lie before that. */
  private readonly passed: Int32Array;
  /** 1 where the difference is that of an earlier tick. */
  private readonly isPutOff: Uint8Array;
  /** Is told an account of which a decision may come out otherwise, and the command. */
  private readonly onFlip: (account: number, command: number) => void;
  /** Whether the part itself decides the command, so that no slack is asked. */
  private readonly isDecided: (account: number, command: number) => boolean;

  constructor(
    index: TouchIndex,
    isDecided: (account: number, command: number) => boolean,
    onFlip: (account: number, command: number) => void,
  ) {
    const accounts = index.end.account.rows;
    this.index = index;
    this.isDecided = isDecided;
    this.onFlip = onFlip;
    this.difference = new Float64Array(accounts);
    this.balance = new Float64Array(accounts);
    this.since = new Int32Array(accounts);
    this.passed = new Int32Array(accounts);
    this.isPutOff = new Uint8Array(accounts);
  }

  /** Checks the account's decisions up to and with `command` against its difference as it is. */
  check(account: number, command: number): void {
    const from = this.since[account] as number;
    this.since[account] = command + 1;
    // Nothing was decided since it was put off.
    if (this.isPutOff[account] === 1) return;
    const difference = this.difference[account] as number;
    const balance = this.balance[account] as number;
    if (difference === 0 && balance === 0) return;
    const { decisions } = this.index;
    const end = decisions.starts[account + 1] as number;
    for (let place = this.firstFrom(account, from); place < end; place++) {
      const number = decisions.command[place] as number;
      if (number > command) return;
      const [slack, claim] = [decisions.slack[place] as number, decisions.claim[place] as number];
      if (staysDecided(slack, claim, difference, balance) || this.isDecided(account, number)) continue;
      this.onFlip(account, number);
      return;
    }
  }

  /**
   * Puts off taking the difference anew behind a tick, if nothing of the account is decided before command `next`: until then nobody asks.
   * False where something is.
   */
  putOff(account: number, tick: number, next: number): boolean {
    this.check(account, tick);
    const place = this.firstFrom(account, tick + 1);
    const { starts, command } = this.index.decisions;
    if (place < (starts[account + 1] as number) && (command[place] as number) <= next) return false;
    this.isPutOff[account] = 1;
    return true;
  }

  /** Takes the difference anew from both parts, in force after `command`. */
  update(account: number, command: number, actual: State, other: State): void {
    this.check(account, command);
    this.isPutOff[account] = 0;
    computeMargin(other, account, there);
    computeMargin(actual, account, here);
    there.equity.subtractWide(there.initial).addWide(here.initial).subtractWide(here.equity);
    this.difference[account] = there.equity.toNumber();
    this.balance[account] = balanceDifference(actual, other, account);
  }

  /** Place of the decision of one command of an account, not checked yet, among all decisions; −1 where there is none. */
  decisionAt(account: number, command: number): number {
    const { starts, command: numbers } = this.index.decisions;
    const end = starts[account + 1] as number;
    let place = this.firstFrom(account, this.since[account] as number);
    while (place < end && (numbers[place] as number) < command) place++;
    return place < end && numbers[place] === command ? place : -1;
  }

  /** The account's first decision from `command` on, which never falls from call to call. */
  private firstFrom(account: number, command: number): number {
    const { starts, command: numbers } = this.index.decisions;
    const end = starts[account + 1] as number;
    let place = (starts[account] as number) + (this.passed[account] as number);
    while (place < end && (numbers[place] as number) < command) place++;
    this.passed[account] = place - (starts[account] as number);
    return place;
  }
}

function balanceDifference(actual: State, other: State, account: number): number {
  const at = account * 8;
  const high = ACCOUNT.BALANCE_HIGH;
  const low = ACCOUNT.BALANCE_LOW;
  const [a, b] = [actual.account.f64, other.account.f64];
  return (
    ((b[at + high] as number) - (a[at + high] as number)) * 2 ** 50 +
    ((b[at + low] as number) - (a[at + low] as number))
  );
}
