/** One event as rows of the projected tables, and what it changed. */
import { MARKET_PARAMETERS } from '../engine/command.ts';
import { EVENT } from '../engine/event.ts';
import { RULES } from '../engine/rules.ts';
import { INSURANCE_FUND } from '../engine/state.ts';
import type { EventPlace, HistoryProjection } from './history-projection.ts';
import { type RowLines, whole } from './row-lines.ts';

type Changes = Pick<HistoryProjection, 'changedAccount' | 'changedPosition' | 'traded'>;
type Project = (lines: RowLines, field: (slot: number) => number, place: EventPlace, changes: Changes) => void;

const PROJECTIONS: readonly (Project | undefined)[] = byCode({
  filled: (lines, field, place, changes) => {
    const [market, price, size] = [field(0), field(5), field(6)];
    lines.add(
      'trade',
      ...momentOf(place),
      field(12),
      market,
      price,
      size,
      field(7) !== 0,
      field(1),
      field(2),
      field(3),
      field(4),
      whole(field(8)),
      whole(field(9)),
      whole(field(10)),
      whole(field(11)),
    );
    for (const account of [field(3), field(4)]) {
      changes.changedAccount(account);
      changes.changedPosition(account, market);
    }
    // Fees move to the venue's own accounts.
    changes.changedAccount(INSURANCE_FUND);
    changes.changedAccount(INSURANCE_FUND + 1);
    changes.traded(place, market, price, size);
  },
  marked: (lines, field, place) => {
    lines.add('mark_tick', ...momentOf(place), ...Array.from({ length: 8 }, (_, slot) => whole(field(slot))));
  },
  fundingSettled: (lines, field, place, changes) => {
    const [account, market] = [field(0), field(1)];
    const row = [account, market, whole(field(2)), whole(field(3)), whole(field(4))];
    lines.add('funding_payment', ...momentOf(place), place.ordinal, ...row);
    changes.changedAccount(account);
    changes.changedPosition(account, market);
  },
  liquidated: (lines, field, place, changes) => {
    const wide = (slot: number): string => String(BigInt(field(slot)) * 2n ** 50n + BigInt(field(slot + 1)));
    lines.add('liquidation', ...momentOf(place), field(0), field(1), whole(field(2)), wide(3), wide(5));
    changes.changedAccount(field(0));
    changes.changedAccount(INSURANCE_FUND);
  },
  positionTaken: (lines, field, place, changes) => {
    const row = [field(0), field(1), whole(field(2)), whole(field(3)), whole(field(4))];
    lines.add('position_taking', ...momentOf(place), place.ordinal, ...row);
    for (const account of [field(0), INSURANCE_FUND]) {
      changes.changedAccount(account);
      changes.changedPosition(account, field(1));
    }
  },
  deposited: (lines, field, place, changes) => {
    movement(lines, place, changes, 'deposit', field(0), null, field(1), String(field(2)));
  },
  withdrawalRequested: (lines, field, place, changes) => {
    movement(lines, place, changes, 'withdrawal_requested', field(0), null, field(2), String(field(1)));
    changes.changedAccount(INSURANCE_FUND);
  },
  withdrawalSettled: (lines, field, place, changes) => {
    const kind = field(3) !== 0 ? 'withdrawal_settled' : 'withdrawal_returned';
    movement(lines, place, changes, kind, field(0), null, field(2), String(field(1)));
    changes.changedAccount(INSURANCE_FUND);
  },
  transferred: (lines, field, place, changes) => {
    movement(lines, place, changes, 'transfer', field(0), field(1), field(2), null);
  },
  withdrawalCarried: (lines, field, place, changes) => {
    movement(lines, place, changes, 'withdrawal_carried', field(0), null, field(2), String(field(1)));
  },
  receivableRepaid: (lines, field, place, changes) => {
    movement(lines, place, changes, 'receivable_repaid', field(0), null, field(1), null);
  },
  creditReversed: (lines, field, place, changes) => {
    movement(lines, place, changes, 'credit_reversed', field(0), INSURANCE_FUND, field(1), idOf(field, 4));
  },
  refundReserved: (lines, field, place, changes) => {
    movement(lines, place, changes, 'refund_reserved', field(0), INSURANCE_FUND, field(1), idOf(field, 3));
  },
  refundPosted: (lines, field, place, changes) => {
    movement(lines, place, changes, 'refund_posted', field(0), INSURANCE_FUND, field(1), idOf(field, 3));
  },
  refundVoided: (lines, field, place, changes) => {
    movement(lines, place, changes, 'refund_voided', field(0), INSURANCE_FUND, field(1), idOf(field, 3));
  },
  leverageSet: (_lines, field, _place, changes) => changes.changedPosition(field(0), field(1)),
  statusSet: (lines, field, place) => {
    const ordinal = place.ordinal * 2;
    lines.add('setting', ...momentOf(place), ordinal, 'status', field(0), 'status', null, field(1));
    lines.add('setting', ...momentOf(place), ordinal + 1, 'paused', field(0), 'paused', null, field(2));
  },
  ruleSet: (lines, field, place) => {
    const name = RULES[field(0)]?.name ?? String(field(0));
    lines.add('setting', ...momentOf(place), place.ordinal * 2, 'rule', null, name, whole(field(1)), whole(field(2)));
  },
  parameterSet: (lines, field, place) => {
    const name = MARKET_PARAMETERS[field(1)]?.toLowerCase() ?? String(field(1));
    const values = [whole(field(2)), whole(field(3))] as const;
    lines.add('setting', ...momentOf(place), place.ordinal * 2, 'parameter', field(0), name, ...values);
  },
  accountDefined: (_lines, field, _place, changes) => changes.changedAccount(field(0)),
});

/** Adds the rows of the event at `at`. */
export function projectEvent(
  lines: RowLines,
  values: Float64Array,
  at: number,
  place: EventPlace,
  changes: Changes,
): void {
  PROJECTIONS[values[at] as number]?.(lines, (slot) => values[at + 2 + slot] as number, place, changes);
}

function byCode(projections: Partial<Record<keyof typeof EVENT, Project>>): (Project | undefined)[] {
  const coded: (Project | undefined)[] = [];
  for (const [kind, project] of Object.entries(projections)) coded[EVENT[kind as keyof typeof EVENT]] = project;
  return coded;
}

function momentOf({ fork, height, sequence, timeMs }: EventPlace): [number, number, number, number] {
  return [fork, height, sequence, timeMs];
}

/** The four words of a refund's id as 32 hexadecimal digits. */
function idOf(field: (slot: number) => number, from: number): string {
  return [0, 1, 2, 3].map((word) => (field(from + word) >>> 0).toString(16).padStart(8, '0')).join('');
}

function movement(
  lines: RowLines,
  place: EventPlace,
  changes: Changes,
  kind: string,
  account: number,
  other: number | null,
  amount: number,
  reference: string | null,
): void {
  lines.add('money_movement', ...momentOf(place), place.ordinal, kind, account, other, whole(amount), reference);
  changes.changedAccount(account);
  if (other !== null) changes.changedAccount(other);
}
