/** The form of a dossier in a file: a report is written of nothing else. */
import { CAUSE_NAMES } from './cause.ts';
import { REASONS } from './claim.ts';
import {
  anything,
  flag,
  type Form,
  hex32,
  integer,
  listOf,
  natural,
  objectOf,
  oneOf,
  orNull,
  text,
  valueOf,
  whole,
} from './document-form.ts';
import { DOSSIER_FORMAT } from './dossier.ts';
import { ROOTS } from './receipt-form.ts';

const count = integer(0);
const publicCount: Form = (value, path) => (value === 'fewer than 5' ? undefined : count(value, path));
const point = objectOf({ timeMs: count, actual: whole, other: whole });
const place = objectOf({ fork: count, height: count, stateRoot: hex32, timeMs: count });
const world = objectOf({ equities: whole, clearing: whole, external: whole });

/** A whole number or a fraction of two. */
const units: Form = valueOf(
  'number of units',
  (value) => typeof value === 'string' && /^[1-9]\d*(?:\/[1-9]\d*)?$/.test(value),
);

/** An object whose members all have this form, whatever their names. */
const tableOf =
  (form: Form): Form =>
  (value, path) =>
    typeof value === 'object' && value !== null ? listOf(form)(Object.values(value), path) : `${path} is no table`;

const incident = objectOf({
  hash: hex32,
  name: text,
  reason: text,
  mode: oneOf(['replay', 'reference', 'bounded']),
  from: place,
  to: place,
  keepHalts: flag,
  correctedCommands: count,
  deviations: count,
  corrections: hex32,
  markets: listOf(text),
  restorationMs: count,
});

const accounts = objectOf({
  assessed: count,
  ofStartingRoot: count,
  createdLater: count,
  refunded: publicCount,
  gained: publicCount,
  unaffected: publicCount,
  questions: publicCount,
});

const totals = objectOf({
  refund: natural,
  paid: natural,
  owed: natural,
  dust: natural,
  interest: natural,
  goodwill: natural,
  gainsNotPursued: orNull(natural),
  reversed: orNull(natural),
});

const fund = objectOf({
  balance: whole,
  sharePpm: count,
  sources: listOf(
    objectOf({ source: oneOf(['returned by the fund', 'reversed credits', 'house']), amount: orNull(whole) }),
  ),
  suffices: flag,
});

const minute = objectOf({
  market: text,
  minuteMs: count,
  orders: count,
  different: count,
  divergencePpm: count,
  volumePpm: orNull(count),
});

const rollback = objectOf({
  forkId: count,
  restores: objectOf({ height: count, root: hex32 }),
  deadHead: objectOf({ height: count, root: hex32, hash: hex32 }),
  carriedDeposits: count,
  carriedWithdrawals: count,
  fates: tableOf(count),
  receivables: orNull(whole),
  custodyIdentity: flag,
});

/** The form of a dossier; null is an amount of so few accounts that it is not told. Of the policy only that it is a document: its hash says which. */
export const DOSSIER: Form = objectOf({
  format: oneOf([DOSSIER_FORMAT]),
  round: integer(1),
  previous: orNull(hex32),
  case: incident,
  policy: objectOf({ hash: hex32, document: anything }),
  accounts,
  reasons: listOf(objectOf({ reason: oneOf(Object.keys(REASONS)), accounts: publicCount })),
  forced: objectOf({
    wrongful: objectOf({ count, accounts: publicCount, notional: orNull(whole) }),
    legitimate: objectOf({ count }),
  }),
  totals,
  mitigation: objectOf({ accounts: publicCount, cost: orNull(whole) }),
  awards: listOf(objectOf({ tier: oneOf(['T2', 'T3']), accounts: publicCount, amount: orNull(natural) })),
  causes: listOf(objectOf({ cause: oneOf([...CAUSE_NAMES, 'several']), amount: whole, accounts: publicCount })),
  distribution: listOf(objectOf({ from: natural, to: orNull(natural), accounts: count, total: natural })),
  fund,
  conservation: objectOf({
    before: whole,
    actual: world,
    other: orNull(world),
    residual: whole,
    attributionResidual: whole,
  }),
  divergence: objectOf({ horizonPpm: count, minutes: listOf(minute), byReference: listOf(text) }),
  timeline: listOf(objectOf({ timeMs: count, fork: count, height: count, what: text })),
  halts: listOf(objectOf({ what: text, market: orNull(text), fromMs: count, toMs: orNull(count) })),
  markets: listOf(
    objectOf({ market: text, what: oneOf(['funding index', 'mark']), unitsUsdc: units, points: listOf(point) }),
  ),
  harmedEquity: listOf(point),
  rollback: orNull(rollback),
  roots: ROOTS,
  effect: hex32,
  checks: listOf(objectOf({ name: text, holds: flag, detail: text })),
});
