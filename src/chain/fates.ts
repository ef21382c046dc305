/** What becomes of each command of a branch that a rollback ends: exactly one fate, by what it was and by what the world knows of it. */
import { CARRY_WITHDRAWAL, COMMAND, COMMAND_KINDS, type CommandKind, SETTLE_WITHDRAWAL } from '../engine/command.ts';
import { EVENT, EVENT_FLOATS, type EventBuffer } from '../engine/event.ts';
import type { Carried } from './certificate.ts';
import { commandRows } from './command-record.ts';
import type { BatchEntry } from './entry.ts';

/** Codes are places; new ones are appended. */
export const FATES = [
  /** It happened in the world: money came, money left, an account or a market was opened. It is applied on the new fork. */
  'carried',
  /** It was the remedy's, which people approved once: it is applied again. */
  'reexecuted',
  /** It had no effect: the engine refused it. */
  'voided_refused',
  /** Orders, amendments, cancels. */
  'voided_order',
  'voided_leverage',
  'voided_transfer',
  /** Money that was asked for and did not leave, or left and came back. */
  'voided_withdrawal',
  /** Prices and ticks: time passed. */
  'voided_sample',
  'voided_tick',
  /** Liquidations, triggers, forced cancels, settlements. */
  'voided_forced_action',
  /** Statuses, rules, parameters: people decide anew. */
  'voided_administration',
  /** A remedy's command that does not stand on the restored state. */
  'voided_remedy',
] as const;
export type Fate = (typeof FATES)[number];

const codes = new Map<Fate, number>(FATES.map((fate, code) => [fate, code]));

function codeOf(fate: Fate): number {
  return codes.get(fate) as number;
}

/** What becomes of a command by its kind alone, unless it is carried, tried again or refused. */
const VOID_BY_KIND: Readonly<Record<CommandKind, Fate>> = {
  defineMarket: 'voided_refused',
  defineAccount: 'voided_refused',
  deposit: 'voided_refused',
  requestWithdrawal: 'voided_withdrawal',
  settleWithdrawal: 'voided_withdrawal',
  transfer: 'voided_transfer',
  placeOrder: 'voided_order',
  amendOrder: 'voided_order',
  cancelOrder: 'voided_order',
  cancelByClientId: 'voided_order',
  cancelAll: 'voided_order',
  placeBatch: 'voided_order',
  setLeverage: 'voided_leverage',
  oraclePrice: 'voided_sample',
  venueQuote: 'voided_sample',
  collateralPrice: 'voided_sample',
  tick: 'voided_tick',
  setStatus: 'voided_administration',
  setRule: 'voided_administration',
  setMarketParameter: 'voided_administration',
  liquidate: 'voided_forced_action',
  fireTrigger: 'voided_forced_action',
  forceCancel: 'voided_forced_action',
  settlePosition: 'voided_forced_action',
  cancelForFork: 'voided_administration',
  carryWithdrawal: 'voided_refused',
  repayReceivable: 'voided_remedy',
  reverseCredit: 'voided_remedy',
  reserveRefund: 'voided_remedy',
  postRefund: 'voided_remedy',
  voidRefund: 'voided_remedy',
};

/** What is applied again as it was; the rest of a branch is void. */
const CARRIED_KINDS: ReadonlySet<CommandKind> = new Set(['defineMarket', 'defineAccount', 'deposit']);
const REMEDY_KINDS: ReadonlySet<CommandKind> = new Set([
  'repayReceivable',
  'reverseCredit',
  'reserveRefund',
  'postRefund',
  'voidRefund',
]);

/** A withdrawal that left, as far as it is known: from the states of the dead branch, or from who paid it out. Amounts in 1e-8 USDC. */
export interface SettledWithdrawal {
  readonly withdrawal: number;
  readonly account: number;
  readonly amount: number;
}

/** A command that is to be applied on the new fork, if the restored state takes it. */
export interface Candidate {
  readonly carried: Carried;
  readonly fate: 'carried' | 'reexecuted';
  /** What it becomes when it is not taken. */
  readonly otherwise: Fate;
  /** Sequence of the request, of a withdrawal that the restored state does not know: it shares its fate. */
  readonly request: number;
}

/** What a reader of a dead branch is told of it. */
export interface FateTerms {
  /** Sequence of its first command. */
  readonly firstSequence: number;
  /** Ids of the withdrawals that wait in the restored state, and the last id that it gave out. */
  readonly pending: ReadonlySet<number>;
  readonly lastWithdrawal: number;
  /** Sequence up to which recorded blocks vouch for its states: what a process did behind it nobody saw. */
  readonly witnessed: number;
  /** Whether its states are those that the blocks say: then what its events tell is so. */
  readonly isBelieved: boolean;
  /** All that left and the restored state does not know, by the word of who paid it out; undefined: nobody was asked. */
  readonly stated: ReadonlyMap<number, SettledWithdrawal> | undefined;
}

/** Reads a dead branch batch by batch, in order, and says what becomes of each of its commands. */
export class FateReader {
  readonly candidates: Candidate[] = [];
  /** Withdrawals that left and of which nothing says to whom and how much: a rollback cannot be without it. */
  readonly unknown: number[] = [];
  /** Withdrawals that left, as was said behind the last block, and that by what its commands lead to nobody had asked for. */
  readonly unwitnessed: number[] = [];
  private readonly terms: FateTerms;
  private readonly requests = new Map<number, number>();
  private readonly settled = new Set<number>();
  private readonly open = new Set<number>();
  private readonly codes: number[] = [];

  constructor(terms: FateTerms) {
    this.terms = terms;
  }

  /** Takes a batch and the events that it had when it was applied to the branch's state. */
  take({ words, floats, rows, firstSequence }: BatchEntry, events: EventBuffer): void {
    const told = tellingOf(events);
    let sequence = firstSequence;
    for (let row = 0; row < rows; row += commandRows(words, row), sequence++) {
      const kind = COMMAND_KINDS[words[row * 16] as number];
      const { isRefused, requested, settled } = told.get(sequence) ?? NOTHING;
      if (requested !== 0) {
        this.requests.set(requested, sequence);
        this.open.add(requested);
      }
      if (kind === undefined || kind === 'none') this.codes.push(codeOf('voided_refused'));
      else if (kind === 'settleWithdrawal') {
        this.settle(sequence, words, floats, row, isRefused ? undefined : settled);
      } else if (kind === 'carryWithdrawal') {
        this.carryAgain(sequence, floats, words, row, isRefused);
      } else this.judge(sequence, kind, isRefused);
    }
  }

  /** The fates when the candidates with these sequences were not taken: one byte a command. */
  fates(refused: ReadonlySet<number>): Uint8Array {
    const { firstSequence } = this.terms;
    const fates = Uint8Array.from(this.codes);
    for (const { carried, fate, otherwise, request } of this.candidates) {
      const sequence = sequenceOf(carried);
      const isTaken = !refused.has(sequence);
      fates[sequence - firstSequence] = codeOf(isTaken ? fate : otherwise);
      if (isTaken && request > 0) fates[request - firstSequence] = codeOf(fate);
    }
    return fates;
  }

  /** Ids of withdrawals that were asked for on the branch and neither left nor came back; null where its states cannot be believed. */
  get cancelledWithdrawals(): number[] | null {
    if (!this.terms.isBelieved) return null;
    return [...this.open].sort((a, b) => a - b);
  }

  private judge(sequence: number, kind: CommandKind, isRefused: boolean): void {
    const isRemedy = REMEDY_KINDS.has(kind);
    if (!isRefused && (isRemedy || CARRIED_KINDS.has(kind))) {
      const fate = isRemedy ? 'reexecuted' : 'carried';
      this.candidates.push({ carried: sequence, fate, otherwise: VOID_BY_KIND[kind], request: 0 });
    }
    this.codes.push(codeOf(isRefused ? 'voided_refused' : VOID_BY_KIND[kind]));
  }

  private settle(
    sequence: number,
    words: Int32Array,
    floats: Float64Array,
    row: number,
    settled: SettledWithdrawal | undefined,
  ): void {
    const { pending, isBelieved, stated } = this.terms;
    const id = floats[row * 8 + SETTLE_WITHDRAWAL.WITHDRAWAL] as number;
    const hasLeft = words[row * 16 + SETTLE_WITHDRAWAL.SETTLED] !== 0;
    if (isBelieved && settled === undefined) return this.refuseSettlement(sequence, id, hasLeft);
    this.codes.push(codeOf(hasLeft || pending.has(id) ? 'voided_refused' : 'voided_withdrawal'));
    this.settled.add(id);
    this.open.delete(id);
    const otherwise = 'voided_refused';
    if (pending.has(id)) this.candidates.push({ carried: sequence, fate: 'carried', otherwise, request: 0 });
    if (pending.has(id) || !hasLeft) return;
    const known = isBelieved ? settled : stated?.get(id);
    if (known === undefined) {
      if (stated === undefined) this.unknown.push(id);
      return;
    }
    const carried = [sequence, known.account, known.amount, id] as const;
    // Of states that cannot be believed nobody knows which request it was.
    const request = isBelieved ? (this.requests.get(id) ?? 0) : 0;
    this.candidates.push({ carried, fate: 'carried', otherwise, request });
  }

  private refuseSettlement(sequence: number, id: number, hasLeft: boolean): void {
    const { lastWithdrawal, witnessed } = this.terms;
    this.codes.push(codeOf('voided_refused'));
    const isRepeated = this.settled.has(id) || id <= lastWithdrawal;
    if (hasLeft && !isRepeated && sequence > witnessed) this.unwitnessed.push(id);
  }

  /** A withdrawal of an earlier dead branch: it left, whatever becomes of the branch that it was carried to. */
  private carryAgain(sequence: number, floats: Float64Array, words: Int32Array, row: number, isRefused: boolean): void {
    this.codes.push(codeOf('voided_refused'));
    if (isRefused) return;
    const float = (column: number): number => floats[row * 8 + column] as number;
    const account = words[row * 16 + CARRY_WITHDRAWAL.ACCOUNT] as number;
    const carried = [sequence, account, float(CARRY_WITHDRAWAL.AMOUNT), float(CARRY_WITHDRAWAL.WITHDRAWAL)] as const;
    this.candidates.push({ carried, fate: 'carried', otherwise: 'voided_refused', request: 0 });
  }
}

/** The sequence of a carried command on the dead branch. */
export function sequenceOf(carried: Carried): number {
  return typeof carried === 'number' ? carried : carried[0];
}

/** How many commands met each fate that any met, in the order of `FATES`. */
export function countFates(fates: Uint8Array): Partial<Record<Fate, number>> {
  const counts: Partial<Record<Fate, number>> = {};
  for (const [code, fate] of FATES.entries()) {
    let count = 0;
    for (const each of fates) if (each === code) count++;
    if (count > 0) counts[fate] = count;
  }
  return counts;
}

interface Telling {
  isRefused: boolean;
  /** Id of the withdrawal that it asked for, 0 when none. */
  requested: number;
  settled: SettledWithdrawal | undefined;
}

const NOTHING: Readonly<Telling> = { isRefused: false, requested: 0, settled: undefined };

/** What the events tell of each command by its sequence, as far as its fate rests on it. */
function tellingOf({ values, count }: EventBuffer): Map<number, Telling> {
  const found = new Map<number, Telling>();
  for (let at = 0; at < count * EVENT_FLOATS; at += EVENT_FLOATS) {
    const [kind, sequence] = [values[at], values[at + 1] as number];
    const field = (slot: number): number => values[at + 2 + slot] as number;
    if (kind === EVENT.refused) {
      // Of a batch of orders the others may have been taken.
      if (field(0) !== COMMAND.placeBatch) found.set(sequence, { ...NOTHING, isRefused: true });
    } else if (kind === EVENT.withdrawalRequested) found.set(sequence, { ...NOTHING, requested: field(1) });
    else if (kind === EVENT.withdrawalSettled) {
      const settled = { account: field(0), withdrawal: field(1), amount: field(2) };
      found.set(sequence, { ...NOTHING, settled });
    }
  }
  return found;
}
