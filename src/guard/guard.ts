/**
 * The guard between what the engine proposes and what happens. It keeps the sealed image and the events since, and gives each
 * forced action a warrant or holds it. It reads the state and never writes it.
 */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { VENUE } from '../engine/tables.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { checkRules, judgeAccount } from './account-checks.ts';
import { checkAction } from './action-checks.ts';
import { EventLog } from './event-log.ts';
import { Unreadable } from './exact.ts';
import { type Proposal, proposalOf } from './forced-command.ts';
import { ImageAdvance } from './image-advance.ts';
import { Known } from './known.ts';
import { isIndexBounded } from './market-checks.ts';
import { SealedImage } from './sealed-image.ts';
import type { Component, Finding } from './finding.ts';
import { Quarantine } from './quarantine.ts';
import { type HeldCommand, Screen } from './screen.ts';
import { type Check, Checks, type Verdict } from './verdict.ts';
import { encodeLines, warrantLine, type WarrantPlace } from './warrant.ts';

/** The block that is open. */
export interface OpenBlock {
  readonly fork: number;
  readonly height: number;
}

export interface GuardOptions {
  /** Told every judgement, in order. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Told once of each component that is put into quarantine. */
  readonly onFinding?: (finding: Finding) => void;
  /** Told of each submitted command that is not taken. */
  readonly onHeldCommand?: (held: HeldCommand) => void;
}

const NO_ROWS = new Uint8Array();

export class Guard {
  private readonly options: GuardOptions;
  private readonly image = new SealedImage();
  private readonly log = new EventLog();
  private readonly known = new Known(this.image, this.log);
  private readonly screening = new Screen(this.known);
  readonly quarantine = new Quarantine();
  /** Events of the present batch that were taken in. */
  private listened = 0;
  private lines: string[] = [];

  constructor(options: GuardOptions = {}) {
    this.options = options;
  }

  /** The event buffer is about to be filled anew. */
  startBatch(): void {
    this.listened = 0;
  }

  /**
   * Judges submitted commands against the state that they find. Returns the first rows of those that must not be taken,
   * undefined when all may be. A replay does not ask: what is in the journal was taken.
   */
  screen(state: State, commands: CommandBuffer): ReadonlySet<number> | undefined {
    const held = this.screening.judge(state, commands, this.quarantine);
    if (held.length === 0) return undefined;
    for (const each of held) this.options.onHeldCommand?.(each);
    return new Set(held.map(({ row }) => row));
  }

  /** Rows `from` up to the first tick, or up to `to`, are about to be applied, live and in a replay alike. */
  before(state: State, words: Int32Array, floats: Float64Array, from: number, to: number): void {
    if (!this.image.isThere) return;
    this.screening.before(state, words, floats, from, to);
  }

  /** Puts a component into quarantine for a check that failed. */
  find(state: State, component: Component, check: Check): void {
    const { f64 } = state.venue;
    const [sequence, timeMs] = [f64[64 + VENUE.SEQUENCE] as number, f64[64 + VENUE.TIME_MS] as number];
    const finding = { component, check, sequence, timeMs };
    if (this.quarantine.add(finding)) this.options.onFinding?.(finding);
  }

  /** Takes in what happened since the last call: after each tick before its proposals are judged, and at the end of a batch. */
  listen(state: State): void {
    const { events } = state;
    const from = this.log.count;
    this.log.take(events, this.listened);
    this.listened = events.count;
    for (let place = from; place < this.log.count; place++) {
      const kind = this.log.kind(place);
      if (kind === EVENT.accountDefined) this.image.addAccount(state, this.log.field(place, 0));
      else if (kind === EVENT.marketDefined) this.image.addMarket(state, this.log.field(place, 0));
    }
  }

  /** A block ends with this state. The first one is the image; from then on the image goes on by what events tell. */
  seal(state: State): void {
    const { image, log } = this;
    if (!image.isThere) image.begin(state);
    else {
      this.condemn(state);
      new ImageAdvance(image, log, state).run();
    }
    log.clear();
  }

  /** A block must not make good an index that moved further than any index can. */
  private condemn(state: State): void {
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    for (let market = 1; market < state.market.rows; market++) {
      if (isIndexBounded(this.known, market, timeMs)) continue;
      this.known.condemned.add(market);
    }
  }

  /**
   * Judges the proposals among the events from number `from` on, all against the state that the tick left. Returns the numbers of
   * those that may become commands; their warrants are kept for `takeWarrants`.
   */
  judge(state: State, from: number, open: OpenBlock): number[] {
    const accepted: number[] = [];
    const { values, count } = state.events;
    let proposals = 0;
    for (let event = from; event < count; event++) {
      const kind = values[event * EVENT_FLOATS];
      if (kind !== EVENT.liquidationDue && kind !== EVENT.triggerDue && kind !== EVENT.cancelDue) continue;
      const proposal = proposalOf(state.events, event) as Proposal;
      if (this.judgeOne(state, proposal, open, proposals++)) accepted.push(event);
    }
    return accepted;
  }

  /** The canonical bytes of the warrants issued since the last call, as rows; empty when there are none. */
  takeWarrants(): Uint8Array {
    const { lines } = this;
    if (lines.length === 0) return NO_ROWS;
    this.lines = [];
    return encodeLines(lines);
  }

  private judgeOne(state: State, proposal: Proposal, open: OpenBlock, number: number): boolean {
    const { account, action, sequence } = proposal;
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    const checks = new Checks();
    const place = { ...open, sequence, timeMs, proposal: number };
    const line = this.lineOf(state, proposal, place, checks);
    const check = checks.veto ?? checks.doubt;
    let kind: Verdict['kind'] = check === undefined ? 'accept' : 'flag';
    if (checks.veto !== undefined) kind = checks.veto.name === 'rules' ? 'halt' : 'hold';
    this.options.onVerdict?.({ kind, account, action, sequence, timeMs, check });
    if (line === undefined || checks.veto !== undefined) return false;
    this.lines.push(line);
    return true;
  }

  /** Makes all checks; returns the line of the warrant, if its numbers are numbers. */
  private lineOf(state: State, proposal: Proposal, place: WarrantPlace, checks: Checks): string | undefined {
    const { known } = this;
    const { account, action, sequence, margin } = proposal;
    if (!this.image.isThere) checks.note('I', 'sealed_block', '', false, 'none', 'a block');
    try {
      checkRules(known, state, checks);
      const market = action.kind === 'liquidate' ? 0 : action.market;
      const judged = judgeAccount(known, state, account, market, sequence, place.timeMs, checks);
      checkAction(known, state, judged, action, margin?.(), checks);
      return warrantLine(place, action, judged, known, state, checks.all);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      checks.note('I', 'fields_are_numbers', '', false, error.message, 'whole numbers');
      return undefined;
    }
  }
}
