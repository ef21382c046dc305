/**
 * The projection of a history: fed with each batch right after it was applied, it makes the rows of the projected tables. What changes
 * many times in a block (orders, positions, balances) has one row for each block in which it changed.
 */
import type { BatchEntry } from '../chain/entry.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { REFUSALS } from '../engine/refusal.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, POSITION, VENUE } from '../engine/tables.ts';
import { wide } from '../guard/exact.ts';
import { Bars, type OpenBar } from './bars.ts';
import { clientIdsOf, type CommandRow, commandsOf } from './command-rows.ts';
import { OpenOrders } from './open-orders.ts';
import { projectEvent } from './project-event.ts';
import { RowLines, type TableRows, whole } from './row-lines.ts';

/** What one event is about, beyond its own fields. */
export interface EventPlace {
  readonly fork: number;
  readonly height: number;
  readonly sequence: number;
  readonly timeMs: number;
  /** How many events of the same command came before it. */
  readonly ordinal: number;
}

export class HistoryProjection {
  private readonly lines = new RowLines();
  private readonly orders = new OpenOrders();
  private readonly bars = new Bars();
  /** Accounts, and positions as account × 2^16 + market, that changed in the open block. */
  private readonly accounts = new Set<number>();
  private readonly positions = new Set<number>();

  /** Begins with a state, and with the bars of the minute that is open in it. */
  constructor(state: State, bars: readonly OpenBar[] = []) {
    this.adopt(state, bars);
  }

  /** The history goes on from this state: at the start, and behind a rollback. */
  adopt(state: State, bars: readonly OpenBar[]): void {
    this.orders.adopt(state);
    this.bars.adopt(bars);
    this.accounts.clear();
    this.positions.clear();
  }

  /** Bars of the minutes that have not ended. */
  get openBars(): readonly OpenBar[] {
    return this.bars.list();
  }

  /** Takes in a batch: `state` is as it is behind it, with its events. `height` is that of the open block. */
  batch(entry: BatchEntry, state: State, height: number): void {
    const { fork } = entry;
    const commands = commandsOf(entry);
    const refusals = new Map<number, string>();
    const { values, count } = state.events;
    let ordinal = 0;
    let before = 0;
    let placed = 0;
    for (let event = 0; event < count; event++) {
      const at = event * EVENT_FLOATS;
      const sequence = values[at + 1] as number;
      const command = commands[sequence - entry.firstSequence] as CommandRow;
      ordinal = sequence === before ? ordinal + 1 : 0;
      if (sequence !== before) placed = 0;
      before = sequence;
      const { timeMs } = command;
      if (values[at] === EVENT.refused) {
        if (!refusals.has(sequence)) refusals.set(sequence, REFUSALS[values[at + 3] as number] ?? '');
        // An order of a batch that was refused has its place among them.
        placed++;
        continue;
      }
      const isAccepted = values[at] === EVENT.orderAccepted;
      const clientId = isAccepted ? (clientIdsOf(entry, command)[placed++] ?? null) : null;
      this.orders.hear(values, at, timeMs, () => clientId);
      projectEvent(this.lines, values, at, { fork, height, sequence, timeMs, ordinal }, this);
    }
    for (const command of commands) this.command(entry, command, height, refusals.get(command.sequence) ?? null);
  }

  /** An account's money changed. */
  changedAccount(account: number): void {
    this.accounts.add(account);
  }

  /** A position changed. */
  changedPosition(account: number, market: number): void {
    this.positions.add(account * 65_536 + market);
  }

  /** A trade happened. */
  traded(place: Pick<EventPlace, 'timeMs'>, market: number, price: number, lots: number): void {
    this.bars.trade(market, place.timeMs, price, lots);
  }

  /** The block at `height` ends with `state`: gives all its rows. */
  end(state: State, fork: number, height: number): TableRows[] {
    this.orders.write(this.lines, fork, height);
    this.writePositions(state, fork, height);
    this.writeBalances(state, fork, height);
    this.bars.end(this.lines, fork, height, state.venue.f64[64 + VENUE.TIME_MS] as number);
    return this.lines.take();
  }

  private command(entry: BatchEntry, command: CommandRow, height: number, refusal: string | null): void {
    const { sequence, timeMs, kind, account, market, row, rows } = command;
    this.lines.add(
      'command',
      entry.fork,
      height,
      sequence,
      Number.isSafeInteger(timeMs) ? timeMs : null,
      kind,
      account === 0 ? null : account,
      market === 0 ? null : market,
      refusal,
      entry.bytes.subarray(row * 64, (row + rows) * 64),
    );
  }

  private writePositions({ position, index }: State, fork: number, height: number): void {
    for (const key of [...this.positions].sort((a, b) => a - b)) {
      const [account, market] = [Math.floor(key / 65_536), key % 65_536];
      const row = index.positions.find(position, account, market);
      if (row === 0) continue;
      const at = row * 16;
      const { f64 } = position;
      this.lines.add(
        'position_version',
        fork,
        height,
        account,
        market,
        whole(f64[at + POSITION.SIZE] as number),
        digitsAt(f64, at + POSITION.COST_HIGH),
        whole(f64[at + POSITION.FUNDING_INDEX] as number),
        digitsAt(f64, at + POSITION.REALISED_PROFIT_HIGH),
        digitsAt(f64, at + POSITION.REALISED_FUNDING_HIGH),
      );
    }
    this.positions.clear();
  }

  private writeBalances({ account: accounts }: State, fork: number, height: number): void {
    const { f64 } = accounts;
    for (const account of [...this.accounts].sort((a, b) => a - b)) {
      const at = account * 8;
      const money = [digitsAt(f64, at + ACCOUNT.BALANCE_HIGH), digitsAt(f64, at + ACCOUNT.PENDING_HIGH)] as const;
      this.lines.add('balance_version', fork, height, account, ...money, whole(f64[at + ACCOUNT.RECEIVABLE] as number));
    }
    this.accounts.clear();
  }
}

/** The digits of a wide value of a row. */
function digitsAt(values: Float64Array, at: number): string {
  const high = values[at] as number;
  // 2^50 × high + low is exact while high is small, and quicker than by bigints.
  if (Math.abs(high) < 4) return String(whole(high * 2 ** 50 + (values[at + 1] as number)));
  return String(wide(values, at));
}
