/**
 * The guard between what the engine proposes and what happens. It keeps the sealed image and the events since, and gives each
 * forced action a warrant or holds it. It reads the state and never writes it.
 */
import type { CommandBuffer } from '../engine/command-buffer.ts';
import type { State } from '../engine/state.ts';
import { RULE } from '../engine/rules.ts';
import { MARKET, VENUE } from '../engine/tables.ts';
import { EVENT } from '../engine/event.ts';
import { checkRules, judgeAccount } from './account-checks.ts';
import { checkAction } from './action-checks.ts';
import { Authority } from './authority/authority.ts';
import { type CommandSource, OUTSIDE } from './authority/command-source.ts';
import { unsignedCommands } from './authority/unsigned-commands.ts';
import { checkBothFamilies } from './both-families.ts';
import { BlockEnd } from './block-end.ts';
import { BlastRadius, componentOf, isCorruption } from './blast-radius.ts';
import { Breakers, isOfPrices } from './breakers.ts';
import { survivingCanary } from './canary.ts';
import { compareRows, compareSampled, isClockSame } from './derived-image.ts';
import type { EventLog } from './event-log.ts';
import { Unreadable } from './exact.ts';
import { type Proposal, proposalOf } from './forced-command.ts';
import { FundingSchedule } from './funding-schedule.ts';
import { Grace, isSlowing } from './grace.ts';
import type { GuardOptions } from './guard-options.ts';
import { HoldRegister } from './hold-register.ts';
import { Known } from './known.ts';
import { type Listening, OWN_LISTENING } from './listening.ts';
import type { SealedImage } from './sealed-image.ts';
import { type Component, heldByQuarantine } from './finding.ts';
import { type OrderViolation, tellViolations } from './order-violation.ts';
import { HALTING, type Judgement } from './judgement.ts';
import { Prices } from './price-checks.ts';
import { Quarantine } from './quarantine.ts';
import { type HeldCommand, Screen, withoutWarrant } from './screen.ts';
import { SourceWatch } from './source-watch.ts';
import { type Check, Checks, type Verdict } from './verdict.ts';
import { draftWarrant, encodeLines, type WarrantDraft, type WarrantPlace, warrantText } from './warrant.ts';

/** The block that is open. */
export interface OpenBlock {
  readonly fork: number;
  readonly height: number;
}

const NO_ROWS = new Uint8Array();

export class Guard {
  private options: GuardOptions;
  private readonly listening: Listening;
  readonly known: Known;
  private readonly image: SealedImage;
  private readonly log: EventLog;
  readonly prices: Prices;
  private readonly screening: Screen;
  readonly quarantine = new Quarantine();
  /** What signed acts allow. Without an enrolled key it asks for none. */
  readonly authority = new Authority(
    (rule) => Number(this.known.rule(rule)),
    (component) => this.lift(component),
    (words, at) => this.known.remedy.pendingAccount(words, at),
  );
  /** Events of the present batch that were taken in. */
  private listened = 0;
  /** Marks, changes of statuses and liquidations of the log that were noted. */
  private noted = 0;
  /** Events of the present batch that the last whole run ended with. */
  private heardFrom = 0;
  private lines: string[] = [];
  private readonly schedule = new FundingSchedule();
  private readonly sources: SourceWatch;
  private readonly blockEnd: BlockEnd;
  private readonly breakers: Breakers;
  private readonly grace = new Grace();
  private readonly holds = new HoldRegister();
  /** Sequence of the last command that the guard was told of. */
  private heard = 0;

  constructor(options: GuardOptions = {}) {
    this.options = options;
    this.listening = options.listening ?? OWN_LISTENING;
    this.known = new Known(this.listening.room);
    this.image = this.known.image;
    this.log = this.known.log;
    this.prices = new Prices(this.known);
    this.screening = new Screen(this.known, this.prices, (state) => this.tellAll(state));
    this.sources = new SourceWatch(this.known);
    this.blockEnd = new BlockEnd(this.known);
    this.breakers = new Breakers(this.known);
  }

  /** Has another listener told of all verdicts and findings that follow, behind the one of the options. */
  attach(more: Required<Pick<GuardOptions, 'onVerdict' | 'onFinding'>>): void {
    const { onVerdict, onFinding } = this.options;
    this.options = {
      ...this.options,
      onVerdict: (verdict) => {
        onVerdict?.(verdict);
        more.onVerdict(verdict);
      },
      onFinding: (finding) => {
        onFinding?.(finding);
        more.onFinding(finding);
      },
    };
  }

  /** A batch begins: the event buffer is about to be filled anew. */
  startBatch(): void {
    this.known.orders.batch++;
    this.listened = 0;
    this.heardFrom = 0;
    this.known.forgetProposed();
  }

  /**
   * A batch ends with this state. What its events tell of orders and cannot be is told when the next batch ends, unless a tick,
   * a judgement, money that is asked for or a block's end comes first: so another thread may still be taking it in.
   */
  endBatch(state: State): void {
    this.listen(state);
    const { orders } = this.known;
    this.listening.awaitBefore(this.known, orders.batch);
    this.tell(state, orders.takeViolations(orders.batch));
  }

  /** Waits until all that happened is taken in, and tells what of it cannot be. */
  private tellAll(state: State): void {
    const { image, orders } = this.known;
    this.listening.awaitAll(this.known);
    if (image.isThere) image.linkPositions(state);
    this.tell(state, orders.takeViolations());
  }

  private tell(state: State, violations: readonly OrderViolation[]): void {
    tellViolations(violations, (component, check) => this.find(state, component, check));
  }

  /**
   * Judges submitted commands against the state that they find. Returns the first rows of those that must not be taken,
   * undefined when all may be. A replay does not ask: what is in the journal was taken. `forced`: first rows of forced commands among
   * them, which nobody may submit.
   */
  screen(
    state: State,
    commands: CommandBuffer,
    source: CommandSource = OUTSIDE,
    forced: readonly number[] = [],
  ): ReadonlySet<number> | undefined {
    const judged = this.heldOf(state, commands, source);
    const held = forced.length === 0 ? judged : [...forced.map((row) => withoutWarrant(commands, row)), ...judged];
    for (const note of this.screening.takeNotes()) this.options.onNote?.(note);
    if (held.length === 0) return undefined;
    for (const each of held) {
      this.holds.notTaken(each);
      this.options.onHeldCommand?.(each);
    }
    return new Set(held.map(({ row }) => row));
  }

  /** The submitted commands that must not be taken; tells nobody of them. */
  heldOf(state: State, commands: CommandBuffer, source: CommandSource): HeldCommand[] {
    const unsigned = unsignedCommands(this.authority, commands, source);
    const others = this.screening.judge(state, commands, this.quarantine, source);
    return [...unsigned, ...others.filter(({ row }) => !unsigned.some((each) => each.row === row))];
  }

  /**
   * Rows `from` up to the first tick, or up to `to`, are about to be applied, live and in a replay alike. Returns the row behind them,
   * undefined where no block was seen yet and nothing is read.
   */
  before(state: State, words: Int32Array, floats: Float64Array, from: number, to: number): number | undefined {
    if (!this.image.isThere) return undefined;
    // Of what happened since the tick nobody was told yet.
    this.listen(state);
    const { inputs, orders } = this.known;
    this.listening.awaitBuffer(this.known, state.events, orders.batch);
    const end = inputs.read(words, floats, from, to);
    // Trades and the last prices of them are compared as well.
    if (inputs.isTicked || !isClockSame(inputs, state)) this.listening.awaitAll(this.known);
    const compare = inputs.isTicked ? compareRows : compareSampled;
    compare(inputs, state, (component, check) => this.find(state, component, check));
    inputs.takeRead();
    return end;
  }

  /** Puts a component into quarantine for a check that failed. */
  find(state: State, component: Component, check: Check): void {
    const { f64 } = state.venue;
    const [sequence, timeMs] = [f64[64 + VENUE.SEQUENCE] as number, f64[64 + VENUE.TIME_MS] as number];
    const finding = { component, check, sequence, timeMs };
    if (!this.quarantine.add(finding)) return;
    this.holds.found(finding);
    this.options.onFinding?.(finding);
  }

  /** Ends a quarantine. What still differs from its image is found again. */
  private lift(component: Component): void {
    if (this.quarantine.lift(component)) this.holds.lifted(component);
    if (component.kind === 'market') this.known.condemned.delete(component.market);
  }

  /**
   * Takes in what happened since the last call: after each tick before its proposals are judged, and at the end of a batch. `isPart`:
   * in the midst of the commands that `before` was told of.
   */
  listen(state: State, isPart = false): void {
    const { events } = state;
    const first = this.listened;
    const { isTicked } = this.known.inputs;
    this.listening.hear(this.known, state, first, isPart);
    this.listened = events.count;
    this.heard = state.venue.f64[64 + VENUE.SEQUENCE] as number;
    this.holds.stamp(this.heard, state.venue.f64[64 + VENUE.TIME_MS] as number);
    // The rest of a run tells what its parts did: another thread may still be taking them in.
    if (isPart) return;
    if (isTicked) this.tellAll(state);
    this.known.remedy.tellViolations((component, check) => this.find(state, component, check));
    if (this.image.isThere) this.observeTick(state, this.heardFrom);
    this.heardFrom = this.listened;
    const notable = this.log.notableFrom(this.noted);
    this.noted += notable.length;
    for (const place of notable) {
      const kind = this.log.kind(place);
      if (kind === EVENT.marked) this.known.addIndex(place);
      else if (kind === EVENT.liquidated) this.breakers.count(this.log.field(place, 0));
      else {
        this.authority.noteStatus(this.log.field(place, 0), this.log.field(place, 1), this.log.field(place, 2));
      }
    }
  }

  /** Looks at what a tick did, if there was one; `from` is the first event since the last call. */
  private observeTick(state: State, from: number): void {
    this.prices.observe();
    for (const told of this.sources.observe()) {
      this.holds.sources(told);
      this.options.onSources?.(told);
    }
    this.schedule.observe(this.known.inputs, state, from, (component, check) => this.find(state, component, check));
  }

  /** A block ends with this state. The first one is the image; from then on the image goes on by what events tell. */
  seal(state: State): void {
    this.tellAll(state);
    this.blockEnd.seal(state, (component, check) => this.find(state, component, check));
    this.noted = 0;
  }

  /**
   * Judges the proposals among the events from number `from` on, all against the state that the tick left. Returns the numbers of
   * those that may become commands; their warrants are kept for `takeWarrants`.
   */
  judge(state: State, from: number, open: OpenBlock): number[] {
    const events = this.known.proposedSince(state.events, from, this.listened);
    const [tickMs, healthMs] = [tickMsOf(state), state.venue.f64[64 + VENUE.HEALTH_MS] as number];
    this.grace.begin(tickMs, healthMs);
    // At every tick, proposals or not: an interval begins with the clock, not with what a process saw.
    if (this.image.isThere) this.breakers.roll(state, tickMs);
    const accepted = events.length === 0 ? [] : this.judgeAll(state, events, open);
    this.holds.tickJudged(tickMs, healthMs);
    return accepted;
  }

  private judgeAll(state: State, events: readonly number[], open: OpenBlock): number[] {
    this.tellAll(state);
    const timeMs = state.venue.f64[64 + VENUE.TIME_MS] as number;
    if (this.image.isThere) this.breakers.begin(state);
    const death = this.deathOf(state, events[0] as number, open);
    const judgements = events.map((event) => this.judgeOne(state, event, { ...open, timeMs }, death));
    this.explain(state, judgements);
    return this.conclude(judgements);
  }

  /** What shows that the guard is dead: it was not told of the last command, or does not deny what it must. */
  private deathOf(state: State, event: number, open: OpenBlock): Check | undefined {
    if (!this.image.isThere) return undefined;
    const { f64 } = state.venue;
    const [sequence, timeMs] = [f64[64 + VENUE.SEQUENCE] as number, f64[64 + VENUE.TIME_MS] as number];
    const checks = new Checks();
    checks.same('I', 'guard_heard', '', this.heard, sequence);
    const { action } = proposalOf(state.events, event) as Proposal;
    const place = { ...open, sequence, timeMs };
    const market = action.kind === 'liquidate' ? 1 : action.market;
    const survived = survivingCanary(state, sequence, market, (lane, proposal) => {
      const made = new Checks();
      this.lineOf(lane, proposal, place, made, market);
      return made;
    });
    if (survived !== undefined) checks.note('I', 'canary_denied', survived, false, 'not denied', 'denied');
    return checks.veto;
  }

  /** Quarantines what explains that many accounts could be liquidated and by the image could not. */
  private explain(state: State, judgements: readonly Judgement[]): void {
    const radius = new BlastRadius();
    for (const { proposal, veto, markets } of judgements) {
      if (veto === undefined || !isCorruption(veto)) continue;
      this.find(state, componentOf(veto, proposal.account), veto);
      if (proposal.action.kind === 'liquidate') radius.deny({ account: proposal.account, check: veto, markets });
    }
    const found = radius.explain(state.market.rows - 1, () => this.breakers.accountsHolding(state));
    if (found === undefined) return;
    for (const component of found.components) this.find(state, component, found.check);
  }

  /** Tells the verdicts, and keeps the warrants of what may happen; returns the numbers of its events. */
  private conclude(judgements: readonly Judgement[]): number[] {
    const accepted: number[] = [];
    for (const { event, proposal, checks, line, veto, doubt, markets, timeMs, isWaiting } of judgements) {
      const { account, action, sequence } = proposal;
      const held = this.quarantine.ofAccount(account, markets);
      const check = veto ?? (held === undefined ? doubt : heldByQuarantine(held));
      let kind: Verdict['kind'] = check === undefined ? 'accept' : 'flag';
      if (veto !== undefined || held !== undefined || isWaiting) kind = 'hold';
      if (veto !== undefined && HALTING.has(veto.name)) kind = 'halt';
      const verdict: Verdict = { kind, account, action, sequence, timeMs, check };
      this.holds.judged(verdict);
      this.options.onVerdict?.(verdict);
      if (kind === 'hold' || kind === 'halt' || line === undefined) continue;
      this.lines.push(warrantText(line, checks));
      accepted.push(event);
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

  /** What was held since the last call, as rows for the record; empty when nothing changed. */
  takeHolds(): Uint8Array {
    const lines = this.holds.takeLines();
    return lines.length === 0 ? NO_ROWS : encodeLines(lines);
  }

  private judgeOne(
    state: State,
    event: number,
    { fork, height, timeMs }: OpenBlock & { readonly timeMs: number },
    death: Check | undefined,
  ): Judgement {
    const proposal = proposalOf(state.events, event) as Proposal;
    const { account, action, sequence } = proposal;
    const checks = new Checks();
    if (death !== undefined) checks.all.push(death);
    const place = { fork, height, sequence, timeMs };
    const market = action.kind === 'liquidate' ? 0 : action.market;
    const line = this.lineOf(state, proposal, place, checks, market);
    const markets = line?.markets ?? (market === 0 ? [] : [market]);
    const tripped = line === undefined ? [] : this.breakers.tripped(state, markets, timeMs);
    checks.all.push(...tripped);
    const { veto, doubt } = checks;
    const isUnexplained = tripped.length > 0 && line?.isOfPrices !== true;
    const isDoubtful = isUnexplained || checks.all.some(({ holds, name }) => !holds && isSlowing(name));
    const slowing = veto === undefined && isDoubtful;
    const graceMs = slowing ? Number(this.known.rule(RULE.guard_grace)) : 0;
    const isWaiting = slowing && !this.grace.isOver(account, action, timeMs, graceMs);
    return { event, proposal, checks, line, veto, doubt, markets, timeMs, isWaiting };
  }

  /** Makes all checks; returns the warrant but for its checks, if its numbers are numbers. */
  private lineOf(
    state: State,
    proposal: Proposal,
    place: WarrantPlace,
    checks: Checks,
    market: number,
  ): (WarrantDraft & { readonly isOfPrices: boolean }) | undefined {
    const { known } = this;
    const { account, action, sequence, margin } = proposal;
    if (!this.image.isThere) checks.note('I', 'sealed_block', '', false, 'none', 'a block');
    try {
      checkRules(known, state, checks);
      const judged = judgeAccount(known, state, account, market, sequence, place.timeMs, checks);
      checkAction(known, state, judged, action, margin?.(), checks);
      this.prices.check(state, action, judged.markets, place.timeMs, checks);
      checkBothFamilies(known, judged, action, this.prices.gaps, place.timeMs, checks);
      return { ...draftWarrant(place, action, judged, known, state), isOfPrices: isOfPrices(judged) };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      checks.note('I', 'fields_are_numbers', '', false, error.message, 'whole numbers');
      return undefined;
    }
  }
}

/** When the last tick was; every tick stamps all markets. */
function tickMsOf({ market }: State): number {
  return market.rows > 1 ? (market.f64[128 + MARKET.TICK_MS] as number) : -1;
}
