/**
 * The reopening of markets, driven: after a restart and whenever people open what was closed, each market is put on the lowest rung
 * of the ladder (`guard/reopening.ts`) and climbs from there, a step at a time, by `setStatus` commands that the exchange makes
 * itself behind its ticks. They are journalled like any others, so a replay needs none of this, and a restart finds in them what
 * was on its way. Steps down need nobody; steps up need all conditions; the first step is people's, or the restart's.
 */
import { auditState } from '../engine/audit.ts';
import type { Finding as AuditFinding } from '../engine/audit-finding.ts';
import { COMMAND, COMMAND_BYTES } from '../engine/command.ts';
import type { CommandBuffer } from '../engine/command-buffer.ts';
import { statusOf } from '../engine/market.ts';
import { marketCount, positionsOf, type State } from '../engine/state.ts';
import { MARKET, POSITION, VENUE } from '../engine/tables.ts';
import { componentOf } from '../guard/blast-radius.ts';
import { type Component, componentName, type Finding } from '../guard/finding.ts';
import type { Guard } from '../guard/guard.ts';
import {
  arriveAt,
  heightOf,
  nextStep,
  type Rung,
  RUNGS,
  rungOf,
  type Standing,
  type Standstill,
  standstillAt,
  type Step,
  waitingForPeople,
} from '../guard/reopening.ts';
import { reopeningFacts, soakTimes } from '../guard/reopening-facts.ts';
import { componentOfRow } from '../guard/row-component.ts';
import { ReopeningTrail } from '../guard/reopening-trail.ts';
import type { Verdict } from '../guard/verdict.ts';
import { WithdrawalEmbargo } from '../guard/withdrawal-embargo.ts';

const WORDS = COMMAND_BYTES / 4;
/** Time between two audits of the whole state, at least: where a market waits for one alone, and where none does. */
const AWAITED_AUDIT_MS = 10_000;
const AUDIT_MS = 60_000;

/** What became of a market at a tick, for its record: told when it moves. */
export interface ReopeningStep extends Step {
  readonly market: number;
  readonly from: Rung;
  readonly timeMs: number;
  readonly sequence: number;
}

export interface ReopeningOptions {
  readonly guard: Guard;
  /** What the process lacks to be ready for the next rung, by name; empty when nothing. Unless said it lacks nothing. */
  readonly unready?: (rung: Rung) => string;
  /** Told each move of a market, its beginning too. */
  readonly onStep?: (step: ReopeningStep) => void;
}

/** What a part of a batch ends with, as far as a reopening cares. */
type Stop = 'tick' | 'status' | 'end';

export class Reopening {
  private readonly guard: Guard;
  private readonly onStep: ((step: ReopeningStep) => void) | undefined;
  private readonly unready: (rung: Rung) => string;
  private readonly trail = new ReopeningTrail();
  private readonly embargo = new WithdrawalEmbargo();
  private readonly standings = new Map<number, Standing>();
  private readonly latest = new Map<number, Step>();
  private readonly verdicts: Verdict[] = [];
  private readonly findings: Finding[] = [];
  private auditedSequence: number | undefined;
  /** What the newest audit found, by the name of the component that rests on it. */
  private auditFindings: ReadonlyMap<string, string> = new Map();
  private auditedMs = Number.NEGATIVE_INFINITY;
  /** Events of the present batch that were taken in; rungs in force before a status was set. */
  private heard = 0;
  private before: Rung[] = [];
  private hasBegun = false;
  /** What ends the part of the batch that `stopAfter` found last. */
  stop: Stop = 'end';

  constructor({ guard, onStep, unready }: ReopeningOptions) {
    this.guard = guard;
    this.onStep = onStep;
    this.unready = unready ?? ((): string => '');
    guard.attach({
      onVerdict: (verdict) => this.verdicts.push(verdict),
      onFinding: (finding) => this.findings.push(finding),
    });
  }

  /** What it keeps of the history, for `memoryOf` and `remember`: all else a start begins anew. */
  get history(): object {
    return { trail: this.trail, embargo: this.embargo };
  }

  /** Begins with a state whose history is not told. */
  adopt(state: State): void {
    this.trail.adopt(state);
  }

  /** A rollback restored this state; the first batch behind it pauses withdrawals. */
  restore(state: State): void {
    this.embargo.begin(venueOf(state).paused);
  }

  /** Takes in a recorded batch that led to `state`: which markets were on their way when the history ends. */
  recall(state: State): void {
    this.trail.follow(state, state.events, 0);
    this.embargo.recall(venueOf(state));
    // What the guard judged then has been dealt with.
    this.verdicts.length = 0;
    this.findings.length = 0;
  }

  /** Why each market that is on its way is still where it is: its last step, with all conditions. */
  get reasons(): ReadonlyMap<number, Step> {
    return this.latest;
  }

  /** True while withdrawals stay paused after a rollback. */
  get isSoaking(): boolean {
    return this.embargo.isOn;
  }

  /** The rung of a market that is on its way, undefined when it is not. */
  rungOf(market: number): Rung | undefined {
    return this.trail.rungOf(market);
  }

  /** What people want a market to be: how far it is led. What an act decided is not exceeded, whatever the statuses look like. */
  wanted(market: number): Standstill {
    const wanted = this.trail.wanted(market);
    const decided = this.guard.authority.decided(market);
    return decided !== undefined && heightOf(rungOf(decided)) <= heightOf(rungOf(wanted)) ? decided : wanted;
  }

  /** The exchange stood still, as after a restart: with the next batch every open market begins its way anew. */
  restart(): void {
    this.hasBegun = false;
  }

  /** The event buffer is about to be filled anew. Appends, the first time after a start, what closes every market that was open. */
  startBatch(state: State, own: CommandBuffer): void {
    this.heard = 0;
    if (this.hasBegun) return;
    this.hasBegun = true;
    for (let market = 1; market <= marketCount(state); market++) {
      if (this.trail.rungOf(market) === undefined && !isOpenAtAll(standstillOf(state, market))) continue;
      this.begin(state, market, own);
    }
  }

  /** The row behind the next tick or status of the commands from `row` on; behind all of them when there is none. */
  stopAfter(state: State, { i32, rows }: CommandBuffer, row: number): number {
    this.stop = 'end';
    for (let at = row; at < rows; ) {
      const kind = i32[at * WORDS];
      at += i32[at * WORDS + 1] as number;
      if (kind === COMMAND.tick) this.stop = 'tick';
      else if (kind === COMMAND.setStatus) this.stop = 'status';
      else continue;
      if (this.stop === 'status') this.before = rungsInForce(state);
      return at;
    }
    return rows;
  }

  /** Appends the commands that follow from the part of the batch that `stopAfter` found, now that it has been applied. */
  react(state: State, own: CommandBuffer): void {
    if (this.stop === 'end') return;
    this.follow(state);
    if (this.stop === 'status') {
      this.answer(state, own);
      this.setVenue(state, this.embargo.correction(venueOf(state)), own);
    } else {
      for (const market of this.trail.all) this.step(state, market, own);
      this.soak(state, own);
      this.verdicts.length = 0;
      this.findings.length = 0;
    }
  }

  /** Takes in the statuses set since the last call: the exchange's own too. */
  follow(state: State): void {
    this.trail.follow(state, state.events, this.heard);
    this.heard = state.events.count;
  }

  /**
   * A block ends with this state and the guard has sealed it. While a market is on its way, everything is audited at this cut, unless
   * it was a moment ago: an audit reads every row, while nobody's commands are taken. A market that waits for something else, an order
   * book without depth maybe, waits without one.
   */
  sealed(state: State): void {
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    if (this.trail.all.length === 0 || timeMs - this.auditedMs < (this.isAwaited() ? AWAITED_AUDIT_MS : AUDIT_MS))
      return;
    this.auditedMs = timeMs;
    const findings = new Map<string, string>();
    for (const { component, finding } of this.narrowed(state, auditState(state))) {
      const about = `${finding.table}/${finding.row}/${finding.column}`;
      const name = componentName(component);
      if (findings.has(name)) continue;
      findings.set(name, `${finding.invariant} ${about}: ${finding.message}`);
      this.guard.find(state, component, {
        class: 'I',
        name: 'state_audit',
        about,
        holds: false,
        found: finding.message,
        expected: finding.invariant,
      });
    }
    this.auditFindings = findings;
    this.auditedSequence = state.venue.f64[64 + VENUE.SEQUENCE] as number;
  }

  /** True when a market has just begun, or lacks nothing for its next rung but a clean audit. */
  private isAwaited(): boolean {
    return this.trail.all.some((market) =>
      (this.latest.get(market)?.conditions ?? []).every(({ name, holds }) => holds || name === 'audit'),
    );
  }

  /** Each finding with what rests on it. A sum over all rows that does not hold says nothing where a row in it is found already. */
  private narrowed(state: State, found: readonly AuditFinding[]): { component: Component; finding: AuditFinding }[] {
    const all = found.map((finding) => ({ component: componentOfRow(state, finding), finding }));
    const isKnown = [...all, ...this.guard.quarantine.all].some(({ component }) => component.kind !== 'venue');
    return all.filter(({ finding }) => !isKnown || !isSum(finding));
  }

  private begin(state: State, market: number, own: CommandBuffer): void {
    const from = rungOf(standstillOf(state, market));
    this.set(state, market, standstillAt('cancel_only', this.wanted(market)), own);
    this.standings.set(market, arriveAt('cancel_only'));
    this.tell(state, market, from, { move: 'begin', standing: arriveAt('cancel_only'), conditions: [], veto: '' });
  }

  /** People set a status: what was closed begins its way, what is on its way goes on from where it is. */
  private answer(state: State, own: CommandBuffer): void {
    const now = rungsInForce(state);
    for (let market = 1; market <= marketCount(state); market++) {
      const standing = this.standings.get(market);
      const rung = this.trail.rungOf(market);
      if (standing === undefined || rung === undefined) {
        this.forget(market);
        const before = heightOf(this.before[market] ?? 'normal');
        const isRaised =
          heightOf(now[market] as Rung) > before && heightOf(now[market] as Rung) > heightOf('cancel_only');
        if (rung !== undefined) this.standings.set(market, arriveAt(rung));
        else if (isRaised && before < heightOf('open')) this.begin(state, market, own);
        continue;
      }
      if (heightOf(rung) < heightOf(standing.rung)) this.standings.set(market, arriveAt(rung, standing.vetoes));
      else this.hold(state, market, standing.rung, own);
    }
  }

  /** Sets a market that is on its way to its rung again, unless it is there. */
  private hold(state: State, market: number, rung: Rung, own: CommandBuffer): void {
    const is = standstillOf(state, market);
    const should = standstillAt(rung, this.wanted(market));
    if (is.status !== should.status || is.paused !== should.paused) this.set(state, market, should, own);
  }

  private step(state: State, market: number, own: CommandBuffer): void {
    const before = this.standings.get(market) ?? arriveAt(this.trail.rungOf(market) as Rung);
    const { auditedSequence, auditFindings } = this;
    const auditFinding =
      auditFindings.get('venue') ?? auditFindings.get(componentName({ kind: 'market', market })) ?? '';
    const veto = this.vetoOf(state, market);
    const learned = { unready: this.unready(rungAbove(before.rung)), auditedSequence, auditFinding, veto };
    const facts = reopeningFacts(this.guard, state, market, before, learned);
    const wanted = this.wanted(market);
    const step = nextStep(before, facts, rungOf(wanted));
    const { move, standing } = step;
    this.standings.set(market, standing);
    this.latest.set(market, step);
    if (move === 'wait') this.set(state, market, waitingForPeople(wanted), own);
    else if (standing.rung !== before.rung) this.set(state, market, standstillAt(standing.rung, wanted), own);
    if (move !== 'stay') this.tell(state, market, before.rung, step);
    if (move === 'done' || move === 'wait') this.trail.end(market);
    if (move === 'done') this.forget(market);
    if (move === 'wait') this.standings.delete(market);
  }

  private soak(state: State, own: CommandBuffer): void {
    if (!this.embargo.isOn) return;
    const facts = {
      timeMs: state.venue.f64[64 + VENUE.TIME_MS] as number,
      ...soakTimes(this.guard),
      venue: venueOf(state),
      isReopening: this.trail.all.length > 0,
      decided: this.guard.authority.decided(0),
    };
    this.setVenue(state, this.embargo.pass(facts), own);
  }

  private setVenue(state: State, to: Standstill | undefined, own: CommandBuffer): void {
    if (to !== undefined) this.set(state, 0, to, own);
  }

  /** What was vetoed or found about a market since the last tick; empty when nothing. */
  private vetoOf(state: State, market: number): string {
    for (const { component, check } of this.findings) {
      if (component.kind !== 'account' && isAbout(state, component, market))
        return `${componentName(component)}: ${check.name}`;
    }
    for (const { kind, account, check } of this.verdicts) {
      const isVeto = (kind === 'hold' || kind === 'halt') && check !== undefined && check.class !== 'III';
      // What is in quarantine stops the way up without being vetoed again at each tick.
      if (!isVeto || check.name === 'quarantine') continue;
      const component: Component = kind === 'halt' ? { kind: 'venue' } : componentOf(check, account);
      if (isAbout(state, component, market)) return `${componentName(component)}: ${check.name} ${check.found}`;
    }
    return '';
  }

  private set(state: State, market: number, { status, paused }: Standstill, own: CommandBuffer): void {
    own.setStatus(state.venue.f64[64 + VENUE.TIME_MS] as number, market, status, paused);
  }

  private forget(market: number): void {
    this.standings.delete(market);
    this.latest.delete(market);
  }

  private tell(state: State, market: number, from: Rung, step: Step): void {
    const { f64 } = state.venue;
    const [timeMs, sequence] = [f64[64 + VENUE.TIME_MS] as number, f64[64 + VENUE.SEQUENCE] as number];
    this.onStep?.({ ...step, market, from, timeMs, sequence });
  }
}

/** The rung that comes next; the last one is its own. */
function rungAbove(rung: Rung): Rung {
  return RUNGS[Math.min(heightOf(rung) + 1, RUNGS.length - 1)] as Rung;
}

/** True for what is found of all rows of a table together. */
function isSum({ invariant, row }: AuditFinding): boolean {
  return row === 0 || invariant === 'money_conserved';
}

/** The venue's own status and pauses. */
function venueOf({ venue: { i32 } }: State): Standstill {
  return { status: i32[128 + VENUE.STATUS] as number, paused: i32[128 + VENUE.PAUSED] as number };
}

/** True when something could trade or be forced. */
function isOpenAtAll(standstill: Standstill): boolean {
  return heightOf(rungOf(standstill)) > heightOf('cancel_only');
}

/** The market's own status and pauses. */
function standstillOf(state: State, market: number): Standstill {
  const at = market * 256;
  const { i32 } = state.market;
  return { status: i32[at + MARKET.STATUS] as number, paused: i32[at + MARKET.PAUSED] as number };
}

/** The rung of each market with the venue's own status and pauses on top. */
function rungsInForce(state: State): Rung[] {
  const paused = state.venue.i32[128 + VENUE.PAUSED] as number;
  return Array.from({ length: marketCount(state) + 1 }, (_, market) =>
    market === 0
      ? 'normal'
      : rungOf({ status: statusOf(state, market), paused: standstillOf(state, market).paused | paused }),
  );
}

/** True when a market is a component, rests on it, or is held by it. */
function isAbout(state: State, component: Component, market: number): boolean {
  if (component.kind === 'venue') return true;
  if (component.kind === 'market') return component.market === market;
  for (const row of positionsOf(state, component.account)) {
    const isOpen = state.position.f64[row * 16 + POSITION.SIZE] !== 0;
    if (isOpen && state.position.i32[row * 32 + POSITION.MARKET] === market) return true;
  }
  return false;
}
