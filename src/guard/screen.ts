/**
 * The guard at the door: what is submitted is judged before any of it is applied. A command that is held is not taken; nothing is
 * altered. A replay does not ask: what is in the journal was taken.
 */
import { COMMAND, COMMAND_KINDS, LIQUIDATE } from '../engine/command.ts';
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import type { CommandSource } from './authority/command-source.ts';
import type { Known } from './known.ts';
import { MoneyScreen } from './money-screen.ts';
import { OrderScreen } from './order-screen.ts';
import { ParameterScreen } from './parameter-screen.ts';
import type { Prices } from './price-checks.ts';
import type { Quarantine } from './quarantine.ts';
import { type Sample, sampleAt } from './sample-form.ts';
import { SampleScreen } from './sample-screen.ts';
import { isOfOrders, Stretch } from './stretch.ts';
import { TickScreen } from './tick-screen.ts';
import type { Check } from './verdict.ts';

/** A submitted command that is not taken, and why. */
export interface HeldCommand {
  /** First row of the command in what was submitted, and its kind as in `COMMAND`. */
  readonly row: number;
  readonly command: number;
  /** Account and market it names, 0 where it names none. */
  readonly account: number;
  readonly market: number;
  readonly timeMs: number;
  readonly check: Check;
}

/** The forced command at a row of what was submitted: the guard alone has them made. */
export function withoutWarrant({ i32, f64 }: CommandBuffer, row: number): HeldCommand {
  const command = i32[row * 16] as number;
  const account = command === COMMAND.liquidate ? (i32[row * 16 + LIQUIDATE.ACCOUNT] as number) : 0;
  const name = COMMAND_KINDS[command] as string;
  const check = {
    class: 'I',
    name: 'warrant',
    about: name,
    holds: false,
    found: 'none',
    expected: 'a warrant',
  } as const;
  return { row, command, account, market: 0, timeMs: f64[row * 8 + 1] as number, check };
}

const NONE: readonly HeldCommand[] = [];
const { placeOrder: PLACE, amendOrder: AMEND, placeBatch: BATCH, tick: TICK } = COMMAND;

export class Screen {
  private readonly known: Known;
  private readonly orders: OrderScreen;
  private readonly money: MoneyScreen;
  private readonly samples: SampleScreen;
  private readonly ticks: TickScreen;
  private readonly parameters: ParameterScreen;
  private readonly stretch = new Stretch();
  /** Submitted commands that were taken with a doubt of class III, since `takeNotes`. */
  private notes: HeldCommand[] = [];

  /** `tellAll`: told before money is judged, so that all that happened counts. */
  constructor(known: Known, prices: Prices, tellAll: (state: State) => void) {
    this.known = known;
    this.orders = new OrderScreen();
    this.money = new MoneyScreen(known, prices, tellAll);
    this.samples = new SampleScreen(known);
    this.ticks = new TickScreen(known);
    this.parameters = new ParameterScreen(known);
  }

  /** Judges submitted commands against the state that they find; returns those that must not be taken. */
  judge(state: State, commands: CommandBuffer, quarantine: Quarantine, source: CommandSource): readonly HeldCommand[] {
    if (!this.known.image.isThere || commands.rows === 0) return NONE;
    const lagMs = Number(this.known.rule(RULE.guard_order_lag));
    const { stretch } = this;
    stretch.read(commands, 0);
    // Nothing but orders and cancels, none of which lags behind what comes with it.
    if (quarantine.isEmpty && stretch.isOrdersAlone(commands.rows) && !stretch.isLate(0, lagMs)) return NONE;
    const held: HeldCommand[] = [];
    this.money.begin();
    this.samples.begin(state);
    this.ticks.begin(state);
    this.parameters.begin(state);
    this.judgeStretch(state, commands, lagMs, quarantine, source, held);
    while (stretch.to < commands.rows) {
      stretch.read(commands, stretch.to);
      this.judgeStretch(state, commands, lagMs, quarantine, source, held);
    }
    return held.sort((a, b) => a.row - b.row);
  }

  /** Commands that were taken with a doubt of class III, since the last call. */
  takeNotes(): readonly HeldCommand[] {
    const { notes } = this;
    this.notes = [];
    return notes;
  }

  /** Judges the rows up to a tick, as they were read: what lies between two ticks is seen together. */
  private judgeStretch(
    state: State,
    commands: CommandBuffer,
    lagMs: number,
    quarantine: Quarantine,
    source: CommandSource,
    held: HeldCommand[],
  ): void {
    const { i32, f64 } = commands;
    const add = (row: number, account: number, market: number, check: Check | undefined): void => {
      if (check === undefined) return;
      const told = {
        row,
        command: i32[row * 16] as number,
        account,
        market,
        timeMs: f64[row * 8 + 1] as number,
        check,
      };
      (check.class === 'III' ? this.notes : held).push(told);
    };
    const samples: Sample[] = [];
    let isTicked = false;
    const { stretch } = this;
    const { from, to } = stretch;
    const clockMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    const newestMs = Math.max(clockMs, stretch.newestMs);
    const looked = quarantine.isEmpty && !stretch.isLate(clockMs, lagMs) ? stretch.others : stretch.all(commands);
    for (const row of looked) {
      const kind = i32[row * 16] as number;
      if (isOfOrders(kind)) {
        const isLate = newestMs - (f64[row * 8 + 1] as number) > lagMs;
        if (!isOrder(kind) || (!isLate && quarantine.isEmpty)) continue;
        const { account, market, check } = this.orders.judge(state, commands, row, newestMs, lagMs, quarantine);
        add(row, account, market, check);
        continue;
      }
      const sample = sampleAt(i32, f64, row);
      isTicked ||= kind === TICK;
      if (sample !== undefined) samples.push(sample);
      else if (kind === TICK) for (const check of this.ticks.judge(commands, from, row)) add(row, 0, 0, check);
      else this.judgeOther(state, commands, row, quarantine, source, add);
    }
    if (!isTicked) add(from, 0, 0, this.ticks.missing(newestMs));
    if (samples.length > 0)
      this.samples.judge(samples, f64, to === commands.rows, ({ row, market }, check) => add(row, 0, market, check));
  }

  /** Money, rules, parameters, markets. */
  private judgeOther(
    state: State,
    { i32, f64 }: CommandBuffer,
    row: number,
    quarantine: Quarantine,
    source: CommandSource,
    add: (row: number, account: number, market: number, check: Check | undefined) => void,
  ): void {
    const { account, check } = this.money.judge(state, i32, f64, row, quarantine);
    add(row, account, 0, check);
    const { market, check: unfit } = this.parameters.judge(i32, f64, row, source);
    add(row, 0, market, unfit);
  }
}

function isOrder(kind: number): boolean {
  return kind === PLACE || kind === AMEND || kind === BATCH;
}
