/** Holds on the record: one line of JSON each, of ASCII alone, keys in the order of `HoldRecord`; read back without belief. */
import type { CheckClass, ForcedAction } from './verdict.ts';
import { decodeLines } from './warrant.ts';

/**
 * What happened: a forced action is held; its reason changes; it happens after all; it is no longer due. And see `Finding`,
 * `HeldCommand`, `SourcesTold`.
 */
const KINDS = [
  ...(['held', 'changed', 'released', 'not_due', 'quarantined', 'lifted'] as const),
  ...(['not_taken', 'sources_lost', 'sources_back'] as const),
] as const;

export interface HoldRecord {
  readonly kind: (typeof KINDS)[number];
  /** Whom a forced action or a command concerns; 0 for a command without an owner. */
  readonly account?: number;
  readonly market?: number;
  /** What is quarantined, or whose sources are lost: `venue`, `market 3`, `account 17`. */
  readonly component?: string;
  readonly action?: ForcedAction;
  /** The kind of a command that was not taken, and how many came for the same reason since one was told. */
  readonly command?: string;
  readonly times?: number;
  /** The check that failed, and its numbers; of an ended hold, the last one that did. */
  readonly check: string;
  readonly class: CheckClass;
  readonly about: string;
  readonly found: string;
  readonly expected: string;
  /** When the hold began, when this happened, and the last command before it. */
  readonly sinceMs: number;
  readonly timeMs: number;
  readonly sequence: number;
}

const BEYOND_ASCII = /[\u007f-\uffff]/g;

/** The line of a record. */
export function holdLine(record: HoldRecord): string {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(record).replace(BEYOND_ASCII, escape)}\n`;
}

/** The records of an entry's rows; undefined when any of its lines is none. */
export function decodeHolds(bytes: Uint8Array): HoldRecord[] | undefined {
  const records: HoldRecord[] = [];
  for (const line of decodeLines(bytes)) {
    const record = parseHold(line);
    if (record === undefined) return undefined;
    records.push(record);
  }
  return records.length > 0 ? records : undefined;
}

/** The record of a line; undefined when it is none. */
export function parseHold(line: string): HoldRecord | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return isHoldRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isHoldRecord(value: unknown): value is HoldRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Readonly<Record<string, unknown>>;
  const texts = ['check', 'about', 'found', 'expected'].every((key) => typeof record[key] === 'string');
  const numbers = ['sinceMs', 'timeMs', 'sequence'].every((key) => isCount(record[key]));
  if (!texts || !numbers || !['I', 'II', 'III'].includes(record['class'] as string)) return false;
  switch (record['kind'] as HoldRecord['kind']) {
    case 'quarantined':
    case 'lifted':
    case 'sources_lost':
    case 'sources_back':
      return typeof record['component'] === 'string';
    case 'not_taken':
      return (
        ['account', 'market', 'times'].every((key) => isCount(record[key])) && typeof record['command'] === 'string'
      );
    default:
      return (
        KINDS.includes(record['kind'] as HoldRecord['kind']) && isCount(record['account']) && isAction(record['action'])
      );
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const ACTIONS: Readonly<Record<ForcedAction['kind'], readonly string[]>> = {
  liquidate: ['share'],
  fireTrigger: ['order', 'market', 'mark'],
  forceCancel: ['order', 'market', 'reason'],
  settlePosition: ['market', 'size', 'mark'],
};

function isAction(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const action = value as Readonly<Record<string, unknown>>;
  const kind = String(action['kind']);
  if (!Object.hasOwn(ACTIONS, kind)) return false;
  return ACTIONS[kind as ForcedAction['kind']].every((field) => typeof action[field] === 'number');
}
