/** Checks of the state itself: what it means, account by account and position by position. Pure but for digests. */
import { toHex } from '../chain/digest.ts';
import { diffStates } from '../chain/state-difference.ts';
import { computeRoots } from '../chain/state-tree.ts';
import { TABLE_NAMES } from '../chain/touched-pages.ts';
import { Wide } from '../engine/amount.ts';
import { conservationResidual } from '../engine/conservation.ts';
import { hasPosition, isUnhealthy } from '../engine/health.ts';
import { computeMargin, Margin } from '../engine/margin.ts';
import type { State } from '../engine/state.ts';
import { ACCOUNT, MARKET, ORDER, POSITION } from '../engine/tables.ts';
import { sha256 } from '../journal/node-digest.ts';
import { Findings } from './finding.ts';

/** Two wide limbs as one whole number, in digits; as they are where a migration left what is none. */
function wholeOf({ high, low }: Wide): string {
  if (!Number.isInteger(high) || !Number.isInteger(low)) return `${high} and ${low}, no whole number`;
  return String(BigInt(high) * 2n ** 50n + BigInt(low));
}

/** The state root as hexadecimal digits. */
export function rootOf(state: State): string {
  return toHex(computeRoots(state, sha256).stateRoot);
}

/** Adds each column of each row in which two states differ. */
export function addDifferences(control: State, candidate: State, findings: Findings): void {
  for (const difference of diffStates(control, candidate, Findings.LIMIT)) {
    const { table, row, column, index, control: ours, candidate: theirs } = difference;
    const name = index === 0 ? column : `${column}[${index}]`;
    findings.add(`${table}/${row}/${name}`, String(ours ?? 'none'), String(theirs ?? 'none'));
  }
}

/**
 * What a state means, as named numbers: sums that must be zero, what each market has, orders by kind, times. Equal fingerprints with
 * different roots are possible; different ones name what became of the venue.
 */
export function stateFingerprint(state: State): Map<string, string> {
  const { market, position, account, order } = state;
  const found = new Map<string, string>();
  for (const name of TABLE_NAMES) {
    const { rows, live, free } = state[name];
    found.set(`${name}/0/rows`, `${rows} rows, ${live} live, first free ${free}`);
  }
  found.set('venue/1/conservation', wholeOf(conservationResidual(state)));
  const [balances, value] = [new Wide(), new Wide()];
  for (let row = 1; row < account.rows; row++) {
    balances.addWide(value.load(account.f64, row * account.rowFloats + ACCOUNT.BALANCE_HIGH));
  }
  found.set('account/all/balance', wholeOf(balances));
  for (let row = 1; row < market.rows; row++) addMarket(state, row, found);
  const kinds = new Map<number, number>();
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 1; row < order.rows; row++) {
    if ((order.i32[row * order.rowWords + ORDER.ACCOUNT] as number) === 0) continue;
    const flags = order.i32[row * order.rowWords + ORDER.FLAGS] as number;
    kinds.set(flags, (kinds.get(flags) ?? 0) + 1);
    const created = order.f64[row * order.rowFloats + ORDER.CREATED_MS] as number;
    first = Math.min(first, created);
    last = Math.max(last, created);
  }
  for (const [flags, count] of [...kinds].sort(([a], [b]) => a - b)) found.set(`order/kind ${flags}/count`, `${count}`);
  if (kinds.size > 0) found.set('order/all/created_ms', `${first} to ${last}`);
  let open = 0;
  for (let row = 1; row < position.rows; row++) {
    if (position.f64[row * position.rowFloats + POSITION.SIZE] !== 0) open++;
  }
  found.set('position/all/open', String(open));
  return found;
}

function addMarket(state: State, row: number, found: Map<string, string>): void {
  const { market, position } = state;
  let [net, longs] = [0, 0];
  const cost = new Wide();
  const value = new Wide();
  for (let at = 1; at < position.rows; at++) {
    if (position.i32[at * position.rowWords + POSITION.MARKET] !== row) continue;
    const size = position.f64[at * position.rowFloats + POSITION.SIZE] as number;
    net += size;
    if (size > 0) longs += size;
    cost.addWide(value.load(position.f64, at * position.rowFloats + POSITION.COST_HIGH));
  }
  const at = row * market.rowFloats;
  const float = (column: number): string => String(market.f64[at + column]);
  found.set(`market/${row}/net_size`, String(net));
  found.set(`market/${row}/long_size`, String(longs));
  found.set(`market/${row}/cost`, wholeOf(cost));
  found.set(`market/${row}/open_interest`, float(MARKET.OPEN_INTEREST));
  found.set(`market/${row}/funding_index`, float(MARKET.FUNDING_INDEX));
  found.set(`market/${row}/mark`, float(MARKET.MARK));
  found.set(`market/${row}/spot`, float(MARKET.SPOT));
  // Everything up to the derived columns is parameters.
  const bytes = market.bytes.slice(row * market.schema.rowBytes, row * market.schema.rowBytes + MARKET.SPOT * 8);
  found.set(`market/${row}/parameters`, toHex(sha256(bytes)));
}

/** Adds where two fingerprints differ. */
export function compareFingerprints(
  control: ReadonlyMap<string, string>,
  candidate: ReadonlyMap<string, string>,
  findings: Findings,
): void {
  for (const path of new Set([...control.keys(), ...candidate.keys()])) {
    const [own, other] = [control.get(path) ?? 'none', candidate.get(path) ?? 'none'];
    if (own !== other) findings.add(path, own, other);
  }
}

export interface AccountsVerdict {
  readonly accounts: number;
  readonly liquidatable: number;
}

/**
 * Check 5: every account's equity to the unit, and the set of accounts that could be liquidated at the prices of the state. A state whose
 * lists do not hold together is not walked: that is a finding by itself.
 */
export function compareAccounts(control: State, candidate: State, findings: Findings): AccountsVerdict {
  if (!areListsSame(control, candidate, findings)) return { accounts: 0, liquidatable: 0 };
  const all = Array.from({ length: control.account.rows - 1 }, (_, n) => n + 1);
  return { accounts: all.length, liquidatable: compareEquities(control, candidate, all, findings) };
}

/** Equity, margins and whether it could be liquidated, of these accounts; returns how many could be in the control. */
function compareEquities(control: State, candidate: State, accounts: Iterable<number>, findings: Findings): number {
  const [own, other] = [new Margin(), new Margin()];
  let liquidatable = 0;
  for (const account of accounts) {
    computeMargin(control, account, own);
    computeMargin(candidate, account, other);
    for (const name of ['equity', 'initial', 'maintenance'] as const) {
      const [before, after] = [own[name], other[name]];
      if (before.high === after.high && before.low === after.low) continue;
      const [ours, theirs] = [wholeOf(before), wholeOf(after)];
      if (ours !== theirs) findings.add(`account/${account}/${name}`, ours, theirs);
    }
    const [before, after] = [isUnhealthy(own), isUnhealthy(other)].map((is, n) => {
      return is && hasPosition(n === 0 ? control : candidate, account);
    });
    if (before === true) liquidatable++;
    if (before !== after) findings.add(`account/${account}/liquidatable`, String(before), String(after));
  }
  return liquidatable;
}

const EQUITY_FLOATS = 7;

/** How many of these accounts have another equity or margin, or can be liquidated otherwise, once `change` was made to the state. */
export function countMoved(state: State, accounts: readonly number[], change: () => void): number {
  const before = equitiesOf(state, accounts);
  change();
  const after = equitiesOf(state, accounts);
  const isMoved = (n: number): boolean => {
    const at = n * EQUITY_FLOATS;
    for (let column = at; column < at + EQUITY_FLOATS; column++) if (before[column] !== after[column]) return true;
    return false;
  };
  return accounts.filter((_, n) => isMoved(n)).length;
}

function equitiesOf(state: State, accounts: readonly number[]): Float64Array {
  const found = new Float64Array(accounts.length * EQUITY_FLOATS);
  const margin = new Margin();
  accounts.forEach((account, n) => {
    computeMargin(state, account, margin);
    const { equity, initial, maintenance } = margin;
    const values = [equity.high, equity.low, initial.high, initial.low, maintenance.high, maintenance.low];
    found.set([...values, isUnhealthy(margin) ? 1 : 0], n * EQUITY_FLOATS);
  });
  return found;
}

const LINKS = [
  ['account', { FIRST_POSITION: ACCOUNT.FIRST_POSITION }],
  [
    'position',
    {
      ACCOUNT: POSITION.ACCOUNT,
      MARKET: POSITION.MARKET,
      FIRST_ORDER: POSITION.FIRST_ORDER,
      NEXT_OF_ACCOUNT: POSITION.NEXT_OF_ACCOUNT,
    },
  ],
  ['order', { NEXT_OWN: ORDER.NEXT_OWN, POSITION: ORDER.POSITION }],
] as const;

function areListsSame(control: State, candidate: State, findings: Findings): boolean {
  const before = findings.count;
  for (const [table, columns] of LINKS) {
    const [own, other] = [control[table], candidate[table]];
    if (own.rows !== other.rows) findings.add(`${table}/0/rows`, String(own.rows), String(other.rows));
    const rows = Math.min(own.rows, other.rows);
    for (const [name, column] of Object.entries(columns)) {
      for (let row = 1; row < rows; row++) {
        const [ours, theirs] = [own.i32[row * own.rowWords + column], other.i32[row * other.rowWords + column]];
        if (ours !== theirs) findings.add(`${table}/${row}/${name.toLowerCase()}`, String(ours), String(theirs));
      }
    }
  }
  return findings.count === before;
}

/**
 * Check 4: the index at which each open position settled last is one that its market had (`known` by the market's number), and the
 * market's own index is the last of them.
 */
export function checkCachedIndexes(
  candidate: State,
  known: ReadonlyMap<number, { readonly all: ReadonlySet<string>; readonly last: string }>,
  findings: Findings,
): number {
  const { position, market } = candidate;
  for (let row = 1; row < market.rows; row++) {
    const index = String(market.f64[row * market.rowFloats + MARKET.FUNDING_INDEX]);
    const last = known.get(row)?.last ?? '0';
    if (index !== last) findings.add(`market/${row}/funding_index`, last, index);
  }
  let open = 0;
  for (let row = 1; row < position.rows; row++) {
    if (position.f64[row * position.rowFloats + POSITION.SIZE] === 0) continue;
    open++;
    const of = position.i32[row * position.rowWords + POSITION.MARKET] as number;
    const cached = String(position.f64[row * position.rowFloats + POSITION.FUNDING_INDEX]);
    if (cached === '0' || known.get(of)?.all.has(cached) === true) continue;
    findings.add(`position/${row}/funding_index`, `one that market ${of} had`, cached);
  }
  return open;
}
