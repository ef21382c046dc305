/**
 * The payout: approved transfers, set aside in one batch, posted a few first and then the rest, reconciled at each step. It may be
 * killed anywhere and called again with the same arguments, any number of times: what is there is not made again, and every refund is
 * paid once. It stops at the first thing that is not as planned, and says what.
 */
import { CommandBuffer } from '../engine/command-buffer.ts';
import { EVENT, EVENT_FLOATS } from '../engine/event.ts';
import { REFUSALS } from '../engine/refusal.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { EnrolledKey } from '../guard/authority/act.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import { judgeAct } from '../guard/authority/judge-act.ts';
import { Roster } from '../guard/authority/roster.ts';
import {
  approvalOf,
  beyondBounds,
  type Obstacle,
  type OwnAccounts,
  type PayoutBounds,
  type PayoutContent,
  payingThemselves,
} from '../remedy/approval.ts';
import { canonicalJson, type Json } from '../remedy/canonical-json.ts';
import {
  canaryOf,
  debitOf,
  fundOf,
  type Ledger,
  readLedger,
  type Reconciliation,
  reconcile,
  rehearse,
  writePosts,
  writeTransfers,
  writeVoids,
} from '../remedy/payout.ts';

export interface PayOptions extends PayoutBounds {
  readonly exchange: Exchange;
  /** What was approved, and the act that approves it with its signatures. */
  readonly content: PayoutContent;
  readonly approval: SignedAct;
  /** Enrolled keys where the exchange has none of its own: then nobody there asks for them, and they are asked for here. */
  readonly keys?: readonly EnrolledKey[];
  readonly own?: OwnAccounts;
  /** The exchange's time from which on commands are stamped, no earlier than its last act; its present time unless said. */
  readonly nowMs?: number;
  /** Share of the payments that is posted first, ppm; 10,000 unless said. */
  readonly canaryPpm?: number;
  /** Payments posted at once; 500 unless said. */
  readonly batch?: number;
  /** Asked before each batch: true stops it there, as it is. */
  readonly isStopped?: () => boolean;
}

/** Why it stopped, by name. */
interface PayFinding {
  readonly name:
    | Obstacle['name']
    | 'approval_refused'
    | 'not_taken'
    | 'refused'
    | 'ledger_differs'
    | 'voided'
    | 'not_reconciled'
    | 'stopped';
  readonly about: string;
}

/** What has been paid so far. Amounts are 1e-8 USDC in decimal digits. */
export interface PayRecord {
  readonly format: 'makewhole-payment/1';
  readonly incident: string;
  readonly round: number;
  readonly plan: string;
  readonly payments: number;
  readonly canary: number;
  readonly pending: number;
  readonly posted: number;
  readonly postedTotal: string;
  readonly pendingTotal: string;
  readonly reversedTotal: string;
  readonly reconciliation: Reconciliation | null;
  /** Sequence of the last command, and the exchange's time. */
  readonly sequence: number;
  readonly timeMs: number;
}

export type PayResult =
  | { readonly paid: true; readonly record: PayRecord }
  | { readonly paid: false; readonly finding: PayFinding; readonly record: PayRecord };

const CANARY_PPM = 10_000;
const BATCH = 500;

/** Pays what is approved, as far as it is not paid. Throws where the exchange must stop. */
export function pay(options: PayOptions): PayResult {
  const payment = new Payment(options);
  const finding = payment.run();
  const record = payment.record();
  return finding === undefined ? { paid: true, record } : { paid: false, finding, record };
}

/** Gives back what is set aside and not posted: the end of a payout that shall not go on. Needs the approval in force. */
export function giveBack({ exchange, plan, nowMs = 0 }: Pick<PayOptions, 'exchange' | 'plan' | 'nowMs'>): Ledger {
  const commands = new CommandBuffer(64);
  writeVoids(exchange.state, plan, Math.max(nowMs, exchange.timeMs), commands);
  submitTo(exchange, commands);
  return readLedger(exchange.state, plan);
}

class Payment {
  private readonly options: PayOptions;
  private readonly canary: number;
  private reconciliation: Reconciliation | undefined;
  /** What was seen to leave the fund for this plan, where this call set it aside itself. */
  private debit: bigint | undefined;

  constructor(options: PayOptions) {
    this.options = options;
    this.canary = canaryOf(options.plan, options.canaryPpm ?? CANARY_PPM);
  }

  run(): PayFinding | undefined {
    const { plan } = this.options;
    return (
      this.checkContent() ??
      this.checkBounds() ??
      this.rehearse() ??
      this.approve() ??
      this.setAside() ??
      this.post(0, this.canary) ??
      this.reconcile() ??
      this.post(this.canary, plan.payments.length) ??
      this.reconcile()
    );
  }

  record(): PayRecord {
    const { exchange, plan } = this.options;
    const { pending, posted, postedTotal, pendingTotal, reversedTotal } = readLedger(exchange.state, plan);
    return {
      format: 'makewhole-payment/1',
      incident: plan.incident,
      round: plan.round,
      plan: plan.hash,
      payments: plan.payments.length,
      canary: this.canary,
      pending,
      posted,
      postedTotal: String(postedTotal),
      pendingTotal: String(pendingTotal),
      reversedTotal: String(reversedTotal),
      reconciliation: this.reconciliation ?? null,
      sequence: exchange.sequence,
      timeMs: exchange.timeMs,
    };
  }

  /** The act approves this content, and the content is of this plan. */
  private checkContent(): PayFinding | undefined {
    const { content, approval, plan } = this.options;
    const expected = approvalOf(content);
    const isApproved =
      canonicalJson(expected as unknown as Json) === canonicalJson(approval.act.what as unknown as Json);
    if (!isApproved) return { name: 'content_differs', about: 'the act approves something else' };
    const isOfPlan =
      content.plan === plan.hash && content.total === String(plan.total) && content.largest === String(plan.largest);
    const tree = BigInt(content.treeTotal) - BigInt(content.owed);
    if (tree !== plan.total)
      return { name: 'tree_differs', about: `the trees say ${tree}, the transfers ${plan.total}` };
    return isOfPlan ? undefined : { name: 'content_differs', about: `the content is of the transfers ${content.plan}` };
  }

  /** What no signature widens. What is set aside already came out of the fund and passed. */
  private checkBounds(): PayFinding | undefined {
    const { exchange, content, plan, claims, approval, own } = this.options;
    const signers = approval.signatures.map(({ key }) => key);
    const [first] = [
      ...payingThemselves(exchange.state, plan, signers, own),
      ...beyondBounds(exchange.state, content, { plan, claims }).filter(
        ({ name }) => name !== 'total_above_fund' || !this.isSetAside(),
      ),
    ];
    return first;
  }

  /** All of it on a copy first: what the ledger would refuse is found before anything is touched. */
  private rehearse(): PayFinding | undefined {
    const { exchange, plan, content } = this.options;
    if (this.isSetAside()) return undefined;
    const sums = { treeTotal: BigInt(content.treeTotal), owed: BigInt(content.owed) };
    const { holds, ledger, tree, fundDebit } = rehearse(exchange.state, plan, sums);
    const about = `ledger ${ledger}, trees ${tree}, fund ${fundDebit}`;
    return holds ? undefined : { name: 'rehearsal_differs', about };
  }

  private isSetAside(): boolean {
    const { missing, unreversed } = readLedger(this.options.exchange.state, this.options.plan);
    return missing.length === 0 && unreversed.length === 0;
  }

  private get timeMs(): number {
    return Math.max(this.options.nowMs ?? 0, this.options.exchange.timeMs);
  }

  /** Has the exchange take the act; one that it took before counts, while it is in force. */
  private approve(): PayFinding | undefined {
    const { exchange, approval, keys } = this.options;
    const result = exchange.act(approval, this.timeMs);
    if (result.accepted || result.refusal === 'nonce_used') return undefined;
    const asksNobody = result.refusal === 'no_guard' || result.refusal === 'no_roster';
    if (!asksNobody || keys === undefined) {
      return { name: 'approval_refused', about: `${result.refusal} ${result.about}`.trim() };
    }
    const roster = new Roster();
    roster.enrol(keys);
    const { fork } = approval.act;
    const verdict = judgeAct(approval, { fork, atMs: this.timeMs, nowMs: exchange.timeMs }, precedentsOf(roster));
    if (verdict.accepted) return undefined;
    return { name: 'approval_refused', about: `${verdict.refusal} ${verdict.about}`.trim() };
  }

  /** Takes back wrong credits and sets all payments aside, in one batch: all of it is durable, or none. */
  private setAside(): PayFinding | undefined {
    const { exchange, plan } = this.options;
    if (this.isSetAside()) return this.differs();
    if (this.options.isStopped?.() === true) return STOPPED;
    const before = readLedger(exchange.state, plan);
    const fund = fundOf(exchange.state);
    const commands = new CommandBuffer(plan.payments.length + plan.reversals.length + 1);
    writeTransfers(plan, this.timeMs, commands);
    const { isTaken, refusal } = submitTo(exchange, commands);
    const after = readLedger(exchange.state, plan);
    this.debit = debitOf(plan, fund, before, exchange.state);
    if (!isTaken)
      return { name: 'not_taken', about: 'no approval in force covers it, or a bound of the guard does not' };
    const missing = after.missing[0] ?? after.unreversed[0];
    if (missing === undefined) return this.differs();
    return {
      name: refusal === undefined ? 'not_taken' : 'refused',
      about: `account ${missing.account}: ${refusal ?? 'held'}`,
    };
  }

  private differs(): PayFinding | undefined {
    const { different, voided } = readLedger(this.options.exchange.state, this.options.plan);
    if (different !== undefined) return { name: 'ledger_differs', about: `account ${different.account}` };
    return voided > 0 ? { name: 'voided', about: `${voided} payments were given back` } : undefined;
  }

  /** Posts the payments from place `from` up to `to` that are not posted. */
  private post(from: number, to: number): PayFinding | undefined {
    const { exchange, plan, batch = BATCH } = this.options;
    for (let at = from; at < to; at += batch) {
      const payments = plan.payments.slice(at, Math.min(at + batch, to));
      const commands = new CommandBuffer(payments.length + 1);
      writePosts(exchange.state, payments, this.timeMs, commands);
      if (commands.rows === 0) continue;
      if (this.options.isStopped?.() === true) return STOPPED;
      const { refusal } = submitTo(exchange, commands);
      const { posted } = readLedger(exchange.state, { ...plan, payments, reversals: [] });
      if (posted === payments.length) continue;
      const about = `${payments.length - posted} of the payments ${at} to ${at + payments.length - 1}`;
      return refusal === undefined ? { name: 'not_taken', about } : { name: 'refused', about: `${about}: ${refusal}` };
    }
    return undefined;
  }

  /** What is posted and set aside is what left the fund, and what the trees say. */
  private reconcile(): PayFinding | undefined {
    const { exchange, plan, content } = this.options;
    const { pendingTotal, postedTotal } = readLedger(exchange.state, plan);
    this.reconciliation = reconcile(exchange.state, plan, {
      treeTotal: BigInt(content.treeTotal),
      owed: BigInt(content.owed),
      fundDebit: this.debit ?? pendingTotal + postedTotal,
    });
    const { ledger, tree, fundDebit, residual, holds } = this.reconciliation;
    if (holds) return this.differs();
    const about = `ledger ${ledger}, trees ${tree}, fund ${fundDebit}, residual ${residual}`;
    return { name: 'not_reconciled', about };
  }
}

const STOPPED: PayFinding = { name: 'stopped', about: 'it was told to stop' };

/** Judged here, there is no history of acts. */
function precedentsOf(roster: Roster): Parameters<typeof judgeAct>[2] {
  const standing = { rule: () => 0, status: () => ({ status: 0, paused: 0 }) };
  return { venue: null, roster, standing, isUsed: () => false, approvalOf: () => undefined };
}

/**
 * Submits commands and waits until they are durable. Whether any was taken, and why the engine refused one for the first time, but for
 * what was there already.
 */
function submitTo(
  exchange: Exchange,
  commands: CommandBuffer,
): { readonly isTaken: boolean; readonly refusal: string | undefined } {
  const { sequence } = exchange;
  exchange.submit(commands);
  const isTaken = exchange.sequence > sequence;
  // Where nothing was taken the events are those of an earlier batch.
  const refusal = isTaken ? refusalIn(exchange) : undefined;
  exchange.flush();
  return { isTaken, refusal };
}

function refusalIn({ state: { events } }: Exchange): string | undefined {
  for (let event = 0; event < events.count; event++) {
    const at = event * EVENT_FLOATS;
    if (events.values[at] !== EVENT.refused) continue;
    const name = REFUSALS[events.values[at + 3] as number] as string;
    if (name !== 'refund_exists') return name;
  }
  return undefined;
}
