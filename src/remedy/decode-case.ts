/** Reads cases from JSON. What is no case is refused as a value that names the field; nothing is filled in, nothing is passed over. */
import { writeCommand } from '../chain/command-record.ts';
import { BadCommandRecord, type CommandRecord } from '../chain/command-value.ts';
import { TABLE_NAMES } from '../chain/touched-pages.ts';
import { TIME_LIMIT } from '../engine/command-form.ts';
import { FEE_ACCOUNT } from '../engine/state.ts';
import { flag, type Form, hex32, integer, listOf, objectOf, oneOf, text, valueOf, whole } from './document-form.ts';
import { CASE_FORMAT, CASE_MODES, type IncidentCase, restorationMs } from './incident-case.ts';
import { policyFault } from './policy-form.ts';
import { RELEASES } from './releases.ts';

/** Why a value is no case: the field, and what is wrong with it. */
export interface BadCase {
  readonly bad: string;
}

const ROW_LIMIT = 1 << 24;
const PPM = 1_000_000;
const TEXT_LIMIT = 4_000;

const fork = integer(0, 0xffff_ffff);
const sequence = integer(1);
const time = integer(0, TIME_LIMIT);
const market = integer(1, ROW_LIMIT);
const price = integer(Number.MIN_SAFE_INTEGER);

const words = valueOf(`text of 1 to ${TEXT_LIMIT} characters`, (value) => {
  return text(value, '') === undefined && (value as string).trim() !== '' && (value as string).length <= TEXT_LIMIT;
});
const name = valueOf('name of words of a-z and 0-9 joined by hyphens', (value) => {
  return typeof value === 'string' && value.length <= 100 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(value);
});

/** A list whose entries stand in rising order of a number, each once: one set has one text, and so one hash. */
function risingList(form: Form, key: (entry: never) => number): Form {
  const list = listOf(form);
  return (value, path) => {
    const wrong = list(value, path);
    if (wrong !== undefined) return wrong;
    const keys = (value as never[]).map(key);
    const place = keys.findIndex((each, at) => at > 0 && each <= (keys[at - 1] as number));
    return place < 0 ? undefined : `${path}[${place}] is out of order, or there twice`;
  };
}

/** A command in readable form: whole, known, with all of its fields. */
const command: Form = (value, path) => {
  if (typeof value !== 'object' || value === null) return `${path} is no command`;
  try {
    writeCommand(value as CommandRecord);
    return undefined;
  } catch (error) {
    if (!(error instanceof BadCommandRecord)) throw error;
    return `${path}.${error.field}: ${error.message}`;
  }
};

const BITS = /^f64:([0-9a-f]{16})$/;

/** The number that the bits of a row's value say; undefined where they say a whole number, which is written as such. */
function numberOfBits(value: unknown): number | undefined {
  const [, bits] = (typeof value === 'string' && BITS.exec(value)) || [];
  if (bits === undefined) return undefined;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  const float = view.getFloat64(0);
  return Number.isSafeInteger(float) && !Object.is(float, -0) ? undefined : float;
}

const rowValue = valueOf('whole number, nor f64: and the 16 hexadecimal digits of another', (value) => {
  return price(value, '') === undefined || numberOfBits(value) !== undefined;
});

const DEVIATION = objectOf({
  afterSequence: integer(0),
  writes: listOf(
    objectOf({
      table: oneOf(TABLE_NAMES),
      row: integer(0, ROW_LIMIT),
      column: text,
      index: integer(0, 4_096),
      value: rowValue,
    }),
  ),
});

function pointOf(prices: readonly string[]): Form {
  const form = objectOf({ fromMs: time }, Object.fromEntries(prices.map((each) => [each, price])));
  return (value, path) => {
    const wrong = form(value, path);
    if (wrong !== undefined) return wrong;
    return prices.some((each) => Object.hasOwn(value as object, each)) ? undefined : `${path} has no price`;
  };
}

function seriesOf(sample: string, of: Form, source: Form, prices: readonly string[]): Form {
  const points = risingList(pointOf(prices), ({ fromMs }: { fromMs: number }) => fromMs);
  const rules: Readonly<Record<string, Form>> = {
    absent: objectOf({ kind: oneOf(['absent']) }),
    ratio: objectOf({ kind: oneOf(['ratio']), numerator: integer(1), denominator: integer(1) }),
    points: objectOf({
      kind: oneOf(['points']),
      points: (value, path) => points(value, path) ?? ((value as []).length === 0 ? `${path} is empty` : undefined),
    }),
  };
  const form = objectOf({
    sample: oneOf([sample]),
    market: of,
    source,
    fromMs: time,
    toMs: time,
    rule: choiceOf('kind', rules),
  });
  return (value, path) => {
    const wrong = form(value, path);
    if (wrong !== undefined) return wrong;
    const { fromMs, toMs } = value as { fromMs: number; toMs: number };
    return toMs < fromMs ? `${path}.toMs is before fromMs` : undefined;
  };
}

/** One of several forms, by the text in one member. */
function choiceOf(member: string, forms: Readonly<Record<string, Form>>): Form {
  const named = oneOf(Object.keys(forms));
  return (value, path) => {
    const kind: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, member) : undefined;
    return named(kind, `${path}.${member}`) ?? forms[kind as string]?.(value, path);
  };
}

const source = integer(0, 255);
const SERIES = choiceOf('sample', {
  oraclePrice: seriesOf('oraclePrice', market, source, ['price']),
  venueQuote: seriesOf('venueQuote', market, source, ['mark', 'index', 'impactBid', 'impactAsk']),
  collateralPrice: seriesOf('collateralPrice', integer(0, 0), integer(0, 0), ['price']),
});

const CORRECTIONS = objectOf(
  {
    commands: risingList(
      objectOf({ sequence, commands: listOf(command) }),
      (each: { sequence: number }) => each.sequence,
    ),
    deviations: risingList(DEVIATION, (each: { afterSequence: number }) => each.afterSequence),
    keepHalts: flag,
  },
  {
    series: listOf(SERIES),
    release: valueOf(`known engine release (${[...RELEASES.keys()].join(', ')})`, (value) =>
      RELEASES.has(value as number),
    ),
    voidedBranches: risingList(fork, (each: number) => each),
  },
);

const pricesOf = risingList(objectOf({ market, price: whole }), (each: { market: number }) => each.market);

const CASE = objectOf(
  {
    format: oneOf([CASE_FORMAT]),
    name,
    reason: words,
    from: objectOf({ fork, height: integer(0), stateRoot: hex32 }),
    to: objectOf({ fork, height: integer(0) }),
    corrections: CORRECTIONS,
    mode: oneOf(CASE_MODES),
    reactivePpm: integer(0, PPM),
    policy: (value, path) => {
      const fault = policyFault(value);
      return fault === undefined ? undefined : `${path}: ${fault}`;
    },
    notices: objectOf({
      noticeMs: time,
      reopenMs: time,
      graceMs: time,
      late: risingList(
        // The accounts of the venue itself know what the venue knows.
        objectOf({ account: integer(FEE_ACCOUNT + 1, ROW_LIMIT), noticeMs: time, prices: pricesOf }),
        (each: { account: number }) => each.account,
      ),
    }),
  },
  { prices: pricesOf },
);

/** The case that a value of JSON holds. */
export function decodeCase(value: unknown): IncidentCase | BadCase {
  const bad = CASE(value, '');
  if (bad !== undefined) return { bad };
  const incident = withNumbers(value as IncidentCase);
  if (incident.to.height < incident.from.height) return { bad: 'to.height is before from.height' };
  const { notices } = incident;
  const early = notices.late.findIndex(({ account }) => restorationMs(notices, account) <= restorationMs(notices, 0));
  return early < 0 ? incident : { bad: `notices.late[${early}] could act no later than everybody` };
}

/** Prices and values of rows, which JSON says as text. */
function withNumbers(incident: IncidentCase): IncidentCase {
  const { corrections, prices, notices } = incident;
  const late = notices.late.map((each) => ({ ...each, prices: withBigints(each.prices) }));
  const deviations = corrections.deviations.map(({ afterSequence, writes }) => ({
    afterSequence,
    writes: writes.map((write) => ({ ...write, value: numberOfBits(write.value) ?? write.value })),
  }));
  return {
    ...incident,
    corrections: { ...corrections, deviations },
    notices: { ...notices, late },
    ...(prices === undefined ? {} : { prices: withBigints(prices) }),
  };
}

function withBigints(prices: NonNullable<IncidentCase['prices']>): { market: number; price: bigint }[] {
  return prices.map(({ market: of, price: text }) => ({ market: of, price: BigInt(text) }));
}
