/** Reads cases from JSON. What is no case is refused as a value that names the field; nothing is filled in, nothing is passed over. */
import { writeCommand } from '../chain/command-record.ts';
import { BadCommandRecord, type CommandRecord } from '../chain/command-value.ts';
import { TABLE_NAMES } from '../chain/touched-pages.ts';
import { TIME_LIMIT } from '../engine/command-form.ts';
import type { CorrectedCommand, CorrectionSet } from './correction.ts';
import type { CorrectedSeries, SeriesPoint, SeriesRule } from './correction-series.ts';
import type { Deviation, StateWrite } from './deviation.ts';
import { CASE_FORMAT, CASE_MODES, type IncidentCase, type Notices } from './incident-case.ts';
import {
  attempt,
  type BadDocument,
  decimalOf,
  digestOf,
  flagOf,
  fieldsOf,
  listOf,
  oneOf,
  refuse,
  textOf,
  wholeOf,
} from './json-fields.ts';
import type { PolicyDocument } from './policy-document.ts';
import { decodePolicy, NotAPolicy } from './policy-form.ts';
import { RELEASES } from './releases.ts';

const ROW_LIMIT = 1 << 24;
const FORK_LIMIT = 0xffff_ffff;
const PPM = 1_000_000;

/** The case that a value of JSON holds. */
export function decodeCase(value: unknown): IncidentCase | BadDocument {
  return attempt(() => {
    const required = [
      'format',
      'name',
      'reason',
      'from',
      'to',
      'corrections',
      'mode',
      'reactivePpm',
      'policy',
      'notices',
    ];
    const fields = fieldsOf(value, 'case', required, ['prices']);
    if (fields['format'] !== CASE_FORMAT) refuse('case.format', `not ${CASE_FORMAT}`);
    const from = fieldsOf(fields['from'], 'from', ['fork', 'height', 'stateRoot']);
    const to = fieldsOf(fields['to'], 'to', ['fork', 'height']);
    const incident: IncidentCase = {
      format: CASE_FORMAT,
      name: nameOf(fields['name']),
      reason: textOf(fields['reason'], 'reason'),
      from: { ...placeOf(from, 'from'), stateRoot: digestOf(from['stateRoot'], 'from.stateRoot') },
      to: placeOf(to, 'to'),
      corrections: correctionsOf(fields['corrections']),
      mode: oneOf(fields['mode'], 'mode', CASE_MODES),
      reactivePpm: wholeOf(fields['reactivePpm'], 'reactivePpm', 0, PPM),
      ...(Object.hasOwn(fields, 'prices') ? { prices: pricesOf(fields['prices']) } : {}),
      policy: policyOf(fields['policy']),
      notices: noticesOf(fields['notices']),
    };
    if (incident.to.height < incident.from.height) refuse('to.height', 'before the last good block');
    return incident;
  });
}

function placeOf(fields: Readonly<Record<string, unknown>>, name: string): { fork: number; height: number } {
  return {
    fork: wholeOf(fields['fork'], `${name}.fork`, 0, FORK_LIMIT),
    height: wholeOf(fields['height'], `${name}.height`),
  };
}

function nameOf(value: unknown): string {
  const name = textOf(value, 'name', 100);
  return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) ? name : refuse('name', 'not words of a-z and 0-9 joined by hyphens');
}

function policyOf(value: unknown): PolicyDocument {
  try {
    return decodePolicy(value);
  } catch (error) {
    if (!(error instanceof NotAPolicy)) throw error;
    return refuse('policy', error.message);
  }
}

function pricesOf(value: unknown): { market: number; price: bigint }[] {
  const prices = listOf(value, 'prices').map((each, at) => {
    const fields = fieldsOf(each, `prices[${at}]`, ['market', 'price']);
    return {
      market: marketOf(fields['market'], `prices[${at}].market`),
      price: decimalOf(fields['price'], `prices[${at}].price`),
    };
  });
  requireRising(prices, 'prices', ({ market }) => market);
  return prices;
}

function noticesOf(value: unknown): Notices {
  const fields = fieldsOf(value, 'notices', ['noticeMs', 'reopenMs', 'graceMs', 'late']);
  const late = listOf(fields['late'], 'notices.late').map((each, at) => {
    const name = `notices.late[${at}]`;
    const own = fieldsOf(each, name, ['account', 'noticeMs']);
    return {
      account: wholeOf(own['account'], `${name}.account`, 1, ROW_LIMIT),
      noticeMs: wholeOf(own['noticeMs'], `${name}.noticeMs`, 0, TIME_LIMIT),
    };
  });
  requireRising(late, 'notices.late', ({ account }) => account);
  return {
    noticeMs: wholeOf(fields['noticeMs'], 'notices.noticeMs', 0, TIME_LIMIT),
    reopenMs: wholeOf(fields['reopenMs'], 'notices.reopenMs', 0, TIME_LIMIT),
    graceMs: wholeOf(fields['graceMs'], 'notices.graceMs', 0, TIME_LIMIT),
    late,
  };
}

function correctionsOf(value: unknown): CorrectionSet {
  const name = 'corrections';
  const fields = fieldsOf(
    value,
    name,
    ['commands', 'deviations', 'keepHalts'],
    ['series', 'release', 'voidedBranches'],
  );
  const commands = listOf(fields['commands'], `${name}.commands`).map((each, at) =>
    correctedCommandOf(each, `${name}.commands[${at}]`),
  );
  requireRising(commands, `${name}.commands`, ({ sequence }) => sequence);
  const deviations = listOf(fields['deviations'], `${name}.deviations`).map((each, at) =>
    deviationOf(each, `${name}.deviations[${at}]`),
  );
  requireRising(deviations, `${name}.deviations`, ({ afterSequence }) => afterSequence);
  return {
    commands,
    deviations,
    keepHalts: flagOf(fields['keepHalts'], `${name}.keepHalts`),
    ...optionalsOf(fields),
  };
}

function optionalsOf(fields: Readonly<Record<string, unknown>>): Partial<CorrectionSet> {
  const optional: { series?: CorrectedSeries[]; release?: number; voidedBranches?: number[] } = {};
  if (Object.hasOwn(fields, 'series')) {
    optional.series = listOf(fields['series'], 'corrections.series').map((each, at) =>
      seriesOf(each, `corrections.series[${at}]`),
    );
  }
  if (Object.hasOwn(fields, 'release')) {
    const release = wholeOf(fields['release'], 'corrections.release', 1);
    if (!RELEASES.has(release)) refuse('corrections.release', `unknown release: ${release}`);
    optional.release = release;
  }
  if (Object.hasOwn(fields, 'voidedBranches')) {
    const branches = listOf(fields['voidedBranches'], 'corrections.voidedBranches').map((each, at) =>
      wholeOf(each, `corrections.voidedBranches[${at}]`, 0, FORK_LIMIT),
    );
    requireRising(branches, 'corrections.voidedBranches', (fork) => fork);
    optional.voidedBranches = branches;
  }
  return optional;
}

function correctedCommandOf(value: unknown, name: string): CorrectedCommand {
  const fields = fieldsOf(value, name, ['sequence', 'commands']);
  const commands = listOf(fields['commands'], `${name}.commands`).map((each, at) => {
    if (typeof each !== 'object' || each === null) return refuse(`${name}.commands[${at}]`, 'not a command');
    try {
      writeCommand(each as CommandRecord);
    } catch (error) {
      if (!(error instanceof BadCommandRecord)) throw error;
      refuse(`${name}.commands[${at}].${error.field}`, error.message);
    }
    return each as CommandRecord;
  });
  return { sequence: wholeOf(fields['sequence'], `${name}.sequence`, 1), commands };
}

function deviationOf(value: unknown, name: string): Deviation {
  const fields = fieldsOf(value, name, ['afterSequence', 'writes']);
  return {
    afterSequence: wholeOf(fields['afterSequence'], `${name}.afterSequence`),
    writes: listOf(fields['writes'], `${name}.writes`).map((each, at) => writeOf(each, `${name}.writes[${at}]`)),
  };
}

function writeOf(value: unknown, name: string): StateWrite {
  const fields = fieldsOf(value, name, ['table', 'row', 'column', 'index', 'value']);
  return {
    table: oneOf(fields['table'], `${name}.table`, TABLE_NAMES),
    row: wholeOf(fields['row'], `${name}.row`, 0, ROW_LIMIT),
    column: textOf(fields['column'], `${name}.column`, 100),
    index: wholeOf(fields['index'], `${name}.index`, 0, 4096),
    value: valueOf(fields['value'], `${name}.value`),
  };
}

/** A whole number, or the bits of any other: `f64:` and 16 hexadecimal digits. */
function valueOf(value: unknown, name: string): number {
  if (typeof value === 'number') return wholeOf(value, name, Number.MIN_SAFE_INTEGER);
  const [, bits] = (typeof value === 'string' && /^f64:([0-9a-f]{16})$/.exec(value)) || [];
  if (bits === undefined) return refuse(name, 'neither a whole number nor f64: and 16 hexadecimal digits');
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  const float = view.getFloat64(0);
  const isPlain = Number.isSafeInteger(float) && !Object.is(float, -0);
  return isPlain ? refuse(name, `the whole number ${float} is written as such`) : float;
}

function seriesOf(value: unknown, name: string): CorrectedSeries {
  const fields = fieldsOf(value, name, ['sample', 'market', 'source', 'fromMs', 'toMs', 'rule']);
  const sample = oneOf(fields['sample'], `${name}.sample`, ['oraclePrice', 'venueQuote', 'collateralPrice']);
  const isCollateral = sample === 'collateralPrice';
  const fromMs = wholeOf(fields['fromMs'], `${name}.fromMs`, 0, TIME_LIMIT);
  return {
    sample,
    market: isCollateral
      ? wholeOf(fields['market'], `${name}.market`, 0, 0)
      : marketOf(fields['market'], `${name}.market`),
    source: wholeOf(fields['source'], `${name}.source`, 0, isCollateral ? 0 : 255),
    fromMs,
    toMs: wholeOf(fields['toMs'], `${name}.toMs`, fromMs, TIME_LIMIT),
    rule: ruleOf(fields['rule'], `${name}.rule`, sample),
  };
}

function ruleOf(value: unknown, name: string, sample: CorrectedSeries['sample']): SeriesRule {
  const kind = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
  switch (oneOf(kind, `${name}.kind`, ['absent', 'points', 'ratio'])) {
    case 'absent':
      fieldsOf(value, name, ['kind']);
      return { kind: 'absent' };
    case 'ratio': {
      const fields = fieldsOf(value, name, ['kind', 'numerator', 'denominator']);
      return {
        kind: 'ratio',
        numerator: wholeOf(fields['numerator'], `${name}.numerator`, 1),
        denominator: wholeOf(fields['denominator'], `${name}.denominator`, 1),
      };
    }
    case 'points': {
      const points = listOf(fieldsOf(value, name, ['kind', 'points'])['points'], `${name}.points`).map((each, at) =>
        pointOf(each, `${name}.points[${at}]`, sample),
      );
      if (points.length === 0) refuse(`${name}.points`, 'no points');
      requireRising(points, `${name}.points`, ({ fromMs }) => fromMs);
      return { kind: 'points', points };
    }
  }
}

function pointOf(value: unknown, name: string, sample: CorrectedSeries['sample']): SeriesPoint {
  const priced = sample === 'venueQuote' ? ['mark', 'index', 'impactBid', 'impactAsk'] : ['price'];
  const fields = fieldsOf(value, name, ['fromMs'], priced);
  const point: Record<string, number> = { fromMs: wholeOf(fields['fromMs'], `${name}.fromMs`, 0, TIME_LIMIT) };
  for (const price of priced) {
    if (Object.hasOwn(fields, price)) {
      point[price] = wholeOf(fields[price], `${name}.${price}`, Number.MIN_SAFE_INTEGER);
    }
  }
  if (Object.keys(point).length === 1) refuse(name, 'no price');
  return point as unknown as SeriesPoint;
}

function marketOf(value: unknown, name: string): number {
  return wholeOf(value, name, 1, ROW_LIMIT);
}

/** Entries stand in rising order, each once: one set has one text, and so one hash. */
function requireRising<T>(entries: readonly T[], name: string, key: (entry: T) => number): void {
  entries.forEach((entry, at) => {
    const before = entries[at - 1];
    if (before !== undefined && key(entry) <= key(before)) refuse(`${name}[${at}]`, 'out of order, or twice');
  });
}
