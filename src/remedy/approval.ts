/**
 * The approval of a payout: what is shown to the approvers, the hash of all of it, and what must hold whoever approves. Amounts are
 * 1e-8 USDC; in documents decimal digits.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../chain/digest.ts';
import { utf8 } from '../engine/command-buffer.ts';
import { RULE } from '../engine/rules.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT_KEY } from '../engine/tables.ts';
import type { RefundApproval } from '../guard/authority/act.ts';
import { usdcText } from '../guard/authority/effect.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import { freeFund } from './claim-payment.ts';
import { type Dossier, dossierHash, type Effect, effectHash } from './dossier.ts';
import type { Payable, PayoutPlan } from './payout.ts';
import type { PublicRoots } from './receipt.ts';

export const CONTENT_FORMAT = 'makewhole-payout/1';

/** The one asset in which the exchange settles, and how many of its units are one. */
export const SETTLEMENT_ASSET = 'USDC';
export const UNITS_OF_ASSET = '100000000';

/** What people approve, in one document: whoever changes anything of it has another hash. */
export interface PayoutContent {
  readonly format: typeof CONTENT_FORMAT;
  readonly incident: string;
  readonly policy: string;
  readonly round: number;
  readonly refundRoot: string;
  readonly sumRoot: string;
  /** Σ of all leaves; what of it stays owed because the fund is too small. */
  readonly treeTotal: string;
  readonly owed: string;
  readonly leaves: number;
  /** Hashes of the dossier and of the effect that were shown. */
  readonly dossier: string;
  readonly effect: string;
  readonly asset: string;
  /** Units of one of the asset in which amounts are counted. */
  readonly units: string;
  readonly plan: string;
  readonly payments: number;
  readonly total: string;
  readonly largest: string;
  readonly reversals: number;
  readonly reversed: string;
}

/** What a case has to say before it is paid. */
export interface PayoutCase {
  readonly roots: PublicRoots;
  readonly dossier: Dossier;
  readonly effect: Effect;
  readonly claims: readonly Payable[];
  readonly plan: PayoutPlan;
}

/** The document that is approved. */
export function contentOf({ roots, dossier, effect, claims, plan }: PayoutCase): PayoutContent {
  return {
    format: CONTENT_FORMAT,
    incident: plan.incident,
    policy: roots.policy,
    round: plan.round,
    refundRoot: roots.refundRoot,
    sumRoot: roots.sumRoot,
    treeTotal: roots.total,
    owed: String(claims.reduce((sum, { statement }) => sum + BigInt(statement.owed), 0n)),
    leaves: roots.leaves,
    dossier: toHex(dossierHash(dossier)),
    effect: toHex(effectHash(effect)),
    asset: SETTLEMENT_ASSET,
    units: UNITS_OF_ASSET,
    plan: plan.hash,
    payments: plan.payments.length,
    total: String(plan.total),
    largest: String(plan.largest),
    reversals: plan.reversals.length,
    reversed: String(plan.reversed),
  };
}

/** SHA-256 of the canonical text of the document, 64 hexadecimal digits. */
export function contentHash(content: PayoutContent): string {
  return toHex(sha256(utf8(canonicalJson(content as unknown as Json))));
}

/** The content of the act that approves it. */
export function approvalOf(content: PayoutContent): RefundApproval {
  const { incident, round, plan, payments, total, largest, reversals, reversed } = content;
  return {
    kind: 'approveRefunds',
    incident,
    round,
    content: contentHash(content),
    plan,
    payments,
    total,
    largest,
    reversals,
    reversed,
  };
}

/** Why a payout cannot be: by name, with what it is about. */
export interface Obstacle {
  readonly name:
    | 'check_fails'
    | 'effect_differs'
    | 'roots_differ'
    | 'tree_differs'
    | 'wrong_asset'
    | 'wrong_unit'
    | 'total_above_fund'
    | 'single_above_cap'
    | 'single_above_limit'
    | 'nothing_to_pay'
    | 'approver_is_beneficiary'
    | 'content_differs'
    | 'rehearsal_differs';
  readonly about: string;
}

/** What keeps a case from being approved, whatever anybody signs: the documents contradict each other, or a check of theirs fails. */
export function obstaclesOf(payout: PayoutCase): Obstacle[] {
  const { dossier, roots, effect, plan, claims } = payout;
  const found: Obstacle[] = [];
  const must = (name: Obstacle['name'], about: string, holds: boolean): void => {
    if (!holds) found.push({ name, about });
  };
  for (const { name, holds, detail } of dossier.checks) must('check_fails', `${name}: ${detail}`, holds);
  must('check_fails', `conservation: ${dossier.conservation.residual}`, dossier.conservation.residual === '0');
  must('roots_differ', 'of the dossier', canonicalJson(dossier.roots as unknown as Json) === rootsText(roots));
  must('roots_differ', `case ${roots.incident}`, roots.incident === plan.incident && roots.round === plan.round);
  must('effect_differs', 'from the dossier’s', toHex(effectHash(effect)) === dossier.effect);
  must('effect_differs', `${effect.accounts} accounts`, effect.accounts === plan.payments.length);
  must('effect_differs', `total ${effect.total}`, effect.total === String(plan.total));
  must('effect_differs', `largest ${effect.largest}`, effect.largest === String(plan.largest));
  must('effect_differs', `round ${effect.round}`, effect.round === plan.round);
  must('tree_differs', `${claims.length} claims, ${roots.leaves} leaves`, claims.length === roots.leaves);
  const owed = claims.reduce((sum, { statement }) => sum + BigInt(statement.owed), 0n);
  must('tree_differs', `${roots.total} less ${owed} owed`, BigInt(roots.total) - owed === plan.total);
  must('nothing_to_pay', `round ${plan.round}`, plan.payments.length + plan.reversals.length > 0);
  return found;
}

function rootsText(roots: PublicRoots): string {
  return canonicalJson(roots as unknown as Json);
}

/**
 * The bounds that no signature widens: the settlement asset alone and in its own unit, no more in all than the fund has free with what
 * is taken back to it, no single amount above the policy's cap of its account or the exchange's limit (`guard_refund_single`).
 */
export function beyondBounds(state: State, content: PayoutContent, { plan, claims }: PayoutBounds): Obstacle[] {
  const found: Obstacle[] = [];
  if (content.asset !== SETTLEMENT_ASSET) found.push({ name: 'wrong_asset', about: content.asset });
  if (content.units !== UNITS_OF_ASSET) found.push({ name: 'wrong_unit', about: content.units });
  const fund = freeFund(state) + plan.reversed;
  if (plan.total > fund) found.push({ name: 'total_above_fund', about: `${plan.total}, the fund has ${fund}` });
  const caps = new Map(claims.map(({ account, cap }) => [account, cap]));
  const limit =
    BigInt(state.rule.f64[state.rule.rowFloats + RULE.guard_refund_single] as number) * BigInt(UNITS_OF_ASSET);
  for (const { account, amount } of plan.payments) {
    const cap = caps.get(account);
    if (cap === undefined || amount > cap) {
      found.push({ name: 'single_above_cap', about: `account ${account}: ${amount}, at most ${cap ?? 0n}` });
    }
    if (amount > limit) {
      found.push({ name: 'single_above_limit', about: `account ${account}: ${amount}, at most ${limit}` });
    }
  }
  return found;
}

export interface PayoutBounds {
  readonly plan: PayoutPlan;
  readonly claims: readonly Pick<Payable, 'account' | 'cap'>[];
}

/** Accounts that people said are their own, by the key with which they sign. */
export type OwnAccounts = ReadonlyMap<string, readonly number[]>;

/** Approvers to whom the payout pays: whose key is that of an account that is paid, or who said that it is theirs. */
export function payingThemselves(
  state: State,
  { payments }: PayoutPlan,
  signers: readonly string[],
  own: OwnAccounts = new Map(),
): Obstacle[] {
  const paid = new Set(payments.map(({ account }) => account));
  const keys = new Map<string, number>();
  for (const { account } of payments) {
    const at = account * 32 + ACCOUNT_KEY.KEY * 4;
    keys.set(toHex(state.accountKey.bytes.subarray(at, at + 32)), account);
  }
  return signers.flatMap((signer) => {
    const known = keys.get(signer);
    const accounts = [...(own.get(signer) ?? []), ...(known === undefined ? [] : [known])].filter((a) => paid.has(a));
    return accounts.map((account): Obstacle => {
      return { name: 'approver_is_beneficiary', about: `${signer}: account ${account}` };
    });
  });
}

/** The effect in words: what an approver reads before they sign. `previous` is the effect of the round before. */
export function effectText(content: PayoutContent, { dossier, effect, plan }: PayoutCase, previous?: Effect): string[] {
  const share = `${(effect.fundSharePpm / 10_000).toFixed(2)} %`;
  return [
    `Case ${dossier.case.name}, round ${plan.round}: ${dossier.case.reason}`,
    `pays ${effect.accounts} accounts ${usdcText(effect.total)} ${content.asset} in all, ${share} of the insurance fund`,
    `the largest single amount is ${usdcText(effect.largest)} ${content.asset}`,
    `${effect.insiders} of the accounts are of the venue's own people, paid last`,
    ...(plan.reversals.length === 0
      ? []
      : [
          `takes back ${plan.reversals.length} wrong credits, ${usdcText(String(plan.reversed))} ${content.asset} in all`,
        ]),
    'the ten largest, by their commitments:',
    ...effect.top
      .slice(0, 10)
      .map(({ commitment, amount }) => `  ${commitment.slice(0, 16)}… ${usdcText(amount)} ${content.asset}`),
    'checks:',
    ...dossier.checks.map(({ name, holds, detail }) => `  ${holds ? 'holds' : 'FAILS'}  ${name}: ${detail}`),
    ...differenceText(effect, previous, content.asset),
    `refund root ${content.refundRoot}, sum root ${content.sumRoot}, ${content.leaves} leaves, total ${usdcText(content.treeTotal)}, of which owed ${usdcText(content.owed)}`,
    `transfers ${content.plan}`,
    `content ${contentHash(content)}`,
  ];
}

function differenceText(effect: Effect, previous: Effect | undefined, asset: string): string[] {
  if (previous === undefined) return ['there is no round before this one'];
  const accounts = effect.accounts - previous.accounts;
  const total = BigInt(effect.total) - BigInt(previous.total);
  const sign = total < 0n ? '−' : '+';
  const amount = usdcText(String(total < 0n ? -total : total));
  return [
    `round ${previous.round} paid ${previous.accounts} accounts ${usdcText(previous.total)} ${asset}; this one has ${accounts < 0 ? '' : '+'}${accounts} accounts and ${sign}${amount} ${asset}`,
  ];
}
