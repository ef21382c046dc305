/**
 * The folder of a case as rows: what of an incident and of its claims no journal knows. Nothing of the folder is believed: its documents
 * must agree with each other, and all claims together must lead to the roots that were published.
 */
import { type Hash, fromHex, toHex } from '../chain/digest.ts';
import { CaseFolder } from '../incident/case-folder.ts';
import { readPayout, type StoredPayout, unprovenPayments } from '../incident/payout-folder.ts';
import { sha256 } from '../journal/node-digest.ts';
import { obstaclesOf } from '../remedy/approval.ts';
import { canonicalJson, type Json } from '../remedy/canonical-json.ts';
import { decodeCase } from '../remedy/decode-case.ts';
import { dossierHash } from '../remedy/dossier.ts';
import { caseHash, type IncidentCase } from '../remedy/incident-case.ts';
import { policyHash } from '../remedy/policy-document.ts';
import { leafOf, makeReceipts, saltOf } from '../remedy/receipt.ts';
import { rootOf } from '../remedy/refund-tree.ts';
import type { Statement } from '../remedy/statement.ts';
import type { ComparedTable } from './compare-rows.ts';
import type { SqlValue } from './database.ts';

type CaseTable = Pick<ComparedTable, 'name' | 'columns' | 'order'>;

/** One row a round of a case. */
export const INCIDENT_DOCUMENT: CaseTable = {
  name: 'incident_document',
  columns: [
    ['incident', 'text'],
    ['round', 'whole'],
    ['dossier', 'text'],
    ['name', 'text'],
    ['reason', 'text'],
    ['mode', 'text'],
    ['from_fork', 'whole'],
    ['from_height', 'whole'],
    ['to_fork', 'whole'],
    ['to_height', 'whole'],
    ['policy', 'text'],
    ['refund_root', 'text'],
    ['sum_root', 'text'],
    ['claims', 'whole'],
    ['refund', 'wide'],
    ['payable', 'wide'],
    ['owed', 'wide'],
    ['reversed', 'wide'],
    ['failed_checks', 'whole'],
  ],
  order: [],
};

/** One row for each account that was assessed. */
export const CLAIM_DOCUMENT: CaseTable = {
  name: 'claim_document',
  columns: [
    ['incident', 'text'],
    ['round', 'whole'],
    ['account', 'whole'],
    ['dossier', 'text'],
    ['leaf', 'text'],
    ['reason', 'text'],
    ['is_insider', 'truth'],
    ['difference', 'wide'],
    ['causes', 'json'],
    ['netted', 'wide'],
    ['principal', 'wide'],
    ['interest', 'wide'],
    ['goodwill', 'wide'],
    ['awarded', 'wide'],
    ['paid_before', 'wide'],
    ['refund', 'wide'],
    ['payable', 'wide'],
    ['owed', 'wide'],
    ['reversed', 'wide'],
  ],
  order: ['account'],
};

/** What a round of a case has to say; amounts are 1e-8 USDC. */
export interface CaseRows {
  /** Hash of the case, 64 hexadecimal digits; its round; hash of the dossier. */
  readonly incident: string;
  readonly round: number;
  readonly dossier: string;
  /** The last good block, as the case names it. */
  readonly from: IncidentCase['from'];
  readonly incidentRow: readonly SqlValue[];
  /** In the order of their accounts. */
  readonly claimRows: readonly (readonly SqlValue[])[];
}

/** Why a folder, or a database, is not what it should be: by name. */
export interface CaseRefusal {
  readonly refusal: 'case_differs' | 'upgrade_active' | 'block_missing' | 'other_history' | 'rows_differ';
  readonly about: string;
}

/**
 * Reads the folder of a case with its private parts, and checks it: `case_differs` names the documents that contradict each other, and
 * claims that are not those of the roots. A case that cannot be approved, because a check of its own fails, is read like any other.
 * Refuses (throws) a folder that is none of a case, and files that are not of their form.
 */
export function readCaseRows(folder: string, hash: Hash = sha256): CaseRows | CaseRefusal {
  const stored = new CaseFolder(folder);
  const payout = readPayout(folder);
  const incident = decodeCase(stored.case);
  if ('bad' in incident) return { refusal: 'case_differs', about: `case.json: ${incident.bad}` };
  const about = contradictionIn(folder, payout, incident, stored.secret, hash);
  if (about !== undefined) return { refusal: 'case_differs', about };
  return rowsOf(payout, incident, stored.secret, hash);
}

/** The first thing in which the documents do not agree. */
function contradictionIn(
  folder: string,
  payout: StoredPayout,
  incident: IncidentCase,
  secret: Uint8Array,
  hash: Hash,
): string | undefined {
  const { roots, dossier, claims } = payout;
  const name = toHex(caseHash(incident));
  if (name !== roots.incident || name !== dossier.case.hash)
    return `the case is ${name}, the roots are of ${roots.incident}`;
  const policy = toHex(policyHash(incident.policy));
  if (policy !== roots.policy) return `the policy is ${policy}, the roots are of ${roots.policy}`;
  const [obstacle] = obstaclesOf(payout).filter(
    ({ name: found }) => found !== 'check_fails' && found !== 'nothing_to_pay',
  );
  if (obstacle !== undefined) return `${obstacle.name}: ${obstacle.about}`;
  const other = claims.find(({ account, statement }) => account !== statement.account);
  if (other !== undefined)
    return `the claim of account ${other.account} has the statement of ${other.statement.account}`;
  const { round, interest } = roots;
  const options = { incident: fromHex(name), policy: incident.policy, round, interest, secret, hash };
  const found = makeReceipts(
    options,
    claims.map(({ statement }) => statement),
  ).roots;
  const differing = (Object.keys(roots) as (keyof typeof roots)[]).find(
    (key) => canonicalJson(found[key] as unknown as Json) !== canonicalJson(roots[key] as unknown as Json),
  );
  if (differing !== undefined) return `the claims do not lead to the roots: ${differing}`;
  return unprovenPayments(folder, payout)[0];
}

function rowsOf(
  { roots, dossier, claims }: StoredPayout,
  incident: IncidentCase,
  secret: Uint8Array,
  hash: Hash,
): CaseRows {
  const name = roots.incident;
  const { round } = roots;
  const hashed = toHex(dossierHash(dossier));
  const statements = claims.map(({ statement }) => statement);
  const total = (key: 'refund' | 'paid' | 'owed' | 'reversed'): string =>
    sumOf(statements.map((statement) => statement[key]));
  const claimRows = claims.map(({ isInsider, statement }, place): SqlValue[] => {
    const leaf = leafOf(fromHex(name), place, saltOf(secret, statement.account, hash), statement, hash);
    return [name, round, statement.account, hashed, toHex(rootOf(leaf, [])), ...amountsOf(statement, isInsider)];
  });
  return {
    incident: name,
    round,
    dossier: hashed,
    from: incident.from,
    incidentRow: [
      name,
      round,
      hashed,
      incident.name,
      incident.reason,
      incident.mode,
      incident.from.fork,
      incident.from.height,
      incident.to.fork,
      incident.to.height,
      roots.policy,
      roots.refundRoot,
      roots.sumRoot,
      roots.leaves,
      total('refund'),
      total('paid'),
      total('owed'),
      total('reversed'),
      dossier.checks.filter(({ holds }) => !holds).length,
    ],
    claimRows: claimRows.sort((a, b) => (a[2] as number) - (b[2] as number)),
  };
}

function amountsOf(statement: Statement, isInsider: boolean): SqlValue[] {
  const { reason, difference, causes, netted, principal, interest, goodwill, awards } = statement;
  const { paidBefore, refund, paid, owed, reversed } = statement;
  return [
    reason,
    isInsider,
    difference,
    canonicalJson(causes as unknown as Json),
    netted,
    principal,
    interest,
    goodwill,
    sumOf(awards.map(({ amount }) => amount)),
    paidBefore,
    refund,
    paid,
    owed,
    reversed,
  ];
}

function sumOf(amounts: readonly string[]): string {
  return String(amounts.reduce((sum, amount) => sum + BigInt(amount), 0n));
}
