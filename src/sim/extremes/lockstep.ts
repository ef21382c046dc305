/** Plays an extreme in two worlds at once: traders see the unguarded one, and what they ask is asked of both. */
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { Random } from '../random.ts';
import { Session } from '../session.ts';
import { delaysOf } from './delays.ts';
import type { Extreme, Scenario, Scene, Stage } from './extreme.ts';
import { ForcedLog } from './forced-log.ts';
import { Holds } from './holds.ts';
import { OrderNames } from './order-names.ts';
import { type ExtremeRow, rowOf } from './row.ts';
import { Sources } from './sources.ts';
import { World } from './world.ts';

/** A played extreme: its row, and the added delays that the whole corpus's quantiles are made of. */
export interface Played {
  readonly row: ExtremeRow;
  readonly addedMs: readonly number[];
}

/** Plays one extreme; `onTick` is told the share that is done. */
export function playExtreme(extreme: Extreme, stage: Stage, onTick: (share: number) => void = () => undefined): Played {
  const startMs = performance.now();
  const scenario = extreme.open(stage);
  const lockstep = new Lockstep(scenario, stage.seed);
  lockstep.run(onTick);
  const seconds = (performance.now() - startMs) / 1000;
  return lockstep.played(extreme, seconds);
}

/** When in a tick the session lets the insurance fund trade. */
const FUND_SHARE = 0.93;
/** Room for accounts that a script opens. */
const SCRIPTED_ACCOUNTS = 400;

class Lockstep {
  private readonly scenario: Scenario;
  private readonly session: Session;
  private readonly random: Random;
  private readonly open: World;
  private readonly guarded: World;
  private readonly names = new OrderNames();
  private readonly sources = new Sources();
  private readonly holds = new Holds();
  private readonly openLog = new ForcedLog();
  private readonly guardedLog = new ForcedLog();
  private readonly inputs = new CommandBuffer(1 << 14);
  private fundAtStart = 0;

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    this.session = new Session({ day: scenario.day, seed, accounts: scenario.accounts });
    this.random = new Random(seed).fork('script');
    this.open = new World(false, this.session.accounts + SCRIPTED_ACCOUNTS);
    this.guarded = new World(true, this.session.accounts + SCRIPTED_ACCOUNTS);
  }

  run(onTick: (share: number) => void): void {
    const { ticks } = this.session.clock;
    for (let tick = 0; tick < ticks; tick++) {
      this.step(tick);
      onTick((tick + 1) / ticks);
    }
  }

  played(extreme: Extreme, seconds: number): Played {
    const { scenario, openLog, guardedLog, holds } = this;
    const delays = delaysOf(openLog, guardedLog, holds.times, scenario.day.endMs);
    const insurance = {
      open: openLog.shortfall,
      guarded: guardedLog.shortfall,
      movedOpen: this.open.fundEquity - this.fundAtStart,
      movedGuarded: this.guarded.fundEquity - this.fundAtStart,
    };
    const row = rowOf({
      extreme,
      scenario,
      accounts: this.session.accounts,
      commands: this.open.commands,
      isApart: this.names.isApart,
      open: openLog,
      guarded: guardedLog,
      holds,
      delays,
      insurance,
      seconds,
    });
    return { row, addedMs: delays.addedMs };
  }

  private step(tick: number): void {
    const { inputs, session, open, guarded, names } = this;
    const timeMs = session.clock.timeOf(tick);
    this.act(tick, timeMs);
    inputs.clear();
    if (tick === 0) session.opening(open.state, inputs);
    else session.step(tick, open.state, inputs);
    this.rewrite(tick, timeMs);
    this.sources.take(inputs, timeMs);
    const fundMs = session.clock.timeOf(tick - 1) + Math.floor(session.day.tickMs * FUND_SHARE);
    const asked = names.translate(inputs, guarded.state, fundMs);
    open.submit(inputs);
    guarded.submit(asked);
    this.sources.takeMarks(open.state, timeMs);
    this.openLog.take(open, timeMs, (order) => order);
    names.learn(inputs, asked, open, guarded);
    this.guardedLog.take(guarded, timeMs, (order) => names.back(order));
    this.holds.take(inputs, open, guarded, names, this.sources, timeMs);
    if (tick === 0) this.fundAtStart = open.fundEquity;
  }

  /** What the operators do comes between two ticks, as a batch of its own. */
  private act(tick: number, timeMs: number): void {
    const { scenario, session, open, guarded, inputs } = this;
    if (scenario.acts === undefined || tick === 0) return;
    const nowMs = session.clock.timeOf(tick - 1);
    for (const { signed, asked } of scenario.acts(this.scene(tick, timeMs))) {
      const refused = guarded.act(signed, nowMs);
      if (refused !== undefined) this.holds.takeRefusedAct(refused, nowMs);
      if (asked === undefined) continue;
      inputs.clear();
      asked(inputs, nowMs);
      open.submit(inputs);
    }
  }

  private scene(tick: number, timeMs: number): Scene {
    const { session, open } = this;
    const passedMs = timeMs - session.clock.startMs;
    return { tick, timeMs, passedMs, state: open.state, session, random: this.random.fork(tick) };
  }

  /** The script writes between what the session asks and its tick. */
  private rewrite(tick: number, timeMs: number): void {
    const { inputs, scenario } = this;
    if (scenario.script === undefined) return;
    // The tick is the last row.
    inputs.rows--;
    inputs.commands--;
    scenario.script(inputs, this.scene(tick, timeMs));
    inputs.tick(timeMs);
  }
}
