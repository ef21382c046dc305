/**
 * The payout that was counted in another unit (Bithumb, February 2026: BTC for KRW). Without the procedure an operator's script credits
 * the winners of a promotion; they sell what they never had, the mark falls, and others are liquidated; then it is taken back, as far as
 * it is still there. With it the same list meets, one after the other, who may pay, how many must sign, and the bounds that no signature widens.
 */
import { toHex } from '../../chain/digest.ts';
import type { CommandBuffer } from '../../engine/command-buffer.ts';
import { INSTRUCTION, ORDER_KIND, orderFlags, SIDE } from '../../engine/flags.ts';
import type { State } from '../../engine/state.ts';
import { STATUS } from '../../engine/status.ts';
import { MARKET, VENUE } from '../../engine/tables.ts';
import { pay } from '../../incident/pay.ts';
import { sha256 } from '../../journal/node-digest.ts';
import {
  approvalOf,
  beyondBounds,
  CONTENT_FORMAT,
  type PayoutContent,
  SETTLEMENT_ASSET,
  UNITS_OF_ASSET,
} from '../../remedy/approval.ts';
import { type Payable, type PayoutPlan, planPayout, writeTransfers } from '../../remedy/payout.ts';
import type { DayMarket } from '../market-day.ts';
import { FIRST_ACCOUNT } from '../traders/population.ts';
import { inCaseFolder } from './case-files.ts';
import { drillDay } from './drill-day.ts';
import { makeGood, type Remedied, withoutRemedy } from './fault-remedy.ts';
import type { FaultScenarioOptions } from './fault-scenario.ts';
import { type Compared, ForcedTally } from './forced-tally.ts';
import { copyJournal } from './journal-copy.ts';
import { sharedOrders } from './paradex.ts';
import { type DrillResult, NOBODY_OWED } from './result.ts';
import { TIMELINE } from './timeline.ts';
import { DrillVenue } from './venue.ts';
import { Vetoes } from './veto-count.ts';
import { DrillWorld } from './world.ts';

export const PAYOUT_SLIP = 'payout-unit-slip';
export const SUMMARY =
  'Bithumb, February 2026: a payout is counted in another unit, and the winners sell what they never had';

/** 20 USDC for each of the winners, counted as 20 of what is worth 92,500 times as much. */
const PRIZE = 20e8;
const SLIP = 92_500;
const WINNERS = 30;
/** No prize of the promotion is above it. */
const CAP = 100n * 100_000_000n;
/** Winners who sell at once, in the most traded market, down to the edge of its band. */
const SELLERS = 8;
const SOLD = 1;
const OPENS_MS = TIMELINE.cancelOnly - 60 * 60_000;
const NOTICED_MS = 120_000;
const LATER_MS = 300_000;

/** One of them waits to buy back, so far below. */
const BELOW_TICKS = 10;

const SELL = orderFlags(SIDE.SELL, ORDER_KIND.LIMIT, INSTRUCTION.GTC, false);
const BUY = orderFlags(SIDE.BUY, ORDER_KIND.LIMIT, INSTRUCTION.POST_ONLY, false);

export function runPayoutSlip({ guard, accounts, seed, journal, folder, told }: FaultScenarioOptions): DrillResult {
  const startMs = performance.now();
  const isGuarded = guard === 'on';
  const vetoes = new Vetoes();
  const options = { day: drillDay(seed), seed, accounts, opensMs: OPENS_MS };
  let forced = new ForcedTally();
  const venue = new DrillVenue(journal, accounts, {
    onEvents: (events) => forced.take(events),
    onHeldCommand: (held) => vetoes.held(held),
  });
  const world = new DrillWorld(options, venue);
  venue.start({ isGuarded: false, hasLadder: false });
  world.found();
  if (isGuarded) {
    venue.stop();
    venue.start({ isGuarded, hasLadder: false });
    venue.enrol(world.day.startMs);
  }
  world.tradeBeforeMaintenance();
  const isShared = sharedOrders(venue.state);
  const clean = cleanRun(options, venue, isShared, isGuarded);
  forced = new ForcedTally(isShared);
  const plan = promotion(world);
  const credited = isGuarded ? attempt(world, plan, vetoes) : credit(world, plan);
  const compared: Compared = forced.against(
    clean,
    plan.payments.map(({ account }) => account),
  );
  return {
    scenario: PAYOUT_SLIP,
    guard,
    accounts: world.accounts,
    markets: options.day.markets.length,
    corrupted: [],
    wrongful: compared.wrongful,
    legitimate: compared.legitimate,
    vetoes: vetoes.all,
    rollback: null,
    secondWave: null,
    ...(credited === undefined ? withoutRemedy(NOBODY_OWED) : remedy(world, credited, { journal, seed, folder, told })),
    seconds: (performance.now() - startMs) / 1000,
  };
}

/** The same minutes without a promotion. */
function cleanRun(
  options: ConstructorParameters<typeof DrillWorld>[0],
  { journal, exchange }: DrillVenue,
  isShared: (order: number) => boolean,
  isGuarded: boolean,
): ForcedTally {
  exchange.finish();
  const clean = new ForcedTally(isShared);
  const venue = new DrillVenue(
    copyJournal(journal),
    options.accounts,
    { onEvents: (events) => clean.take(events) },
    isGuarded,
  );
  const { equal } = venue.start({ isGuarded, hasLadder: false });
  if (!equal) throw new Error('the journal of a running venue does not lead to its state');
  const world = new DrillWorld(options, venue);
  world.trade(venue.timeMs + LATER_MS);
  return clean;
}

/** The list as it was typed: the winners are accounts with retail fees, in the order of their rows. */
function promotion({ venue: { state }, accounts }: DrillWorld): PayoutPlan {
  const winners = Array.from({ length: WINNERS }, (_, n) => FIRST_ACCOUNT + accounts - 3 - n * 2);
  const claims = winners
    .filter((account) => account >= FIRST_ACCOUNT && account < state.account.rows)
    .map((account): Payable => {
      const statement = { paid: String(PRIZE * SLIP), owed: '0', reversed: '0' };
      return { account, isInsider: false, cap: CAP, statement };
    });
  return planPayout({ incident: toHex(sha256(new TextEncoder().encode('promotion'))), round: 1 }, claims);
}

/** Sequences of the credits, in their order. */
type Credited = readonly number[];

/** Without the procedure: credited as if it had come from outside, sold, noticed, and taken back as far as it is there. */
function credit(world: DrillWorld, plan: PayoutPlan): Credited {
  const { venue } = world;
  const fromMs = venue.timeMs;
  const before = venue.exchange.sequence;
  world.submit((commands) => {
    let reference = venue.state.venue.f64[64 + VENUE.DEPOSIT_REFERENCE] as number;
    for (const { account, amount } of plan.payments) commands.deposit(fromMs, account, Number(amount), ++reference);
  });
  const sellers = plan.payments.slice(0, SELLERS).map(({ account }) => account);
  const market = world.day.markets[SOLD - 1] as DayMarket;
  world.trade(fromMs + NOTICED_MS, {
    also: (commands, timeMs) => sellAll(venue.state, market, sellers, timeMs, commands),
  });
  world.submit((commands) => {
    for (const { account, amount, id } of plan.payments) {
      commands.cancelAll(venue.timeMs, account);
      commands.reverseCredit(venue.timeMs, account, Number(amount), id);
    }
  });
  world.trade(fromMs + LATER_MS);
  return plan.payments.map((_, place) => before + 1 + place);
}

function sellAll(
  { market }: State,
  { definition, tickUnits }: DayMarket,
  [buyer, ...sellers]: readonly number[],
  timeMs: number,
  commands: CommandBuffer,
): void {
  const mark = market.f64[SOLD * 128 + MARKET.MARK] as number;
  const bottom = Math.ceil((mark * (1 - definition.PRICE_BAND / 1e6)) / tickUnits) + 1;
  for (const account of sellers) {
    commands.cancelAll(timeMs, account, SOLD);
    commands.placeOrder(timeMs, account, SOLD, bottom, Math.floor(definition.MAXIMUM_ORDER / 4), SELL);
  }
  if (buyer === undefined) return;
  commands.cancelAll(timeMs, buyer, SOLD);
  commands.placeOrder(timeMs, buyer, SOLD, bottom - BELOW_TICKS, Math.floor(definition.MAXIMUM_ORDER / 4), BUY);
}

/** The venue is halted; the credits are taken out of the history, and who was harmed by what came of them is paid. */
function remedy(
  world: DrillWorld,
  credited: Credited,
  { journal, seed, folder, told = {} }: Pick<FaultScenarioOptions, 'journal' | 'seed' | 'folder' | 'told'>,
): Remedied {
  const { venue } = world;
  venue.setStatus(STATUS.MAINTENANCE, venue.timeMs);
  venue.exchange.finish();
  const { exchange, timeMs, keys } = venue;
  const corrections = { commands: credited.map((sequence) => ({ sequence, commands: [] })), deviations: [] };
  const cause = 'the prizes of a promotion were credited in another unit';
  const incident = { name: PAYOUT_SLIP, summary: SUMMARY, cause, corrections, lastRight: (credited[0] as number) - 1 };
  const payer = { exchange, timeMs, keys, sign: venue.sign.bind(venue) };
  return inCaseFolder(folder, (at) => makeGood(incident, { journal, seed, payer, folder: at, told }));
}

/** With the procedure: by hand, by one, by two. Nothing of it is paid; trading goes on. */
function attempt(world: DrillWorld, plan: PayoutPlan, vetoes: Vetoes): undefined {
  const { venue } = world;
  const fromMs = venue.timeMs;
  world.submit((commands) => writeTransfers(plan, fromMs, commands));
  const content = contentOf(plan);
  const claims = plan.payments.map(({ account }) => ({ account, cap: CAP }));
  const alone = venue.exchange.act(venue.sign(approvalOf(content), fromMs, 1), fromMs);
  if (alone.accepted) throw new Error('one key approved a payout');
  vetoes.note('door', `act_${alone.refusal}`, 'I', alone.about);
  const approval = venue.sign(approvalOf(content), fromMs, 2);
  const result = pay({ exchange: venue.exchange, content, approval, plan, claims, nowMs: fromMs });
  if (result.paid) throw new Error('a payout in the wrong unit was paid');
  for (const { name, about } of beyondBounds(venue.state, content, { plan, claims }))
    vetoes.note('door', name, 'I', about);
  world.trade(fromMs + LATER_MS);
  return undefined;
}

/** What is put before the approvers. */
function contentOf(plan: PayoutPlan): PayoutContent {
  const named = (what: string): string => toHex(sha256(new TextEncoder().encode(`promotion ${what}`)));
  return {
    format: CONTENT_FORMAT,
    incident: plan.incident,
    policy: named('policy'),
    round: plan.round,
    refundRoot: named('refunds'),
    sumRoot: named('sums'),
    treeTotal: String(plan.total),
    owed: '0',
    leaves: plan.payments.length,
    dossier: named('dossier'),
    effect: named('effect'),
    asset: SETTLEMENT_ASSET,
    units: UNITS_OF_ASSET,
    plan: plan.hash,
    payments: plan.payments.length,
    total: String(plan.total),
    largest: String(plan.largest),
    reversals: 0,
    reversed: '0',
  };
}
