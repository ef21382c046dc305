/**
 * What can be said offline of the warrants in a receipt: that each is of this account and of one of its forced actions, that its sums
 * hold, and that every check that could have stopped the action held by the warrant's own numbers. That the history gives this very
 * warrant is what `verify warrants` says, from the journal.
 */
import type { Note } from './receipt-finding.ts';
import type { Statement } from './statement.ts';

/** The numbers of a warrant that are read here. */
interface WarrantNumbers {
  readonly fork: number;
  readonly sequence: number;
  readonly account: number;
  readonly action: { readonly kind: string };
  readonly equity: { readonly sealed: string; readonly now: string };
  readonly maintenance: string;
  readonly split: Readonly<Record<string, string>>;
  readonly residual: string;
  readonly checks: readonly (readonly [checkClass: string, name: string, about: string, holds: boolean])[];
}

/** Notes three statements about the warrants; none where the account has no warrant. */
export function noteWarrants({ account, warrants, forced }: Statement, note: Note): void {
  if (warrants.length === 0) {
    const dangling = forced.find(({ warrant }) => warrant !== -1);
    if (dangling !== undefined) note('every warrant is of a forced action of this account', false, 'one is missing');
    return;
  }
  const records = warrants.map(recordOf);
  const stray = records.findIndex((record, place) => {
    const actions = forced.filter(({ warrant }) => warrant === place);
    const [action] = actions;
    return (
      record?.account !== account ||
      actions.length !== 1 ||
      action?.fork !== record.fork ||
      action.kind !== record.action.kind ||
      action.sequence <= record.sequence
    );
  });
  const isWhole = stray < 0 && forced.every(({ warrant }) => warrant < warrants.length);
  note('every warrant is of a forced action of this account', isWhole, `warrant ${stray}`);
  const unsound = records.findIndex((record) => record === undefined || !isSummed(record));
  note("every warrant explains its account's equity to the last unit", unsound < 0, `warrant ${unsound}`);
  const undue = records.findIndex((record) => record === undefined || !isDue(record));
  note('every warrant shows that its action was due', undue < 0, `warrant ${undue}`);
}

/** The record of a canonical line; undefined of a line that no guard writes. */
function recordOf(line: string): WarrantNumbers | undefined {
  try {
    const record = JSON.parse(line) as WarrantNumbers;
    if (JSON.stringify(record) !== line) return undefined;
    const { equity, maintenance, residual, split, checks, action } = record;
    [equity.sealed, equity.now, maintenance, residual, ...Object.values(split)].map(BigInt);
    return Array.isArray(checks) && typeof action.kind === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

function isSummed({ equity, split, residual }: WarrantNumbers): boolean {
  const moved = Object.values(split).reduce((sum, part) => sum + BigInt(part), 0n);
  return residual === '0' && BigInt(equity.now) === BigInt(equity.sealed) + moved;
}

/** Checks of classes I and II hold; an account that is liquidated is below its maintenance margin, or has nothing. */
function isDue({ action, equity, maintenance, checks }: WarrantNumbers): boolean {
  const isChecked = checks.length > 0 && checks.every(([of, , , holds]) => holds || of === 'III');
  const now = BigInt(equity.now);
  return isChecked && (action.kind !== 'liquidate' || now <= 0n || BigInt(maintenance) > now);
}
