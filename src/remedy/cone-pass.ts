/**
 * One pass over the part of the worlds that a correction can have changed, in lockstep: as it was and as it would have been, with the real
 * engine. Everything outside of the part is taken as it was; for each decision there on which the part bears, its slack must show that
 * it stays (`cone-accounts.ts`). Where it does not, the account joins the part, and the pass is made again with more markets.
 */
import { applyCommand } from '../engine/apply.ts';
import {
  COMMAND,
  COMMAND_BYTES,
  DEPOSIT,
  FIRE_TRIGGER,
  PLACE_BATCH,
  SET_LEVERAGE,
  SETTLE_WITHDRAWAL,
  TRANSFER,
} from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { REFUSAL } from '../engine/refusal.ts';
import { FEE_ACCOUNT, INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT, MARKET, POSITION, VENUE, WITHDRAWAL } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';
import { appendForced } from '../guard/forced-command.ts';
import { AccountDifferences } from './cone-accounts.ts';
import { forEachAccount, isRefusal, toldSame } from './cone-events.ts';
import { ConeNames } from './cone-names.ts';
import type { ConePlan, Part } from './cone-plan.ts';
import { partOf } from './cone-world.ts';
import { isSamePart } from './cone-same.ts';
import type { CorrectedSeries } from './correction-series.ts';
import { correctedSample } from './correction-series.ts';
import { amendedOrder, placedOrder, waitingOrder } from './decision-recorder.ts';
import { type JudgedOrder, orderClaim, REFUSED, staysDecided } from './decision-slack.ts';
import { type HeldAction, isHeld } from './held-actions.ts';
import { debtOf } from './health-record.ts';
import { type TouchIndex, TOUCHES } from './touch-index.ts';

const WORDS = COMMAND_BYTES / 4;
const NOTHING_HELD: readonly HeldAction[] = [];
const NO_NAMES: ReadonlyMap<number, number> = new Map();

/** What a pass found. */
export interface PassResult {
  readonly actual: State;
  readonly other: State;
  readonly names: ReadonlyMap<number, number>;
  /** Accounts of which a decision may come out otherwise, and markets in which: the pass says nothing unless there are none. */
  readonly joined: ReadonlySet<number>;
  readonly joinedMarkets: ReadonlySet<number>;
  /** Commands that were executed in both parts, and those that told something else in one than in the other. */
  readonly executed: number;
  readonly differing: number;
  /** Command behind which both parts were the same again, but for money that was moved; the window's end where they never were. */
  readonly until: number;
  readonly differences: AccountDifferences;
  /** The command that made each position that the other part has since the start. */
  readonly madeInOther: ReadonlyMap<number, number>;
  readonly beyond: string | undefined;
}

/** Is shown what each command told in either part; the events are valid during the call. */
export type ConeObserver = (world: 'actual' | 'other', state: State) => void;

export class ConePass {
  private readonly index: TouchIndex;
  private readonly plan: ConePlan;
  private readonly part: Part;
  private readonly series: readonly CorrectedSeries[];
  private readonly actual: State;
  private readonly other: State;
  private readonly names: ConeNames;
  private readonly differences: AccountDifferences;
  private readonly observe: ConeObserver | undefined;
  private readonly isIn: Uint8Array;
  private readonly joined = new Set<number>();
  private readonly joinedMarkets = new Set<number>();
  private readonly flagged = new Set<number>();
  private readonly named = new Set<number>();
  private readonly forced = new CommandBuffer(64);
  private readonly madeInOther = new Map<number, number>();
  private scratch = new Uint8Array(COMMAND_BYTES * 64);
  private madeRows: number;
  private executed = 0;
  private differing = 0;
  private ticks = 0;
  private nextComparison = 1;
  private nextHealth = 0;
  /** Marks or funding indexes differ, so every account with a position in the part does. */
  private isApart = false;
  /** An account that joins if the command that is applied turns out otherwise. */
  private doubted = 0;
  private beyond: string | undefined;

  constructor(
    index: TouchIndex,
    plan: ConePlan,
    part: Part,
    series: readonly CorrectedSeries[],
    observe: ConeObserver | undefined,
  ) {
    this.index = index;
    this.plan = plan;
    this.part = part;
    this.series = series;
    this.observe = observe;
    this.actual = partOf(index, part.markets, part.isMixed);
    this.other = partOf(index, part.markets, part.isMixed);
    this.names = new ConeNames(index);
    this.madeRows = index.start.position.rows;
    this.isIn = new Uint8Array(index.end.market.rows);
    for (const market of part.markets) this.isIn[market] = 1;
    this.differences = new AccountDifferences(
      index,
      (account, command) => this.isDecidedHere(account, command),
      (account, command) => this.flip(account, command),
    );
  }

  /** Makes the pass. Stops early when it is clear that it says nothing. */
  run(): PassResult {
    const { index, part } = this;
    let until = index.commands;
    for (const number of commandsOf(index, part.markets)) {
      this.take(number);
      if (this.beyond !== undefined || this.joined.size > 0) break;
      if (!this.isSameAgain(number)) continue;
      until = number;
      break;
    }
    for (const account of part.accounts) this.differences.check(account, index.commands);
    for (const account of this.flagged) this.differences.check(account, index.commands);
    return {
      actual: this.actual,
      other: this.other,
      names: this.names.renamed,
      joined: this.joined,
      joinedMarkets: this.joinedMarkets,
      executed: this.executed,
      differing: this.differing,
      until,
      differences: this.differences,
      madeInOther: this.madeInOther,
      beyond: this.beyond,
    };
  }

  private isDecidedHere(account: number, command: number): boolean {
    if (this.part.isMixed[account] === 1) return false;
    const touched = this.index.touched.at(command);
    return touched === TOUCHES.FORCED || touched === TOUCHES.MONEY || (touched > 0 && this.isIn[touched] === 1);
  }

  private flip(account: number, command: number): void {
    this.joined.add(account);
    const touched = this.index.touched.at(command);
    if (touched > 0) this.joinedMarkets.add(touched);
  }

  private take(number: number): void {
    const { index } = this;
    const chunk = index.chunks[index.chunkOf.at(number)] as { words: Int32Array; floats: Float64Array };
    const row = index.rowOf.at(number);
    const kind = chunk.words[row * WORDS] as number;
    const refusal = index.refusal.at(number);
    if (refusal === REFUSAL.time_runs_backwards) return;
    if (index.touched.at(number) === TOUCHES.MONEY && !this.isMoneyHere(kind, chunk.words, chunk.floats, row)) return;
    const corrected = this.correctionOf(number, chunk.words, chunk.floats, row);
    this.executed++;
    const ids = this.names.givenBy(number);
    const { actual, other } = this;
    actual.events.clear();
    other.events.clear();
    if (refusal === 0) this.applyTo(actual, chunk.words, chunk.floats, row, kind, number, ids);
    if (corrected === undefined) this.giveAsAsked(number, kind, chunk.words, row, ids);
    else for (const bytes of corrected) this.giveCorrected(number, bytes, ids, chunk, row);
    this.names.learn(ids, other);
    if (kind === COMMAND.tick && refusal === 0) this.force(number);
    const { position } = other;
    for (; this.madeRows < position.rows; this.madeRows++) this.madeInOther.set(this.madeRows, number);
    this.observe?.('actual', actual);
    this.observe?.('other', other);
    this.compare(number, kind);
    if (kind === COMMAND.tick) this.afterTick(number);
  }

  private applyTo(
    state: State,
    words: Int32Array,
    floats: Float64Array,
    row: number,
    kind: number,
    number: number,
    ids: readonly number[],
  ): void {
    this.names.offer(state, ids);
    if (kind === COMMAND.requestWithdrawal) this.names.offerWithdrawal(state, number);
    applyCommand(state, words, floats, row, row + (words[row * WORDS + 1] as number));
  }

  /** Asks the other part for what was asked for: a copy, since names in it may be others. */
  private giveAsAsked(number: number, kind: number, from: Int32Array, row: number, ids: readonly number[]): void {
    const rows = from[row * WORDS + 1] as number;
    const bytes = rows * COMMAND_BYTES;
    if (this.scratch.length < bytes) this.scratch = new Uint8Array(bytes * 2);
    this.scratch.set(new Uint8Array(from.buffer, row * COMMAND_BYTES, bytes));
    const words = new Int32Array(this.scratch.buffer, 0, bytes / 4);
    const floats = new Float64Array(this.scratch.buffer, 0, bytes / 8);
    this.names.rename(words, floats);
    if (!this.mayAsk(number, askedIn(this.other, words, floats), kind)) return;
    this.applyTo(this.other, words, floats, 0, kind, number, ids);
  }

  private giveCorrected(
    number: number,
    rows: Uint8Array,
    ids: readonly number[],
    chunk: { readonly words: Int32Array; readonly floats: Float64Array },
    row: number,
  ): void {
    const bytes = rows.slice();
    const [words, floats] = [new Int32Array(bytes.buffer), new Float64Array(bytes.buffer)];
    this.names.rename(words, floats);
    const kind = words[0] as number;
    const asked = askedIn(this.other, words, floats);
    // What stood there was somebody else's decision: it says nothing of this account.
    const isOwn = chunk.words[row * WORDS + DEPOSIT.ACCOUNT] === asked?.account;
    if (asked !== undefined && !isOwn && this.part.isMixed[asked.account] === 1) this.joined.add(asked.account);
    if (!this.mayAsk(number, asked, kind)) return;
    this.applyTo(this.other, words, floats, 0, kind, number, ids);
  }

  /**
   * Whether an account that also stands elsewhere gets in the other world what it asks for here, as far as its margin goes: false where
   * it is refused as it was. Where the slack that it had does not say, it joins.
   */
  private mayAsk(number: number, asked: Asked | undefined, kind: number): boolean {
    if (asked === undefined || this.part.isMixed[asked.account] !== 1) return true;
    const { account, claim } = asked;
    const place = this.differences.decisionAt(account, number);
    this.differences.check(account, number - 1);
    const difference = this.differences.difference[account] as number;
    const isLike = difference === 0 && !this.isApart && !this.flagged.has(account) && !this.plan.corrected.has(number);
    const slack = place < 0 ? Number.NaN : (this.index.decisions.slack[place] as number);
    if (isLike) return slack !== REFUSED;
    if (place < 0) {
      // It was refused for something else: if that holds here too, its margin does not matter.
      if (claim !== 0) this.doubted = account;
      return true;
    }
    const isSafe = kind !== COMMAND.setLeverage && staysDecided(slack, claim, difference, difference);
    if (slack === REFUSED || !isSafe) this.joined.add(account);
    return slack !== REFUSED;
  }

  private correctionOf(
    number: number,
    words: Int32Array,
    floats: Float64Array,
    row: number,
  ): readonly Uint8Array[] | undefined {
    const replaced = this.plan.corrected.get(number);
    if (replaced !== undefined || this.series.length === 0) return replaced;
    const sample = correctedSample(this.series, words, floats, row);
    return sample === undefined ? undefined : sample === null ? [] : [sample];
  }

  /** Money moves here only where the account of it stands here alone; a balance elsewhere is no part of this. */
  private isMoneyHere(kind: number, words: Int32Array, floats: Float64Array, row: number): boolean {
    const { isMixed } = this.part;
    const account = words[row * WORDS + DEPOSIT.ACCOUNT] as number;
    if (kind === COMMAND.transfer)
      return isMixed[account] !== 1 || isMixed[words[row * WORDS + TRANSFER.TO] as number] !== 1;
    if (kind !== COMMAND.settleWithdrawal) return isMixed[account] !== 1;
    const id = floats[row * 8 + SETTLE_WITHDRAWAL.WITHDRAWAL] as number;
    const { withdrawal } = this.actual;
    for (let at = 1; at < withdrawal.rows; at++) {
      const isIt = withdrawal.i32[at * 16 + WITHDRAWAL.STATUS] !== 0 && withdrawal.f64[at * 8 + WITHDRAWAL.ID] === id;
      if (isIt) return isMixed[withdrawal.i32[at * 16 + WITHDRAWAL.ACCOUNT] as number] !== 1;
    }
    return false;
  }

  /** What each part's engine proposes happens there. */
  private force(number: number): void {
    this.forceIn(this.actual, number, false);
    this.forceIn(this.other, number, true);
  }

  private forceIn(state: State, number: number, isOther: boolean): void {
    const { forced } = this;
    forced.clear();
    const timeMs = state.venue.f64[state.venue.rowFloats + VENUE.TIME_MS] as number;
    const proposals = state.events.count;
    for (let event = 0; event < proposals; event++) appendForced(state.events, event, timeMs, forced);
    const held = this.index.held.get(number) ?? NOTHING_HELD;
    const names = isOther ? this.names.renamed : NO_NAMES;
    for (let row = 0; row < forced.rows; row++) {
      if (isHeld(held, forced, row, names)) continue;
      const isFired = forced.i32[row * WORDS] === COMMAND.fireTrigger;
      if (isOther && isFired)
        this.mayFire(number, waitingOrder(state, forced.f64[row * 8 + FIRE_TRIGGER.ORDER] as number));
      state.order.free = 0;
      applyCommand(state, forced.i32, forced.f64, row, row + 1);
    }
  }

  /** An order of an account that also stands elsewhere fires: that it may trade must follow from the slack it had when it fired. */
  private mayFire(tick: number, order: JudgedOrder | undefined): void {
    if (order === undefined || this.part.isMixed[order.account] !== 1) return;
    const { account } = order;
    this.differences.check(account, tick);
    const difference = this.differences.difference[account] as number;
    const claim = orderClaim(this.other, order);
    let place = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let number = tick + 1; number < this.index.commands; number++) {
      if (this.index.touched.at(number) !== TOUCHES.FORCED) break;
      place = this.differences.decisionAt(account, number);
      if (place >= 0) least = Math.min(least, this.index.decisions.slack[place] as number);
    }
    const isSafe = least !== Number.POSITIVE_INFINITY && staysDecided(least, claim, difference, difference);
    const isLike = difference === 0 && !this.isApart && !this.flagged.has(account);
    if (claim !== 0 && !isSafe && !isLike) this.joined.add(account);
  }

  /** Takes note of what the command did differently in the two parts. */
  private compare(number: number, kind: number): void {
    const { actual, other, named, flagged } = this;
    const isRefused = this.index.refusal.at(number) !== 0;
    const isSame = isRefused ? isRefusal(other.events) : toldSame(actual.events, other.events, this.names.renamed);
    if (this.doubted !== 0) {
      if (!isSame) this.joined.add(this.doubted);
      this.doubted = 0;
    }
    named.clear();
    if (!isSame) this.differing++;
    const see = (account: number): void => {
      if (!isSame) flagged.add(account);
      if (!isSame || this.isApart || flagged.has(account)) named.add(account);
    };
    forEachAccount(actual.events, see);
    forEachAccount(other.events, see);
    if (kind === COMMAND.requestWithdrawal || kind === COMMAND.transfer) {
      if (!isSame) this.beyond = 'money that is withdrawn or moved in one world alone';
    }
    for (const account of named) this.update(account, number);
  }

  private update(account: number, number: number): void {
    if (account > FEE_ACCOUNT) this.differences.update(account, number, this.actual, this.other);
  }

  private afterTick(number: number): void {
    const wasApart = this.isApart;
    this.ticks++;
    this.isApart = this.part.markets.some((market) => arePricesApart(this.actual, this.other, market));
    const changed = this.isApart || wasApart ? this.part.accounts : this.flagged;
    for (const account of changed) this.update(account, number);
    const check = this.index.health[this.nextHealth];
    if (check === undefined || check.command > number) return;
    this.nextHealth++;
    if (check.command === number) this.checkHealth(check.slack, check.bankruptcy, check.fund);
  }

  private checkHealth(slack: Float64Array, bankruptcy: bigint, fund: bigint): void {
    const { actual, other, part, differences } = this;
    let debt = bankruptcy;
    for (const account of part.accounts) {
      if (account <= FEE_ACCOUNT || account >= slack.length) continue;
      if (part.isMixed[account] !== 1) {
        if (this.isApart || this.flagged.has(account)) debt += debtOf(other, account) - debtOf(actual, account);
        continue;
      }
      const own = slack[account] as number;
      const difference = differences.difference[account] as number;
      const isFar = own >= 0 && (difference === 0 || staysDecided(own, 1, difference, difference));
      if (!isFar && (stands(actual, account) || stands(other, account))) this.joined.add(account);
    }
    const at = INSURANCE_FUND * 8 + ACCOUNT.BALANCE_HIGH;
    const left = fund + wide(other.account.f64, at) - wide(actual.account.f64, at);
    if (debt > 0n && debt > left) this.beyond = 'a loss that is shared out';
  }

  /** True when nothing differs any more but balances; looked at ever more rarely. */
  private isSameAgain(number: number): boolean {
    const { index, plan } = this;
    const kind = (index.chunks[index.chunkOf.at(number)] as { words: Int32Array }).words[
      index.rowOf.at(number) * WORDS
    ];
    if (kind !== COMMAND.tick || this.isApart || number <= plan.last || this.names.renamed.size > 0) return false;
    if (this.ticks < this.nextComparison) return false;
    this.nextComparison = this.ticks * 2;
    return isSamePart(this.actual, this.other, this.part);
  }
}

/** Whose margin a command asks for, and at most how much of it. */
interface Asked {
  readonly account: number;
  readonly claim: number;
}

function askedIn(state: State, words: Int32Array, floats: Float64Array): Asked | undefined {
  if (words[0] === COMMAND.setLeverage) return { account: words[SET_LEVERAGE.ACCOUNT] as number, claim: 1 };
  if (words[0] === COMMAND.placeBatch) return askedByBatch(state, words);
  const order = words[0] === COMMAND.amendOrder ? amendedOrder(state, words, floats, 0) : undefined;
  const judged = words[0] === COMMAND.placeOrder ? placedOrder(state, words, 0) : order;
  return judged === undefined ? undefined : { account: judged.account, claim: orderClaim(state, judged) };
}

function askedByBatch(state: State, words: Int32Array): Asked | undefined {
  let claim = 0;
  for (let row = 1; row * WORDS < words.length; row += Math.max(1, words[row * WORDS + 1] as number)) {
    const order = placedOrder(state, words, row);
    if (order !== undefined) claim += orderClaim(state, order, false);
  }
  return claim === 0 ? undefined : { account: words[PLACE_BATCH.ACCOUNT] as number, claim };
}

/** Commands that touch these markets, the venue or a balance, in their order. */
function commandsOf({ byMarket }: TouchIndex, markets: readonly number[]): Int32Array {
  const groups = [0, ...markets].map((market) => byMarket.of(market));
  const all = new Int32Array(groups.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const group of groups) {
    all.set(group, at);
    at += group.length;
  }
  return all.sort();
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
