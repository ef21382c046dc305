/** A venue with accounts to refund, people with keys, and a case that is to be paid: for tests. */
import assert from 'node:assert/strict';
import { DirectRoots } from '../chain/roots.ts';
import { conservationResidual } from '../engine/audit.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { REFUND_STATUS } from '../engine/refund.ts';
import { ACCOUNT_KIND, INSURANCE_FUND, type State } from '../engine/state.ts';
import { ACCOUNT, REFUND } from '../engine/tables.ts';
import { USDC } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { actOf, ANN, BEN, enrolment, type Person, signed } from '../guard/authority/act.fixture.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import { wide } from '../guard/exact.ts';
import { Guard } from '../guard/guard.ts';
import type { HeldCommand } from '../guard/screen.ts';
import type { Journal } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import {
  approvalOf,
  CONTENT_FORMAT,
  type PayoutContent,
  SETTLEMENT_ASSET,
  UNITS_OF_ASSET,
} from '../remedy/approval.ts';
import { type Payable, type PayoutPlan, planPayout } from '../remedy/payout.ts';
import { pay, type PayOptions, type PayResult } from './pay.ts';

/** Number of the first trader's account. */
export const FIRST = 3;

export interface OpenedVenue {
  readonly exchange: Exchange;
  readonly guard: Guard | undefined;
  readonly held: HeldCommand[];
}

/** The exchange that a journal leads to. */
export function openedVenue(journal: Journal, isGuarded = true): OpenedVenue {
  const held: HeldCommand[] = [];
  const guard = isGuarded ? new Guard({ onHeldCommand: (each) => held.push(each) }) : undefined;
  const watched = guard === undefined ? {} : { guard };
  const { state, sealer, replay } = recover(journal, { hash: sha256, roots: new DirectRoots(sha256), ...watched });
  if (!replay.equal) throw new Error(JSON.stringify(replay.firstDivergence));
  return {
    exchange: new Exchange({ state, journal, sealer, blockCommands: 40, blockMs: 60_000, ...watched }),
    guard,
    held,
  };
}

/** Opens `traders` accounts of 10 USDC each and a fund of `fundUsdc`; enrols the keys of the fixture unless told not to. */
export function fillVenue({ exchange }: OpenedVenue, traders: number, fundUsdc: number, isEnrolled = true): void {
  const commands = new CommandBuffer();
  for (let trader = 0; trader < traders; trader++) {
    const key = new Uint8Array(32).fill(1 + trader / 250);
    key[0] = trader % 250;
    key[1] = trader >> 8;
    commands.defineAccount(1, key, ACCOUNT_KIND.TRADER, 0);
    commands.deposit(1, FIRST + trader, 10 * USDC, trader + 1);
  }
  commands.deposit(1, INSURANCE_FUND, fundUsdc * USDC, traders + 1);
  exchange.submit(commands);
  if (isEnrolled && !exchange.act(enrolment(), 10).accepted) throw new Error('the keys of a test were not enrolled');
}

/** A claim that is paid so many 1e-8 USDC, up to 1,000 USDC. */
export function claimOf(account: number, paid: bigint, more: Partial<Payable['statement']> = {}): Payable {
  return {
    account,
    isInsider: false,
    cap: 1_000n * BigInt(USDC),
    statement: { paid: String(paid), owed: '0', reversed: '0', ...more },
  };
}

const INCIDENT = 'ab'.repeat(32);

export interface Prepared {
  readonly claims: readonly Payable[];
  readonly plan: PayoutPlan;
  readonly content: PayoutContent;
}

/** The documents of a case that pays these claims. */
export function prepared(claims: readonly Payable[], round = 1, change: Partial<PayoutContent> = {}): Prepared {
  const plan = planPayout({ incident: INCIDENT, round }, claims);
  const owed = claims.reduce((sum, { statement }) => sum + BigInt(statement.owed), 0n);
  const [policy, refundRoot, sumRoot, dossier, effect] = ['01', '02', '03', '04', '05'].map((two) => two.repeat(32));
  const content = {
    format: CONTENT_FORMAT,
    incident: INCIDENT,
    round,
    policy,
    refundRoot,
    sumRoot,
    dossier,
    effect,
    treeTotal: String(plan.total + owed),
    owed: String(owed),
    leaves: claims.length,
    asset: SETTLEMENT_ASSET,
    units: UNITS_OF_ASSET,
    plan: plan.hash,
    payments: plan.payments.length,
    total: String(plan.total),
    largest: String(plan.largest),
    reversals: plan.reversals.length,
    reversed: String(plan.reversed),
    ...change,
  } as PayoutContent;
  return { claims, plan, content };
}

/** The approval of a payout by these people; the two operators unless said. */
export function approvalBy({ content }: Prepared, people: readonly Person[] = [ANN, BEN], change = {}): SignedAct {
  return signed(actOf(approvalOf(content), change), ...people);
}

/** Traders of the venue, and USDC of its fund. */
export const TRADERS = 230;
export const FUND = 20_000;

/** A claim of every trader: the n-th is paid n × 0.37 USDC, every tenth nothing. */
export function claimsOfAll(): Payable[] {
  return Array.from({ length: TRADERS }, (_, n) => claimOf(FIRST + n, n % 10 === 0 ? 0n : BigInt(n) * 37_000_000n));
}

export function balanceOf({ account }: State, row: number): bigint {
  return wide(account.f64, row * 8 + ACCOUNT.BALANCE_HIGH);
}

/** A venue of so many traders and such a fund, its keys enrolled. */
export function filled(journal: Journal = new MemoryJournal()): OpenedVenue {
  const venue = openedVenue(journal);
  fillVenue(venue, TRADERS, FUND);
  return venue;
}

/** Pays at a time behind the enrolment. */
export function payTo(
  { exchange }: OpenedVenue,
  case_: Prepared,
  approval: SignedAct,
  more: Partial<PayOptions> = {},
): PayResult {
  return pay({ exchange, ...case_, approval, nowMs: 20, ...more });
}

/** Everybody has exactly what they were owed once, the fund has the rest, and money is conserved. */
export function assertPaidOnce({ exchange: { state } }: OpenedVenue, { claims, plan }: Prepared): void {
  for (const { account, statement } of claims) {
    assert.equal(balanceOf(state, account), 10n * BigInt(USDC) + BigInt(statement.paid), `account ${account}`);
  }
  assert.equal(balanceOf(state, INSURANCE_FUND), BigInt(FUND * USDC) - plan.total);
  assert.equal(conservationResidual(state), '0');
}

/** Why a payout stopped, `paid` when it did not. */
export function findingOf(result: PayResult): string {
  return result.paid ? 'paid' : `${result.finding.name} ${result.finding.about}`;
}

/** Refunds that are posted. */
export function postedIn({ exchange: { state } }: OpenedVenue): number {
  let posted = 0;
  for (let row = 1; row < state.refund.rows; row++) {
    if (state.refund.i32[row * 8 + REFUND.STATUS] === REFUND_STATUS.POSTED) posted++;
  }
  return posted;
}
