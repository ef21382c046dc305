/** One cell of the matrix: a fault in a regime and a phase, with the guard or without, beside the true world. */
import { copyState } from '../../chain/copy-state.ts';
import type { CommandRecord } from '../../chain/command-value.ts';
import { writeCommand } from '../../chain/command-record.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import { InvariantBroken } from '../../engine/invariant-broken.ts';
import type { Journal } from '../../journal/journal.ts';
import { type ActCommand, type ActContent, ADMINISTRATIVE_KINDS } from '../../guard/authority/act.ts';
import { componentName, type Finding } from '../../guard/finding.ts';
import type { HeldCommand } from '../../guard/screen.ts';
import type { SourcesTold } from '../../guard/source-watch.ts';
import type { Check, Verdict } from '../../guard/verdict.ts';
import { Random } from '../random.ts';
import type { CellRun, Hold } from './cell-run.ts';
import type { DatabaseStrike } from './database-outcome.ts';
import { Dependency } from './dependency.ts';
import type { Detection } from './detection.ts';
import { targetOf } from './dues.ts';
import type { Fault, FaultScene } from './fault.ts';
import { type Fed, Feed } from './feed.ts';
import { Outcome } from './outcome.ts';
import { endOf, isSnapshotTick, isStartTick, statusBefore } from './phases.ts';
import { refusedOfFault } from './refused-of-fault.ts';
import { Rightful } from './rightful.ts';
import { Scenes } from './scenes.ts';
import { STRIKE_TICK } from './regime-day.ts';
import type { TrueRun, TrueTick } from './true-run.ts';
import { type Taken, Venue } from './venue.ts';
import { type Rights, WrongInputs } from './wrong-inputs.ts';

/**
 * Runs a cell up to tick `until`, its end unless said. `fault` undefined: nothing goes wrong; what the guard then holds, it holds
 * in error. `journal` has the base's history and gets the cell's; none is kept unless given. `database` is what comes of the database
 * that a process starts from.
 */
export function runCell(
  run: TrueRun,
  fault: Fault | undefined,
  isGuarded: boolean,
  until = endOf(run.phase),
  journal?: Journal,
  database?: DatabaseStrike,
): CellRun {
  return new Cell(run, fault, isGuarded, journal, database).run(until);
}

class Cell {
  private readonly true: TrueRun;
  private readonly fault: Fault | undefined;
  private readonly database: DatabaseStrike | undefined;
  private readonly venue: Venue;
  private readonly feed: Feed;
  private readonly outcome = new Outcome();
  private readonly dependency = new Dependency();
  private readonly rightful: Rightful;
  private readonly detections: Detection[] = [];
  private readonly holds: Hold[] = [];
  private readonly scenes: Scenes;
  private tick = 0;
  private fed: Fed | undefined;
  /** First rows of the batch under way that were not taken. */
  private held = new Set<number>();
  private struckSequence = 0;
  private struckMs = 0;
  private isReplaying = false;
  private stopped: string | undefined;
  private readonly wrong = new WrongInputs();

  constructor(
    run: TrueRun,
    fault: Fault | undefined,
    isGuarded: boolean,
    journal: Journal | undefined,
    database: DatabaseStrike | undefined,
  ) {
    this.true = run;
    this.fault = fault;
    this.database = database;
    this.feed = new Feed(run);
    this.rightful = new Rightful(run.prices, fault?.operator !== undefined);
    const label = `${fault?.id ?? 'none'} ${run.base.regime} ${run.phase}`;
    this.scenes = new Scenes(run, new Random(run.base.seed).fork(label));
    const told = {
      onVerdict: (verdict: Verdict) => this.onVerdict(verdict),
      onFinding: (finding: Finding) => this.onFinding(finding),
      onHeldCommand: (held: HeldCommand) => this.onHeldCommand(held),
      onSources: ({ market, isBack, check }: SourcesTold) => {
        if (!isBack) this.detect('door', check.name, check.class, `market ${market}`);
      },
      onNote: ({ account, market, check }: HeldCommand) =>
        this.detect('door', check.name, check.class, `${check.about} account ${account} market ${market}`),
    };
    this.venue = new Venue(run.base, isGuarded, told, journal);
  }

  run(until: number): CellRun {
    for (const tick of this.true.ticks) {
      if (tick.tick > until || this.stopped !== undefined) break;
      this.tick = tick.tick;
      this.step(tick);
    }
    this.shadow();
    const { venue } = this;
    const components = venue.guard?.quarantine.all.map(({ component }) => component) ?? [];
    return {
      outcome: this.outcome,
      detections: this.detections,
      holds: this.holds,
      quarantined: components.map(componentName),
      outside: components.filter((component) => !this.dependency.contains(venue.state, component)).map(componentName),
      struckSequence: this.struckSequence,
      struckMs: this.struckMs,
      stopped: this.stopped,
      state: venue.state,
      venue,
      wrong: this.wrong,
      trueOrder: (id) => this.feed.trueOrder(id),
      isDue: (forced) => this.rightful.has(forced),
    };
  }

  /** What happens up to and including a tick. */
  private step(tick: TrueTick): void {
    const { venue, fault, true: run } = this;
    const { phase } = run;
    const before = run.base.session.clock.timeOf(tick.tick - 1);
    const strikes = tick.tick - STRIKE_TICK;
    const isStruck = fault !== undefined && strikes >= 0 && strikes < (fault.lastsTicks ?? 1);
    if (isSnapshotTick(phase, tick.tick)) this.dies(() => venue.save());
    if (strikes === 0) {
      this.struckSequence = venue.exchange.sequence;
      this.struckMs = before;
      this.outcome.begin(venue.state);
      this.start();
    }
    const status = statusBefore(phase, tick.tick);
    if (this.stopped === undefined && status !== undefined) this.setStatus(status, before);
    if (strikes === 0) this.ask(this.database?.acts ?? [], before);
    if (this.stopped !== undefined) return;
    const scene = this.scene(strikes, tick.timeMs);
    const isLoading = phase === 'upgrade' || phase === 'restart';
    if (isStruck) {
      if (fault.memory !== undefined) this.strikeMemory(fault.memory, scene);
      else if (fault.loaded !== undefined && !isLoading) this.strikeMemory(fault.loaded, scene);
      if (fault.operator !== undefined) this.operate(fault.operator(scene), before);
    }
    if (this.stopped !== undefined) return;
    const { inputs } = fault ?? {};
    const isChanged = isStruck && inputs !== undefined;
    this.bring(tick, isChanged ? (records) => inputs(records, scene) : undefined);
  }

  private scene(ticks: number, timeMs: number): FaultScene {
    return this.scenes.at(this.venue.state, ticks, timeMs);
  }

  /** In the phases with a new process: it starts here, and loads what the fault makes of it. */
  private start(): void {
    const { venue, fault, true: run } = this;
    if (!isStartTick(run.phase, STRIKE_TICK, run.hasLadder)) return;
    if (run.phase === 'upgrade') this.dies(() => venue.save());
    if (this.stopped !== undefined) return;
    if (this.database !== undefined) return this.startFrom(this.database);
    const { loaded } = fault ?? {};
    if (loaded === undefined || run.phase === 'reopen') return this.restart();
    const before = venue.isGuarded ? undefined : copyState(venue.state);
    const refusal = this.dies(() =>
      venue.load((state) => {
        const clean = copyState(state);
        loaded({ ...this.scene(0, run.base.session.clock.timeOf(STRIKE_TICK)), state });
        this.dependency.takeStates(clean, state);
        if (!venue.isGuarded) this.rightful.takeWrites(clean, state);
      }),
    );
    if (before !== undefined) this.wrong.takeWrites(before, venue.state, venue.exchange.sequence);
    if (refusal === undefined) return;
    this.detect('start', 'state_root', 'I', refusal.message);
    // The old world goes on; a killed process is made again from its journal.
    if (run.phase === 'restart') this.restart();
  }

  /** The process starts from a database, if it may: else the old world goes on, or it is made again from its journal. */
  private startFrom({ refused, by, loaded }: DatabaseStrike): void {
    const { venue, true: run } = this;
    if (refused !== undefined) {
      const where = by === 'start' ? 'start' : by === 'fence' || by === 'readiness' ? 'database' : 'upgrade';
      this.detect(where, refused.check, 'I', refused.about);
      if (run.phase === 'restart') this.restart();
      return;
    }
    if (typeof loaded === 'string') {
      this.stopped ??= `the state cannot be loaded: ${loaded}`;
      return;
    }
    const refusal = this.dies(() =>
      venue.load((state) => {
        this.dependency.takeStates(state, loaded);
        if (!venue.isGuarded) this.rightful.takeWrites(state, loaded);
        return loaded;
      }),
    );
    if (refusal !== undefined) this.detect('start', 'state_root', 'I', refusal.message);
    if (run.phase === 'restart' && (refusal !== undefined || venue.isGuarded)) this.restart();
  }

  /** Where nobody noticed anything, a second process goes through the journal and compares: what no command made is no part of it. */
  private shadow(): void {
    if (!this.venue.isGuarded || this.fault === undefined || this.detections.length > 0) return;
    const { stopped } = this;
    this.restart();
    // Who replays beside a running exchange finds it; the exchange itself has not stopped.
    this.stopped = stopped;
  }

  private restart(): void {
    this.isReplaying = true;
    const result = this.dies(() => this.venue.restart(this.true.hasLadder));
    this.isReplaying = false;
    const divergence = result?.firstDivergence ?? null;
    if (divergence === null) return this.rightful.forgetWrites();
    this.detect('start', `recover_${divergence.what}`, 'I', `block ${divergence.height}`);
    this.stopped ??= `the journal diverges: ${divergence.what}`;
  }

  /** Runs what may stop the process; undefined when it did. */
  private dies<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.stopped ??= nameOf(error);
      return undefined;
    }
  }

  private strikeMemory(write: (scene: FaultScene) => void, scene: FaultScene): void {
    const { venue } = this;
    const clean = copyState(venue.state);
    write(scene);
    this.dependency.takeStates(clean, venue.state);
    this.rightful.takeWrites(clean, venue.state);
    // A process that loaded these rows has its index made of them.
    const isLoaded = write !== this.fault?.memory;
    if (venue.isGuarded) return;
    this.wrong.takeWrites(clean, venue.state, venue.exchange.sequence);
    if (isLoaded) this.dies(() => venue.state.index.restore(venue.state));
  }

  private setStatus(status: number, timeMs: number): void {
    const taken = this.dies(() => this.venue.setStatus(status, timeMs));
    if (taken !== undefined) this.takeOutcome(taken);
  }

  /** What an operator asks for: with a guard an act that one person signs, without one commands like any others. */
  private operate(records: readonly CommandRecord[], timeMs: number): void {
    const { venue } = this;
    this.dependency.takeRecords(records);
    const commands = new CommandBuffer(4);
    const acts: ActCommand[] = [];
    for (const record of records) {
      const { timeMs: at, ...fields } = record;
      const isAdministrative = (ADMINISTRATIVE_KINDS as readonly string[]).includes(record.kind);
      if (venue.isGuarded && isAdministrative) acts.push(fields as unknown as ActCommand);
      else commands.append(writeCommand({ ...record, timeMs: at ?? timeMs }), 1);
    }
    if (acts.length > 0) this.carryOut(acts, timeMs);
    this.bringAdded(commands);
  }

  /** What people ask for who were shown something else than there is. */
  private ask(records: readonly CommandRecord[], timeMs: number): void {
    if (records.length === 0 || this.stopped !== undefined) return;
    this.dependency.takeRecords(records);
    const commands = new CommandBuffer(64);
    for (const record of records) commands.append(writeCommand({ ...record, timeMs }), 1);
    this.bringAdded(commands);
  }

  /** Submits what a fault added. */
  private bringAdded(commands: CommandBuffer): void {
    const records = Array.from({ length: commands.commands });
    const changed = records.map(() => true);
    if (this.stopped !== undefined || commands.rows === 0) return;
    this.submit(
      commands,
      changed,
      records.map(() => []),
    );
  }

  private carryOut(commands: readonly ActCommand[], timeMs: number): void {
    const signed = this.fault?.signed ?? 'one';
    const { venue } = this;
    if (signed === 'retired') this.dies(() => venue.rotate(timeMs));
    const what: ActContent = { kind: 'commands', commands };
    const carried = this.dies(() =>
      signed === 'one' ? venue.act(what, timeMs, 1) : venue.actOf(signed, what, timeMs),
    );
    if (carried === undefined) return;
    const { result, taken } = carried;
    if (taken !== undefined) this.takeOutcome(taken);
    if (result.accepted) for (const refusal of result.refusals) this.detect('engine', refusal, 'I', 'command');
    else {
      // An act that is held names the check that holds it first.
      const check = result.refusal === 'held' ? (result.about.split(' ')[0] as string) : `act_${result.refusal}`;
      this.detect('door', check, 'I', result.about);
    }
  }

  private takeOutcome(taken: Taken): void {
    if (this.tick < STRIKE_TICK) return;
    this.outcome.take(this.tick, taken.events);
  }

  /** Brings a tick's commands; a guarded process that dies of them is started again from its journal, once. */
  private bring(
    tick: TrueTick,
    change: ((records: readonly CommandRecord[]) => readonly CommandRecord[]) | undefined,
  ): void {
    const fed = this.feed.feed(tick, change);
    this.fed = fed;
    this.dependency.takeRecords(fed.touched);
    for (const error of fed.malformed) this.detect('engine', 'command_form', 'I', error.message);
    const taken = this.submit(fed.commands, fed.changed, fed.rights);
    if (tick.tick >= STRIKE_TICK) this.rightful.takeSources(tick.tick, this.venue.state);
    if (taken !== undefined) this.feed.pair(tick, fed, taken, this.held);
    this.fed = undefined;
  }

  /** Submits a batch and takes in what came of it. `changed` says by place which commands a fault made, `rights` what should have been there. */
  private submit(commands: CommandBuffer, changed: readonly boolean[], rights: Rights): Taken | undefined {
    this.held = new Set();
    const { venue } = this;
    let taken: Taken | undefined;
    try {
      taken = venue.submit(commands);
    } catch (error) {
      this.detect('engine', error instanceof InvariantBroken ? 'invariant' : 'crash', 'I', nameOf(error));
      if (!venue.isGuarded) {
        this.stopped = nameOf(error);
        return undefined;
      }
      this.restart();
      if (this.stopped !== undefined) return undefined;
      this.held = new Set();
      taken = this.dies(() => venue.submit(commands));
    }
    if (taken === undefined) return undefined;
    if (!venue.isGuarded) this.wrong.takeBatch(taken.rows, taken.firstSequence, rights);
    this.takeOutcome(taken);
    for (const refusal of refusedOfFault(taken, commands, changed, this.held))
      this.detect('engine', refusal, 'I', 'command');
    return taken;
  }

  private detect(by: Detection['by'], check: string, of: Check['class'], about: string): void {
    if (this.tick < STRIKE_TICK || this.isReplaying) return;
    const { exchange } = this.venue;
    this.detections.push({ by, check, class: of, about, sequence: exchange.sequence, timeMs: exchange.timeMs });
  }

  private onVerdict({ kind, account, action, check }: Verdict): void {
    const isMade = (kind === 'accept' || kind === 'flag') && !this.isReplaying;
    if (isMade) this.rightful.take(action, account, this.tick, this.venue.state);
    if (kind === 'accept' || check === undefined) return;
    this.detect('verdict', check.name, check.class, `${action.kind} of account ${account}: ${check.about}`);
    if (kind === 'flag' || this.isReplaying) return;
    const order = 'order' in action ? action.order : 0;
    const market = 'market' in action ? action.market : 0;
    const target = targetOf({ kind: action.kind, account, order, market }, (id) => this.feed.trueOrder(id));
    this.hold(action.kind, account, market, target, check.name, false);
  }

  private onFinding({ component, check }: Finding): void {
    this.detect('finding', check.name, check.class, `${componentName(component)} ${check.about}`);
  }

  private onHeldCommand({ row, account, market, check }: HeldCommand): void {
    this.held.add(row);
    this.detect('door', check.name, check.class, `${check.about} account ${account} market ${market}`);
    const place = this.fed?.starts.indexOf(row) ?? -1;
    this.hold('command', account, market, 0, check.name, this.fed === undefined || this.fed.changed[place] === true);
  }

  private hold(
    kind: Hold['kind'],
    account: number,
    market: number,
    target: number,
    check: string,
    isFaulty: boolean,
  ): void {
    if (this.isReplaying) return;
    const isOfFault = isFaulty || this.dependency.holds(this.venue.state, account, market);
    this.holds.push({ kind, account, market, target, check, tick: this.tick, isOfFault });
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
