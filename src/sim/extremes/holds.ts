/** What the guard held back in the guarded world, by class, and whether the sources gave it a reason. */
import type { Component } from '../../guard/finding.ts';
import type { Check, ForcedAction } from '../../guard/verdict.ts';
import type { State } from '../../engine/state.ts';
import { ACCOUNT, POSITION } from '../../engine/tables.ts';
import { commandRows } from '../../chain/command-record.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS } from '../../engine/event.ts';
import { liquidationName, orderName, settlementName } from './forced-log.ts';
import type { OrderNames } from './order-names.ts';
import type { Sources } from './sources.ts';
import type { World } from './world.ts';

/** A check that held something back, how often, and the first time in words. */
export interface Reason {
  readonly check: string;
  readonly class: string;
  count: number;
  readonly first: string;
}

export class Holds {
  classIVetoes = 0;
  classIIVetoes = 0;
  classIIWithoutDisagreement = 0;
  /** Of class II: the external sources agree, and the exchange's own mark is far from what they mark. */
  classIIOnOwnBook = 0;
  classIIIDelays = 0;
  /** Ticks in which doubts of class III delayed actions in more than one market although no source disagreed. */
  classIIIWide = 0;
  /** Inputs that were not taken, and those of them that the engine refuses anyway. */
  heldInputs = 0;
  refusedAnyway = 0;
  /** When each forced action was held, rising, by its name. */
  readonly times = new Map<string, number[]>();
  private readonly byCheck = new Map<string, Reason>();

  /** Takes in what the guard said of the last batch, which ended with the tick at `timeMs`; `asked` is what both worlds were asked. */
  take(asked: CommandBuffer, open: World, guarded: World, names: OrderNames, sources: Sources, timeMs: number): void {
    if (guarded.verdicts.length > 0) this.takeVerdicts(guarded, names, sources, timeMs);
    for (const { component, check } of guarded.findings) {
      this.veto(
        check,
        sources,
        marketsOf(component, guarded.state),
        timeMs,
        `${componentText(component)} in quarantine`,
      );
    }
    if (guarded.held.length > 0) this.takeHeld(asked, open, guarded, names, sources, timeMs);
  }

  /** An act of the operators was refused, `why` by name: nothing of the sources is a reason for that. */
  takeRefusedAct(why: string, timeMs: number): void {
    const check: Check = {
      class: 'II',
      name: 'act_refused',
      about: '',
      holds: false,
      found: why,
      expected: 'accepted',
    };
    this.note(check, 'an act', timeMs);
    this.classIIVetoes++;
    this.classIIWithoutDisagreement++;
  }

  /** What held back, most frequent first. */
  get reasons(): Reason[] {
    return [...this.byCheck.values()].sort((left, right) => right.count - left.count);
  }

  private takeVerdicts(guarded: World, names: OrderNames, sources: Sources, timeMs: number): void {
    const slowed = new Set<number>();
    for (const { kind, account, action, check } of guarded.verdicts) {
      if (check === undefined || kind === 'accept' || kind === 'flag') continue;
      this.held(nameOf(account, action, names), timeMs);
      const markets = action.kind === 'liquidate' ? heldMarkets(guarded.state, account) : [action.market];
      const what = `${action.kind} of account ${account}`;
      if (check.class !== 'III') this.veto(check, sources, concerned(check, markets), timeMs, what);
      else {
        this.classIIIDelays++;
        this.note(check, what, timeMs);
        for (const market of concerned(check, markets)) if (!sources.disagree(market, timeMs)) slowed.add(market);
      }
    }
    if (slowed.size > 1) this.classIIIWide++;
  }

  private held(name: string, timeMs: number): void {
    const times = this.times.get(name);
    if (times === undefined) this.times.set(name, [timeMs]);
    else times.push(timeMs);
  }

  private takeHeld(
    asked: CommandBuffer,
    open: World,
    guarded: World,
    names: OrderNames,
    sources: Sources,
    timeMs: number,
  ): void {
    const refused = refusedRows(asked, open);
    for (const { row, account, market, check } of guarded.held) {
      this.heldInputs++;
      if (refused.has(names.askedRow(row))) {
        this.refusedAnyway++;
        continue;
      }
      const markets = market !== 0 ? [market] : heldMarkets(guarded.state, account);
      this.veto(check, sources, markets, timeMs, `an input of market ${market}, account ${account}`);
    }
  }

  private veto(check: Check, sources: Sources, markets: readonly number[], timeMs: number, what: string): void {
    this.note(check, what, timeMs);
    if (check.class === 'I') this.classIVetoes++;
    else if (check.class === 'II') {
      this.classIIVetoes++;
      if (markets.some((market) => sources.disagree(market, timeMs))) return;
      if (markets.some((market) => sources.isOwnApart(market, timeMs))) this.classIIOnOwnBook++;
      else this.classIIWithoutDisagreement++;
    } else this.classIIIDelays++;
  }

  private note({ class: of, name, about, found, expected }: Check, what: string, timeMs: number): void {
    const known = this.byCheck.get(name);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const time = new Date(timeMs).toISOString().slice(0, 19);
    const first = `${time} ${what}: ${about} ${found}, expected ${expected}`;
    this.byCheck.set(name, { check: name, class: of, count: 1, first });
  }
}

/** What a forced action hits, by its name in the unguarded world. */
function nameOf(account: number, action: ForcedAction, names: OrderNames): string {
  if (action.kind === 'liquidate') return liquidationName(account);
  if (action.kind === 'settlePosition') return settlementName(account, action.market);
  return orderName(names.back(action.order));
}

/** The market that a check is about, if it says so; else all that the action rests on. */
function concerned({ about }: Check, markets: readonly number[]): readonly number[] {
  const named = /\bmarket (\d+)/.exec(about);
  return named === null ? markets : [Number(named[1])];
}

function heldMarkets(state: State, account: number): number[] {
  const { i32, f64 } = state.position;
  const markets: number[] = [];
  if (!(account > 0 && account < state.account.rows)) return markets;
  let row = state.account.i32[account * 16 + ACCOUNT.FIRST_POSITION] as number;
  for (; row !== 0; row = i32[row * 32 + POSITION.NEXT_OF_ACCOUNT] as number) {
    if (f64[row * 16 + POSITION.SIZE] !== 0) markets.push(i32[row * 32 + POSITION.MARKET] as number);
  }
  return markets;
}

function marketsOf(component: Component, state: State): number[] {
  if (component.kind === 'market') return [component.market];
  if (component.kind === 'account') return heldMarkets(state, component.account);
  return Array.from({ length: state.market.rows - 1 }, (_, place) => place + 1);
}

function componentText(component: Component): string {
  if (component.kind === 'venue') return 'the venue';
  return component.kind === 'market' ? `market ${component.market}` : `account ${component.account}`;
}

/** First rows of the submitted commands that the unguarded engine refused. */
function refusedRows(asked: CommandBuffer, { events, submitted }: World): Set<number> {
  const refused = new Set<number>();
  const { values, count } = events;
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    if (values[at] === EVENT.refused) refused.add(values[at + 1] as number);
  }
  const rows = new Set<number>();
  let place = 0;
  for (let row = 0; row < asked.rows; row += commandRows(asked.i32, row)) {
    if (refused.has(submitted[place++] as number)) rows.add(row);
  }
  return rows;
}
