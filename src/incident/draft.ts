/**
 * The draft of a remedy: from a case and a history to claims, receipts, roots and the dossier. Nothing is paid by it; what it says is what
 * people approve, and anyone who has the journal and the case computes the same.
 */
import type { Block } from '../chain/block.ts';
import { type History, passedOver, type ReadableHistory } from '../chain/branches.ts';
import { decodeCertificate } from '../chain/certificate.ts';
import type { Hash } from '../chain/digest.ts';
import { toHex } from '../chain/digest.ts';
import { commandRows } from '../chain/command-record.ts';
import { batchesBetween } from '../chain/first-batch.ts';
import type { RootComputer } from '../chain/roots.ts';
import { CARRY_WITHDRAWAL, COMMAND, LIQUIDATE, SETTLE_POSITION } from '../engine/command.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT } from '../engine/tables.ts';
import { unwindInsurance } from '../exchange/unwind.ts';
import { effectOf, withWarrants } from '../remedy/claim-documents.ts';
import { freeFund } from '../remedy/claim-payment.ts';
import { type Claims, type ClaimsInput, type Declarations, makeClaims } from '../remedy/claims.ts';
import { type Dossier, type Effect, effectHash, type RollbackFacts } from '../remedy/dossier.ts';
import { StoredWarrants } from '../remedy/forced-actions.ts';
import { caseHash, type IncidentCase, restorationMs } from '../remedy/incident-case.ts';
import { IncidentRecord } from '../remedy/incident-record.ts';
import { type IncidentFinding, type IncidentRun, runIncident } from '../remedy/incident-run.ts';
import { timelineOf } from '../remedy/incident-timeline.ts';
import { makeDossier } from '../remedy/make-dossier.ts';
import type { InterestSpan } from '../remedy/statement-amounts.ts';
import { makeReceipts, type Receipts } from '../remedy/receipt.ts';

/** An earlier round of the same case's claims: what it paid is not paid again. */
export interface PreviousRound {
  readonly round: number;
  /** Hash of its dossier, hexadecimal. */
  readonly dossier: string;
  /** What was paid so far, and what was taken back, by account. */
  readonly paid: ReadonlyMap<number, bigint>;
  readonly reversed: ReadonlyMap<number, bigint>;
}

export interface DraftOptions {
  readonly incident: IncidentCase;
  readonly history: ReadableHistory;
  /** The state at the last good block. It is written to. */
  readonly start: State;
  readonly hash: Hash;
  readonly roots: RootComputer;
  /** 32 bytes that are never published: without them no account can be found in the roots. */
  readonly secret: Uint8Array;
  readonly declarations?: Declarations;
  /** Until when interest runs; the restoration time unless said. */
  readonly interestToMs?: number;
  readonly previous?: PreviousRound;
  /** What the claims desk awarded so far, by account. */
  readonly awards?: ClaimsInput['awards'];
}

export interface Draft extends Receipts {
  readonly run: IncidentRun;
  /** With the forced actions of each account, and their warrants. */
  readonly claims: Claims;
  readonly dossier: Dossier;
  readonly effect: Effect;
}

/** What the claims of a run are made by, beside it. */
export type ClaimsOptions = Pick<
  DraftOptions,
  'incident' | 'history' | 'declarations' | 'interestToMs' | 'previous' | 'awards'
>;

/** The claims of all accounts by a run of the case; nothing is drawn up, and nothing can be approved by it. */
export function claimsOfRun(options: ClaimsOptions, { worlds, record, from, to }: IncidentRun): Claims {
  const { incident, history, declarations, awards, previous } = options;
  return makeClaims({
    worlds,
    record,
    corrections: incident.corrections,
    policy: incident.policy,
    interest: interestOf(options, from, to),
    fork: to.fork,
    fund: freeFund(worlds.actual),
    coveredByRollback: accountsForcedBefore(history, from.height),
    ...(declarations === undefined ? {} : { declarations }),
    ...(awards === undefined ? {} : { awards }),
    ...(previous === undefined ? {} : { paidBefore: previous.paid, reversedBefore: previous.reversed }),
  });
}

function interestOf({ incident, interestToMs }: ClaimsOptions, from: Block, to: Block): InterestSpan {
  return { fromMs: from.lastMs, toMs: Math.max(from.lastMs, interestToMs ?? restorationOf(incident, to.lastMs)) };
}

/** Drafts the remedy of a case. What the case or the history is found wrong with comes back by name. */
export function draftIncident(options: DraftOptions): Draft | IncidentFinding {
  const { incident, history, start, hash, roots, secret, previous } = options;
  const first = history.block(incident.from.height);
  const record = new IncidentRecord(start, incident.to.fork, first?.lastMs ?? 0);
  const warrants = new StoredWarrants();
  const run = runIncident({
    incident,
    history,
    start,
    hash,
    roots,
    unwind: unwindInsurance,
    onEvents: record.observe,
    onBatch: (entry) => warrants.takeBatch(entry),
    onWarrants: (bytes) => warrants.takeWarrants(bytes),
  });
  if ('finding' in run) return run;
  const { worlds, from, to } = run;
  const fund = freeFund(worlds.actual);
  const claims = withWarrants(claimsOfRun(options, run), record.forced, warrants);
  const round = (previous?.round ?? 0) + 1;
  const receipts = makeReceipts(
    {
      incident: caseHash(incident),
      policy: incident.policy,
      round,
      interest: interestOf(options, from, to),
      secret,
      hash,
    },
    claims.claims.map(({ statement }) => statement),
  );
  const effect = effectOf(claims, round, fund + claims.reversed, secret, hash);
  const dossier = makeDossier({
    incident,
    run,
    record,
    claims,
    roots: receipts.roots,
    effect: toHex(effectHash(effect)),
    fund,
    timeline: timelineOf(incident, history, run),
    rollback: rollbackFacts(history, from.height, to.height, run.worlds.actual),
    round,
    previous: previous?.dossier ?? null,
    aboveCap: effect.aboveCap,
  });
  return { ...receipts, run, claims, dossier, effect };
}

/** When accounts in general knew and could act, where the case says so; else the check time. */
function restorationOf({ notices }: IncidentCase, toMs: number): number {
  const known = restorationMs(notices, 0);
  return known > 0 ? known : toMs;
}

/** Accounts of which the branch that ended right before a block took positions by force; none where no branch ended there. */
function accountsForcedBefore(history: ReadableHistory, height: number): Set<number> {
  const accounts = new Set<number>();
  const restore = history.restores.find((each) => each.height === height);
  if (restore === undefined) return accounts;
  const { restores } = restore;
  for (const entry of batchesBetween(history.entries(restores), restores, height - 1, history.restores)) {
    const { words } = entry;
    for (let row = 0; row < entry.rows; row += commandRows(words, row)) {
      const kind = words[row * 16];
      if (kind === COMMAND.liquidate) accounts.add(words[row * 16 + LIQUIDATE.ACCOUNT] as number);
      if (kind === COMMAND.settlePosition) accounts.add(words[row * 16 + SETTLE_POSITION.ACCOUNT] as number);
    }
  }
  return accounts;
}

/** What the certificate of the rollback at the last good block, or behind it, says; null where there is none. */
function rollbackFacts(history: ReadableHistory, from: number, to: number, actual: State): RollbackFacts | null {
  const restore = history.restores.findLast(({ height }) => height >= from && height <= to);
  if (restore === undefined || isPassedOver(history, restore.height, to)) return null;
  for (const entry of history.entries(restore.height - 1)) {
    if (entry.kind === 'block') continue;
    const certificate = entry.certificate === undefined ? undefined : decodeCertificate(entry.certificate);
    if (certificate === undefined) continue;
    const { forkId, restores, deadHead, carried, fates } = certificate;
    const { count, owed } = carried.withdrawals;
    const isTold = owed === '0' || debtorsOf(history, restore.height, actual) >= 5;
    return {
      forkId,
      restores: { height: restores.height, root: restores.root },
      deadHead: { height: deadHead.height, root: deadHead.root, hash: deadHead.hash },
      carriedDeposits: carried.deposits.count,
      carriedWithdrawals: count,
      fates: fates.counts as Readonly<Record<string, number>>,
      receivables: isTold ? owed : null,
      // A rollback whose custody differs is refused: what is there has held.
      custodyIdentity: true,
    };
  }
  return null;
}

/** How many of the accounts whose money the first batch of a fork found gone owe anything still: never more than owed by it. */
function debtorsOf(history: ReadableHistory, height: number, { account: { f64 } }: State): number {
  const debtors = new Set<number>();
  for (const entry of history.entries(height)) {
    if (entry.kind === 'block' || entry.commands === 0) continue;
    const { words } = entry;
    for (let row = 0; row < entry.rows; row += commandRows(words, row)) {
      if (words[row * 16] !== COMMAND.carryWithdrawal) continue;
      const account = words[row * 16 + CARRY_WITHDRAWAL.ACCOUNT] as number;
      if ((f64[account * 8 + ACCOUNT.RECEIVABLE] as number) > 0) debtors.add(account);
    }
    break;
  }
  return debtors.size;
}

function isPassedOver(history: History, height: number, head: number): boolean {
  return passedOver(history.restores, head).some(({ from, to }) => height >= from && height <= to);
}
