/** Makes the dossier of an incident out of its claims: what is public of them, and the checks that stand before any payment. */
import { toHex } from '../chain/digest.ts';
import type { Block } from '../chain/block.ts';
import { marketName, type State } from '../engine/state.ts';
import { ACCOUNT_KEY } from '../engine/tables.ts';
import { awardedIn, awardFault } from './award.ts';
import type { Claims } from './claims.ts';
import { REASONS, type Reason } from './claim.ts';
import { DOSSIER_FORMAT, type Check, type Dossier, type RollbackFacts, type TimelineEntry } from './dossier.ts';
import type { Taking } from './flow-listener.ts';
import { caseHash, correctionsHash, type IncidentCase, restorationMs } from './incident-case.ts';
import type { IncidentRecord } from './incident-record.ts';
import type { IncidentRun } from './incident-run.ts';
import { correctedMarkets, marketSeries } from './dossier-series.ts';
import { policyHash } from './policy-document.ts';
import { bucketsOf, causesOf, publicCount } from './public-counts.ts';
import type { PublicRoots } from './receipt.ts';
import type { Statement } from './statement.ts';

/** What a dossier is made of. */
export interface DossierInput {
  readonly incident: IncidentCase;
  readonly run: IncidentRun;
  readonly record: IncidentRecord;
  readonly claims: Claims;
  readonly roots: PublicRoots;
  /** Hash of the effect, hexadecimal. */
  readonly effect: string;
  readonly fund: bigint;
  readonly timeline: readonly TimelineEntry[];
  readonly rollback: RollbackFacts | null;
  readonly round: number;
  readonly previous: string | null;
  readonly aboveCap: number;
}

const PPM = 1_000_000n;

/** Makes the dossier. */
export function makeDossier(input: DossierInput): Dossier {
  const { incident, run, record, claims, roots, fund } = input;
  const { worlds } = run;
  const statements = claims.claims.map(({ statement }) => statement);
  const refunded = statements.filter(({ refund }) => refund !== '0');
  const total = sum(statements, 'refund');
  const paid = sum(statements, 'paid');
  const reserve = fund + claims.reversed;
  const reversals = statements.filter(({ reversed }) => reversed !== '0').length;
  return {
    format: DOSSIER_FORMAT,
    round: input.round,
    previous: input.previous,
    case: caseFacts(incident, run),
    policy: { hash: toHex(policyHash(incident.policy)), document: incident.policy },
    accounts: {
      assessed: statements.length,
      ofStartingRoot: claims.ofStartingRoot,
      createdLater: statements.length - claims.ofStartingRoot,
      refunded: publicCount(refunded.length),
      gained: publicCount(statements.filter(({ difference }) => difference.startsWith('-')).length),
      unaffected: publicCount(statements.filter(({ reason }) => reason === 'UNAFFECTED_HASH_EQUAL').length),
      questions: publicCount(statements.filter(({ reason }) => reason === 'QUESTION').length),
    },
    reasons: reasonCounts(statements),
    forced: forcedFacts(run, claims),
    totals: {
      refund: String(total),
      paid: String(paid),
      owed: String(sum(statements, 'owed')),
      dust: String(claims.dust),
      interest: String(sum(refunded, 'interest')),
      goodwill: String(sum(refunded, 'goodwill')),
      gainsNotPursued: gainsOf(statements),
      reversed: told(claims.reversed, reversals),
    },
    mitigation: {
      accounts: publicCount(claims.mitigation.accounts),
      cost: told(claims.mitigation.cost, claims.mitigation.accounts),
    },
    awards: awardsOf(incident, statements),
    causes: causesOf(refunded),
    distribution: bucketsOf(refunded.map(({ refund }) => BigInt(refund))),
    fund: {
      balance: String(fund),
      sharePpm: fund === 0n ? 0 : Number((paid * PPM) / fund),
      sources: sourcesOf(paid, claims, reversals),
      suffices: total <= reserve,
    },
    conservation: conservationFacts(claims),
    divergence: divergenceFacts(incident, run),
    timeline: input.timeline,
    halts: record.halts.spans(worlds.actual),
    markets: marketSeries(incident, run, claims.wrongful),
    harmedEquity: refunded.length < 5 ? [] : harmedEquityOf(input, refunded),
    rollback: input.rollback,
    roots,
    effect: input.effect,
    checks: checksOf(input, total, paid, reserve),
  };
}

function harmedEquityOf({ record, run }: DossierInput, refunded: readonly Statement[]): Dossier['harmedEquity'] {
  const { actual, other } = run.worlds;
  const end = { timeMs: run.to.lastMs, actual, other };
  return record.equities.sums(
    refunded.map(({ account }) => account),
    end,
  );
}

function sum(statements: readonly Statement[], field: 'refund' | 'paid' | 'owed' | 'interest' | 'goodwill'): bigint {
  return statements.reduce((total, statement) => total + BigInt(statement[field]), 0n);
}

/** What accounts that are not the house's have too much and keep. */
function gainsOf(statements: readonly Statement[]): string | null {
  const gains = statements
    .filter(({ reason }) => reason !== 'HOUSE')
    .map(({ difference, reversed }) => -BigInt(difference) - BigInt(reversed))
    .filter((gain) => gain > 0n);
  return told(
    gains.reduce((total, gain) => total + gain, 0n),
    gains.length,
  );
}

function caseFacts(incident: IncidentCase, { from, to, worlds }: IncidentRun): Dossier['case'] {
  const { corrections, notices } = incident;
  const place = ({ fork, height, stateRoot, lastMs }: Block): Dossier['case']['from'] => ({
    fork,
    height,
    stateRoot: toHex(stateRoot),
    timeMs: lastMs,
  });
  return {
    hash: toHex(caseHash(incident)),
    name: incident.name,
    reason: incident.reason,
    mode: incident.mode,
    from: place(from),
    to: place(to),
    keepHalts: corrections.keepHalts,
    correctedCommands: corrections.commands.length + (corrections.series?.length ?? 0),
    deviations: corrections.deviations.length,
    corrections: toHex(correctionsHash(corrections)),
    markets: correctedMarkets(corrections, worlds.before).map((market) => marketName(worlds.actual, market)),
    // Of account 0, which is nobody: those who were told later are not public.
    restorationMs: restorationMs(notices, 0),
  };
}

/** What the claims desk awarded so far: tiers of which nothing was awarded are left out. */
function awardsOf({ policy }: IncidentCase, statements: readonly Statement[]): Dossier['awards'] {
  return (['T2', 'T3'] as const).flatMap((tier) => {
    const amounts = statements.map(({ awards }) => awardedIn(tier, policy, awards)).filter((amount) => amount > 0n);
    const total = amounts.reduce((all, amount) => all + amount, 0n);
    if (amounts.length === 0) return [];
    return [{ tier, accounts: publicCount(amounts.length), amount: told(total, amounts.length) }];
  });
}

function reasonCounts(statements: readonly Statement[]): Dossier['reasons'] {
  const counts = new Map<Reason, number>();
  for (const { reason } of statements) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return (Object.keys(REASONS) as Reason[]).flatMap((reason) => {
    const accounts = counts.get(reason) ?? 0;
    // The house's accounts are known.
    const told = reason === 'HOUSE' ? accounts : publicCount(accounts);
    return accounts === 0 ? [] : [{ reason, accounts: told }];
  });
}

/** Forced actions of the actual world that took positions: those of which the counterfactual has nothing are wrongful. */
function forcedFacts({ record }: IncidentRun, { wrongful: takings }: Claims): Dossier['forced'] {
  const actions = new Map<number, Taking[]>();
  for (const taking of record.trace('actual').flows.takings) {
    actions.set(taking.sequence, [...(actions.get(taking.sequence) ?? []), taking]);
  }
  const wrongful = [...actions.values()].filter((own) => own.every((taking) => takings.has(taking)));
  const notional = wrongful
    .flat()
    .reduce((total, { lots, price }) => total + BigInt(Math.abs(lots)) * BigInt(price), 0n);
  const accounts = new Set(wrongful.flat().map(({ account }) => account)).size;
  return {
    wrongful: { count: wrongful.length, accounts: publicCount(accounts), notional: told(notional, accounts) },
    legitimate: { count: actions.size - wrongful.length },
  };
}

/** An amount of so many accounts: null of fewer than five, whose it would be. */
function told(amount: bigint, accounts: number): string | null {
  return typeof publicCount(accounts) === 'number' ? String(amount) : null;
}

/**
 * Who pays: first what the house's accounts have too much, then what is taken back, then the house's own money. Where so few give back
 * that it must not be told, neither is the rest, from which it would follow.
 */
function sourcesOf(paid: bigint, { returned, reversed }: Claims, reversals: number): Dossier['fund']['sources'] {
  const first = least(returned, paid);
  const second = least(reversed, paid - first);
  return [
    { source: 'returned by the fund', amount: String(first) },
    { source: 'reversed credits', amount: told(second, reversals) },
    { source: 'house', amount: told(paid - first - second, reversals) },
  ];
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function conservationFacts({ claims, conservation, unexplained }: Claims): Dossier['conservation'] {
  const { before, actual, other, residual } = conservation;
  const apart = claims.filter(({ statement: { causes } }) => causes.some(({ cause }) => cause === 'external')).length;
  const text = ({ equities, clearing, external }: typeof actual): Dossier['conservation']['actual'] => ({
    equities: String(equities),
    clearing: String(clearing),
    external: String(external),
  });
  return {
    before: String(before),
    actual: text(actual),
    other: typeof publicCount(apart) === 'number' ? text(other) : null,
    residual: String(residual),
    attributionResidual: String(unexplained),
  };
}

function divergenceFacts({ policy }: IncidentCase, { worlds }: IncidentRun): Dossier['divergence'] {
  const name = (market: number): string => marketName(worlds.actual, market);
  return {
    horizonPpm: policy.horizonPpm,
    minutes: worlds.divergence
      .filter(({ different, lots, otherLots }) => different > 0 || lots !== otherLots)
      .map(({ market, minuteMs, orders, different, lots, otherLots }) => ({
        market: name(market),
        minuteMs,
        orders,
        different,
        divergencePpm: orders === 0 ? 0 : Math.floor((different * 1_000_000) / orders),
        volumePpm: lots === 0 ? null : Math.floor((Math.abs(lots - otherLots) * 1_000_000) / lots),
      })),
    byReference: worlds.marketsByReference.map(name),
  };
}

function checksOf(
  { incident: { policy }, claims, run, aboveCap, roots, fund }: DossierInput,
  total: bigint,
  paid: bigint,
  reserve: bigint,
): Check[] {
  const checks: Check[] = [];
  const note = (name: string, holds: boolean, detail: string): void => void checks.push({ name, holds, detail });
  const { conservation, unexplained, writtenResidual } = claims;
  const { before } = run.worlds;
  note('the actual world leads to every recorded root', run.replay.equal, `${run.replay.blocks} blocks`);
  note('conservation across the worlds', conservation.residual === 0n, `residual ${conservation.residual}`);
  note('every difference is the sum of its causes', unexplained === 0n, `unexplained ${unexplained}`);
  note('what deviations wrote is known to the last unit', writtenResidual === 0n, `residual ${writtenResidual}`);
  const wrong = firstMissing(claims, before);
  note(
    'one claim for each account of the starting root',
    wrong === undefined && claims.ofStartingRoot === before.account.rows - 1,
    wrong === undefined ? `${claims.ofStartingRoot} accounts` : 'one of them is not the one of the root',
  );
  note('one leaf for each claim', roots.leaves === claims.claims.length, `${roots.leaves} leaves`);
  note('the tree sums to what is due', roots.total === String(total), `${roots.total} in the tree, ${total} due`);
  note('the fund can pay what is paid', paid <= reserve, `${paid} of ${fund} and what is taken back`);
  note('no single refund is above the cap', aboveCap === 0, `${aboveCap} above it`);
  const house = claims.claims.filter(({ statement }) => statement.reason === 'HOUSE' && statement.refund !== '0');
  const unfit = claims.claims.filter(({ statement }) => awardFault(policy, statement) !== undefined).length;
  note('every award is by the rule and within the caps', unfit === 0, `${unfit} that are not`);
  const both = claims.claims.filter(({ statement }) => statement.refund !== '0' && statement.reversed !== '0').length;
  note('nobody is paid and asked to give back at once', both === 0, `${both} who are`);
  note('the house is paid nothing', house.length === 0, `${house.length} of its accounts`);
  return checks;
}

/** The first account whose claim is not at its place, or has another key than the starting root has. */
function firstMissing({ claims }: Claims, before: State): number | undefined {
  for (let account = 1; account < before.account.rows; account++) {
    const claim = claims[account - 1];
    const at = account * 8 + ACCOUNT_KEY.KEY;
    const key = toHex(new Uint8Array(before.accountKey.i32.slice(at, at + 8).buffer));
    if (claim?.account !== account || !claim.isOfStart || claim.statement.key !== key) return account;
  }
  return undefined;
}
