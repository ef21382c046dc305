/**
 * What the guard holds, from its beginning to its end, as lines for the record: every hold has a reason and a time that its owner
 * can read. A hold that lasts is told when it begins, when its reason changes and when it ends, not at every tick. The lines are
 * facts of what this process saw; a replay computes the warrants again, not these.
 */
import { COMMAND_KINDS } from '../engine/command.ts';
import { actionKey, isOfHealthCheck } from './action-key.ts';
import { type Component, componentName, type Finding } from './finding.ts';
import type { HoldRecord } from './hold-record.ts';
import { holdLine } from './hold-record.ts';
import type { HeldCommand } from './screen.ts';
import type { SourcesTold } from './source-watch.ts';
import type { Check, ForcedAction, Verdict } from './verdict.ts';

interface OpenHold {
  readonly account: number;
  readonly action: ForcedAction;
  readonly check: Check;
  readonly sinceMs: number;
  /** When it was held last. */
  timeMs: number;
}

interface Repeated {
  readonly toldMs: number;
  /** How often it came since without being told. */
  untold: number;
}

/** Commands of one account that are not taken for one reason are told again after so long; samples, which have no owner, later. */
const AGAIN_MS = 1_000;
const SAMPLES_AGAIN_MS = 60_000;
/** Runs of commands not taken that are remembered; the oldest are forgotten first. */
const MOST_REPEATED = 10_000;

export class HoldRegister {
  private readonly open = new Map<string, OpenHold>();
  private readonly repeated = new Map<string, Repeated>();
  /** When each quarantined component was found. */
  private readonly quarantined = new Map<string, Finding>();
  private lines: string[] = [];
  private tickMs = -1;
  private sequence = 0;
  private timeMs = 0;

  /** The last command and the exchange's time, of what is told without one of its own. */
  stamp(sequence: number, timeMs: number): void {
    this.sequence = sequence;
    this.timeMs = timeMs;
  }

  /** Takes in a judgement: a hold begins, goes on, changes its reason, or ends because the action happens. */
  judged({ kind, account, action, sequence, timeMs, check }: Verdict): void {
    const key = actionKey(account, action);
    const before = this.open.get(key);
    if ((kind === 'hold' || kind === 'halt') && check !== undefined) {
      const sinceMs = before?.sinceMs ?? timeMs;
      this.open.set(key, { account, action, check, sinceMs, timeMs });
      if (before !== undefined && isSameReason(before.check, check)) return;
      this.tell(before === undefined ? 'held' : 'changed', { account, action }, check, sinceMs, timeMs, sequence);
    } else if (before !== undefined) {
      this.open.delete(key);
      this.tell('released', { account, action }, before.check, before.sinceMs, timeMs, sequence);
    }
  }

  /** A tick was judged whole: what could have been proposed again and was not is no longer due. */
  tickJudged(tickMs: number, healthMs: number): void {
    if (tickMs === this.tickMs) return;
    this.tickMs = tickMs;
    for (const [key, { account, action, check, sinceMs, timeMs }] of this.open) {
      if (timeMs >= tickMs || (isOfHealthCheck(action) && healthMs !== tickMs)) continue;
      this.open.delete(key);
      this.tell('not_due', { account, action }, check, sinceMs, tickMs, this.sequence);
    }
  }

  /** A component is quarantined. */
  found(finding: Finding): void {
    const { component, check, sequence, timeMs } = finding;
    this.quarantined.set(componentName(component), finding);
    this.tell('quarantined', { component: componentName(component) }, check, timeMs, timeMs, sequence);
  }

  /** People ended a quarantine. */
  lifted(component: Component): void {
    const name = componentName(component);
    const finding = this.quarantined.get(name);
    if (finding === undefined) return;
    this.quarantined.delete(name);
    this.tell('lifted', { component: name }, finding.check, finding.timeMs, this.timeMs, this.sequence);
  }

  /** A market has lost sources, or has them again. */
  sources({ market, isBack, check, sinceMs, timeMs }: SourcesTold): void {
    const component = componentName({ kind: 'market', market });
    this.tell(isBack ? 'sources_back' : 'sources_lost', { component }, check, sinceMs, timeMs, this.sequence);
  }

  /** A submitted command is not taken. */
  notTaken({ command, account, market, timeMs, check }: HeldCommand): void {
    const key = `${command} ${account} ${market} ${check.class} ${check.name}`;
    const before = this.repeated.get(key);
    const again = account === 0 ? SAMPLES_AGAIN_MS : AGAIN_MS;
    if (before !== undefined && timeMs - before.toldMs < again) {
      before.untold++;
      return;
    }
    this.repeated.delete(key);
    if (this.repeated.size >= MOST_REPEATED) this.repeated.delete(this.repeated.keys().next().value as string);
    this.repeated.set(key, { toldMs: timeMs, untold: 0 });
    const about = { account, market, command: COMMAND_KINDS[command] ?? 'none', times: 1 + (before?.untold ?? 0) };
    this.tell('not_taken', about, check, timeMs, timeMs, this.sequence);
  }

  /** The lines since the last call, in the order in which things happened. */
  takeLines(): string[] {
    const { lines } = this;
    if (lines.length > 0) this.lines = [];
    return lines;
  }

  private tell(
    kind: HoldRecord['kind'],
    of: Pick<HoldRecord, 'account' | 'market' | 'component' | 'action' | 'command' | 'times'>,
    { class: checkClass, name, about, found, expected }: Check,
    sinceMs: number,
    timeMs: number,
    sequence: number,
  ): void {
    const reason = { check: name, class: checkClass, about, found, expected };
    this.lines.push(holdLine({ kind, ...of, ...reason, sinceMs, timeMs, sequence }));
  }
}

function isSameReason(a: Check, b: Check): boolean {
  return a.name === b.name && a.class === b.class && a.about === b.about;
}
