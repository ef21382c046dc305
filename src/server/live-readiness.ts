/** The readiness of a running exchange: its facts, taken anew after every tick, and the gates that they open. */
import { computeRoots } from '../chain/state-tree.ts';
import { toHex } from '../chain/digest.ts';
import type { State } from '../engine/state.ts';
import type { Reopening } from '../exchange/reopen.ts';
import type { Guard } from '../guard/guard.ts';
import { sha256 } from '../journal/node-digest.ts';
import {
  type GateName,
  type GateState,
  gatesOf,
  NOTHING_KNOWN,
  type ReadinessFacts,
  shutBy,
} from '../upgrade/readiness.ts';
import { UNSET } from '../upgrade/unset.ts';
import type { DatabaseLink } from './database-link.ts';
import { auditFinding, fundingFinding, markedMarkets, rungFacts, warmMarkets } from './live-facts.ts';
import type { RecoveredFolder } from './recover-folder.ts';

/** Ticks between two audits of every row. */
const AUDIT_TICKS = 600;

export interface LiveReadinessOptions {
  readonly state: State;
  readonly guard: Guard;
  readonly reopening: Reopening;
  /** Undefined: there is no database by the operator's word. */
  readonly link: DatabaseLink | undefined;
  /** Height of the journal's last block, and branch that is appended to. */
  readonly head: () => { readonly height: number; readonly fork: number };
  /** Why commands are not taken; empty when they are. */
  readonly heldBy: () => string;
  /** The database was closed by the owner's word: nobody else may have it. */
  readonly isReleased: () => boolean;
}

export class LiveReadiness {
  private readonly options: LiveReadinessOptions;
  private facts: ReadinessFacts = NOTHING_KNOWN;
  private current: readonly GateState[] = gatesOf(NOTHING_KNOWN);
  /** All gates up to the commands were open since the exchange stood still last. */
  private wasReady = false;
  private ticks = 0;
  private sinceMs = 0;

  constructor(options: LiveReadinessOptions) {
    this.options = options;
  }

  get gates(): readonly GateState[] {
    this.look();
    return this.current;
  }

  /** The first gate that keeps the one named shut, as `name: found`; empty when it is open. */
  shutBy(name: GateName): string {
    return shutBy(this.current, name);
  }

  /**
   * Why no commands are taken yet, as `name: found`; empty when they are. What was opened goes on without a database that has fallen
   * behind: history is in the journal. No market is opened further meanwhile.
   */
  unready(): string {
    const gates = this.wasReady ? this.current.filter(({ name }) => name !== 'projections') : this.current;
    const shut = gates.slice(0, gates.findIndex(({ name }) => name === 'cancel_only') + 1).find(({ holds }) => !holds);
    return shut === undefined ? '' : `${shut.name}: ${shut.found}`;
  }

  /** What a start found: the state that the journal's blocks led to, the last of them, and that one as the replay made it. */
  recovered({ recovered: { replay, state, sealer }, block, made }: RecoveredFolder): void {
    // Behind a last block that is sealed the state is still that of the block, and its own rows can say so.
    const roots = sealer.openCommands === 0 ? computeRoots(state, sha256) : undefined;
    const root = roots === undefined ? replay.stateRoot : toHex(roots.stateRoot);
    const own = made ?? block;
    this.facts = {
      ...this.facts,
      log: { height: block.height, recovered: sealer.head.height },
      state: root === null ? UNSET : { root, sealed: toHex(block.stateRoot) },
      parameters: {
        rules: toHex(own.rulesHash),
        sealedRules: toHex(block.rulesHash),
        release: own.release,
        sealedRelease: block.release,
      },
    };
    this.look();
  }

  /** Those who listen are told the history as it is now. */
  announced(): void {
    this.facts = { ...this.facts, marketData: this.now() };
    this.look();
  }

  /** Nobody can listen any more. */
  silent(): void {
    this.facts = { ...this.facts, marketData: UNSET };
    this.look();
  }

  /** The exchange stood still: what it knew of prices and of its rows before counts for nothing. */
  restarted(sinceMs: number): void {
    this.ticks = 0;
    this.wasReady = false;
    this.sinceMs = sinceMs;
    this.facts = { ...this.facts, prices: UNSET, funding: UNSET, mark: UNSET, risk: UNSET };
    this.look();
  }

  /** A tick was applied and is durable. */
  ticked(): void {
    const { state, guard } = this.options;
    if (this.ticks % AUDIT_TICKS === 0) this.facts = { ...this.facts, risk: { finding: auditFinding(state) } };
    this.ticks++;
    this.facts = {
      ...this.facts,
      prices: { ...warmMarkets(state, this.sinceMs), ticks: this.ticks },
      funding: { finding: fundingFinding(guard) },
      mark: { marked: markedMarkets(state) },
    };
    this.look();
  }

  private now(): { readonly epoch: number; readonly fork: number } {
    return { epoch: this.options.link?.epoch ?? 0, fork: this.options.head().fork };
  }

  private look(): void {
    const { link, head, heldBy, isReleased, state, reopening } = this.options;
    const { height } = head();
    this.facts = {
      ...this.facts,
      current: this.now(),
      commands: { held: heldBy() },
      rungs: rungFacts(state, reopening),
      ...(link === undefined
        ? { lease: 'none' as const, projections: 'none' as const }
        : {
            lease: { epoch: link.epoch, isRunning: link.isRunning || isReleased() },
            projections: link.height < 0 ? UNSET : { lagBlocks: height - link.height },
          }),
    };
    this.current = gatesOf(this.facts);
    this.wasReady ||= this.shutBy('cancel_only') === '';
  }
}
