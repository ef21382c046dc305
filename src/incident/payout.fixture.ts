/** A venue with accounts to refund, people with keys, and a case that is to be paid: for tests. */
import { DirectRoots } from '../chain/roots.ts';
import { CommandBuffer } from '../engine/command-buffer.ts';
import { ACCOUNT_KIND, INSURANCE_FUND } from '../engine/state.ts';
import { USDC } from '../engine/venue.fixture.ts';
import { Exchange } from '../exchange/exchange.ts';
import { recover } from '../exchange/recover.ts';
import { actOf, ANN, BEN, enrolment, type Person, signed } from '../guard/authority/act.fixture.ts';
import type { SignedAct } from '../guard/authority/decode-act.ts';
import { Guard } from '../guard/guard.ts';
import type { HeldCommand } from '../guard/screen.ts';
import type { Journal } from '../journal/journal.ts';
import { sha256 } from '../journal/node-digest.ts';
import {
  approvalOf,
  CONTENT_FORMAT,
  type PayoutContent,
  SETTLEMENT_ASSET,
  UNITS_OF_ASSET,
} from '../remedy/approval.ts';
import { type Payable, type PayoutPlan, planPayout } from '../remedy/payout.ts';

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
