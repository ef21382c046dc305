/**
 * The guarded procedure: runs the steps in the order of `states.ts`, writes the evidence of each before the next begins, and goes back by
 * itself when one fails. It can be ended anywhere, by anything, and goes on from its documents.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../remedy/canonical-json.ts';
import { publicKeyOf } from '../guard/authority/signature.ts';
import { type Evidence, makeEvidence } from './evidence.ts';
import { Following } from './following.ts';
import type { UpgradeFinding } from './finding.ts';
import {
  type Abort,
  ruleOf,
  STATES,
  transitionOf,
  type Transition,
  type UpgradeState,
  type Verdict,
} from './states.ts';
import { MACHINE_CLOCKS, type MachineClocks, procedureClock } from './procedure-clock.ts';
import { endsProcedure, EvidenceRefused, ProcedureRecord } from './procedure-record.ts';
import { readyCheck } from './ready-check.ts';
import type { Override } from './sign-off.ts';
import { goBack } from './steps-after.ts';
import { goBackRelease } from './steps-release.ts';
import { RELEASE_STEPS, STEPS } from './steps.ts';
import {
  BudgetExceeded,
  type ReleaseRun,
  type StepResult,
  type UpgradeContext,
  type UpgradeLimits,
} from './upgrade-context.ts';
import { UpgradeFiles } from './upgrade-files.ts';
import type { UpgradeMigration } from './upgrade-migration.ts';
import type { Venue } from './venue.ts';
import type { World } from './world.ts';

export interface ProcedureOptions {
  readonly id: string;
  readonly files: UpgradeFiles;
  readonly world: World;
  readonly venue: Venue;
  readonly migration: UpgradeMigration;
  /** The folder of all upgrades, where sign-offs are looked for; nobody is asked unless said. */
  readonly upgrades?: string;
  readonly overrides?: readonly Override[];
  /** Is told what a step waits for, each thing once. */
  readonly onHold?: (state: UpgradeState, why: string) => void;
  /** Of an upgrade of the program: then the migration is `NO_MIGRATION`. */
  readonly release?: ReleaseRun;
  readonly journal: string;
  readonly exchange: string;
  readonly seat: string;
  readonly limits: UpgradeLimits;
  /** Private key of the upgrade. */
  readonly seed: Uint8Array;
  readonly clocks?: MachineClocks;
  readonly onStep?: (evidence: Evidence) => void;
  /** Told where it stands within steps; what it throws ends it there, as if the process had died. */
  readonly onPlace?: (place: string) => void;
  /** The last state of a rehearsal: behind it the copies are removed and it ends. */
  readonly last?: 'REHEARSE' | 'PLAN';
}

/** What an upgrade came to: the answer of `upgrade run`. */
export interface UpgradeOutcome {
  readonly id: string;
  /** `pass`: committed, or as far as was asked for. */
  readonly verdict: Verdict;
  readonly abort: Abort | null;
  readonly steps: readonly {
    readonly state: Evidence['state'];
    readonly verdict: Verdict;
    readonly seconds: number;
    readonly evidence: string;
  }[];
  readonly findings: readonly UpgradeFinding[];
  readonly tradingPauseMs: number;
  readonly rows: number;
  readonly seconds: number;
}

const RETRY_MS = 250;

/** What a document says beside its place in the chain. */
interface Report {
  readonly state: Evidence['state'];
  readonly verdict: Verdict;
  readonly abort: Abort | null;
  readonly beganMs: number;
  readonly content: Readonly<Record<string, Json>>;
}

/** What an operating system refuses: a full disk, one that cannot be written to. */
function isOfSystem(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

export class Procedure {
  private readonly options: ProcedureOptions;
  private readonly now: () => number;
  private readonly context: UpgradeContext;
  private chain: readonly Evidence[];
  private toldHold = '';
  private readonly record: ProcedureRecord;

  /** Begins behind the documents that are there. Refuses (throws `EvidenceRefused`) edited ones, and those that another key signed. */
  constructor(options: ProcedureOptions) {
    this.options = options;
    const verified = options.files.verify({ key: publicKeyOf(options.seed) });
    if (!verified.sound) throw new EvidenceRefused(options.id, verified.fault);
    this.chain = verified.chain;
    this.record = new ProcedureRecord(options);
    this.now = procedureClock(options.clocks ?? MACHINE_CLOCKS, this.chain.at(-1)?.endedMs);
    const { world, journal, limits } = options;
    this.context = {
      ...options,
      limits,
      now: this.now,
      following: new Following(world, journal),
      onPlace: options.onPlace ?? ((): void => undefined),
      chain: () => this.chain,
      memory: { tip: undefined },
      checkTime: () => {
        if (this.elapsedMs > limits.budgetMs) throw new BudgetExceeded(limits.budgetMs);
      },
    };
  }

  /** Runs to its end: committed, or aborted. */
  async run(): Promise<UpgradeOutcome> {
    try {
      if (this.chain.length > 0 && this.nextState() !== undefined) this.options.files.reserve();
      for (let state = this.nextState(); state !== undefined; ) {
        const transition = await this.step(state);
        if (transition.kind === 'abort') return await this.abort(transition.abort, transition.reason);
        if (transition.kind === 'done') {
          this.options.files.freeReserve();
          break;
        }
        if (state === this.options.last) break;
        state = transition.state;
      }
      const { last } = this.options;
      if (last === 'REHEARSE') await this.endRehearsal();
      await this.record.writeEnd(this.chain, last === 'PLAN');
      return this.outcome();
    } finally {
      await this.letGo();
    }
  }

  private async endRehearsal(): Promise<void> {
    const beganMs = this.now();
    if (this.options.release === undefined) await this.context.world.drop('control');
    this.options.files.freeReserve();
    this.write({ state: 'END', verdict: 'pass', abort: null, beganMs, content: { reason: 'rehearsed' } });
  }

  /** Goes back now, from wherever it stands. */
  async goBack(): Promise<UpgradeOutcome> {
    const last = this.chain.at(-1)?.state ?? 'PLAN';
    // What was begun behind the last document may be half done.
    const state = last === 'ABORT' || last === 'END' ? 'COMMIT' : (ruleOf(last).next ?? last);
    try {
      await this.record.requireSame().catch((error: unknown) => {
        // A database that does not answer keeps nobody from going back.
        if (error instanceof EvidenceRefused) throw error;
      });
      return await this.abort(ruleOf(state).abort, 'asked');
    } finally {
      await this.letGo();
    }
  }

  private async letGo(): Promise<void> {
    const { following, memory } = this.context;
    await following.end();
    await memory.comparison?.end();
  }

  private get elapsedMs(): number {
    return this.now() - (this.chain[0]?.beganMs ?? this.now());
  }

  /** The state that is next by the documents; undefined when it is over. */
  private nextState(): UpgradeState | undefined {
    const last = this.chain.at(-1);
    if (last === undefined) return 'PLAN';
    if (last.state === 'ABORT' || last.state === 'END') return undefined;
    // It was to go back, and had not: the step fails again, or is found to pass.
    return last.verdict === 'pass' ? ruleOf(last.state).next : last.state;
  }

  private async step(state: UpgradeState): Promise<Transition> {
    const last = this.chain.at(-1);
    if (last?.state === state) return { kind: 'abort', abort: ruleOf(state).abort, reason: 'failed' };
    const beganMs = this.now();
    const { budgetMs, holdMs } = this.options.limits;
    for (;;) {
      const result = await this.attempt(state);
      const heldMs = this.now() - beganMs;
      const { verdict } = result;
      const transition = transitionOf({ state, verdict, elapsedMs: this.elapsedMs, budgetMs, heldMs, holdMs });
      if (transition.kind === 'hold') {
        this.tellHold(state, result);
        await sleep(Math.min(RETRY_MS, holdMs));
        continue;
      }
      // The database says first whether another upgrade is active: then there is no plan of this one.
      if (state === 'PLAN' && verdict === 'pass') {
        await this.begin();
      }
      const refused = this.writeEnd(transition, { state, verdict, abort: null, beganMs, content: result.content });
      if (refused !== undefined) return refused;
      // Nobody is kept waiting for the record: it is brought up behind the pause.
      if (!ruleOf(state).isPaused) await this.record.writeIfShared(this.chain);
      return transition;
    }
  }

  /** Room for the way back, and the record's word that no other is active. Of one that is refused nothing is there. */
  private async begin(): Promise<void> {
    const { files } = this.options;
    files.reserve();
    try {
      await this.record.write(this.chain, true);
    } catch (error) {
      files.freeReserve();
      throw error;
    }
  }

  /**
   * Writes what a step came to. A disk that does not take it gets it in the room that was kept, and a step that would lead to another leads
   * back instead: returned is the way back then.
   */
  private writeEnd(transition: Transition, report: Report & { readonly state: UpgradeState }): Transition | undefined {
    try {
      this.write(report);
      return undefined;
    } catch (error) {
      if (!isOfSystem(error)) throw error;
      this.options.files.freeReserve();
      if (transition.kind !== 'next') {
        this.write(report);
        return undefined;
      }
      const { message } = error;
      const why = `the evidence that it passed could not be written: ${message}`;
      this.write({ ...report, verdict: 'inconclusive', content: { why } });
      return { kind: 'abort', abort: ruleOf(report.state).abort, reason: 'inconclusive' };
    }
  }

  private tellHold(state: UpgradeState, { content }: StepResult): void {
    const { why } = content;
    if (typeof why !== 'string' || why === this.toldHold) return;
    this.toldHold = why;
    this.options.onHold?.(state, why);
  }

  private async attempt(state: UpgradeState): Promise<StepResult> {
    try {
      await this.record.requireSame();
      this.context.onPlace(`${state} begins`);
      const steps = this.options.release === undefined ? STEPS : RELEASE_STEPS;
      const ready = state === 'CANCEL_ONLY' ? await readyCheck(this.context) : undefined;
      if (ready !== undefined && ready.verdict !== 'pass') return ready;
      const done = await steps[state](this.context);
      const result = ready === undefined ? done : { ...done, content: { ...ready.content, ...done.content } };
      this.context.onPlace(`${state} ends`);
      return result;
    } catch (error) {
      // What could not be done says nothing of the candidate: it is tried again while there is time.
      if (!(error instanceof Error) || endsProcedure(error)) throw error;
      return { verdict: 'inconclusive', content: { why: `${error.name}: ${error.message}`.slice(0, 1000) } };
    }
  }

  private async abort(abort: Abort, reason: string): Promise<UpgradeOutcome> {
    const beganMs = this.now();
    this.context.onPlace('ABORT begins');
    const { content } = await (this.options.release === undefined ? goBack : goBackRelease)(this.context, abort);
    this.context.onPlace('ABORT ends');
    this.options.files.freeReserve();
    this.write({ state: 'ABORT', verdict: 'pass', abort, beganMs, content: { ...content, reason } });
    await this.record.writeEnd(this.chain, false);
    return this.outcome();
  }

  private write(report: Report): void {
    const { id, files, seed, onStep } = this.options;
    const evidence = makeEvidence(this.chain, id, { ...report, endedMs: this.now() }, seed);
    files.write(evidence);
    this.chain = [...this.chain, evidence];
    onStep?.(evidence);
  }

  /** What it came to, by the documents. */
  outcome(): UpgradeOutcome {
    return outcomeOf(this.options.id, this.chain);
  }
}

/** What an upgrade came to so far, by its documents. */
export function outcomeOf(id: string, chain: readonly Evidence[]): UpgradeOutcome {
  const last = chain.at(-1);
  const failed = chain.find(({ verdict }) => verdict !== 'pass');
  const seconds = (fromMs: number, toMs: number): number => Number(((toMs - fromMs) / 1000).toFixed(3));
  const content = (evidence: Evidence | undefined): Readonly<Record<string, Json>> =>
    (evidence?.content ?? {}) as Readonly<Record<string, Json>>;
  const numbers = (name: string): number[] =>
    chain.map((evidence) => content(evidence)[name]).filter((value) => typeof value === 'number');
  const [pausedMs] = numbers('pausedMs');
  const isRunning = content(chain.find(({ state }) => state === 'CANCEL_ONLY'))['running'] === true;
  const resumedMs = numbers('resumedMs').at(-1);
  const isAborted = last?.state === 'ABORT';
  return {
    id,
    verdict: failed?.verdict ?? (isAborted ? 'fail' : 'pass'),
    abort: isAborted ? last.abort : null,
    steps: chain.map((evidence) => ({
      state: evidence.state,
      verdict: evidence.verdict,
      seconds: seconds(evidence.beganMs, evidence.endedMs),
      evidence: UpgradeFiles.nameOf(evidence),
    })),
    findings: [...findingsOf(failed, content(failed)), ...closedOf(content(last))],
    tradingPauseMs: isRunning && pausedMs !== undefined && resumedMs !== undefined ? resumedMs - pausedMs : 0,
    rows: numbers('rows').reduce((most, rows) => Math.max(most, rows), 0),
    seconds: chain.length === 0 ? 0 : seconds(chain[0]?.beganMs ?? 0, last?.endedMs ?? 0),
  };
}

/** What was found, or what kept a step from finding anything. */
function findingsOf(
  failed: Evidence | undefined,
  { findings, why }: Readonly<Record<string, Json>>,
): readonly UpgradeFinding[] {
  if (failed === undefined) return [];
  if (findings !== undefined) return findings as unknown as readonly UpgradeFinding[];
  return typeof why === 'string' ? [{ path: `upgrade/${failed.state}/step`, control: 'done', candidate: why }] : [];
}

/** Where nobody serves any more: why, and what people do about it. */
function closedOf({ closed }: Readonly<Record<string, Json>>): readonly UpgradeFinding[] {
  return typeof closed === 'string' ? [{ path: 'serve/0/process', control: 'serves', candidate: closed }] : [];
}

/** True when an upgrade with these documents is over. */
export function isOver(chain: readonly Evidence[]): boolean {
  const last = chain.at(-1);
  return (
    last?.state === 'ABORT' || last?.state === 'END' || (last?.state === STATES.at(-1) && last?.verdict === 'pass')
  );
}
