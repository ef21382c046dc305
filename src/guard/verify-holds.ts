/**
 * Verifies the record of holds of a history as far as the history can say. What the guard of a replay holds must be on the record,
 * to the letter. What is on it beyond that can only be what its process saw in its own memory, which is no part of the history, and
 * commands that it did not take: that is *stated*, and must agree with what the history does say. Everything else is false.
 */
import { actionKey } from './action-key.ts';
import { isCorruption } from './blast-radius.ts';
import { type HoldRecord, holdLine, parseHold } from './hold-record.ts';

/**
 * missing: the history leads to a record that is not there. not_so: the history says otherwise. out_of_place: it is of another place
 * than that behind which it stands. not_open: it ends or changes what never began, or began otherwise.
 */
type WhyFalse = 'missing' | 'not_so' | 'out_of_place' | 'not_open';

/** The first record that is false, or missing. */
export interface FalseHold {
  readonly height: number;
  /** Sequence of the last command of the batch. */
  readonly sequence: number;
  readonly why: WhyFalse;
  readonly stored: string | null;
  readonly computed: string | null;
}

/** A batch behind which records stand. */
export interface HoldBatch {
  readonly height: number;
  /** Of its last command, and of the last one before it. */
  readonly sequence: number;
  readonly before: number;
  /** The records and the warrants that the replay's guard wrote with it. */
  readonly holds: readonly string[];
  readonly warrants: readonly string[];
}

const DOUBT = 'III';

export class HoldVerifier {
  /** Records; of these, what the replay wrote as well, and what only a process can have seen; what is false or missing. */
  records = 0;
  computed = 0;
  stated = 0;
  invalid = 0;
  firstInvalid: FalseHold | null = null;
  private batch: HoldBatch | undefined;
  /** What the replay wrote with the batch and the record has not yet. */
  private due: string[] = [];
  /** What the record holds now: forced actions by their key, and components. */
  private readonly open = new Map<string, HoldRecord>();

  /** A batch was applied. */
  begin(batch: HoldBatch): void {
    this.end();
    this.batch = batch;
    this.due = [...batch.holds];
  }

  /** The records that stand behind the batch. */
  take(records: readonly HoldRecord[]): void {
    for (const record of records) {
      this.records++;
      const line = holdLine(record);
      const place = this.due.indexOf(line);
      const why = place >= 0 ? undefined : this.falsehood(record);
      if (place >= 0) {
        this.due.splice(place, 1);
        this.computed++;
      } else if (why === undefined) this.stated++;
      else this.tell(why, line, null);
      this.follow(record);
    }
  }

  /** Nothing more stands behind the batch: what the replay wrote with it must have been there, or something in its place. */
  end(): void {
    for (const line of this.due) {
      const record = parseHold(line);
      if (record !== undefined && !this.isElsewise(record)) this.tell('missing', null, line);
    }
    this.due = [];
    this.batch = undefined;
  }

  private tell(why: WhyFalse, stored: string | null, computed: string | null): void {
    this.invalid++;
    const { height = -1, sequence = 0 } = this.batch ?? {};
    this.firstInvalid ??= { height, sequence, why, stored, computed };
  }

  /** Goes on with what the record says, false or not: the next record refers to it. */
  private follow(record: HoldRecord): void {
    const key = keyOf(record);
    if (key === undefined) return;
    const isHeld = record.kind === 'held' || record.kind === 'changed' || record.kind === 'quarantined';
    if (isHeld || record.kind === 'sources_lost') this.open.set(key, record);
    else this.open.delete(key);
  }

  /** Why a record that the replay did not write is false; undefined when only its process can know. */
  private falsehood(record: HoldRecord): WhyFalse | undefined {
    const { kind, sequence, timeMs, sinceMs } = record;
    const before = this.open.get(keyOf(record) ?? '');
    const { batch } = this;
    if (batch === undefined || sequence < batch.before || sequence > batch.sequence) return 'out_of_place';
    switch (kind) {
      case 'not_taken':
        if (sequence !== batch.before) return 'out_of_place';
        return sinceMs === timeMs && record.class !== DOUBT ? undefined : 'not_so';
      case 'held':
      case 'quarantined':
        return sinceMs === timeMs && this.isOfMemory(record) ? undefined : 'not_so';
      case 'sources_lost':
      case 'sources_back':
        return 'not_so';
      case 'changed':
        if (before === undefined || before.sinceMs !== sinceMs) return 'not_open';
        return this.isOfMemory(record) ? undefined : 'not_so';
      default:
        // It ends what began in the memory of a process, and says why that was.
        if (before === undefined || !isSameHold(before, record)) return 'not_open';
        return this.isOfMemory(before) ? undefined : 'not_so';
    }
  }

  /** True for a reason that a process can have seen in its memory alone, and that agrees with what the history says of it. */
  private isOfMemory(record: HoldRecord): boolean {
    const { check, class: of, about, found, expected } = record;
    if (of === DOUBT || found === expected) return false;
    if (check === 'quarantine') {
      const [component = '', name] = about.split(': ');
      const finding = this.open.get(component);
      return (
        finding !== undefined && finding.check === name && finding.found === found && finding.expected === expected
      );
    }
    if (!isCorruption({ class: of, name: check, about, holds: false, found, expected })) return false;
    const told = this.toldBy(record);
    return told === undefined || told === expected;
  }

  /** What the replay's warrant of the same action says that a check must find; undefined when there is none. */
  private toldBy({ account, action, sequence, check, about }: HoldRecord): string | undefined {
    if (account === undefined || action === undefined) return undefined;
    const key = actionKey(account, action);
    for (const line of this.batch?.warrants ?? []) {
      const warrant = JSON.parse(line) as Warrant;
      if (warrant.sequence !== sequence || actionKey(warrant.account, warrant.action) !== key) continue;
      const same = warrant.checks.find(([, name, of]) => name === check && of === about);
      return same?.[5];
    }
    return undefined;
  }

  /** True when the record holds what the replay would begin, or goes on with what it would end, for a reason of its process. */
  private isElsewise(record: HoldRecord): boolean {
    if (record.kind === 'sources_lost' || record.kind === 'sources_back') return false;
    const open = this.open.get(keyOf(record) ?? '');
    const isEnd = record.kind === 'released' || record.kind === 'not_due' || record.kind === 'lifted';
    return open === undefined ? isEnd : this.isOfMemory(open);
  }
}

interface Warrant {
  readonly account: number;
  readonly action: NonNullable<HoldRecord['action']>;
  readonly sequence: number;
  readonly checks: readonly (readonly [
    of: string,
    name: string,
    about: string,
    holds: boolean,
    found: string,
    expected: string,
  ])[];
}

/** What a record is about as long as it lasts; undefined of a command that was not taken, which does not last. */
function keyOf({ kind, account, action, component }: HoldRecord): string | undefined {
  if (kind === 'sources_lost' || kind === 'sources_back') return `sources of ${component}`;
  if (action !== undefined && account !== undefined) return actionKey(account, action);
  return component;
}

/** True when the end of a hold says of it what its last record did. */
function isSameHold(before: HoldRecord, end: HoldRecord): boolean {
  return (['check', 'class', 'about', 'found', 'expected', 'sinceMs'] as const).every(
    (key) => before[key] === end[key],
  );
}
