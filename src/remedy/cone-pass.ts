/**
 * One pass over the part of the worlds that a correction can have changed, in lockstep: as it was and as it would have been, with the real
 * engine. Everything outside of the part is taken as it was; for each decision there on which the part bears, its slack must show that
 * it stays (`cone-accounts.ts`). Where it does not, the account joins the part, and the pass is made again with more markets.
 */
import { applyCommand } from '../engine/apply.ts';
import { COMMAND, COMMAND_BYTES, DEPOSIT, FIRE_TRIGGER, SETTLE_WITHDRAWAL, TRANSFER } from '../engine/command.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { REFUSAL } from '../engine/refusal.ts';
import { INSURANCE_FUND, type State } from '../engine/state.ts';
import { VENUE, WITHDRAWAL } from '../engine/tables.ts';
import { appendForced } from '../guard/forced-command.ts';
import type { AccountDifferences } from './cone-accounts.ts';
import { forEachAccount, isRefusal, toldSame } from './cone-events.ts';
import { askedIn, ConeJudge } from './cone-judge.ts';
import { ConeNames } from './cone-names.ts';
import { deviatePart, type PlacedDeviation } from './cone-deviations.ts';
import { ConeFund, countAs } from './cone-fund.ts';
import type { ConePlan, Part } from './cone-plan.ts';
import { isSamePart } from './cone-same.ts';
import { boundEndless, partOf } from './cone-world.ts';
import { type CorrectedSeries, correctedSample } from './correction-series.ts';
import { waitingOrder } from './decision-recorder.ts';
import { type HeldAction, isHeld } from './held-actions.ts';
import { isOfFund, type Unwind } from './other-world.ts';
import { type Chunk, type TouchIndex, TOUCHES } from './touch-index.ts';

const WORDS = COMMAND_BYTES / 4;
const NOTHING_HELD: readonly HeldAction[] = [];
const NO_NAMES: ReadonlyMap<number, number> = new Map();

/** What a pass found. */
export interface PassResult {
  readonly actual: State;
  readonly other: State;
  /** Accounts of which a decision may come out otherwise, and markets in which: the pass says nothing unless there are none. */
  readonly joined: ReadonlySet<number>;
  readonly joinedMarkets: ReadonlySet<number>;
  /** Commands that were executed in both parts, and those that told something else in one than in the other. */
  readonly executed: number;
  readonly differing: number;
  /** Command behind which both parts were the same again, but for money that was moved; the window's end where they never were. */
  readonly until: number;
  /** Withdrawals of the actual world that the other one refused, rising. */
  readonly withheld: readonly number[];
  readonly differences: AccountDifferences;
  /** The command that made each position that the other part has since the start. */
  readonly madeInOther: ReadonlyMap<number, number>;
  readonly beyond: string | undefined;
}

/** What a command did in both parts, and what was forced behind it. */
export interface ConeStep {
  readonly number: number;
  readonly chunk: Chunk;
  readonly row: number;
  readonly actual: State;
  readonly other: State;
  /** First event of the other part that the command told; those before it are the insurance fund's. */
  readonly firstOfOther: number;
  /** It was put to the other part: an order that the fund gives anew there is not. */
  readonly isAsked: boolean;
  /** The other world refuses it for its margin as the actual one did: the part, where money may have no end, was not asked. */
  readonly isStillRefused: boolean;
}

/** Is shown what happens in both parts; events are valid during the call. */
export interface ConeObserver {
  /** `write` writes into the actual part what no command wrote, before command `number`. */
  readonly onDeviation: (actual: State, write: () => void, number: number) => void;
  /** The next is command `number`: both parts stand before it. */
  readonly onBefore: (number: number, actual: State, other: State) => void;
  /** The forced command at a row comes next in the actual part. */
  readonly onForced: (words: Int32Array, floats: Float64Array, row: number, actual: State) => void;
  /** It happened. Returned are accounts of which the observer must know all positions; they join the part. */
  readonly onCommand: (step: ConeStep) => Iterable<number>;
}

export interface PassOptions {
  readonly observe?: ConeObserver | undefined;
  /** How the insurance fund works off what it holds, in a world in which it holds something else. */
  readonly unwind?: Unwind | undefined;
}

export class ConePass {
  private readonly index: TouchIndex;
  private readonly plan: ConePlan;
  private readonly part: Part;
  private readonly series: readonly CorrectedSeries[];
  private readonly actual: State;
  private readonly other: State;
  private readonly names: ConeNames;
  private readonly judge: ConeJudge;
  private readonly observe: ConeObserver | undefined;
  private readonly fund: ConeFund;
  private readonly withheld: number[] = [];
  private deviated = 0;
  private firstOfOther = 0;
  private isStillRefused = false;
  private readonly named = new Set<number>();
  private readonly forced = new CommandBuffer(64);
  private readonly madeInOther = new Map<number, number>();
  private scratch = new Uint8Array(COMMAND_BYTES * 64);
  private madeRows: number;
  private executed = 0;
  private differing = 0;
  private ticks = 0;
  private nextTick = 0;
  private nextComparison = 1;

  constructor(
    index: TouchIndex,
    plan: ConePlan,
    part: Part,
    series: readonly CorrectedSeries[],
    { observe, unwind }: PassOptions,
  ) {
    this.index = index;
    this.plan = plan;
    this.part = part;
    this.series = series;
    this.observe = observe;
    this.actual = partOf(index, part.markets, part.isMixed);
    this.other = partOf(index, part.markets, part.isMixed);
    this.fund = new ConeFund(index, this.actual, this.other, unwind);
    this.names = new ConeNames(index);
    this.madeRows = index.start.position.rows;
    this.judge = new ConeJudge(index, plan, part, this.actual, this.other);
  }

  /** Makes the pass. Stops early when it is clear that it says nothing. */
  run(): PassResult {
    const { index, part, judge } = this;
    let until = index.commands;
    for (const number of commandsOf(index, part.markets)) {
      this.deviateBefore(number);
      this.take(number);
      if (judge.beyond !== undefined || judge.joined.size > 0) break;
      if (!this.isSameAgain(number)) continue;
      until = number;
      break;
    }
    if (until === index.commands && judge.beyond === undefined && judge.joined.size === 0)
      this.deviateBefore(index.commands);
    judge.finish();
    return {
      actual: this.actual,
      other: this.other,
      joined: judge.joined,
      joinedMarkets: judge.joinedMarkets,
      executed: this.executed,
      differing: this.differing,
      until,
      withheld: this.withheld,
      differences: judge.differences,
      madeInOther: this.madeInOther,
      beyond: judge.beyond,
    };
  }

  /** Writes into the actual part what was written before command `number`. */
  private deviateBefore(number: number): void {
    const { actual, judge, index, part } = this;
    for (; this.deviated < this.plan.deviations.length; this.deviated++) {
      const due = this.plan.deviations[this.deviated] as PlacedDeviation;
      if (due.before > number) return;
      const write = (): void => {
        deviatePart(actual, index, due);
        boundEndless(actual, part.isMixed);
      };
      if (this.observe === undefined) write();
      else this.observe.onDeviation(actual, write, due.before);
      judge.deviated(due);
    }
  }

  private take(number: number): void {
    const { index } = this;
    const chunk = index.chunks[index.chunkOf.at(number)] as Chunk;
    const row = index.rowOf.at(number);
    const kind = chunk.words[row * WORDS] as number;
    const refusal = index.refusal.at(number);
    if (refusal === REFUSAL.time_runs_backwards) return;
    if (index.touched.at(number) === TOUCHES.MONEY && !this.isMoneyHere(kind, chunk.words, chunk.floats, row)) return;
    const { fund } = this;
    fund.begin(number);
    // Its orders in any market are by all that it holds.
    if (fund.isApart) this.judge.mustBeWhole(INSURANCE_FUND);
    const corrected = this.correctionOf(number, chunk.words, chunk.floats, row);
    this.executed++;
    const ids = this.names.givenBy(number);
    const { actual, other } = this;
    actual.events.clear();
    other.events.clear();
    this.observe?.onBefore(number, actual, other);
    const isOfFundHere = fund.isApart && isOfFund(chunk.words, row);
    if (fund.isApart && (isOfFundHere || kind === COMMAND.tick))
      fund.order(number, chunk.floats[row * 8 + 1] as number);
    this.firstOfOther = other.events.count;
    this.isStillRefused = false;
    if (refusal === 0) this.applyTo(actual, chunk.words, chunk.floats, row, kind, number, ids);
    if (isOfFundHere) this.differing++;
    else if (corrected === undefined) this.giveAsAsked(number, kind, chunk, row, ids);
    else for (const bytes of corrected) this.giveCorrected(number, bytes, ids, chunk, row);
    this.names.learn(ids, other);
    if (kind === COMMAND.tick && refusal === 0) this.force(number);
    const { position } = other;
    for (; this.madeRows < position.rows; this.madeRows++) this.madeInOther.set(this.madeRows, number);
    const { firstOfOther, isStillRefused } = this;
    const step = { number, chunk, row, actual, other, firstOfOther, isAsked: !isOfFundHere, isStillRefused };
    for (const account of this.observe?.onCommand(step) ?? []) this.judge.mustBeWhole(account);
    this.compare(number, kind);
    if (kind === COMMAND.tick) {
      this.ticks++;
      fund.tick();
      this.judge.endTick(number);
    }
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
    countAs(state, this.index, number);
    if (kind === COMMAND.requestWithdrawal) this.names.offerWithdrawal(state, number);
    applyCommand(state, words, floats, row, row + (words[row * WORDS + 1] as number));
  }

  /** Asks the other part for what was asked for; by a copy where orders have other names there. */
  private giveAsAsked(number: number, kind: number, chunk: Chunk, row: number, ids: readonly number[]): void {
    if (this.names.renamed.size === 0) return this.give(number, kind, chunk, row, ids);
    const bytes = (chunk.words[row * WORDS + 1] as number) * COMMAND_BYTES;
    if (this.scratch.length < bytes) this.scratch = new Uint8Array(bytes * 2);
    this.scratch.set(new Uint8Array(chunk.words.buffer, row * COMMAND_BYTES, bytes));
    const words = new Int32Array(this.scratch.buffer, 0, bytes / 4);
    const floats = new Float64Array(this.scratch.buffer, 0, bytes / 8);
    this.names.rename(words, floats);
    this.give(number, kind, { words, floats }, 0, ids);
  }

  private give(number: number, kind: number, { words, floats }: Chunk, row: number, ids: readonly number[]): void {
    this.isStillRefused = !this.judge.mayAsk(number, askedIn(this.other, words, floats, row), kind);
    if (this.isStillRefused) return;
    // What an account that also stands elsewhere could not pay stays refused, or its slack says that it joins: here it has money without end.
    const isUnpaid = kind === COMMAND.transfer && this.index.refusal.at(number) !== 0;
    if (isUnpaid && this.part.isMixed[words[row * WORDS + TRANSFER.FROM] as number] === 1) return;
    this.applyTo(this.other, words, floats, row, kind, number, ids);
  }

  private giveCorrected(number: number, rows: Uint8Array, ids: readonly number[], chunk: Chunk, row: number): void {
    const bytes = rows.slice();
    const [words, floats] = [new Int32Array(bytes.buffer), new Float64Array(bytes.buffer)];
    this.names.rename(words, floats);
    const kind = words[0] as number;
    const asked = askedIn(this.other, words, floats, 0);
    if (chunk.words[row * WORDS + DEPOSIT.ACCOUNT] !== asked?.account) this.judge.askedByAnother(asked);
    this.isStillRefused = !this.judge.mayAsk(number, asked, kind);
    if (this.isStillRefused) return;
    this.applyTo(this.other, words, floats, 0, kind, number, ids);
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
    this.judge.startTick();
    this.forceIn(this.actual, number, false);
    this.forceIn(this.other, number, true);
  }

  private forceIn(state: State, number: number, isOther: boolean): void {
    const { forced } = this;
    forced.clear();
    const timeMs = state.venue.f64[state.venue.rowFloats + VENUE.TIME_MS] as number;
    const proposals = state.events.count;
    for (let event = isOther ? this.firstOfOther : 0; event < proposals; event++)
      appendForced(state.events, event, timeMs, forced);
    const held = this.index.held.get(number) ?? NOTHING_HELD;
    const names = isOther ? this.names.renamed : NO_NAMES;
    for (let row = 0; row < forced.rows; row++) {
      if (isHeld(held, forced, row, names)) continue;
      const isFired = forced.i32[row * WORDS] === COMMAND.fireTrigger;
      if (isOther && isFired)
        this.judge.mayFire(number, waitingOrder(state, forced.f64[row * 8 + FIRE_TRIGGER.ORDER] as number));
      state.order.free = 0;
      if (!isOther) this.observe?.onForced(forced.i32, forced.f64, row, state);
      applyCommand(state, forced.i32, forced.f64, row, row + 1);
    }
  }

  /** Takes note of what the command told in the two parts. */
  private compare(number: number, kind: number): void {
    const { actual, other, named } = this;
    const isRefused = this.index.refusal.at(number) !== 0;
    const isSame = isRefused ? isRefusal(other.events) : toldSame(actual.events, other.events, this.names.renamed);
    if (!isSame) this.differing++;
    if (!isSame && kind === COMMAND.requestWithdrawal) {
      if (isRefused) this.judge.beyond = 'money that only the other world pays out';
      else this.withheld.push(this.index.given.at(number));
    }
    named.clear();
    forEachAccount(actual.events, this.see);
    forEachAccount(other.events, this.see);
    this.judge.note(number, named, isSame);
  }

  private readonly see = (account: number): void => {
    this.named.add(account);
  };

  /** True for the last tick of a minute: what is told of it by the minute is told. */
  private endsMinute(number: number): boolean {
    const { ticks, chunks, chunkOf, rowOf } = this.index;
    const minuteOf = (tick: number): number => {
      const { floats } = chunks[chunkOf.at(tick)] as Chunk;
      return Math.floor((floats[rowOf.at(tick) * 8 + 1] as number) / MINUTE_MS);
    };
    while ((ticks[this.nextTick] ?? this.index.commands) <= number) this.nextTick++;
    const next = ticks[this.nextTick];
    return next === undefined || minuteOf(next) !== minuteOf(number);
  }

  /** True when nothing differs any more but balances; looked at ever more rarely. */
  private isSameAgain(number: number): boolean {
    const { index, plan } = this;
    const kind = (index.chunks[index.chunkOf.at(number)] as { words: Int32Array }).words[
      index.rowOf.at(number) * WORDS
    ];
    if (kind !== COMMAND.tick || !this.judge.arePricesSame || number <= plan.last || this.names.renamed.size > 0)
      return false;
    if (this.ticks < this.nextComparison || !this.endsMinute(number)) return false;
    this.nextComparison = this.ticks * 2;
    // Whoever holds nothing in the part may still have had its money written, or moved.
    const accounts = Int32Array.from(new Set([...this.part.accounts, ...this.judge.flagged]));
    return isSamePart(this.actual, this.other, { markets: this.part.markets, accounts });
  }
}

const MINUTE_MS = 60_000;

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
