/**
 * The claims of an incident: all accounts of the starting root in one run, each with its statement, by one policy. What is to be paid, by
 * whom it is paid, and the sums that must be zero before anything may be approved. Amounts are 1e-8 USDC.
 */
import { toHex } from '../chain/digest.ts';
import type { AccountAssessment } from './account-assessment.ts';
import { type Assessed, assessAll } from './assess-all.ts';
import type { AwardStatement } from './award.ts';
import type { Claim } from './claim.ts';
import { capOf, payAll } from './claim-payment.ts';
import { statementOf } from './claim-statement.ts';
import { type Conservation, conservationOf } from './conservation.ts';
import type { CorrectionSet } from './correction.ts';
import type { Taking } from './flow-listener.ts';
import type { IncidentWorlds } from './incident-worlds.ts';
import { netOwner } from './owner-netting.ts';
import { type PolicyDocument, policyHash } from './policy-document.ts';
import { adjustmentsOf, reversedOf } from './reversal.ts';
import type { InterestSpan } from './statement-amounts.ts';
import { wrongfulShares } from './takings.ts';
import { isHouse } from './valuation.ts';
import type { WorldRecord } from './world-record.ts';
import { writtenIndexes } from './written-rows.ts';

/** What people declared: it is private, and decides nothing but what is said here. */
export interface Declarations {
  /** Accounts of the venue's own people: assessed like others, paid last. */
  readonly insiders: readonly number[];
  /** Accounts of one beneficial owner, group by group. */
  readonly owners: readonly (readonly number[])[];
}

export interface ClaimsInput {
  readonly worlds: IncidentWorlds;
  readonly record: WorldRecord;
  readonly corrections: CorrectionSet;
  readonly policy: PolicyDocument;
  readonly interest: InterestSpan;
  /** Fork of the actual world's forced actions. */
  readonly fork: number;
  /** What the fund can pay now, before what is returned to it. */
  readonly fund: bigint;
  readonly declarations?: Declarations;
  /** Accounts that were harmed on a branch that was rolled back. */
  readonly coveredByRollback?: ReadonlySet<number>;
  /** What was paid, and what was taken back, in earlier rounds, by account. */
  readonly paidBefore?: ReadonlyMap<number, bigint>;
  readonly reversedBefore?: ReadonlyMap<number, bigint>;
  /** What the claims desk awarded so far, by account. */
  readonly awards?: ReadonlyMap<number, readonly AwardStatement[]>;
}

/** All claims, in the order of their accounts. */
export interface Claims {
  /** First one for each account of the starting root, then those that were opened later. */
  readonly claims: readonly Claim[];
  readonly ofStartingRoot: number;
  readonly conservation: Conservation;
  /** Σ over accounts of what no flow or cause explains: 0, or nothing may be approved. */
  readonly unexplained: bigint;
  /** What the deviations wrote into accounts, less what the worlds say they did: 0. */
  readonly writtenResidual: bigint;
  /** What the fund and the fee account have too much, and return first. */
  readonly returned: bigint;
  readonly reversed: bigint;
  readonly dust: bigint;
  /** Σ of what accounts that were told later lack more than at the check time: the house bears it; and how many accounts they are. */
  readonly mitigation: { readonly accounts: number; readonly cost: bigint };
  /** Takings of the actual world that the counterfactual has not. */
  readonly wrongful: ReadonlySet<Taking>;
}

/** Makes the claims of all accounts. */
export function makeClaims(input: ClaimsInput): Claims {
  const { worlds, policy } = input;
  const assessed = assessAll(input);
  const netted = netOwners(input, assessed);
  const adjustments = bandAdjustments(input, assessed);
  const hash = toHex(policyHash(policy));
  const falseIndexes = writtenIndexes(input.corrections, worlds.actual);
  const statements = assessed.map((each) => {
    const { account } = each.found;
    const reversed = isHouse(account)
      ? 0n
      : reversedOf(each.found, policy.windfalls, falseIndexes, adjustments.get(account) ?? NONE);
    return statementOf(input, each, hash, netted.get(account) ?? 0n, reversed);
  });
  const insiders = new Set(input.declarations?.insiders ?? []);
  const reversed = statements.reduce((sum, statement) => sum + BigInt(statement.reversed), 0n);
  const { paid, dust } = payAll(statements, insiders, input.fund + reversed, policy);
  const ofStartingRoot = worlds.before.account.rows - 1;
  const claims = statements.map((statement, place): Claim => {
    const own = paid[place] as bigint;
    return {
      account: statement.account,
      isInsider: insiders.has(statement.account),
      isOfStart: statement.account <= ofStartingRoot,
      cap: capOf(policy, BigInt(statement.start)),
      statement: { ...statement, paid: String(own), owed: String(BigInt(statement.refund) - own) },
    };
  });
  const used = assessed.map(({ found }) => found);
  const written = used.reduce((sum, found) => sum + found.written, 0n);
  return {
    claims,
    ofStartingRoot,
    conservation: conservationOfAll(worlds, assessed),
    unexplained: used.reduce((sum, { unexplained }) => sum + unexplained, 0n),
    writtenResidual: written - worlds.written,
    returned: returnedOf(used),
    reversed,
    dust,
    mitigation: mitigationOf(used),
    wrongful: wrongfulTakings(input.record.trace('actual').flows.takings, used),
  };
}

/** Of the counterfactual in which everything was kept; its residual is that of the other one where only that one has any. */
function conservationOfAll(worlds: IncidentWorlds, assessed: readonly Assessed[]): Conservation {
  const { other: state, settledInOther: settled, moves, dropped } = worlds;
  const kept = conservationOf(
    worlds,
    { state, settled, moves },
    assessed.map(({ replayed }) => replayed.atCheck),
  );
  if (dropped === undefined || kept.residual !== 0n) return kept;
  const against = assessed.map(({ dropped: found, replayed }) => (found ?? replayed).atCheck);
  return { ...kept, residual: conservationOf(worlds, dropped, against).residual };
}

function wrongfulTakings(takings: readonly Taking[], assessed: readonly AccountAssessment[]): Set<Taking> {
  return new Set(takings.filter(({ account, market }) => assessed[account - 1]?.takenInBoth.has(market) !== true));
}

const NONE: ReadonlyMap<number, bigint> = new Map();

function netOwners({ declarations }: ClaimsInput, assessed: readonly Assessed[]): Map<number, bigint> {
  const netted = new Map<number, bigint>();
  for (const owner of declarations?.owners ?? []) {
    const accounts = [...new Set(owner)].flatMap((account) => assessed[account - 1]?.found ?? []);
    for (const [account, amount] of netOwner(accounts)) netted.set(account, amount);
  }
  return netted;
}

function bandAdjustments(
  { record, policy }: ClaimsInput,
  assessed: readonly Assessed[],
): ReadonlyMap<number, ReadonlyMap<number, bigint>> {
  if (policy.windfalls !== 'P2') return new Map();
  const { houseFills, takings } = record.trace('actual').flows;
  const shares = wrongfulShares(
    takings,
    (account, market) => assessed[account - 1]?.found.takenInBoth.has(market) ?? false,
  );
  return adjustmentsOf(houseFills, record.houseTruePrices, policy.bandPpm, shares);
}

function mitigationOf(assessed: readonly AccountAssessment[]): Claims['mitigation'] {
  const late = assessed.filter(({ notice }) => notice !== null);
  const cost = late.reduce((sum, { difference, atCheck }) => sum + difference - (atCheck.other - atCheck.actual), 0n);
  return { accounts: late.length, cost };
}

/** What the house's accounts have more than they would have had. */
function returnedOf(assessed: readonly AccountAssessment[]): bigint {
  const house = assessed.filter(({ account }) => isHouse(account));
  const sum = house.reduce((total, { difference }) => total + difference, 0n);
  return sum < 0n ? -sum : 0n;
}
