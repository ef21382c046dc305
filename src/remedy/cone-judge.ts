/**
 * What in a pass depends on more than the part that is executed: decisions about the margin of accounts that also stand elsewhere, health
 * checks, losses. Each must follow from the slack that was noted; an account of which it does not joins the part.
 */
import { COMMAND, COMMAND_BYTES, PLACE_BATCH, SET_LEVERAGE } from '../engine/command.ts';
import { FEE_ACCOUNT, INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';
import { AccountDifferences } from './cone-accounts.ts';
import type { PlacedDeviation } from './cone-deviations.ts';
import type { ConePlan, Part } from './cone-plan.ts';
import { amendedOrder, placedOrder } from './decision-recorder.ts';
import { type JudgedOrder, orderClaim, REFUSED, staysDecided } from './decision-slack.ts';
import { debtOf } from './health-record.ts';
import { type HealthCheck, type TouchIndex, TOUCHES } from './touch-index.ts';

const WORDS = COMMAND_BYTES / 4;

/** Whose margin a command asks for, and at most how much of it. */
export interface Asked {
  readonly account: number;
  readonly claim: number;
}

export class ConeJudge {
  readonly differences: AccountDifferences;
  /** Accounts of which a decision may come out otherwise, and markets in which. */
  readonly joined = new Set<number>();
  readonly joinedMarkets = new Set<number>();
  /** Accounts that any command told something else of. */
  readonly flagged = new Set<number>();
  beyond: string | undefined;
  private readonly index: TouchIndex;
  private readonly plan: ConePlan;
  private readonly part: Part;
  private readonly actual: State;
  private readonly other: State;
  private readonly isIn: Uint8Array;
  /** Marks or funding indexes differ, so every account with a position in the part does. */
  private isApart = false;
  private wasApart = false;
  /** Parameters differ: no price shows it. */
  private isAlwaysApart = false;
  /** An account that joins if the command that is applied turns out otherwise. */
  private doubted = 0;
  private nextHealth = 0;
  private nextTick = 0;

  constructor(index: TouchIndex, plan: ConePlan, part: Part, actual: State, other: State) {
    this.index = index;
    this.plan = plan;
    this.part = part;
    this.actual = actual;
    this.other = other;
    this.isIn = new Uint8Array(index.end.market.rows);
    for (const market of part.markets) this.isIn[market] = 1;
    this.differences = new AccountDifferences(
      index,
      (account, command) => this.isDecidedHere(account, command),
      (account, command) => this.flip(account, command),
    );
  }

  /** True while no price or funding index of the part differs. */
  get arePricesSame(): boolean {
    return !this.isApart;
  }

  private isMixed(account: number): boolean {
    return this.part.isMixed[account] === 1;
  }

  private isDecidedHere(account: number, command: number): boolean {
    if (this.isMixed(account)) return false;
    const touched = this.index.touched.at(command);
    return touched === TOUCHES.FORCED || touched === TOUCHES.MONEY || (touched > 0 && this.isIn[touched] === 1);
  }

  private flip(account: number, command: number): void {
    this.joined.add(account);
    const touched = this.index.touched.at(command);
    if (touched > 0) this.joinedMarkets.add(touched);
  }

  /**
   * Whether an account that also stands elsewhere gets in the other world what it asks for here, as far as its margin goes: false where
   * it is refused as it was. Where the slack that it had does not say, it joins.
   */
  mayAsk(number: number, asked: Asked | undefined, kind: number): boolean {
    if (asked === undefined || !this.isMixed(asked.account)) return true;
    const { account, claim } = asked;
    const place = this.differences.decisionAt(account, number);
    this.differences.check(account, number - 1);
    const slack = place < 0 ? Number.NaN : (this.index.decisions.slack[place] as number);
    if (this.isAsItWas(account) && !this.plan.corrected.has(number)) return slack !== REFUSED;
    if (place < 0) {
      // It was refused for something else: if that holds here too, its margin does not matter.
      if (claim !== 0) this.doubted = account;
      return true;
    }
    const difference = this.differences.difference[account] as number;
    const isSafe = kind !== COMMAND.setLeverage && staysDecided(slack, claim, difference, difference);
    if (slack === REFUSED || !isSafe) this.joined.add(account);
    return slack !== REFUSED;
  }

  /** A corrected command is another account's than the one that it stands for: what was decided says nothing of it. */
  askedByAnother(asked: Asked | undefined): void {
    if (asked !== undefined && this.isMixed(asked.account)) this.joined.add(asked.account);
  }

  /** An order of an account that also stands elsewhere fires: that it may trade must follow from the slack it had when it fired. */
  mayFire(tick: number, order: JudgedOrder | undefined): void {
    if (order === undefined || !this.isMixed(order.account)) return;
    const { account } = order;
    const claim = orderClaim(this.other, order);
    this.update(account, tick);
    if (claim === 0 || this.isAsItWas(account)) return;
    const difference = this.differences.difference[account] as number;
    const slack = this.leastSlackBehind(tick, account);
    if (slack === undefined || !staysDecided(slack, claim, difference, difference)) this.joined.add(account);
  }

  /** The least slack of an account's decisions among what was forced behind a tick. */
  private leastSlackBehind(tick: number, account: number): number | undefined {
    let least: number | undefined;
    for (let number = tick + 1; number < this.index.commands; number++) {
      if (this.index.touched.at(number) !== TOUCHES.FORCED) break;
      const place = this.differences.decisionAt(account, number);
      if (place < 0) continue;
      const slack = this.index.decisions.slack[place] as number;
      least = least === undefined ? slack : Math.min(least, slack);
    }
    return least;
  }

  /** Neither its rows here, nor a price that it is valued at, nor its money differs. */
  private isAsItWas(account: number): boolean {
    const { difference, balance } = this.differences;
    return difference[account] === 0 && balance[account] === 0 && !this.isApart && !this.flagged.has(account);
  }

  /** Takes note of a command: of whom it told, and whether the same in both parts. */
  note(number: number, named: ReadonlySet<number>, isSame: boolean): void {
    if (this.doubted !== 0) {
      if (!isSame) this.joined.add(this.doubted);
      this.doubted = 0;
    }
    for (const account of named) {
      if (!isSame) this.flagged.add(account);
      if (!isSame || this.isApart || this.flagged.has(account)) this.update(account, number);
    }
  }

  private update(account: number, number: number): void {
    if (account > FEE_ACCOUNT) this.differences.update(account, number, this.actual, this.other);
  }

  /** The account's positions must all be in the part, or the pass says nothing. */
  mustBeWhole(account: number): void {
    if (this.isMixed(account)) this.joined.add(account);
    else if (account === INSURANCE_FUND && holdsElsewhere(this.index.end, account, this.isIn)) this.joined.add(account);
  }

  /** To be called when a tick was applied to both parts, before anything is forced. */
  startTick(): void {
    this.wasApart = this.isApart;
    this.lookAtPrices();
  }

  private lookAtPrices(): void {
    this.isApart =
      this.isAlwaysApart || this.part.markets.some((market) => arePricesApart(this.actual, this.other, market));
  }

  /** To be called when something was written into the actual part: what it changes of accounts is in force from the next command on. */
  deviated({ before, accounts, isBeyondPrices }: PlacedDeviation): void {
    if (isBeyondPrices) this.isAlwaysApart = true;
    for (const account of accounts) this.flagged.add(account);
    this.lookAtPrices();
    if (this.isApart) for (const account of this.part.accounts) this.update(account, before - 1);
    for (const account of this.flagged) this.update(account, before - 1);
  }

  /** To be called behind what was forced. */
  endTick(number: number): void {
    const { index, part } = this;
    while ((index.ticks[this.nextTick] ?? index.commands) <= number) this.nextTick++;
    const next = index.ticks[this.nextTick] ?? index.commands;
    let check = index.health[this.nextHealth];
    while (check !== undefined && check.command < number) check = index.health[++this.nextHealth];
    const isChecked = check?.command === number;
    if (this.isApart || this.wasApart) {
      for (const account of part.accounts) {
        if (isChecked || !this.putOff(account, number, next)) this.update(account, number);
      }
    }
    for (const account of this.flagged) this.update(account, number);
    if (check !== undefined && isChecked) this.checkHealth(check);
  }

  /** Only what is decided elsewhere, and not by the part itself, can wait. */
  private putOff(account: number, tick: number, next: number): boolean {
    return account > FEE_ACCOUNT && !this.flagged.has(account) && this.differences.putOff(account, tick, next);
  }

  private checkHealth({ slack, bankruptcy, fund }: HealthCheck): void {
    const { actual, other, part } = this;
    let debt = bankruptcy;
    const look = (account: number): void => {
      if (account <= FEE_ACCOUNT || account >= slack.length) return;
      if (this.isMixed(account)) this.checkMixed(account, slack[account] as number);
      else if (this.isApart || this.flagged.has(account)) debt += debtOf(other, account) - debtOf(actual, account);
    };
    for (const account of part.accounts) look(account);
    for (const account of this.flagged) if (!part.isOf(account)) look(account);
    const at = INSURANCE_FUND * 8 + ACCOUNT.BALANCE_HIGH;
    const left = fund + wide(other.account.f64, at) - wide(actual.account.f64, at);
    if (debt > 0n && debt > left) this.beyond = 'a loss that is shared out';
  }

  /** An account that is acted upon in either world, or may be, joins if the part has anything to do with it. */
  private checkMixed(account: number, slack: number): void {
    const { difference, balance } = this.differences;
    const more = difference[account] as number;
    const isTouched = more !== 0 || balance[account] !== 0;
    if (slack >= 0 && (!isTouched || staysDecided(slack, 1, more, more))) return;
    if (isTouched || stands(this.actual, account) || stands(this.other, account)) this.joined.add(account);
  }

  /** Checks all that was decided up to the window's end. */
  finish(): void {
    for (const account of this.part.accounts) this.differences.check(account, this.index.commands);
    for (const account of this.flagged) this.differences.check(account, this.index.commands);
    if (this.isApart) for (const account of this.part.accounts) this.update(account, this.index.commands);
  }
}

/** Whose margin the command at a row asks for in a state; undefined where nobody's is asked for. */
export function askedIn(state: State, words: Int32Array, floats: Float64Array, row: number): Asked | undefined {
  const kind = words[row * WORDS];
  if (kind === COMMAND.placeOrder) return claimOf(state, placedOrder(state, words, row));
  if (kind === COMMAND.amendOrder) return claimOf(state, amendedOrder(state, words, floats, row));
  if (kind === COMMAND.setLeverage) return { account: words[row * WORDS + SET_LEVERAGE.ACCOUNT] as number, claim: 1 };
  return kind === COMMAND.placeBatch ? askedByBatch(state, words, row) : undefined;
}

function claimOf(state: State, order: JudgedOrder | undefined): Asked | undefined {
  return order === undefined ? undefined : { account: order.account, claim: orderClaim(state, order) };
}

function askedByBatch(state: State, words: Int32Array, first: number): Asked | undefined {
  const end = first + (words[first * WORDS + 1] as number);
  let claim = 0;
  for (let row = first + 1; row < end; row += Math.max(1, words[row * WORDS + 1] as number)) {
    const order = placedOrder(state, words, row);
    if (order !== undefined) claim += orderClaim(state, order, false);
  }
  return claim === 0 ? undefined : { account: words[first * WORDS + PLACE_BATCH.ACCOUNT] as number, claim };
}

/** True when an account has a position, if an empty one, in a market that is not in the part. */
function holdsElsewhere({ account, position }: State, row: number, isIn: Uint8Array): boolean {
  let at = account.i32[row * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; at !== 0; at = position.i32[at * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    if (isIn[position.i32[at * 32 + POSITION.MARKET] as number] === 0) return true;
  }
  return false;
}

function arePricesApart(actual: State, other: State, market: number): boolean {
  const [a, b] = [actual.market.f64, other.market.f64];
  const at = market * 128;
  return a[at + MARKET.MARK] !== b[at + MARKET.MARK] || a[at + MARKET.FUNDING_INDEX] !== b[at + MARKET.FUNDING_INDEX];
}

/** True when an account holds anything here, or has an open order. */
function stands({ account, position }: State, row: number): boolean {
  let at = account.i32[row * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; at !== 0; at = position.i32[at * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    if (position.f64[at * 16 + POSITION.SIZE] !== 0 || position.i32[at * 32 + POSITION.ORDER_COUNT] !== 0) return true;
  }
  return false;
}
