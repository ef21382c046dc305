/**
 * Two releases along one journal: the same root and the same events at the end of every block, or what differs is declared, and nothing
 * else. Where roots differ the tables are compared by digests of pages, and rows where those differ, column by column.
 */
import type { Json } from '../remedy/canonical-json.ts';
import { Findings } from './finding.ts';
import { type DeclaredDifference, OWN_RELEASE, type Release } from './release.ts';
import { type RecordedRoot, type ShadowAnswers, type ShadowBlock, MARGIN_TABLE, PAGE_ROWS } from './shadow-protocol.ts';
import { ShadowBroke, ShadowProcess } from './shadow-process.ts';

const EVENT_TABLE = 'event';
const WHOLE = '*';

export class ReleaseComparison {
  readonly control: ShadowProcess;
  readonly candidate: ShadowProcess;
  private readonly declared: readonly DeclaredDifference[];
  /** Whose outcome the journal has. */
  private readonly recorder: 'control' | 'candidate';
  /** Roots of the last blocks that were made, until the journal's own are seen. */
  private readonly made = new Map<number, string>();
  /** Blocks that were compared, and those of them that differ as declared. */
  blocks = 0;
  explained = 0;
  /** The last block of both. */
  last: { readonly control: ShadowBlock; readonly candidate: ShadowBlock } | undefined;

  constructor(
    control: ShadowProcess,
    candidate: ShadowProcess,
    declared: readonly DeclaredDifference[],
    recorder: 'control' | 'candidate',
  ) {
    this.recorder = recorder;
    this.control = control;
    this.candidate = candidate;
    this.declared = declared;
  }

  /**
   * Starts this release and another along a journal, before its first command or at the end of the block at `from`. Refuses (throws
   * `ShadowGone`) as `ShadowProcess.start` does.
   */
  static async start(
    { folder, declared }: Release,
    journal: string,
    recorder: 'control' | 'candidate',
    from?: number,
  ): Promise<ReleaseComparison> {
    const control = await ShadowProcess.start(OWN_RELEASE, journal, from);
    try {
      const candidate = await ShadowProcess.start(folder, journal, from);
      return new ReleaseComparison(control, candidate, declared, recorder);
    } catch (error) {
      await control.end();
      throw error;
    }
  }

  /** Adds tables and columns that only one release has, and that are not declared. */
  compareSchemas(findings: Findings): void {
    const [own, other] = [this.control.hello.tables, this.candidate.hello.tables];
    const isDeclared = (table: string, column: string): boolean =>
      this.declared.some((each) => each.table === table && (each.column === column || each.column === WHOLE));
    for (const table of new Set([...Object.keys(own), ...Object.keys(other)])) {
      const [ours, theirs] = [own[table], other[table]];
      if (ours === undefined || theirs === undefined) {
        if (!isDeclared(table, WHOLE)) findings.add(`${table}/schema/table`, saidOf(ours), saidOf(theirs));
        continue;
      }
      for (const column of new Set([...ours, ...theirs])) {
        const has = [ours.includes(column), theirs.includes(column)] as const;
        if (has[0] === has[1] || isDeclared(table, column)) continue;
        findings.add(`${table}/schema/${column}`, has[0] ? 'present' : 'none', has[1] ? 'present' : 'none');
      }
    }
  }

  /** Goes on to the next block in both; false when the journal has none now. Adds what differs and is not declared. */
  async next(findings: Findings): Promise<boolean> {
    const answers = await this.both(
      (shadow) => shadow.ask({ ask: 'next' }),
      (path, control, candidate) => findings.add(path, control, candidate),
    );
    if (answers === undefined) return true;
    const [own, other] = answers;
    if ('end' in own) {
      this.compareRecord(own.recorded, findings);
      // The candidate may have seen a block that came meanwhile: it is the next one of both.
      if (!('end' in other)) await this.catchUp(other.block, findings);
      return !('end' in other);
    }
    const theirs = 'end' in other ? await this.awaited(this.candidate) : other.block;
    await this.compareBlock(own.block, theirs, findings);
    return true;
  }

  private async catchUp(theirs: ShadowBlock, findings: Findings): Promise<void> {
    await this.compareBlock(await this.awaited(this.control), theirs, findings);
  }

  /** The block that the other release had already: the journal has it. */
  private async awaited(shadow: ShadowProcess): Promise<ShadowBlock> {
    for (;;) {
      const answer = await shadow.ask({ ask: 'next' });
      if ('block' in answer) return answer.block;
    }
  }

  private async compareBlock(own: ShadowBlock, other: ShadowBlock, findings: Findings): Promise<void> {
    this.blocks++;
    this.last = { control: own, candidate: other };
    this.made.set(own.height, (this.recorder === 'control' ? own : other).stateRoot);
    this.compareRecord(own.recorded, findings);
    const before = findings.count;
    const { height } = own;
    if (own.height !== other.height) findings.add(`block/${height}/height`, String(height), String(other.height));
    const isDifferent = await this.compareOutcome(`block/${height}`, height, own, other, findings);
    if (isDifferent && findings.count === before) this.explained++;
  }

  /** The journal's own root of a block, once it is seen. */
  private compareRecord(recorded: RecordedRoot | null, findings: Findings): void {
    const made = recorded === null ? undefined : this.made.get(recorded.height);
    if (recorded === null || made === undefined) return;
    if (made !== recorded.stateRoot) findings.add(`block/${recorded.height}/recorded_root`, recorded.stateRoot, made);
    for (const height of this.made.keys()) if (height <= recorded.height) this.made.delete(height);
  }

  /** Compares roots and events, and what is behind them; true when anything differs, declared or not. */
  private async compareOutcome(
    path: string,
    height: number,
    own: ShadowAnswers['apply'],
    other: ShadowAnswers['apply'],
    findings: Findings,
  ): Promise<boolean> {
    const isState = own.stateRoot !== other.stateRoot;
    const isEvents = own.events !== other.events;
    if (isState) {
      const found = new Findings();
      await this.compareTables(height, found);
      const isExplained = found.count === 0 && this.declared.some(({ from }) => from <= height);
      if (!isExplained) findings.add(`${path}/state_root`, own.stateRoot, other.stateRoot);
      findings.addAll(found);
    }
    if (isEvents) await this.compareEvents(path, height, findings);
    return isState || isEvents;
  }

  /** Every table as it is now, but for what is declared. */
  async compareTables(height: number, findings: Findings): Promise<void> {
    for (const table of Object.keys(this.control.hello.tables)) {
      if (table !== MARGIN_TABLE) await this.compareTable(table, height, findings);
    }
  }

  /** Margin, health and equity of every account, to the unit. */
  compareMargins(height: number, findings: Findings): Promise<void> {
    return this.compareTable(MARGIN_TABLE, height, findings);
  }

  private async compareTable(table: string, height: number, findings: Findings): Promise<void> {
    const [ours, theirs] = [this.control.hello.tables[table], this.candidate.hello.tables[table]];
    if (ours === undefined || theirs === undefined || this.isDeclared(height, table, WHOLE)) return;
    const columns = ours.filter((column) => theirs.includes(column) && !this.isDeclared(height, table, column));
    const answers = await this.both(
      (shadow) => shadow.ask({ ask: 'digests', table, columns }),
      (path, control, candidate) => findings.add(path, control, candidate),
    );
    if (answers === undefined) return;
    const [own, other] = answers;
    if (own.counts !== other.counts) findings.add(`${table}/0/rows`, own.counts, other.counts);
    for (let page = 0; page < Math.max(own.digests.length, other.digests.length); page++) {
      if (own.digests[page] === other.digests[page]) continue;
      await this.compareRows(table, columns, page * PAGE_ROWS + 1, findings);
      if (findings.count >= Findings.LIMIT) return;
    }
  }

  private async compareRows(
    table: string,
    columns: readonly string[],
    from: number,
    findings: Findings,
  ): Promise<void> {
    const ask = { ask: 'rows', table, columns, from, to: from + PAGE_ROWS } as const;
    const [own, other] = await Promise.all([this.control.ask(ask), this.candidate.ask(ask)]);
    for (let at = 0; at < Math.max(own.rows.length, other.rows.length); at++) {
      const [ours, theirs] = [own.rows[at], other.rows[at]];
      if (ours === undefined || theirs === undefined) {
        findings.add(`${table}/${from + at}/row`, saidOf(ours), saidOf(theirs));
        continue;
      }
      for (const [n, column] of columns.entries()) {
        if (ours[n] !== theirs[n]) findings.add(`${table}/${from + at}/${column}`, String(ours[n]), String(theirs[n]));
      }
    }
  }

  private async compareEvents(path: string, height: number, findings: Findings): Promise<void> {
    const [own, other] = await Promise.all([
      this.control.ask({ ask: 'events' }),
      this.candidate.ask({ ask: 'events' }),
    ]);
    const kept = (events: ShadowAnswers['events']['events']): string[] =>
      events
        .filter(({ kind }) => !this.isDeclared(height, EVENT_TABLE, String(kind)))
        .map((event) => JSON.stringify(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1))));
    const [ours, theirs] = [kept(own.events), kept(other.events)];
    const at = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, n) => n).find(
      (n) => ours[n] !== theirs[n],
    );
    if (at !== undefined) findings.add(`${path}/event ${at}`, ours[at] ?? 'none', theirs[at] ?? 'none');
  }

  /** Applies commands that are in no journal to both; adds what differs. */
  async apply(name: string, height: number, commands: Uint8Array, findings: Findings): Promise<void> {
    const rows = Buffer.from(commands).toString('base64');
    const answers = await this.both(
      (shadow) => shadow.ask({ ask: 'apply', rows }),
      (path, control, candidate) => findings.add(path, control, candidate),
    );
    if (answers === undefined) return;
    const [own, other] = answers;
    await this.compareOutcome(name, height, own, other, findings);
  }

  isDeclared(height: number, table: string, column: string): boolean {
    return this.declared.some((each) => each.from <= height && each.table === table && each.column === column);
  }

  /** Asks both at once. Where one breaks and the other does not, or otherwise, that is a finding; both alike is the journal's own. */
  private async both<T>(
    ask: (shadow: ShadowProcess) => Promise<T>,
    differs: (path: string, control: string, candidate: string) => void,
  ): Promise<readonly [T, T] | undefined> {
    const [own, other] = await Promise.allSettled([ask(this.control), ask(this.candidate)]);
    const broke = (settled: PromiseSettledResult<T>): ShadowBroke | undefined => {
      if (settled.status === 'fulfilled') return undefined;
      if (settled.reason instanceof ShadowBroke) return settled.reason;
      throw settled.reason;
    };
    const [ours, theirs] = [broke(own), broke(other)];
    if (ours !== undefined) throw ours;
    if (theirs !== undefined) {
      differs(`block/${theirs.height}/engine`, 'goes on', theirs.message);
      return undefined;
    }
    return [(own as PromiseFulfilledResult<T>).value, (other as PromiseFulfilledResult<T>).value];
  }

  async end(): Promise<void> {
    await Promise.all([this.control.end(), this.candidate.end()]);
  }
}

function saidOf(value: unknown): string {
  return value === undefined ? 'none' : 'present';
}

/** How far a comparison came, for the evidence. */
export function compared({ blocks, explained, last, candidate }: ReleaseComparison): Record<string, Json> {
  return {
    blocks,
    explained,
    height: last?.control.height ?? -1,
    stateRoot: last?.control.stateRoot ?? null,
    candidateRoot: last?.candidate.stateRoot ?? null,
    version: candidate.hello.version,
  };
}
