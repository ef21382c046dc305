/**
 * A workload as the commands of a whole exchange: recorded once, applied as often as one likes.
 *
 * The engine gives orders their ids, so what a cancel must name is known only when its order was accepted. Therefore the
 * session is recorded by a run that is not timed: it applies each command as soon as it is written, reads the ids off the
 * events and writes them into the cancels and amends that follow, and answers each proposal of a forced action with its
 * command, as the exchange's loop does. The same commands give the same ids in every later run, so a timed run applies
 * finished bytes and nothing else.
 *
 * Between the workload's operations stand, as in the field: every 1,000 operations, or more often where there are many markets,
 * the spot price of one market (its last trade), in turn; and every 50,000 operations the price of the collateral and a tick,
 * which marks all markets, accrues funding and, every fifth time, checks the health of all accounts. Ticks are one second
 * apart, and a short session has twenty.
 */
import { applyCommand } from '../src/engine/apply.ts';
import { applyCommands } from '../src/engine/batch.ts';
import { COMMAND_BYTES } from '../src/engine/command.ts';
import { CommandBuffer } from '../src/engine/command-buffer.ts';
import { EVENT, EVENT_FIELDS, EVENT_FLOATS } from '../src/engine/event.ts';
import { FLAG, INSTRUCTION, ORDER_KIND, orderFlags } from '../src/engine/flags.ts';
import { orderRow } from '../src/engine/order-id.ts';
import { CLOSE_REASONS, REFUSALS } from '../src/engine/refusal.ts';
import { genesis, type State } from '../src/engine/state.ts';
import { MARKET, ORDER, VENUE } from '../src/engine/tables.ts';
import { FIRST_ACCOUNT, FIRST_MARKET, START_TICKS, TICK_UNITS, writeOpening } from './venue.ts';
import { FIELD, HEADER_WORDS, IOC_SHIFT, KIND, RECORD_WORDS, SIDE_SHIFT, type Workload } from './workload.ts';

const WORDS = COMMAND_BYTES / 4;
const FLOATS = COMMAND_BYTES / 8;
/** Operations between two ticks, and at most between two spot prices. */
const TICK_EVERY = 50_000;
const PRICE_EVERY = 1_000;
/** Ticks of a session that is too short for as many. */
const FEWEST_TICKS = 20;
const START_MS = 1_700_000_000_000;
const SECOND_MS = 1_000;
const GTC = orderFlags(0, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
const IOC = orderFlags(0, ORDER_KIND.LIMIT, INSTRUCTION.IOC, false);

/** What a session did, counted from its events. */
export interface SessionCounts {
  readonly trades: number;
  /** Lots. */
  readonly volume: number;
  readonly events: number;
  readonly ticks: number;
  readonly spotPrices: number;
  readonly fundingSettled: number;
  readonly liquidations: number;
  readonly forcedCancels: number;
  /** Refused operations by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Ended orders by reason. */
  readonly closed: Readonly<Record<string, number>>;
}

/** Commands, and what they do. */
export interface Session {
  /** Opens the venue; not timed. */
  readonly opening: CommandBuffer;
  readonly commands: CommandBuffer;
  readonly counts: SessionCounts;
  /** The state after the last command, as the recording run left it. */
  readonly state: State;
}

/** Rows of the batches in which the exchange's loop takes commands at rate. */
const BATCH_ROWS = 4096;

/** Applies the session's commands in batches, emptying the events before each; returns how many events there were. */
export function applySession(state: State, { i32, f64, rows }: CommandBuffer): number {
  let events = 0;
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    const to = Math.min(rows, from + BATCH_ROWS);
    state.events.clear();
    // Every command of a session is one row, so a batch may end anywhere.
    applyCommands(state, i32.subarray(from * WORDS, to * WORDS), f64.subarray(from * FLOATS, to * FLOATS), to - from);
    events += state.events.count;
  }
  return events;
}

/** Applies the commands that open a venue. Throws when one is refused: what is measured on such a venue says nothing. */
export function applyOpening(state: State, { i32, f64, rows }: CommandBuffer): void {
  for (let row = 0; row < rows; ) {
    state.events.clear();
    row += applyCommand(state, i32, f64, row);
    const [kind, , command, refusal] = state.events.values;
    if (state.events.count > 0 && kind === EVENT.refused) {
      throw new Error(`the venue cannot be opened: command ${command} is refused: ${REFUSALS[refusal as number]}`);
    }
  }
  state.events.clear();
}

class Recorder {
  private readonly workload: Workload;
  private readonly state: State;
  private readonly opening = new CommandBuffer();
  private readonly commands: CommandBuffer;
  /** Id of each of the workload's orders; 0 while it was not accepted. */
  private readonly ids: Float64Array;
  private readonly refused = new Float64Array(REFUSALS.length);
  private readonly closed = new Float64Array(CLOSE_REASONS.length);
  private readonly seen = new Float64Array(Object.keys(EVENT_FIELDS).length + 1);
  private volume = 0;
  private ticks = 0;
  private spotPrices = 0;
  /** First row that is not applied yet. */
  private applied = 0;

  constructor(workload: Workload) {
    this.workload = workload;
    this.state = genesis({ accounts: workload.accounts + FIRST_ACCOUNT });
    this.commands = new CommandBuffer(Math.ceil(workload.operations * 1.01) + 1024);
    this.ids = new Float64Array(workload.orders + 1);
  }

  run(): Session {
    const { workload, state, opening, commands } = this;
    const { words, markets, operations } = workload;
    writeOpening(opening, markets, workload.accounts, START_MS);
    applyOpening(state, opening);
    const tickEvery = Math.max(1, Math.min(TICK_EVERY, Math.floor(operations / FEWEST_TICKS)));
    const priceEvery = Math.max(1, Math.min(PRICE_EVERY, Math.floor(tickEvery / markets)));
    for (let n = 0, at = HEADER_WORDS; at < words.length; n++, at += RECORD_WORDS) {
      const timeMs = START_MS + Math.floor(((n + 1) * SECOND_MS) / tickEvery);
      this.writeOperation(words, at, timeMs);
      this.applyNew(words[at + FIELD.ORDER] as number);
      const isPriced = (n + 1) % priceEvery === 0;
      if (isPriced) this.writePrice(Math.floor(n / priceEvery) % markets, timeMs);
      const isTicked = (n + 1) % tickEvery === 0;
      if (isTicked) this.writeTick(timeMs);
      if (!isPriced && !isTicked) continue;
      this.applyNew(0);
    }
    return { opening, commands, counts: this.counts(), state };
  }

  private writeOperation(words: Int32Array, at: number, timeMs: number): void {
    const head = words[at] as number;
    const order = words[at + FIELD.ORDER] as number;
    const price = words[at + FIELD.PRICE] as number;
    const size = words[at + FIELD.SIZE] as number;
    const account = FIRST_ACCOUNT + (words[at + FIELD.ACCOUNT] as number);
    const kind = head & 255;
    if (kind === KIND.NEW) {
      const flags = (head >> IOC_SHIFT !== 0 ? IOC : GTC) | (((head >> SIDE_SHIFT) & 1) === 0 ? 0 : FLAG.SELL);
      this.commands.placeOrder(
        timeMs,
        account,
        FIRST_MARKET + (words[at + FIELD.MARKET] as number),
        price,
        size,
        flags,
      );
      return;
    }
    const id = this.ids[order] as number;
    if (kind === KIND.CANCEL) this.commands.cancelOrder(timeMs, account, id);
    // A modify states what is left, an amend the total: what was filled before counts in.
    else this.commands.amendOrder(timeMs, account, id, price, size + this.filled(id));
  }

  private filled(id: number): number {
    const { i32, rowWords } = this.state.order;
    const at = orderRow(this.state, id) * rowWords;
    return at === 0 ? 0 : (i32[at + ORDER.SIZE] as number) - (i32[at + ORDER.REMAINING] as number);
  }

  private writePrice(market: number, timeMs: number): void {
    const row = FIRST_MARKET + market;
    const { f64, rowFloats } = this.state.market;
    const traded = f64[row * rowFloats + MARKET.LAST_TRADE] as number;
    const ticks = traded === 0 ? START_TICKS : traded;
    this.commands.oraclePrice(timeMs, row, 0, ticks * TICK_UNITS, timeMs);
    this.spotPrices++;
  }

  private writeTick(timeMs: number): void {
    this.commands.collateralPrice(timeMs, 1e8, timeMs);
    this.commands.tick(timeMs);
    this.ticks++;
  }

  /** Applies what was written since; `order` is the workload's number of the order in it. Answers proposals. */
  private applyNew(order: number): void {
    const { state, commands } = this;
    const { events } = state;
    while (this.applied < commands.rows) {
      events.clear();
      this.applied += applyCommand(state, commands.i32, commands.f64, this.applied);
      for (let n = 0; n < events.count; n++) this.take(events.values, n * EVENT_FLOATS, order);
    }
    events.clear();
  }

  private take(values: Float64Array, at: number, order: number): void {
    const kind = values[at] as number;
    const field = (slot: number): number => values[at + 2 + slot] as number;
    const { commands, state } = this;
    const timeMs = state.venue.f64[state.venue.rowFloats + VENUE.TIME_MS] as number;
    this.seen[kind] = (this.seen[kind] as number) + 1;
    if (kind === EVENT.orderAccepted && this.isOurs(field(1))) this.ids[order] = field(0);
    else if (kind === EVENT.filled) this.volume += field(6);
    else if (kind === EVENT.refused) this.refused[field(1)] = (this.refused[field(1)] as number) + 1;
    else if (kind === EVENT.orderClosed) this.closed[field(3)] = (this.closed[field(3)] as number) + 1;
    else if (kind === EVENT.liquidationDue) {
      commands.liquidate(timeMs, field(0), field(1), field(2), field(3), field(4), field(5));
    } else if (kind === EVENT.cancelDue) commands.forceCancel(timeMs, field(0), field(3));
    else if (kind === EVENT.triggerDue) commands.fireTrigger(timeMs, field(0), field(3));
  }

  /** An account of the workload: not the insurance fund, whose orders the engine places itself. */
  private isOurs(account: number): boolean {
    return account >= FIRST_ACCOUNT;
  }

  private counts(): SessionCounts {
    const { seen, volume, ticks, spotPrices } = this;
    const count = (kind: number): number => seen[kind] as number;
    const named = (names: readonly string[], counts: Float64Array): Record<string, number> =>
      Object.fromEntries(names.map((name, n) => [name, counts[n] as number] as const).filter(([, n]) => n !== 0));
    return {
      trades: count(EVENT.filled),
      volume,
      events: seen.reduce((sum, n) => sum + n, 0),
      ticks,
      spotPrices,
      fundingSettled: count(EVENT.fundingSettled),
      liquidations: count(EVENT.liquidated),
      forcedCancels: count(EVENT.cancelDue),
      refused: named(REFUSALS, this.refused),
      closed: named(CLOSE_REASONS, this.closed),
    };
  }
}

/** Records a workload as a session, by trading it once. */
export function recordSession(workload: Workload): Session {
  return new Recorder(workload).run();
}
